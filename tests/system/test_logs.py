"""The way that logs take, whole: log group -> subscription filter -> delivery stream -> OpenSearch domain, with the
role and the bucket for what the domain does not take. And what the emulator never does to these three: AWS works on
a domain for minutes, upgrades it, and keeps a bucket that is not empty."""
import json

import pytest
import yaml

from daemon import ROOT, wait_until
from emulator import ACCOUNT, REGION

HEAD = {"stack": "shop", "account": ACCOUNT, "region": REGION,
        "policy": {"mode": "enforce", "interval": "1h", "prune": "hold"}}


def log_path():
    """The example, whole, without its head."""
    tree = yaml.safe_load((ROOT / "config/examples/logs.yaml").read_text())
    return {layer: kinds for layer, kinds in tree.items() if layer not in HEAD}


def text(tree, **head):
    return yaml.safe_dump({**HEAD, **head, **tree}, sort_keys=False)


def only_domain(**fields):
    return {"monitoring": {"opensearch_domain": {"search": {"engine_version": "OpenSearch_2.17", **fields}}}}


def only_bucket(**fields):
    return {"data": {"s3_bucket": {"logs": {"bucket": "shop-logs", **fields}}}}


SEARCH = "monitoring.opensearch_domain.search"
LOGS = "data.s3_bucket.logs"


def test_the_whole_way_comes_up_by_itself_and_is_quiet(make_daemon, proxy, emulator):
    daemon = make_daemon(text(log_path())).start()
    daemon.wait_synced()
    assert [row for row in daemon.history(limit=200)
            if row["what"] == "action" and row["detail"].get("outcome") == "failed"] == []
    group = emulator.client("logs").describe_subscription_filters(logGroupName="/shop/web")["subscriptionFilters"][0]
    stream = emulator.client("firehose").describe_delivery_stream(
        DeliveryStreamName="shop-logs")["DeliveryStreamDescription"]
    into = stream["Destinations"][0]["ElasticsearchDestinationDescription"]  # the emulator's name for it
    domain = emulator.client("opensearch").describe_domain(DomainName="shop-search")["DomainStatus"]
    assert group["destinationArn"] == stream["DeliveryStreamARN"]
    assert into["DomainARN"] == domain["ARN"]
    assert into["S3DestinationDescription"]["BucketARN"] == f"arn:aws:s3:::shop-backup-{ACCOUNT}"
    proxy.clear_calls()
    proxy.unknown = proxy.reorder = True
    for _ in range(10):
        daemon.sync()
    assert proxy.mutations() == []


def test_a_look_is_a_call_for_five_domains_and_one_for_the_tags_of_each(make_daemon, proxy):
    tree = {"monitoring": {"opensearch_domain": {f"d{i}": {} for i in range(6)}}}
    daemon = make_daemon(text(tree)).start()
    daemon.wait_synced()
    proxy.clear_calls()
    daemon.sync("monitoring")
    assert {name: count for name, count in proxy.counts().items() if name.startswith("es:")} == {
        "es:DescribeDomains": 2, "es:ListTags": 6}


def test_only_the_settings_of_a_bucket_that_the_file_has_are_read(make_daemon, proxy):
    daemon = make_daemon(text(only_bucket(versioning_configuration={"status": "Enabled"}))).start()
    daemon.wait_synced()
    proxy.clear_calls()
    daemon.sync("data")
    # Its tags are told by the tagging API.
    assert {name: count for name, count in proxy.counts().items() if name.startswith("s3:")} == {
        "s3:GetBucketEncryption": 1, "s3:GetBucketVersioning": 1}


def as_status(**members):
    """What AWS says of a domain beside what the emulator says."""
    def change(answer):
        found = json.loads(answer)
        for one in found.get("DomainStatusList", ()):
            one.update(members)
        return json.dumps(found).encode()
    return change


def test_nothing_is_sent_to_a_domain_that_aws_is_working_on(make_daemon, proxy):
    daemon = make_daemon(text(only_domain(snapshot_options={"automated_snapshot_start_hour": 1}))).start()
    daemon.wait_synced()
    proxy.fail("rewrite", "DescribeDomains", change=as_status(DomainProcessingStatus="Modifying", Processing=True))
    daemon.sync("monitoring")
    proxy.clear_calls()
    daemon.write(text(only_domain(snapshot_options={"automated_snapshot_start_hour": 2})))
    daemon.reload()
    row = wait_until(lambda: (daemon.resource(SEARCH) or {}).get("reason") == "Settling" and daemon.resource(SEARCH),
                     "it to wait")
    assert "Modifying" in row["message"] and row["health"] == "Progressing"
    daemon.sync("monitoring")
    assert proxy.mutations() == []
    proxy.behave()
    daemon.wait_synced()
    assert [call.operation for call in proxy.mutations()] == ["UpdateDomainConfig"]


def test_an_upgrade_waits_for_approval_and_is_an_operation_of_its_own(make_daemon, proxy):
    daemon = make_daemon(text(only_domain())).start()
    daemon.wait_synced()
    proxy.clear_calls()
    daemon.write(text({"monitoring": {"opensearch_domain": {"search": {"engine_version": "OpenSearch_2.19"}}}}))
    daemon.reload()
    daemon.sync("monitoring")
    assert proxy.mutations() == []
    # The emulator has no UpgradeDomain: it answers 404, and is then told to show the new version.
    asked = []

    def answer(_):
        asked.append(True)
        proxy.fail("rewrite", "DescribeDomains", change=as_status(EngineVersion="OpenSearch_2.19"))
        return json.dumps({"UpgradeId": "u-1", "DomainName": "shop-search"}).encode()

    proxy.fail("answer", "UpgradeDomain", change=answer)
    daemon.post("/v1/approve", {"target": SEARCH})
    daemon.wait_synced()
    (call,) = proxy.mutations()
    assert call.operation == "UpgradeDomain" and asked
    assert json.loads(call.body) == {"DomainName": "shop-search", "TargetVersion": "OpenSearch_2.19"}


def test_a_domain_that_aws_has_moved_on_is_no_drift(make_daemon, proxy):
    daemon = make_daemon(text(only_domain())).start()
    daemon.wait_synced()
    proxy.clear_calls()
    proxy.fail("rewrite", "DescribeDomains", change=as_status(EngineVersion="OpenSearch_3.1"))
    daemon.sync("monitoring")
    daemon.wait_synced()
    assert proxy.mutations() == []


def test_a_change_that_aws_found_wrong_is_told(make_daemon, proxy):
    daemon = make_daemon(text(only_domain())).start()
    daemon.wait_synced()
    proxy.fail("rewrite", "DescribeDomains", change=as_status(ChangeProgressDetails={
        "ConfigChangeStatus": "ValidationFailed", "Message": "too few addresses in the subnet"}))
    daemon.sync("monitoring")
    row = daemon.resource(SEARCH)
    assert (row["health"], row["reason"]) == ("Degraded", "ChangeRefused") and "too few addresses" in row["message"]


def test_the_master_user_is_sent_at_creation_and_its_password_is_nowhere_else(make_daemon, proxy, monkeypatch):
    secret = "Correct-horse-7"
    tree = only_domain(
        advanced_security_options={"enabled": True, "internal_user_database_enabled": True},
        encryption_at_rest_options={"enabled": True}, node_to_node_encryption_options={"enabled": True},
        domain_endpoint_options={"enforce_https": True},
        master_user_name="admin", master_user_password={"env": "SEARCH_PASSWORD"})
    daemon = make_daemon(text(tree), environment={"SEARCH_PASSWORD": secret}).start()
    daemon.wait_synced()
    (call,) = [call for call in proxy.seen("CreateDomain")]
    sent = json.loads(call.body)["AdvancedSecurityOptions"]
    assert sent == {"Enabled": True, "InternalUserDatabaseEnabled": True,
                    "MasterUserOptions": {"MasterUserName": "admin", "MasterUserPassword": secret}}
    assert secret not in json.dumps(daemon.history(limit=200)) + json.dumps(daemon.status()) + daemon.log()


def test_a_bucket_that_is_not_empty_is_kept_and_a_person_told_what_to_do(make_daemon, proxy, emulator):
    s3 = emulator.client("s3")
    daemon = make_daemon(text(only_bucket())).start()
    daemon.wait_synced()
    s3.put_object(Bucket="shop-logs", Key="a", Body=b"x")
    daemon.write(text({}))
    daemon.reload()
    daemon.sync("data")
    assert proxy.seen("DeleteBucket") == []  # it holds data: held whatever the policy says
    daemon.post("/v1/approve", {"target": LOGS})
    row = wait_until(lambda: "empty the bucket" in (daemon.resource(LOGS) or {}).get("message", "")
                     and daemon.resource(LOGS), "the remedy")
    assert row["health"] == "Degraded"
    assert s3.list_objects_v2(Bucket="shop-logs")["KeyCount"] == 1
    s3.delete_object(Bucket="shop-logs", Key="a")
    daemon.wait_status(lambda status: not status["resources"], "the bucket to be gone")


def test_a_bucket_that_somebody_else_has_made_is_taken_over_only_with_approval(make_daemon, proxy, emulator):
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="shop-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_tagging(Bucket="shop-logs", Tagging={"TagSet": [{"Key": "owner", "Value": "them"}]})
    daemon = make_daemon(text(only_bucket())).start()
    row = wait_until(lambda: (daemon.resource(LOGS) or {}).get("reason") == "NotOurs" and daemon.resource(LOGS),
                     "it to wait")
    assert row["health"] == "Suspended" and proxy.mutations() == []
    daemon.post("/v1/approve", {"target": LOGS})
    daemon.wait_synced()
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket="shop-logs")["TagSet"]}
    assert tags == {"owner": "them", "holdfast:stack": "shop", "holdfast:resource": LOGS}


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_bucket_is_made_where_the_stack_is(make_daemon, proxy, emulator, region):
    daemon = make_daemon(text(only_bucket(), region=region)).start()
    daemon.wait_synced()
    (call,) = proxy.seen("CreateBucket")
    assert (b"LocationConstraint" in call.body) == (region != "us-east-1") and b"<Tags>" in call.body
    where = emulator.client("s3", region).get_bucket_location(Bucket="shop-logs")["LocationConstraint"]
    assert (where or "us-east-1") == region


def test_what_is_put_into_s3_carries_a_checksum(make_daemon, proxy):
    daemon = make_daemon(text(log_path())).start()
    daemon.wait_synced()
    puts = [call for call in proxy.mutations() if call.service == "s3" and call.operation.startswith("Put")]
    assert len(puts) == 5
    for call in puts:
        names = {name.lower() for name in call.headers}
        assert "x-amz-checksum-sha256" in names or "content-md5" in names, call


def test_a_stream_into_a_network_takes_its_role_there_and_stays(make_daemon, proxy):
    tree = log_path()
    tree["network"] = {"vpc": {"main": {"cidr_block": "10.0.0.0/16"}}, "subnet": {
        "a": {"vpc": "main", "cidr_block": "10.0.0.0/24", "availability_zone": "a"}}}
    tree["security"]["security_group"] = {name: {"vpc": "main"} for name in ("stream", "search", "other")}
    inside = tree["monitoring"]
    inside["opensearch_domain"]["search"].update(subnets=["a"], security_groups=["search"])
    stream = inside["firehose_stream"]["logs"]
    stream.update(subnets=["a"], security_groups=["stream"])
    daemon = make_daemon(text(tree)).start()
    daemon.wait_synced()
    (call,) = proxy.seen("CreateDeliveryStream")
    sent = json.loads(call.body)["AmazonopensearchserviceDestinationConfiguration"]
    ids = daemon.ids()
    assert sent["VpcConfiguration"] == {
        "SubnetIds": [ids["network.subnet.a"]], "SecurityGroupIds": [ids["security.security_group.stream"]],
        "RoleARN": sent["RoleARN"]}
    proxy.clear_calls()
    daemon.sync()
    assert proxy.mutations() == []
    stream["security_groups"] = ["other"]  # chosen once
    daemon.write(text(tree))
    daemon.reload()
    wait_until(lambda: daemon.resource("monitoring.firehose_stream.logs")["reason"] == "ReplacementHeld", "it to be held")
    assert proxy.mutations() == []

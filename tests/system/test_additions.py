"""What somebody adds beside ours: each is seen, and held, deleted or left as the policy says; and what bears our tag is
found again by it when both the record and the natural key are lost."""
import json
import shutil

import pytest
import yaml

import as_aws
import network

NETWORK = {
    "vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
    "subnet": {name: {"vpc": "main", "cidr_block": f"10.0.{i}.0/24", "availability_zone": name}
               for i, name in enumerate("ab")}}
TRACKING = {"target_value": 70, "predefined_metric_specification": {
    "predefined_metric_type": "ECSServiceAverageCPUUtilization"}}
FORWARD = [{"type": "forward", "target_group": "app"}]


def web(rules=None, **policy):
    return {**network.head(**policy), "network": NETWORK, "compute": {
        "load_balancer": {"web": {"subnets": ["a", "b"]}},
        "target_group": {"app": {"vpc": "main", "target_type": "ip", "protocol": "HTTP", "port": 80}},
        "listener": {"http": {"load_balancer": "web", "port": 80, "protocol": "HTTP", "default_actions": FORWARD}},
        "listener_rule": {"api": {"listener": "http", "priority": 10, "actions": FORWARD,
                                  "conditions": [{"field": "path-pattern", "values": ["/api/*"]}]}, **(rules or {})}}}


def additions(daemon):
    return {address: row for address, row in daemon.resources().items() if ".foreign-" in address}


@pytest.fixture
def elbv2(emulator):
    return emulator.client("elbv2")


def add_rule(daemon, elbv2, priority=7):
    group = daemon.ids()["compute.target_group.app"]
    return elbv2.create_rule(
        ListenerArn=daemon.ids()["compute.listener.http"], Priority=priority,
        Conditions=[{"Field": "path-pattern", "Values": ["/theirs/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}])["Rules"][0]["RuleArn"]


def rules(daemon, elbv2):
    found = elbv2.describe_rules(ListenerArn=daemon.ids()["compute.listener.http"])["Rules"]
    return {rule["RuleArn"]: rule["Priority"] for rule in found if not rule["IsDefault"]}


def quiet(daemon, proxy):
    proxy.clear_calls()
    daemon.sync()
    assert [str(call) for call in proxy.mutations()] == []


def test_a_rule_that_somebody_adds_to_our_listener_is_held_and_goes_by_an_approval(held, proxy, elbv2):
    daemon = held(network.dump(web()))
    proxy.clear_calls()
    theirs = add_rule(daemon, elbv2)
    daemon.sync()
    (address, row), = additions(daemon).items()
    assert address.startswith("compute.listener_rule.foreign-")
    assert (row["id"], row["sync"], row["health"], row["reason"]) == (theirs, "Orphaned", "Suspended", "ForeignHeld")
    assert "compute.listener.http" in row["message"]
    assert " drift " in daemon.log() and f"resource={address} field=(resource) type=foreign" in daemon.log()
    assert proxy.mutations() == []
    # It is the same after a restart, and nothing of ours is in its way.
    assert daemon.stop() == 0
    daemon.start()
    daemon.sync()
    assert list(additions(daemon)) == [address] and theirs in rules(daemon, elbv2)
    daemon.holdfast("approve", address, check=0)
    daemon.wait_status(lambda status: not additions(daemon), "the addition to go")
    assert list(rules(daemon, elbv2).values()) == ["10"]
    daemon.wait_synced()
    quiet(daemon, proxy)


def test_the_policy_deletes_additions_or_leaves_them(held, proxy, elbv2):
    daemon = held(network.dump(web(foreign="delete")))
    add_rule(daemon, elbv2)
    daemon.sync()
    daemon.wait_status(lambda status: list(rules(daemon, elbv2).values()) == ["10"], "the addition to go")
    daemon.write(network.dump(web(foreign="leave")))
    daemon.reload()
    daemon.sync()
    theirs = add_rule(daemon, elbv2)
    daemon.sync()
    daemon.wait_synced()
    assert not additions(daemon) and theirs in rules(daemon, elbv2)
    # What was never ours is not deleted by `prune`.
    daemon.write(network.dump(web(prune="delete")))
    daemon.reload()
    daemon.sync()
    assert [row["reason"] for row in additions(daemon).values()] == ["ForeignHeld"]
    assert theirs in rules(daemon, elbv2)
    # Taken back by who added it, it is forgotten.
    elbv2.delete_rule(RuleArn=theirs)
    daemon.sync()
    daemon.wait_status(lambda status: not additions(daemon), "the addition to be forgotten")


def test_an_addition_that_is_then_declared_is_taken_over_by_an_approval(held, proxy, elbv2):
    daemon = held(network.dump(web()))
    theirs = add_rule(daemon, elbv2)
    daemon.sync()
    assert additions(daemon)
    daemon.write(network.dump(web({"theirs": {
        "listener": "http", "priority": 7, "actions": FORWARD,
        "conditions": [{"field": "path-pattern", "values": ["/theirs/*"]}]}})))
    daemon.reload()
    daemon.sync()
    row = daemon.resource("compute.listener_rule.theirs")
    assert (row["id"], row["reason"]) == (theirs, "NotOurs")
    daemon.holdfast("approve", "compute.listener_rule.theirs", check=0)
    daemon.wait_synced()
    assert not additions(daemon) and sorted(rules(daemon, elbv2).values()) == ["10", "7"]
    quiet(daemon, proxy)


def test_a_rule_of_another_stack_at_our_listener_is_its_business(held, proxy, elbv2):
    daemon = held(network.dump(web()))
    elbv2.add_tags(ResourceArns=[add_rule(daemon, elbv2)], Tags=[{"Key": "holdfast:stack", "Value": "other"}])
    daemon.sync()
    daemon.wait_synced()
    assert not additions(daemon)


def test_a_lost_record_and_a_changed_key_make_no_second_listener_and_no_second_rule(held, proxy, elbv2):
    daemon = held(network.dump(web()))
    ids = {name: daemon.ids()[f"compute.{name}"] for name in ("listener.http", "listener_rule.api")}
    assert daemon.stop() == 0
    shutil.rmtree(daemon.state)
    elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": ids["listener_rule.api"], "Priority": 99}])
    elbv2.modify_listener(ListenerArn=ids["listener.http"], Port=8080)
    proxy.clear_calls()
    daemon.start()
    daemon.wait_synced()
    assert {name: daemon.ids()[f"compute.{name}"] for name in ids} == ids
    assert sorted(call.operation for call in proxy.mutations()) == ["ModifyListener", "SetRulePriorities"]
    assert rules(daemon, elbv2) == {ids["listener_rule.api"]: "10"}
    balancer = daemon.ids()["compute.load_balancer.web"]
    assert [one["Port"] for one in elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]] == [80]


LOGS = """
monitoring:
  log_group:
    app: {log_group_name: /shop/app}
  metric_filter:
    errors: {log_group: app, filter_pattern: ERROR, metric_transformations: [{metric_name: errors, metric_namespace: shop, metric_value: "1"}]}
  sns_topic:
    alarms:
  sns_subscription:
    ops: {topic: alarms, protocol: email, endpoint: ops@example.com}
"""


def test_filters_and_subscriptions_that_somebody_adds_are_held(held, proxy, emulator):
    daemon = held(network.dump({**network.head(), **yaml.safe_load(LOGS)}))
    logs, sns = emulator.client("logs"), emulator.client("sns")
    logs.put_metric_filter(logGroupName="/shop/app", filterName="theirs", filterPattern="x", metricTransformations=[
        {"metricName": "theirs", "metricNamespace": "theirs", "metricValue": "1"}])
    topic = daemon.ids()["monitoring.sns_topic.alarms"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="theirs@example.com")
    logs.create_log_group(logGroupName="/theirs")
    logs.put_metric_filter(logGroupName="/theirs", filterName="own", filterPattern="x", metricTransformations=[
        {"metricName": "own", "metricNamespace": "theirs", "metricValue": "1"}])
    proxy.clear_calls()
    daemon.sync()
    found = additions(daemon)
    assert {address.split(".")[1]: row["reason"] for address, row in found.items()} == {
        "metric_filter": "ForeignHeld", "sns_subscription": "ForeignHeld"}, found
    assert proxy.mutations() == []
    for address in found:
        daemon.holdfast("approve", address, check=0)
    daemon.wait_status(lambda status: not additions(daemon), "the additions to go")
    assert [one["filterName"] for one in logs.describe_metric_filters()["metricFilters"]
            if one["logGroupName"] == "/shop/app"] == ["shop-errors"]
    assert [one["Endpoint"] for one in sns.list_subscriptions()["Subscriptions"]] == ["ops@example.com"]
    quiet(daemon, proxy)


def served():
    """A service that puts its tasks into a target group."""
    tree = web()
    tree["compute"] |= {
        "ecs_cluster": {"main": {}},
        "task_definition": {"app": {
            "network_mode": "awsvpc", "cpu": "256", "memory": "512", "requires_compatibilities": ["FARGATE"],
            "container_definitions": [{"name": "app", "image": "app:1", "essential": True,
                                       "port_mappings": [{"container_port": 80}]}]}},
        "ecs_service": {"app": {
            "cluster": "main", "task_definition": "app", "desired_count": 2, "launch_type": "FARGATE",
            "subnets": ["a", "b"], "security_groups": ["app"], "load_balancers": [{
                "target_group_arn": "${compute.target_group.app.target_group_arn}", "container_name": "app",
                "container_port": 80}]}}}
    tree["security"] = {"security_group": {"app": {"vpc": "main", "description": "tasks", "ingress": [], "egress": []}}}
    return tree


def test_a_scaling_policy_that_somebody_adds_to_our_target_is_held(held, proxy, emulator):
    tree = served()
    tree["compute"] |= {
        "scaling_target": {"app": {"service": "app", "min_capacity": 1, "max_capacity": 3}},
        "scaling_policy": {"cpu": {"target": "app", "target_tracking_scaling_policy_configuration": TRACKING}}}
    daemon = held(network.dump(tree))
    scaling, ecs = emulator.client("application-autoscaling"), emulator.client("ecs")
    ecs.create_cluster(clusterName="theirs")
    ecs.create_service(cluster="theirs", serviceName="app", taskDefinition="shop-app", desiredCount=0)
    of = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    for resource in ("service/shop-main/shop-app", "service/theirs/app"):
        scaling.register_scalable_target(ResourceId=resource, MinCapacity=1, MaxCapacity=3, **of)
        scaling.put_scaling_policy(
            PolicyName="theirs", PolicyType="TargetTrackingScaling", ResourceId=resource, **of,
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 50, "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}})
    proxy.clear_calls()
    daemon.sync()
    (address, row), = additions(daemon).items()
    assert row["reason"] == "ForeignHeld" and "compute.scaling_target.app" in row["message"]
    assert proxy.counts()["application-autoscaling:DescribeScalingPolicies"] == 1 and proxy.mutations() == []
    daemon.holdfast("approve", address, check=0)
    daemon.wait_status(lambda status: not additions(daemon), "the addition to go")
    assert sorted((one["PolicyName"], one["ResourceId"]) for one in
                  scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]) == [
        ("shop-cpu", "service/shop-main/shop-app"), ("theirs", "service/theirs/app")]
    quiet(daemon, proxy)


def test_a_subscription_in_a_group_without_one_is_seen_rarely_and_then_looked_at_until_it_is_gone(held, proxy, emulator):
    daemon = held(network.dump({**network.head(), **yaml.safe_load(LOGS)}))
    logs, firehose = emulator.client("logs"), emulator.client("firehose")
    emulator.client("s3").create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    firehose.create_delivery_stream(DeliveryStreamName="theirs", S3DestinationConfiguration={
        "RoleARN": "arn:aws:iam::123456789012:role/theirs", "BucketARN": "arn:aws:s3:::theirs"})
    # The second pass after a start looks further, as does one in ten from then on.
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_synced()
    logs.put_subscription_filter(
        logGroupName="/shop/app", filterName="theirs", filterPattern="", roleArn="arn:aws:iam::123456789012:role/theirs",
        destinationArn="arn:aws:firehose:eu-west-1:123456789012:deliverystream/theirs")
    proxy.clear_calls()
    for _ in range(3):
        daemon.sync()
        (address, row), = additions(daemon).items()
        assert address.startswith("monitoring.subscription_filter.foreign-") and row["reason"] == "ForeignHeld"
    assert proxy.counts()["logs:DescribeSubscriptionFilters"] == 3 and proxy.mutations() == []
    daemon.holdfast("approve", address, check=0)
    daemon.wait_status(lambda status: not additions(daemon), "the addition to go")
    assert logs.describe_subscription_filters(logGroupName="/shop/app")["subscriptionFilters"] == []
    quiet(daemon, proxy)
    proxy.clear_calls()
    daemon.sync()
    assert "logs:DescribeSubscriptionFilters" not in proxy.counts()


def certificates(emulator, *domains):
    arns = []
    for domain in domains:
        body, key = as_aws.certificate(domain)
        arns.append(emulator.client("acm").import_certificate(Certificate=body, PrivateKey=key)["CertificateArn"])
    return arns


def test_a_certificate_that_somebody_adds_to_a_listener_is_reported_by_a_thorough_look(held, proxy, emulator, elbv2):
    ours, theirs = certificates(emulator, "shop.example.com", "theirs.example.com")
    stack = web()
    stack["compute"]["listener"]["https"] = {"load_balancer": "web", "port": 443, "protocol": "HTTPS",
                                             "certificate_arn": ours, "default_actions": FORWARD}
    daemon = held(network.dump(stack))
    address, reads = "compute.listener.https", "elasticloadbalancing:DescribeListenerCertificates"
    listener = daemon.ids()[address]

    def look(thorough):
        proxy.clear_calls()
        daemon.post("/v1/sync", {"wait": True, "thorough": thorough})
        assert proxy.mutations() == []
        return daemon.resource(address)["reason"], proxy.counts()[reads]

    assert look(True) == ("InSync", 1)  # not of the listener that speaks HTTP
    changes = len(daemon.history(address=address))
    elbv2.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": theirs}])
    assert look(False) == ("InSync", 0)
    proxy.clear_calls()
    daemon.holdfast("sync", "--wait")  # a person wants to know
    assert proxy.counts()[reads] == 1 and proxy.mutations() == []
    row = daemon.resource(address)
    assert row["reason"] == "UndeclaredDrift" and "AdditionalCertificates" in row["message"]
    assert look(False) == ("UndeclaredDrift", 1)  # as long as it is there
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_status(lambda status: daemon.resource(address)["reason"] == "UndeclaredDrift", "it to be remembered")
    elbv2.remove_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": theirs}])
    assert look(False) == ("InSync", 1)
    assert look(False) == ("InSync", 0)
    before = len(daemon.history(address=address))
    assert look(True) == ("InSync", 1) and len(daemon.history(address=address)) == before > changes


def test_a_tag_that_somebody_adds_is_reported_and_left_unless_the_policy_looks_away(held, proxy, emulator):
    def tree(**policy):
        return {**network.head(**policy), "network": {"vpc": NETWORK["vpc"]}}

    daemon = held(network.dump(tree()))
    ec2, vpc = emulator.client("ec2"), daemon.ids()["network.vpc.main"]

    def said():
        daemon.sync()
        row = daemon.resource("network.vpc.main")
        return row["reason"], row["message"]

    proxy.clear_calls()
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "owner", "Value": "them"}])
    assert said() == ("UndeclaredDrift", "changed in AWS, though not in the file: Tags[owner]")
    assert json.loads(daemon.holdfast("-o", "json", "accept", "network.vpc.main").stdout)["edits"][0]["value"] == {
        "owner": "them"}
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "owner"}])
    assert said()[0] == "InSync"
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "owner", "Value": "them"}])
    assert said()[0] == "UndeclaredDrift"
    for policy in ({"ignore": ["tags"]}, {"foreign": "leave"}):
        daemon.write(network.dump(tree(**policy)))
        daemon.reload()
        assert said()[0] == "InSync"
        daemon.write(network.dump(tree()))
        daemon.reload()
    # What was looked away from is how it is; and what is then declared and leaves the file again is taken away.
    assert said()[0] == "InSync" and proxy.mutations() == []
    declared = tree()
    declared["network"] = {"vpc": {"main": {**NETWORK["vpc"]["main"], "tags": {"owner": "us"}}}}
    daemon.write(network.dump(declared))
    daemon.reload()
    daemon.wait_synced()
    daemon.write(network.dump(tree()))
    daemon.reload()
    daemon.wait_synced()
    assert said()[0] == "InSync"
    assert "owner" not in {tag["Key"] for tag in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"]}
    quiet(daemon, proxy)


def start_task(daemon, emulator, address):
    """As ECS does: an interface of its own, and its address in the target group."""
    ids = daemon.ids()
    emulator.client("ec2").create_network_interface(
        SubnetId=ids["network.subnet.a"], PrivateIpAddress=address, Groups=[ids["security.security_group.app"]],
        Description="arn:aws:ecs:eu-west-1:123456789012:attachment/0a1b2c3d")
    emulator.client("elbv2").register_targets(
        TargetGroupArn=ids["compute.target_group.app"], Targets=[{"Id": address, "Port": 80}])


def asked(proxy):
    return [call.operation for call in proxy.calls if call.operation == "DescribeNetworkInterfaces"]


def asks_nothing(daemon, proxy):
    proxy.clear_calls()
    daemon.sync()
    return asked(proxy) == []


def targets(daemon, elbv2):
    found = elbv2.describe_target_health(TargetGroupArn=daemon.ids()["compute.target_group.app"])
    return sorted(one["Target"]["Id"] for one in found["TargetHealthDescriptions"])


def test_a_target_that_is_no_task_of_ecs_is_held_and_tasks_come_and_go(held, proxy, emulator, elbv2):
    daemon = held(network.dump(served()))
    proxy.clear_calls()
    daemon.sync()
    assert asked(proxy) == []
    # Tasks come, one by one; whose an address is, is asked when it comes, and then remembered.
    for address in ("10.0.0.10", "10.0.0.11"):
        start_task(daemon, emulator, address)
        proxy.clear_calls()
        daemon.sync()
        daemon.wait_status(lambda status: asked(proxy), "the address to be asked for")
        assert proxy.mutations() == []
        daemon.wait_status(lambda status: asks_nothing(daemon, proxy), "the answer to be remembered")
        quiet(daemon, proxy)
    # Somebody's address is believed to be nobody's after ten seconds, and waits for a person.
    group = daemon.ids()["compute.target_group.app"]
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.99", "Port": 80}])
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.10", "Port": 80}])
    proxy.clear_calls()
    daemon.sync()

    def is_held(status):
        return any(row["reason"] == "ForeignHeld" for row in status["resources"])

    daemon.wait_status(is_held, "the target to be held")
    row = daemon.resource("compute.target_group.app")
    assert "10.0.0.99" in row["message"] and "10.0.0.11" not in row["message"]
    assert proxy.mutations() == [] and targets(daemon, elbv2) == ["10.0.0.11", "10.0.0.99"]
    daemon.holdfast("approve", "compute.target_group.app", check=0)
    daemon.wait_synced()
    assert targets(daemon, elbv2) == ["10.0.0.11"]
    # It was approved once: when it comes back, it is held again, and forgotten when its owner takes it out.
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.99", "Port": 80}])
    daemon.sync()
    daemon.wait_status(is_held, "the target to be held again")
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.99", "Port": 80}])
    daemon.sync()
    daemon.wait_synced()
    quiet(daemon, proxy)
    assert asked(proxy) == []

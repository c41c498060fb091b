"""The surprises that such tools are known for, one by one: none loses data, loops, or stays unexplained."""
import threading

import network

DELETES = ("Delete", "Release", "Detach", "Disassociate", "Revoke")


def destroyed(proxy):
    return [call.operation for call in proxy.mutations() if call.operation.startswith(DELETES)]


def reasons(status):
    return {r["address"]: r["reason"] for r in status["resources"]}


def braked(status):
    return {layer["name"]: layer["braked"]["brake"] for layer in status["layers"] if layer["braked"]}


def many(count, **how):
    """A VPC with so many subnets."""
    return {**network.head(**how), "network": {
        "vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
        "subnet": {f"s{i:02}": {"vpc": "main", "cidr_block": f"10.0.{i}.0/24", "availability_zone": "a",
                                "map_public_ip_on_launch": True} for i in range(count)}}}


def test_an_emptied_file_stops_everything_until_it_is_released(held, proxy, ec2):
    tree = network.small(prune="delete")
    daemon = held(network.dump(tree))
    before = network.in_aws(ec2)
    proxy.clear_calls()
    daemon.write(network.dump(network.head(prune="delete")))
    daemon.reload()
    daemon.sync()
    status = daemon.wait_status(lambda status: len(braked(status)) >= 2, "the brakes to show")
    assert set(braked(status).values()) == {"file"}
    assert "braked: network" in status["summary"]
    assert proxy.mutations() == [] and network.in_aws(ec2) == before
    assert {"Orphaned"} == {r["sync"] for r in status["resources"]}
    said = daemon.holdfast("status", check=0).stdout
    assert "left the file" in said and "holdfast release network" in said
    assert "braked" in daemon.holdfast("orders", check=0).stdout
    status_code, metrics = daemon.request("GET", "/metrics")
    assert status_code == 200 and 'holdfast_braked{stack="shop",layer="network"} 1' in metrics
    # It is in Postgres, and the file put right ends the danger but not the brake.
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_status(lambda status: len(braked(status)) >= 2, "the brakes to be there after a restart")
    daemon.sync()
    assert proxy.mutations() == []
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.sync()
    daemon.wait_synced()
    assert daemon.holdfast("release", "compute", check=1).stderr
    assert "network" in daemon.holdfast("release", "--reason", "mended", check=0).stdout
    assert braked(daemon.status()) == {} and network.in_aws(ec2) == before
    # Meant this time: released for an hour, it goes.
    daemon.write(network.dump(network.head(prune="delete")))
    daemon.reload()
    daemon.wait_status(lambda status: not network.in_aws(ec2), "what was released to go")


def test_more_deletions_than_the_policy_allows_wait_for_a_person(held, proxy, ec2):
    daemon = held(network.dump(many(30, prune="delete")))
    proxy.clear_calls()
    daemon.write(network.dump(many(18, prune="delete")))
    daemon.reload()
    daemon.sync()
    daemon.wait_status(lambda status: braked(status) == {"network": "deletions"}, "the brake to show")
    assert destroyed(proxy) == []
    status = daemon.status()
    assert [r["reason"] for r in status["resources"] if r["sync"] == "Orphaned"] == ["Braked"] * 12
    assert daemon.holdfast_json("plan", check=2)["counts"]["held"] == 12
    # One of them may be approved by itself.
    daemon.holdfast("approve", "network.subnet.s29", check=0)
    daemon.wait_status(lambda status: destroyed(proxy) == ["DeleteSubnet"], "the approved one to go")
    daemon.holdfast("release", "network", check=0)
    daemon.wait_synced()
    assert destroyed(proxy) == ["DeleteSubnet"] * 12


def test_drift_all_over_a_layer_is_somebody_at_work(held, proxy, ec2):
    daemon = held(network.dump(many(24)))
    ids = [i for address, i in daemon.ids().items() if ".subnet." in address]
    for subnet in ids[:4]:  # a handful is corrected
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    daemon.sync()
    daemon.wait_synced()
    assert braked(daemon.status()) == {}
    for subnet in ids[4:]:  # the others: what was corrected just now may be a read that lags
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    proxy.clear_calls()
    daemon.sync()
    status = daemon.wait_status(lambda status: braked(status) == {"network": "drift"}, "the brake to show")
    assert proxy.mutations() == []
    assert list(reasons(status).values()).count("Braked") == 20
    daemon.sync()
    assert proxy.mutations() == []
    daemon.holdfast("release", "network", "--reason", "they are done", check=0)
    daemon.wait_synced()
    assert len(proxy.mutations()) == 20


class Gate:
    """Answers of one operation wait behind it until it is opened."""

    def __init__(self, proxy, operation):
        self.opened = threading.Event()
        proxy.fail("rewrite", operation, change=self.keep)

    def keep(self, answer):
        assert self.opened.wait(60), "the gate was never opened"
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.set()


def test_what_is_seen_first_is_not_corrected_before_the_layer_is_weighed(held, proxy, ec2):
    daemon = held(network.dump(many(24)))
    ids = daemon.ids()
    vpc = ids.pop("network.vpc.main")
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "environment", "Value": "theirs"}])
    for subnet in ids.values():
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    proxy.clear_calls()
    with Gate(proxy, "DescribeSubnets"):
        daemon.post("/v1/sync")
        daemon.wait_status(lambda status: reasons(status)["network.vpc.main"] == "Correcting", "the first drift to show")
        for _ in range(10):  # it is decided, and waits for what the layer has not seen yet
            assert daemon.status() and proxy.mutations() == []
    daemon.wait_status(lambda status: braked(status) == {"network": "drift"}, "the brake to show")
    daemon.sync()
    assert proxy.mutations() == []
    assert reasons(daemon.status())["network.vpc.main"] == "Braked"
    daemon.holdfast("release", "network", check=0)
    daemon.wait_synced()


def test_one_drift_does_not_wait_for_what_could_not_trip_the_brake(held, proxy, ec2):
    daemon = held(network.dump(many(8)))
    ec2.create_tags(Resources=[daemon.ids()["network.vpc.main"]], Tags=[{"Key": "environment", "Value": "theirs"}])
    proxy.clear_calls()
    with Gate(proxy, "DescribeSubnets"):
        daemon.post("/v1/sync")
        daemon.wait_status(lambda status: [call.operation for call in proxy.mutations()] == ["CreateTags"],
                           "the drift to be corrected while the subnets are still being looked at")
    daemon.wait_synced()


def test_two_writers_of_one_field_are_told_apart_and_left_to_people(held, proxy, ec2):
    daemon = held(network.dump(network.small(most_corrections=2)))
    vpc = "network.vpc.main"

    def put_back(value):
        ec2.create_tags(Resources=[daemon.ids()[vpc]], Tags=[{"Key": "environment", "Value": value}])
        daemon.sync()

    for value in ("theirs-1", "theirs-2"):
        put_back(value)
        daemon.wait_synced()
    proxy.clear_calls()
    put_back("theirs-3")
    daemon.wait_status(lambda status: reasons(status)[vpc] == "Contested", "the fight to show")
    message = daemon.resource(vpc)["message"]
    assert "theirs-3" in message and '"test"' in message and "2 times" in message
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_status(lambda status: reasons(status)[vpc] == "Contested", "the fight to be there after a restart")
    daemon.sync()
    assert proxy.mutations() == []
    assert "Contested" in daemon.holdfast("status", check=0).stdout
    said = daemon.holdfast("release", vpc, "--reason", "the other one is off", check=0).stdout
    assert vpc in said
    daemon.wait_synced()
    assert daemon.holdfast("release", vpc, check=1).stderr


def test_a_renamed_resource_is_not_the_old_one(held, proxy, ec2):
    """The old one stays, Orphaned and held; of what AWS allows only once the conflict is explained."""
    tree = network.small()
    daemon = held(network.dump(tree))
    old = daemon.ids()
    tree["security"]["security_group"]["front"] = tree["security"]["security_group"].pop("web")
    tree["network"]["subnet"]["public-z"] = tree["network"]["subnet"].pop("public-b")
    tree["network"]["route_table"]["public"]["subnets"] = ["public-a", "public-z"]
    proxy.clear_calls()
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.sync()
    status = daemon.wait_status(
        lambda status: reasons(status).get("security.security_group.front") == "InSync"
        and reasons(status)["network.subnet.public-b"] == "OrphanHeld", "the old and the new to show")
    rows = {r["address"]: r for r in status["resources"]}
    assert rows["security.security_group.web"]["reason"] == "OrphanHeld"
    assert rows["security.security_group.front"]["id"] != old["security.security_group.web"]
    conflict = daemon.wait_status(
        lambda status: reasons(status)["network.subnet.public-z"] not in ("Creating", "InSync", "NotChecked"),
        "the conflict to show")
    row = {r["address"]: r for r in conflict["resources"]}["network.subnet.public-z"]
    assert "conflict" in row["message"].lower(), row
    assert not [name for name in destroyed(proxy) if name.startswith("Delete")]


def test_what_was_added_by_hand_while_the_layer_is_paused_stays_until_it_ends(held, proxy, ec2):
    daemon = held(network.dump(network.small()))
    group = "security.security_group.web"
    daemon.holdfast("pause", "security", "--reason", "an incident", check=0)
    ec2.authorize_security_group_ingress(GroupId=daemon.ids()[group], IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}])
    proxy.clear_calls()
    daemon.sync()
    daemon.wait_status(lambda status: reasons(status)[group] == "Paused", "the pause to hold it")
    assert proxy.mutations() == [] and "an incident" in daemon.resource(group)["message"]
    assert [one["type"] for one in daemon.resource(group)["differences"]] == ["foreign"]
    daemon.holdfast("resume", "security", check=0)
    daemon.wait_synced()
    assert destroyed(proxy) == ["RevokeSecurityGroupIngress"]


def test_a_deletion_names_what_stands_in_its_way_and_waits(held, proxy, ec2):
    tree = network.small(prune="delete")
    daemon = held(network.dump(tree))
    subnet = "network.subnet.public-b"
    gone = daemon.ids()[subnet]
    interface = ec2.create_network_interface(SubnetId=gone, Description="of a task")["NetworkInterface"]
    # The emulator deletes a subnet that is in use; AWS does not.
    fault = proxy.fail("error", "DeleteSubnet", status=400, code="DependencyViolation",
                       message="The subnet has dependencies and cannot be deleted.")
    del tree["network"]["subnet"]["public-b"]
    tree["network"]["route_table"]["public"]["subnets"] = ["public-a"]
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.sync()
    daemon.wait_status(lambda status: [
        r for r in status["resources"] if r["address"] == subnet
        and interface["NetworkInterfaceId"] in r["message"] and "of a task" in r["message"]], "what blocks it to show")
    assert gone in [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]]
    asked = [call for call in proxy.seen() if call.operation == "DescribeNetworkInterfaces"]
    refused = [call for call in proxy.seen() if call.operation == "DeleteSubnet"]
    assert 1 <= len(asked) <= len(refused)  # only after a refusal
    fault.times = 0
    daemon.holdfast("sync", check=0)
    daemon.wait_status(lambda status: subnet not in reasons(status), "it to go when nothing is in the way")


def guarded(**bucket):
    """What is read of its own only where the file says something of it: a bucket's parts, a key's policy."""
    return {**network.head(),
            "security": {"kms_key": {"data": {"enable_key_rotation": True, "key_policy": {
                "Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*",
                     "Resource": "*"}]}}}},
            "data": {"s3_bucket": {"logs": {
                "bucket": "shop-logs-123456789012", "ownership_controls": {"rules": [{"object_ownership": "BucketOwnerEnforced"}]},
                "lifecycle_configuration": {"rules": [{"id": "expire", "status": "Enabled", "filter": {"prefix": ""},
                                                       "expiration": {"days": 90}}]}, **bucket}}}}


def test_what_left_the_file_and_comes_back_is_neither_drift_nor_written(held, proxy):
    """Of an orphan is read less; what it says again of itself is read before it is compared."""
    tree = guarded()
    daemon = held(network.dump(tree))
    began = daemon.history(limit=1)[0]["at"]
    proxy.clear_calls()
    daemon.write(network.dump({**network.head(), "network": {"vpc": {"main": {"cidr_block": "10.0.0.0/16"}}}}))
    daemon.reload()
    daemon.sync()
    daemon.wait_status(lambda status: reasons(status).get("data.s3_bucket.logs") == "OrphanHeld", "it to leave")
    for layer in braked(daemon.status()):
        daemon.holdfast("release", layer, check=0)
    daemon.write(network.dump({**tree, "network": {"vpc": {"main": {"cidr_block": "10.0.0.0/16"}}}}))
    daemon.reload()
    daemon.sync()
    daemon.wait_synced()
    assert [call.operation for call in proxy.mutations() if call.service != "ec2"] == []
    told = [one for one in daemon.history(since=began) if not one["address"].startswith("network")]
    assert not [one for one in told if one["what"] in ("drift", "closed")], told
    # What AWS looked like is told without a gap either.
    ways = {one["detail"]["reason"] for one in told if one["what"] == "observed"}
    assert ways == {"OrphanHeld", "InSync"}
    found = daemon.holdfast_json("diff", "--from", began, check=None)["differences"]
    assert not [one for one in found if not one["address"].startswith("network")], found


def test_what_the_file_says_more_of_is_read_before_it_is_written(held, proxy, emulator):
    """AWS has it already, as somebody set it: what was not read is not missing."""
    tree = guarded()
    more = tree["data"]["s3_bucket"]["logs"].pop("lifecycle_configuration")
    daemon = held(network.dump(tree))
    emulator.client("s3").put_bucket_lifecycle_configuration(Bucket="shop-logs-123456789012", LifecycleConfiguration={
        "Rules": [{"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90}}]})
    proxy.clear_calls()
    daemon.write(network.dump(guarded(lifecycle_configuration=more)))
    daemon.reload()
    daemon.sync()
    daemon.wait_synced()
    assert proxy.mutations() == []


def test_lists_that_aws_shows_in_another_order_each_time_are_no_news(held, proxy):
    tree = network.small()
    tree["security"]["security_group"]["web"]["ingress"] += [
        {"ip_protocol": "tcp", "from_port": port, "to_port": port, "cidr_ipv4": "0.0.0.0/0"} for port in (80, 8080, 8443)]
    daemon = held(network.dump(tree))
    daemon.sync()
    began = daemon.history(limit=1)[0]["at"]
    proxy.clear_calls()
    proxy.reorder = True
    for _ in range(4):
        daemon.sync()
    assert proxy.mutations() == []
    daemon.wait_synced()
    assert [one for one in daemon.history(since=began) if one["at"] > began] == []

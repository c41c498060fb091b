"""A network of forty resources, whole: from nothing, held, and away again."""
import pytest

import network
from daemon import wait_until

# What one look at everything costs: a call a page of each kind's list, and the
# attributes of a VPC, for which AWS has no bulk call.
A_PASS = {
    "ec2:DescribeVpcs": 1,
    "ec2:DescribeVpcAttribute": 2,
    "ec2:DescribeSubnets": 1,
    "ec2:DescribeInternetGateways": 1,
    "ec2:DescribeAddresses": 1,
    "ec2:DescribeNatGateways": 1,
    "ec2:DescribeRouteTables": 1,
    "ec2:DescribeVpcEndpoints": 1,
    "ec2:DescribeFlowLogs": 1,
    "ec2:DescribeNetworkAcls": 1,
    "ec2:DescribeSecurityGroups": 1,
}


@pytest.fixture
def whole(emulator, held):
    """whole(tree): a daemon that holds it."""
    network.prepare(emulator)
    return lambda tree, **how: held(network.dump(tree), **how)


def first(calls, operation, **params):
    """The number of the first call of an operation with these parameters."""
    for call in calls:
        if call.operation == operation and all(call.params.get(k) == v for k, v in params.items()):
            return call.number
    raise AssertionError(f"no {operation} {params} among {[c.operation for c in calls]}")


def numbers(calls, operation):
    found = [call.number for call in calls if call.operation == operation]
    assert found, f"no {operation} among {[c.operation for c in calls]}"
    return found


def test_it_comes_up_from_nothing_in_awss_order(whole, proxy, ec2):
    tree = network.forty_tree()
    whole(tree)
    found = network.in_aws(ec2)
    assert {address for address, _ in found} == network.addresses(tree)
    assert len(found) == len(network.addresses(tree)), "something is there twice"
    calls = proxy.mutations()
    refused = [str(call) for call in calls if call.status != 200]
    assert not refused, "the order follows from references, not from trying"
    assert numbers(calls, "CreateVpc") == [calls[0].number] or min(numbers(calls, "CreateVpc")) < min(
        numbers(calls, "CreateSubnet"))
    assert max(numbers(calls, "AttachInternetGateway")) < min(numbers(calls, "CreateNatGateway"))
    assert first(calls, "ModifyVpcAttribute", **{"EnableDnsHostnames.Value": "true"}) < min(
        call.number for call in calls
        if call.operation == "CreateVpcEndpoint" and call.params.get("VpcEndpointType") == "Interface")
    for call in calls:
        if call.operation == "CreateRoute" and "NatGatewayId" in call.params:
            assert call.number > min(numbers(calls, "CreateNatGateway"))


def test_every_create_call_carries_the_ownership_tags(whole, proxy):
    whole(network.forty_tree())
    untagged = [str(call) for call in proxy.mutations()
                if call.operation.startswith(("Create", "Allocate")) and call.operation not in (
                    "CreateRoute", "CreateNetworkAclEntry")
                and {"holdfast:stack", "holdfast:resource"} - set(map(str, call.params.values()))]
    assert not untagged


def test_ten_further_passes_and_a_second_start_write_nothing(whole, proxy):
    daemon = whole(network.forty_tree())
    proxy.reset()
    proxy.reorder = proxy.unknown = True
    proxy.page_size = 5
    for _ in range(10):
        daemon.sync()
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_synced()
    daemon.sync()
    assert [str(call) for call in proxy.mutations()] == []


def test_a_pass_costs_a_call_a_list_whatever_the_number_of_resources(whole, proxy):
    tree = network.forty_tree()
    daemon = whole(tree)
    proxy.clear_calls()
    daemon.sync()
    assert proxy.counts() == A_PASS
    for i in range(40):
        tree["network"]["subnet"][f"more-{i}"] = {
            "vpc": "main", "cidr_block": f"10.0.{100 + i}.0/24", "availability_zone": "a"}
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.wait_synced()
    proxy.clear_calls()
    daemon.sync()
    assert proxy.counts() == A_PASS


def test_a_pass_costs_a_call_a_page(whole, proxy):
    daemon = whole(network.forty_tree())
    proxy.page_size = 4
    proxy.clear_calls()
    daemon.sync()
    assert proxy.counts()["ec2:DescribeSubnets"] == 3  # nine of them
    assert proxy.mutations() == []


def test_it_goes_away_in_the_reverse_order_once_approved(whole, proxy, ec2):
    daemon = whole(network.forty_tree())
    daemon.write(network.dump(network.head()))
    proxy.clear_calls()
    daemon.reload()
    daemon.sync()
    assert proxy.mutations() == [], "nothing is deleted without approval"
    rows = daemon.status()["resources"]
    assert {row["sync"] for row in rows} == {"Orphaned"} and len(rows) == 40
    daemon.post("/v1/approve", {"target": "network"})
    daemon.post("/v1/approve", {"target": "security"})
    daemon.wait_status(lambda status: not status["resources"], "everything to be gone")
    assert network.in_aws(ec2) == []
    calls = proxy.mutations()
    assert not [str(call) for call in calls if call.status != 200]
    gone = {name: numbers(calls, name) for name in (
        "DeleteNatGateway", "ReleaseAddress", "DetachInternetGateway", "DeleteInternetGateway", "DeleteSubnet",
        "DeleteVpcEndpoints", "DeleteSecurityGroup", "DeleteRouteTable", "DeleteNetworkAcl", "DeleteVpc")}
    for before, after in (
            ("DeleteNatGateway", "ReleaseAddress"), ("DeleteNatGateway", "DetachInternetGateway"),
            ("DetachInternetGateway", "DeleteInternetGateway"), ("DeleteNatGateway", "DeleteSubnet"),
            ("DeleteVpcEndpoints", "DeleteSecurityGroup"), ("DeleteVpcEndpoints", "DeleteSubnet")):
        assert max(gone[before]) < max(gone[after]), f"{before} before {after}"
    assert gone["DeleteVpc"] == [calls[-1].number], "the VPC goes last"


def test_a_change_of_the_file_arrives_with_hup(whole, proxy, ec2):
    tree = network.small()
    daemon = whole(tree)
    tree["network"]["subnet"]["public-a"]["map_public_ip_on_launch"] = False
    daemon.write(network.dump(tree))
    proxy.clear_calls()
    daemon.reload()
    daemon.sync()
    daemon.wait_synced()
    assert [call.operation for call in proxy.mutations()] == ["ModifySubnetAttribute"]
    subnet = ec2.describe_subnets(SubnetIds=[daemon.ids()["network.subnet.public-a"]])["Subnets"][0]
    assert subnet["MapPublicIpOnLaunch"] is False


def test_a_bad_file_is_shown_with_its_place_and_the_old_one_stays(whole, proxy):
    tree = network.small()
    daemon = whole(tree)
    version = daemon.status()["config"]["version"]
    text = network.dump(tree)
    daemon.write(text.replace("map_public_ip_on_launch", "map_public_ip_on_lunch", 1))
    proxy.clear_calls()
    daemon.reload()
    daemon.sync()
    config = daemon.status()["config"]
    finding = config["error"]["findings"][0]
    line = next(n for n, l in enumerate(text.splitlines(), 1) if "map_public_ip_on_launch" in l)
    assert (finding["line"], finding["column"] > 0) == (line, True)
    assert "map_public_ip_on_launch" in str(finding), "says what was meant"
    assert config["version"] == version
    assert proxy.mutations() == []
    daemon.write(text)
    daemon.reload()
    assert daemon.status()["config"]["error"] is None


@pytest.mark.parametrize("text", ["", "stack: [", "\x00\x01\x02", "stack: shop\n"])
def test_a_truncated_or_empty_file_deletes_nothing(whole, proxy, ec2, text):
    daemon = whole(network.small())
    before = network.in_aws(ec2)
    daemon.write(text)
    proxy.clear_calls()
    daemon.reload()
    daemon.sync()
    assert network.in_aws(ec2) == before
    assert proxy.mutations() == []
    daemon.check_alive()


def test_a_vanished_file_deletes_nothing(whole, proxy, ec2):
    daemon = whole(network.small())
    before = network.in_aws(ec2)
    daemon.config.unlink()
    daemon.reload()
    daemon.sync()
    assert network.in_aws(ec2) == before
    daemon.check_alive()


def test_the_wrong_account_changes_nothing(make_daemon, proxy):
    tree = network.small()
    tree["account"] = "999999999999"
    daemon = make_daemon(network.dump(tree)).start()
    wait_until(lambda: proxy.counts()["sts:GetCallerIdentity"], "the account to be asked for")
    daemon.wait_status(lambda status: "999999999999" in str(status), "the status to tell of the wrong account")
    assert proxy.mutations() == []


def test_observe_writes_nothing_to_aws(make_daemon, proxy):
    daemon = make_daemon(network.dump(network.small()), arguments=["--observe"]).start()
    daemon.wait_status(lambda status: status["resources"] and all(
        row["sync"] == "Missing" for row in status["resources"]), "everything to be missing")
    assert proxy.mutations() == []

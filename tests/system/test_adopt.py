"""What stands in AWS already, and gets its name from AWS, is taken over by `adopt: ID` in the file."""
import pytest
import yaml

import multi_tier
import network

VPC, SUBNET, GATEWAY, GROUP = ("network.vpc.main", "network.subnet.public-a", "network.internet_gateway.main",
                               "security.security_group.web")


def by_hand(ec2):
    """A network as somebody made it in the console: {address: id}."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "by-hand"}])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone="eu-west-1a")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    return {VPC: vpc, SUBNET: subnet, GATEWAY: gateway}


def adopting(tree, ids):
    for address, one in ids.items():
        layer, kind, name = address.split(".")
        tree[layer][kind][name]["adopt"] = one
    return tree


def held_back(daemon, addresses, reason):
    return daemon.wait_status(
        lambda status: [row for row in status["resources"] if row["address"] in addresses] and all(
            row["reason"] == reason for row in status["resources"] if row["address"] in addresses),
        f"{reason} of {addresses}")


def test_what_stands_there_is_taken_over_after_an_approval(make_daemon, postgres, proxy, ec2):
    ids = by_hand(ec2)
    daemon = make_daemon(network.dump(adopting(network.small(), ids)), postgres=postgres.conninfo()).start()
    held_back(daemon, [VPC, GATEWAY], "NotOurs")
    assert proxy.mutations() == []
    plan = daemon.holdfast("plan", check=2).stdout
    assert ids[VPC] in plan and "EnableDnsHostnames" in plan, plan
    daemon.holdfast("approve", VPC, check=0)
    held_back(daemon, [SUBNET], "NotOurs")
    daemon.holdfast("approve", "network", check=0)
    daemon.wait_synced()
    assert {address: daemon.ids()[address] for address in ids} == ids
    assert len([vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]) == 1
    # What the file does not say stays as it was found, and the steady state writes nothing.
    assert {"Key": "Name", "Value": "by-hand"} in ec2.describe_vpcs(VpcIds=[ids[VPC]])["Vpcs"][0]["Tags"]
    proxy.clear_calls()
    daemon.sync()
    assert proxy.mutations() == []
    # The word has been said: without it, and after another start, nothing changes.
    daemon.write(network.dump(network.small()))
    daemon.reload()
    daemon.stop()
    daemon.start()
    daemon.wait_synced()
    assert proxy.mutations() == []


def test_what_was_adopted_and_is_then_deleted_is_made_anew(make_daemon, postgres, proxy, ec2):
    """The word stays in the file, and says nothing any more of what AWS had once: not after a restart either."""
    ids = by_hand(ec2)
    daemon = make_daemon(network.dump(adopting(network.small(), ids)), postgres=postgres.conninfo()).start()
    held_back(daemon, list(ids), "NotOurs")
    daemon.holdfast("approve", "network", check=0)
    daemon.wait_synced()
    holds = postgres.sql("SELECT address, state FROM holdfast.hold")
    assert sorted(holds) == sorted([address, "used"] for address in ids), "each was held once"
    proxy.clear_calls()
    ec2.delete_subnet(SubnetId=ids[SUBNET])
    daemon.sync()
    daemon.wait_synced()
    made = daemon.ids()[SUBNET]
    assert made != ids[SUBNET]
    assert len(proxy.seen("CreateSubnet")) == 1
    daemon.kill()
    daemon.start()
    daemon.wait_synced()
    assert daemon.ids()[SUBNET] == made
    assert len(proxy.seen("CreateSubnet")) == 1


def test_an_id_that_aws_does_not_have_creates_nothing_until_it_is_mended_or_taken_out(make_daemon, postgres, proxy, ec2):
    ids = by_hand(ec2)
    tree = adopting(network.small(), {**ids, VPC: "vpc-0123456789abcdef0"})
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    held_back(daemon, [VPC], "AdoptMissing")
    assert "AWS has no vpc-0123456789abcdef0" in daemon.resource(VPC)["message"]
    daemon.sync()
    assert proxy.mutations() == []
    assert "waits for no approval: AdoptMissing" in daemon.holdfast("approve", VPC, check=1).stderr
    # Another start forgets nothing of that.
    daemon.kill()
    daemon.start()
    held_back(daemon, [VPC], "AdoptMissing")
    daemon.write(network.dump(adopting(network.small(), ids)))
    daemon.reload()
    held_back(daemon, [VPC], "NotOurs")
    assert proxy.mutations() == []
    # Nobody approves, and the words go: the network is made anew, and the other one left alone.
    daemon.write(network.dump(network.small()))
    daemon.reload()
    daemon.wait_synced()
    assert not set(daemon.ids().values()) & set(ids.values())
    vpc = ec2.describe_vpcs(VpcIds=[ids[VPC]])["Vpcs"][0]
    assert vpc["Tags"] == [{"Key": "Name", "Value": "by-hand"}]


def test_an_id_such_as_aws_never_gives_is_no_failure_of_a_look(held, proxy, ec2):
    """AWS calls it malformed, which the emulator does not: the others of its kind are looked at all the same."""
    daemon = held(network.dump(network.small()))
    proxy.fail("error", "DescribeSubnets", when=lambda call: "subnet-nonsense" in str(call.params), status=400,
               code="InvalidSubnetID.Malformed", message="Invalid id")
    assert "AWS has no subnet 'subnet-nonsense'" in daemon.holdfast(
        "adopt", "network.subnet.more", "subnet-nonsense", check=1).stderr
    tree = network.small()
    tree["network"]["subnet"]["more"] = {**tree["network"]["subnet"]["public-a"], "cidr_block": "10.0.9.0/24",
                                         "adopt": "subnet-nonsense"}
    proxy.clear_calls()
    daemon.write(network.dump(tree))
    daemon.reload()
    held_back(daemon, ["network.subnet.more"], "AdoptMissing")
    assert not daemon.status()["blind"]
    ec2.modify_subnet_attribute(SubnetId=daemon.ids()[SUBNET], MapPublicIpOnLaunch={"Value": False})
    daemon.sync()
    daemon.wait_synced(shown={"network.subnet.more": {"sync": "Missing", "health": "Missing"}})
    assert [call.operation for call in proxy.mutations()] == ["ModifySubnetAttribute"]


def test_what_could_only_be_replaced_is_not_taken_over(make_daemon, postgres, proxy, ec2):
    ids = by_hand(ec2)
    tree = adopting(network.small(), ids)
    tree["network"]["vpc"]["main"]["cidr_block"] = "10.0.0.0/17"
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    held_back(daemon, [VPC], "AdoptDiffers")
    assert "CidrBlock" in daemon.resource(VPC)["message"]
    daemon.holdfast("approve", VPC, check=1)
    assert 'cidr_block: "10.0.0.0/16"' in daemon.holdfast("accept", VPC, check=2).stdout
    daemon.sync()
    assert proxy.mutations() == []


def test_what_is_held_already_adopts_nothing_else(held, proxy, ec2):
    daemon = held(network.dump(network.small()))
    before, other = daemon.ids(), by_hand(ec2)
    proxy.clear_calls()
    daemon.write(network.dump(adopting(network.small(), {VPC: other[VPC]})))
    daemon.reload()
    daemon.sync()
    assert daemon.ids() == before
    assert proxy.mutations() == []
    said = daemon.holdfast("get", VPC, check=0).stdout
    assert f"has it adopt {other[VPC]}, and it is {before[VPC]} already" in " ".join(said.split())


@pytest.mark.parametrize("prune", ["hold", "delete"])
def test_a_resource_takes_another_name_and_goes_on(held, proxy, ec2, prune):
    daemon = held(network.dump(network.small(prune=prune)))
    before = daemon.ids()
    tree = network.small(prune=prune)
    del tree["network"]["subnet"]["public-a"]
    tree["network"]["subnet"]["front-a"] = {
        **network.small()["network"]["subnet"]["public-a"], "adopt": before[SUBNET]}
    tree["network"]["route_table"]["public"]["subnets"] = ["front-a", "public-b"]
    proxy.clear_calls()
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.wait_status(lambda status: not [row for row in status["resources"] if row["address"] == SUBNET],
                       "the former name to be forgotten")
    daemon.wait_synced()
    assert daemon.ids()["network.subnet.front-a"] == before[SUBNET]
    assert [call.operation for call in proxy.mutations()] == ["CreateTags"]
    daemon.kill()
    daemon.start()
    daemon.wait_synced()
    assert len(daemon.status()["resources"]) == len(before)


def test_one_object_is_adopted_once(held, proxy):
    daemon = held(network.dump(network.small()))
    tree = network.small()
    tree["network"]["subnet"]["again"] = {**tree["network"]["subnet"]["public-a"], "cidr_block": "10.0.9.0/24",
                                          "adopt": daemon.ids()[SUBNET]}
    proxy.clear_calls()
    daemon.write(network.dump(tree))
    daemon.reload()
    held_back(daemon, ["network.subnet.again"], "AdoptConflict")
    assert f"is held as {SUBNET}" in daemon.resource("network.subnet.again")["message"]
    daemon.sync()
    assert proxy.mutations() == []
    assert daemon.resource(SUBNET)["sync"] == "Synced"


def test_the_example_is_adopted_as_the_command_writes_it(make_daemon, postgres, proxy, emulator, ec2):
    """Whatever AWS names is forgotten, and its tags are gone: the file that `adopt` writes takes it over again."""
    daemon = make_daemon(multi_tier.text(), postgres=postgres.conninfo()).start()
    daemon.wait_synced()
    assert ", and is held already." in daemon.holdfast("adopt", VPC, daemon.ids()[VPC], check=0).stdout
    before, tree, adopted = daemon.ids(), yaml.safe_load(multi_tier.text()), {}
    for address, one in before.items():
        layer, kind, name = address.split(".")
        status, said = daemon.request("POST", "/v1/adopt", {"target": address, "id": one})
        if status == 200 and "adopt" in said["fields"]:
            text = daemon.holdfast("adopt", address, one, check=0).stdout
            assert "AWS does not show it" not in text
            tree[layer][kind][name] = yaml.safe_load(text)[layer][kind][name]
            assert tree[layer][kind][name] == said["fields"]
            adopted[address] = one
    for endpoint in tree["network"]["vpc_endpoint"].values():
        if "vpc_endpoint_type" not in endpoint:  # then a gateway
            endpoint.pop("private_dns_enabled")  # the emulator says so of all endpoints
    assert {address.split(".")[1] for address in adopted} == {
        "vpc", "subnet", "internet_gateway", "elastic_ip", "nat_gateway", "route_table", "vpc_endpoint", "flow_log",
        "network_acl", "security_group", "certificate", "kms_key"}
    daemon.stop()
    keys = ["holdfast:stack", "holdfast:resource"]
    arns = [one for one in adopted.values() if one.startswith("arn:")]
    ec2.delete_tags(Resources=[one for one in adopted.values() if one not in arns], Tags=[{"Key": key} for key in keys])
    for arn in arns:
        if ":kms:" in arn:
            emulator.client("kms").untag_resource(KeyId=arn, TagKeys=keys)
        else:
            emulator.client("acm").remove_tags_from_certificate(
                CertificateArn=arn, Tags=[{"Key": key} for key in keys])
    postgres.sql("DROP SCHEMA holdfast CASCADE")
    proxy.clear_calls()
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    held_back(daemon, list(adopted), "NotOurs")
    assert proxy.mutations() == []
    daemon.holdfast("approve", "network", check=0)
    daemon.holdfast("approve", "security", check=0)
    daemon.wait_synced()
    assert daemon.ids() == before
    assert {call.operation for call in proxy.mutations()} == {
        "CreateTags", "TagResource", "AddTagsToCertificate"}

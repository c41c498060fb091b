"""What people tell the daemon beside the file: pauses and ignored fields."""
import network

VPC = "network.vpc.main"


def break_dns(ec2, vpc):
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})


def dns(ec2, vpc):
    return ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]


def hold(held):
    tree = network.small()
    tree["network"]["vpc"]["main"].update(enable_dns_support=True, enable_dns_hostnames=True)
    return held(network.dump(tree))


def test_a_paused_layer_is_watched_and_not_written_to_until_it_is_resumed(held, proxy, ec2):
    daemon = hold(held)
    vpc = daemon.ids()[VPC]
    said = daemon.holdfast("pause", "network", "--for", "2h", "--reason", "the migration", check=0).stdout
    assert "network" in said and "the migration" in said
    break_dns(ec2, vpc)
    proxy.clear_calls()
    daemon.sync()
    row = daemon.wait_status(
        lambda status: [r for r in status["resources"] if r["address"] == VPC and r["reason"] == "Paused"],
        "the pause to show")
    assert row
    assert proxy.mutations() == [] and not dns(ec2, vpc)
    layer = [one for one in daemon.status()["layers"] if one["name"] == "network"][0]
    assert layer["paused"]
    assert "the migration" in daemon.resource(VPC)["message"]
    # There is nothing to approve, and why is what one wants to know.
    said = daemon.holdfast("approve", VPC, check=1).stderr
    assert f"{VPC} waits for no approval: Paused: " in said and "the migration" in said
    assert "nothing that is held answers to 'network.vpc.no'" in daemon.holdfast("approve", "network.vpc.no", check=1).stderr
    # It is in Postgres: another life of the daemon knows it.
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_status(
        lambda status: [r for r in status["resources"] if r["address"] == VPC and r["reason"] == "Paused"],
        "the pause to be there after a restart")
    assert "the migration" in daemon.holdfast("orders", check=0).stdout
    assert proxy.mutations() == []
    daemon.holdfast("resume", "network", check=0)
    daemon.wait_synced()
    assert dns(ec2, vpc)
    told = [entry for entry in daemon.history(limit="100") if entry["what"] == "order"]
    assert len(told) == 2 and {entry["address"] for entry in told} == {"network"}
    assert "Nothing is paused, ignored, protected or braked" in daemon.holdfast("orders", check=0).stdout


def test_a_pause_ends_by_itself(held, ec2):
    daemon = hold(held)
    vpc = daemon.ids()[VPC]
    daemon.holdfast("pause", VPC, "--for", "2s", check=0)
    break_dns(ec2, vpc)
    daemon.sync()
    daemon.wait_synced()
    assert dns(ec2, vpc)


def test_an_ignored_field_may_differ_until_it_is_resumed(held, proxy, ec2):
    daemon = hold(held)
    vpc = daemon.ids()[VPC]
    daemon.holdfast("ignore", VPC, "enable_dns_hostnames", "--reason", "a test of it", check=0)
    break_dns(ec2, vpc)
    proxy.clear_calls()
    daemon.sync()
    daemon.wait_synced()
    assert proxy.mutations() == [] and not dns(ec2, vpc)
    daemon.holdfast("resume", VPC, "enable_dns_hostnames", check=0)
    daemon.wait_status(lambda status: dns(ec2, vpc), "the field to be held again")


def test_what_cannot_be_paused_or_ignored_is_told(held):
    daemon = hold(held)
    assert daemon.holdfast("pause", "networks", check=1).stderr
    assert daemon.holdfast("pause", "network", "--for", "long", check=1).stderr
    assert daemon.holdfast("ignore", VPC, "no_such_field", check=1).stderr
    assert daemon.holdfast("ignore", "network.vpc.other", "tags", check=1).stderr
    assert daemon.holdfast("resume", "network", check=1).stderr


def test_accept_prints_the_edit_that_ends_the_drift(held, ec2):
    daemon = hold(held)
    vpc = daemon.ids()[VPC]
    said = daemon.holdfast("accept", VPC, check=0).stdout
    assert "nothing to edit" in said
    daemon.holdfast("pause", check=0)
    break_dns(ec2, vpc)
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "theirs"}])
    group = next(address for address in daemon.ids() if ".security_group." in address)
    ec2.authorize_security_group_ingress(GroupId=daemon.ids()[group], IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}])
    daemon.sync()
    daemon.wait_status(lambda status: len([r for r in status["resources"] if r["reason"] == "Paused"]) == 2,
                       "both drifts to be seen")
    said = daemon.holdfast("accept", VPC, check=2).stdout
    assert "enable_dns_hostnames: false" in said and "stack.yaml:" in said
    edit = daemon.holdfast_json("accept", group, check=2)["edits"]
    assert [one["field"] for one in edit] == ["ingress"]
    # Written into the file as printed, it is the end of the difference.
    tree = network.small()
    tree["network"]["vpc"]["main"].update(enable_dns_support=True, enable_dns_hostnames=False)
    _, kind, name = group.split(".")
    tree["security"][kind][name]["ingress"] = edit[0]["value"]
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.sync()
    daemon.wait_status(lambda status: not [r for r in status["resources"] if r["sync"] != "Synced"], "no difference")


def test_what_is_protected_outlives_its_lines_and_its_approval_until_it_is_unprotected(held, proxy, ec2):
    tree = network.small(prune="delete")
    daemon = held(network.dump(tree))
    subnet = "network.subnet.public-b"
    gone = daemon.ids()[subnet]
    said = daemon.holdfast("protect", subnet, "--reason", "the audit", check=0).stdout
    assert "protected" in said and "the audit" in said
    del tree["network"]["subnet"]["public-b"]
    tree["network"]["route_table"]["public"]["subnets"] = ["public-a"]
    daemon.write(network.dump(tree))
    proxy.clear_calls()
    daemon.reload()
    daemon.sync()
    is_waiting = lambda status: [  # noqa: E731
        r for r in status["resources"] if r["address"] == subnet and r["reason"] == "Protected"]
    row = is_waiting(daemon.wait_status(is_waiting, "the protection to show"))[0]
    assert row["sync"] == "Orphaned" and row["protected"] and "(the audit): not deleted" in row["message"]
    # Nothing is on its way: it stays.
    layer, = [one for one in daemon.status()["layers"] if one["name"] == "network"]
    assert layer["health"] == "Suspended"
    assert daemon.stop() == 0  # it is in Postgres
    daemon.start()
    daemon.wait_status(is_waiting, "the protection to be there after a restart")
    assert "protected" in daemon.holdfast("approve", subnet, check=1).stderr
    assert daemon.holdfast_json("plan", check=2)["actions"][0]["decision"] == "wait"
    assert "the audit" in daemon.holdfast("get", subnet, check=0).stdout
    assert "DeleteSubnet" not in [call.operation for call in proxy.mutations()]
    assert daemon.holdfast("protect", "network.subnet.other", check=1).stderr
    daemon.holdfast("unprotect", subnet, check=0)
    assert daemon.holdfast("unprotect", subnet, check=1).stderr
    daemon.wait_synced()
    assert gone not in [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]]


def test_accept_of_what_is_ignored_says_who_ignores_it_and_prints_the_edit_anyway(held, ec2):
    daemon = hold(held)
    daemon.holdfast("ignore", VPC, "enable_dns_hostnames", "--for", "7d", "--reason", "a trial", check=0)
    break_dns(ec2, daemon.ids()[VPC])
    daemon.sync()
    daemon.wait_synced()
    said = " ".join(daemon.holdfast("accept", VPC, check=2).stdout.split())
    assert "enable_dns_hostnames: false" in said and "a trial: nothing is done about it" in said
    assert "`holdfast resume ADDRESS enable_dns_hostnames` ends that" in said
    edit, = daemon.holdfast_json("accept", VPC, check=2)["edits"]
    assert edit["ignored"]["who"] and edit["ignored"]["reason"] == "a trial" and "." not in edit["ignored"]["until"]
    # By the file itself, for good.
    tree = network.small()
    tree["network"]["vpc"]["main"]["policy"] = {"ignore": ["enable_dns_hostnames"]}
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.holdfast("resume", VPC, "enable_dns_hostnames", check=0)
    daemon.sync()
    said = " ".join(daemon.holdfast("accept", VPC, check=2).stdout.split())
    assert "enable_dns_hostnames: false" in said and "Ignored by 'policy: {ignore: [...]}' in the file" in said


def test_a_stack_that_is_only_observed_says_what_would_be_changed_and_does_not_converge(held, ec2):
    daemon = hold(held)
    tree = network.small()
    tree["policy"] = {**tree["policy"], "mode": "observe"}
    tree["network"]["vpc"]["main"]["enable_dns_hostnames"] = False
    daemon.write(network.dump(tree))
    daemon.reload()
    said = daemon.holdfast("status", check=None).stdout
    assert "Converging" not in said
    daemon.sync()
    daemon.wait_status(lambda status: "1 would be changed, were it not to be observed only" in status["summary"],
                       "it to be told")
    assert "Converging" not in daemon.holdfast("status", check=None).stdout
    # What is not there is missing, and nobody is at it.
    tree["network"]["subnet"]["later"] = {"vpc": "main", "cidr_block": "10.0.99.0/24", "availability_zone": "a"}
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.sync()
    layers = {layer["name"]: layer for layer in daemon.status()["layers"]}
    assert (layers["network"]["sync"], layers["network"]["health"]) == ("OutOfSync", "Missing")


def test_an_ignored_field_may_be_named_as_it_is_shown(held):
    daemon = hold(held)
    told = daemon.holdfast_json("ignore", VPC, "EnableDnsHostnames", check=0)["order"]
    assert told["field"] == "enable_dns_hostnames"
    assert "no field" in daemon.holdfast("ignore", VPC, "EnableDns", check=1).stderr


def test_a_no_is_remembered_and_told_and_can_be_taken_back(held, proxy):
    tree = network.small()
    tree["policy"]["interval"] = "1s"
    daemon = held(network.dump(tree))
    vpc = tree["network"]["vpc"].pop("main")
    tree["network"] = {"vpc": {"main": {**vpc, "cidr_block": "10.1.0.0/16"}}}
    daemon.write(network.dump(tree))
    daemon.reload()

    def is_held(status):
        return next(iter([row for row in status["resources"] if row["address"] == VPC and row.get("held")]), None)

    row = is_held(daemon.wait_status(is_held, "the replacement to be held"))
    assert "rejected" not in row
    daemon.holdfast("reject", VPC, check=0)

    def is_refused(status):
        return (is_held(status) or {}).get("rejected", {}).get("who", "").endswith(")")

    daemon.wait_status(is_refused, "the no to show")
    assert "Rejected by" in daemon.holdfast("status").stdout
    assert "was rejected by" in daemon.holdfast("why", VPC).stdout
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_status(is_refused, "the no to be there after a restart")
    assert is_held(daemon.status())["held"] == row["held"]
    holds = [entry["detail"]["state"] for entry in daemon.history(address=VPC, limit="100") if entry["what"] == "hold"]
    assert holds == ["rejected", "waiting"], "a restart is no news"
    proxy.clear_calls()
    daemon.holdfast("approve", VPC, check=0)
    daemon.wait_status(lambda status: not is_held(status), "the yes to count after the no")

    def holds_are_told(_):
        told = [entry["detail"]["state"] for entry in daemon.history(address=VPC, limit="100")
                if entry["what"] == "hold"]
        return "approved" in told and "rejected" in told

    daemon.wait_status(holds_are_told, "history to keep the yes after the no, and the no")


def test_what_is_said_anew_takes_the_place_of_what_was_said_before(held, ec2):
    """A pause without an end, then one with an end: it ends."""
    daemon = hold(held)
    vpc = daemon.ids()[VPC]
    daemon.holdfast("pause", "network", check=0)
    daemon.holdfast("pause", "network", "--for", "2s", "--reason", "only shortly", check=0)
    orders = daemon.holdfast_json("orders", check=0)["orders"]
    assert [order["reason"] for order in orders if order["sort"] == "pause"] == ["only shortly"]
    break_dns(ec2, vpc)
    daemon.sync()
    daemon.wait_synced()
    assert dns(ec2, vpc)


def test_a_drift_that_is_ignored_was_put_back_by_nobody(held, ec2):
    daemon = hold(held)
    vpc = daemon.ids()[VPC]
    daemon.holdfast("pause", "network", check=0)
    break_dns(ec2, vpc)
    daemon.sync()
    daemon.holdfast("ignore", VPC, "enable_dns_hostnames", "--reason", "an experiment", check=0)

    def closed(_):
        return [entry["detail"]["how"] for entry in daemon.history(address=VPC, limit="100")
                if entry["what"] == "closed"]

    daemon.wait_status(closed, "the drift to be over")
    assert closed(None) == ["ignored"]
    assert "because it is told to be ignored" in daemon.holdfast("why", VPC, check=0).stdout

"""Plans: of a file that is not in force, after a look, as JSON; and documents by their leaves."""
import copy
import json

import pytest

import network


@pytest.fixture(scope="module")
def daemon(emulator_process):
    from daemon import Daemon
    emulator_process.reset()
    daemon = Daemon(emulator_process.url, network.dump(network.small()))
    try:
        daemon.start()
        daemon.wait_synced()
        yield daemon
    finally:
        daemon.close()


def plan_of(daemon, stack, check=2, *arguments):
    path = daemon.home / "other.yaml"
    path.write_text(stack if isinstance(stack, str) else network.dump(stack))
    return daemon.holdfast_json("plan", "--file", str(path), *arguments, check=check)


def actions_of(plan):
    return {action["address"]: action for action in plan["actions"]}


def test_a_file_that_is_not_in_force_is_planned_and_changes_nothing(daemon):
    stack = network.small()
    stack["network"]["vpc"]["main"]["enable_dns_hostnames"] = False
    stack["network"]["subnet"]["public-c"] = {"vpc": "main", "cidr_block": "10.0.9.0/24", "availability_zone": "c"}
    del stack["security"]
    before = daemon.status()
    plan = plan_of(daemon, stack)
    actions = actions_of(plan)
    assert {a: x["change"] for a, x in actions.items()} == {
        "network.vpc.main": "~", "network.subnet.public-c": "+", "security.security_group.web": "-"}
    assert plan["counts"] == {"create": 1, "update": 1, "replace": 0, "delete": 1, "held": 1, "waiting": 0}
    assert plan["complete"] and plan["age_ms"] >= 0 and plan["findings"] == []
    for action in plan["actions"]:
        assert {"id", "change", "address", "reason", "disruption", "decision", "fields", "calls"} <= set(action)
    field = actions["network.vpc.main"]["fields"][0]
    assert (field["path"], field["before"], field["after"], field["op"]) == ("EnableDnsHostnames", True, False, "~")
    vpc = next(f for f in actions["network.subnet.public-c"]["fields"] if f["path"] == "VpcId")
    assert vpc["after"].startswith("vpc-") and not vpc["unknown"]
    assert [c["operation"] for c in actions["network.subnet.public-c"]["calls"]][0] == "ec2:CreateSubnet"
    # Nothing of it has happened, and the file in force is planned as before.
    after = daemon.status()
    assert after["config"]["version"] == before["config"]["version"]
    assert [r["sync"] for r in after["resources"]] == ["Synced"] * len(before["resources"])
    assert daemon.holdfast_json("plan", check=0)["actions"] == []


def test_what_a_new_resource_refers_to_is_known_after_it_is_made(daemon):
    stack = network.small()
    stack["network"]["vpc"]["other"] = {"cidr_block": "10.9.0.0/16"}
    stack["network"]["subnet"]["far"] = {"vpc": "other", "cidr_block": "10.9.1.0/24", "availability_zone": "a"}
    actions = actions_of(plan_of(daemon, stack))
    vpc = next(f for f in actions["network.subnet.far"]["fields"] if f["path"] == "VpcId")
    assert vpc["unknown"] and vpc["after"] is None
    assert actions["network.subnet.far"]["decision"] == "wait"
    path = daemon.home / "other.yaml"
    text = daemon.holdfast("plan", "--file", str(path), check=2).stdout
    assert "(known after apply)" in text and "2 to create" in text and "AWS was looked at" in text


def test_what_cannot_be_changed_in_place_is_a_replacement(daemon):
    stack = network.small()
    stack["network"]["subnet"]["public-b"]["cidr_block"] = "10.0.77.0/24"
    action = actions_of(plan_of(daemon, stack))["network.subnet.public-b"]
    assert (action["change"], action["disruption"], action["decision"]) == ("-/+", "replacement", "hold")
    assert action["fields"][0]["forces_replacement"]
    text = daemon.holdfast("plan", "--file", str(daemon.home / "other.yaml"), check=2).stdout
    assert "can be approved once it is" in text


def test_what_refers_to_what_will_be_another_follows_it(daemon):
    """A plan shows both ends: the subnet that is replaced, and what stands in it."""
    stack = network.small()
    stack["network"]["subnet"]["public-b"]["cidr_block"] = "10.0.77.0/24"
    follower = actions_of(plan_of(daemon, stack))["network.route_table.public"]
    assert (follower["change"], follower["message"]) == ("~", "follows network.subnet.public-b, which is held")
    stack["network"]["vpc"]["main"]["cidr_block"] = "10.0.0.0/17"
    plan = plan_of(daemon, stack)
    actions = actions_of(plan)
    follower = actions["network.subnet.public-a"]
    assert (follower["change"], follower["reason"], follower["decision"]) == ("-/+", "Follows", "wait")
    assert follower["message"] == "follows network.vpc.main, which is held"
    [vpc] = [field for field in follower["fields"] if field["path"] == "VpcId"]
    assert vpc["unknown"] and vpc["before"].startswith("vpc-") and vpc["forces_replacement"]
    # What has a plan of its own has it, and the VPC beside.
    assert {"CidrBlock"} <= {field["path"] for field in actions["network.subnet.public-b"]["fields"]}
    assert plan["counts"]["replace"] >= 3 and plan["counts"]["waiting"] >= 1
    text = daemon.holdfast("plan", "--file", str(daemon.home / "other.yaml"), check=2).stdout
    assert "waits: follows network.vpc.main" in text and "waits: waits" not in text


def test_the_file_in_force_as_it_is_has_no_changes(daemon):
    assert plan_of(daemon, network.small(), check=0)["actions"] == []


def test_a_bad_file_is_told_with_its_lines(daemon):
    text = network.dump(network.small()).replace("cidr_block: 10.0.0.0/16", "cidr_blok: 10.0.0.0/16")
    answer = plan_of(daemon, text, check=1)
    assert answer["ok"] is False
    finding = next(f for f in answer["findings"] if "cidr_blok" in f["message"])
    line = text[:text.index("cidr_blok")].count("\n") + 1
    assert finding["line"] == line and finding["file"].endswith("other.yaml")
    shown = daemon.holdfast("plan", "--file", str(daemon.home / "other.yaml"), check=1).stdout
    assert f"other.yaml:{line}:" in shown and "cidr_block" in shown


def test_a_file_is_planned_with_what_it_includes(daemon):
    (daemon.home / "parts").mkdir()
    (daemon.home / "parts" / "base.yaml").write_text("include: more.yaml\n")
    (daemon.home / "parts" / "more.yaml").write_text("network: {elastic_ip: {other: {}}}\n")
    answer = plan_of(daemon, "include: parts/base.yaml\n" + network.dump(network.small()), check=2)
    assert [one["address"] for one in answer["actions"]] == ["network.elastic_ip.other"]
    (daemon.home / "parts" / "more.yaml").unlink()
    done = daemon.holdfast("plan", "--file", str(daemon.home / "other.yaml"), check=1)
    assert "parts/more.yaml': No such file" in done.stderr
    (daemon.home / "parts" / "more.yaml").write_text("netwerk: {}\n")
    answer = plan_of(daemon, "include: parts/base.yaml\n" + network.dump(network.small()), check=1)
    assert [f["file"].rpartition("/")[2] for f in answer["findings"]] == ["more.yaml"]


def test_the_daemon_itself_reads_no_other_for_a_file_that_is_sent(daemon):
    base = daemon.home / "base.yaml"
    base.write_text("tags: {a: b}\n")
    sent = {"text": f"include: {base}\n" + network.dump(network.small()), "file": "sent.yaml"}
    answer = daemon.post("/v1/plan", sent)
    assert [f["line"] for f in answer["findings"]] == [1]
    assert "not sent along" in answer["findings"][0]["message"] and answer["findings"][0]["remedy"]
    answer = daemon.post("/v1/plan", {**sent, "files": {str(base): "tags: {a: c}\n"}})
    assert answer["findings"] == [] and {one["change"] for one in answer["actions"]} == {"~"}
    for files in ([], "x", {str(base): 1}):
        with pytest.raises(AssertionError, match="files"):
            daemon.post("/v1/plan", {**sent, "files": files})


def test_a_file_of_another_stack_is_refused(daemon):
    path = daemon.home / "other.yaml"
    path.write_text(network.dump(network.small(name="other")))
    done = daemon.holdfast("plan", "--file", str(path), check=1)
    assert "'other'" in done.stderr and "'shop'" in done.stderr


@pytest.mark.parametrize("content, words", [
    (b"stack: \xff\n", "UTF-8"), (b"#" * (1 << 20), "larger than 900 KiB"), (None, "No such file")])
def test_what_cannot_be_sent_is_said_so(daemon, content, words):
    path = daemon.home / "odd.yaml"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
    assert words in daemon.holdfast("plan", "--file", str(path), check=1).stderr


def test_refresh_looks_first(daemon):
    looked = max(layer["checked_at"] for layer in daemon.status()["layers"] if layer["resources"])
    plan = daemon.holdfast_json("plan", "--refresh", check=0)
    assert plan["checked_at"] > looked


def test_a_plan_follows_what_is_seen_and_names_the_leaf(emulator_process):
    """One action's text is kept until it is decided anew; of a policy the action that came is shown."""
    from daemon import Daemon
    emulator_process.reset()
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}

    def reads(*actions):
        return {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": list(actions), "Resource": "*"}]}

    stack = {**network.head(), "security": {"iam_role": {"app": {
        "assume_role_policy": trust,
        "policies": [{"policy_name": "read-db", "policy_document": reads("s3:GetObject")}]}}}}
    daemon = Daemon(emulator_process.url, network.dump(stack))
    try:
        daemon.start()
        daemon.wait_synced()
        wider = copy.deepcopy(stack)
        wider["security"]["iam_role"]["app"]["policies"][0]["policy_document"] = reads("s3:GetObject", "s3:List*")
        fields = plan_of(daemon, wider)["actions"][0]["fields"]
        assert [(f["path"], f["op"], f["after"]) for f in fields] == [
            ("Policies[read-db].PolicyDocument.Statement[0].Action", "+", "s3:List*")]
        # In force, but only observed: the daemon's own plan says the same, and diff and get do.
        wider["policy"]["mode"] = "observe"
        daemon.write(network.dump(wider))
        daemon.reload()
        daemon.sync()
        role = daemon.holdfast_json("plan", check=2)["actions"][0]
        assert [f["path"] for f in role["fields"]] == [fields[0]["path"]]
        assert daemon.holdfast_json("diff", check=2)["differences"][0]["path"] == fields[0]["path"]
        iam = emulator_process.client("iam")
        name = iam.list_roles()["Roles"][0]["RoleName"]
        iam.put_role_policy(RoleName=name, PolicyName="read-db", PolicyDocument=json.dumps(reads("s3:*")))
        daemon.sync()
        role = daemon.holdfast_json("plan", check=2)["actions"][0]
        assert [(f["op"], f["before"], f["after"]) for f in role["fields"]] == [
            ("-", "s3:*", None), ("+", None, "s3:GetObject"), ("+", None, "s3:List*")]
        iam.put_role_policy(RoleName=name, PolicyName="read-db",
                            PolicyDocument=json.dumps(reads("s3:list*", "s3:GetObject")))
        daemon.sync()
        assert daemon.holdfast_json("plan", check=0)["actions"] == []
    finally:
        daemon.close()


def test_what_no_look_has_read_is_planned_as_such(held, proxy, emulator):
    """What only another file asks for may be so in AWS already: the plan says that it does not know."""
    stack = {**network.head(), "data": {"s3_bucket": {"logs": {"bucket": "shop-unread"}}}}
    daemon = held(network.dump(stack))
    emulator.client("s3").put_bucket_versioning(Bucket="shop-unread", VersioningConfiguration={"Status": "Enabled"})
    stack["data"]["s3_bucket"]["logs"].update(
        versioning_configuration={"status": "Enabled"}, tags={"team": "web"})
    fields = plan_of(daemon, stack)["actions"][0]["fields"]
    assert {field["path"]: field["unread"] for field in fields} == {"VersioningConfiguration": True, "Tags[team]": False}
    text = daemon.holdfast("plan", "--file", daemon.home / "other.yaml", check=2).stdout
    assert text.count("# not looked at yet: AWS may have it already") == 1
    proxy.clear_calls()
    daemon.write(network.dump(stack))
    daemon.reload()
    daemon.wait_synced()
    assert [call.operation for call in proxy.mutations()] == ["PutBucketTagging"]


def test_a_stop_while_files_are_planned_answers_them_and_ends_in_order(emulator_process):
    from concurrent.futures import ThreadPoolExecutor
    from daemon import Daemon
    emulator_process.reset()
    daemon = Daemon(emulator_process.url, network.dump(network.small()))
    large = network.small()
    large["network"]["elastic_ip"] = {f"a{i}": {} for i in range(2000)}
    body = {"text": network.dump(large), "file": "large.yaml"}
    try:
        daemon.start()
        daemon.wait_synced()
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(daemon.request, "POST", "/v1/plan", body) for _ in range(4)]
            asked[0].result()  # they are planned one after the other
            assert daemon.stop() == 0
            answers = [one.result() for one in asked]
        assert {status for status, _ in answers} <= {200, 503}
        assert all(answer["counts"]["create"] == 2000 if status == 200 else answer["error"]["code"] == "Stopping"
                   for status, answer in answers)
    finally:
        daemon.close()

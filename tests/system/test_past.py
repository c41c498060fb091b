"""What was, and why: a resource's story and AWS at a moment, from what the daemon recorded."""
import json
import subprocess
import threading
import time

import yaml

import network
from daemon import BUILD, wait_until

VPC = "network.vpc.main"


def hold(held):
    tree = network.small()
    tree["network"]["vpc"]["main"].update(enable_dns_support=True, enable_dns_hostnames=True)
    return held(network.dump(tree))


def drift_and_correct(daemon, ec2):
    vpc = daemon.ids()[VPC]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    daemon.sync()
    daemon.wait_status(
        lambda status: [e for e in daemon.history(limit="100") if e["what"] == "closed" and e["address"] == VPC],
        "the drift to be closed in history")
    return vpc


def test_why_tells_the_drift_and_the_call_that_corrected_it(held, ec2):
    daemon = hold(held)
    vpc = drift_and_correct(daemon, ec2)
    told = daemon.holdfast_json("why", VPC, check=0)
    assert told["format"] == 1 and told["address"] == VPC
    assert "stack.yaml, line " in told["now"][0] and "version " in told["now"][0]
    story = " ".join(one["text"] for one in told["story"])
    assert "ec2:CreateVpc was called" in story and vpc in story
    assert "went from true, which the file wants, to false in AWS." in story
    assert "corrected by ec2:ModifyVpcAttribute" in story
    assert "AWS request id " in story
    whats = [one["what"] for one in told["story"]]
    assert whats.index("drift") < len(whats) - 1 - whats[::-1].index("closed")
    text = daemon.holdfast("why", VPC, check=0).stdout
    assert "How it came to this" in text and "ModifyVpcAttribute" in text


def test_why_of_what_is_not_there_says_what_may_have_been_meant(held):
    daemon = hold(held)
    said = daemon.holdfast("why", "network.vpc.mian", check=1).stderr
    assert "did you mean 'network.vpc.main'" in said


def test_why_names_the_pause_of_a_layer_and_who_ordered_it(held):
    daemon = hold(held)
    daemon.holdfast("pause", "network", "--reason", "the move", check=0)
    now = " ".join(daemon.holdfast_json("why", VPC, check=0)["now"])
    assert "Writing to network is paused by " in now and "the move" in now


def stamp():
    """A moment between two observations, in the daemon's own form."""
    time.sleep(0.01)
    now = time.time()
    time.sleep(0.01)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"


def seen(daemon):
    return [e for e in daemon.history(limit="200") if e["what"] == "observed" and e["address"] == VPC]


def test_aws_is_shown_as_it_was_at_a_moment_and_how_it_changed_since(held, proxy, ec2):
    before = stamp()
    tree = network.small()
    tree["network"]["vpc"]["main"].update(enable_dns_support=True, enable_dns_hostnames=True)
    tree["policy"] = {**tree.get("policy", {}), "mode": "observe"}
    enforced = {**tree, "policy": {**tree["policy"], "mode": "enforce"}}
    daemon = held(network.dump(enforced))
    vpc = daemon.ids()[VPC]
    daemon.wait_status(lambda status: seen(daemon), "the first observation to be in history")
    made = stamp()
    daemon.write(network.dump(tree))
    daemon.holdfast("reload", check=0)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    daemon.sync()
    daemon.wait_status(
        lambda status: seen(daemon)[0]["detail"]["sync"] == "OutOfSync", "the drift to be observed in history")
    assert daemon.holdfast_json("status", "--at", before, check=0)["resources"] == []
    assert "Nothing had been seen" in daemon.holdfast("status", "--at", before, check=0).stdout
    then = {r["address"]: r for r in daemon.holdfast_json("status", "--at", made, check=0)["resources"]}
    assert then[VPC]["sync"] == "Synced" and then[VPC]["id"] == vpc
    assert then[VPC]["state"]["EnableDnsHostnames"] is True
    now = daemon.holdfast("history", VPC, "--at", "0s", check=0).stdout
    assert "EnableDnsHostnames" in now and "OutOfSync" in now
    answer = daemon.holdfast_json("diff", "--from", made, check=2)
    assert [(d["address"], d["path"], d["before"], d["after"]) for d in answer["differences"]] == [
        (VPC, "EnableDnsHostnames", True, False)]
    text = daemon.holdfast("diff", "--from", made, "--to", "0s", check=2).stdout
    assert "true → false" in text
    daemon.holdfast("diff", "--from", made, "--to", made, check=0)
    whole = daemon.holdfast_json("diff", "--from", before, "--to", made, check=2)["differences"]
    assert {"address": VPC, "path": "(resource)", "type": "made", "before": None, "after": None} in whole


def test_history_is_exported_as_lines(held):
    daemon = hold(held)
    daemon.wait_status(lambda status: daemon.history(), "history")
    lines = daemon.holdfast("history", "-o", "jsonl", check=0).stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    assert len(entries) > 3 and all({"at", "what", "address"} <= set(one) for one in entries)


def test_moments_that_make_no_sense_are_refused_in_words(held):
    daemon = hold(held)
    assert "--to needs --from" in daemon.holdfast("diff", "--to", "1h", check=1).stderr
    assert "'at' must be a time" in daemon.holdfast("status", "--at", "noon", check=1).stderr
    assert "takes no --since" in daemon.holdfast("history", "--at", "1h", "--since", "1h", check=1).stderr


# ---- events

def followed(daemon, *arguments):
    """`holdfast events -f` as a process, and the lines that it has printed so far."""
    process = subprocess.Popen(
        [str(BUILD / "holdfast"), "--socket", str(daemon.socket), "events", "-f", "-o", "json", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    printed = []

    def read():
        for line in process.stdout:
            printed.append(json.loads(line))
    threading.Thread(target=read, daemon=True).start()
    return process, printed


def names(events, address=None):
    return [e["event"] for e in events if address in (None, e.get("address"))]


def test_events_tell_a_drift_and_its_correction_as_they_happen(held, ec2):
    daemon = hold(held)
    before = daemon.get("/v1/events")
    assert "action.done" in names(before["events"]) and "lease.gained" in names(before["events"])
    process, printed = followed(daemon)
    try:
        wait_until(lambda: printed, "the last events to be printed")
        drift_and_correct(daemon, ec2)
        wait_until(lambda: "drift.closed" in names(printed, VPC), "the correction to be followed")
        told = names(printed, VPC)
        order = [told.index(name, told.index("drift.opened")) for name in (
            "drift.opened", "action.intended", "action.done", "drift.closed")]
        assert order == sorted(order)
        opened = [e for e in printed if e["event"] == "drift.opened"][-1]
        assert (opened["field"], opened["desired"], opened["observed"]) == ("EnableDnsHostnames", True, False)
        assert opened["stack"] == daemon.status()["stack"] and opened["layer"] == "network"
        # A restart is a gap, and what comes after it is followed.
        assert daemon.stop() == 0
        daemon.start()
        wait_until(lambda: "gap" in names(printed), "the gap to be told")
        daemon.holdfast("pause", "network", "--reason", "a test", check=0)
        wait_until(lambda: "pause.begun" in names(printed, "network"), "the pause to be followed")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert "pause.begun" in daemon.holdfast("events", check=0).stdout


def test_a_file_that_is_refused_and_one_that_is_loaded_are_events(held):
    daemon = hold(held)
    good = daemon.config.read_text()
    cursor = daemon.get("/v1/events")["cursor"]
    daemon.write(good + "\nnetworks: {}\n")
    daemon.holdfast("reload", check=1)
    daemon.write(good + "\n# the same\n")
    daemon.holdfast("reload", check=0)
    answer = daemon.get("/v1/events", after=cursor)
    assert "config.refused" in names(answer["events"]) and answer["gap"] is None
    refused = [e for e in answer["events"] if e["event"] == "config.refused"][0]
    assert "networks" in refused["text"] and "stack.yaml:" in refused["text"]


def test_who_waits_for_events_is_answered_when_the_daemon_stops(held):
    daemon = hold(held)
    cursor = daemon.get("/v1/events")["cursor"]
    answers = []
    waiter = threading.Thread(
        target=lambda: answers.append(daemon.get("/v1/events", after=cursor, wait="true")), daemon=True)
    waiter.start()
    assert daemon.get("/v1/status")["stack"]
    assert daemon.stop() == 0
    waiter.join(10)
    assert not waiter.is_alive()
    daemon.start()
    said = daemon.holdfast("events", "-s", "nobody", check=1).stderr
    assert "no stack 'nobody'" in said


def test_an_earlier_file_can_be_had_back_whole(make_daemon, tmp_path):
    first = network.small()
    first["vars"] = {"third": "2"}
    first["security"] = {"secret": {"app": {"generate": {"password_length": 24}}}}
    first["network"]["subnet"]["public-b"]["cidr_block"] = "10.0.${var.third}.0/24"
    base = tmp_path / "base.yaml"
    base.write_text("# the base of all\n" + network.dump({"tags": {"note": 'a: "b" # c', "no": "off", "n": "007"}}))
    tmp_path.chmod(0o755)
    text = f"include: {base}\n" + network.dump(first)
    daemon = make_daemon(text).start()
    daemon.wait_synced()
    version = daemon.status()["config"]["version"]
    second = network.small()
    daemon.write(network.dump(second))
    daemon.holdfast("reload", check=0)
    listed = daemon.holdfast_json("config", check=0)["versions"]
    assert [one["version"] for one in listed] == [daemon.status()["config"]["version"], version]
    back = tmp_path / "back.yaml"
    back.write_text(daemon.holdfast("config", version, check=0).stdout)
    assert f"version {version}" in daemon.holdfast("validate", str(back), check=0).stdout
    told = yaml.safe_load(back.read_text())
    assert told["tags"] == {"environment": "test", "note": 'a: "b" # c', "no": "off", "n": "007"}
    assert told["network"]["subnet"]["public-b"]["cidr_block"] == "10.0.2.0/24"
    then = daemon.holdfast("config", "--at", listed[1]["at"], check=0).stdout
    assert then == back.read_text()
    assert daemon.holdfast("config", "--at", "300d", check=1).stderr.startswith("holdfast: no such version")
    daemon.write(back.read_text())
    assert version in daemon.holdfast("reload", check=0).stdout

"""Troubles that last: what is wrong, since when and what to do stands in the status; nothing is changed by a guess;
and when they are over all is well again by itself."""
import json
import re
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import network
import storming
from daemon import wait_until
from emulator import REGION

SUBNET = "network.subnet.public-a"


def hand(ec2, subnet):
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})


def is_mended(ec2, subnet):
    return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def row_of(status, address):
    return next((row for row in status["resources"] if row["address"] == address), {})


# ---- sentences

SENTENCES = {
    "throttling": ("throttled", "Rate exceeded", "AWS is asked less often"),
    "500": ("transient", "injected by the test", "tried again by itself"),
    "503": ("transient", "injected by the test", "tried again by itself"),
    "html": ("transient", "", "tried again by itself"),
    "truncated": ("transient", "", "tried again by itself"),
    "reset": ("transient", "", "tried again by itself"),
    "lost answer": ("transient", "", "tried again by itself"),
    "slow body": ("transient", "", "tried again by itself"),
    "expired credentials": ("credentials", "does not accept the credentials AKIATESTTESTTESTTEST from the environment; "
                            "check that source and this host's clock", "fetched and tried by themselves"),
    "denied": ("denied", "denied: add ec2:DescribeSubnets to the policy of", "`holdfast sync` tries at once"),
    "clock skew": ("credentials", "this host's clock", "fetched and tried by themselves"),
}


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_what_cannot_be_looked_at_is_said_with_since_when_and_what_to_do(held, proxy, name):
    class_name, says, remedy = SENTENCES[name]
    daemon = held(network.dump(network.small()))
    fault = dict(storming.CLASSES[name])
    if fault["kind"] == "skew":  # a clock that nobody can follow
        fault = dict(kind="error", status=403, code="RequestTimeTooSkewed")
    proxy.fail(operation="DescribeSubnets", **fault)
    daemon.post("/v1/sync", {"target": "", "wait": False})

    def blind(status):
        layer = next(layer for layer in status["layers"] if layer["name"] == "network")
        found = [one for one in layer["blind"] if one["kind"] == "subnet"]
        return found and found[0]["attempts"] and found

    status = daemon.wait_status(blind, "the kind to be said to be out of sight", 90)
    spot = blind(status)[0]
    assert spot["class"] == class_name
    assert says in spot["message"] and "ec2:DescribeSubnets" in spot["message"]
    assert remedy in spot["remedy"]
    since = datetime.fromisoformat(spot["since"].replace("Z", "+00:00"))
    assert timedelta(seconds=-2) < datetime.now(timezone.utc) - since < timedelta(seconds=100)
    assert spot["next_at"]
    told = " ".join(daemon.holdfast("status").stdout.split())
    assert re.search(r"network: subnet cannot be looked at( for [0-9hms ]+)?: ec2:DescribeSubnets", told), told
    assert remedy in told
    # The others go on.
    assert not [layer for layer in status["layers"] if layer["name"] != "network" and layer["blind"]]
    proxy.behave()
    daemon.sync()
    daemon.wait_status(lambda status: not blind(status), "it to be seen again")


def test_a_used_up_quota_is_named_waits_long_and_holds_up_nothing_else(make_daemon, proxy):
    group = "security.security_group.web"
    proxy.fail("error", "CreateSecurityGroup", status=400, code="SecurityGroupLimitExceeded",
               message="The maximum number of security groups has been reached.")
    daemon = make_daemon(network.dump(network.small(interval="1s"))).start()

    def rest_is_there(status):
        rows = {row["address"]: row for row in status["resources"]}
        reached = rows.pop(group, {})
        return reached.get("reason") == "QuotaReached" and rows and all(r["sync"] == "Synced" for r in rows.values())

    status = daemon.wait_status(rest_is_there, "all but one to be made")
    row = row_of(status, group)
    assert row["health"] == "Degraded"
    assert "the quota 'VPC security groups per Region' is used up" in row["message"]
    assert f"--region {REGION} --service-code vpc --quota-code L-E79EC296" in row["message"]
    retry = row["retry"]
    assert retry["attempt"] == 1
    since, next_at = (datetime.fromisoformat(retry[name].replace("Z", "+00:00")) for name in ("since", "next_at"))
    assert timedelta(seconds=120) < next_at - since <= timedelta(seconds=301)
    assert re.search(r"1 attempt failed in \d+s; the next one in [234]m", daemon.holdfast("status").stdout)
    daemon.wait_status(lambda status: all(layer["passes"] >= 5 for layer in status["layers"]), "some passes")
    assert len(proxy.seen("CreateSecurityGroup")) == 1, "a quota is not throttling"
    proxy.behave()
    daemon.holdfast("sync", check=0)
    daemon.wait_synced()


# ---- never a guess


def test_of_two_that_bear_our_tags_neither_is_changed_without_a_record(held, proxy, ec2):
    tree = network.small(interval="1s", prune="delete")
    daemon = held(network.dump(tree))
    first = daemon.ids()[SUBNET]
    about = ec2.describe_subnets(SubnetIds=[first])["Subnets"][0]
    second = ec2.create_subnet(VpcId=about["VpcId"], CidrBlock="10.0.200.0/24", TagSpecifications=[
        {"ResourceType": "subnet", "Tags": about["Tags"]}])["Subnet"]["SubnetId"]
    assert daemon.stop() == 0
    daemon.state = daemon.home / "another-state"  # what was on record is lost
    proxy.clear_calls()
    daemon.start()
    status = daemon.wait_status(lambda status: row_of(status, SUBNET).get("reason") in ("Ambiguous", "Duplicate"),
                                "the two to be told", 90)
    hand(ec2, first)
    hand(ec2, second)
    status = daemon.wait_status(lambda status: row_of(status, SUBNET)["reason"] == "Ambiguous", "neither to be changed")
    row = row_of(status, SUBNET)
    assert first in row["message"] and second in row["message"] and row["health"] == "Degraded"
    passes = status["layers"][0]["passes"]
    daemon.wait_status(lambda status: status["layers"][0]["passes"] > passes + 3, "some passes")
    assert proxy.mutations() == []
    ec2.delete_tags(Resources=[second], Tags=[{"Key": "holdfast:stack"}, {"Key": "holdfast:resource"}])
    daemon.wait_synced()
    assert is_mended(ec2, first) and not is_mended(ec2, second)


def test_another_region_in_the_file_changes_nothing(held, proxy, emulator):
    tree = network.small()
    daemon = held(network.dump(tree))
    proxy.clear_calls()
    moved = {**tree, "region": "us-east-1"}
    daemon.write(network.dump(moved))
    daemon.reload()
    refused = json.dumps(daemon.status()["config"]["error"])
    lines = [line.split(":")[0] for line in daemon.config.read_text().splitlines()]
    assert "the region cannot change while the stack is held in eu-west-1" in refused
    assert f'"line": {lines.index("region") + 1},' in refused
    assert daemon.stop() == 0
    daemon.start()  # as if the other region had been meant
    status = daemon.wait_status(lambda status: "is on record in region eu-west-1" in status["summary"], "the reason")
    assert "nothing is changed until the file says so again" in status["summary"]
    daemon.post("/v1/sync", {"target": "", "wait": False})
    wait_until(lambda: proxy.counts()["ec2:DescribeVpcs"], "it to look around there")
    assert proxy.mutations() == []
    assert network.in_aws(emulator.client("ec2", "us-east-1")) == []
    assert daemon.stop() == 0
    daemon.write(network.dump(tree))
    daemon.start()
    daemon.wait_synced()
    assert proxy.mutations() == []


# ---- the way to AWS


@pytest.mark.parametrize("drops", [False, True], ids=["refused", "packets vanish"])
def test_an_endpoint_that_goes_away_is_said_to_and_used_again_when_it_is_back(held, proxy, ec2, drops):
    daemon = held(network.dump(network.small(interval="2s")))
    subnet = daemon.ids()[SUBNET]
    proxy.go_away(drops)
    hand(ec2, subnet)
    status = daemon.wait_status(
        lambda status: [layer for layer in status["layers"] if layer["name"] == "network" and any(
            one["attempts"] >= 3 and one["class"] == "transient" for one in layer["blind"])],
        "the endpoint to be missed", 90)
    assert [layer["health"] for layer in status["layers"] if layer["name"] == "network"] == ["Degraded"]
    spent, began = daemon.cpu_seconds(), time.monotonic()
    time.sleep(2)
    assert daemon.cpu_seconds() - spent < 0.5 * (time.monotonic() - began), "busy while nobody answers"
    proxy.come_back()
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended", 90, daemon.check_alive)
    daemon.wait_synced()


class Source:
    """Credentials for a container: each for `lifetime` seconds, or, while `is_down`, none."""

    def __init__(self, lifetime):
        self.lifetime, self.is_down, self.made, self.asked = lifetime, False, {}, 0
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = b"" if source.is_down else source.make()
                source.asked += 1
                self.send_response(503 if source.is_down else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/credentials"

    def make(self):
        key = f"ASIATEST{len(self.made):08}"
        self.made[key] = time.time() + self.lifetime
        ends = datetime.fromtimestamp(self.made[key], timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps({"AccessKeyId": key, "SecretAccessKey": "secret", "Token": "token",
                           "Expiration": ends}).encode()

    def has_ended(self, call):
        """Is the call signed with what AWS takes no more?"""
        key = re.search(r"Credential=([^/]+)/", call.headers.get("authorization", ""))
        return key and self.made.get(key.group(1), 0) < time.time()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def test_a_source_of_credentials_that_is_down_until_they_have_ended_is_asked_again(make_daemon, proxy, ec2):
    source = Source(lifetime=30)
    proxy.fail("error", status=403, code="ExpiredToken", when=source.has_ended,
               message="The security token included in the request is expired")
    try:
        daemon = make_daemon(network.dump(network.small(interval="2s")), environment={
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": source.url}).start()
        daemon.wait_synced()
        subnet = daemon.ids()[SUBNET]
        source.is_down = True

        def refused(status):
            spots = [one for layer in status["layers"] for one in layer["blind"] if one["class"] == "credentials"]
            return len(spots) >= 3 and spots

        spots = daemon.wait_status(lambda status: refused(status) and status, "the credentials to have ended", 120)
        assert any("check that source and this host's clock" in one["message"] for one in refused(spots))
        hand(ec2, subnet)
        proxy.clear_calls()
        asked, spent, began = source.asked, daemon.cpu_seconds(), time.monotonic()
        wait_until(lambda: source.asked > asked, "the source to be asked again", 60, daemon.check_alive)
        assert daemon.cpu_seconds() - spent < 0.2 * max(time.monotonic() - began, 1)
        assert proxy.mutations() == [], "nothing is tried to be changed without credentials"
        source.is_down = False
        wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended", 90, daemon.check_alive)
        daemon.wait_synced()
    finally:
        source.close()

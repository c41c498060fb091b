"""The whole example while AWS is ill: a part of all calls goes wrong, or one service does."""
import random
import time

import yaml

import inventory
import killing
import nameless
import network
import storming
from daemon import wait_until
from proxy import Proxy

SUBNET = "network.subnet.public-a"
CLASSES = [
    dict(kind="throttle"), dict(kind="error", status=500), dict(kind="error", status=503, code="Unavailable"),
    dict(kind="html", status=200), dict(kind="truncate"), dict(kind="lose"), dict(kind="refuse"),
    dict(kind="error", status=403, code="ExpiredToken"),
]


def hand(ec2, subnet):
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})


def is_mended(ec2, subnet):
    return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def hold(make_daemon):
    tree = killing.example()
    daemon = make_daemon(yaml.safe_dump(tree, sort_keys=False)).start()
    killing.converge(daemon)
    return tree, daemon, daemon.ids()[SUBNET]


def test_a_third_of_all_calls_goes_wrong_in_every_way_and_nothing_is_doubled(make_daemon, emulator, proxy, ec2):
    before = inventory.everything(emulator)
    tree, daemon, first = hold(make_daemon)
    # By turns: what is changed again and again is left to people.
    subnets = [first, daemon.ids()["network.subnet.public-b"]]
    rng = random.Random(4)
    for turn, fault in enumerate(CLASSES):
        proxy.behave()
        proxy.fail(**fault, when=lambda call: rng.random() < 0.3)
        hand(ec2, subnets[turn % 2])
        began, spent = time.monotonic(), daemon.cpu_seconds()
        daemon.post("/v1/sync", {"target": "", "wait": False})
        while time.monotonic() - began < 1.5:
            time.sleep(0.1)
            daemon.status()
        assert daemon.cpu_seconds() - spent < 0.5, f"busy while AWS fails with {fault}"
    proxy.behave()
    daemon.sync()
    wait_until(lambda: all(is_mended(ec2, subnet) for subnet in subnets), "the drift to be mended")
    killing.converge(daemon)
    assert inventory.problems(emulator, before, tree) == []
    proxy.clear_calls()
    daemon.sync()
    assert proxy.mutations() == []


def test_a_service_that_is_down_holds_up_no_other(make_daemon, proxy, ec2):
    """It refuses, and then it does not even answer."""
    _, daemon, _ = hold(make_daemon)
    # Each time another subnet: what is changed back seconds after our own write looks like an old read.
    for name, fault in (("public-a", dict(kind="error", status=503, code="Unavailable")),
                        ("public-b", dict(kind="hang", seconds=300))):
        subnet = daemon.ids()[f"network.subnet.{name}"]
        proxy.behave()
        proxy.fail(service="sns", **fault)
        hand(ec2, subnet)
        daemon.post("/v1/sync", {"target": "", "wait": False})
        wait_until(lambda: is_mended(ec2, subnet), "the network to be held meanwhile", 15)
        assert not [layer for layer in daemon.status()["layers"]
                    if layer["name"] == "network" and layer["sync"] == "Unknown"]


def test_an_endpoint_whose_name_nobody_knows_is_said_to_and_used_again_when_it_is_known(make_daemon, emulator):
    name = nameless.Name()
    proxy = Proxy(emulator.port, name)
    try:
        daemon = make_daemon(network.dump(network.small(interval="2s")), endpoint=proxy.url,
                             environment=name.environment).start()
        daemon.wait_synced()
        name.is_known(0)
        proxy.hangs_up = True  # or what was connected before would do
        told = daemon.wait_status(lambda status: [row for layer in status["layers"] for row in layer["blind"]
                                                  if nameless.NAME in row["message"]], "the name to be told", 90)
        blind = next(row for layer in told["layers"] for row in layer["blind"])
        assert blind["class"] == "transient" and "tried again by itself" in blind["remedy"]
        began, spent = time.monotonic(), daemon.cpu_seconds()
        while time.monotonic() - began < 2:
            time.sleep(0.1)
            daemon.status()  # nothing stands still meanwhile
        assert daemon.cpu_seconds() - spent < 0.5, "busy while a name is not known"
        hand(emulator.client("ec2"), daemon.ids()[SUBNET])
        name.is_known(1)
        wait_until(lambda: is_mended(emulator.client("ec2"), daemon.ids()[SUBNET]), "the drift to be mended", 90)
        daemon.wait_synced()
    finally:
        proxy.close()
    assert proxy.errors == []


def test_all_is_taken_down_once_while_a_third_of_all_calls_goes_wrong_in_every_way(emulator, proxy, postgres):
    """Each for a few seconds, one after the other; `make storms` has a minute of each."""
    names = ["throttling", "500", "503", "html", "truncated", "reset", "lost answer", "expired credentials"]
    result = storming.run(emulator, proxy, postgres, names, seconds=4, phase="teardown")
    assert result.problems == []
    assert result.share_of_core < 0.25, "busy while AWS fails"


def test_what_aws_is_deleting_for_ever_is_deleted_once_and_holds_up_only_what_it_uses(emulator, proxy, postgres):
    result = storming.run(emulator, proxy, postgres, ["deleting db_instance"], seconds=62, phase="teardown")
    assert result.problems == []


def goes_on(row):
    """It is there, it is one of RDS, or it waits for one."""
    return (row["sync"] == "Synced" or row["kind"].startswith("db_") or "waits for" in row["message"]
            or row["address"] in killing.SHOWN)


def test_of_an_endpoint_whose_name_alone_is_not_known_is_told_and_the_others_go_on(make_daemon, emulator, proxy):
    """From the beginning, and again while everything is held."""
    before, name, tree = inventory.everything(emulator), nameless.Name(), killing.example()
    named = Proxy(emulator.port, name)
    try:
        name.is_known(0)
        daemon = make_daemon(yaml.safe_dump(tree, sort_keys=False), environment={
            **name.environment, "AWS_ENDPOINT_URL_RDS": named.url}).start()
        status = daemon.wait_status(
            lambda status: status["resources"] and all(map(goes_on, status["resources"])),
            "what needs no database to be there", 120)
        assert len([row for row in status["resources"] if row["sync"] == "Synced"]) > 40
        blind = [row for layer in status["layers"] for row in layer["blind"]]
        assert blind and all(nameless.NAME in row["message"] and row["kind"].startswith("db_") for row in blind), blind
        assert named.seen() == []
        name.is_known(1)
        killing.converge(daemon)
        assert inventory.problems(emulator, before, tree) == []

        name.is_known(0)
        named.hangs_up = True
        database, subnet = daemon.ids()["data.db_instance.main"], daemon.ids()[SUBNET]
        daemon.wait_status(lambda status: [row for layer in status["layers"] for row in layer["blind"]],
                           "the name to be told again", 60)
        emulator.client("rds").modify_db_instance(DBInstanceIdentifier=database, BackupRetentionPeriod=3,
                                                  ApplyImmediately=True)
        hand(emulator.client("ec2"), subnet)
        wait_until(lambda: is_mended(emulator.client("ec2"), subnet), "the network to be held meanwhile", 25)
        name.is_known(1)
        wanted = tree["data"]["db_instance"]["main"]["backup_retention_period"]
        wait_until(lambda: emulator.client("rds").describe_db_instances(DBInstanceIdentifier=database)[
            "DBInstances"][0]["BackupRetentionPeriod"] == wanted, "the database to be held again", 90)
        killing.converge(daemon)
        assert inventory.problems(emulator, before, tree) == []
    finally:
        named.close()
    assert named.errors == []

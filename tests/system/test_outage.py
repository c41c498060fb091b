"""The store goes away, refuses, or is not there yet: what is seen is kept, nothing is changed unrecorded."""
import os
import resource
import time

import pytest

import network
from daemon import wait_until


@pytest.fixture
def tree():
    return network.small()


@pytest.fixture
def start(make_daemon, postgres):
    def begin(tree, **conninfo):
        return make_daemon(network.dump(tree), postgres=postgres.conninfo(**conninfo)).start()

    return begin


def made_once(tree, ec2):
    found = network.in_aws(ec2)
    assert sorted(address for address, _ in found) == sorted(network.addresses(tree))


def store(daemon):
    return daemon.status()["store"]


def wait_store(daemon, part, patience=60):
    """The sentence in status."""
    return daemon.wait_status(lambda s: part in s["store"]["message"], f"the store to say '{part}'", patience)


def journal_bytes(daemon):
    return sum(path.stat().st_size for path in (daemon.state / "journal").rglob("*.log"))


def subnet(daemon):
    return daemon.ids()["network.subnet.public-a"]


def hand(ec2, subnet):
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})


def is_mended(ec2, subnet):
    return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def test_it_starts_without_postgres_looks_and_converges_when_it_comes(start, postgres, proxy, ec2, tree):
    postgres.stop()
    daemon = start(tree)
    daemon.wait_status(lambda s: s["resources"] and all(r["sync"] == "Missing" for r in s["resources"]),
                       "everything to be looked at")
    assert proxy.mutations() == []
    assert "refused" in store(daemon)["message"]
    assert "refused" in daemon.holdfast("status").stdout
    postgres.start()
    daemon.wait_synced()
    made_once(tree, ec2)


def test_what_is_seen_meanwhile_outlives_a_kill_and_is_told_once(start, postgres, proxy, ec2, tree):
    daemon = start(tree)
    daemon.wait_synced()
    which = subnet(daemon)
    before = postgres.sql("SELECT count(*) FROM holdfast.drift")
    postgres.stop("immediate")
    wait_until(lambda: store(daemon)["phase"] != "ready", "the loss to be seen")
    hand(ec2, which)
    proxy.clear_calls()
    time.sleep(5)  # what was proven runs out
    daemon.sync("network")
    assert proxy.mutations() == []
    wait_until(lambda: store(daemon)["history_waiting"] == store(daemon)["history_on_disk"] > 0, "it to be kept")
    kept = store(daemon)["history_on_disk"]
    daemon.kill()
    daemon.start()
    assert store(daemon)["history_on_disk"] >= kept
    postgres.start()
    wait_until(lambda: is_mended(ec2, which), "the drift to be mended")
    daemon.wait_synced()
    wait_until(lambda: store(daemon)["history_waiting"] == 0 and journal_bytes(daemon) == 0, "the journal to empty")
    rows = postgres.sql("SELECT field, how FROM holdfast.drift WHERE address LIKE '%public-a'")
    assert rows == [["MapPublicIpOnLaunch", "corrected"]], (before, rows)
    doubles = postgres.sql("SELECT stack, layer, last_at FROM holdfast.pass GROUP BY 1, 2, 3 HAVING count(*) > 1")
    assert doubles == []


def test_sigterm_without_postgres_leaves_history_for_the_next_start(start, postgres, ec2, tree):
    daemon = start(tree)
    daemon.wait_synced()
    postgres.stop()
    wait_until(lambda: store(daemon)["phase"] != "ready", "the loss to be seen")
    hand(ec2, subnet(daemon))
    daemon.sync("network")
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 5
    assert journal_bytes(daemon) > 0
    postgres.start()
    daemon.start()
    wait_until(lambda: store(daemon)["history_waiting"] == 0 and journal_bytes(daemon) == 0, "the journal to empty")


def test_connections_that_end_at_any_time_cost_nothing(start, postgres, proxy, ec2, tree):
    proxy.delay = 0.03
    daemon = start(tree)
    for _ in range(25):
        postgres.end_connections()
        time.sleep(0.2)
    proxy.delay = 0
    daemon.wait_synced(patience=200)
    made_once(tree, ec2)
    wait_until(lambda: store(daemon)["history_waiting"] == 0, "what became of the last call to be told")
    assert postgres.sql("SELECT count(*) FROM holdfast.action WHERE outcome IS NULL") == [["0"]]


def test_a_server_that_turned_read_only_stops_the_writing(start, postgres, proxy, ec2, tree):
    daemon = start(tree)
    daemon.wait_synced()
    which = subnet(daemon)
    proxy.clear_calls()
    postgres.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    postgres.sql("SELECT pg_reload_conf()")
    wait_store(daemon, "read-only")
    hand(ec2, which)
    time.sleep(5)
    daemon.sync("network")
    assert proxy.mutations() == []
    assert daemon.resources()["network.subnet.public-a"]["sync"] == "OutOfSync"
    (postgres.data / "postgresql.auto.conf").write_text("")
    postgres.reload()
    wait_until(lambda: is_mended(ec2, which), "the drift to be mended", patience=60)


def test_a_wrong_password_is_said_and_a_right_one_goes_on(start, postgres, proxy, ec2, tree):
    postgres.sql("ALTER USER holdfast PASSWORD 'right'")
    rules = postgres.data / "pg_hba.conf"
    rules.write_text("host all all 127.0.0.1/32 scram-sha-256\nlocal all all trust\n")
    postgres.reload()
    daemon = start(tree, password="wrong-password-of-the-test")
    wait_store(daemon, "password")
    daemon.wait_status(lambda s: s["resources"] and all(r["sync"] == "Missing" for r in s["resources"]),
                       "everything to be looked at")
    assert proxy.mutations() == []
    assert "wrong-password-of-the-test" not in daemon.log() + str(daemon.status())
    rules.write_text("host all all 127.0.0.1/32 trust\nlocal all all trust\n")
    postgres.reload()
    daemon.wait_synced()
    made_once(tree, ec2)


def test_a_full_disk_is_said_and_overcome(start, postgres, ec2, tree):
    daemon = start(tree)
    daemon.wait_synced()
    postgres.stop()
    wait_until(lambda: store(daemon)["phase"] != "ready", "the loss to be seen")
    limits = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
    hand(ec2, subnet(daemon))
    daemon.sync("network")
    wait_until(lambda: "cannot write the journal" in store(daemon)["journal"], "the disk to be said full")
    assert "memory only" in daemon.holdfast("status").stdout
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, limits)
    wait_until(lambda: store(daemon)["journal"] == "" and store(daemon)["history_on_disk"] > 0, "it to be kept")
    postgres.start()
    daemon.wait_synced()
    assert os.path.exists(f"/proc/{daemon.process.pid}")

"""Two daemons, as on two hosts, on one Postgres: one writes, and never two."""
import http.client
import signal
import time

import pytest

import network
from daemon import wait_until
from proxy import Proxy

TAKE_OVER = 10  # seconds, after the death of the holder


class Host:
    """A daemon with its own way to AWS, where what it writes is counted."""

    def __init__(self, make_daemon, emulator, postgres, stack, **how):
        self.proxy = Proxy(emulator.port)
        self.daemon = make_daemon(stack, endpoint=self.proxy.url, postgres=postgres.conninfo(), **how)

    def start(self):
        self.daemon.start()
        return self

    def lease(self, stack=None):
        try:
            status = self.daemon.get("/v1/status", **({"stack": stack} if stack else {}))
        except (OSError, http.client.HTTPException):
            return None
        return status["lease"]

    def leads(self, stack=None):
        lease = self.lease(stack)
        return bool(lease and lease["role"] == "leader" and lease["proven"])

    def writes(self):
        return self.proxy.mutations()


@pytest.fixture
def make_host(make_daemon, emulator, postgres):
    hosts = []

    def make(stack=None, **how):
        hosts.append(Host(make_daemon, emulator, postgres, stack or network.dump(network.small()), **how))
        return hosts[-1]

    yield make
    for host in hosts:
        if host.daemon.process and host.daemon.process.poll() is None:
            host.daemon.send_signal(signal.SIGCONT)
            host.daemon.stop()
        host.proxy.close()


@pytest.fixture
def pair(make_host):
    """(leader, standby), converged."""
    first = make_host().start()
    first.daemon.wait_synced()
    second = make_host().start()
    second.daemon.wait_synced()
    assert first.leads()
    return first, second


def drift(ec2):
    """Somebody's hand: a switch of a subnet. Its id."""
    subnet = next(s for s in ec2.describe_subnets()["Subnets"]
                  if any(t["Key"] == "holdfast:resource" and t["Value"].endswith("public-a")
                         for t in s.get("Tags", [])))
    ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": False})
    return subnet["SubnetId"]


def is_mended(ec2, subnet):
    return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def test_the_standby_looks_writes_nothing_and_says_who_leads(pair, ec2, postgres):
    leader, standby = pair
    lease = standby.lease()
    assert lease["role"] == "standby" and not lease["proven"]
    assert lease["leader"]["pid"] == leader.daemon.process.pid and lease["leader"]["host"]
    assert lease["leader"]["since"]
    assert standby.writes() == []
    subnet = drift(ec2)
    rows = postgres.sql("SELECT count(*) FROM holdfast.observation")
    standby.daemon.sync()
    row = standby.daemon.resources()["network.subnet.public-a"]
    assert row["sync"] == "OutOfSync" and row["message"].startswith("by the daemon that leads: being corrected: ")
    assert postgres.sql("SELECT count(*) FROM holdfast.observation") == rows, "the leader writes history"
    assert not is_mended(ec2, subnet)
    text = standby.daemon.holdfast("status").stdout
    assert f"(pid {leader.daemon.process.pid})" in text and "standby" in text
    leader.daemon.sync()
    wait_until(lambda: is_mended(ec2, subnet), "the leader to mend it")
    assert standby.writes() == []
    status, answer = standby.daemon.request("POST", "/v1/approve", {"target": "network.vpc.main"})
    assert status == 409 and str(leader.daemon.process.pid) in str(answer)


def test_a_killed_leader_is_followed_within_ten_seconds(pair, ec2, postgres):
    leader, standby = pair
    leader.daemon.kill()
    began = time.monotonic()
    wait_until(standby.leads, "the standby to lead", patience=TAKE_OVER, alive=standby.daemon.check_alive)
    print(f"taken over after {time.monotonic() - began:.1f} s")
    standby.daemon.wait_synced()
    subnet = drift(ec2)
    standby.daemon.sync()
    wait_until(lambda: is_mended(ec2, subnet), "the new leader to act")
    assert postgres.sql("SELECT token FROM holdfast.lease") == [["2"]]
    found = network.in_aws(ec2)
    assert sorted(a for a, _ in found) == sorted(network.addresses(network.small()))


def test_a_leader_killed_while_it_converges_leaves_no_duplicate(make_host, ec2):
    first, second = make_host(), make_host()
    fault = first.proxy.fail("after", when=lambda call: call.is_mutating, skip=3, times=1,
                             change=lambda call: first.daemon.process.kill())
    first.start()
    wait_until(lambda: first.daemon.process.poll() is not None, "the fourth change to be its last")
    assert fault.hits
    second.start()
    second.daemon.wait_synced(patience=200)  # what may have been created is looked for first
    found = network.in_aws(ec2)
    assert sorted(a for a, _ in found) == sorted(network.addresses(network.small()))


def test_a_leader_that_was_stopped_writes_nothing_when_it_goes_on(make_host, ec2):
    """SIGSTOP in the middle of its work: 30 s, a take-over, SIGCONT."""
    first, second = make_host().start(), make_host()
    first.daemon.wait_synced()
    second.start()
    second.daemon.wait_synced()
    # From now on it always has something to write, and something on its way.
    tree = network.small()
    tree["tags"]["environment"] = "other"
    first.proxy.delay = 0.2
    first.daemon.write(network.dump(tree))
    first.daemon.send_signal(signal.SIGHUP)
    wait_until(first.writes, "its first write")
    first.daemon.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    wait_until(second.leads, "the other to lead", patience=TAKE_OVER)
    second.daemon.write(network.dump(tree))
    second.daemon.reload()
    wait_until(lambda: time.monotonic() - stopped > 30, "30 s to pass", patience=40)
    before = [str(call) for call in first.writes()]
    first.daemon.send_signal(signal.SIGCONT)
    wait_until(lambda: (first.lease() or {}).get("role") == "standby", "it to know that it does not lead")
    first.daemon.sync()
    assert [str(call) for call in first.writes()] == before
    second.daemon.wait_synced()
    found = network.in_aws(ec2)
    assert sorted(a for a, _ in found) == sorted(network.addresses(tree))


@pytest.mark.parametrize("nth", range(4))
def test_a_stop_at_any_instant_of_the_first_convergence(make_host, ec2, nth):
    first, second = make_host(), make_host()
    first.proxy.delay = 0.03
    first.start()
    wait_until(lambda: len(first.writes()) > 3 * nth, "some writes")
    first.daemon.send_signal(signal.SIGSTOP)
    second.start()
    wait_until(second.leads, "the other to lead", patience=TAKE_OVER + 5)
    before = len(first.writes())
    first.daemon.send_signal(signal.SIGCONT)
    second.daemon.wait_synced(patience=200)
    assert len(first.writes()) == before
    found = network.in_aws(ec2)
    assert sorted(a for a, _ in found) == sorted(network.addresses(network.small()))


def test_sigterm_hands_over_at_once(pair, ec2, postgres):
    leader, standby = pair
    began = time.monotonic()
    assert leader.daemon.stop() == 0
    wait_until(standby.leads, "the standby to lead", patience=3)
    print(f"handed over after {time.monotonic() - began:.1f} s")
    assert postgres.sql("SELECT count(*) FROM holdfast.daemon") == [["1"]]
    subnet = drift(ec2)
    standby.daemon.sync()
    wait_until(lambda: is_mended(ec2, subnet), "the new leader to act")


def test_a_restart_does_not_wait_for_its_own_lease(make_host):
    host = make_host().start()
    host.daemon.wait_synced()
    host.daemon.kill()
    began = time.monotonic()
    host.start()
    wait_until(host.leads, "it to lead again", patience=4)
    assert time.monotonic() - began < 4


def test_without_postgres_the_leader_stops_writing_and_goes_on_when_it_is_back(pair, postgres, ec2):
    leader, standby = pair
    postgres.stop()
    wait_until(lambda: not leader.leads(), "the proof to run out", patience=10)
    before = len(leader.writes())
    subnet = drift(ec2)
    leader.daemon.sync("network")
    assert leader.daemon.resources()["network.subnet.public-a"]["sync"] == "OutOfSync"
    assert len(leader.writes()) == before
    postgres.start()
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended")
    assert leader.leads() != standby.leads()
    assert standby.writes() == [] or not leader.leads()


def stacks(count):
    return {f"shop-{i}": {**network.head(f"shop-{i}"),
                          "network": {"vpc": {"main": {"cidr_block": f"10.{i}.0.0/16"}}}} for i in range(count)}


def put_folder(host, trees):
    folder = host.daemon.home / "stacks"
    folder.mkdir()
    for name, tree in trees.items():
        (folder / f"{name}.yaml").write_text(network.dump(tree))
    host.daemon.config = folder


def led_by(host, trees):
    return [name for name in trees if host.leads(name)]


def test_many_stacks_are_shared_in_halves_and_the_last_daemon_takes_all(make_host, ec2):
    trees = stacks(4)
    first, second = make_host(), make_host()
    for host in (first, second):
        put_folder(host, trees)
    first.start()
    wait_until(lambda: len(led_by(first, trees)) == 4, "the first to lead all of them")
    second.start()
    wait_until(lambda: len(led_by(first, trees)) == len(led_by(second, trees)) == 2, "half each")
    assert not set(led_by(first, trees)) & set(led_by(second, trees))
    second.daemon.kill()
    wait_until(lambda: len(led_by(first, trees)) == 4, "the first to take all", patience=TAKE_OVER)
    wait_until(lambda: len([v for v in ec2.describe_vpcs()["Vpcs"] if v.get("Tags")]) == 4, "four VPCs")

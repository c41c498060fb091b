"""The daemon as a process: signals, kills, restarts, its Postgres, what it tells systemd."""
import os
import signal

import pytest

import network
from daemon import wait_until


@pytest.fixture
def small(held):
    return held(network.dump(network.small()))


def test_sigterm_ends_it_in_order(small):
    postgres = small.postgres_pid()
    assert postgres, "the embedded server runs while the daemon does"
    assert small.stop(signal.SIGTERM) == 0
    assert any("STOPPING" in message for message in small.notices())
    assert small.postgres_pid() is None, "its Postgres goes with it"
    assert not small.socket.exists()


def test_a_file_with_errors_at_the_start_is_told_and_ends_it_in_order(make_daemon, proxy):
    daemon = make_daemon(network.dump(network.small()).replace("cidr_block", "cidr_blok", 1))
    daemon.start(wait=False)
    assert daemon.process.wait(60) == 1
    assert "did you mean 'cidr_block'" in daemon.log() and "cannot start" in daemon.log()
    assert proxy.seen() == []


def test_sigint_ends_it_too(small):
    assert small.stop(signal.SIGINT) == 0


def test_readiness_reload_and_status_are_told_as_systemd_wants_them(small):
    assert any(message.get("STATUS") for message in small.notices())
    small.send_signal(signal.SIGHUP)
    reloading = small.wait_notice("RELOADING")
    assert int(reloading["MONOTONIC_USEC"]) > 0, "one message carries both"
    small.wait_notice("READY")


def test_a_storm_of_hups_is_survived(small, proxy):
    proxy.clear_calls()
    for _ in range(50):
        small.send_signal(signal.SIGHUP)
    small.sync()
    small.wait_synced()
    assert proxy.mutations() == []


def test_sigterm_while_it_converges_finishes_what_is_in_flight(make_daemon, proxy, ec2):
    proxy.delay = 0.05
    daemon = make_daemon(network.dump(network.small())).start()
    wait_until(lambda: proxy.mutations(), "the first change")
    assert daemon.stop() == 0
    unanswered = [str(call) for call in proxy.mutations() if not call.status]
    assert not unanswered
    daemon.start()
    daemon.wait_synced()
    found = network.in_aws(ec2)
    assert len({address for address, _ in found}) == len(found) == 6


def test_what_is_in_flight_is_given_up_in_order_when_the_stop_cannot_wait(make_daemon, proxy, postgres):
    """The second SIGTERM says that it cannot; without one that is so after 30 s."""
    fault = proxy.fail("hang", "CreateVpc")
    daemon = make_daemon(network.dump(network.small()), postgres=postgres.conninfo()).start()
    wait_until(lambda: fault.hits, "a call without an answer")
    daemon.send_signal(signal.SIGTERM)
    wait_until(lambda: any("STOPPING" in message for message in daemon.notices()), "the stop to begin")
    assert daemon.stop(patience=15) == 0
    assert postgres.sql("SELECT outcome FROM holdfast.action WHERE operation = 'ec2:CreateVpc'") == [["unknown"]]


@pytest.mark.parametrize("nth", [1, 2, 3, 5, 8, 12])
def test_kill_9_after_any_change_leaves_no_duplicate(make_daemon, proxy, ec2, nth):
    """AWS has carried the call out, its answer never arrives, and neither does anything else."""
    tree = network.small()
    daemon = make_daemon(network.dump(tree))
    fault = proxy.fail("after", when=lambda call: call.is_mutating, skip=nth - 1, times=1,
                       change=lambda call: daemon.process.kill())
    daemon.start()
    wait_until(lambda: daemon.process.poll() is not None, f"change {nth} to be its last")
    assert fault.hits >= nth
    daemon.start()
    daemon.wait_synced(patience=200)
    found = network.in_aws(ec2)
    assert sorted(address for address, _ in found) == sorted(network.addresses(tree))


def test_kill_9_in_quiet_times_and_a_restart_write_nothing(small, proxy):
    small.kill()
    proxy.clear_calls()
    small.start()
    small.wait_synced()
    small.sync()
    assert proxy.mutations() == []


def test_a_killed_postgres_comes_back_and_nothing_is_lost(small, proxy, ec2):
    first = small.postgres_pid()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: small.postgres_pid() not in (None, first), "the server to be started again")
    subnet = small.ids()["network.subnet.public-a"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})

    def is_mended():
        small.sync()
        return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]

    wait_until(is_mended, "the drift to be corrected")
    small.wait_synced()
    assert wait_until(lambda: [row for row in small.get("/v1/drift")["drifts"] if row["closed_at"]],
                      "the drift to stand in history")


def test_a_lost_state_directory_finds_everything_again(small, proxy, ec2):
    before = network.in_aws(ec2)
    small.stop()
    small.state.rename(small.state.with_name("lost"))
    proxy.clear_calls()
    small.start()
    small.wait_synced()
    assert network.in_aws(ec2) == before
    assert proxy.mutations() == []


def test_check_reads_the_file_and_leaves(make_daemon, proxy):
    daemon = make_daemon(network.dump(network.small()))
    daemon.start(wait=False, extra=["--check"])
    assert daemon.process.wait(30) == 0
    daemon.write("stack: shop\nnetwork: {vpc: {main: {cidr_blok: 10.0.0.0/16}}}\n")
    daemon.start(wait=False, extra=["--check"])
    assert daemon.process.wait(30) == 1
    assert ":2:" in daemon.log() and "cidr_block" in daemon.log()
    assert proxy.seen() == []


def test_no_secret_stands_in_log_state_or_argv(small):
    from emulator import KEYS
    secret = KEYS["AWS_SECRET_ACCESS_KEY"]
    with open(f"/proc/{small.process.pid}/cmdline", "rb") as file:
        assert secret.encode() not in file.read()
    assert secret not in small.log()
    assert secret not in str(small.status())
    small.stop()
    for path in small.state.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path

"""A command that is interrupted: what it asked of the daemon is done whole, or not at all."""
import pathlib
import signal
import subprocess
import time

import pytest

import network
from daemon import BUILD, wait_until

SUBNET = "network.subnet.public-a"
SPARE = "network.elastic_ip.spare"
SETTLES_S = 16  # what differs so soon after a write of ours may be a stale read
POLL = "7"  # of Linux on x86-64; ppoll has another number on each machine
ENDED = [signal.SIGINT, signal.SIGKILL]


def begin(daemon, *arguments):
    """As from a terminal: who runs the tests in the background of a shell gives them an ignored SIGINT."""
    return subprocess.Popen([str(BUILD / "holdfast"), "--socket", str(daemon.socket), *arguments],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                            env=daemon.environment,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def interrupt(command, number):
    assert command.poll() is None
    command.send_signal(number)
    assert command.wait(10) == -number


def outcomes(postgres, operation):
    return postgres.sql(f"SELECT outcome FROM holdfast.action WHERE operation = '{operation}' ORDER BY intended_at")


@pytest.mark.parametrize("number", ENDED)
def test_a_sync_that_is_interrupted_goes_on_and_corrects_once(held, proxy, ec2, postgres, number):
    daemon = held(network.dump(network.small()), postgres=postgres.conninfo())
    at, subnet = time.monotonic(), daemon.ids()[SUBNET]
    wait_until(lambda: time.monotonic() - at > SETTLES_S, "our last write to be old")
    before = outcomes(postgres, "ec2:ModifySubnetAttribute")
    proxy.clear_calls()
    slow = proxy.fail("delay", "ModifySubnetAttribute", times=1, seconds=2)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    command = begin(daemon, "sync", "--wait")
    wait_until(lambda: slow.hits, "the correction to be on its way")
    interrupt(command, number)
    wait_until(lambda: ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"],
               "the correction, with nobody waiting for it")
    daemon.wait_synced()
    assert [call.operation for call in proxy.mutations()] == ["ModifySubnetAttribute"]
    wait_until(lambda: outcomes(postgres, "ec2:ModifySubnetAttribute") == before + [["done"]], "its record")
    daemon.holdfast("sync", "--wait", check=0)  # and the next one waits to its own end


@pytest.mark.parametrize("number", ENDED)
def test_an_approval_that_is_interrupted_counts_whole_or_not_at_all(held, proxy, ec2, postgres, number):
    tree = network.small()
    tree["network"]["elastic_ip"] = {"spare": {}}
    daemon = held(network.dump(tree), postgres=postgres.conninfo())
    at, address = time.monotonic(), daemon.ids()[SPARE]
    wait_until(lambda: time.monotonic() - at > SETTLES_S, "our last write to be old")
    daemon.write(network.dump(network.small()))
    daemon.reload()
    daemon.wait_status(lambda status: any(row["address"] == SPARE and row["reason"] == "OrphanHeld"
                                          for row in status["resources"]), "what left the file to be held")
    proxy.clear_calls()
    daemon.send_signal(signal.SIGSTOP)  # it hears of the approval when the command is no more
    command = begin(daemon, "approve", SPARE)
    asked = pathlib.Path(f"/proc/{command.pid}/syscall")
    quiet = []
    wait_until(lambda: quiet.append(asked.read_text().split()[0] == POLL) or quiet[-5:] == [True] * 5,
               "the command to wait for its answer")
    interrupt(command, number)
    daemon.send_signal(signal.SIGCONT)
    daemon.sync()
    if daemon.resources().get(SPARE, {}).get("reason") == "OrphanHeld":  # nobody was there any more when it was read
        assert proxy.mutations() == []
        assert postgres.sql("SELECT state, who FROM holdfast.hold") == [["waiting", ""]]
        daemon.holdfast("approve", SPARE, check=0)
    wait_until(lambda: ec2.describe_addresses()["Addresses"] == [], "what was approved to be done")
    wait_until(lambda: SPARE not in daemon.ids(), "the daemon to know it")
    assert [(call.operation, call.params["AllocationId"]) for call in proxy.mutations()] == [
        ("ReleaseAddress", address)]
    wait_until(lambda: outcomes(postgres, "ec2:ReleaseAddress") == [["done"]], "its record")
    wait_until(lambda: postgres.sql("SELECT decided_at IS NOT NULL, ended_at IS NOT NULL FROM holdfast.hold")
               == [["t", "t"]], "the end of its hold")

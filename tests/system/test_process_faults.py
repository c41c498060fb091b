"""What the host does to the process: a loop that stands still, no memory, no descriptors, one crash after the
other, another version beside it."""
import contextlib
import http.client
import os
import random
import resource
import shutil
import signal
import subprocess
import time

import pytest

import network
from daemon import BUILD, ROOT, wait_until

SUBNET = "network.subnet.public-a"
SEED = int(os.environ.get("HOLDFAST_TEST_SEED", str(random.randrange(1 << 30))))


@pytest.fixture(scope="session")
def torture(tmp_path_factory):
    """A library of the tests that makes allocations fail and threads stand still; see torture.c."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    library = tmp_path_factory.mktemp("torture") / "torture.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library),
                    str(ROOT / "tests/system/torture.c")], check=True)
    library.parent.chmod(0o755)
    return library


def hand(ec2, subnet, value=False):
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})


def is_mended(ec2, subnet):
    return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def one_of_each(tree, ec2):
    found = network.in_aws(ec2)
    assert sorted(address for address, _ in found) == sorted(network.addresses(tree))


# -- the loop stands still

def test_a_loop_that_stands_still_feeds_no_watchdog_and_writes_nothing(make_daemon, postgres, proxy, ec2, torture):
    stall = 8
    daemon = make_daemon(network.dump(network.small()), postgres=postgres.conninfo(), environment={
        "WATCHDOG_USEC": "2000000", "LD_PRELOAD": str(torture), "TORTURE_STALL_MS": str(stall * 1000)}).start()
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    daemon.wait_notice("WATCHDOG")
    proxy.clear_calls()
    began = time.monotonic()
    daemon.send_signal(signal.SIGUSR2)  # the main thread stands within a turn; the process lives
    hand(ec2, subnet)
    time.sleep(stall - 1)
    daemon.check_alive()
    daemon.notices()
    fed = [at for at, message in daemon.told if "WATCHDOG" in message and began + 2 < at < began + stall - 1]
    assert fed == []
    assert proxy.mutations() == []
    daemon.wait_notice("WATCHDOG")
    assert time.monotonic() - began >= stall - 1
    metrics = daemon.get("/metrics")
    total = next(float(line.split()[1]) for line in metrics.splitlines()
                 if line.startswith("holdfast_loop_lag_seconds_sum"))
    assert total >= stall - 1, metrics
    daemon.sync("network")
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended")


def test_what_the_watchdog_ends_converges_at_the_next_start(make_daemon, postgres, proxy, ec2, torture):
    tree = network.small()
    proxy.delay = 0.2
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo(), environment={
        "WATCHDOG_USEC": "2000000", "LD_PRELOAD": str(torture), "TORTURE_STALL_MS": "60000"}).start()
    wait_until(lambda: proxy.mutations(), "it to be at work")
    daemon.send_signal(signal.SIGUSR2)
    time.sleep(2)
    assert daemon.stop(signal.SIGABRT) == -signal.SIGABRT  # as systemd does, and no core
    proxy.delay = 0
    daemon.start()
    daemon.wait_synced(patience=180)
    one_of_each(tree, ec2)


# -- no memory

def check(path, library=None, **environment):
    preload = {"LD_PRELOAD": str(library)} if library else {}
    return subprocess.run([str(BUILD / "holdfastd"), "--check", "--config", str(path)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **preload, **environment})


def test_a_check_without_memory_says_nothing_wrong(torture, tmp_path):
    """Each allocation fails in turn (of many, a sample): the verdict is right, or there is none."""
    good, bad = ROOT / "config/examples/network.yaml", tmp_path / "bad.yaml"
    bad.write_text(good.read_text().replace("cidr_block:", "cidr_blokc:", 1))
    for path, verdict in ((good, 0), (bad, 1)):
        right = check(path, torture, TORTURE_COUNT="2")
        assert right.returncode == verdict
        total = int(right.stderr.splitlines()[-1])
        assert total > 1000
        rng = random.Random(SEED)
        ended = 0
        for n in sorted({*range(1, 20), *rng.sample(range(20, total), 80)}):
            done = check(path, torture, TORTURE_FAIL=str(n))
            where = f"seed {SEED}, allocation {n} of {total}: {done.returncode}\n{done.stdout}{done.stderr}"
            # OpenSSL 3.0 goes on with locks that it found no room for: that end says nothing wrong either.
            assert done.returncode in (0, 1, -signal.SIGABRT, -signal.SIGSEGV), where
            if done.returncode == -signal.SIGSEGV:
                continue
            if done.returncode == -signal.SIGABRT:
                assert "out of memory" in done.stderr, where
                ended += 1
            elif done.returncode == 0:
                assert verdict == 0 and done.stdout == right.stdout, where
            else:
                assert verdict == 1 or "memory" in done.stderr.lower(), where
        assert ended > 20


def test_a_daemon_that_runs_out_of_memory_again_and_again_leaves_one_of_each(make_daemon, postgres, proxy, ec2, torture):
    tree = network.small()
    rng = random.Random(SEED)
    proxy.delay = 0.05
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo(), environment={
        "LD_PRELOAD": str(torture), "TORTURE_NEXT": "2000"})
    ended = 0
    for turn in range(12):
        (daemon.state / "crashes").unlink(missing_ok=True)  # the pause after crashes has a test of its own
        daemon.start()
        time.sleep(rng.uniform(0.1, 1.5))
        for _ in range(20):
            if daemon.process.poll() is not None:
                break
            daemon.send_signal(signal.SIGUSR2)
            with contextlib.suppress(OSError, http.client.HTTPException):
                daemon.request("POST", "/v1/sync", {"target": ""}, patience=5)  # at rest it asks for no memory
            time.sleep(0.1)
        if daemon.process.poll() is None:
            daemon.kill()
        else:
            assert daemon.process.returncode in (-signal.SIGABRT, -signal.SIGSEGV), f"seed {SEED}, turn {turn}\n{daemon.log_end()}"
            ended += 1
    assert ended > 3, daemon.log_end()
    assert "holdfastd: out of memory" in daemon.log()
    (daemon.state / "crashes").unlink(missing_ok=True)
    proxy.delay = 0
    daemon.start()
    daemon.wait_synced(patience=240)
    one_of_each(tree, ec2)
    wait_until(lambda: postgres.sql("SELECT count(*) FROM holdfast.action WHERE outcome IS NULL") == [["0"]],
               "every intent to have an outcome", 150)


def test_a_limit_on_memory_ends_it_with_a_word(make_daemon, postgres, proxy, ec2):
    tree = network.small()
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    in_use = next(int(line.split()[1]) for line in open(f"/proc/{daemon.process.pid}/status") if "VmSize" in line)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (in_use * 1024, resource.RLIM_INFINITY))
    for _ in range(200):
        try:
            daemon.request("GET", "/v1/status", patience=5)
            daemon.request("POST", "/v1/sync", {"target": ""}, patience=5)
        except OSError:
            break
        if daemon.process.poll() is not None:
            break
    # It goes on with what it has, or ends; either way it is right again afterwards.
    if daemon.process.poll() is None:
        daemon.kill()
    else:
        assert daemon.process.returncode == -signal.SIGABRT
        assert "out of memory" in daemon.log()
    hand(ec2, subnet)
    daemon.start()
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended")
    daemon.wait_synced()
    one_of_each(tree, ec2)


# -- no descriptors

def test_without_descriptors_it_is_quiet_and_goes_on_when_there_are_some(make_daemon, postgres, proxy, ec2):
    tree = network.small(interval="2s")
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    pid = daemon.process.pid
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    proxy.fail("refuse")  # so that what is open to AWS ends
    hand(ec2, subnet)
    began, cpu = time.monotonic(), daemon.cpu_seconds()
    waiting = subprocess.Popen([str(BUILD / "holdfast"), "--socket", str(daemon.socket), "status"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                               env=daemon.environment)
    time.sleep(5)
    proxy.behave()  # whoever could connect would be answered now
    proxy.clear_calls()
    time.sleep(5)
    daemon.check_alive()
    used = (daemon.cpu_seconds() - cpu) / (time.monotonic() - began)
    assert used < 0.3, f"{used:.2f} of a core"
    assert "no descriptor is left" in daemon.log(), daemon.log_end()
    assert proxy.seen() == [] and not is_mended(ec2, subnet)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    waiting.communicate(timeout=30)
    assert waiting.returncode in (0, 1, 2)  # answered late, or refused; never left waiting
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended")
    daemon.wait_synced()
    one_of_each(tree, ec2)


# -- one crash after the other

def test_a_crash_loop_spares_aws_and_tells_why(make_daemon, postgres, proxy, ec2):
    tree = network.small()
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    calls = []
    for _ in range(5):
        proxy.clear_calls()
        daemon.send_signal(signal.SIGSEGV)
        assert daemon.process.wait(30) == -signal.SIGSEGV
        hand(ec2, subnet)
        daemon.start()
        time.sleep(1)
        calls.append(len(proxy.seen()))
    assert calls[1:] == [0, 0, 0, 0], calls  # the first crash is nothing to wait for
    status = daemon.holdfast("status").stdout
    assert "ended by signal 11" in status and "5 times" in status, status
    assert not is_mended(ec2, subnet)
    assert daemon.stop() == 0  # in order: a person is at work
    proxy.clear_calls()
    daemon.start()
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended")
    daemon.wait_synced()
    one_of_each(tree, ec2)
    # Kills from outside are no crashes.
    for _ in range(4):
        daemon.kill()
        daemon.start()
    hand(ec2, subnet)
    wait_until(lambda: is_mended(ec2, subnet) or daemon.sync(), "the drift to be mended")
    daemon.wait_synced()


# -- what a restart must know

def test_kills_do_not_reset_the_count_of_deletions(make_daemon, postgres, proxy, emulator, ec2):
    """Four may go an hour: a daemon that is killed after each is held to it as well."""
    network.prepare(emulator)
    tree = network.small(prune="delete", most_deletes=3, most_deletes_per_hour=4)
    for number in range(8):
        tree["network"]["subnet"][f"more-{number}"] = {
            "vpc": "main", "cidr_block": f"10.0.{10 + number}.0/24", "availability_zone": "a"}
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    daemon.wait_synced()
    proxy.clear_calls()

    def gone():
        return len({call.params.get("SubnetId.1") or call.params.get("SubnetId") for call in proxy.mutations()
                    if call.operation == "DeleteSubnet" and call.executed})

    for number in range(6):
        del tree["network"]["subnet"][f"more-{number}"]
        daemon.write(network.dump(tree))
        daemon.start() if daemon.process.poll() is not None else daemon.reload()
        wanted = min(number + 1, 4)
        wait_until(lambda: gone() >= wanted, f"{wanted} to be gone")
        if number >= 4:
            daemon.wait_status(lambda s: "most_deletes_per_hour" in str(s), "the brake to be told")
        daemon.kill()
    daemon.start()
    daemon.wait_status(lambda s: all(layer["checked_at"] for layer in s["layers"]), "everything to be looked at")
    daemon.sync()
    assert gone() == 4
    assert "may be (policy: {most_deletes_per_hour" in daemon.holdfast("orders").stdout


# -- another version

NEWER = ("INSERT INTO holdfast.migration (version, checksum, program)"
         " SELECT max(version) + 1, 'of a newer one', '9.9' FROM holdfast.migration")


def test_a_newer_schema_lets_the_older_daemon_finish_and_then_refuses_it(make_daemon, postgres, proxy, ec2):
    """A rolling upgrade: the newer daemon migrates, by adding; the older one goes on until it connects anew."""
    tree = network.small()
    older = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    older.wait_synced()
    subnet = older.ids()[SUBNET]
    postgres.sql("BEGIN; ALTER TABLE holdfast.action ADD COLUMN cost bigint;"
                 "ALTER TABLE holdfast.resource ADD COLUMN region text DEFAULT 'x';"
                 f"CREATE TABLE holdfast.invoice (n int); {NEWER}; COMMIT")
    hand(ec2, subnet)
    older.sync("network")
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended by the older one")
    older.wait_synced()
    postgres.end_connections()
    older.wait_status(lambda s: "upgrade this one" in s["store"]["message"], "the reason to be said")
    proxy.clear_calls()
    hand(ec2, subnet)
    time.sleep(6)
    older.sync("network")
    assert older.resources()[SUBNET]["sync"] == "OutOfSync"  # it looks
    assert proxy.mutations() == []
    assert "upgrade this one" in older.holdfast("status").stdout
    # Back again: what the newer one added stays, and the older one works with it.
    postgres.sql("DELETE FROM holdfast.migration WHERE program = '9.9'")
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended")


def test_an_older_schema_is_brought_up_while_the_older_daemon_runs(make_daemon, postgres, ec2):
    tree = network.small()
    first = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    first.wait_synced()
    subnet = first.ids()[SUBNET]
    # As the version before left it: without what the last migration adds.
    postgres.sql("ALTER TABLE holdfast.action DROP COLUMN creation;"
                 "DELETE FROM holdfast.migration WHERE version = (SELECT max(version) FROM holdfast.migration)")
    second = make_daemon(network.dump(tree), postgres=postgres.conninfo()).start()
    second.wait_status(lambda s: s["lease"]["role"] == "standby", "the second to stand by")
    assert postgres.sql("SELECT count(*) FROM information_schema.columns"
                        " WHERE table_name = 'action' AND column_name = 'creation'") == [["1"]]
    hand(ec2, subnet)
    first.sync("network")
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended by the first")
    assert first.stop() == 0
    second.wait_status(lambda s: s["lease"]["role"] == "leader", "the second to lead")
    hand(ec2, subnet)
    second.sync("network")
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended by the second")
    second.wait_synced()
    one_of_each(tree, ec2)

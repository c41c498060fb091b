"""The whole example held for minutes at an interval of a second, disturbed all the time: does anything grow?

    python tests/system/soaking.py [--seconds 600]

By turns somebody changes something in AWS, the file changes, a part of AWS's answers goes wrong or none comes, the
store is restarted. Meanwhile are sampled: resident memory, descriptors, sockets among them, threads, bytes of the
journal on disk, rows of each table and bytes of the database. Growth is what the median of the last fifth of the
samples has beyond that of the second fifth: what happens once (pools, caches, code paged in) is over by then.
"""
import argparse
import collections
import os
import pathlib
import statistics
import sys
import tempfile
import time

import yaml

import killing
from daemon import Daemon, wait_until
from emulator import Emulator
from postgres import Postgres
from proxy import Proxy

# What may be more at the end. Memory: what malloc keeps between passes differs by so much.
MOST = {"resident KiB": 2048, "descriptors": 4, "sockets": 4, "threads": 0, "journal bytes": 4096}
# Rows that a disturbance may leave in history; what is known of the present must not grow at all.
HISTORY = {"observation", "drift", "action", "pass", "config", "config_use", "hold", "people_order"}
ROWS_EACH = 40


class Soak:
    def __init__(self, emulator, seconds):
        self.emulator, self.seconds = emulator, seconds
        self.proxy, self.postgres = Proxy(emulator.port), Postgres()
        self.tree = killing.example(interval="1s")
        # Somebody's hand comes back more often than people are patient.
        self.tree["policy"]["most_corrections"] = 20
        self.daemon = Daemon(self.proxy.url, self.text(), postgres=self.postgres.conninfo())
        self.samples = []
        self.turns = collections.Counter()
        self.passes = 0

    def text(self):
        return yaml.safe_dump(self.tree, sort_keys=False)

    def close(self):
        try:
            self.daemon.close()
        finally:
            self.proxy.close()
            self.postgres.close()

    # -- what is measured

    def sample(self):
        proc = pathlib.Path(f"/proc/{self.daemon.process.pid}")
        links = []
        for fd in (proc / "fd").iterdir():
            try:
                links.append(os.readlink(fd))
            except OSError:
                pass  # closed meanwhile
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        found = {"resident KiB": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]),
                 "descriptors": len(links), "sockets": sum(link.startswith("socket:") for link in links),
                 "journal bytes": sum(f.stat().st_size for f in (self.daemon.state / "journal").rglob("*"))}
        for table, rows in self.rows():
            found[f"rows of {table}"] = int(rows)
        found["database KiB"] = int(self.postgres.sql("SELECT pg_database_size('postgres') / 1024")[0][0])
        self.samples.append(found)
        self.proxy.clear_calls()

    def rows(self):
        tables = self.postgres.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'holdfast'")
        return self.postgres.sql(" UNION ALL ".join(
            f"SELECT '{name}', count(*) FROM holdfast.{name}" for (name,) in tables))

    # -- what happens

    def hurt_a_subnet(self):
        name = f"network.subnet.public-{'ab'[self.turns['hurt_a_subnet'] % 2]}"
        self.emulator.client("ec2").modify_subnet_attribute(
            SubnetId=self.daemon.ids()[name], MapPublicIpOnLaunch={"Value": False})

    def hurt_a_log_group(self):
        self.emulator.client("logs").put_retention_policy(logGroupName="/shop/app", retentionInDays=1)

    def delete_an_alarm(self):
        alarms = [one["AlarmName"] for one in self.emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]
                  if one["AlarmName"].startswith("shop-")]
        self.emulator.client("cloudwatch").delete_alarms(AlarmNames=[sorted(alarms)[0]])

    def change_the_file(self):
        group = self.tree["monitoring"]["log_group"]["app"]
        group["retention_in_days"] = 90 if group["retention_in_days"] == 30 else 30
        self.daemon.write(self.text())
        self.daemon.reload()

    def break_the_file(self):
        self.daemon.write("stack: shop\nnetwork: [\n")
        self.daemon.reload()
        self.daemon.write(self.text())
        self.daemon.reload()

    def let_calls_fail(self):
        turn = iter(range(1 << 30))
        kind = [dict(kind="error", status=503, code="Unavailable"), dict(kind="throttle"), dict(kind="refuse"),
                dict(kind="truncate")][self.turns["let_calls_fail"] % 4]
        self.proxy.fail(**kind, when=lambda call: next(turn) % 3 == 0)
        time.sleep(min(5, self.seconds / 20))
        self.proxy.behave()

    def let_calls_hang(self):
        self.proxy.fail("hang", seconds=2, service="sns")
        time.sleep(min(5, self.seconds / 20))
        self.proxy.behave()

    def restart_the_store(self):
        self.postgres.stop("fast")
        time.sleep(min(5, self.seconds / 20))
        self.postgres.start()

    def ask_much(self):
        for _ in range(50):
            self.daemon.status()
            self.daemon.get("/v1/history")
            self.daemon.request("GET", "/metrics")

    TURNS = [hurt_a_subnet, change_the_file, let_calls_fail, hurt_a_log_group, restart_the_store, ask_much,
             hurt_a_subnet, let_calls_hang, delete_an_alarm, break_the_file]

    def settle(self):
        self.daemon.wait_status(lambda status: status["store"]["phase"] == "ready", "Postgres")
        killing.converge(self.daemon)

    def run(self):
        self.daemon.start()
        self.settle()
        began, every = time.monotonic(), max(self.seconds / 60, 1.0)
        number = 0
        while time.monotonic() - began < self.seconds:
            act = self.TURNS[number % len(self.TURNS)]
            act(self)
            self.turns[act.__name__] += 1
            number += 1
            self.settle()
            until = began + number * every
            wait_until(lambda: time.monotonic() >= until, "its time", every + 1, self.daemon.check_alive)
            try:
                self.daemon.sync()  # no pass is half done
            except OSError as problem:
                raise AssertionError(f"after {act.__name__}: {problem}; {self.daemon.status()['layers']}\n"
                                     f"{self.daemon.picture()}\n{self.daemon.log_end(80)}") from None
            self.sample()
        self.passes = sum(int(row[0]) for row in self.postgres.sql("SELECT sum(count) FROM holdfast.pass"))
        return self.growth()

    # -- what it comes to

    def medians(self):
        fifth = max(len(self.samples) // 5, 1)
        names = self.samples[-1]
        return {name: tuple(statistics.median(one.get(name, 0) for one in part)
                            for part in (self.samples[fifth:2 * fifth], self.samples[-fifth:])) for name in names}

    def growth(self):
        """What has grown beyond what it may."""
        said, between = [], len(self.samples) * 0.7
        for name, (early, late) in self.medians().items():
            most = MOST.get(name)
            if name.startswith("rows of "):
                most = ROWS_EACH * between if name.split()[-1] in HISTORY else 0
            if most is not None and late > early + most:
                said.append(f"{name}: {early:.0f} in the second fifth, {late:.0f} in the last")
        return said

    def report(self):
        lines = [f"{len(self.samples)} samples in {self.seconds} s, {self.passes} passes; {dict(self.turns)}"]
        for name, (early, late) in self.medians().items():
            values = [one.get(name, 0) for one in self.samples]
            lines.append(f"  {name:22} {values[0]:8} first {early:10.0f} second fifth {late:10.0f} last fifth"
                         f" {max(values):8} most")
        return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=600)
    given = parser.parse_args()
    emulator = Emulator(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-soak-")) / "emulator.log")
    try:
        emulator.load_everything()
        soak = Soak(emulator, given.seconds)
        try:
            said = soak.run()
            print(soak.report())
        finally:
            soak.close()
    finally:
        emulator.stop()
    print("\n".join(said) or "nothing has grown")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())

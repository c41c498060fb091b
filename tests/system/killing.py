"""kill -9 in the middle of the whole example, a restart, and a count of what then stands in AWS.

    python tests/system/killing.py [--runs 50] [--seed 1] [--phase create|teardown]

runs it by itself and prints a line a run. The instant is drawn from a seed, over all calls of the phase
(reads too) and over what a call can be caught at:

    before    it was sent, AWS has not seen it
    after     AWS has carried it out, nobody heard of it
    answered  the answer is on its way, or just there: a few milliseconds later
"""
import argparse
import collections
import http.client
import pathlib
import random
import sys
import tempfile
import threading
import time

import yaml

import inventory
from daemon import ROOT, Daemon, wait_until
from emulator import Emulator
from postgres import Postgres
from proxy import Proxy

EXAMPLE = ROOT / "config" / "examples" / "multi-tier.yaml"
# About how many calls each phase makes; a kill that comes too late is one in quiet times.
CALLS = {"create": 330, "teardown": 330}
PATIENCE = 150  # seconds: what was sent and never arrived is looked for during one minute


def example(interval="10s"):
    tree = yaml.safe_load(EXAMPLE.read_text())
    tree["policy"]["interval"] = interval
    return tree


def emptied(tree):
    return {name: value for name, value in tree.items() if name not in inventory.LAYERS}


class Instant:
    def __init__(self, seed, phase, at=None):
        rng = random.Random(f"{phase}-{seed}")
        self.nth = rng.randrange(1, CALLS[phase])
        self.at = rng.choice(["before", "after", "answered", "answered"])
        self.at = at or self.at
        self.later = rng.random() * 0.02

    def __str__(self):
        return f"{self.at} call {self.nth}" + (f" + {self.later * 1000:.0f} ms" if self.at == "answered" else "")

    def arm(self, proxy, daemon):
        """The proxy kills the daemon at this instant, once."""
        def later(_):
            threading.Timer(self.later, daemon.process.kill).start()

        if self.at == "answered":
            proxy.fail("delay", when=counted(self.nth, later))
        else:
            proxy.fail(self.at, skip=self.nth - 1, times=1, change=lambda call: daemon.process.kill())


def counted(nth, then):
    """A condition that is never true, and does something at the nth call."""
    seen = []

    def when(call):
        seen.append(call)
        if len(seen) == nth:
            then(call)
        return False

    return when


def approve_all(daemon):
    """What a person who wants all of it gone does: again, for what is held only later."""
    status = daemon.status()
    left = status["resources"]
    if not left and not all(layer.get("last_pass") for layer in status["layers"]):
        return False  # it has not looked yet
    for layer in sorted({row["address"].split(".")[0] for row in left}):
        daemon.request("POST", "/v1/approve", {"target": layer})  # 404: nothing is held there now
    return not left


def converge(daemon):
    daemon.wait_synced(PATIENCE, shown={"security.certificate.web": {}})


def history_gaps(proxy, postgres):
    """Changes that AWS saw and history does not have, or has without an outcome."""
    # What broke off in the middle of the request is no call.
    calls = {call.headers.get("amz-sdk-invocation-id"): call.operation for call in proxy.mutations()
             if len(call.body) == int(call.headers.get("Content-Length") or 0)}
    seen = collections.Counter(calls.values())
    rows = postgres.sql("SELECT operation, outcome FROM holdfast.action")
    told = collections.Counter(row[0].split(":")[1] for row in rows)
    open_ones = [row[0] for row in rows if not row[1]]
    return ([f"{count} {name} beside history" for name, count in (seen - told).items()]
            + [f"{name} has no outcome" for name in open_ones])


def run(emulator, proxy, postgres, phase, instant):
    """One kill; (seconds of recovery, problems)."""
    before = inventory.everything(emulator)
    tree = example()
    daemon = Daemon(proxy.url, yaml.safe_dump(tree, sort_keys=False), postgres=postgres.conninfo())
    said = []
    try:
        if phase == "create":
            instant.arm(proxy, daemon)
            daemon.start()
        else:
            daemon.start()
            converge(daemon)
            tree = emptied(tree)
            proxy.behave()
            instant.arm(proxy, daemon)
            daemon.write(yaml.safe_dump(tree, sort_keys=False))
            tear_down(daemon)
        is_killed = ended(daemon, phase)
        began = time.monotonic()
        proxy.behave()
        if is_killed:
            daemon.process.wait()
        else:
            daemon.kill()
        daemon.start()
        if phase == "create":
            converge(daemon)
        else:
            wait_until(lambda: approve_all(daemon), "everything to be gone", PATIENCE, daemon.check_alive)
        took = time.monotonic() - began
        said = inventory.problems(emulator, before, tree)
        wait_until(lambda: not history_gaps(proxy, postgres) or time.monotonic() - began > took + 5,
                   "history to be whole")
        return took, said + history_gaps(proxy, postgres), is_killed
    except AssertionError as problem:
        return 0, [str(problem), daemon.picture()], True
    finally:
        daemon.close()


def tear_down(daemon):
    """Until it has ended, or all is gone."""
    try:
        daemon.reload()
        wait_until(lambda: daemon.process.poll() is not None or approve_all(daemon), "the teardown", 60)
    except (OSError, http.client.HTTPException, AssertionError):
        wait_until(lambda: daemon.process.poll() is not None, "the kill that broke the answer off", 2)


def ended(daemon, phase):
    if phase == "create":
        try:
            wait_until(lambda: daemon.process.poll() is not None or all(
                row["sync"] == "Synced" for row in daemon.status()["resources"]), "the kill", 60)
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)
    return daemon.process.poll() is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phase", choices=["create", "teardown", "both"], default="both")
    given = parser.parse_args()
    emulator = Emulator(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-kill-")) / "emulator.log")
    bad = 0
    try:
        emulator.load_everything()
        for seed in range(given.seed, given.seed + given.runs):
            phase = given.phase if given.phase != "both" else ("create", "teardown")[seed % 2]
            instant = Instant(seed, phase)
            emulator.reset()
            proxy, postgres = Proxy(emulator.port), Postgres()
            try:
                took, said, is_killed = run(emulator, proxy, postgres, phase, instant)
            finally:
                proxy.close()
                postgres.close()
            bad += bool(said)
            print(f"seed {seed:4} {phase:8} {str(instant):30} {'' if is_killed else 'in quiet times '}"
                  f"{len(proxy.seen())} calls, converged after {took:.1f} s: {'; '.join(said) or 'one of each'}", flush=True)
    finally:
        emulator.stop()
    print(f"{given.runs - bad} of {given.runs} kills left one of each resource and a whole history")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

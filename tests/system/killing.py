"""kill -9 in the middle of the whole example, a restart, and a count of what then stands in AWS.

    python tests/system/killing.py [--kills 200] [--seed 1] [--phase create|teardown]

runs it by itself and prints a line a run: by default three convergences for two teardowns. Every fourth run
kills three to five times in a row, each time soon after the restart. The instant is drawn from a seed, over all
calls of the phase (reads too) and over what a call can be caught at:

    before    it was sent, AWS has not seen it
    after     AWS has carried it out, nobody heard of it
    answered  the answer is on its way, or just there: a few milliseconds later
"""
import argparse
import collections
import http.client
import pathlib
import random
import signal
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
CALLS = {"create": 300, "teardown": 240}
SHOWN = {"security.certificate.web": {}}  # waits for its owner's DNS, whatever we do
PATIENCE = 200  # seconds: what was sent and never arrived is looked for longer than two minutes


def example(interval="10s"):
    tree = yaml.safe_load(EXAMPLE.read_text())
    tree["policy"]["interval"] = interval
    return tree


def emptied(tree):
    return {name: value for name, value in tree.items() if name not in inventory.LAYERS}


class Instant:
    def __init__(self, rng, phase, most=None):
        self.nth = rng.randrange(1, most or CALLS[phase])
        self.at = rng.choice(["before", "after", "answered", "answered"])
        self.later = rng.random() * 0.02

    def __str__(self):
        return f"{self.at} call {self.nth}" + (f" + {self.later * 1000:.0f} ms" if self.at == "answered" else "")

    def arm(self, proxy, daemon):
        """The proxy kills the daemon at this instant, once. A request of a daemon that was killed before may
        still arrive: it counts, and kills too."""
        def later(_):
            threading.Timer(self.later, daemon.process.kill).start()

        if self.at == "answered":
            proxy.fail("delay", when=counted(self.nth, later))
        else:
            proxy.fail(self.at, skip=self.nth - 1, times=1, change=lambda call: daemon.process.kill())


def instants(seed, phase):
    """One, or three to five in a row: those after the first come within the calls of a start."""
    rng = random.Random(f"{phase}-{seed}")
    drawn = [Instant(rng, phase)]
    if seed % 4 == 0:
        drawn += [Instant(rng, phase, 120) for _ in range(rng.randrange(2, 5))]
    return drawn


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
    daemon.wait_synced(PATIENCE, shown=SHOWN)


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


def run(emulator, proxy, postgres, phase, drawn):
    """The kills of one convergence or teardown; (seconds of recovery, problems, how many kills came in time)."""
    before = inventory.everything(emulator)
    tree = example()
    daemon = Daemon(proxy.url, yaml.safe_dump(tree, sort_keys=False), postgres=postgres.conninfo())
    kills = 0
    try:
        if phase == "teardown":
            daemon.start()
            converge(daemon)
            tree = emptied(tree)
            daemon.write(yaml.safe_dump(tree, sort_keys=False))
        for instant in drawn:
            proxy.behave()
            instant.arm(proxy, daemon)
            if not daemon.process or daemon.process.poll() is not None:
                daemon.start(wait=False)
            else:
                daemon.send_signal(signal.SIGHUP)
            is_killed = until_killed(daemon, phase)
            kills += is_killed
            if not is_killed:
                daemon.kill()
                break
        began = time.monotonic()
        proxy.behave()
        daemon.process.wait()
        daemon.start()
        if phase == "create":
            converge(daemon)
        else:
            wait_until(lambda: approve_all(daemon), "everything to be gone", PATIENCE, daemon.check_alive)
        took = time.monotonic() - began
        said = inventory.problems(emulator, before, tree)
        wait_until(lambda: not history_gaps(proxy, postgres) or time.monotonic() - began > took + 5,
                   "history to be whole")
        return took, said + history_gaps(proxy, postgres), kills
    except AssertionError as problem:
        return 0, [str(problem), daemon.picture()], kills
    finally:
        daemon.close()


def until_killed(daemon, phase):
    """True when the kill came; False when all was there, or gone, before."""
    def is_over():
        if daemon.process.poll() is not None:
            return True
        try:
            return approve_all(daemon) if phase == "teardown" else is_there(daemon)
        except (OSError, http.client.HTTPException):
            return False  # not up yet, or no more

    wait_until(is_over, "the kill, or the end of what it was to disturb", PATIENCE)
    time.sleep(0.05)
    return daemon.process.poll() is not None


def is_there(daemon):
    rows = daemon.status()["resources"]
    return rows and all(row["sync"] == "Synced" for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phase", choices=["create", "teardown", "both"], default="both")
    given = parser.parse_args()
    emulator = Emulator(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-kill-")) / "emulator.log")
    kills, runs, bad, slowest, seed = 0, 0, 0, 0, given.seed
    try:
        emulator.load_everything()
        while kills < given.kills:
            phase = given.phase if given.phase != "both" else ("teardown" if seed % 5 in (0, 3) else "create")
            drawn = instants(seed, phase)
            emulator.reset()
            proxy, postgres = Proxy(emulator.port), Postgres()
            try:
                took, said, killed = run(emulator, proxy, postgres, phase, drawn)
            finally:
                proxy.close()
                postgres.close()
            kills, runs, bad, slowest = kills + killed, runs + 1, bad + bool(said), max(slowest, took)
            print(f"seed {seed:4} {phase:8} {'; '.join(map(str, drawn))}: {killed} of {len(drawn)} kills in time, "
                  f"{len(proxy.seen())} calls, over {took:.1f} s after the last: {'; '.join(said) or 'one of each'}",
                  flush=True)
            seed += 1
    finally:
        emulator.stop()
    print(f"{kills} kills in {runs} runs, {runs - bad} of which left one of each resource and a whole history; the "
          f"slowest was over {slowest:.0f} s after its last kill")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

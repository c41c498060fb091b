"""The whole example while AWS is ill: a class of fault hits a part of all calls for a while, then it is over.

    python tests/system/storming.py [--seconds 60] [--share 0.3] [--class throttling ...]
                                     [--phase create|held|teardown]

runs each class by itself (as `make storms SECONDS=60` does) and prints a line a class: what the daemon used of a core while
AWS was failing, how long after the end of it everything was as the file says, and what is wrong then: more or fewer
than one of each, changes that history does not have, writes although nothing is left to do. In each phase: while the
example comes up, while it is held, and while it is taken down by a person who approves whatever is held.
"""
import argparse
import email.utils
import pathlib
import random
import sys
import tempfile
import time
from datetime import datetime, timezone

import yaml

import inventory
import killing
from daemon import Daemon, wait_until
from emulator import Emulator
from postgres import Postgres
from proxy import Proxy

SKEWED = 3600  # seconds by which some of AWS's clocks are ahead
SIGNED_FOR = 300  # seconds for which a signature is good
STALE = 100  # seconds that a replica lags at most: AWS says that it is less than two minutes
MOST_OF_CORE = 0.05  # while AWS is failing
PHASES = ["create", "held", "teardown"]

CLASSES = {
    "throttling": dict(kind="throttle"),
    "500": dict(kind="error", status=500),
    "503": dict(kind="error", status=503, code="Unavailable"),
    "html": dict(kind="html", status=200),
    "truncated": dict(kind="truncate"),
    "slow body": dict(kind="drip"),
    "reset": dict(kind="refuse"),
    "lost answer": dict(kind="lose"),
    "expired credentials": dict(kind="error", status=403, code="ExpiredToken",
                                message="The security token included in the request is expired"),
    "denied": dict(kind="error", status=403, code="AccessDenied",
                   message="You are not authorized to perform this operation."),
    "clock skew": dict(kind="skew", seconds=SKEWED),
    "hang": dict(kind="hang"),
    "stale": dict(kind="stale"),
}


def signed_ago(call, ahead):
    """Seconds between the signature's time and a clock that is `ahead` of ours."""
    signed = datetime.strptime(call.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    return time.time() + ahead - signed.timestamp()


class Stale:
    """A part of the reads is answered as one of the last STALE seconds was: by a replica that lags."""

    def __init__(self, share, rng):
        self.share, self.rng = share, rng
        self.answers = {}  # what is asked -> [(when, status, answer)], oldest first

    def __call__(self, call, status, answer):
        if call.is_mutating or status != 200:
            return status, answer
        now = time.monotonic()
        told = self.answers.setdefault((call.name, call.body), [])
        told.append((now, status, answer))
        while told[0][0] < now - STALE:
            told.pop(0)
        return told[0][1:] if self.rng.random() < self.share else (status, answer)


def begin(proxy, name, share, rng):
    """From now on until proxy.behave()."""
    fault = dict(CLASSES[name])
    if fault["kind"] == "stale":
        proxy.behaviours.append(Stale(share, rng))
        return
    if fault["kind"] == "skew":
        # A call comes to a machine whose clock is right or to one whose is not; both refuse what is not of their time.
        begin_skew(proxy, share, rng)
        return
    proxy.fail(**fault, when=lambda call: rng.random() < share)


def begin_skew(proxy, share, rng):
    def refuse(ahead):
        date = email.utils.formatdate(time.time() + ahead, usegmt=True)
        return dict(kind="error", status=403, code="RequestTimeTooSkewed", headers=[("Date", date)],
                    message="The difference between the request time and the current time is too large.")

    def is_ahead(call):
        call.is_ahead = rng.random() < share
        return call.is_ahead and abs(signed_ago(call, SKEWED)) > SIGNED_FOR

    proxy.fail(**refuse(SKEWED), when=is_ahead)
    proxy.fail(**refuse(0), when=lambda call: not call.is_ahead and abs(signed_ago(call, 0)) > SIGNED_FOR)


class Result:
    def __init__(self, calls, spent, lasted, recovered, problems):
        self.calls, self.spent, self.lasted = calls, spent, lasted
        self.recovered, self.problems = recovered, problems

    @property
    def share_of_core(self):
        return self.spent / self.lasted

    def __str__(self):
        return (f"{self.calls} calls, {100 * self.share_of_core:.1f} % of a core in {self.lasted:.0f} s, converged "
                f"{self.recovered:.1f} s after: {'; '.join(self.problems) or 'one of each'}")


def weather(daemon, proxy, name, seconds, share=0.3, seed=4, meanwhile=None):
    """The fault for so long; (calls, seconds of CPU, seconds)."""
    proxy.behave()
    before, behaviours = len(proxy.seen()), list(proxy.behaviours)
    began, spent = time.monotonic(), daemon.cpu_seconds()
    begin(proxy, name, share, random.Random(seed))
    while time.monotonic() - began < seconds:
        time.sleep(0.1)
        daemon.check_alive()
        if meanwhile:
            meanwhile()
    lasted, spent = time.monotonic() - began, daemon.cpu_seconds() - spent
    proxy.behave()
    proxy.behaviours = behaviours
    return len(proxy.seen()) - before, spent, lasted


def problems(emulator, proxy, postgres, daemon, before, tree):
    """After everything is as the file says."""
    said = inventory.problems(emulator, before, tree) + proxy.errors
    seen = len(proxy.mutations())
    daemon.sync()
    said += [f"{call.name} although nothing was left to do" for call in proxy.mutations()[seen:]]
    gives_up = time.monotonic() + 5
    wait_until(lambda: not killing.history_gaps(proxy, postgres) or time.monotonic() > gives_up, "history to be whole")
    return said + killing.history_gaps(proxy, postgres)


def approving(daemon):
    """A person who looks again every few seconds: asking is no work of the fault's."""
    asked = [0.0]

    def approve():
        if time.monotonic() > asked[0] + 3:
            killing.approve_all(daemon)
            asked[0] = time.monotonic()

    return approve


def run(emulator, proxy, postgres, names, seconds, share=0.3, phase="create", patience=400):
    """The classes one after the other, each for so long, over a first convergence, what is held, or a teardown."""
    before = inventory.everything(emulator)
    tree = killing.example()
    daemon = Daemon(proxy.url, yaml.safe_dump(tree, sort_keys=False), postgres=postgres.conninfo())
    meanwhile = None
    try:
        daemon.start()
        if phase != "create":
            killing.converge(daemon)
        if phase == "teardown":
            tree = killing.emptied(tree)
            daemon.write(yaml.safe_dump(tree, sort_keys=False))
            daemon.reload()
            meanwhile = approving(daemon)
        each = [weather(daemon, proxy, name, seconds, share, meanwhile=meanwhile) for name in names]
        calls, spent, lasted = map(sum, zip(*each))
        ended = time.monotonic()
        if phase == "teardown":
            wait_until(lambda: killing.approve_all(daemon), "everything to be gone", patience, daemon.check_alive)
        else:
            daemon.wait_synced(patience, shown=killing.SHOWN)
        recovered = time.monotonic() - ended
        return Result(calls, spent, lasted, recovered,
                      problems(emulator, proxy, postgres, daemon, before, tree))
    except AssertionError as problem:
        return Result(0, 0, seconds, 0, [str(problem)])
    finally:
        daemon.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--class", action="append", choices=list(CLASSES), dest="classes")
    parser.add_argument("--phase", action="append", choices=PHASES, dest="phases")
    given = parser.parse_args()
    emulator = Emulator(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-storm-")) / "emulator.log")
    bad = total = 0
    try:
        emulator.load_everything()
        for phase in given.phases or PHASES:
            for name in given.classes or CLASSES:
                emulator.reset()
                proxy, postgres = Proxy(emulator.port), Postgres()
                try:
                    result = run(emulator, proxy, postgres, [name], given.seconds, given.share, phase)
                finally:
                    proxy.close()
                    postgres.close()
                if given.seconds >= 60 and result.share_of_core > MOST_OF_CORE:
                    result.problems.append("busy while AWS fails")
                total += 1
                bad += bool(result.problems)
                print(f"{phase:9} {name:20} {result}", flush=True)
    finally:
        emulator.stop()
    print(f"{total - bad} of {total} storms left one of each resource and a whole history")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

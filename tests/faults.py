#!/usr/bin/env python3
"""Reads tests/faults.yaml: which faults are survived, and are their tests there?

    tests/faults.py            checks that each named test exists; prints what is open and 'survived N of M'
    RUN=1 tests/faults.py      runs the named tests too: a row whose test fails is not survived

Unit programs are taken from $HOLDFAST_BUILD (build); system tests run with the Python that runs this.
Exit status 1: a row names a test that there is not, or one that failed.
"""
import collections
import os
import pathlib
import re
import subprocess
import sys

import yaml

TESTS = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("HOLDFAST_BUILD", "build"))
ROOMS = {"A": "AWS", "N": "network", "C": "credentials", "T": "time", "P": "Postgres", "D": "daemon", "K": "configuration",
         "S": "storage", "H": "people", "X": "strangers"}


def source_of(place):
    folder, _, name = place.partition("/")
    return TESTS / "system" / f"test_{name}.py" if folder == "system" else TESTS / "unit" / folder / f"test_{name}.c"


def exists(test):
    place, _, name = test.partition(":")
    path = source_of(place)
    if not path.is_file():
        return False
    begins = rf"^def {name}\(" if path.suffix == ".py" else rf"^static void {name}\("
    return re.search(begins, path.read_text(), re.M) is not None


def passes(test):
    """One test by itself; what it printed is shown when it fails."""
    place, _, name = test.partition(":")
    path = source_of(place)
    if path.suffix == ".py":
        command = [sys.executable, "-m", "pytest", "-q", f"{path}::{name}"]
    else:
        command = [str(BUILD / "tests/unit" / path.parent.name / path.stem), name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=TESTS.parent, stdin=subprocess.DEVNULL)
    if done.returncode:
        print(f"failed: {test}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def main():
    rows = yaml.safe_load((TESTS / "faults.yaml").read_text())["rows"]
    twice = [name for name, count in collections.Counter(row["id"] for row in rows).items() if count > 1]
    wrong = [f"{name} stands there twice" for name in twice]
    named = sorted({test for row in rows for test in row["tests"]})
    missing = {test for test in named if not exists(test)}
    wrong += [f"there is no test {test}" for test in sorted(missing)]
    failed = {test for test in named if test not in missing and not passes(test)} if os.environ.get("RUN") else set()
    survived = collections.Counter()
    total = collections.Counter()
    for row in rows:
        bad = [test for test in row["tests"] if test in missing | failed]
        is_survived = bool(row["tests"]) and not row.get("open") and not bad
        total[row["id"][0]] += 1
        survived[row["id"][0]] += is_survived
        if not is_survived:
            print(f"{row['id']}  {row['fault']}: {row.get('open') or ', '.join(bad) or 'no test'}")
        if not row["tests"] and not row.get("open"):
            wrong.append(f"{row['id']} has neither a test nor a reason")
    for room, count in total.items():
        print(f"{ROOMS.get(room, room):14} {survived[room]:3} of {count}")
    for problem in wrong:
        print(problem, file=sys.stderr)
    print(f"survived {sum(survived.values())} of {sum(total.values())}")
    return 1 if wrong or failed else 0


if __name__ == "__main__":
    sys.exit(main())

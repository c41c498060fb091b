#!/usr/bin/env python3
"""The rules of the house that a compiler does not know.

Product files stay under 600 lines and open with what they are for; no words that hide unfinished work;
SQL stands in state/ and nowhere else; what is freed at the end of its scope holds something from its
beginning (a return before it is filled would free what the stack held). (Unsafe libc calls are compile errors: base/defs.h.) Prints
file:line for each offence.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRODUCT = ("daemon", "reconcilers", "state", "config")
MOST_LINES = 600

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SQL = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|BEGIN|COMMIT|LISTEN)\s+\w')

CLEANED = re.compile(r"^\s+_cleanup_\w+\s+(?:const )?(?:struct )?\w+ ([^;(]*);", re.M)
WITHIN = re.compile(r"\{[^{}]*\}")


def unfilled(text):
    """(line, declaration) of each variable with a _cleanup_ that is declared without a value."""
    for match in CLEANED.finditer(text):
        if not all("=" in name for name in WITHIN.sub("", match[1]).split(",")):
            yield text.count("\n", 0, match.start(1)) + 1, match[0].strip()


def opens(lines):
    return bool(lines) and lines[0].startswith(("//", "/*"))


def header_of(path):
    """The lines of a file's own header, which may say what both are for."""
    header = path.with_suffix(".h")
    return header.read_text().splitlines() if path.suffix == ".c" and header.exists() else []


def main():
    offences = []
    count = 0
    for top in PRODUCT:
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            name = path.relative_to(ROOT)
            text = path.read_text()
            lines = text.splitlines()
            count += 1
            if len(lines) > MOST_LINES:
                offences.append(f"{name}:{MOST_LINES}: {len(lines)} lines; at most {MOST_LINES}")
            if not opens(lines) and not opens(header_of(path)):
                offences.append(f"{name}:1: a file opens with what it is for")
            offences += [f"{name}:{number}: not filled: {what}" for number, what in unfilled(text)]
            for number, line in enumerate(lines, 1):
                if UNFINISHED.search(line):
                    offences.append(f"{name}:{number}: unfinished: {line.strip()[:60]}")
                if top != "state" and SQL.search(line):
                    offences.append(f"{name}:{number}: SQL outside state/")
    for path in sorted((ROOT / "tests").rglob("*.[ch]")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if UNFINISHED.search(line):
                offences.append(f"{path.relative_to(ROOT)}:{number}: unfinished: {line.strip()[:60]}")
    print("\n".join(offences) if offences else f"house: {count} files in order")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())

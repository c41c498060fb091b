#!/usr/bin/env python3
"""The manual pages: groff has nothing to say about them, and they name the commands, options, kinds and fields that
the programs have, no more and no fewer.

    manual.py BUILD
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def text_of(page):
    """A page without roff's escapes and fonts."""
    text = re.sub(r"\\f[BIR]", "", page.read_text(encoding="utf-8"))
    text = text.replace("\\-", "-").replace("\\(aq", "'").replace("\\(dq", '"').replace("\\&", "")
    return "\n".join(re.sub(r'^\.[BI][BIR]? ', "", line).replace('"', "") if line[:2] in (".B", ".I") else line
                     for line in text.splitlines())


def warnings(page):
    done = subprocess.run(["groff", "-ww", "-z", "-K", "utf8", "-T", "utf8", "-man", str(page)],
                          capture_output=True, text=True, check=False)
    return [f"{page.name}: {line}" for line in done.stderr.splitlines()]


def entries(text):
    """What stands beside its explanation: the line after each .TP."""
    lines = text.splitlines()
    return [lines[i + 1] for i, line in enumerate(lines[:-1]) if line == ".TP"]


def compare(page, what, written, real):
    return ([f"{page}: {what} {one} is not there any more" for one in sorted(written - real)] +
            [f"{page}: {what} {one} is missing" for one in sorted(real - written)])


def check_commands(build):
    """holdfast(1): an entry for each command, with the options that its usage names."""
    help_of = output(build / "holdfast", "help")
    commands = set(re.findall(r"^  ([a-z]+)  +\S", help_of.split("Options of every")[0], re.M)) - {"holdfast"}
    found = entries(text_of(ROOT / "packaging/man/holdfast.1"))
    written = {line.split()[0]: line for line in found if re.match(r"[a-z]+( |$)", line)}
    problems = compare("holdfast.1", "command", set(written), commands)
    for name in sorted(commands & set(written)):
        usage = output(build / "holdfast", "help", name).split("Usage")[1].split("\n\n")[0]
        problems += compare("holdfast.1", f"option of {name}", set(OPTION.findall(written[name])),
                            set(OPTION.findall(usage)))
    return problems


def check_flags(build):
    """holdfastd(8): an entry for each flag."""
    real = set(re.findall(r"^  (--[a-z-]+)", output(build / "holdfastd", "--help"), re.M)) | {"--help"}
    found = entries(text_of(ROOT / "packaging/man/holdfastd.8"))
    return compare("holdfastd.8", "flag", {one for line in found for one in OPTION.findall(line)}, real)


def check_fields(build):
    """holdfast.yaml(5) as built: each kind, and each of its fields."""
    text, problems = text_of(build / "man/holdfast.yaml.5"), []
    for kind in json.loads(output(build / "holdfast", "-o", "json", "explain"))["kinds"]:
        section = text.split(f"\n.SS {kind['layer']}.{kind['name']}\n")
        if len(section) != 2:
            problems.append(f"holdfast.yaml.5: kind {kind['name']} is not there once")
            continue
        found = entries("\n" + re.split(r"\n\.S[SH] ", section[1])[0])
        real = json.loads(output(build / "holdfast", "-o", "json", "explain", kind["name"]))["fields"]
        problems += compare("holdfast.yaml.5", f"field of {kind['name']}",
                            {one for one in found if "[]." not in one}, {one["name"] for one in real})
    return problems


def main():
    build = (ROOT / sys.argv[1]).resolve()
    pages = [ROOT / "packaging/man/holdfast.1", ROOT / "packaging/man/holdfastd.8", build / "man/holdfast.yaml.5"]
    problems = [line for page in pages for line in warnings(page)]
    problems += check_commands(build) + check_flags(build) + check_fields(build)
    print("\n".join(problems) if problems else f"manual: {len(pages)} pages in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

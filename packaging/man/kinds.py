#!/usr/bin/env python3
"""The section of holdfast.yaml(5) that lists the kinds and their fields: from `holdfast -o json explain`, so from the
tables that check a file.

    kinds.py HOLDFAST PAGE

prints PAGE with the section in the place of its line `@KINDS@`. Run by the build.
"""
import json
import re
import subprocess
import sys

INTERRUPTS = {"connection-drop": "drops connections", "reboot": "reboots it", "data-loss": "loses data",
              "replacement": "replaces it"}


def explain(program, *path):
    done = subprocess.run([program, "-o", "json", "explain", *path], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def troff(text):
    """Text as roff has it; a line never begins with a control character."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace('"', "\\(dq")
    return "\\&" + text if text[:1] in (".", "'") else text


def sentence(text):
    first = re.split("[ ,;:]", text)[0]
    return (text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text) + "."


def put_field(field, out, prefix=""):
    out += [".TP", f".B {troff(prefix + field['name'])}"]
    limits = f" ({field['limits']})" if field.get("limits") else ""
    out.append(troff(sentence(field["type"] + limits)) if field["type"] else "\\&")
    if field.get("notes"):
        out.append(troff(sentence(field["notes"])))


def put_kind(program, kind, out):
    about = explain(program, kind["name"])
    out += [f".SS {kind['layer']}.{kind['name']}", troff(sentence(about.get("summary", kind["name"])))]
    if about["deletion"] != "none":
        out.append(f"Deleting one {INTERRUPTS[about['deletion']]}.")
    for field in about["fields"]:
        put_field(field, out)
        if field["type"] != "list of objects":
            continue
        for inner in explain(program, f"{kind['name']}.{field['name']}")["fields"]:
            put_field(inner, out, f"{field['name']}[].")


def main():
    program, page = sys.argv[1:]
    out = []
    for kind in explain(program)["kinds"]:
        put_kind(program, kind, out)
    before, after = open(page, encoding="utf-8").read().split("@KINDS@\n")
    print(before + "\n".join(out) + "\n" + after, end="")


if __name__ == "__main__":
    main()

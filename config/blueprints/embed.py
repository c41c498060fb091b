#!/usr/bin/env python3
"""Write the table of daemon/cli/blueprint.h from blueprints: embed.py FILE.yaml... > blueprints.c

The first line of each is its summary, as a comment, and not part of it.
"""

import pathlib
import sys


def quoted(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '\\n"'


def main():
    print('// Generated from config/blueprints/.\n#include "cli/blueprint.h"\n')
    print("const struct blueprint blueprints[] = {")
    for path in map(pathlib.Path, sys.argv[1:]):
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        print(f'\t{{"{path.stem}", "{first.lstrip("# ")}",')
        for line in lines:
            print("\t" + quoted(line))
        print("\t},")
    print("\t{0},\n};")


main()

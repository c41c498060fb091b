#!/usr/bin/env python3
"""Who may know whom.

An include points to the own folder or to a lower level, never up, never sideways; a folder whose
libraries the Makefile does not link may not be included either; foreign headers stay in the folders that
wrap them; and reconcilers/core knows no kind by name. Prints file:line for each offence.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folder: (path, level), as the house is built; lower first.
FOLDERS = {
    "base": ("daemon/base", 0),
    "loop": ("daemon/loop", 1),
    "config": ("config", 2),
    "state": ("state", 2),
    "aws": ("reconcilers/aws", 2),
    "core": ("reconcilers/core", 3),
    "network": ("reconcilers/network", 4),
    "compute": ("reconcilers/compute", 4),
    "data": ("reconcilers/data", 4),
    "security": ("reconcilers/security", 4),
    "monitoring": ("reconcilers/monitoring", 4),
    "control": ("daemon/control", 5),
    "cli": ("daemon/cli", 5),
    "app": ("daemon", 6),
}

# Whose business a library is. What is not listed here is for everybody (libc, jansson).
FOREIGN = {
    r"uv\.h": {"base", "loop", "control"},
    r"curl/": {"loop", "cli"},
    r"openssl/": {"base", "aws"},
    r"expat\.h": {"aws"},
    r"yaml\.h": {"config"},
    r"libpq-fe\.h|postgres": {"state"},
    r"microhttpd\.h": {"control"},
    r"systemd/": {"base", "loop"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def folder_of(path):
    """The folder whose rules hold for a file: the longest path that contains it."""
    name, length = None, -1
    for folder, (where, _) in FOLDERS.items():
        if path.is_relative_to(where) and len(where) > length:
            name, length = folder, len(where)
    return name


def linked(makefile):
    """USES_<folder> of the Makefile, expanded."""
    raw = dict(re.findall(r"^USES_(\w+) := (.*)$", makefile, re.M))

    def expand(name):
        words = set()
        for word in raw.get(name, name).split():
            inner = re.fullmatch(r"\$\(USES_(\w+)\)", word)
            words |= expand(inner.group(1)) if inner else {word}
        return words

    uses = {name: expand(name) for name in raw}
    for kinds in ("network", "compute", "data", "security", "monitoring"):
        uses[kinds] = (uses["core"] - {"kinds"}) | {kinds}
    return uses


def allowed(folder, uses):
    level = FOLDERS[folder][1]
    below = {f for f, (_, l) in FOLDERS.items() if l < level} | {folder}
    return below & (uses[folder] | {folder, "network", "compute", "data", "security", "monitoring"})


def check_file(path, folder, may, complain):
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quote, target = found.groups()
        if quote == "<":
            for pattern, owners in FOREIGN.items():
                if re.match(pattern, target) and folder not in owners:
                    complain(path, number, f"<{target}> belongs to {', '.join(sorted(owners))}")
            continue
        first = target.split("/")[0] if "/" in target else None
        if first is None or first not in FOLDERS:
            if first is None and (ROOT / path.parent / target).exists():
                continue
            if first is None and folder == "app" and (ROOT / "daemon" / target).exists():
                continue
            complain(path, number, f'"{target}": write it as "<folder>/<file>.h"')
        elif first not in may:
            complain(path, number, f"{folder} may not include {first}: only {', '.join(sorted(may))}")


def check_core(kinds, complain):
    """The core is the same for all kinds: no kind's name stands in its code."""
    for path in sorted((ROOT / "reconcilers/core").glob("*.[ch]")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//")[0]
            if code.lstrip().startswith(("/*", "*")):
                continue
            for text in STRING.findall(code):
                if text in kinds:
                    complain(path.relative_to(ROOT), number, f'the core names a kind: "{text}"')


def main():
    offences = []

    def complain(path, number, text):
        offences.append(f"{path}:{number}: {text}")

    uses = linked((ROOT / "Makefile").read_text())
    count = 0
    for folder, (where, _) in FOLDERS.items():
        pattern = "*.[ch]" if folder == "app" else "**/*.[ch]"
        for path in sorted((ROOT / where).glob(pattern)):
            path = path.relative_to(ROOT)
            if folder_of(path) == folder:
                check_file(path, folder, allowed(folder, uses), complain)
                count += 1
    kinds = set()
    for layer in ("network", "compute", "data", "security", "monitoring"):
        for path in (ROOT / "reconcilers" / layer).glob("*.c"):
            if path.stem != "layer":
                kinds.add(path.stem)
    check_core(kinds, complain)
    print("\n".join(offences) if offences else f"layers: {count} files, every include points down")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())

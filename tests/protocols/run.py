#!/usr/bin/env python3
"""Run protocol cases in botocore's format through our codecs: run.py [-v] [FILE.json...]

Each case of a file is a small service model with one operation, and either parameters and the request
expected of them, or a response and the result expected of it. The cases become tables through gen.py, as
the real models do, and are compiled together with the codecs and driver.c; so AWS's public suites
(botocore tests/unit/protocols) can be given as arguments just as the files beside this one.
"""

import argparse
import base64
import calendar
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCES = ["reconcilers/aws/" + name for name in (
    "model.c", "wire.c", "wirecheck.c", "wireform.c", "wirejson.c", "wirerest.c", "wiretext.c",
    "wirexml.c", "xml.c")]
SOURCES += ["daemon/base/" + name for name in ("buf.c", "err.c", "hash.c", "js.c", "num.c", "str.c")]


class Case:
    def __init__(self, suite, case, number, origin):
        self.suite, self.case = suite, case
        self.service = f"case{number:05d}"
        self.name = f"{origin}: {suite.get('description', '?')}: {case.get('id', number)}"
        self.given = case["given"]
        self.shapes = suite.get("shapes", {})
        self.protocol = suite["metadata"].get("protocol")

    def model(self):
        operation = {k: v for k, v in self.given.items() if k != "name"}
        operation.setdefault("http", {"method": "POST", "requestUri": "/"})
        metadata = {**self.suite["metadata"]}
        return {"metadata": metadata, "operations": {self.given["name"]: operation},
                "shapes": self.shapes}

    def request(self):
        base = {"service": self.service, "operation": self.given["name"]}
        if "response" not in self.case:
            params = self.convert(self.given.get("input"), self.case.get("params", {}), to_wire=True)
            return {**base, "encode": params}
        response = {"status": self.case["response"].get("status_code", 200),
                    "headers": self.case["response"].get("headers", {}),
                    "body": self.case["response"].get("body", "")}
        if response["status"] >= 300:
            return {"error": response}
        return {**base, "decode": response}

    def convert(self, ref, value, to_wire):
        """Blobs are plain text in the cases and base64 in ours; times are numbers in the cases."""
        if ref is None or value is None:
            return value
        shape = self.shapes[ref["shape"]]
        kind = shape["type"]
        if kind == "structure" and isinstance(value, dict) and not shape.get("document"):
            return {k: self.convert(shape.get("members", {}).get(k), v, to_wire)
                    for k, v in value.items()}
        if kind == "list" and isinstance(value, list):
            return [self.convert(shape["member"], v, to_wire) for v in value]
        if kind == "map" and isinstance(value, dict):
            return {k: self.convert(shape["value"], v, to_wire) for k, v in value.items()}
        if kind == "blob":
            return (base64.b64encode(value.encode()).decode() if to_wire
                    else base64.b64decode(value).decode())
        if kind == "timestamp" and not to_wire:
            return epoch(value)
        return value


def epoch(text):
    if not isinstance(text, str):
        return text
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    seconds = calendar.timegm(when.utctimetuple()) + when.microsecond / 1e6
    return int(seconds) if seconds == int(seconds) else seconds


def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and a == b
    return a == b or (None not in (a, b) and abs(a - b) < 1e-6)


def form(text):
    return sorted(urllib.parse.parse_qsl(text, keep_blank_values=True))


def tree(text):
    """XML without regard to the order of different siblings or to blanks between elements."""
    def walk(node):
        return (node.tag, (node.text or "") if len(node) else (node.text or ""),
                sorted(node.attrib.items()),
                sorted((walk(child) for child in node), key=lambda c: c[0]))
    return walk(ET.fromstring(text)) if text else None


def same_body(case, got, want):
    if case.protocol in ("query", "ec2"):
        return form(got) == form(want)
    if got == want:
        return True
    try:
        if case.protocol == "rest-xml":
            return tree(got) == tree(want)
        return same(json.loads(got), json.loads(want))
    except (ValueError, ET.ParseError):
        return False


def check_request(case, got):
    want = case.case["serialized"]
    if "failed" in got:
        yield f"refused: {got['failed']}"
        return
    if want.get("method", "POST") != got["method"]:
        yield f"method {got['method']}"
    path, _, query = want.get("uri", "/").partition("?")
    if got["path"] != path:
        yield f"path {got['path']} instead of {path}"
    if form(got["query"]) != form(query):
        yield f"query {got['query']} instead of {query}"
    body = want.get("body")
    if body is not None and not same_body(case, got["body"], body):
        yield f"body {got['body']!r} instead of {body!r}"
    if want.get("host") and not want["host"].startswith(got["host_prefix"] or "\0"):
        yield f"host prefix {got['host_prefix']!r} for {want['host']}"
    headers = {name.lower(): value for name, value in got["headers"]}
    for name, value in want.get("headers", {}).items():
        if headers.get(name.lower()) != value:
            yield f"header {name}: {headers.get(name.lower())!r} instead of {value!r}"
    for name in want.get("forbidHeaders", []):
        if name.lower() in headers:
            yield f"header {name} is forbidden"
    for name in want.get("requireHeaders", []):
        if name.lower() not in headers and name.lower() != "content-length":
            yield f"header {name} is missing"


def check_response(case, got):
    if case.case["response"].get("status_code", 200) >= 300:
        code = case.case.get("errorCode")
        if code is not None and got.get("code") != code:
            yield f"code {got.get('code')!r} instead of {code!r}"
        message = case.case.get("errorMessage")
        if message is not None and got.get("message") != message:
            yield f"message {got.get('message')!r} instead of {message!r}"
        return
    if "bad" in case.case:
        if got.get("code") != "BadAnswer":
            yield f"taken as {got}"
        return
    if "failed" in got:
        yield got["failed"]
        return
    output = case.convert(case.given.get("output"), got["output"], to_wire=False)
    if not same(output, case.case.get("result", {})):
        yield f"{json.dumps(output)} instead of {json.dumps(case.case.get('result', {}))}"


def build(cases, folder):
    models = []
    for case in cases:
        models.append(folder / f"{case.service}.json")
        models[-1].write_text(json.dumps(case.model()))
    generated = subprocess.run(
        [sys.executable, ROOT / "reconcilers/aws/models/gen.py", *models], check=True,
        capture_output=True)
    (folder / "models.c").write_bytes(generated.stdout)
    flags = ["-std=gnu17", "-D_GNU_SOURCE", "-g", "-O1", "-Idaemon", "-Ireconcilers"]
    flags += os.environ.get("PROTOCOL_CFLAGS", "").split()
    subprocess.run([os.environ.get("CC", "cc"), *flags, "-o", folder / "driver", HERE / "driver.c",
                    folder / "models.c", *SOURCES, "-ljansson", "-lexpat", "-lcrypto", "-lm"],
                   check=True, cwd=ROOT)


def load(paths):
    for path in paths:
        for suite in json.loads(pathlib.Path(path).read_text()):
            for case in suite["cases"]:
                yield suite, case, pathlib.Path(path).parent.name + "/" + pathlib.Path(path).stem


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-v", "--verbose", action="store_true", help="name every case")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    files = options.files or sorted(HERE.glob("*put/*.json"))
    cases = [Case(suite, case, i, origin) for i, (suite, case, origin) in enumerate(load(files))
             if suite["metadata"].get("protocol") != "smithy-rpc-v2-cbor"]
    with tempfile.TemporaryDirectory() as folder:
        build(cases, pathlib.Path(folder))
        lines = "".join(json.dumps(case.request()) + "\n" for case in cases)
        run = subprocess.run([pathlib.Path(folder) / "driver"], input=lines, text=True,
                             capture_output=True, check=False)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if run.returncode or len(answers) != len(cases):
        sys.exit(f"driver ended with {run.returncode} after {len(answers)} answers\n{run.stderr}")
    failures = 0
    for case, got in zip(cases, answers):
        check = check_response if "response" in case.case else check_request
        problems = list(check(case, got))
        failures += bool(problems)
        if problems or options.verbose:
            print("FAIL" if problems else "ok  ", case.name, *problems, sep="\n     ")
    print(f"{len(cases) - failures} of {len(cases)} protocol cases pass")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

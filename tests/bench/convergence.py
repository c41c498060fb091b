"""make bench: the first convergence of the whole example, against its own requests in the best order.

A run of the daemon from nothing is recorded, request by request. Then a fresh emulator gets the same requests from a
bare client in C (replay.c) that knows everything beforehand: each goes out as soon as what it refers to has been
answered, the ones with the longest way behind them first. How many at a time is tried out, as the emulator gets slower
by what it has to do side by side, and the fastest counts. Ids that the emulator makes up are put in as they come. What a
request refers to:

  - ids, ARNs and host names that an earlier answer told first;
  - what an earlier change made under a name that the request gives to the same parameter of the same service;
  - with "ready": for what has states, the first read that showed it after it was made, as nobody may build on what
    is still pending. Without it the bound is one that no client of AWS could keep.

Both are timed from the first request to the last answer. Postgres is up before (its first start is no call), and
certificates are issued at once. Only ratios mean anything; runs are taken in turn.
"""
import collections
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

import yaml  # noqa: E402

import as_aws  # noqa: E402
from daemon import BUILD, Daemon  # noqa: E402
from emulator import Emulator  # noqa: E402
from multi_tier import text  # noqa: E402
from proxy import Proxy  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
IN_FLIGHT = tuple(map(int, os.environ.get("BENCH_IN_FLIGHT", "2 4 8 64").split()))  # the fastest of these is the best order
FAR = 0.030
BOUND = 1.3

# What the emulator makes up, wherever it stands.
ATOM = re.compile(
    r"\b(?:vpc|subnet|igw|eipalloc|eipassoc|nat|rtb|rtbassoc|vpce|acl|aclassoc|fl|sg|sgr|prx)-[0-9a-z]{8,20}\b"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=secret:)[\w!/+=.@-]+"
    r"|(?<=/)[0-9a-f]{16}\b")
FIXED = re.compile(r"arn:aws:[\w:/.!@-]+|[\w.-]+\.amazonaws\.com\b")
# Things that AWS takes a while to make, by the operation that makes them.
PENDING = {"CreateVpc", "CreateSubnet", "CreateNatGateway", "CreateVpcEndpoint", "CreateLoadBalancer",
           "CreateDBInstance", "CreateDBProxy", "CreateDomain", "CreateDeliveryStream", "CreateCluster", "CreateService",
           "RequestCertificate", "CreateKey"}


def median(values):
    return sorted(values)[len(values) // 2]


def example():
    tree = yaml.safe_load(text())
    tree["policy"]["interval"] = "1h"
    return tree


class World:
    """An emulator with nothing in it behind a proxy."""

    def __init__(self, home, delay):
        self.emulator = Emulator(home / "emulator.log", MOTO_ACM_VALIDATION_WAIT="0")
        self.emulator.load_everything()
        self.proxy = Proxy(self.emulator.port)
        self.proxy.behaviours = [as_aws.kms_key_arns(), self.note]
        self.proxy.delay = delay
        self.answers = {}

    def note(self, call, status, answer):
        self.answers[call.number] = (status, answer.decode("utf-8", "replace"), time.monotonic())
        return status, answer

    def close(self):
        self.proxy.close()
        self.emulator.stop()


def converge(home, delay):
    """(seconds, [request], [request before it]) of a first convergence."""
    world = World(home, delay)
    tree = example()
    nothing = {name: value for name, value in tree.items() if name in ("stack", "account", "region", "policy")}
    daemon = Daemon(world.proxy.url, yaml.safe_dump(nothing))
    paths = {}
    record = world.proxy.record

    def with_path(handler, body):
        call = record(handler, body)
        paths[call.number] = (handler.command, handler.path)
        return call

    def requests():
        return [request_of(call, *paths[call.number], *world.answers[call.number])
                for call in world.proxy.seen() if call.number in world.answers]

    try:
        world.proxy.record = with_path
        daemon.start()
        daemon.sync()
        before = requests()
        world.proxy.clear_calls()
        world.answers.clear()
        daemon.write(yaml.safe_dump(tree, sort_keys=False))
        daemon.reload()
        daemon.wait_synced()
        found = requests()
        assert all(one["status"] // 100 == 2 for one in found if one["writes"]), "a change failed"
        return max(one["end"] for one in found) - min(one["at"] for one in found), found, before
    finally:
        daemon.close()
        world.close()


def request_of(call, method, path, status, answer, end):
    headers = {name: value for name, value in call.headers.items()
               if name.lower() in ("authorization", "content-type", "x-amz-target", "x-amz-date")}
    return {"name": call.name, "method": method, "path": path, "headers": headers, "body": call.body.decode(),
            "params": call.params, "writes": call.is_mutating, "status": status, "answer": answer, "at": call.at,
            "end": end}


# ---- what waits for what


def plain(one):
    """A request as text, nothing encoded."""
    return urllib.parse.unquote_plus(urllib.parse.unquote_plus(one["path"] + "\n" + one["body"]))


def chunk_of(answer, atom):
    """The innermost item of a listing that tells it."""
    return next(piece for piece in answer.split("<item>") if atom in piece)


class Order:
    """deps[i]: requests that i waits for; atoms[i]: {made-up text: where it comes from}."""

    def __init__(self, requests, is_ready):
        self.requests = requests
        self.deps = [set() for _ in requests]
        self.sources = {}  # atom -> (request, index in its answer or None, [anchors])
        self.by_end = sorted(range(len(requests)), key=lambda i: requests[i]["end"])
        self.named = {}
        for i, one in enumerate(requests):
            for atom in set(ATOM.findall(plain(one))):
                self.source(atom, i)
        for i, one in enumerate(requests):
            self.refer(i, one, is_ready)

    def before(self, i):
        return [j for j in self.by_end if self.requests[j]["end"] <= self.requests[i]["at"]]

    def source(self, atom, i):
        if atom in self.sources:
            return
        told = [j for j in self.before(i) if atom in self.requests[j]["answer"]]
        made = next((j for j in told if self.requests[j]["writes"]), None)
        if made is not None:
            index = ATOM.findall(self.requests[made]["answer"]).index(atom)
            self.sources[atom] = (made, index, [])
        elif told:  # only a read tells it: beside something that is known
            chunk = chunk_of(self.requests[told[0]]["answer"], atom)
            anchors = [other for other in ATOM.findall(chunk) if other != atom]
            for other in anchors:
                self.source(other, told[0])
            anchors = [other for other in anchors if other in self.sources]
            self.sources[atom] = (told[0], None, anchors)
            self.deps[told[0]] |= {self.sources[other][0] for other in anchors} - {told[0]}

    def refer(self, i, one, is_ready):
        request = plain(one)
        makers = {self.sources[atom][0] for atom in set(ATOM.findall(request)) if atom in self.sources}
        if one["writes"]:
            for word in set(FIXED.findall(request)):
                makers |= set(self.first_told(i, word))
            for key, value in one["params"].items():
                key = (one["name"].split(":")[0], key, str(value))
                if re.search(r"(Name|Identifier|name|family|ResourceId|path)$", key[1]):
                    name = (*key[:2], value.split("?")[0] if key[1] == "path" else key[2])
                    maker = self.named.setdefault(name, i)
                    makers.add(maker)
                if key[1] == "ResourceId":  # the end of the ARN of a service
                    makers |= {j for j in self.before(i) if self.requests[j]["writes"]
                               and f":{value}\"" in self.requests[j]["answer"]}
        self.deps[i] |= makers - {i}
        if is_ready and one["writes"]:
            for maker in makers - {i}:
                self.deps[i] |= self.shown(maker, i)

    def first_told(self, i, word):
        return next(([j] for j in self.before(i) if self.requests[j]["writes"]
                     and word in self.requests[j]["answer"]), [])

    def shown(self, maker, i):
        """The first read that began after it was made and tells of it, by what nothing told before it was."""
        of = self.requests[maker]
        if of["name"].split(":")[1] not in PENDING:
            return set()
        words = {atom for atom in ATOM.findall(of["answer"]) if self.sources.get(atom, [None])[0] == maker} or {
            word for word in FIXED.findall(of["answer"]) if self.first_told(i, word) == [maker]}
        for j in self.before(i):
            one = self.requests[j]
            if not one["writes"] and one["at"] >= of["end"] and any(word in one["answer"] for word in words):
                self.deps[j].add(maker)
                return {j}
        return set()

    def ranks(self):
        """The longest way behind each."""
        after = collections.defaultdict(set)
        for i, deps in enumerate(self.deps):
            for j in deps:
                after[j].add(i)
        rank = {}
        for i in sorted(range(len(self.requests)), key=lambda k: -self.requests[k]["at"]):
            rank[i] = 1 + max((rank.get(k, 0) for k in after[i]), default=0)
        return rank


# ---- the replay: the plan that replay.c carries out


class Plan:
    def __init__(self, requests, is_ready):
        self.order = Order(requests, is_ready)
        self.requests = requests
        self.atoms = {atom: n for n, atom in enumerate(self.order.sources)}
        ranks = self.order.ranks()
        self.depth = max(ranks.values(), default=0)
        frees = collections.defaultdict(list)
        for i, deps in enumerate(self.order.deps):
            for j in deps:
                frees[j].append(i)
        told = collections.defaultdict(list)
        for atom, (i, index, anchors) in self.order.sources.items():
            told[i].append(self.told(requests[i]["answer"], atom, index))
        self.rows = [{"name": one["name"], "method": one["method"], "writes": one["writes"],
                      "headers": [f"{name}: {value}" for name, value in one["headers"].items()],
                      "path": self.sent(one["path"]), "body": self.sent(one["body"]), "rank": ranks[i],
                      "waits": len(self.order.deps[i]), "frees": frees[i], "tells": told[i]}
                     for i, one in enumerate(requests)]

    def sent(self, text):
        """A request's text, with what the other side makes up as [atom, times that it is encoded]."""
        forms = {}
        for atom, number in self.atoms.items():
            for times in (2, 1, 0):  # what needs no encoding is the same in all
                forms[functools.reduce(lambda x, _: urllib.parse.quote(x, safe=""), range(times), atom)] = [number, times]
        return [forms.get(piece, piece) for piece in split(text, forms) if piece]

    def told(self, answer, atom, index):
        """Where an answer tells an atom: by what stands before it, or by the item of the listing that it is in."""
        if index is None:
            piece = chunk_of(answer, atom).split("</item>")[0]
            return {"text": [self.place(word, atom) for word in split(piece, set(ATOM.findall(piece))) if word], "nth": 0}
        at = list(ATOM.finditer(answer))[index].start()
        before = re.split(ATOM.pattern + r"|\d{6,}|\d\d:\d\d", answer[max(0, at - 40):at])[-1]
        pattern = re.escape(before) + r"(?=[^<\"]{%d})" % len(atom)
        nth = [found.end() for found in re.finditer(pattern, answer)].index(at)
        return {"text": [before, [self.atoms[atom], -len(atom)]], "nth": nth}

    def place(self, word, wanted):
        if not ATOM.fullmatch(word):
            return word
        if word != wanted and word in self.atoms:
            return [self.atoms[word], 0]
        return [self.atoms.get(word, -1), -len(word)]


def split(text, words):
    """The text in pieces, each of the words one of its own."""
    return re.split("(" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")", text) if words else [text]


def replay(home, delay, requests, before, is_ready, in_flight):
    plan = Plan(requests, is_ready)
    world = World(home, delay)
    try:
        send(world, home, Plan(before, False), 8)  # what the emulator loads at a service's first request is loaded
        return send(world, home, plan, in_flight), plan.depth
    finally:
        world.close()


def send(world, home, plan, in_flight):
    path = home / "plan.json"
    path.write_text(json.dumps({"atoms": len(plan.atoms), "requests": plan.rows}))
    done = subprocess.run([BUILD / "tests/bench/replay", world.proxy.url, path, str(in_flight)],
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return float(done.stdout)


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    try:
        for delay in (0, FAR):
            measure(home, delay)
    finally:
        for path in home.iterdir():
            path.unlink()
        home.rmdir()


def measure(home, delay):
    own, took, depth = [], collections.defaultdict(list), {}
    for _ in range(ROUNDS):
        seconds, requests, before = converge(home, delay)
        own.append(seconds)
        for name, is_ready in (("ready", True), ("ids only", False)):
            for in_flight in IN_FLIGHT:
                seconds, depth[name] = replay(home, delay, requests, before, is_ready, in_flight)
                took[name, in_flight].append(seconds)
    writes = sum(one["writes"] for one in requests)
    print(f"first convergence, {delay * 1000:.0f} ms away: {len(requests)} calls, {writes} of them changes; "
          f"medians of {ROUNDS} runs", flush=True)
    print(f"  daemon                        {median(own):6.2f} s")
    for name, bound in (("ready", f"  (bound {BOUND})"), ("ids only", "")):
        best, in_flight = min((median(took[name, one]), one) for one in IN_FLIGHT)
        print(f"  best order, {name:<17} {best:6.2f} s, {depth[name]:2} deep, {in_flight} at a time"
              f"   ratio {median(own) / best:.2f}{bound}", flush=True)


if __name__ == "__main__":
    main()

"""make bench: the first convergence of the whole example, against its own requests in the best order.

A run of the daemon from nothing is recorded, request by request. Then a fresh emulator gets the same requests from a
bare client that knows everything beforehand: each goes out as soon as what it refers to has been answered, the ones
with the longest way behind them first, as many at a time as the daemon has in flight at most. Ids that the emulator
makes up are put in as they come. What a request refers to:

  - ids, ARNs and host names that an earlier answer told first;
  - what an earlier change made under a name that the request gives to the same parameter of the same service;
  - with "ready": for what has states, the first read that showed it after it was made, as nobody may build on what
    is still pending. Without it the bound is one that no client of AWS could keep.

Both are timed from the first request to the last answer. Postgres is up before (its first start is no call), and
certificates are issued at once. Only ratios mean anything; runs are taken in turn.
"""
import collections
import concurrent.futures
import heapq
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

import yaml  # noqa: E402

import as_aws  # noqa: E402
from daemon import Daemon  # noqa: E402
from emulator import Emulator  # noqa: E402
from multi_tier import text  # noqa: E402
from proxy import Proxy  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
IN_FLIGHT = 64  # of the daemon (aws_settings.most_in_flight)
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
    """(seconds, [request]) of a first convergence."""
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

    try:
        daemon.start()
        daemon.sync()
        world.proxy.record = with_path
        world.proxy.clear_calls()
        world.answers.clear()
        daemon.write(yaml.safe_dump(tree, sort_keys=False))
        daemon.reload()
        daemon.wait_synced()
        calls = [call for call in world.proxy.seen() if call.number in world.answers]
        requests = []
        for call in calls:
            status, answer, end = world.answers[call.number]
            method, path = paths[call.number]
            headers = {name: value for name, value in call.headers.items()
                       if name.lower() in ("authorization", "content-type", "x-amz-target", "x-amz-date")}
            requests.append({"name": call.name, "method": method, "path": path, "headers": headers,
                             "body": call.body.decode(), "params": call.params, "writes": call.is_mutating,
                             "status": status, "answer": answer, "at": call.at, "end": end})
        assert all(one["status"] == 200 for one in requests if one["writes"]), "a change failed"
        return max(one["end"] for one in requests) - min(one["at"] for one in requests), requests
    finally:
        daemon.close()
        world.close()


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
        """The first read that began after it was made and tells of it."""
        of = self.requests[maker]
        if of["name"].split(":")[1] not in PENDING:
            return set()
        words = set(ATOM.findall(of["answer"])) or set(FIXED.findall(of["answer"]))
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


# ---- the replay, in a process of its own


class Replay:
    def __init__(self, port, plan):
        self.port, self.plan = port, plan
        self.new = {}  # atom -> what it is here
        self.answers = {}
        self.local = threading.local()
        self.told = collections.defaultdict(list)
        for atom, (i, index, anchors) in plan["sources"].items():
            self.told[i].append((atom, index, anchors))

    def translated(self, text, atoms):
        for atom in atoms:
            new = self.new[atom]
            for _ in range(3):  # as it is, encoded, encoded in what is encoded
                text = text.replace(atom, new)
                old, atom, new = atom, urllib.parse.quote(atom, safe=""), urllib.parse.quote(new, safe="")
                if old == atom:
                    break
        return text

    def send(self, i):
        one = self.plan["requests"][i]
        atoms = one["atoms"]
        body, path = self.translated(one["body"], atoms), self.translated(one["path"], atoms)
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(one["method"], path, body=body.encode(), headers=one["headers"])
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        if one["writes"] and answer.status != 200:
            raise RuntimeError(f"{one['name']} {body[:300]}: {answer.status} {text[:300]}")
        for atom, index, anchors in self.told[i]:
            self.new[atom] = self.found(text, one["answer"], atom, index, anchors)
        return i

    def found(self, text, recorded, atom, index, anchors):
        if index is not None:
            return ATOM.findall(text)[index]
        old = chunk_of(recorded, atom)
        place = ATOM.findall(old).index(atom)
        shape = ATOM.sub("", old.split("</item>")[0])
        for piece in text.split("<item>"):
            if (ATOM.sub("", piece.split("</item>")[0]) == shape
                    and all(self.new.get(other, other) in piece for other in anchors)):
                return ATOM.findall(piece)[place]
        raise RuntimeError(f"{atom} is not told: {old[:200]} in {text[:2000]}")

    def run(self):
        requests = self.plan["requests"]
        waits = [set(one["deps"]) for one in requests]
        after = collections.defaultdict(list)
        for i, deps in enumerate(waits):
            for j in deps:
                after[j].append(i)
        due = [(-one["rank"], i) for i, one in enumerate(requests) if not waits[i]]
        heapq.heapify(due)
        running = set()
        with concurrent.futures.ThreadPoolExecutor(IN_FLIGHT) as pool:
            list(pool.map(lambda _: time.sleep(0.01), range(IN_FLIGHT)))  # threads are there before it begins
            began = time.monotonic()
            while due or running:
                while due and len(running) < IN_FLIGHT:
                    running.add(pool.submit(self.send, heapq.heappop(due)[1]))
                done, running = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
                for future in done:
                    i = future.result()
                    for k in after[i]:
                        waits[k].discard(i)
                        if not waits[k]:
                            heapq.heappush(due, (-requests[k]["rank"], k))
            return time.monotonic() - began


def replay(home, delay, requests, is_ready):
    order = Order(requests, is_ready)
    rank = order.ranks()
    plan = {"sources": order.sources, "requests": [
        {**{name: one[name] for name in ("name", "method", "path", "headers", "body", "writes", "answer")},
         "deps": sorted(order.deps[i]), "rank": rank[i],
         "atoms": [atom for atom in sorted(set(ATOM.findall(plain(one)))) if atom in order.sources]}
        for i, one in enumerate(requests)]}
    path = home / "plan.json"
    path.write_text(json.dumps(plan))
    world = World(home, delay)
    try:
        done = subprocess.run([sys.executable, __file__, "--replay", str(world.proxy.port), str(path)],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return float(done.stdout), max(rank.values())
    finally:
        world.close()


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    try:
        for delay in (0, FAR):
            took = collections.defaultdict(list)
            for _ in range(ROUNDS):
                seconds, requests = converge(home, delay)
                took["daemon"].append(seconds)
                for name, is_ready in (("ready", True), ("ids only", False)):
                    seconds, depth = replay(home, delay, requests, is_ready)
                    took[name].append(seconds)
                    took[name + " deep"].append(depth)
            writes = sum(one["writes"] for one in requests)
            print(f"first convergence, {delay * 1000:.0f} ms away: {len(requests)} calls, {writes} of them changes; "
                  f"medians of {ROUNDS} runs", flush=True)
            own = median(took["daemon"])
            print(f"  daemon                        {own:6.2f} s")
            for name, bound in (("ready", f"  (bound {BOUND})"), ("ids only", "")):
                print(f"  best order, {name:<17} {median(took[name]):6.2f} s, {median(took[name + ' deep']):2} deep"
                      f"   ratio {own / median(took[name]):.2f}{bound}", flush=True)
    finally:
        for path in home.iterdir():
            path.unlink()
        home.rmdir()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--replay"]:
        print(Replay(int(sys.argv[2]), json.loads(pathlib.Path(sys.argv[3]).read_text())).run())
    else:
        main()

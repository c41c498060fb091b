"""The whole example while AWS is ill: a class of fault hits a part of all calls for a while, then it is over.

    python tests/system/storming.py [--seconds 60] [--share 0.3] [--class throttling ...]
                                     [--phase create|held|teardown]

runs each class by itself (as `make storms SECONDS=60` does) and prints a line a class: what the daemon used of a core while
AWS was failing, how long after the end of it everything was as the file says, and what is wrong then: more or fewer
than one of each, changes that history does not have, writes although nothing is left to do. In each phase: while the
example comes up, while it is held, and while it is taken down by a person who approves whatever is held.
"""
import argparse
import collections
import email.utils
import json
import pathlib
import random
import sys
import tempfile
import time
from datetime import datetime, timezone

import yaml

import inventory
import killing
import nameless
import tokens
from daemon import Daemon, wait_until
from emulator import Emulator
from postgres import Postgres
from proxy import Proxy

SKEWED = 3600  # seconds by which some of AWS's clocks are ahead
SIGNED_FOR = 300  # seconds for which a signature is good
PAGE = 2  # items of a page of EC2, where its tokens expire
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
    "names": dict(kind="names"),
    "page token": dict(kind="error", status=400, code="InvalidNextToken", message="The token has expired."),
    **{f"stuck {name}": dict(kind="stuck", name=name) for name in ("nat_gateway", "db_instance", "load_balancer")},
    **{f"deleting {name}": dict(kind="deleting", name=name) for name in ("nat_gateway", "db_instance")},
    **{f"denied {name}": dict(kind="one denied", name=name) for name in ("CreateTags", "PutRolePolicy", "ModifyListener")},
}

# What never comes to be ready: its read, how AWS says ready, and that it is not.
STUCK = {
    "nat_gateway": ("DescribeNatGateways", b"<state>available</state>", b"<state>pending</state>"),
    "db_instance": ("DescribeDBInstances", b"<DBInstanceStatus>available</DBInstanceStatus>",
                    b"<DBInstanceStatus>creating</DBInstanceStatus>"),
    "load_balancer": ("DescribeLoadBalancers", b"<Code>active</Code>", b"<Code>provisioning</Code>"),
}

# What never comes to be gone: its deletion, its read, how it is shown by AWS before, and while it is being deleted.
GOING = {
    "nat_gateway": ("DeleteNatGateway", "DescribeNatGateways", b"<state>deleted</state>", b"<state>deleting</state>"),
    "db_instance": ("DeleteDBInstance", "DescribeDBInstances", b"<DBInstanceStatus>available</DBInstanceStatus>",
                    b"<DBInstanceStatus>deleting</DBInstanceStatus>"),
}
MOST_TRIED = 8  # times that one change is sent in a minute of a storm: what fails is paced, and nothing is done in a loop


def untag(aws, vpc):
    aws.client("ec2").delete_tags(Resources=[vpc], Tags=[{"Key": "environment"}])


def take_policy(aws, role):
    iam = aws.client("iam")
    iam.delete_role_policy(RoleName=role, PolicyName=iam.list_role_policies(RoleName=role)["PolicyNames"][0])


def redirect_otherwise(aws, listener):
    aws.client("elbv2").modify_listener(ListenerArn=listener, DefaultActions=[{"Type": "redirect", "RedirectConfig": {
        "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_302"}}])


# What is denied alone: the action's name in a policy, whose it is, and what a person does so that it is needed.
DENIED = {
    "CreateTags": ("ec2:CreateTags", "network.vpc.main", untag),
    "PutRolePolicy": ("iam:PutRolePolicy", "security.iam_role.execution", take_policy),
    "ModifyListener": ("elasticloadbalancing:ModifyListener", "compute.listener.http", redirect_otherwise),
}
MOST_DENIED = 4  # times in a minute that what is denied is tried: one incident, not a loop
ELSEWHERE = 25  # seconds until another layer has mended something: an interval or two, and a machine that is busy
LOG_GROUP = "/shop/app"  # elsewhere


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


class Stuck:
    """Nothing of that kind ever becomes ready."""

    def __init__(self, kind):
        self.operation, self.ready, self.pending = STUCK[kind]

    def __call__(self, call, status, answer):
        return status, answer.replace(self.ready, self.pending) if call.operation == self.operation else answer


class Going:
    """What is deleted of that kind is on its way out for ever."""

    def __init__(self, kind):
        self.delete, self.read, self.ready, self.going = GOING[kind]
        self.is_deleted = False
        self.there = {}  # what is asked -> the last answer that shows it; an emulator shows no more what it has deleted

    def __call__(self, call, status, answer):
        self.is_deleted = self.is_deleted or call.operation == self.delete
        if call.operation != self.read:
            return status, answer
        if not self.is_deleted and status == 200:
            self.there[call.body] = answer
        if self.is_deleted and self.ready not in answer:
            answer = self.there.get(call.body, next(iter(self.there.values()), answer))
            status = 200
        return status, answer.replace(self.ready, self.going) if self.is_deleted else answer


class Local:
    """A fault of one action, or of one kind: it is told of by its name and the others go on meanwhile."""

    def __init__(self, name, phase, emulator, proxy, daemon):
        self.kind, self.what = CLASSES[name]["kind"], CLASSES[name].get("name")
        self.is_one = self.kind in ("stuck", "one denied", "deleting")
        self.phase, self.emulator, self.proxy, self.daemon = phase, emulator, proxy, daemon
        self.tried = len(proxy.seen(self.what))
        self.began = self.mended = None
        self.ids = daemon.ids() if phase == "held" else {}

    def logs(self):
        return self.emulator.client("logs")

    def meanwhile(self):
        """Somebody changes something where it cannot be mended, and something elsewhere."""
        if not self.is_one or self.phase != "held" or self.mended:
            return
        if not self.began:
            self.began = time.monotonic()
            if self.kind == "one denied":
                _, address, change = DENIED[self.what]
                change(self.emulator, self.ids[address])
            self.logs().put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=7)
        elif self.logs().describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"][0]["retentionInDays"] == 30:
            self.mended = time.monotonic()

    def is_excused(self, row):
        """It is there, it is what is ill, or it waits for that."""
        action = DENIED[self.what][0] if self.kind == "one denied" else "(none)"
        return (row["sync"] == "Synced" or row["kind"] == self.what or "waits for" in row["message"]
                or action in row["message"] or row["address"] in killing.SHOWN)

    def problems(self, seconds):
        """Asked while it still lasts."""
        if self.kind == "deleting" and self.phase == "teardown":
            return self.lasting(self.daemon.status()["resources"], seconds)
        if not self.is_one or self.phase == "teardown":
            return []
        rows = self.daemon.status()["resources"]
        said = [f"{row['address']} is delayed: {row['reason']} {row['message']}" for row in rows
                if seconds >= 60 and not self.is_excused(row)]
        if self.phase == "held" and (not self.mended or self.mended - self.began > ELSEWHERE):
            said.append(f"another layer was held up for more than {ELSEWHERE} s")
        if self.phase == "held" and self.kind == "one denied":
            action, address, _ = DENIED[self.what]
            told = next(row["message"] for row in rows if row["address"] == address)
            tried = len(self.proxy.seen(self.what)) - self.tried
            said += [f"{address} does not name {action}: {told}"] if f"add {action} to the policy" not in told else []
            said += [f"{action} was tried {tried} times"] if not 0 < tried <= MOST_DENIED else []
        return said


    def lasting(self, rows, seconds):
        """What is being deleted for ever is told, is deleted once, and holds up only what it uses."""
        delete = GOING[self.what][0]
        mine = [row for row in rows if row["kind"] == self.what]
        said = [] if mine else [f"no {self.what} is left"]
        said += [f"{row['address']}: {row['reason']} {row['message']}" for row in mine
                 if row["reason"] not in ("Deleting", "Stuck") or (seconds > 75 and "minute" not in row["message"])]
        said += [f"{row['address']} is delayed: {row['reason']} {row['message']}" for row in rows
                 if seconds >= 60 and row not in mine and "still used by" not in row["message"]]
        sent = len({call.headers["amz-sdk-invocation-id"] for call in self.proxy.seen(delete)})
        return said + ([f"{sent} times {delete} of {len(mine)}"] if sent != len(mine) else [])


def loops(proxy, seconds):
    """What was sent more often than its pace allows."""
    sent = collections.defaultdict(set)
    for call in proxy.mutations():
        what = {name: value for name, value in call.params.items() if name not in tokens.NAMES}
        sent[call.name, json.dumps(what, sort_keys=True)].add(call.headers.get("amz-sdk-invocation-id"))
    most = MOST_TRIED * max(1, seconds / 60)
    return [f"{len(ids)} times {name} {what[:80]}" for (name, what), ids in sent.items() if len(ids) > most]


def begin(proxy, name, share, rng):
    """From now on until proxy.behave()."""
    fault = dict(CLASSES[name])
    if fault["kind"] == "names":
        proxy.name.is_known(0)
        proxy.hangs_up = True  # or what was connected before would do
        return
    if fault["kind"] == "stuck":
        proxy.behaviours.append(Stuck(fault["name"]))
        return
    if fault["kind"] == "deleting":
        proxy.behaviours.append(Going(fault["name"]))
        return
    if fault["kind"] == "one denied":
        proxy.fail("error", fault["name"], status=403, code="AccessDenied", message="You are not authorized to do this.")
        return
    if name == "page token":
        proxy.page_size = PAGE
        proxy.fail(**fault, when=lambda call: "NextToken" in call.params and rng.random() < share)
        return
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


def weather(daemon, proxy, name, seconds, share=0.3, seed=4, meanwhile=None, local=None):
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
        if local:
            local.meanwhile()
    lasted, spent = time.monotonic() - began, daemon.cpu_seconds() - spent
    if local:
        local.found = local.problems(seconds)
    proxy.behave()
    proxy.behaviours = behaviours
    proxy.hangs_up = False
    if proxy.name:
        proxy.name.is_known(1)
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
    daemon = Daemon(proxy.url, yaml.safe_dump(tree, sort_keys=False), postgres=postgres.conninfo(),
                    environment=proxy.name.environment if proxy.name else None)
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
        locals_ = [Local(name, phase, emulator, proxy, daemon) for name in names]
        each = [weather(daemon, proxy, name, seconds, share, meanwhile=meanwhile, local=local)
                for name, local in zip(names, locals_)]
        calls, spent, lasted = map(sum, zip(*each))
        ended = time.monotonic()
        if phase == "teardown":
            wait_until(lambda: killing.approve_all(daemon), "everything to be gone", patience, daemon.check_alive)
        else:
            daemon.wait_synced(patience, shown=killing.SHOWN)
        recovered = time.monotonic() - ended
        found = [said for local in locals_ for said in local.found]
        return Result(calls, spent, lasted, recovered,
                      found + loops(proxy, lasted) + problems(emulator, proxy, postgres, daemon, before, tree))
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
                named = nameless.Name() if name == "names" else None
                proxy, postgres = Proxy(emulator.port, named), Postgres()
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

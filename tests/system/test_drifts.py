"""Single drifts of the whole example, one after the other, drawn by a seed: each is seen and corrected, held or reported
as it should be, moves nothing else, and leaves a stack that is quiet.

`make drift SEEDS=300` draws that many; HOLDFAST_SEED=7 begins elsewhere. `make drift ONLY='*'` takes every drift that
there is once, ONLY='data.db_instance.* multi_az' those whose name fits. The drifts are tests/drifts.yaml, and what of the
example is not drawn stands there with its reason.
"""
import collections
import fnmatch
import functools
import json
import os
import random
import re
import subprocess

import pytest
import yaml

import as_aws
import scenario
import standin
from daemon import BUILD, ROOT, Daemon, Failed
from multi_tier import text
from proxy import Proxy

COUNT = int(os.environ.get("HOLDFAST_DRIFTS", "25"))
SEED = int(os.environ.get("HOLDFAST_SEED", "1"))
ONLY = os.environ.get("HOLDFAST_DRIFT", "")
ENDS = ("do", "also", "quiet", "held", "of", "reported", "shown", "never", "refused", "undo")
TAGLESS = ("service_linked_role", "log_stream", "metric_filter", "subscription_filter", "sns_subscription", "scaling_policy", "dashboard")
# What somebody may put beside ours, by the kind that it is put beside.
ADDITIONS = {
    "iam_role": ["inline policy", "attached policy"], "security_group": ["security group rule"], "route_table": ["route"],
    "network_acl": ["network ACL entry"], "load_balancer": ["listener"], "listener": ["listener rule"],
    "target_group": ["target"], "s3_bucket": ["bucket policy statement"], "sns_topic": ["subscription"],
    "log_group": ["metric filter", "subscription filter"], "db_parameter_group": ["parameter"], "kms_key": ["alias"],
    "scaling_target": ["scaling policy"], "alarm": ["alarm action"]}
# Kinds whose resources may get a tag of somebody's.
TAGGED = ("vpc", "subnet", "route_table", "nat_gateway", "security_group", "iam_role", "kms_key", "secret", "db_instance",
          "s3_bucket", "load_balancer", "target_group", "ecs_service", "log_group", "sns_topic", "alarm")
Drift = collections.namedtuple("Drift", "address what do name")


def plan():
    return yaml.safe_load((ROOT / "tests/drifts.yaml").read_text())


def drawn(value, rng):
    """Each {any: [...]} is one of them."""
    if isinstance(value, dict):
        if set(value) == {"any"}:
            return rng.choice(value["any"])
        return {key: drawn(item, rng) for key, item in value.items()}
    return [drawn(item, rng) for item in value] if isinstance(value, list) else value


def fits(address, patterns):
    return any(fnmatch.fnmatchcase(address, pattern) for pattern in patterns.split())


def steps_of(drift):
    return drift["do"] if "do" in drift else [{k: v for k, v in drift.items() if k not in ENDS}]


def all_of(addresses):
    """Every drift of the addresses that there are."""
    found = [(address, what, one) for patterns, parts in plan().items() if patterns != "left_out"
             for address in addresses if fits(address, patterns) for what, drifts in parts.items() for one in drifts]
    seen = collections.Counter()
    drifts = []
    for address, what, one in found:
        seen[address, what] += 1
        drifts.append(Drift(address, what, one, f"{address} {what} {seen[address, what]}"))
    return drifts


def declared():
    """{address: its fields} of the example, in the order of addresses."""
    layers = {layer: kinds for layer, kinds in yaml.safe_load(text()).items()
              if layer in ("network", "compute", "data", "security", "monitoring")}
    return dict(sorted((f"{layer}.{kind}.{name}", fields or {}) for layer, kinds in layers.items()
                       for kind, resources in kinds.items() for name, fields in resources.items()))


# ---- what there is, against what is drawn


@functools.cache
def held_fields(kind):
    """The fields of a kind that may differ: those that can be changed in place, and be read."""
    said = subprocess.run([BUILD / "holdfast", "-o", "json", "explain", kind], capture_output=True, text=True, check=True)
    return {field["name"] for field in json.loads(said.stdout)["fields"]
            if not re.search("another value means another resource|cannot be read back", field.get("notes", ""))}


def there():
    """{(address, what)} of the whole example: each managed field, each deletion, tags, each sort of addition."""
    found = set()
    for address, fields in declared().items():
        kind = address.split(".")[1]
        parts = {field for field in fields if field in held_fields(kind)} | {"(deleted)"}
        parts |= {f"+ {one}" for one in ADDITIONS.get(kind, [])} | ({"+ tag"} if kind in TAGGED else set())
        parts |= ({"(tags)"} - {"(tags)" * (kind in TAGLESS)})
        found |= {(address, part) for part in parts}
    return found


def test_what_the_example_holds_is_drawn_or_left_out_with_a_reason():
    everything = there()
    addresses = sorted({address for address, _ in everything})
    drawn_ones = {(drift.address, drift.what) for drift in all_of(addresses)}
    left = {(address, what): why for patterns, parts in plan()["left_out"].items() for address in addresses
            if fits(address, patterns) for what, why in parts.items()}
    missing = everything - drawn_ones - set(left)
    for title, part in (("fields", lambda what: what[0] not in "(+"), ("deletions", lambda what: what == "(deleted)"),
                        ("tags", lambda what: what == "(tags)"), ("additions", lambda what: what[0] == "+")):
        whole = {one for one in everything if part(one[1])}
        print(f"{title}: {len(whole & drawn_ones)} drawn of {len(whole)}")
    print(f"all: {len(everything & drawn_ones)} drawn of {len(everything)}")
    for (address, what), why in sorted(left.items()):
        if (address, what) in everything - drawn_ones:
            print(f"left out: {address} {what}: {why}")
    assert not missing, f"neither drawn nor left out: {sorted(missing)}"
    assert all(left.values())


# ---- the drifts


class Stranger(scenario.World):
    """Who changes things behind the daemon's back."""

    def run(self, step):
        name = next(iter(step))
        if not name.startswith("again."):
            return super().run(step)
        how = self.fill(step[name])
        (source, parameters), = how["like"].items()
        client = self.emulator.client(source.split(".")[0], url=self.url)
        found = scenario.pick(getattr(client, source.split(".")[1])(**parameters), how["at"])
        operation = name.removeprefix("again.")
        taken = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape.members
        given = {key: value for key, value in found.items() if key in taken and value not in (None, [], {})}
        answer = getattr(client, operation)(**{**given, **how["but"]})
        if "as" in step:
            self.kept[step["as"]] = scenario.pick(answer, step["at"])
        return answer


class Shop:
    """The example, converged, and made anew after a drift that went wrong."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.daemon = self.proxy = None

    def open(self):
        if self.daemon:
            return
        self.emulator.reset()
        self.proxy = Proxy(self.emulator.port)
        self.proxy.stand_in = [standin.load("rds"), standin.load("logs")]
        self.proxy.behaviours = [as_aws.kms_key_arns(), as_aws.endpoint_private_dns(), as_aws.plain_listeners(),
                                 as_aws.endpoint_routes(self.emulator.client("ec2"))]
        tree = yaml.safe_load(text())
        # Many drifts of one field within an hour are no second writer here: test_surprises.py has that.
        tree["policy"].update(interval="1h", most_corrections=20)
        self.daemon = Daemon(self.proxy.url, yaml.safe_dump(tree, sort_keys=False))
        self.daemon.start()
        self.daemon.wait_synced()
        self.daemon.sync()
        self.drifts = all_of(declared())

    def close(self):
        daemon, proxy, self.daemon, self.proxy = self.daemon, self.proxy, None, None
        try:
            if daemon:
                daemon.close()
        finally:
            if proxy:
                proxy.close()

    def changed(self, since):
        """The addresses of what the daemon wrote, by its log from there on."""
        return set(re.findall(r"changed AWS resource=(\S+)", self.daemon.log()[since:]))

    def seen(self, since):
        return {(one, field, kind) for one, field, kind in
                re.findall(r" drift +layer=\S+ resource=(\S+) field=(.+?) type=(\w+)", self.daemon.log()[since:])}


@pytest.fixture(scope="module")
def shop(emulator_process):
    shop = Shop(emulator_process)
    yield shop
    shop.close()


def chosen():
    """(name or None, seed): None is drawn by the seed."""
    if not ONLY:
        return [pytest.param(None, seed, id=str(seed)) for seed in range(SEED, SEED + COUNT)]
    names = sorted(drift.name for drift in all_of(declared()) if fnmatch.fnmatchcase(drift.name, ONLY + "*"))
    return [pytest.param(name, SEED + i, id=name) for i, name in enumerate(names)]


@pytest.mark.parametrize("name, seed", chosen())
def test_a_drift_is_seen_and_answered_and_moves_nothing_else(shop, name, seed):
    shop.open()
    try:
        rng = random.Random(seed)
        drift = next((drift for drift in shop.drifts if drift.name == name), None) or one_of(shop.drifts, rng)
        one_drift(shop, drift, rng, seed)
    except BaseException:
        shop.close()
        raise


def one_of(drifts, rng):
    """Of a kind first, so that those with many fields do not crowd out the others."""
    kind = rng.choice(sorted({drift.address.rsplit(".", 1)[0] for drift in drifts}))
    return rng.choice([drift for drift in drifts if drift.address.startswith(kind + ".")])


def one_drift(shop, drift, rng, seed):
    steps = drawn(steps_of(drift.do), rng)
    where = f"{drift.address} {drift.what}: {steps}"
    world = Stranger(shop.emulator, ids=shop.daemon.ids, url=shop.proxy.url, stand_in=shop.proxy.stand_in[0])
    world.address = drift.address
    revisions = shop.emulator.client("ecs").list_task_definitions(familyPrefix="shop-app")["taskDefinitionArns"]
    world.kept.update(n=seed, name=f"shop-{drift.address.rsplit('.', 1)[1]}", revision=revisions[-1].rsplit(":", 1)[1])
    try:
        since = len(shop.daemon.log())
        for step in steps:
            world.run(step)
        shop.proxy.clear_calls()
        # As a person would: also at what is looked for in one pass of ten only.
        shop.daemon.post("/v1/sync", {"target": "", "wait": True, "thorough": True})
        if "held" in drift.do:
            held(shop, drift, since, where)
        synced(shop, where, {drift.address: drift.do.get("shown", {})})
        answered(shop, drift, since, where)
        never = world.fill(drift.do.get("never", ()))
        assert [str(c)[:300] for c in shop.proxy.mutations() if any(one in str(c.params) for one in never)] == [], where
        for step in drift.do.get("undo", ()):
            world.run(step)
    finally:
        world.close()
    shop.proxy.clear_calls()
    shop.daemon.sync()
    synced(shop, where)
    assert [str(call)[:300] for call in shop.proxy.mutations()] == [], f"{where}: not quiet afterwards"
    assert shop.daemon.resource(drift.address)["reason"] == "InSync", f"{where}: not as before"


def synced(shop, where, shown=None):
    try:
        shop.daemon.wait_synced(patience=60, shown=shown)
    except Failed as problem:
        raise Failed(f"{where}\n{problem}") from None


def held(shop, drift, since, where):
    """It waits for a person, with its reason and without a write; then one says yes."""
    on = drift.do.get("of", drift.address)

    def waits(status):
        return [row for row in status["resources"] if fnmatch.fnmatchcase(row["address"], on)
                and row["reason"] == drift.do["held"]]

    try:
        row, = waits(shop.daemon.wait_status(waits, f"{on} to be held as {drift.do['held']}", patience=30))
    except Failed as problem:
        raise Failed(f"{where}\n{problem}") from None
    assert not shop.changed(since) and not shop.proxy.mutations(), f"{where}: did not wait"
    shop.daemon.post("/v1/approve", {"target": row["address"]})
    shop.daemon.wait_status(lambda status: not waits(status), f"{where}: to be carried out")


def answered(shop, drift, since, where):
    changed, seen = shop.changed(since), shop.seen(since)
    own = f"{drift.address} {drift.do.get('of', '')} {' '.join(drift.do.get('also', ()))}"
    others = {one for one in changed | {one for one, *_ in seen} if not fits(one, own)}
    assert not others, f"{where}: also moved {sorted(others)}"
    about = {kind for one, _, kind in seen if fits(one, f"{drift.address} {drift.do.get('of', '')}")}
    if drift.do.get("quiet"):
        assert not changed and not about, f"{where}: is no drift"
    elif drift.do.get("reported"):
        assert not changed and about == {"undeclared"}, f"{where}: was to be reported, and left"
    else:
        assert about - {"undeclared"}, f"{where}: not seen"
        assert changed, f"{where}: not corrected"
    failed = [c for c in shop.proxy.mutations() if c.status // 100 != 2 and c.operation != drift.do.get("refused")]
    assert [str(c)[:300] for c in failed] == [], where

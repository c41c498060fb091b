"""Single drifts of the whole example, one after the other, drawn by a seed: each is seen and corrected, moves nothing
else, and leaves a stack that is quiet.

`make drift SEEDS=300` draws that many; HOLDFAST_SEED=7 begins elsewhere. The drifts are tests/drifts.yaml.
"""
import fnmatch
import os
import random
import re

import pytest
import yaml

import as_aws
import scenario
from daemon import ROOT, Daemon, Failed
from multi_tier import text
from proxy import Proxy

COUNT = int(os.environ.get("HOLDFAST_DRIFTS", "25"))
SEED = int(os.environ.get("HOLDFAST_SEED", "1"))
ENDS = ("do", "also", "quiet")


def drawn(value, rng):
    """Each {any: [...]} is one of them."""
    if isinstance(value, dict):
        if set(value) == {"any"}:
            return rng.choice(value["any"])
        return {key: drawn(item, rng) for key, item in value.items()}
    return [drawn(item, rng) for item in value] if isinstance(value, list) else value


def steps_of(drift):
    if isinstance(drift, list):
        return drift
    return drift["do"] if "do" in drift else [{k: v for k, v in drift.items() if k not in ENDS}]


def all_of(addresses):
    """[(address, drift)] for the addresses that there are."""
    plan = yaml.safe_load((ROOT / "tests/drifts.yaml").read_text())
    return [(address, drift) for pattern, drifts in plan.items()
            for address in addresses if fnmatch.fnmatchcase(address, pattern) for drift in drifts]


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
        self.proxy.behaviours = [as_aws.kms_key_arns()]
        tree = yaml.safe_load(text())
        tree["policy"]["interval"] = "1h"
        self.daemon = Daemon(self.proxy.url, yaml.safe_dump(tree, sort_keys=False))
        self.daemon.start()
        self.daemon.wait_synced()
        self.daemon.sync()
        self.drifts = all_of(sorted(self.daemon.resources()))

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
                re.findall(r" drift +layer=\S+ resource=(\S+) field=(.+?) type=(\w+)", self.daemon.log()[since:])
                if kind != "undeclared"}


@pytest.fixture(scope="module")
def shop(emulator_process):
    shop = Shop(emulator_process)
    yield shop
    shop.close()


@pytest.mark.parametrize("seed", range(SEED, SEED + COUNT))
def test_a_drift_is_seen_and_corrected_and_moves_nothing_else(shop, seed):
    shop.open()
    try:
        one_drift(shop, seed)
    except BaseException:
        shop.close()
        raise


def one_drift(shop, seed):
    rng = random.Random(seed)
    kind = rng.choice(sorted({address.rsplit(".", 1)[0] for address, _ in shop.drifts}))
    address, drift = rng.choice([d for d in shop.drifts if d[0].startswith(kind + ".")])
    steps, drift = drawn(steps_of(drift), rng), drift if isinstance(drift, dict) else {}
    daemon = shop.daemon
    world = scenario.World(shop.emulator, ids=daemon.ids)
    try:
        world.address = address
        revisions = shop.emulator.client("ecs").list_task_definitions(familyPrefix="shop-app")["taskDefinitionArns"]
        world.kept.update(n=seed, name=f"shop-{address.rsplit('.', 1)[1]}", revision=revisions[-1].rsplit(":", 1)[1])
        since = len(daemon.log())
        for step in steps:
            world.run(step)
    finally:
        world.close()
    where = f"{address}: {steps}"
    shop.proxy.clear_calls()
    daemon.sync()
    try:
        daemon.wait_synced(patience=20)
    except Failed as problem:
        raise Failed(f"{where}\n{problem}") from None
    others = {one for one in shop.changed(since) | {one for one, *_ in shop.seen(since)}
              if one != address and not any(fnmatch.fnmatchcase(one, also) for also in drift.get("also", ()))}
    assert not others, f"{where}: also moved {sorted(others)}"
    if drift.get("quiet"):
        assert not shop.changed(since), f"{where}: is no drift"
    elif address in shop.changed(since) or shop.proxy.mutations():
        assert any(one == address for one, *_ in shop.seen(since)), f"{where}: changed without a drift in history"
    else:
        assert not_a_change(address, steps), f"{where}: not seen"
    assert [str(c)[:300] for c in shop.proxy.mutations() if c.status != 200] == [], where
    shop.proxy.clear_calls()
    daemon.sync()
    assert [str(call)[:300] for call in shop.proxy.mutations()] == [], f"{where}: not quiet afterwards"


def not_a_change(address, steps):
    """A private subnet without public addresses is as it was."""
    return address.startswith("network.subnet.") and "ec2.modify_subnet_attribute" in steps[0]

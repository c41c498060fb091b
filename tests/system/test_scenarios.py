"""Every kind, by its scenario file: made, quiet, changed behind the daemon's back, changed in the file, deleted."""
import contextlib
import fnmatch

import pytest
import yaml

import as_aws
import scenario
import standin
from daemon import Daemon, wait_until
from emulator import ACCOUNT, REGION
from proxy import Proxy

POLICY = {"mode": "enforce", "interval": "1h", "prune": "hold"}  # passes come when a test asks for them


class Stage:
    """One scenario's daemon, kept from case to case and made anew after one that failed."""

    def __init__(self, emulator, name):
        self.emulator = emulator
        self.plan = scenario.load(name)
        self.proxy = None
        self.daemon = None
        self.is_whole = False
        self.stack = None
        self.world = None

    def open(self):
        """Everything made and quiet."""
        if self.is_whole:
            return
        self.close()
        self.emulator.reset()
        self.proxy = Proxy(self.emulator.port)
        name = self.plan.get("stand_in")
        if name:
            self.proxy.stand_in = standin.load(name)
        self.world = scenario.World(self.emulator, url=self.proxy.url if name else None,
                                    stand_in=self.proxy.stand_in)
        self.world.address = self.plan["address"]
        for step in self.plan.get("setup", ()):
            self.world.run(step)
        self.stack = self.plan["stack"]
        self.proxy.behaviours = [getattr(as_aws, name)() for name in self.plan.get("as_aws", ())]
        self.daemon = Daemon(self.proxy.url, self.text_of_file(), environment=self.plan.get("environment"))
        self.world.ids = self.daemon.ids
        self.world.daemon = self.daemon
        self.daemon.start()
        self.wait_synced()
        self.is_whole = True

    def text_of_file(self):
        """`@{name}` is what setup has kept; `${...}` in a stack is the product's own."""
        head = {"stack": "shop", "account": ACCOUNT, "region": REGION, "policy": POLICY}
        text = yaml.safe_dump({**head, **self.stack}, sort_keys=False)
        for name, value in self.world.kept.items():
            text = text.replace("@{" + name + "}", str(value))
        return text

    def close(self):
        daemon, proxy, self.daemon, self.proxy, self.is_whole = self.daemon, self.proxy, None, None, False
        if self.world:
            self.world.close()
        try:
            if daemon:
                daemon.close()
        finally:
            if proxy:
                proxy.close()

    @contextlib.contextmanager
    def case(self):
        """A case that fails leaves nothing for the next one to stumble over."""
        self.open()
        try:
            yield self
        except BaseException:
            self.is_whole = False
            raise

    def wait_synced(self, case=None):
        """Until everything is as it should be, or as the file and the case say that it ends."""
        case = case or {}
        self.daemon.wait_synced(shown={**self.plan.get("shown_of", {}), **case.get("shown_of", {}),
                                       self.plan["address"]: case.get("shown", {})})

    def operations(self):
        return [call.operation for call in self.proxy.mutations()]

    def check_quiet(self):
        self.proxy.clear_calls()
        self.daemon.sync()
        assert self.operations() == [], "a pass without a difference wrote something"

    def look(self, looks):
        for step in looks or ():
            self.world.look(step)

    def mend(self, case):
        """Lets the daemon see and do; checks the calls, the looks, and that it is quiet then."""
        self.daemon.sync()
        if case.get("held"):
            self.approve(case, is_first=True)
        if case.get("parting"):
            self.part(case.get("approve", self.plan["address"]))
        self.wait_synced(case)
        if "by" in case:
            assert scenario.in_order(case["by"], self.operations()), (
                f"wanted {case['by']}, got {self.operations()}")
        self.look(case.get("then"))
        self.check_quiet()

    def approve(self, case, is_first=False):
        """Once it is held; the first time nothing may have been written before."""
        address = case.get("approve", self.plan["address"])
        self.daemon.wait_status(  # what a lagging list showed is read once more before it is held
            lambda status: any(row["address"] == address and (
                row["health"] in ("Suspended", "Degraded") or row["reason"] == "DataGone")
                for row in status["resources"]), "the hold to show")
        assert not is_first or self.operations() == [], "did not wait for approval"
        self.daemon.post("/v1/approve", {"target": address})

    def part(self, address):
        def held(status):
            return [row["address"] for row in status["resources"]
                    if row["address"].startswith(address + "@") and row["reason"] == "OrphanHeld"]
        old = held(self.daemon.wait_status(held, "the old one to wait for its own approval"))
        self.daemon.post("/v1/approve", {"target": old[0]})

    def drifts_told(self, wanted):
        sides = {key: value for key, value in wanted.items() if key != "field"}
        return [row for row in self.daemon.get("/v1/drift")["drifts"]
                if row["address"] == self.plan["address"] and scenario.fits(sides, row)
                and fnmatch.fnmatchcase(row["field"], glob_of(wanted["field"]))]

    def check_history(self, seen):
        """That it is over is told to the store a moment after status has shown it."""
        for wanted in seen:
            wanted = self.world.fill(wanted)
            rows = wait_until(lambda: [row for row in self.drifts_told(wanted)[:1] if row["closed_at"]],
                              f"history to have, and have closed, {wanted}", alive=self.daemon.check_alive)
            assert rows[0]["how"] == "corrected", f"closed otherwise: {rows[0]}"


def glob_of(field):
    """`*` is the only sign with a meaning: fields have brackets of their own."""
    return field.replace("[", "[[]")


@pytest.fixture(scope="module")
def stage(request, emulator_process):
    stage = Stage(emulator_process, request.param)
    yield stage
    stage.close()


def cases(section):
    """(kind, case) for each case of a section in each scenario file."""
    found = [pytest.param(name, case, id=f"{name}: {case['name']}")
             for name in scenario.names() for case in scenario.load(name).get(section) or ()]
    return pytest.mark.parametrize("stage, case", found, indirect=["stage"], scope="module")


every_kind = pytest.mark.parametrize("stage", scenario.names(), indirect=True, scope="module")


@every_kind
def test_it_is_made_as_the_file_says(stage):
    with stage.case():
        stage.look(stage.plan.get("created"))
        rows = stage.daemon.resources()
        assert stage.plan["address"] in rows


@every_kind
def test_further_passes_and_a_second_start_write_nothing(stage):
    with stage.case():
        stage.proxy.clear_calls()
        stage.proxy.reorder = stage.proxy.unknown = True
        for _ in range(3):
            stage.daemon.sync()
        assert stage.daemon.stop() == 0
        stage.daemon.start()
        stage.wait_synced()
        stage.daemon.sync()
        stage.proxy.reorder = stage.proxy.unknown = False
        assert stage.operations() == []


@cases("drifts")
def test_drift_is_seen_corrected_and_in_history(stage, case):
    with stage.case():
        for step in case["do"]:
            stage.world.run(step)
        stage.proxy.clear_calls()
        stage.mend(case)
        stage.check_history(case.get("seen") or ())
        if case.get("stays"):
            stage.is_whole = False


@cases("edits")
def test_an_edit_of_the_file_arrives(stage, case):
    with stage.case():
        before = stage.stack
        for step in case.get("do", ()):
            stage.world.run(step)
        stage.stack = scenario.with_edit(before, case["set"])
        stage.daemon.write(stage.text_of_file())
        stage.proxy.clear_calls()
        stage.daemon.reload()
        stage.mend(case)
        if case.get("stays"):
            stage.is_whole = False  # there is no way back; the next case starts anew
        else:
            stage.stack = before
            stage.daemon.write(stage.text_of_file())
            stage.daemon.reload()
            stage.daemon.sync()
            if case.get("held"):
                stage.approve(case)
            stage.wait_synced()


@pytest.mark.parametrize("stage", [n for n in scenario.names() if "leaves" in scenario.load(n)],
                         indirect=True, scope="module")
def test_what_left_the_file_is_deleted_in_order_once_approved(stage):
    stage.is_whole = False  # as it was made, not as the cases left it
    with stage.case():
        stage.stack = {}
        stage.daemon.write(stage.text_of_file())
        stage.proxy.clear_calls()
        stage.daemon.reload()
        stage.daemon.sync()
        assert stage.operations() == [], "deleted without approval"
        orphans = [r["address"] for r in stage.daemon.status()["resources"] if r["sync"] == "Orphaned"]
        assert stage.plan["address"] in orphans
        for address in orphans:
            stage.daemon.post("/v1/approve", {"target": address})
        stage.daemon.wait_status(lambda status: not status["resources"], "everything to be gone")
        assert scenario.in_order(stage.plan["leaves"], stage.operations()), stage.operations()
        stage.is_whole = False

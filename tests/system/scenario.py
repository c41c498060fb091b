"""Scenario files: what one kind must do, as data. tests/scenarios/<kind>.yaml, run by test_scenarios.py.

    about:   one sentence
    address: the resource that `${id}` means
    stand_in: who does what the emulator cannot (standin.py); steps then go through the proxy
    setup:   steps before the daemon starts, for what other layers would bring
    as_aws:  names of functions of as_aws.py: what AWS does to these calls and the emulator does not
    environment: {NAME: value} of the daemon
    stack:   the desired-state file, without stack, account and region; `@{name}` is what setup kept
    created: looks after the first convergence
    drifts:  cases; each changes something behind the daemon's back and says what must happen
    edits:   cases; each changes the file
    leaves:  the calls that delete everything once the file is empty and that was approved, all of them: in order, a
             list within the list in any order; or, where little of the order matters,
             {calls: [...], before: [[one, another], ...]}

A case has `name` (a sentence), `do` (steps) or `set` ({dotted path: value; null takes it out}) or both, `by` (the
mutating calls that follow, in order; a list within the list: in any order), `seen` (drifts that history then
shows, each with its field, in which `*` stands for anything, and what else of type, desired and observed matters),
`then` (looks), `held: true` when it has to wait for approval first, `parting: true` when the old one
that it replaces holds data, and goes when that is approved too, and `shown`, how its status is to end where
that is not Synced and Healthy: {health: Progressing, reason: RebootPending}; `shown_of` says so of others, by their
address, in a case or for the whole file. `stays: true`: there is no way back, the next case starts anew.

A step is {service.operation: parameters}, with boto3's names; {stand_in.set: {what: {name: value}}} tells the stand-in
what else is to be seen. `at` picks from the answer, `as` keeps what was
picked for later `${...}`. A look is a step with an expectation of what was picked:
    is        equal; of structures only the members that are named
    has       a list with such an item; `hasnt` without
    count     that many items
    absent    true: the call answers not-found, or nothing is there to pick

Paths: "Subnets.0.CidrBlock", "SecurityGroupRules[CidrIpv4=10.0.0.0/8].SecurityGroupRuleId" (the first that
matches), "RouteTables.0.Routes[].DestinationCidrBlock" (of all).
Beside AWS's: `file.write: {name, text, mode}` and `file.certificate: {name, domain}` (NAME.pem and NAME.key) in the
folder `@{files}`, `daemon.reload: {}`.
`${...}`: `id`, an address (its AWS id), a name that `as` kept with a path behind it, `account`, `region`.
"""
import copy
import pathlib
import re
import shutil
import tempfile

import yaml
from botocore.exceptions import ClientError

import as_aws
from emulator import ACCOUNT, REGION

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "scenarios"
PLACE = re.compile(r"\$\{([^}]+)\}")
PART = re.compile(r"([^.\[\]]+)|\[([^\]=]*)(?:=([^\]]*))?\]")
MISSING = object()


def names():
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name):
    with open(FOLDER / f"{name}.yaml") as file:
        return yaml.safe_load(file)


def pick(value, path):
    """What a path finds, or MISSING."""
    if not path:
        return value
    parts = [match.groups() for match in PART.finditer(path)]
    return _pick(value, parts)


def _pick(value, parts):
    if not parts:
        return value
    (name, key, wanted), rest = parts[0], parts[1:]
    if name is not None:
        if isinstance(value, list) and name.isdigit():
            return _pick(value[int(name)], rest) if int(name) < len(value) else MISSING
        if isinstance(value, dict) and name in value:
            return _pick(value[name], rest)
        return MISSING
    if not isinstance(value, list):
        return MISSING
    if not key:
        found = [_pick(item, rest) for item in value]
        return [item for item in found if item is not MISSING]
    for item in value:
        if isinstance(item, dict) and str(item.get(key)).lower() == wanted.lower():
            return _pick(item, rest)
    return MISSING


def fits(wanted, got):
    """Equal; structures in their named members, lists without order."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(
            got.get(key) in (None, [], "") if value is None else key in got and fits(value, got[key])
            for key, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(got, list) or len(wanted) != len(got):
            return False
        left = list(got)
        for item in wanted:
            found = next((other for other in left if fits(item, other)), MISSING)
            if found is MISSING:
                return False
            left.remove(found)
        return True
    return wanted == got


class World:
    """Steps and looks against the emulator, with what they have kept."""

    def __init__(self, emulator, ids=dict, url=None, stand_in=None):
        self.emulator = emulator
        self.stand_in = stand_in
        self.url = url  # of who is asked instead of the emulator
        self.ids = ids  # () -> {address: AWS id}
        self.files = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-files-"))
        self.daemon = None
        self.kept = {"account": ACCOUNT, "region": REGION, "files": str(self.files)}
        self.address = None

    def close(self):
        shutil.rmtree(self.files, ignore_errors=True)

    def file_write(self, name, text, mode=0o600):
        path = self.files / name
        path.write_text(text)
        path.chmod(mode)

    def file_certificate(self, name, domain):
        certificate, key = as_aws.certificate(domain)
        self.file_write(f"{name}.pem", certificate, 0o644)
        self.file_write(f"{name}.key", key)

    def daemon_reload(self):
        self.daemon.reload()

    def fill(self, value):
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if not isinstance(value, str):
            return value
        whole = PLACE.fullmatch(value)
        if whole:
            return self.lookup(whole.group(1))
        return PLACE.sub(lambda match: str(self.lookup(match.group(1))), value)

    def lookup(self, name):
        if name == "id":
            name = self.address
        if name in self.kept:
            return self.kept[name]
        ids = self.ids()
        if name in ids:
            return ids[name]
        first, _, rest = name.partition(".")
        if first in self.kept:
            found = pick(self.kept[first], rest)
            if found is not MISSING:
                return found
        raise KeyError(f"${{{name}}}: no such address or name; ids: {sorted(ids)}")

    def run(self, step):
        """Carries one step out and returns what `at` picks."""
        (name, parameters), = ((k, v) for k, v in step.items() if "." in k)
        service, operation = name.split(".")
        if service in ("file", "daemon"):
            return getattr(self, f"{service}_{operation}")(**self.fill(parameters or {}))
        if service == "stand_in":
            for what, values in self.fill(parameters).items():
                getattr(self.stand_in, what).update(values)
            return None
        answer = getattr(self.emulator.client(service, url=self.url), operation)(**self.fill(parameters or {}))
        found = pick(answer, self.fill(step.get("at", "")))
        if "as" in step:
            assert found is not MISSING, f"{name}: nothing at {step['at']} in {answer}"
            self.kept[step["as"]] = found
        return found

    def look(self, step):
        try:
            found = self.run(step)
        except ClientError as error:
            assert step.get("absent"), f"{step}: {error}"
            return
        problem = self.judge(step, found)
        assert not problem, f"{problem}\nwhen looking: {step}\nfound: {found if found is not MISSING else 'nothing'}"

    def judge(self, step, found):
        if step.get("absent"):
            return None if found is MISSING or found in ([], None) else "should not be there"
        if found is MISSING:
            if "hasnt" in step or step.get("count") == 0:
                return None
            return "is not there"
        if "is" in step and not fits(self.fill(step["is"]), found):
            return f"should be {self.fill(step['is'])}"
        if "has" in step and not any(fits(self.fill(step["has"]), item) for item in found):
            return f"should have {self.fill(step['has'])}"
        if "hasnt" in step and any(fits(self.fill(step["hasnt"]), item) for item in found):
            return f"should not have {self.fill(step['hasnt'])}"
        if "count" in step and len(found) != step["count"]:
            return f"should be {step['count']} items, not {len(found)}"
        return None


def with_edit(stack, edit):
    """The stack with {dotted path: value} set; None takes it out."""
    stack = copy.deepcopy(stack)
    for path, value in edit.items():
        *parents, last = path.split("/") if "/" in path else path.split(".")
        inner = stack
        for parent in parents:
            inner = inner[int(parent)] if isinstance(inner, list) else inner.setdefault(parent, {})
        if value is None:
            inner.pop(last)
        else:
            inner[last] = value
    return stack


def in_order(wanted, got):
    """Whether the operations came as `by` says: a list within it stands for any order."""
    if isinstance(wanted, dict):
        return sorted(wanted["calls"]) == sorted(got) and all(
            max(i for i, name in enumerate(got) if name == one) < min(i for i, name in enumerate(got) if name == other)
            for one, other in wanted["before"])
    rest = list(got)
    for item in wanted:
        group = item if isinstance(item, list) else [item]
        if sorted(group) != sorted(rest[:len(group)]):
            return False
        rest = rest[len(group):]
    return not rest

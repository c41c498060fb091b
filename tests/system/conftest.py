"""Fixtures of the system tests: the real programs, a real Postgres, the emulator, real signals."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from daemon import Daemon  # noqa: E402
from emulator import Emulator  # noqa: E402
from postgres import Postgres  # noqa: E402
from proxy import Proxy  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--shared-by", metavar="DIR",
                     help="one of several runs side by side, which take the tests from each other by files in DIR")


def in_order(item):
    """Scenarios one after the other, each in the order of the file and of its cases."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    stage = str(params.get("stage", ""))
    case = item.callspec.indices.get("case", 0) if stage else 0
    return str(item.path), stage, item.function.__code__.co_firstlineno if stage else 0, case


@pytest.hookimpl(trylast=True)  # after pytest's own grouping by fixtures, which knows no order of cases
def pytest_collection_modifyitems(items):
    items.sort(key=in_order)


def groups_of(items):
    """What stays together: the tests of one file, and of scenarios the cases of one (they share a daemon)."""
    files, scenarios = {}, {}
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        groups, name = (scenarios, params["stage"]) if "stage" in params else (files, item.path.name)
        groups.setdefault(name, []).append(item)
    return {**files, **scenarios}  # the longest are files: at the end nobody waits for one


def taken(groups, folder):
    """The tests of one run after the other, as it comes to them: who is first to make its file has a group."""
    for name, group in groups.items():
        try:
            (folder / name).touch(exist_ok=False)
        except FileExistsError:
            continue
        yield from group


def pytest_runtestloop(session):
    """Tests mostly wait, and for how long nobody knows beforehand: no run is dealt its share of them."""
    folder = session.config.getoption("--shared-by")
    if not folder or session.testsfailed or session.config.option.collectonly:
        return None
    mine = taken(groups_of(session.items), pathlib.Path(folder))
    item = next(mine, None)
    while item:
        following = next(mine, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following
    return True


@pytest.fixture(scope="session")
def emulator_process(tmp_path_factory):
    emulator = Emulator(tmp_path_factory.mktemp("emulator") / "log")
    emulator.load_everything()
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(emulator_process):
    """An AWS account with nothing in it but what every account has."""
    emulator_process.reset()
    return emulator_process


@pytest.fixture
def proxy(emulator):
    """What the daemon takes for AWS."""
    proxy = Proxy(emulator.port)
    yield proxy
    proxy.close()
    assert not proxy.errors, proxy.errors[0]


@pytest.fixture
def make_daemon(proxy):
    """make_daemon(stack_text, **of Daemon): not yet started; all are ended with the test."""
    made = []

    def make(stack, endpoint=None, **how):
        daemon = Daemon(endpoint or proxy.url, stack, **how)
        made.append(daemon)
        return daemon

    yield make
    problems = []
    for daemon in made:
        try:
            daemon.close()
        except AssertionError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]


@pytest.fixture
def postgres():
    """A server that several daemons share, and that a test may hurt."""
    postgres = Postgres()
    yield postgres
    postgres.close()


@pytest.fixture
def held(make_daemon):
    """held(stack_text): a daemon that has converged on it."""

    def hold(stack, **how):
        daemon = make_daemon(stack, **how).start()
        daemon.wait_synced()
        return daemon

    return hold


@pytest.fixture
def ec2(emulator):
    return emulator.client("ec2")

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
    parser.addoption("--share", default="1/1", metavar="I/N",
                     help="only the I-th of N shares of the tests, so that N runs go side by side")


def in_order(item):
    """Scenarios one after the other, each in the order of the file and of its cases."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    stage = str(params.get("stage", ""))
    case = item.callspec.indices.get("case", 0) if stage else 0
    return str(item.path), stage, item.function.__code__.co_firstlineno if stage else 0, case


@pytest.hookimpl(trylast=True)  # after pytest's own grouping by fixtures, which knows no order of cases
def pytest_collection_modifyitems(config, items):
    """What stays together: the cases of one scenario (they share a daemon), and else those of one file."""
    items.sort(key=in_order)
    index, count = map(int, config.getoption("--share").split("/"))
    if count == 1:
        return
    groups = {}
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        groups.setdefault(params.get("stage", item.path.name), []).append(item)
    loads, mine = [0] * count, set()
    for name, group in sorted(groups.items(), key=lambda pair: (-len(pair[1]), str(pair[0]))):
        least = loads.index(min(loads))
        loads[least] += len(group)
        if least == index - 1:
            mine.add(name)
    chosen = [item for name in groups if name in mine for item in groups[name]]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = [item for item in items if item in set(chosen)]


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

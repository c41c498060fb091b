"""Fixtures of the system tests: the real programs, a real Postgres, the emulator, real signals."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from daemon import Daemon  # noqa: E402
from emulator import Emulator  # noqa: E402
from postgres import Postgres  # noqa: E402
from proxy import Proxy  # noqa: E402


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

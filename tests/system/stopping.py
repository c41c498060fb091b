"""SIGTERM at random instants of whatever a daemon may be at, and how long it then takes to end.

    python tests/system/stopping.py [--stops 200] [--seed 1] [--scene NAME]

runs it by itself and prints a line a stop. A scene is a method of Scenes: it brings the daemon to what it is to be
disturbed in and returns within how many seconds it has to end. The bounds are those of daemon/app.c: what is in
flight may take 30 s, history 5, leases 2, the store 5 and its server 15, and only where something hangs.
"""
import argparse
import http.client
import os
import pathlib
import random
import signal
import stat
import sys
import tempfile
import threading
import time

import killing
import network
import postgres as postgres_module
from daemon import Daemon, wait_until
from emulator import Emulator
from postgres import Postgres
from proxy import Proxy

QUICK = 15  # seconds, where nothing hangs: a last checkpoint on a busy machine is part of it
HANGING = 60  # all bounds together


class Scenes:
    def __init__(self, emulator, seed):
        self.emulator = emulator
        self.rng = random.Random(seed)
        self.proxy = Proxy(emulator.port)
        self.postgres = None
        self.daemon = None
        self.undo = []

    def close(self):
        for undo in reversed(self.undo):
            undo()
        self.proxy.close()
        try:
            if self.daemon:
                self.daemon.close()
        finally:
            if self.postgres:
                self.postgres.close()

    # -- what scenes are made of

    def make(self, tree, endpoint=None, shared=False, **how):
        if shared:
            self.postgres = Postgres()
            how["postgres"] = self.postgres.conninfo()
        self.daemon = Daemon(endpoint or self.proxy.url, network.dump(tree), **how)
        return self.daemon

    def wait(self, most):
        time.sleep(self.rng.uniform(0, most))

    def until_call(self, most):
        """Some time between the first and the most-th call."""
        nth = len(self.proxy.seen()) + self.rng.randrange(1, most)
        wait_until(lambda: len(self.proxy.seen()) >= nth or self.is_quiet(), "a call to be stopped at")

    def is_quiet(self):
        try:
            rows = self.daemon.status()["resources"]
        except (OSError, http.client.HTTPException):
            return False
        return rows and all(row["sync"] == "Synced" for row in rows)

    def converged(self, **how):
        self.make(network.small(interval="10s", prune="delete", most_deletes=100), **how).start()
        self.daemon.wait_synced()

    def stopped(self, pids):
        """SIGSTOP, until the end of the scene."""
        for pid in pids:
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                pass

        def go_on():
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGCONT)
                except ProcessLookupError:
                    pass
        self.undo.append(go_on)

    # -- scenes

    def starting(self):
        self.make(network.small()).start(wait=False)
        self.wait(1.6)
        return QUICK

    def starting_with_a_shared_store(self):
        self.make(network.small(), shared=True).start(wait=False)
        self.wait(0.4)
        return QUICK

    def starting_again(self):
        """Over a server that a killed daemon has left running."""
        self.converged()
        self.daemon.kill()
        self.daemon.start(wait=False)
        self.wait(0.4)
        return QUICK

    def converging(self):
        self.make(killing.example(), shared=self.rng.random() < 0.5).start(wait=False)
        self.until_call(330)
        return QUICK

    def going(self):
        self.converged(shared=self.rng.random() < 0.5)
        self.daemon.write(network.dump(network.head(prune="delete", most_deletes=100)))
        self.daemon.send_signal(signal.SIGHUP)
        self.until_call(60)
        return QUICK

    def idle_with_company(self):
        """Clients that wait for a pass, and that listen; more come while it stops."""
        self.converged()
        self.proxy.delay = 0.3

        def ask():
            for _ in range(20):
                try:
                    self.daemon.request("POST", "/v1/sync", {"target": "", "wait": True}, 20)
                except (OSError, http.client.HTTPException, ValueError):
                    pass
                time.sleep(0.05)

        def listen():
            try:
                self.daemon.request("GET", "/v1/events?follow=1", patience=20)
            except (OSError, http.client.HTTPException, ValueError):
                pass

        for what in (ask, ask, listen):
            threading.Thread(target=what, daemon=True).start()
        self.wait(1)
        return QUICK

    def hup_storm(self):
        self.converged()

        def storm():
            for _ in range(300):
                try:
                    self.daemon.process.send_signal(signal.SIGHUP)
                except ProcessLookupError:
                    return
                time.sleep(0.005)

        threading.Thread(target=storm, daemon=True).start()
        self.wait(1)
        return QUICK

    def conflicts(self):
        """Nothing that it wants is taken, and it tries again and again."""
        code = self.rng.choice(["DependencyViolation", "IncorrectState", "ConflictException",
                                "InvalidParameterValue", "InternalError"])
        self.proxy.fail("error", status=self.rng.choice([400, 409, 500]), code=code,
                        when=lambda call: call.is_mutating and call.number % 3)
        self.make(network.small()).start()
        self.wait(3)
        return HANGING if code == "InternalError" else QUICK

    def throttled(self):
        self.proxy.fail("throttle")
        self.make(network.small()).start()
        self.wait(3)
        return QUICK

    def server_dies(self):
        self.converged()
        pid = self.daemon.postgres_pid()
        os.kill(pid, self.rng.choice([signal.SIGKILL, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM]))
        self.wait(1)
        return QUICK

    def server_hangs(self):
        self.converged()
        pid = self.daemon.postgres_pid()
        self.stopped([pid, *children(pid)])
        self.wait(2)
        return HANGING

    def server_does_not_start(self):
        """A program that ends with an error at once, as for want of shared memory, or that never gets ready."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bin-"))
        folder.chmod(0o755)
        real = postgres_module._programs()
        act = self.rng.choice(["echo 'FATAL:  could not resize shared memory segment' >&2; exit 1",
                               "exec sleep 1000", f"sleep 0.3; exec {real}/postgres --bad", "trap '' INT; sleep 1000"])
        script(folder / "postgres", act)
        script(folder / "initdb", self.rng.choice(
            [f'exec {real}/initdb "$@"', f'exec {real}/initdb "$@"', "exec sleep 1000", "exit 1"]))
        self.make(network.small(), environment={"HOLDFAST_POSTGRES_BIN": str(folder)}).start(wait=False)
        self.wait(3)
        return HANGING if "trap" in act else QUICK

    def store_away(self):
        self.make(network.small(), shared=True).start()
        self.wait(1)
        self.postgres.stop("immediate")
        self.wait(2)
        return QUICK

    def store_hangs(self):
        self.make(network.small(), shared=True).start()
        self.wait(1)
        pid = int((self.postgres.data / "postmaster.pid").read_text().split("\n")[0])
        self.stopped([pid, *children(pid)])
        self.wait(3)
        return HANGING

    def store_nowhere(self):
        """An address that nobody answers, or a name that nobody knows."""
        host = self.rng.choice(["10.255.255.1", "store.invalid"])
        self.make(network.small(), postgres=f"host={host} user=holdfast dbname=postgres").start(wait=False)
        self.wait(3)
        return QUICK

    def endpoint_hangs(self):
        self.proxy.fail("hang", skip=self.rng.randrange(0, 40))
        self.make(network.small(), shared=self.rng.random() < 0.5).start()
        self.wait(2)
        return HANGING

    def endpoint_drips(self):
        self.proxy.fail("drip", skip=self.rng.randrange(0, 40))
        self.make(network.small()).start()
        self.wait(2)
        return HANGING

    def endpoint_refuses(self):
        self.make(network.small(), endpoint="http://127.0.0.1:9").start()
        self.wait(2)
        return QUICK

    def endpoint_nowhere(self):
        self.make(network.small(), endpoint=self.rng.choice(["http://10.255.255.1", "http://aws.invalid"])).start()
        self.wait(2)
        return QUICK

    def everything_hangs(self):
        self.make(network.small(), shared=True).start()
        self.proxy.fail("hang")
        pid = int((self.postgres.data / "postmaster.pid").read_text().split("\n")[0])
        self.stopped([pid, *children(pid)])
        self.wait(2)
        return HANGING


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


NAMES = [name for name in vars(Scenes) if not name.startswith("_") and name not in (
    "close", "make", "wait", "until_call", "is_quiet", "converged", "stopped")]


def run(emulator, name, seed):
    """(seconds until it ended, its bound)."""
    scenes = Scenes(emulator, f"{name}-{seed}")
    try:
        bound = getattr(scenes, name)()
        daemon = scenes.daemon
        began = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        try:
            status = daemon.process.wait(bound)
        except Exception:
            daemon.send_signal(signal.SIGABRT)
            daemon.process.wait()
            raise AssertionError(f"{name} {seed}: not ended {bound} s after SIGTERM\n{daemon.log_end(60)}") from None
        if status not in (0, -signal.SIGTERM):  # before it listens to signals, that is its end
            raise AssertionError(f"{name} {seed}: ended with {status}\n{daemon.log_end(60)}")
        return time.monotonic() - began, bound
    finally:
        scenes.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--stops", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scene", choices=NAMES)
    given = parser.parse_args()
    emulator = Emulator(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-stop-")) / "emulator.log")
    bad, slowest = 0, {}
    try:
        emulator.load_everything()
        for seed in range(given.seed, given.seed + given.stops):
            name = given.scene or NAMES[seed % len(NAMES)]
            emulator.reset()
            try:
                took, bound = run(emulator, name, seed)
                slowest[name] = max(took, slowest.get(name, 0))
                print(f"seed {seed:4} {name:30} ended after {took:5.2f} s of {bound}", flush=True)
            except AssertionError as problem:
                bad += 1
                print(f"seed {seed:4} {name:30} {problem}", flush=True)
    finally:
        emulator.stop()
    for name, took in sorted(slowest.items(), key=lambda pair: -pair[1]):
        print(f"  {name:30} at most {took:.1f} s")
    print(f"{given.stops - bad} of {given.stops} stops ended in time")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

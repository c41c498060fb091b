"""make bench: what a pass without differences costs, against a bare replay of its requests.

Daemon and floor run side by side in one go, against the same answers (the emulator's own, kept by the
proxy, so that its speed counts for neither). Only ratios mean anything: the machine cancels out of them.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from daemon import BUILD, Daemon  # noqa: E402
from emulator import KEYS, REGION, Emulator  # noqa: E402
from network import forty, prepare  # noqa: E402
from proxy import Proxy  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PASSES = int(os.environ.get("BENCH_PASSES", "12"))
PACE = 1.5  # seconds between passes: by then the daemon's read budget is whole again
FAR = 0.060


def on_cpu_us(pid):
    """All threads' time on a CPU, to the nanosecond."""
    return sum(int((task / "schedstat").read_text().split()[0]) / 1000
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def median(values):
    return sorted(values)[len(values) // 2]


def floor(proxy, requests, passes, pause_ms=0):
    done = subprocess.run([BUILD / "tests/bench/floor", proxy.url, requests, str(passes), REGION,
                           str(int(pause_ms))],
                          env={**os.environ, **KEYS}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def write_requests(proxy, path):
    lines = []
    for call in proxy.seen():
        target = next((v for k, v in call.headers.items() if k.lower() == "x-amz-target"), "-")
        lines.append(f"{call.service}\t{target}\t{call.body.decode()}\n")
    path.write_text("".join(lines))
    return len(lines)


def pass_ms(daemon):
    """The longest layer's pass: layers pass side by side."""
    return max(layer["last_pass"]["ms"] for layer in daemon.status()["layers"]
               if layer["resources"] and layer["last_pass"])


def wakeups(daemon, seconds):
    """Times that it went to sleep of its own will while nothing was to do."""
    def count():
        text = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        return int(next(l for l in text.splitlines() if l.startswith("voluntary_ctxt")).split()[1])

    before = count()
    time.sleep(seconds)  # what is measured is this very time
    return count() - before


def row(name, value, bound, more=""):
    good = "" if bound is None else f"  (bound {bound})"
    print(f"{name:<44} {value:>10}{good}  {more}".rstrip(), flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    emulator = Emulator(home / "emulator.log")
    emulator.load_everything()
    prepare(emulator)
    proxy = Proxy(emulator.port)
    daemon = Daemon(proxy.url, forty(interval="1h"))
    try:
        daemon.start()
        daemon.wait_synced()
        daemon.sync()
        proxy.frozen = True
        daemon.sync()
        proxy.clear_calls()
        daemon.sync()
        count = write_requests(proxy, home / "requests")
        print(f"{len(daemon.resources())} resources, {count} requests a pass, medians of {ROUNDS} rounds "
              f"of {PASSES} passes, one in {PACE} s")

        ratios, per_request = [], []
        for _ in range(ROUNDS):
            bare = floor(proxy, home / "requests", PASSES, PACE * 1000)
            before = on_cpu_us(daemon.process.pid)
            for _ in range(PASSES):
                time.sleep(PACE)
                daemon.sync()
            used = on_cpu_us(daemon.process.pid) - before
            ratios.append(used / bare["cpu_us"])
            per_request.append((used / PASSES / count, bare["cpu_us"] / PASSES / count))
        row("CPU of a pass / replay", f"{median(ratios):.2f}", 1.5,
            f"{median([a for a, _ in per_request]):.0f} and {median([b for _, b in per_request]):.0f} us a request")

        proxy.delay = FAR
        walls = []
        for _ in range(ROUNDS):
            bare = floor(proxy, home / "requests", 3)
            daemon.sync()
            walls.append(pass_ms(daemon) / (bare["wall_us"] / 1000 / 3))
        row(f"time of a pass / replay, {FAR * 1000:.0f} ms away", f"{median(walls):.2f}", 1.2,
            f"the last pass took {pass_ms(daemon):.0f} ms")
        proxy.delay = 0

        row("resident memory", f"{daemon.resident_bytes() / 2**20:.1f} MB", "16 MB")
        row("wakeups in 10 s of idleness", f"{wakeups(daemon, 10)}", None)

        daemon.stop()
        began = time.monotonic()
        daemon.start()
        daemon.wait_status(lambda s: all(l["checked_at"] for l in s["layers"] if l["resources"]), "a first look")
        row("start to first complete status", f"{time.monotonic() - began:.2f} s", "1 s")
    finally:
        daemon.close()
        proxy.close()
        emulator.stop()
        for path in home.iterdir():
            path.unlink()
        home.rmdir()


if __name__ == "__main__":
    main()

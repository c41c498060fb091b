"""make bench, second part: how fast the socket answers over a stack of 3,000 resources, and what a quiet pass costs.

Nothing is created: the daemon observes, so that everything is missing and every answer has its greatest size.
A machine's speed cancels out of the ratios: the time of an answer is put beside the time in which Python's own
parser, written in C, reads it.
"""
import http.client
import json
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from daemon import Daemon, UnixConnection  # noqa: E402
from emulator import Emulator, free_port  # noqa: E402
from network import dump, head  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "15"))
ADDRESSES, GROUPS = 2000, 1000


def large():
    """The most common shape of a large stack: many small things, most of which refer to one."""
    return {**head(interval="1h", mode="observe"),
            "network": {"vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
                        "elastic_ip": {f"a{i}": {} for i in range(ADDRESSES)}},
            "security": {"security_group": {
                f"g{i}": {"vpc": "main", "description": f"group {i}",
                          "ingress": [{"ip_protocol": "tcp", "from_port": 443, "to_port": 443,
                                       "cidr_ipv4": "10.0.0.0/8"}]} for i in range(GROUPS)}}}


def median(values):
    return sorted(values)[len(values) // 2]


def timed(what):
    began = time.perf_counter()
    answer = what()
    return (time.perf_counter() - began) * 1000, answer


def ask(connection, path):
    connection.request("GET", path)
    return connection.getresponse().read()


def measure(daemon, path, bound):
    connection = UnixConnection(daemon.socket, 60)
    first, text = timed(lambda: ask(connection, path))
    answers = [timed(lambda: ask(connection, path))[0] for _ in range(ROUNDS)]
    assert len(ask(connection, path)) > 0.99 * len(text)
    parses = [timed(lambda: json.loads(text))[0] for _ in range(ROUNDS)]
    connection.close()
    print(f"{path:<38} {median(answers) / median(parses):>6.2f} x its parsing (bound {bound})"
          f"  {median(answers):6.1f} ms, first {first:.1f} ms, {len(text) // 1024} KB", flush=True)


def on_cpu_of(daemon, what):
    """Of the daemon, for one answer: the median of some."""
    def once():
        before = on_cpu_ms(daemon.process.pid)
        answer = what()
        return on_cpu_ms(daemon.process.pid) - before, answer
    once()
    costs = [once() for _ in range(max(3, ROUNDS // 3))]
    return median([cost for cost, _ in costs]), costs[0][1]


def page(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    text = connection.getresponse().read()
    connection.close()
    return text


def measure_larger(daemon, port):
    """A file that is not in force, read and planned; the page. On the CPU, as nothing parses them for comparison."""
    text = dump(large())
    cost, answer = on_cpu_of(daemon, lambda: daemon.request("POST", "/v1/plan", {"text": text, "file": "new.yaml"}))
    assert answer[0] == 200 and len(answer[1]["actions"]) == ADDRESSES + GROUPS + 1
    print(f"{'plan --file of ' + str(len(text) // 1024) + ' KB':<38} {cost:6.1f} ms of CPU")
    for path in ("/", "/resources"):
        cost, answer = on_cpu_of(daemon, lambda path=path: page(port, path))
        print(f"{'page ' + path:<38} {cost:6.1f} ms of CPU, {len(answer) // 1024} KB")


def on_cpu_ms(pid):
    return sum(int((task / "schedstat").read_text().split()[0]) / 1e6
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    emulator = Emulator(home / "emulator.log")
    port = free_port()
    daemon = Daemon(emulator.url, dump(large()), arguments=["--listen", f"127.0.0.1:{port}"])
    try:
        daemon.start()
        daemon.wait_status(lambda s: all(l["checked_at"] for l in s["layers"] if l["resources"]), "a first look")
        print(f"{'CPU of the start and a first look':<38} {on_cpu_ms(daemon.process.pid):6.1f} ms")
        daemon.sync()
        before = on_cpu_ms(daemon.process.pid)
        daemon.sync()
        print(f"{'CPU of a quiet pass':<38} {on_cpu_ms(daemon.process.pid) - before:6.1f} ms")
        for path, bound in (("/v1/status", 3), ("/v1/plan", 3), ("/v1/diff", 12), ("/v1/graph", 3),
                            ("/v1/resources/security.security_group.g7", 250)):
            measure(daemon, path, bound)
        measure_larger(daemon, port)
        if "--profile" in sys.argv:
            print(daemon.process.pid, daemon.socket, flush=True)
            end = time.monotonic() + 120
            connection = UnixConnection(daemon.socket, 60)
            while time.monotonic() < end:
                ask(connection, os.environ.get("BENCH_PATH", "/v1/plan"))
    finally:
        daemon.close()
        emulator.stop()
        for path in home.iterdir():
            path.unlink()
        home.rmdir()


if __name__ == "__main__":
    main()

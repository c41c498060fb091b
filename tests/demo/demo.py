"""make demo: an architecture of five layers comes up, is broken behind the daemon's back, and is held.

Everything is real but AWS, whose place the emulator takes, with AWS's usual distance in time before it. What is
told here is read from the daemon's own socket and from AWS's answers; nothing is staged. It runs in a
directory of its own under the temporary one and leaves nothing behind, also after Ctrl-C.
"""
import collections
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))
sys.dont_write_bytecode = True

from breaks import BREAKS  # noqa: E402
from daemon import Daemon, Failed, wait_until  # noqa: E402
from emulator import Emulator, free_port  # noqa: E402
from proxy import Proxy  # noqa: E402

EXAMPLE = ROOT / "config/examples/multi-tier.yaml"
LATENCY = 0.04  # seconds; what AWS takes for most calls from the same region
TERMINAL = sys.stdout.isatty()
COLOUR = TERMINAL and not os.environ.get("NO_COLOR")
CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "36"}
WIDTH = 100


def paint(text, colour):
    return f"\033[{CODES[colour]}m{text}\033[0m" if COLOUR else text


def say(text="", colour=None):
    print(paint(text, colour) if colour else text, flush=True)


def chapter(title):
    say()
    say(f"== {title}", "bold")


def tell(text):
    for line in textwrap.wrap(text, WIDTH - 4):
        say(f"   {line}", "dim")


def labelled(label, colour, text):
    """`label:  text`, the text wrapped beside its label."""
    lines = textwrap.wrap(text, WIDTH - 14, break_long_words=False, break_on_hyphens=False) or [""]
    say(f"   {paint(f'{label}:'.ljust(10), colour)} {lines[0]}")
    for line in lines[1:]:
        say(f"{'':14}{line}")


def pause(seconds=1.2):
    """For the eye; a pipe does not need it."""
    if TERMINAL:
        time.sleep(seconds)


def short(value, most=60):
    text = json.dumps(value)
    return text if len(text) <= most else text[:most] + " ..."


def parsed(value):
    """A document within a string is looked into."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def leaves(desired, observed, path):
    """Where two values differ, as deep as both have the same form: (path, desired, observed)."""
    desired, observed = parsed(desired), parsed(observed)
    if isinstance(desired, dict) and isinstance(observed, dict):
        for name in [*desired, *(name for name in observed if name not in desired)]:
            yield from leaves(desired.get(name), observed.get(name), f"{path}.{name}")
    elif isinstance(desired, list) and isinstance(observed, list) and len(desired) == len(observed) == 1:
        yield from leaves(desired[0], observed[0], path)
    elif desired != observed:
        yield path, desired, observed


def difference(row):
    """One drift in words."""
    field = row["field"]
    if field == "(resource)":
        return "is not there any more"
    if row["type"] == "changed":
        found = list(leaves(row["desired"], row["observed"], field))
        return "; ".join(f"{path} should be {short(desired)}, is {short(observed)}"
                         for path, desired, observed in found)
    return f"{field} is missing" if row["type"] == "missing" else f"{field} does not belong there"


class Board:
    """Progress by layer: bars that are drawn again and again on a terminal, a line a second elsewhere."""

    BAR = 24

    def __init__(self):
        self.began = time.monotonic()
        self.lines = []  # as they stand on the screen
        self.last = 0.0
        self.done_at = {}

    def seconds(self):
        return time.monotonic() - self.began

    def show(self, rows, is_last=False):
        layers = collections.OrderedDict()
        for row in rows:
            layers.setdefault(row["layer"], []).append(row)
        for name, members in layers.items():
            if all(is_well(row) for row in members):
                self.done_at.setdefault(name, self.seconds())
        if TERMINAL:
            self.draw(layers)
        elif is_last or time.monotonic() - self.last >= 1:
            self.last = time.monotonic()
            parts = [f"{name} {sum(map(is_well, members))}/{len(members)}" for name, members in layers.items()]
            say(f"   {self.seconds():5.1f} s  {'  '.join(parts)}")

    def draw(self, layers):
        lines = []
        for name, members in layers.items():
            well = sum(map(is_well, members))
            full = self.BAR * well // len(members)
            busy = [row["address"].split(".", 1)[1] for row in members if row["health"] == "Progressing"]
            now = f"{self.done_at[name]:.1f} s" if name in self.done_at else ", ".join(busy)[:36]
            lines.append(f"   {name:<11}{paint('█' * full, 'green')}{paint('░' * (self.BAR - full), 'dim')} "
                         f"{well:>3}/{len(members):<3} {paint(now, 'dim')}")
        if lines == self.lines:
            return
        back = f"\033[{len(self.lines)}A" if self.lines else ""
        print(back + "".join(f"\033[2K{line}\n" for line in lines), end="", flush=True)
        self.lines = lines


def is_well(row):
    return row["sync"] == "Synced" and row["health"] == "Healthy"


class Demo:
    def __init__(self, home):
        self.home = home
        self.began = time.monotonic()
        self.ends = contextlib.ExitStack()
        self.emulator = self.proxy = self.daemon = self.whole_at = self.page = None

    def set_up(self):
        self.emulator = Emulator(self.home / "emulator.log")
        self.ends.callback(self.emulator.stop)
        self.emulator.load_everything()
        self.proxy = Proxy(self.emulator.port)
        self.ends.callback(self.proxy.close)
        self.proxy.delay = LATENCY
        self.page = f"127.0.0.1:{free_port()}"
        self.daemon = Daemon(self.proxy.url, EXAMPLE.read_text(), arguments=["--listen", self.page])
        self.ends.callback(self.daemon.close)
        self.daemon.config = self.home / EXAMPLE.name
        self.daemon.write(EXAMPLE.read_text())

    def close(self):
        self.ends.close()

    def rows(self):
        """What the file declares; what has left it stays in status until AWS shows it gone for certain."""
        with contextlib.suppress(OSError):
            return [row for row in self.daemon.status()["resources"] if row["sync"] != "Orphaned"]
        return []

    def wait_whole(self):
        self.wait(lambda: (rows := self.rows()) and all(map(is_well, rows)), "everything to be in order")

    def row(self, address):
        return self.daemon.resources().get(address)

    def now(self):
        return self.daemon.status()["daemon"]["now"]

    def run(self, *arguments, most=40):
        """A command line, as one would type it."""
        words = [repr(word) if " " in word else word.removeprefix(f"{self.home}/") for word in arguments]
        say(f"   $ holdfast {' '.join(words)}", "blue")
        colour = ["--color", "always"] if COLOUR else []
        done = self.daemon.holdfast(*arguments, *colour, environment={"COLUMNS": str(WIDTH + 10)})
        lines = (done.stdout + done.stderr).splitlines()
        for line in lines[:most]:
            say(f"   {line}".rstrip())
        if len(lines) > most:
            say(f"   ... and {len(lines) - most} lines more", "dim")

    def wait(self, ready, what, patience=60):
        try:
            return wait_until(ready, what, patience, self.daemon.check_alive)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.daemon.picture()}\n{self.daemon.log_end()}") from None

    # -- the chapters

    def converge(self):
        chapter("Nothing is there; the file says what should be")
        tell(f"{EXAMPLE.relative_to(ROOT)} goes to the daemon. It has its own Postgres, which it sets up and starts "
             f"itself; AWS answers after {LATENCY * 1000:.0f} ms, as it does.")
        say(f"   $ holdfastd --config multi-tier.yaml --listen {self.page}", "blue")
        board = Board()
        self.daemon.start()
        tell(f"ready after {board.seconds():.1f} s; its page, for a browser, while this runs: http://{self.page}/")

        def is_done():
            rows = self.rows()
            whole = bool(rows) and all(map(is_well, rows))
            if rows:
                board.show(rows, whole)
            return whole

        self.wait(is_done, "everything to come up", 90)
        calls = self.proxy.mutations()
        say(f"   {len(self.rows())} resources, {len(calls)} changes to AWS, "
            f"{sum(call.status >= 400 for call in calls)} of them failed, {board.seconds():.1f} s", "green")
        pause()
        say()
        self.run("graph", most=60)
        pause()

    def look(self, address, began):
        """Until a resource is in order again, after something has been done to it."""
        self.wait(lambda: is_well(self.row(address)) and self.proxy.mutations(), f"{address} to be put right")
        return time.monotonic() - began

    def explain(self, address, seen, since):
        """What history says of it: the drift, and what was done."""
        def new_drifts():
            return [row for row in self.daemon.get("/v1/drift")["drifts"]
                    if row["id"] not in seen and row["address"] == address and row["closed_at"]]

        for row in wait_until(new_drifts, "the drift to stand in history", 10):
            labelled("seen", "red", f"{address}: {difference(row)}")
        for entry in reversed(self.daemon.history(limit=50)):
            if entry["what"] == "action" and entry["address"] == address and entry["at"] >= since:
                labelled("done", "green", f"{entry['detail']['operation']}: {entry['detail']['reason']}")

    def hold(self, one):
        """Breaks something, then watches it being seen and put right."""
        row = self.row(one.address)
        say()
        labelled("someone", "yellow", one.what)
        say(f"{'':14}{one.code}", "dim")
        since, seen = self.now(), {row["id"] for row in self.daemon.get("/v1/drift")["drifts"]}
        one.act(self.emulator.client, row["id"])
        self.proxy.clear_calls()
        began = time.monotonic()
        self.daemon.sync(one.layer)
        row = self.row(one.address)
        if row["sync"] == "Missing":
            labelled("waits", "yellow", f"{row['message']} (reads of AWS lag, so an absence is not believed at once)")
        took = self.look(one.address, began)
        self.explain(one.address, seen, since)
        say(f"{'':14}in order again {took:.1f} s after the look began", "dim")
        pause(0.8)

    def break_things(self):
        chapter("Things are changed behind its back, in every layer")
        tell("The daemon looks every minute; here it is asked to look at once.")
        for one in BREAKS:
            self.hold(one)

    def change_file(self):
        chapter("The file changes: what is safe is done, what is not is held")
        text = self.daemon.config.read_text()
        alarm = next(line for line in text.splitlines(True) if line.startswith("    memory-high:"))
        edits = [("master_username: app", "master_username: admin1", "another name for the database's owner"),
                 ("retention_in_days: 14", "retention_in_days: 60", "logs are kept for longer"),
                 (alarm, "", "an alarm leaves the file")]
        new = text
        for old, now, why in edits:
            assert old in new
            new = new.replace(old, now)
            said = f"{old} -> {now}" if now else old.strip().split(":")[0] + ":"
            say(f"   {'~' if now else '-'} {said}   {paint('# ' + why, 'dim')}")
        copy = self.home / "new.yaml"
        copy.write_text(new)
        self.run("plan", "--file", str(copy), most=60)
        pause()
        self.daemon.write(new)
        say("   $ mv new.yaml multi-tier.yaml; systemctl reload holdfastd", "blue")
        self.proxy.clear_calls()
        self.daemon.reload()
        orphan = "monitoring.alarm.memory-high"

        def is_held():
            layers = self.daemon.status()["layers"]
            return sum(layer["held"] for layer in layers) >= 2 and is_well(self.row("monitoring.log_group.firehose"))

        self.wait(is_held, "two changes to be held")
        self.run("status")
        pause()
        self.run("approve", orphan)
        self.wait(lambda: not self.emulator.client("cloudwatch").describe_alarms(
            AlarmNames=["shop-memory-high"])["MetricAlarms"], "the alarm to be deleted")
        say("   the alarm is gone; the database's owner is put back in the file:", "green")
        self.daemon.write(new.replace("master_username: admin1", "master_username: app"))
        say("   $ systemctl reload holdfastd", "blue")
        self.daemon.reload()
        self.wait(lambda: is_well(self.row("data.db_instance.main")), "the database to be in order")
        names = [call.name for call in self.proxy.mutations()]
        say(f"   changes to AWS: {', '.join(names)}", "green")
        pause()

    def pause_layer(self):
        chapter("An incident: people work by hand, the daemon keeps its hands off")
        group = next(one for one in BREAKS if one.address == "security.security_group.db")
        self.run("pause", "security", "--for", "1h", "--reason", "incident 42, access by hand")
        labelled("someone", "yellow", group.what)
        say(f"{'':14}{group.code}", "dim")
        group.act(self.emulator.client, self.row(group.address)["id"])
        self.proxy.clear_calls()
        self.daemon.sync("security")
        self.wait(lambda: self.row(group.address)["sync"] != "Synced", "the change to be seen")
        self.run("status")
        say(f"   {len(self.proxy.mutations())} changes to AWS", "green")
        began = time.monotonic()
        self.run("resume", "security")
        self.look(group.address, began)
        say(f"   in order again after {time.monotonic() - began:.1f} s", "green")
        pause()

    def bad_file(self):
        chapter("A slip in the file")
        good = self.daemon.config.read_text()
        self.daemon.write(good.replace("cidr_block:", "cidr_blok:", 1))
        say(f"   $ sed -i '0,/cidr_block/s//cidr_blok/' {EXAMPLE.name}; systemctl reload holdfastd", "blue")
        self.proxy.clear_calls()
        self.daemon.reload()
        error = self.daemon.status()["config"]["error"]
        for finding in error["findings"][:3]:
            say(f"   {finding['file'].rsplit('/', 1)[-1]}:{finding['line']}:{finding['column']}: {finding['message']}"
                f"{'; ' + finding['remedy'] if finding.get('remedy') else ''}", "red")
        self.daemon.write(good)
        self.daemon.reload()
        say(f"   the old file stayed in force; {len(self.proxy.mutations())} changes to AWS", "green")
        pause()

    def look_back(self):
        chapter("What happened, from Postgres")
        self.run("history", "--since", self.whole_at, "--limit", "24")
        pause()

    def quiet(self):
        chapter("A pass without news")
        self.daemon.sync()
        self.proxy.clear_calls()
        self.daemon.sync()
        calls = self.proxy.seen()
        services = collections.Counter(call.service for call in calls)
        tell(", ".join(f"{name}\u00a0{count}" for name, count in services.most_common()))
        say(f"   {len(calls)} calls for {len(self.rows())} resources, "
            f"{sum(c.is_mutating for c in calls)} of them writing; {self.daemon.resident_bytes() / 2**20:.0f} MiB "
            f"of memory", "green")
        pause()

    def again(self):
        chapter("Stopped, and started again")
        status = self.daemon.stop()
        say("   $ systemctl restart holdfastd", "blue")
        tell(f"ended with {status}")
        self.proxy.clear_calls()
        self.daemon.start()
        self.wait_whole()
        self.daemon.sync()
        say(f"   started again, looked twice: {len(self.proxy.mutations())} changes to AWS", "green")

    def play(self):
        self.set_up()
        self.converge()
        self.whole_at = self.now()
        self.break_things()
        self.pause_layer()
        self.change_file()
        self.bad_file()
        self.look_back()
        self.quiet()
        self.again()


def main():
    sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-demo-"))
    home.chmod(0o755)
    demo = Demo(home)
    status = 1
    try:
        demo.play()
        status = 0
    except KeyboardInterrupt:
        say("\nstopped; cleaning up")
        status = 130
    except Failed as failure:
        say(str(failure), "red")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            demo.close()
        finally:
            shutil.rmtree(home, ignore_errors=True)
    if status == 0:
        say()
        say(f"That was Holdfast, in {time.monotonic() - demo.began:.0f} s. Nothing of it is left.", "bold")
    return status


if __name__ == "__main__":
    sys.exit(main())

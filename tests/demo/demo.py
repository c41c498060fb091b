"""make demo: an architecture comes up, is broken behind the daemon's back, and is held.

Everything is real but AWS, whose place the emulator takes, with AWS's usual distance in time before it. What is
told here is read from the daemon's own socket and from AWS's answers; nothing is staged. It runs in a
directory of its own under the temporary one and leaves nothing behind, also after Ctrl-C.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))
sys.dont_write_bytecode = True

from daemon import Daemon, Failed, wait_until  # noqa: E402
from emulator import Emulator  # noqa: E402
from proxy import Proxy  # noqa: E402

EXAMPLE = ROOT / "config/examples/multi-tier.yaml"
LATENCY = 0.04  # seconds; what AWS takes for most calls from the same region
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "36"}


def paint(text, colour):
    return f"\033[{CODES[colour]}m{text}\033[0m" if COLOUR else text


def say(text="", colour=None):
    print(paint(text, colour) if colour else text, flush=True)


def chapter(title):
    say()
    say(f"== {title}", "bold")


def tell(text):
    for line in textwrap.wrap(text, 96):
        say(f"   {line}", "dim")


def pause(seconds=1.2):
    """For the eye; a pipe does not need it."""
    if COLOUR:
        time.sleep(seconds)


def difference(row):
    """One drift in words."""
    if row["field"] == "(resource)":
        return "is not there any more"
    if row["type"] == "changed":
        return f"{row['field']} should be {json.dumps(row['desired'])}, is {json.dumps(row['observed'])}"
    return f"{row['field']} {'is missing' if row['type'] == 'missing' else 'does not belong there'}"


class Demo:
    def __init__(self, home):
        self.home = home
        self.began = time.monotonic()
        self.ends = contextlib.ExitStack()
        self.emulator = self.proxy = self.daemon = None

    def set_up(self):
        self.emulator = Emulator(self.home / "emulator.log")
        self.ends.callback(self.emulator.stop)
        self.emulator.load_everything()
        self.proxy = Proxy(self.emulator.port)
        self.ends.callback(self.proxy.close)
        self.proxy.delay = LATENCY
        shutil.copytree(EXAMPLE.parent, self.home, dirs_exist_ok=True)  # with what the file includes
        self.daemon = Daemon(self.proxy.url, "")
        self.ends.callback(self.daemon.close)
        self.daemon.config = self.home / EXAMPLE.name
        # The flow log's group belongs to nobody in the file yet: somebody made it.
        for name in set(re.findall(r"log_group_name: (\S+)", self.daemon.config.read_text())):
            self.emulator.client("logs").create_log_group(logGroupName=name)

    def close(self):
        self.ends.close()

    @property
    def ec2(self):
        return self.emulator.client("ec2")

    def rows(self):
        with contextlib.suppress(OSError):
            return self.daemon.status()["resources"]
        return []

    def run(self, *arguments):
        """A command line, as one would type it."""
        say(f"   $ holdfast {' '.join(arguments)}", "blue")
        done = self.daemon.holdfast(*arguments, environment={"COLUMNS": "110"})
        for line in (done.stdout + done.stderr).splitlines():
            say(f"   {line}")

    def one(self, kind, wanted=lambda row: True):
        """The first resource of a kind, as (address, AWS id)."""
        for row in self.rows():
            if row["kind"] == kind and row.get("id") and wanted(row):
                return row["address"], row["id"]
        raise SystemExit(f"the example declares no {kind} that fits")

    # -- the chapters

    def converge(self):
        chapter("Nothing is there; the file says what should be")
        tell(f"{EXAMPLE.relative_to(ROOT)} goes to the daemon. It has its own Postgres, which it sets up and starts "
             f"itself; AWS answers after {LATENCY * 1000:.0f} ms, as it does.")
        began = time.monotonic()
        self.daemon.start()
        say(f"   ready after {time.monotonic() - began:.1f} s", "dim")
        ready, total = {}, 0

        def is_done():
            nonlocal total
            rows = self.rows()
            total = len(rows) or total
            for row in rows:
                if row["sync"] == "Synced" and row["health"] == "Healthy" and row["address"] not in ready:
                    ready[row["address"]] = time.monotonic() - began
                    say(f"   {paint('+', 'green')} {row['address']:<44} {row.get('id') or '':<28}"
                        f"{paint('%5.1f s' % ready[row['address']], 'dim')}  {len(ready)}/{total}")
            return rows and len(ready) == len(rows)

        try:
            wait_until(is_done, "everything to come up", 90, self.daemon.check_alive)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.daemon.picture()}\n{self.daemon.log_end()}") from None
        say(f"   {total} resources, {len(self.proxy.mutations())} changes to AWS, "
            f"{time.monotonic() - began:.1f} s", "green")
        pause()

    def quiet(self):
        chapter("A second look")
        self.proxy.clear_calls()
        self.daemon.sync()
        calls = self.proxy.seen()
        say(f"   {len(calls)} calls for {len(self.rows())} resources, "
            f"{sum(c.is_mutating for c in calls)} of them writing", "green")

    def hold(self, what, code, address, act):
        """Breaks something, then watches it being seen and put right."""
        say()
        say(f"   {paint('someone:', 'yellow')} {what}")
        say(f"            {code}", "dim")
        broken_at = self.daemon.status()["daemon"]["now"]
        seen = {row["id"] for row in self.daemon.get("/v1/drift")["drifts"]}
        act()
        self.proxy.clear_calls()
        began = time.monotonic()
        self.daemon.sync()

        def is_mended():
            row = self.daemon.resources().get(address)
            return row and row["sync"] == "Synced" and row["health"] == "Healthy" and self.proxy.mutations()

        wait_until(is_mended, f"{address} to be put right", 60, self.daemon.check_alive)
        took = time.monotonic() - began

        def new_drifts():
            return [row for row in self.daemon.get("/v1/drift")["drifts"]
                    if row["id"] not in seen and row["closed_at"]]

        for row in wait_until(new_drifts, "the drift to stand in history", 10):
            say(f"   {paint('seen:', 'red')}    {row['address']}: {difference(row)}")
        for entry in reversed(self.daemon.history(limit=50)):
            if entry["what"] == "action" and entry["address"] == address and entry["at"] >= broken_at:
                say(f"   {paint('done:', 'green')}    {entry['detail']['operation']}: {entry['detail']['reason']}")
        say(f"            in order again {took:.1f} s after the look began", "dim")
        pause()

    def break_things(self):
        chapter("Things are changed behind its back")
        ec2 = self.ec2
        public = {s["SubnetId"] for s in ec2.describe_subnets()["Subnets"] if s["MapPublicIpOnLaunch"]}
        address, subnet = self.one("subnet", lambda row: row["id"] in public)
        self.hold(f"switches public addresses off in {address}",
                  f"ec2.modify_subnet_attribute(SubnetId={subnet!r}, MapPublicIpOnLaunch=False)", address,
                  lambda: ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False}))

        with_default = {t["RouteTableId"] for t in ec2.describe_route_tables()["RouteTables"]
                        if any(r.get("DestinationCidrBlock") == "0.0.0.0/0" for r in t["Routes"])}
        address, table = self.one("route_table", lambda row: row["id"] in with_default)
        self.hold(f"deletes the way out of {address}",
                  f"ec2.delete_route(RouteTableId={table!r}, DestinationCidrBlock='0.0.0.0/0')", address,
                  lambda: ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0"))

        address, group = self.one("security_group")
        everyone = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        self.hold(f"opens {address} to the world, for a moment",
                  f"ec2.authorize_security_group_ingress(GroupId={group!r}, tcp 22 from 0.0.0.0/0)", address,
                  lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=everyone))

        address, log = self.one("flow_log")
        self.hold(f"deletes {address}", f"ec2.delete_flow_logs(FlowLogIds=[{log!r}])", address,
                  lambda: ec2.delete_flow_logs(FlowLogIds=[log]))

    def new_file(self):
        chapter("The file changes")
        text = self.daemon.config.read_text()
        line = re.findall(r"^ +[a-z]+-b: \{vpc: main, cidr_block: [0-9./]+, availability_zone: b.*\}$", text, re.M)[-1]
        name = line.split("-b:")[0].strip() + "-c"
        more = f"    {name}: {{vpc: main, cidr_block: 10.0.200.0/24, availability_zone: c}}"
        self.daemon.write(text.replace(line, f"{line}\n{more}"))
        say(f"   + {more.strip()}", "green")
        say("   $ kill -HUP $(pidof holdfastd)", "blue")
        began = time.monotonic()
        self.daemon.reload()
        self.daemon.wait_synced()
        row = self.daemon.resources()[f"network.subnet.{name}"]
        say(f"   {row['address']} is {row['id']} after {time.monotonic() - began:.1f} s", "green")
        pause()

    def bad_file(self):
        chapter("A slip in the file")
        good = self.daemon.config.read_text()
        at = good.index("cidr_block:")
        self.daemon.write(good[:at] + "cidr_blok:" + good[at + len("cidr_block:"):])
        say(f"   $ sed -i '0,/cidr_block/s//cidr_blok/' {EXAMPLE.name}; kill -HUP $(pidof holdfastd)", "blue")
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
        chapter("What happened")
        self.run("history", "--since", self.whole_at)
        self.run("status")

    def again(self):
        chapter("Stopped, and started again")
        status = self.daemon.stop()
        say(f"   SIGTERM: ended with {status}", "dim")
        self.proxy.clear_calls()
        self.daemon.start()
        self.daemon.wait_synced()
        self.daemon.sync()
        say(f"   {len(self.proxy.mutations())} changes to AWS", "green")

    def play(self):
        self.set_up()
        self.converge()
        self.quiet()
        self.whole_at = self.daemon.status()["daemon"]["now"]
        self.break_things()
        self.new_file()
        self.bad_file()
        self.look_back()
        self.again()
        say()
        say(f"That was Holdfast, in {time.monotonic() - self.began:.0f} s. Nothing of it is left.", "bold")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-demo-"))
    home.chmod(0o755)
    demo = Demo(home)
    try:
        demo.play()
        return 0
    except KeyboardInterrupt:
        say("\nstopped; cleaning up")
        return 130
    except Failed as failure:
        say(str(failure), "red")
        return 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            demo.close()
        finally:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

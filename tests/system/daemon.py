"""holdfastd and holdfast as processes: start, wait, signal, ask, kill.

Nothing here sleeps to be on the safe side. Being ready, reloading and stopping are told by the daemon
itself over sd_notify, to a socket of the test's own; a pass is over when `POST /v1/sync` with
wait answers.
"""
import http.client
import json
import os
import pathlib
import queue
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

from emulator import KEYS, REGION

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("HOLDFAST_BUILD", "build")).resolve()
PATIENCE = float(os.environ.get("HOLDFAST_TEST_PATIENCE", "60"))  # seconds; a failure, never a pause
# `make valgrind-system` starts the daemon by this.
WRAPPER = shlex.split(os.environ.get("HOLDFAST_TEST_WRAPPER", ""))
# What a sanitizer or valgrind says when it has found something.
REPORT = re.compile(r"Sanitizer|runtime error:|^==\d+==", re.MULTILINE)


class Failed(AssertionError):
    """The daemon did not do what it was waited for; carries the end of its log."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("holdfast", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def wait_until(ready, what, patience=PATIENCE, alive=None):
    """Asks again and again; the answer that is true is returned."""
    deadline = time.monotonic() + patience
    while True:
        answer = ready()
        if answer:
            return answer
        if alive is not None:
            alive()
        if time.monotonic() > deadline:
            raise Failed(f"waited {patience:.0f} s for {what}; last answer: {answer!r}")
        time.sleep(0.03)


class Daemon:
    """One daemon with a state directory of its own. Every directory is readable by the
    unprivileged user that the embedded Postgres runs as when the tests run as root."""

    def __init__(self, endpoint, stack, postgres=None, arguments=(), environment=None):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-test-"))
        self.home.chmod(0o755)
        self.config = self.home / "stack.yaml"
        self.state = self.home / "state"
        self.socket = self.home / "holdfast.sock"
        self.log_path = self.home / "log"
        self.arguments = list(arguments)
        if postgres:
            self.arguments += ["--postgres", postgres]
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.home), "LC_ALL": "C.UTF-8",
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true",
            **KEYS, **(environment or {})}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.process = None
        self.notify = None
        self.told = []  # what it said over sd_notify: [(monotonic, {"READY": "1", ...})]
        self.write(stack)

    def write(self, stack):
        """A new file in one step, as a careful editor would."""
        beside = self.config.with_suffix(".new")
        beside.write_text(stack)
        beside.rename(self.config)

    # -- life

    def start(self, wait=True, extra=()):
        assert self.process is None or self.process.poll() is not None, "it runs already"
        self._open_notify()
        self.told = []
        command = [*WRAPPER, str(BUILD / "holdfastd"), "--config", str(self.config), "--state-dir", str(self.state),
                   "--socket", str(self.socket), *self.arguments, *extra]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**self.environment, "NOTIFY_SOCKET": str(self.home / "notify")})
        if wait:
            self.wait_notice("READY")
        return self

    def _open_notify(self):
        path = self.home / "notify"
        if self.notify:
            self.notify.close()
        path.unlink(missing_ok=True)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(path))
        path.chmod(0o777)
        self.heard = queue.Queue()
        threading.Thread(target=self._listen, args=(self.notify, self.heard), daemon=True).start()

    def _listen(self, notify, heard):
        """As the service manager does: whatever the test is at. A full socket would stop the daemon."""
        notify.settimeout(0.2)
        while self.notify is notify:
            try:
                heard.put((time.monotonic(), notify.recv(65536).decode()))
            except TimeoutError:
                continue
            except OSError:
                return

    def _hear(self, timeout):
        try:
            at, datagram = self.heard.get(timeout=max(timeout, 0.001))
        except queue.Empty:
            return None
        message = dict(line.split("=", 1) for line in datagram.splitlines() if "=" in line)
        self.told.append((at, message))
        return message

    def notices(self):
        """Everything said up to now."""
        while self._hear(0) is not None:
            pass
        return [message for _, message in self.told]

    def wait_notice(self, name, patience=PATIENCE):
        """The next message that carries `name`."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            message = self._hear(min(0.5, deadline - time.monotonic()))
            if message and name in message:
                return message
            if message is None:
                self.check_alive()
        raise Failed(f"no {name} within {patience:.0f} s\n{self.log_end()}")

    def check_alive(self):
        if self.process.poll() is not None:
            raise Failed(f"holdfastd ended with {self.process.returncode}\n{self.log_end()}")

    def send_signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        """SIGHUP, and the READY that ends it."""
        self.notices()
        self.send_signal(signal.SIGHUP)
        self.wait_notice("RELOADING")
        return self.wait_notice("READY")

    def stop(self, number=signal.SIGTERM, patience=PATIENCE):
        """Ends it; returns its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.send_signal(number)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.send_signal(signal.SIGCONT)  # what a test has stopped dies of nothing but SIGKILL
            self.process.wait()
            raise Failed(f"holdfastd did not end within {patience:.0f} s\n{self.log_end()}") from None

    def kill(self):
        """kill -9: no farewell. Its Postgres goes on until the next start takes it over."""
        self.process.kill()
        self.process.wait()

    def close(self):
        """The end of the test: nothing stays behind, also when it went wrong."""
        try:
            if self.process is not None and self.process.poll() is None:
                self.send_signal(signal.SIGCONT)  # a test that failed may have left it stopped
                status = self.stop()
                if status not in (0, -signal.SIGTERM):  # before it can answer a signal, that is its end
                    raise Failed(f"holdfastd ended with {status}\n{self.log_end()}")
        finally:
            if self.process is not None and self.process.poll() is None:
                self.kill()
            self._stop_postgres()
            if self.notify:
                self.notify.close()
                self.notify = None
            found = REPORT.search(self.log()) and self.log_end(80)
            shutil.rmtree(self.home, ignore_errors=True)
            if found:
                raise Failed(f"a sanitizer, or valgrind, has found something\n{found}")

    def postgres_pid(self):
        """The embedded server's, or None."""
        for path in sorted(self.state.rglob("postmaster.pid")):
            try:
                pid = int(path.read_text().splitlines()[0])
                os.kill(pid, 0)
                return pid
            except (OSError, ValueError, IndexError):
                pass
        return None

    def _stop_postgres(self):
        pid = self.postgres_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)  # fast shutdown
        deadline = time.monotonic() + 10
        while self.postgres_pid() == pid and time.monotonic() < deadline:
            time.sleep(0.05)

    # -- asking

    def request(self, method, path, body=None, patience=PATIENCE):
        connection = UnixConnection(self.socket, patience)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, body=data,
                               headers={"Content-Type": "application/json"} if data else {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if "json" in (answer.getheader("Content-Type") or ""):
            return answer.status, json.loads(text)
        return answer.status, text.decode()

    def get(self, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        status, body = self.request("GET", path)
        assert status == 200, f"GET {path}: {status} {body}"
        return body

    def post(self, path, body=None):
        status, answer = self.request("POST", path, body or {})
        assert status in (200, 202), f"POST {path}: {status} {answer}"
        return answer

    def status(self):
        return self.get("/v1/status")

    def resources(self):
        return {r["address"]: r for r in self.status()["resources"]}

    def resource(self, address):
        return self.get(f"/v1/resources/{address}")["resource"]

    def ids(self):
        return {address: r["id"] for address, r in self.resources().items() if r.get("id")}

    def history(self, **query):
        return self.get("/v1/history", **query)["entries"]

    def sync(self, target=""):
        """One pass of everything (or of a layer, a resource), ended."""
        return self.post("/v1/sync", {"target": target, "wait": True})

    def wait_status(self, wanted, what, patience=PATIENCE):
        def ask():
            try:
                status = self.status()
            except (OSError, http.client.HTTPException):
                return None
            return status if wanted(status) else None

        try:
            return wait_until(ask, what, patience, self.check_alive)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.picture()}\n{self.log_end()}") from None

    def wait_synced(self, patience=PATIENCE, shown=None):
        """Until every resource of the file is there, in order and well; `shown` ({address: members of its row})
        says otherwise of some."""
        def is_well(row):
            wanted = {"sync": "Synced", "health": "Healthy", **(shown or {}).get(row["address"], {})}
            return all(row.get(name) == value for name, value in wanted.items())

        def synced(status):
            rows = status["resources"]
            return rows and all(is_well(row) for row in rows)

        return self.wait_status(synced, "everything to be Synced and Healthy", patience)

    def picture(self):
        """What the daemon thinks, for the message of a failed test."""
        try:
            rows = self.status()["resources"]
        except (OSError, http.client.HTTPException, AssertionError) as problem:
            return f"no status: {problem}"
        return "\n".join(
            f"  {r['address']:44} {r['sync']:10} {r['health']:12} {r.get('reason') or ''} {r.get('message') or ''}"
            for r in rows if r["sync"] != "Synced" or r["health"] != "Healthy") or "  all is well"

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_end(self, lines=40):
        return "\n".join(["-- the daemon's log ends with"] + self.log().splitlines()[-lines:])

    # -- what the kernel knows of it

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    # -- the command line

    def holdfast(self, *arguments, environment=None, check=None):
        """Runs the command; `check` is the exit status that it must have."""
        done = subprocess.run(
            [str(BUILD / "holdfast"), "--socket", str(self.socket), *arguments],
            capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
            env={**self.environment, **(environment or {})})
        if REPORT.search(done.stderr):
            raise Failed(f"holdfast {' '.join(arguments)}: {done.stderr}")
        if check is not None and done.returncode != check:
            raise Failed(f"holdfast {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def holdfast_json(self, *arguments, check=None):
        return json.loads(self.holdfast("-o", "json", *arguments, check=check).stdout)

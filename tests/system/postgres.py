"""A Postgres of the test's own, as several hosts would share it: started, stopped, hurt."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from emulator import free_port


def _programs():
    """Debian keeps them outside PATH."""
    found = shutil.which("initdb")
    if found:
        return pathlib.Path(os.path.realpath(found)).parent
    return max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))


class Session:
    """A person at psql: what is begun stays open until it is ended."""

    def __init__(self, command, user):
        self.process = subprocess.Popen(command, user=user, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1, cwd="/")
        self.count = 0

    def start(self, text):
        """Sends it and does not wait."""
        self.count += 1
        self.process.stdin.write(f"{text}\n\\echo done-{self.count}\n")

    def finish(self):
        """The lines that came of everything up to now."""
        lines = []
        for line in self.process.stdout:
            if line.strip() == f"done-{self.count}":
                return lines
            lines.append(line.rstrip("\n"))
        raise AssertionError(f"psql ended: {lines}")

    def run(self, text):
        self.start(text)
        return self.finish()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Postgres:
    """Root may not run it, so as root it runs as `postgres` or `nobody`. `disk`: the size ("24m") of a file
    system of its own that all tables made from then on stand on; the server alone sees it."""

    def __init__(self, disk=None):
        self.disk = disk
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-postgres-"))
        self.home.chmod(0o755)
        self.user = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self.user = "postgres" if "postgres" in names else "nobody"
        self.data = self.home / "data"
        self.data.mkdir()
        if self.user:
            shutil.chown(self.home, self.user)
            shutil.chown(self.data, self.user)
        self.port = free_port()
        self._run("initdb", "-D", self.data, "-U", "holdfast", "-A", "trust", "-N", "-E", "UTF8",
                  "--locale=C.UTF-8")
        self.sessions = []
        self.frozen = []
        self.start()
        if disk:
            self.sql(f"COPY (SELECT 1) TO PROGRAM 'mkdir {self.small}/space'")
            self.sql(f"CREATE TABLESPACE small LOCATION '{self.small}/space'")
            self.sql("ALTER DATABASE postgres SET default_tablespace = small")

    @property
    def small(self):
        return self.home / "small"

    def _in_own_mounts(self):
        """A command that goes on as the server's user, with a small file system mounted."""
        self.small.mkdir(exist_ok=True)
        mount = f"mount -t tmpfs -o size={self.disk},mode=0777 small {self.small} && exec"
        if self.user:
            entry = pwd.getpwnam(self.user)
            inner = f"setpriv --reuid={entry.pw_uid} --regid={entry.pw_gid} --clear-groups"
            return ["unshare", "--mount", "sh", "-c", f'{mount} {inner} "$@"', "sh"]
        inner = f"unshare --user --map-user={os.getuid()} --map-group={os.getgid()}"
        return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} {inner} "$@"', "sh"]

    def _run(self, program, *arguments, check=True):
        done = subprocess.run([str(_programs() / program), *map(str, arguments)], user=self.user, cwd=self.home,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        if check and done.returncode:
            raise AssertionError(f"{program}: {done.stdout}{done.stderr}")
        return done

    def start(self):
        command = [str(_programs() / "pg_ctl"), "-D", str(self.data), "-w", "-l", str(self.home / "log"), "start", "-o",
                   f"-p {self.port} -k {self.home} -c listen_addresses=127.0.0.1 -c fsync=off"]
        user = None if self.disk else self.user
        if self.disk:
            command = self._in_own_mounts() + command
        done = subprocess.run(command, user=user, cwd=self.home, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}{self.log()[-2000:]}"

    def log(self):
        path = self.home / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def session(self, user="holdfast"):
        """A connection that stays."""
        session = Session([str(_programs() / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d",
                           "postgres", "-XAtq"], self.user)
        self.sessions.append(session)
        return session

    def fill_disk(self):
        """Until not one byte more fits; the error of the program that does it is the point."""
        self.sql(f"COPY (SELECT 1) TO PROGRAM 'cat /dev/zero > {self.small}/filler'", check=False)

    def free_disk(self):
        self.sql(f"COPY (SELECT 1) TO PROGRAM 'rm -f {self.small}/filler'")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop", check=False)

    def reload(self):
        """pg_ctl only sends a signal: who connects after this is met by the new rules."""
        told = "received SIGHUP"
        seen = self.log().count(told)
        self._run("pg_ctl", "-D", self.data, "reload")
        deadline = time.monotonic() + 30
        while self.log().count(told) == seen and time.monotonic() < deadline:
            time.sleep(0.01)

    def conninfo(self, **more):
        parts = {"host": "127.0.0.1", "port": self.port, "user": "holdfast", "dbname": "postgres", **more}
        return " ".join(f"{key}={value}" for key, value in parts.items())

    def sql(self, text, check=True):
        """The rows, as lists of texts."""
        done = self._run("psql", "-h", "127.0.0.1", "-p", self.port, "-U", "holdfast", "-d", "postgres", "-XAtq",
                         "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-c", text, check=check)
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def end_connections(self):
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")

    def freeze(self):
        """SIGSTOP of all its processes: connections stay, and nothing answers. They are what thaw() takes."""
        first = (self.data / "postmaster.pid").read_text().splitlines()[0]
        children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text().split()
        self.frozen = [int(pid) for pid in [first, *children]]
        for pid in self.frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in reversed(self.frozen):
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.frozen = []

    def close(self):
        self.thaw()
        for session in self.sessions:
            session.close()
        self.stop("immediate")
        deadline = time.monotonic() + 10
        while (self.data / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(self.home, ignore_errors=True)

"""A Postgres of the test's own, as several hosts would share it: started, stopped, hurt."""
import os
import pathlib
import pwd
import shutil
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


class Postgres:
    """Root may not run it, so as root it runs as `postgres` or `nobody`."""

    def __init__(self):
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
        self.start()

    def _run(self, program, *arguments, check=True):
        done = subprocess.run([str(_programs() / program), *map(str, arguments)], user=self.user, cwd=self.home,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        if check and done.returncode:
            raise AssertionError(f"{program}: {done.stdout}{done.stderr}")
        return done

    def start(self):
        self._run("pg_ctl", "-D", self.data, "-w", "-l", self.home / "log", "start", "-o",
                  f"-p {self.port} -k {self.home} -c listen_addresses=127.0.0.1 -c fsync=off")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop", check=False)

    def reload(self):
        self._run("pg_ctl", "-D", self.data, "reload")

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

    def close(self):
        self.stop("immediate")
        deadline = time.monotonic() + 10
        while (self.data / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(self.home, ignore_errors=True)

"""pgbouncer between the daemon and a Postgres of the test."""
import pathlib
import shutil
import subprocess
import tempfile
import time

from emulator import free_port


class Pooler:
    """`mode`: session, transaction or statement. It refuses to run as root, so it runs as the server does."""

    def __init__(self, postgres, mode, **settings):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-pooler-"))
        if postgres.user:
            shutil.chown(self.home, postgres.user)
        self.postgres, self.port = postgres, free_port()
        lines = {"listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_type": "any",
                 "pool_mode": mode, "logfile": self.home / "log", "pidfile": self.home / "pid",
                 "default_pool_size": 3, **settings}
        (self.home / "ini").write_text(
            f"[databases]\npostgres = host=127.0.0.1 port={postgres.port} user=holdfast\n[pgbouncer]\n"
            + "".join(f"{key} = {value}\n" for key, value in lines.items()))
        self.process = None
        self.start()

    def start(self):
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        assert program, "pgbouncer is missing; `make deps` installs it"
        self.process = subprocess.Popen([program, "-q", str(self.home / "ini")], user=self.postgres.user, cwd="/",
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not (self.home / "pid").exists() and time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            time.sleep(0.05)

    def conninfo(self, **more):
        return self.postgres.conninfo(port=self.port, **more)

    def log(self):
        path = self.home / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self):
        self.process.kill()
        self.process.wait()
        (self.home / "pid").unlink(missing_ok=True)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)

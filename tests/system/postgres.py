"""A PostgreSQL server of a test's own, in a folder of its own."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from support import DEADLINE, wait_for

PASSWORD = "tr0ub4dor-and-3"


def programs():
    """The folder of initdb and postgres, which Debian keeps out of PATH."""
    found = shutil.which("initdb")
    if found:
        return os.path.dirname(os.path.realpath(found))
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    return folders[-1]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Postgres:
    """Trusts its socket, user `reader`; over TCP that user needs PASSWORD."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hoko-pg-")
        self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(self.folder, "nobody")
        self.bin, self.port = programs(), free_port()
        password = self.folder + "/password"
        with open(password, "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")
        self.do("initdb", "--pgdata", self.folder + "/data", "--username", "reader", "--auth-local", "trust",
                "--auth-host", "scram-sha-256", "--pwfile", password, "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self.process = subprocess.Popen(
            [self.bin + "/postgres", "-D", self.folder + "/data", "-k", self.folder, "-p", str(self.port),
             "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.user)
        wait_for("the start of PostgreSQL", lambda: self.is_up())
        self.url = f"postgresql://reader@/postgres?host={self.folder}&port={self.port}"
        self.tcp = f"postgresql://reader@127.0.0.1:{self.port}/postgres"

    def do(self, program, *words, **more):
        return subprocess.run([f"{self.bin}/{program}", *words], check=True, capture_output=True, text=True,
                              timeout=DEADLINE * 3, **self.user, **more).stdout

    def is_up(self):
        return subprocess.run([self.bin + "/pg_isready", "-q", "-h", self.folder, "-p", str(self.port)],
                              check=False, timeout=DEADLINE).returncode == 0

    def sql(self, text):
        """Runs TEXT as psql does; returns its rows as lines, cells parted by |."""
        out = subprocess.run([self.bin + "/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port),
                              "-U", "reader", "-d", "postgres"], input=text, check=True, capture_output=True, text=True,
                             timeout=DEADLINE * 3).stdout
        return out.splitlines()

    def working(self):
        """How many connections of hoko's are open."""
        return int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hoko'")[0])

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=DEADLINE)
        shutil.rmtree(self.folder)

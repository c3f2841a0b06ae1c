"""A project with jobs, and `hoko serve` in it, for the tests of the scheduler."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import tempfile

from support import HOKO, RunTest, wait_for


class ServeTest(RunTest):
    """`hoko serve` in a project of its own."""

    def setUp(self):
        super().setUp()
        self.daemon = None

    def jobs(self, **jobs):
        """Writes hoko.lua; a job is the text of its fields."""
        fields = "".join(f"    [{json.dumps(name.replace('_', '-'))}] = {{ {text} }},\n" for name, text in jobs.items())
        self.write("hoko.lua.new", f"return {{ jobs = {{\n{fields}}} }}\n")
        os.rename(self.path("hoko.lua.new"), self.path("hoko.lua"))

    def serve(self, *options, env=None, is_awaited=True):
        """Starts the daemon, and waits until it serves."""
        self.log = tempfile.NamedTemporaryFile(dir=self.folder, prefix="serve-", suffix=".log", delete=False)
        words = [HOKO, "serve", *(["--base-url", self.url] if self.url else []), *options]
        self.daemon = subprocess.Popen(words, cwd=self.folder, env=env or self.environment(),
                                       stdin=subprocess.DEVNULL, stderr=self.log)
        self.addCleanup(self.kill, self.daemon)
        if not is_awaited:
            return self.daemon
        wait_for("the daemon's start", lambda: "serving" in self.logged() or self.daemon.poll() is not None)
        return self.daemon

    def keystore(self):
        """An environment with a keystore, that has no key yet, in place of HOKO_API_KEY."""
        self.write("passphrase", "correct horse battery staple\n")
        os.chmod(self.path("passphrase"), 0o600)
        env = self.environment(HOKO_KEYSTORE=self.path("keys/keystore"), HOKO_PASSPHRASE_FILE=self.path("passphrase"))
        del env["HOKO_API_KEY"]
        return env

    def add_key(self, env, *options):
        done = subprocess.run([HOKO, "key", "add", "default", "--base-url", self.url, *options], input="any\n", text=True,
                              env=env, cwd=self.folder, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def logged(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_log(self, text, seconds=20):
        wait_for(f"the line {text!r}", lambda: text in self.logged(), seconds)

    def kill(self, daemon):
        """Ends it and what it started, whatever became of it."""
        if daemon.poll() is None:
            daemon.kill()
        daemon.wait()

    def stop(self, code=0, seconds=20):
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(seconds), code, self.logged())

    def call(self, *words, code=0, env=None, timeout=60):
        """Runs `hoko WORDS`; returns what it printed, and keeps stderr."""
        done = subprocess.run([HOKO, *words], cwd=self.folder, env=env or self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)
        self.err = done.stderr
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def query(self, sql, *values):
        """Rows of the state, however busy it is."""
        if not os.path.exists(self.path(".hoko/state.db")):
            return []
        with contextlib.closing(sqlite3.connect(f"file:{self.path('.hoko/state.db')}?mode=ro", uri=True, timeout=20)) as state:
            if not state.execute("SELECT 1 FROM sqlite_schema WHERE name = 'job'").fetchall():
                return []  # it is being made
            return state.execute(sql, values).fetchall()

    def runs(self, job, what="outcome"):
        """Of JOB's rows, the oldest first; None: not told yet."""
        return [row[0] for row in self.query(f"SELECT {what} FROM run WHERE job = ? ORDER BY number", job)]

    def wait_runs(self, job, count, outcome="ok", seconds=20):
        """Waits until COUNT runs of JOB have ended so."""
        wait_for(f"{count} runs of {job} that are {outcome}", lambda: self.runs(job).count(outcome) >= count, seconds)

    def standing(self, job):
        """JOB as `hoko jobs list --json` has it."""
        for line in self.call("jobs", "list", "--json").splitlines():
            if json.loads(line)["job"] == job:
                return json.loads(line)
        raise AssertionError(f"there is no job {job}")

"""A state in PostgreSQL, for a fleet: several hosts, here as project folders of their own, on one server."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

from postgres import Postgres
from support import HOKO, RunTest, stored, wait_for

SYNC = """hoko.sync{ source = hoko.csv("data.csv"), stream = "crm", key = "code",
  transform = function(row) return { name = row.name, email = row.email } end }"""
CSV = "code,name,email\n1,Al Noor,a@example.com\n2,نور,\n3,Nile,\n"


class Fleet(RunTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.end)

    def setUp(self):
        super().setUp()
        self.server.sql("DROP SCHEMA IF EXISTS hoko CASCADE")
        self.state = self.server.url
        self.write("data.csv", CSV)

    def command(self, *words):
        return super().command("--state", self.state, *words)

    def host(self, name):
        """Another host: a folder of its own with the same project."""
        folder = self.path(f"hosts/{name}")
        os.makedirs(folder + "/scripts")
        for file in ("hoko.lua", "data.csv"):
            shutil.copy(self.path(file), folder)
        return folder

    def begin_at(self, folder, text, *options):
        with open(folder + "/scripts/s.lua", "w", encoding="utf-8") as file:
            file.write(text)
        run = subprocess.Popen([HOKO, "run", "--report", folder + "/report.json", "--base-url", self.url,
                                "--state", self.state, *options, "scripts/s.lua"],
                               cwd=folder, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, run)
        return run

    def ask(self, *words, code=0):
        done = subprocess.run([HOKO, *words, "--state", self.state], cwd=self.folder, env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout + done.stderr

    def stalled(self):
        """A Hoko that keeps the first request until `go` is set; `came` is set when it is there."""
        self.came, self.go = threading.Event(), threading.Event()
        self.addCleanup(self.go.set)

        def answer(handler, rows):
            if not self.came.is_set():
                self.came.set()
                self.go.wait(60)
            handler.reply(200, [stored(row) for row in rows])

        self.record(answer)

    def test_what_one_host_wrote_the_next_knows(self):
        self.start()
        self.script(SYNC)
        self.assert_rows(submitted=3, created=3)
        run = self.begin_at(self.host("b"), SYNC)
        self.assertEqual(run.wait(timeout=60), 0, run.stderr.read())
        with open(self.path("hosts/b/report.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["rows"]["unchanged"], 3)
        self.assertEqual(self.mock.stats()["requests"], 1)
        self.write("data.csv", CSV.replace("Nile", "Nile Voyages"))
        self.script(SYNC)
        self.assert_rows(submitted=3, unchanged=2, updated=1)
        self.assertFalse(os.path.exists(self.path(".hoko/state.db")))

    def test_commands_read_it(self):
        self.start()
        self.write("data.csv", CSV + "4,,\n")
        self.script(SYNC + '\nhoko.store.set("last", { at = 7 })', code=3)
        self.script('print(hoko.store.get("last").at)')
        self.assertIn("postgresql://localhost", self.ask("state", "check"))
        self.assertIn("is sound", self.ask("state", "check"))
        lines = [json.loads(line) for line in self.ask("state", "export").splitlines() if line.startswith("{")]
        self.assertEqual([line["key"] for line in lines], ["1", "2", "3"])
        self.assertIn("name_missing", self.ask("rejects", "list"))
        self.assertIn("rejected", self.ask("runs", "list"))
        self.assertIn("Al Noor", self.ask("explain", "1", "--stream", "crm"))
        self.assertIn("pg_dump --schema=hoko", self.ask("state", "backup", "copy.db", code=2))
        self.assertIn("postgresql://", self.ask("doctor"))

    def test_a_dry_run_on_an_empty_server_makes_nothing(self):
        self.start()
        self.script(SYNC, options=["--dry-run"])
        self.assertEqual(self.server.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'hoko'"), ["0"])

    def test_two_hosts_never_write_one_stream_at_once(self):
        self.stalled()
        a, b = self.host("a"), self.host("b")
        first = self.begin_at(a, SYNC)
        self.assertTrue(self.came.wait(20))
        second = self.begin_at(b, SYNC)
        self.assertEqual(second.wait(timeout=20), 7)
        self.assertRegex(second.stderr.read(), f"stream crm is being written by process {first.pid}: scripts/s.lua, since ")
        third = self.begin_at(b, SYNC, "--wait", "60s")
        self.assertIsNone(third.poll())
        self.go.set()
        self.assertEqual(first.wait(timeout=20), 0, first.stderr.read())
        self.assertEqual(third.wait(timeout=60), 0, third.stderr.read())
        with open(b + "/report.json", encoding="utf-8") as file:
            self.assertEqual(json.load(file)["rows"]["unchanged"], 3)
        self.assertEqual(len(self.recorder.requests), 1)

    def test_other_streams_and_other_commands_do_not_wait(self):
        self.stalled()
        first = self.begin_at(self.host("a"), SYNC)
        self.assertTrue(self.came.wait(20))
        self.script(SYNC.replace('"crm"', '"other"'))
        self.assertIn("crm", self.ask("state"))
        self.assertIn("running", self.ask("runs", "list"))
        self.go.set()
        self.assertEqual(first.wait(timeout=20), 0, first.stderr.read())

    def test_a_host_that_dies_loses_its_lock_and_what_it_sent_is_settled_by_another(self):
        self.start("--fault", "1:stall=60s")
        first = self.begin_at(self.host("a"), SYNC)
        wait_for("the request", lambda: self.mock.stats()["requests"] == 1)
        first.kill()
        first.wait(timeout=20)
        wait_for("the end of the dead", lambda: self.server.working() == 0)
        second = self.begin_at(self.host("b"), SYNC, "--settle-window", "1ms")
        self.assertIn(second.wait(timeout=60), (0, 4), second.stderr.read())
        self.script(SYNC, options=["--settle-window", "1ms"])
        self.assertEqual(sorted(p["name"] for p in self.mock.partners()), ["Al Noor", "Nile", "نور"])
        self.assertIn("died", self.ask("runs", "list"))

    def test_a_connection_that_is_cut_ends_the_run_and_the_next_goes_on(self):
        self.stalled()
        first = self.begin_at(self.host("a"), SYNC)
        self.assertTrue(self.came.wait(20))
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hoko'")
        self.go.set()
        self.assertEqual(first.wait(timeout=60), 7)
        self.assertIn("postgresql://localhost", first.stderr.read())
        requests = len(self.recorder.requests)
        self.assertEqual(requests, 1)
        self.assertEqual(self.server.sql("SELECT count(*) FROM hoko.intent"), ["1"])

    def test_after_one_429_no_host_sends_before_the_time_told(self):
        times = []

        def answer(handler, rows):
            times.append(time.monotonic())
            if len(times) == 1:
                handler.reply(429, {"error": {"en": "Slow", "ar": "x"}, "retryAfter": 3})
            else:
                handler.reply(200, [stored(row) for row in rows])

        self.record(answer)
        update = ('hoko.partners.upsert({ { id = "00000000-0000-4000-8000-000000000001", name = "%s" } }, '
                  '{ stream = "%s" })')
        first = self.begin_at(self.host("a"), update % ("A", "a"))
        wait_for("the 429", lambda: times)
        second = self.begin_at(self.host("b"), update % ("B", "b"))
        for run in (first, second):
            self.assertEqual(run.wait(timeout=60), 0, run.stderr.read())
        self.assertEqual(len(times), 3)
        for later in times[1:]:
            self.assertGreaterEqual(later - times[0], 3)

    def test_hosts_together_keep_the_limit(self):
        limit, window, each = 12, 12, 8
        self.start("--rate", f"{limit}/{window}s")
        one_by_one = ('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                      f'if n <= {each} then return {{ name = "n" .. n }} end end, {{ batch_rows = 1, stream = "%s" }})')
        runs = [self.begin_at(self.host(name), one_by_one % name) for name in ("a", "b")]
        for run in runs:
            self.assertEqual(run.wait(timeout=120), 0, run.stderr.read())
        self.assertEqual(self.mock.stats()["by_status"], {"200": 2 * each})

    def test_one_scheduler_of_all_hosts_runs_the_jobs(self):
        self.start()
        self.write("hoko.lua", f'return {{ state = "{self.state}", base_url = "{self.url}",'
                   ' jobs = { sync = { script = "scripts/s.lua", every = "1h" } } }')
        self.write("scripts/s.lua", SYNC)
        serves = []
        for name in ("a", "b"):
            folder = self.host(name)
            shutil.copy(self.path("scripts/s.lua"), folder + "/scripts")
            serve = subprocess.Popen([HOKO, "serve"], cwd=folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(self.end, serve)
            serves.append(serve)
            if name == "a":
                wait_for("the tables", lambda: self.server.sql("SELECT 1 FROM pg_tables WHERE tablename = 'holder'"))
                wait_for("its right", lambda: self.server.sql("SELECT 1 FROM hoko.holder"))
        self.assertEqual(serves[1].wait(timeout=30), 7)
        self.assertRegex(serves[1].stderr.read(), f"as process {serves[0].pid} since ")
        serves[0].send_signal(signal.SIGTERM)
        serves[0].wait(timeout=60)

    def test_what_is_no_server_is_told(self):
        self.record()
        for url, says in (("postgresql://reader@/nothing?" + self.state.split("?")[1], 'database "nothing" does not exist'),
                          ("postgresql://reader@127.0.0.1:1/x", "Connection refused"),
                          (self.server.tcp, "no password supplied")):
            with self.subTest(url=url):
                self.state = url
                self.script(SYNC, code=7)
                self.assertIn(says, self.err)
                self.assertIn("hint: ", self.err)


if __name__ == "__main__":
    unittest.main()

"""hoko serve as those who leave it alone meet it.  HOKO names the program under test."""

import contextlib
import hashlib
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import time

from serving import ServeTest
from support import HOKO, IS_SANITIZED, wait_for

EACH_SECOND = 'schedule = "* * * * * *"'


class Runs(ServeTest):
    def test_a_job_runs_at_each_of_its_instants_and_history_tells_it(self):
        self.write("a.lua", 'print("hello")')
        self.jobs(a=f'script = "a.lua", {EACH_SECOND}')
        self.serve()
        self.wait_runs("a", 2)
        self.stop()
        due = [row[0] for row in self.query("SELECT due FROM run WHERE job = 'a' ORDER BY due")]
        self.assertEqual(due, list(range(due[0], due[-1] + 1, 1000)))
        self.assertIn("hello", self.logged())
        listed = json.loads(self.call("runs", "list", "--job", "a", "-n", "1", "--json"))
        self.assertEqual((listed["job"], listed["outcome"], listed["script"]), ("a", "ok", "a.lua"))

    def test_a_report_has_the_hash_of_the_script_as_it_was(self):
        for text in ('print("one")', 'print("two")'):
            self.write("a.lua", text)
            self.jobs(a='script = "a.lua"')
            report = json.loads(self.call("jobs", "run", "a", "--json").splitlines()[-1])
            self.assertEqual(report["script_hash"], "sha256:" + hashlib.sha256(text.encode()).hexdigest())

    def test_a_run_syncs_with_the_permissions_arguments_and_key_of_its_job(self):
        self.start()
        self.write("more/rows.csv", "code,name\n1,Ali\n2,Omar\n")
        self.write("s.lua", 'hoko.sync({ source = hoko.csv(hoko.args[1]), key = "code", '
                            'transform = function(r) return { name = r.name .. hoko.env("MORE") } end })')
        self.jobs(s='script = "s.lua", args = { "more/rows.csv" }, allow = { env = { "MORE" } }')
        self.serve(env=self.environment(MORE="!"))
        shown = self.call("jobs", "run", "s", "--base-url", self.url)
        self.assertIn("2 created", shown)
        self.stop()
        self.assertEqual(sorted(p["name"] for p in self.mock.partners()), ["Ali!", "Omar!"])

    def test_a_failure_is_tried_again_and_told_once_and_so_is_the_recovery(self):
        self.write("f.lua", 'local f = io.open("ok") if not f then error("no such luck") end')
        self.write("told.lua", 'local f = io.open("told", "a") f:write(hoko.run.cause.outcome, " ", '
                               'hoko.run.cause.exit, "\\n") f:close()')
        self.jobs(f='script = "f.lua", every = "1s", retries = { times = 5, delay = "50ms", factor = 1 }, '
                    'on_failure = "told.lua", on_recovery = "told.lua"')
        self.serve()
        self.wait_runs("f", 4, "script-error")
        self.write("ok", "")
        self.wait_runs("f", 2, "ok")
        told = self.path("told")
        wait_for("both alerts", lambda: os.path.exists(told) and os.path.getsize(told) >= len("script-error 1\nok 0\n"))
        self.stop()
        with open(told, encoding="ascii") as file:
            self.assertEqual(file.read(), "script-error 1\nok 0\n")
        self.assertEqual(self.logged().count("f.lua:1: no such luck"), 1)
        self.assertIn("well again after", self.logged())

    def test_a_script_that_is_not_there_is_a_failure_with_its_reason(self):
        self.jobs(a='script = "none.lua", every = "1s"')
        self.serve()
        self.wait_runs("a", 1, "usage")
        self.stop()
        report = json.loads(self.call("runs", "show", "last", "--json"))
        self.assertEqual((report["exit"], report["script"]), (2, "none.lua"))
        self.assertIn("none.lua", report["error"]["message"])

    def test_no_more_runs_than_told_are_under_way_at_once(self):
        self.write("a.lua", 'hoko.sleep(0.3)')
        self.jobs(**{f"j{i}": 'script = "a.lua"' for i in range(4)})
        self.serve("--jobs", "1")
        for i in range(4):
            self.call("jobs", "run", "--detach", f"j{i}")
        for i in range(4):
            self.wait_runs(f"j{i}", 1)
        self.stop()
        spans = sorted(self.query("SELECT started, ended FROM run"))
        for before, after in zip(spans, spans[1:]):
            self.assertLessEqual(before[1], after[0])


class Lists(ServeTest):
    def test_a_list_that_is_watched_shows_the_jobs_anew(self):
        self.write("a.lua", "")
        self.jobs(a='script = "a.lua", schedule = "@daily"')
        watch = subprocess.Popen([HOKO, "jobs", "list", "--watch", "--json"], cwd=self.folder, env=self.environment(),
                                 stdout=subprocess.PIPE, text=True)
        self.assertIsNone(json.loads(watch.stdout.readline())["last"])
        self.call("jobs", "run", "a")
        while json.loads(watch.stdout.readline())["last"] is None:
            pass
        watch.terminate()
        watch.communicate()

    def test_a_job_shows_its_next_instant_in_its_zone_and_its_last_run(self):
        self.write("a.lua", "")
        self.jobs(a='script = "a.lua", schedule = "30 2 * * *", timezone = "Asia/Riyadh"', b='script = "a.lua"')
        self.call("jobs", "run", "a")
        lines = self.call("jobs").splitlines()
        self.assertRegex(lines[1], r"^a +20..-..-..T02:30:00\+03:00  20..-..-.. ..:..:.. +\d+ m?s  ok ")
        self.assertRegex(lines[2], r"^b +by hand +- ")
        self.assertIn("hoko serve does not run here", self.err)
        job = self.standing("a")
        self.assertEqual((job["schedule"], job["last"]["outcome"], job["paused"]), ("30 2 * * *", "ok", False))


class NotRun(ServeTest):
    """What did not start has a row that says why."""

    def setUp(self):
        super().setUp()
        self.write("slow.lua", "hoko.sleep(2.5)")
        self.write("a.lua", "")

    def test_skip_passes_over_what_comes_due_while_a_run_is_under_way(self):
        self.jobs(a=f'script = "slow.lua", {EACH_SECOND}, overlap = "skip"')
        self.serve()
        self.wait_runs("a", 2, "skipped")
        self.stop()
        self.assertEqual(len(self.query("SELECT 1 FROM run WHERE outcome = 'ok' OR process IS NOT NULL")), 1)

    def test_replace_stops_the_run_that_is_under_way(self):
        self.write("slow.lua", "hoko.sleep(30)")
        self.jobs(a=f'script = "slow.lua", {EACH_SECOND}, overlap = "replace"')
        self.serve()
        self.wait_runs("a", 2, "interrupted")
        self.stop()

    def test_what_came_due_while_nobody_was_there_is_missed_and_the_last_is_caught_up(self):
        self.jobs(last=f'script = "a.lua", {EACH_SECOND}, catch_up = "last"',
                  none=f'script = "a.lua", {EACH_SECOND}, catch_up = "none"')
        self.serve()
        self.wait_runs("last", 1)
        self.daemon.kill()
        self.daemon.wait()
        down = time.time() * 1000
        wait_for("three seconds to pass", lambda: time.time() * 1000 > down + 3000)
        self.serve()
        self.wait_runs("none", 1 + self.runs("none").count("ok"))
        self.wait_runs("last", 2)
        self.stop()
        for job, last in (("last", "ok"), ("none", "missed")):
            awake = self.query("SELECT awake FROM job WHERE name = ?", job)[0][0]
            rows = self.query("SELECT outcome FROM run WHERE job = ? AND due BETWEEN ? AND ? ORDER BY due",
                              job, down + 100, awake)
            outcomes = [row[0] for row in rows]
            self.assertGreaterEqual(outcomes.count("missed"), 2, job)
            self.assertEqual(outcomes, ["missed"] * (len(outcomes) - 1) + [last], job)

    def test_a_paused_job_starts_only_by_hand_until_it_is_resumed(self):
        self.jobs(a=f'script = "a.lua", {EACH_SECOND}')
        self.call("jobs", "pause", "a")
        self.serve()
        self.wait_runs("a", 1, "paused")
        self.assertTrue(self.standing("a")["paused"])
        self.assertNotIn("ok", self.runs("a"))
        self.call("jobs", "run", "a")
        self.assertEqual(self.runs("a").count("ok"), 1)
        self.call("jobs", "resume", "a")
        self.wait_runs("a", 2, "ok")
        self.stop()


class Changes(ServeTest):
    def setUp(self):
        super().setUp()
        self.write("a.lua", "")

    def test_a_good_change_holds_at_once_and_a_broken_one_changes_nothing(self):
        self.jobs(a=f'script = "a.lua", {EACH_SECOND}')
        self.serve()
        self.wait_runs("a", 1)
        self.write("hoko.lua", "return {\n  jobs = { a = { skript = 1 } } }\n")
        self.wait_log("the schedule stays as it was")
        self.assertIn("hoko.lua:2", self.logged())
        self.wait_runs("a", 1 + self.runs("a").count("ok"))
        self.jobs(b=f'script = "a.lua", {EACH_SECOND}')
        self.wait_runs("b", 1)
        count = len(self.runs("a"))
        self.wait_runs("b", 3)
        self.assertEqual(len(self.runs("a")), count)
        self.stop()
        self.assertEqual(self.logged().count("the schedule stays as it was"), 1)

    def test_sighup_reads_hoko_lua_anew(self):
        self.jobs(a='script = "a.lua"')
        self.serve()
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_log("hoko.lua is read: 1 jobs")
        self.stop()

    def test_a_job_without_a_key_waits_for_one_and_goes_on_by_itself(self):
        self.start()
        self.write("s.lua", 'hoko.partners.upsert({ { name = "Ali" } })')
        env = self.keystore()
        self.jobs(s=f'script = "s.lua", {EACH_SECOND}')
        self.serve(env=env)
        self.wait_runs("s", 1, "auth")
        self.wait_runs("s", 1, "no-key")
        self.assertEqual(self.runs("s").count("auth"), 1)
        self.add_key(env)
        self.wait_runs("s", 1, "ok", 30)
        self.stop()

    def test_a_job_whose_key_came_while_nobody_served_goes_on_at_the_start(self):
        self.start()
        self.write("s.lua", 'hoko.partners.upsert({ { name = "Ali" }, { nam = "refused" } })')
        env = self.keystore()
        self.jobs(s=f'script = "s.lua", {EACH_SECOND}')
        self.serve(env=env)
        self.wait_runs("s", 1, "auth")
        self.stop()
        self.add_key(env)
        self.serve(env=env)
        self.wait_runs("s", 2, "rejected", 30)
        self.assertEqual(self.runs("s").count("auth"), 1)
        self.stop()


class Deaths(ServeTest):
    def test_a_run_outlives_its_daemon_and_the_next_one_waits_for_it(self):
        self.write("slow.lua", 'local f = io.open("starts", "a") f:write(hoko.run.id, "\\n") f:close() hoko.sleep(3) print("to nobody") hoko.log.warn("too")')
        self.jobs(a='script = "slow.lua", retries = { times = 3, delay = "10ms" }')
        self.serve()
        self.call("jobs", "run", "--detach", "a")
        wait_for("the start", lambda: os.path.exists(self.path("starts")))
        self.daemon.kill()
        self.daemon.wait()
        self.serve()
        self.wait_log("runs on in process")
        self.wait_runs("a", 1, "ok")
        self.stop()
        with open(self.path("starts"), encoding="ascii") as file:
            self.assertEqual(len(file.readlines()), 1)

    def test_nothing_starts_while_the_state_cannot_be_written_and_it_goes_on_by_itself(self):
        self.write("a.lua", 'local f = io.open("starts", "a") f:write("x") f:close()')
        self.jobs(a='script = "a.lua", schedule = "* * * * * *"')
        self.serve()
        self.wait_runs("a", 1)
        with contextlib.closing(sqlite3.connect(self.path(".hoko/state.db"), isolation_level=None)) as state:
            state.execute("BEGIN EXCLUSIVE")
            self.wait_log("locked", 60)
            count = os.path.getsize(self.path("starts"))
            state.execute("ROLLBACK")
        self.wait_log("the state can be written again", 60)
        self.assertEqual(self.logged().count("the state can be written again"), 1)
        self.wait_runs("a", count + 1)
        self.stop()
        due = [row[0] for row in self.query("SELECT due FROM run ORDER BY due")]
        self.assertEqual(due, list(range(due[0], due[-1] + 1, 1000)))

    def test_a_run_that_is_killed_died_and_is_tried_again(self):
        self.write("slow.lua", 'if io.open("again") then return end '
                               'local f = io.open("again", "w") f:close() hoko.sleep(60)')
        self.jobs(a='script = "slow.lua", every = "1s", overlap = "skip", retries = { times = 1, delay = "10ms" }')
        self.serve()
        wait_for("the start", lambda: os.path.exists(self.path("again")))
        process = self.query("SELECT process FROM run WHERE ended IS NULL")[0][0]
        os.kill(int(process.split()[0]), signal.SIGKILL)
        self.wait_runs("a", 1, "ok")
        self.stop()
        self.assertIn("died without a word", self.logged())
        self.assertIn("died", self.call("runs", "list"))

    def test_sigterm_lets_a_run_finish_what_is_in_flight(self):
        self.start("--latency", "1500")
        self.write("s.lua", 'print("begun") hoko.partners.upsert({ { name = "Ali" } })')
        self.jobs(s='script = "s.lua"')
        self.serve()
        self.call("jobs", "run", "--detach", "s")
        wait_for("a request on the wire", lambda: self.mock.stats().get("requests", 0) > 0 or "begun" in self.logged())
        time.sleep(0.5)  # until it is on the wire
        self.stop(seconds=30)
        self.assertEqual(len(self.mock.partners()), 1)
        self.assertEqual(self.runs("s"), ["interrupted"])

    def test_what_outlasts_the_grace_is_killed(self):
        self.write("s.lua", "hoko.sleep(60)")
        self.start("--fault", "1:stall=60s")
        self.write("s.lua", 'hoko.partners.upsert({ { name = "Ali" } })')
        self.jobs(s='script = "s.lua"')
        self.serve("--grace", "1s")
        self.call("jobs", "run", "--detach", "s")
        wait_for("the start", lambda: self.runs("s") == [None])
        time.sleep(0.5)  # until it is on the wire
        begun = time.monotonic()
        self.stop()
        self.assertLess(time.monotonic() - begun, 10)


class Year(ServeTest):
    def test_runs_of_long_ago_are_forgotten_but_for_the_newest(self):
        self.write("a.lua", "")
        self.jobs(a='script = "a.lua"')
        self.call("jobs", "run", "a")
        old = int(time.time() * 1000) - 100 * 86400000
        with contextlib.closing(sqlite3.connect(self.path(".hoko/state.db"))) as state, state:
            state.executemany("INSERT INTO run (run, script, job, started, ended, exit, outcome, process) "
                              "VALUES (?, 'a.lua', 'a', ?, ?, 0, 'ok', '1 1 x')",
                              [(f"01J{i:023}", old + i, old + i) for i in range(30)])
            state.execute("UPDATE run SET number = number + 1000 WHERE started > ?", (old + 1000,))
        self.serve()
        self.wait_log("21 runs of more than 90 days ago are forgotten")
        self.assertEqual(len(self.runs("a")), 10)
        self.stop()


class System(ServeTest):
    def setUp(self):
        super().setUp()
        self.write("a.lua", "")
        self.jobs(a='script = "a.lua"')

    def test_a_second_daemon_refuses_and_names_the_first(self):
        self.serve()
        self.call("serve", code=7)
        self.assertIn(f"process {self.daemon.pid} since", self.err)
        self.stop()
        self.serve()
        self.stop()

    def test_the_control_socket_is_its_owners_alone_and_goes_with_the_daemon(self):
        self.serve()
        path = self.path(".hoko/control.sock")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.stop()
        self.assertFalse(os.path.exists(path))

    def test_the_control_socket_works_however_deep_the_project_is(self):
        deep = os.path.join(self.folder, *(["a-rather-long-name-of-a-folder"] * 5))
        os.makedirs(deep)
        for name in ("hoko.lua", "a.lua"):
            os.rename(self.path(name), os.path.join(deep, name))
        self.folder_above, self.folder = self.folder, deep
        self.addCleanup(setattr, self, "folder", self.folder_above)
        self.serve()
        self.call("jobs", "run", "a")
        self.stop()
        self.folder = self.folder_above

    def test_a_job_that_is_none_is_refused_with_or_without_a_daemon(self):
        self.call("jobs", "run", "aa", code=2)
        self.assertIn('no job "aa"; the nearest is a', self.err)
        self.serve()
        self.call("jobs", "run", "aa", code=2)
        self.assertIn('no job "aa"', self.err)
        self.stop()

    def test_systemd_hears_of_readiness_life_reload_and_end(self):
        path = self.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(path)
            told.settimeout(20)
            heard = []

            def wait_heard(line):
                while not any(line in lines for lines in heard):
                    heard.append(told.recv(4096).decode())

            self.serve(env=self.environment(NOTIFY_SOCKET=path, WATCHDOG_USEC="400000"))
            wait_heard("READY=1")
            heard.clear()
            wait_heard("WATCHDOG=1")
            self.daemon.send_signal(signal.SIGHUP)
            wait_heard("RELOADING=1\nMONOTONIC_USEC=")
            heard.clear()
            wait_heard("READY=1")
            self.daemon.send_signal(signal.SIGTERM)
            wait_heard("STOPPING=1")
            self.assertEqual(self.daemon.wait(20), 0)

    def test_a_log_as_json_is_one_object_a_line(self):
        self.write("a.lua", 'hoko.log.warn("careful", { rows = 3 }) print("done\\tso")')
        self.serve("--log-format", "json")
        self.call("jobs", "run", "a")
        self.stop()
        lines = [json.loads(line) for line in self.logged().splitlines()]
        careful = next(line for line in lines if line["message"].startswith("careful"))
        self.assertEqual((careful["level"], careful["job"]), ("warn", "a"))
        self.assertIn("done so", [line["message"] for line in lines])

    def test_a_script_that_prints_without_end_fills_no_disk(self):
        self.write("a.lua", 'for i = 1, 100000 do print("line", i, ("x"):rep(80)) end')
        self.serve()
        self.call("jobs", "run", "a")
        self.stop()
        self.assertLess(len(self.logged()), 100 * 1024)
        self.assertGreater(len(self.logged()), 32 * 1024)

    def test_a_broken_hoko_lua_or_none_is_wrong_use_at_the_start(self):
        self.write("hoko.lua", "return { jobs = 1 }")
        self.call("serve", code=2)
        self.assertIn("hoko.lua:1", self.err)
        os.unlink(self.path("hoko.lua"))
        self.call("serve", "-C", ".", code=2)
        self.assertIn("there is no hoko.lua", self.err)

    def test_a_passphrase_by_descriptor_is_refused_with_the_ways_that_last(self):
        self.call("serve", "--passphrase-fd", "0", code=2)
        self.assertIn("HOKO_PASSPHRASE_FILE", self.err)

    def test_a_job_runs_by_itself_where_no_daemon_does(self):
        self.write("a.lua", 'print("by hand") os.exit(3)')
        self.assertEqual(self.call("jobs", "run", "a", code=1), "by hand\n")
        self.assertEqual(self.runs("a"), ["script-error"])
        self.call("jobs", "run", "--detach", "a")
        self.wait_runs("a", 2, "script-error")

    def test_a_daemon_with_nothing_to_do_takes_next_to_no_time(self):
        self.serve()
        with open(f"/proc/{self.daemon.pid}/stat", encoding="ascii") as file:
            before = file.read().split()
        time.sleep(2)  # what is measured is time that passes
        with open(f"/proc/{self.daemon.pid}/stat", encoding="ascii") as file:
            after = file.read().split()
        self.stop()
        ticks = sum(int(after[i]) - int(before[i]) for i in (13, 14))
        if not IS_SANITIZED:
            self.assertLessEqual(ticks, 1)


if __name__ == "__main__":
    import unittest
    unittest.main()

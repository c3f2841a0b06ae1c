"""hoko run: Hoko's rate limit, alone and with other processes on one state."""

import subprocess
import time
import unittest

from support import RunTest, partner_id, stored

UPDATES = ('local n = 0\nhoko.partners.upsert(function() n = n + 1\nif n <= %d then\n'
           'return {id=("00000000-0000-4000-8000-%%012d"):format(n), name="n" .. n .. "%s"} end end, {batch_rows=1})')


class Rate(RunTest):
    def begin_all(self, *scripts):
        """Runs of SCRIPTS at once, on one state."""
        runs = []
        for number, text in enumerate(scripts):
            name = f"scripts/s{number}.lua"
            self.write(name, text)
            command = self.command(name)
            command[3] = self.path(f"report{number}.json")
            run = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(self.end, run)
            runs.append(run)
        return runs

    def test_two_processes_take_five_percent_more_than_the_least_time_and_no_429(self):
        limit, window, each = 30, 30, 17
        self.start("--rate", f"{limit}/{window}s", "--partners", str(each))
        began = time.monotonic()
        runs = self.begin_all(UPDATES % (each, "a"), UPDATES % (each, "b"))
        for run in runs:
            self.assertEqual(run.wait(timeout=120), 0, run.stderr.read())
        took = time.monotonic() - began
        stats = self.mock.stats()
        self.assertEqual(stats["by_status"], {"200": 2 * each})
        least = (2 * each - 1) // limit * window
        self.assertGreaterEqual(took, least)
        self.assertLessEqual(took, least * 1.05)

    def test_after_the_first_answer_as_many_requests_as_may_are_under_way(self):
        self.start("--latency", "200", "--partners", "41")
        began = time.monotonic()
        self.script(UPDATES % (41, "a"), options=("--no-progress",))
        took = time.monotonic() - began
        self.assertEqual(self.mock.stats()["max_in_flight"], 4)
        self.assertLess(took, 2 * 11 * 0.2)  # one, then ten times four; one by one it takes 8.2 s

    def limited_once(self, seconds):
        """A Hoko that tells the first request to wait; the times at which requests came."""
        times = []

        def answer(handler, rows):
            times.append(time.monotonic())
            if len(times) == 1:
                handler.reply(429, {"error": {"en": "Slow", "ar": "x"}, "retryAfter": seconds})
            else:
                handler.reply(200, [stored(row) for row in rows])

        self.record(answer)
        return times

    def test_after_one_429_no_process_on_the_state_sends_before_the_time_told(self):
        times = self.limited_once(3)
        first, = self.begin_all(UPDATES % (1, "a"))
        while not times:
            time.sleep(0.01)
        self.write("scripts/s.lua", UPDATES % (1, "b"))
        self.hoko("scripts/s.lua")
        self.assertEqual(first.wait(timeout=30), 0)
        self.assertEqual(len(times), 3)
        for later in times[1:]:
            self.assertGreaterEqual(later - times[0], 3)
        self.assertEqual(self.err.count("waiting for Hoko's rate limit (429) until "), 1)
        self.assertEqual(first.stderr.read().count("waiting for Hoko's rate limit (429) until "), 1)
        self.assertGreater(self.report["requests"]["waited_ms"], 2000)
        self.assertEqual(self.report["requests"]["retried"], 0)

    def test_the_report_tells_how_long_it_waited_and_what_it_sent_again(self):
        times = self.limited_once(2)
        self.script(UPDATES % (1, "a"))
        self.assertEqual(len(times), 2)
        requests = self.report["requests"]
        self.assertEqual((requests["sent"], requests["retried"], requests["by_status"]), (2, 1, {"429": 1, "200": 1}))
        self.assertTrue(1900 <= requests["waited_ms"] < 4000, requests)

    def test_what_is_sent_again_after_a_bad_day_is_counted(self):
        self.start("--partners", "3", "--fault", "1-2:status=503", "--fault", "3:reset-after")
        self.script(f'hoko.partners.upsert({{{{id="{partner_id(1)}", name="A"}}}})')
        requests = self.report["requests"]
        self.assertEqual((requests["sent"], requests["retried"]), (4, 3))
        self.assertEqual(self.err.count("; the request is sent again until "), 1)

    def test_every_form_of_a_429_is_waited_for(self):
        for told, least in ((1, 1), ("1", 1), (0, 1), (-5, 1), (1.5, 1.5)):
            with self.subTest(told):
                times = self.limited_once(told)
                self.write("hoko.lua", "return {}")
                subprocess.run(["rm", "-rf", self.path(".hoko")], check=True)
                self.script(UPDATES % (1, "a"))
                self.assertGreaterEqual(times[1] - times[0], least)
                self.assertLess(times[1] - times[0], least + 2)

    def test_a_wait_beyond_give_up_ends_the_run_at_once(self):
        self.limited_once(1000000000)
        began = time.monotonic()
        self.script(UPDATES % (1, "a"), options=("--give-up", "5s"), code=6)
        self.assertLess(time.monotonic() - began, 4)


if __name__ == "__main__":
    unittest.main()

"""hoko run: no create is made twice, and none is lost."""

import shutil
import subprocess
import unittest

from support import HOKO, RunTest


class Creates(RunTest):
    SCRIPT = ('local rows = {}\nfor i = 1, 30 do rows[i] = {ref=i, name="N" .. i} end\n'
              'hoko.partners.upsert(rows, {key="ref"})')

    def test_an_applied_create_whose_answer_is_lost_is_found(self):
        for fault in ("reset-after", "truncate", "garbage", "short", "empty", "accepted", "null", "answer=500", "foreign"):
            with self.subTest(fault):
                self.start("--fault", f"1:{fault}")
                shutil.rmtree(self.folder + "/.hoko", ignore_errors=True)
                self.script(self.SCRIPT)
                self.assert_rows(submitted=30, created=30)
                self.script(self.SCRIPT)
                self.assert_rows(submitted=30, unchanged=30)
                self.assertEqual(self.mock.stats()["twins"], 0)
                self.assertEqual(self.mock.stats()["partners"], 30)

    def test_a_create_that_was_not_applied_is_held_and_made_once_the_window_has_passed(self):
        self.start("--fault", "1:status=503")
        self.script(self.SCRIPT, code=4)
        self.assert_rows(submitted=30, held=30)
        self.script(self.SCRIPT, code=4)  # the window has not passed: the rows wait
        self.write("scripts/s.lua", self.SCRIPT)
        self.hoko("--settle-window", "0ms", "scripts/s.lua")
        self.assert_rows(submitted=30, unchanged=30)
        self.assertEqual(self.mock.stats()["partners"], 30)

    def test_a_killed_run_is_settled_by_the_next(self):
        self.start("--latency", "700")
        self.write("scripts/s.lua", self.SCRIPT)
        run = subprocess.Popen(self.command("scripts/s.lua"), cwd=self.folder, env=self.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.mock.stats()["requests"] == 0 and run.poll() is None:
            pass
        run.kill()
        run.wait()
        self.hoko("scripts/s.lua")
        self.assert_rows(submitted=30, unchanged=30)
        self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (30, 0))

    def test_settle_now_decides_without_a_script(self):
        self.start("--fault", "1:status=503")
        self.script(self.SCRIPT, code=4)
        settle = [HOKO, "settle", "--now", "--base-url", self.url, "-C", self.folder]
        done = subprocess.run(settle, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("30 created again", done.stdout)
        self.script(self.SCRIPT)
        self.assert_rows(submitted=30, unchanged=30)

    def test_one_bad_row_of_many_is_found_by_halving(self):
        self.start("--refuse", "N777x")
        self.script('local rows = {}\nfor i = 1, 1000 do rows[i] = {ref=i, name="N" .. i .. "x"} end\n'
                    'hoko.partners.upsert(rows, {key="ref"})', code=3)
        self.assert_rows(submitted=1000, created=999, rejected=1)
        self.assertLessEqual(self.report["requests"]["sent"], 29)

    def test_a_cause_common_to_all_rows_is_not_halved_to_the_end(self):
        self.start("--refuse", "N")
        self.script('local rows = {}\nfor i = 1, 1000 do rows[i] = {ref=i, name="N" .. i} end\n'
                    'hoko.partners.upsert(rows, {key="ref"})', code=3)
        self.assert_rows(submitted=1000, rejected=1000)
        self.assertLess(self.report["requests"]["sent"], 60)

    def test_a_rejected_row_that_comes_again_unchanged_costs_no_request(self):
        self.start("--refuse", "Bad")
        text = 'hoko.partners.upsert({{ref=1, name="Bad"}, {ref=2, name="Good"}}, {key="ref"})'
        self.script(text, code=3)
        self.script(text, code=3)
        self.assert_rows(submitted=2, unchanged=1, rejected=1)
        self.assertEqual(self.report["requests"]["sent"], 0)


if __name__ == "__main__":
    unittest.main()

"""hoko run: what a refused or lost create may leave behind is looked for and told, never hidden."""

import json
import subprocess
import unittest

from support import HOKO, RunTest, wait_for


class Refused(RunTest):
    SCRIPT = ('local rows = {}\nfor i = 1, 30 do rows[i] = {ref=i, name="N" .. i .. "x"} end\n'
              'hoko.partners.upsert(rows, {key="ref"})')

    def gets(self):
        return self.mock.stats()["requests_by_method"].get("GET", 0)

    def test_a_part_that_was_applied_before_a_400_is_adopted_and_the_rest_held(self):
        self.start("--fault", "1:partial")
        self.script(self.SCRIPT, code=4)
        self.assert_rows(submitted=30, created=15, held=15)
        self.assertIn("applied a part of it", self.err)
        self.hoko("--settle-window", "0ms", "scripts/s.lua")
        self.assert_rows(submitted=30, unchanged=30)
        self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (30, 0))

    def test_a_400_that_left_nothing_behind_costs_one_listing_and_one_look_for_twins(self):
        self.start("--refuse", "N7x")
        self.script(self.SCRIPT, code=3)
        self.assert_rows(submitted=30, created=29, rejected=1)
        self.assertEqual(self.gets(), 2)
        self.assertNotIn("twins", self.report)

    def test_a_quiet_run_lists_nothing(self):
        self.start()
        self.script(self.SCRIPT)
        self.assertEqual(self.gets(), 0)


class Twins(RunTest):
    MAKE = 'hoko.partners.upsert({{ref=1, name="One"}, {ref=2, name="Two"}}, {key="ref"})'
    WAIT = 'hoko.partners.upsert(hoko.csv("-"), {key="ref"})'

    def test_a_create_applied_after_it_was_made_anew_is_told_with_both_ids(self):
        self.start("--fault", "1:late=3s")
        self.script(self.MAKE, code=4)
        self.write("scripts/s.lua", self.WAIT)
        command = self.command("--settle-window", "0ms", "scripts/s.lua")
        run = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, run)
        wait_for("sending again", lambda: self.mock.stats()["created"] >= 2)
        wait_for("the late create", lambda: self.mock.stats()["created"] == 4)
        _, err = run.communicate(b"ref,name\n1,One\n2,Two\n", timeout=60)
        self.assertEqual(run.returncode, 0, err)
        self.report = self.take_report()
        self.assertEqual(len(self.report["twins"]), 2)
        stored = {partner["id"]: partner["name"] for partner in self.mock.partners()}
        for ours, other in self.report["twins"]:
            self.assertEqual(stored[ours], stored[other])
            self.assertIn(f"{ours} and {other}", err.decode())
        self.assertEqual(len(stored), 4, "twins are told, not deleted")
        self.assert_shown(self.report["twins"])

    def test_a_create_applied_after_all_is_found_by_hoko_settle(self):
        self.start("--fault", "1:late=6s")
        self.script(self.MAKE, code=4)
        self.hoko("--settle-window", "0ms", "scripts/s.lua")  # makes both anew
        self.assertEqual(self.settle(), ("scripts/s: 0 found and adopted, 0 created again, 0 still held\n", ""))
        wait_for("the late create", lambda: self.mock.stats()["created"] == 4)
        out, err = self.settle()
        self.assertIn("2 twins", out)
        self.assertEqual(err.count("two partners are equal: "), 2)
        self.assertEqual(len(self.mock.partners()), 4, "twins are told, not deleted")

    def settle(self):
        done = subprocess.run([HOKO, "settle", "--base-url", self.url], cwd=self.folder, env=self.environment(),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def assert_shown(self, twins):
        show = [HOKO, "runs", "show", "last"]
        for words in ([], ["--json"]):
            done = subprocess.run(show + words, cwd=self.folder, env=self.environment(), capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            if words:
                self.assertEqual(json.loads(done.stdout)["twins"], twins)
            else:
                self.assertIn(", ".join(" and ".join(pair) for pair in twins), done.stdout)


if __name__ == "__main__":
    unittest.main()

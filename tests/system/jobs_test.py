"""hoko jobs as a user meets it.  HOKO names the program under test."""

import json
import os
import subprocess
import tempfile
import time
import unittest

HOKO = os.environ.get("HOKO", "hoko")

PROJECT = """return {
  jobs = {
    ["nightly"] = { script = "a.lua", schedule = "30 2 * * *", timezone = "Europe/Berlin" },
    ["often"] = { script = "a.lua", every = "90s", timezone = "Asia/Riyadh" },
    ["by-hand"] = { script = "a.lua" },
  },
}
"""
# Each is refused whatever the command, since nobody would look at the others.
NEVER = """return { jobs = {
    ["never"] = { script = "a.lua",
      schedule = "0 0 31 2 *" } } }
"""
NOWHERE = """return { jobs = {
    ["nowhere"] = { script = "a.lua", schedule = "@daily",
      timezone = "asia/riyadh" } } }
"""


def hoko(*args, cwd=None, env=None):
    base = {k: v for k, v in os.environ.items() if not k.startswith("HOKO_") and k != "TZ"}
    base.update(env or {})
    return subprocess.run([HOKO, *args], env=base, cwd=cwd, capture_output=True, text=True,
                          timeout=30)


def lines(*args, **more):
    result = hoko("jobs", "next", *args, **more)
    if result.returncode != 0:
        raise AssertionError(result.stderr)
    return result.stdout.splitlines()


class InProject(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.write(PROJECT)

    def write(self, project):
        with open(os.path.join(self.folder, "hoko.lua"), "w", encoding="utf-8") as file:
            file.write(project)

    def refused(self, *args):
        result = hoko("jobs", "next", *args, cwd=self.folder)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(result.stdout, "")
        error, hint = result.stderr.splitlines()
        self.assertTrue(hint.startswith("hint: "), hint)
        return error, hint


class NextOfAJob(InProject):
    def test_the_instants_of_a_job_follow_its_zone_and_say_what_was_moved(self):
        self.assertEqual(
            lines("nightly", "-n", "3", "--from", "2026-03-28T12:00:00Z", cwd=self.folder),
            ["2026-03-29T03:00:00+02:00  moved by daylight saving",
             "2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"])

    def test_json_is_one_object_a_line(self):
        got = [json.loads(line) for line in lines(
            "nightly", "-n", "2", "--json", "--from", "2026-03-28T12:00:00Z", cwd=self.folder)]
        self.assertEqual(got, [
            {"job": "nightly", "at": "2026-03-29T03:00:00+02:00", "timezone": "Europe/Berlin",
             "moved": True},
            {"job": "nightly", "at": "2026-03-30T02:30:00+02:00", "timezone": "Europe/Berlin",
             "moved": False}])

    def test_an_interval_without_a_run_counts_from_the_time_given(self):
        self.assertEqual(
            lines("often", "-n", "2", "--from", "2026-01-01T00:00:00Z", cwd=self.folder),
            ["2026-01-01T03:01:30+03:00", "2026-01-01T03:03:00+03:00"])

    def test_ten_instants_from_now_on_are_the_default(self):
        self.assertEqual(len(lines("nightly", cwd=self.folder)), 10)

    def test_a_wrong_schedule_is_named_with_its_line(self):
        self.write(NEVER)
        error, hint = self.refused("never")
        self.assertIn('hoko.lua:3: job "never": schedule: day: "31" never comes', error)
        self.assertIn("29 days", hint)

    def test_a_wrong_zone_is_named_with_its_line_and_the_nearest(self):
        self.write(NOWHERE)
        error, hint = self.refused("nowhere")
        self.assertIn('hoko.lua:3: job "nowhere": timezone: there is no time zone', error)
        self.assertIn("Asia/Riyadh", hint)

    def test_a_job_without_schedule_says_how_it_runs(self):
        error, hint = self.refused("by-hand")
        self.assertIn('job "by-hand" has no schedule', error)
        self.assertIn("hoko jobs run by-hand", hint)

    def test_a_job_that_is_none_is_answered_with_the_nearest(self):
        self.assertIn("nightly", self.refused("nihgtly")[0])


class NextOfAnExpression(InProject):
    def test_the_time_itself_is_not_among_the_instants(self):
        self.assertEqual(
            lines("--cron", "*/15 * * * *", "--timezone", "Asia/Riyadh", "-n", "2",
                  "--from", "2026-11-24T08:00:00+03:00"),
            ["2026-11-24T08:15:00+03:00", "2026-11-24T08:30:00+03:00"])

    def test_a_fraction_of_a_second_before_an_instant_is_before_it(self):
        self.assertEqual(
            lines("--cron", "0 8 * * *", "-n", "1", "--from", "2026-11-24T07:59:59.999Z"),
            ["2026-11-24T08:00:00+00:00"])

    def test_a_time_that_comes_twice_runs_once_if_fixed_and_twice_if_not(self):
        since = ["--timezone", "Europe/Berlin", "-n", "2", "--from", "2026-10-24T12:00:00Z"]
        self.assertEqual(lines("--cron", "30 2 * * *", *since),
                         ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"])
        self.assertEqual(lines("--cron", "*/60 2 * * *", *since),
                         ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"])

    def test_tz_of_the_environment_changes_nothing(self):
        args = ["--cron", "@daily", "-n", "1", "--from", "2026-11-24T00:00:00Z"]
        self.assertEqual(lines(*args, env={"TZ": "America/New_York"}), lines(*args))

    def test_zones_come_from_tzdir(self):
        with tempfile.TemporaryDirectory() as folder:
            result = hoko("jobs", "next", "--cron", "@daily", "--timezone", "Asia/Riyadh",
                          env={"TZDIR": folder})
            self.assertEqual(result.returncode, 2)
            self.assertIn("tzdata", result.stderr)
            self.assertEqual(len(lines("--cron", "@daily", env={"TZDIR": folder})), 10)

    def test_what_is_no_standard_cron_is_refused_with_field_and_hint(self):
        for expression, field, hint in [
            ("61 * * * *", "minute", "0 to 59"), ("* * L * *", "day", "28-31"),
            ("* * * * 5#2", "weekday", "return"), ("* * ? * *", "day", "*"),
            ("5/15 * * * *", "minute", "5-59/15"), ("0 0 31 2 *", "day", "29 days"),
            ("@reboot", "schedule", "hoko jobs run"), ("* * * *", "schedule", "weekday"),
        ]:
            with self.subTest(expression):
                error, told = self.refused("--cron", expression)
                self.assertIn(f"--cron: {field}: ", error)
                self.assertIn(hint, told)

    def test_wrong_use_is_answered_with_the_right_one(self):
        for args in [[], ["nightly", "--cron", "@daily"], ["nightly", "--timezone", "UTC"],
                     ["nightly", "--from", "tomorrow"], ["nightly", "-n", "0"]]:
            with self.subTest(args):
                self.refused(*args)

    def test_a_year_of_minutes_comes_at_once(self):
        begun = time.monotonic()
        got = lines("--cron", "* * * * *", "--timezone", "America/New_York", "-n", "525600",
                    "--from", "2026-01-01T05:00:00Z")
        seconds = time.monotonic() - begun
        self.assertEqual(len(got), 525600)
        self.assertEqual(got[-1], "2027-01-01T00:00:00-05:00")
        self.assertLess(seconds, 2)  # 30 ms without sanitizers


if __name__ == "__main__":
    unittest.main()

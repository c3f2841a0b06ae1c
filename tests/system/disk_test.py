"""hoko run on a disk that is full, fails or may not be written, and beside another run (C3, C5, C6)."""

import os
import random
import signal
import sqlite3
import time
import unittest

from story import SEED, Campaign
from support import RunTest, wait_for

FAILURES = int(os.environ.get("HOKO_FAILURES", "80"))  # of the disk


class Failing(Campaign):
    """C3: at each call that writes, syncs, shortens or removes a file."""

    def fail_at(self, story, point, how):
        """A run on a disk that fails there: it stops with 7, unless the call did not matter."""
        code, report = story.end(story.begin(KILL_AT=str(point), KILL_WHEN=how, KILL_WRITES="1"))
        self.runs += 1
        self.assertIn(code, (0, 4, 7), self.tell(story))
        if code == 7:
            self.failures += 1
            self.assertRegex(story.err, "No space left|full|Input/output error|failed to read or write", self.tell(story))
        if report:
            self.assert_sum(report["rows"], story)
        self.proxy.wait_quiet()

    def test_a_disk_that_fails_anywhere_stops_the_run_with_7_and_the_next_goes_on(self):
        self.renew_mock()
        self.failures = 0
        began = time.monotonic()
        places = [(point, how) for point in range(1, self.points(True, "failing") + 1) for how in ("failing", "overfull")]
        self.chance.shuffle(places)
        for place in places[:FAILURES]:
            self.tell_story(lambda story, at=place: self.fail_at(story, *at), random.Random(SEED))
        self.assertGreater(self.failures, 0)
        print(f"\ndisk failures {self.failures}, seed {SEED}: {self.stories} stories, {self.runs} runs, 0 lost, 0 twins, "
              f"0 undone; {min(FAILURES, len(places))} of {len(places)} places; {time.monotonic() - began:.0f} s")


class Unwritable(RunTest):
    def test_a_state_that_is_no_file_of_ours_to_write_is_exit_7_with_what_to_do(self):
        self.start()
        self.write(".hoko", "a file where the folder belongs")
        self.script('hoko.partners.upsert{{ref=1, name="A"}}', code=7)
        self.assertIn("hint:", self.err)
        self.assertEqual(self.mock.stats()["requests"], 0)


class Neighbours(RunTest):
    """C5: one run at a time writes a stream."""

    SCRIPT = 'print("going") io.stdout:flush()\nhoko.partners.upsert({{ref=1, name="A"}}, {key="ref"})'

    def begin_slow(self):
        self.start("--fault", "1:stall=20s")
        run = self.begin(self.SCRIPT)
        wait_for("the first request", lambda: self.mock.stats()["requests"] == 1)
        return run

    def test_a_second_run_of_a_stream_is_exit_7_and_names_the_first(self):
        run = self.begin_slow()
        self.hoko("scripts/s.lua", code=7)
        self.assertIn(str(run.pid), self.err)
        self.assertIn("scripts/s.lua", self.err)
        self.assertEqual(self.mock.stats()["requests"], 1)

    def test_a_second_run_waits_as_long_as_told_and_takes_over_from_a_dead_one(self):
        run = self.begin_slow()
        second = self.begin(self.SCRIPT, "--wait", "1m")
        self.assertEqual(second.stdout.readline(), b"going\n")
        run.send_signal(signal.SIGKILL)
        self.ended(second, 0)
        self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (1, 0))


class Foreign(RunTest):
    """C6."""

    def test_a_state_of_a_newer_hoko_is_exit_7_and_nothing_is_sent(self):
        self.start()
        text = 'hoko.partners.upsert({{ref=1, name="A"}}, {key="ref"})'
        self.script(text)
        database = sqlite3.connect(self.path(".hoko/state.db"))
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute(f"PRAGMA user_version = {version + 1000}")
        database.commit()
        database.close()
        before = self.mock.stats()["requests"]
        self.script(text, code=7)
        self.assertIn("newer", self.err)
        self.assertEqual(self.mock.stats()["requests"], before)


if __name__ == "__main__":
    unittest.main()

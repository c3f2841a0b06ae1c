"""Kills the program wherever it may be killed, and goes on until all is done (C1).

HOKO_KILLS is how many kills (100), HOKO_SEED which (told).
"""

import itertools
import os
import random
import signal
import time
import unittest

from story import SEED, Campaign

KILLS = int(os.environ.get("HOKO_KILLS", "100"))
MOMENTS, VICTIMS = ("before", "half", "after"), ("host", "worker", "both")


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it came to its end before


class Kill(Campaign):
    def run_killed(self, story, run, victim):
        """Counts RUN, of which VICTIM was to be killed unless it came to its end before."""
        code, report = story.end(run)
        self.runs += 1
        self.kills += code not in (0, 4)
        endings = {0, 4}
        if victim != "host":  # 2: it was at hoko.lua
            endings |= {8, 2}
        if victim != "worker":
            endings.add(-signal.SIGKILL)
        self.assertIn(code, endings, self.tell(story))
        if report:
            self.assert_sum(report["rows"], story)
        self.proxy.wait_quiet()

    def kill_at(self, story, point, moment, victim, writes):
        more = {"KILL_WRITES": "1"} if writes else {}
        run = story.begin(KILL_AT=str(point), KILL_WHEN=moment, KILL_WHO=victim, **more)
        self.run_killed(story, run, victim)

    def kill_after(self, story, seconds, victim):
        run = story.begin()
        time.sleep(seconds)
        if victim != "host":
            for pid in children_of(run.pid):
                kill(pid)
        if victim != "worker":
            kill(run.pid)
        self.run_killed(story, run, victim)

    def random_story(self, points):
        def kills(story):
            for _ in range(self.chance.randint(1, 4)):
                victim = self.chance.choice(VICTIMS)
                if self.chance.randrange(2):
                    self.kill_after(story, self.chance.uniform(0, 0.04), victim)
                else:
                    writes = self.chance.randrange(2)
                    self.kill_at(story, self.chance.randint(1, points[writes]), self.chance.choice(MOMENTS), victim, writes)
                if self.chance.randrange(100) < 60:
                    story.edit(self.chance.randint(0, 3), 40)
        self.tell_story(kills)

    def test_a_killed_run_is_taken_up_by_the_next_and_the_promises_hold(self):
        began = time.monotonic()
        self.renew_mock()
        points = (self.points(False), self.points(True))
        places = list(itertools.product(range(1, points[0] + 1), MOMENTS, VICTIMS))
        self.chance.shuffle(places)
        for point, moment, victim in places[:KILLS // 2]:
            self.tell_story(lambda story, a=(point, moment, victim): self.kill_at(story, *a, False), random.Random(SEED))
        while self.kills < KILLS:
            self.random_story(points)
        print(f"\nkills {self.kills}, seed {SEED}: {self.stories} stories, {self.runs} runs, 0 lost, 0 twins, 0 undone; "
              f"{min(KILLS // 2, len(places))} of {len(places)} commit and send points; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    unittest.main()

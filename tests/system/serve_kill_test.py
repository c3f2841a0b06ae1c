"""kill -9 of the daemon at any moment: nothing starts twice, nothing is forgotten.

HOKO_KILLS says how often (20), HOKO_SEED which moments.
"""

import os
import random
import time
import unittest

from serving import ServeTest
from support import wait_for

NOTE = """local f = io.open("notes/" .. hoko.run.id .. ".%s", "a")
f:write(hoko.now(), "\\n") f:close()
"""


class Kill(ServeTest):
    def instants_have_one_row(self, job):
        due = [row[0] for row in self.query(
            "SELECT due FROM run WHERE job = ? AND due IS NOT NULL ORDER BY due", job)]
        self.assertEqual(due, list(range(due[0], due[-1] + 1, 1000)), job)
        return len(due)

    def notes(self, name):
        """Run → when it noted that, each once."""
        found = {}
        for file in os.listdir(self.path("notes")):
            if file.endswith(name):
                with open(self.path(f"notes/{file}"), encoding="ascii") as notes:
                    times = notes.read().split()
                self.assertEqual(len(times), 1, f"{file} ran {len(times)} times")
                found[file.removesuffix(f".{name}")] = float(times[0])
        return found

    def test_an_occurrence_is_one_run_or_one_row_that_says_why_not(self):
        seed, kills = int(os.environ.get("HOKO_SEED", time.time())), int(os.environ.get("HOKO_KILLS", "20"))
        print(f"seed {seed}, {kills} kills", flush=True)
        chance = random.Random(seed)
        os.mkdir(self.path("notes"))
        self.write("quick.lua", NOTE % "begin" + NOTE % "end")
        self.write("slow.lua", NOTE % "begin" + "hoko.sleep(1.4)\n" + NOTE % "end")
        each = 'schedule = "* * * * * *", retries = { times = 2, delay = "100ms" }'
        self.jobs(last=f'script = "quick.lua", {each}', all=f'script = "quick.lua", {each}, catch_up = "all"',
                  slow=f'script = "slow.lua", {each}, overlap = "queue"')
        for _ in range(kills):
            self.serve(is_awaited=chance.random() < 0.6)  # else while it still begins
            time.sleep(chance.choice((0.1, 0.4, 1.2)) * chance.random())  # a moment to be killed at
            self.daemon.kill()
            self.daemon.wait()
        self.serve()
        for job in ("last", "all", "slow"):
            self.wait_runs(job, self.runs(job).count("ok") + 1)
        for job in ("last", "all", "slow"):
            self.call("jobs", "pause", job)
        wait_for("the end of all runs", lambda: not self.query("SELECT 1 FROM run WHERE ended IS NULL"))
        self.stop()

        begun, ended = self.notes("begin"), self.notes("end")
        counts = {job: self.instants_have_one_row(job) for job in ("last", "all", "slow")}
        rows = self.query("SELECT run, job, outcome FROM run WHERE process IS NOT NULL")
        self.assertLessEqual(set(begun), {row[0] for row in rows})
        for run, job, outcome in rows:
            self.assertEqual(run in begun, outcome is not None, f"{job}: {run} {outcome}")
        for job in counts:
            spans = sorted((begun[run], ended[run]) for run, of, _ in rows if of == job and run in begun)
            for before, after in zip(spans, spans[1:]):
                self.assertLessEqual(before[1], after[0], f"{job} ran twice at once")
        died = sum(1 for row in rows if row[2] is None)
        print(f"{sum(counts.values())} occurrences, {len(begun)} runs, {died} cut off before their script")


if __name__ == "__main__":
    unittest.main()

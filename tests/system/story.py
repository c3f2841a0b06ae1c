"""A project whose source changes between the runs, and campaigns of such stories.

In the end of a story every key has one partner with the newest value, no older value came after a newer one, the next
run sends nothing, and the state is sound (J1 to J6, promises 1 to 3).

HOKO_SEED tells which stories; KILL_POINTS is the library that ends or fails the program at a chosen call.
"""

import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

from proxy import Proxy
from support import DEADLINE, HOKO, Mock

SEED = int(os.environ.get("HOKO_SEED") or random.randrange(1 << 32))
SHM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a kill loses nothing that was written, synced or not
STORIES_A_MOCK = 50
BAD_DAY = ("--fault", "4%:reset-after", "--fault", "3%:status=503", "--fault", "2%:truncate")
RUNS_MAX = 12  # until all is done
SCRIPT = 'hoko.partners.upsert(hoko.ndjson("rows.ndjson"), {{key="ref", batch_rows={rows}, concurrency={concurrency}}})\n'


class Story:
    """A project before a mock that other stories used too: its names begin with NUMBER."""

    def __init__(self, number, url, chance):
        self.number, self.url, self.chance = number, url, chance
        self.folder = tempfile.mkdtemp(prefix="hoko-kill-", dir=SHM)
        self.versions, self.version, self.err = {}, 0, ""
        os.mkdir(self.folder + "/scripts")
        self.write("hoko.lua", "return {}")
        self.write("scripts/s.lua", SCRIPT.format(rows=chance.randint(2, 8), concurrency=chance.randint(1, 3)))
        self.edit(chance.randint(4, 20), 0)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def name(self, key):
        return f"S{self.number} key {key}"

    def edit(self, more, percent):
        """Gives PERCENT of the rows a newer value, and adds MORE rows."""
        for key in list(self.versions):
            if self.chance.randrange(100) < percent:
                self.version += 1
                self.versions[key] = self.version
        for _ in range(more):
            self.version += 1
            self.versions[len(self.versions)] = self.version
        rows = [{"ref": key, "name": self.name(key), "phone": f"+{version}"} for key, version in self.versions.items()]
        self.write("rows.ndjson", "".join(json.dumps(row) + "\n" for row in rows))

    def begin(self, **kill):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder + "/home", "HOKO_API_KEY": "any"}
        if kill:
            environment.update(LD_PRELOAD=os.environ["KILL_POINTS"], ASAN_OPTIONS="verify_asan_link_order=0", **kill)
        words = [HOKO, "run", "--base-url", self.url, "--settle-window", "0ms", "--report", "report.json", "scripts/s.lua"]
        return subprocess.Popen(words, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def end(self, run):
        """Waits for the end of RUN; returns its exit code and its report, if it wrote one."""
        self.err = run.communicate(timeout=3 * DEADLINE)[1].decode(errors="replace")
        path = self.folder + "/report.json"
        if not os.path.exists(path):
            return run.returncode, None
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        os.unlink(path)
        return run.returncode, report

    def state_check(self):
        return subprocess.run([HOKO, "state", "check"], cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE)

    def remove(self):
        shutil.rmtree(self.folder)


class Campaign(unittest.TestCase):
    """Stories before a mock and a proxy that counts, from one seed."""

    def setUp(self):
        self.chance = random.Random(SEED)
        self.kills = self.stories = self.runs = 0
        self.mock = self.proxy = None
        self.addCleanup(self.drop_mock)

    def drop_mock(self):
        if self.mock:
            self.mock.end()
            self.proxy.end()

    def renew_mock(self, faults=()):
        self.drop_mock()
        self.mock = Mock("--seed", str(self.chance.randrange(1 << 31)), *faults)
        self.proxy = Proxy(self.mock.port)

    def tell(self, story):
        return f"HOKO_SEED={SEED}, story {story.number}: {story.err}"

    def assert_sum(self, rows, story):
        counts = ("created", "updated", "unchanged", "superseded", "rejected", "held", "pending")
        self.assertEqual(rows["submitted"], sum(rows[name] for name in counts), self.tell(story))

    def go_on(self, story):
        """Runs until a run has nothing left to send."""
        for _ in range(RUNS_MAX):
            code, report = story.end(story.begin())
            self.runs += 1
            self.assertIn(code, (0, 4), self.tell(story))
            self.assert_sum(report["rows"], story)
            if report["rows"]["unchanged"] == len(story.versions) and report["requests"]["sent"] == 0:
                return
        self.fail("it never comes to its end: " + self.tell(story))

    def assert_whole(self, story):
        """0 lost, 0 twins, nothing undone, and a sound state."""
        prefix = story.name("")
        held = [partner for partner in self.mock.partners() if partner["name"].startswith(prefix)]
        found = {partner["name"]: partner["phone"] for partner in held}
        self.assertEqual(len(held), len(found), "twins: " + self.tell(story))
        self.assertEqual(found, {story.name(key): f"+{version}" for key, version in story.versions.items()}, self.tell(story))
        self.assert_order(story, {partner["id"]: partner["name"] for partner in held})
        checked = story.state_check()
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr + self.tell(story))

    def assert_order(self, story, names):
        """What came over the wire for each partner never went back to an older value."""
        newest = {}
        for request in self.proxy.whole("PUT"):
            for row in json.loads(request.body):
                name = row.get("name") if "id" not in row else names.get(row["id"])
                if not name or not name.startswith(story.name("")):
                    continue
                version = int(row["phone"][1:])
                self.assertGreaterEqual(version, newest.get(name, 0), f"{name} went back: " + self.tell(story))
                newest[name] = version

    def tell_story(self, kills, chance=None):
        """One story: KILLS(story) kills it a few times, then it goes on to its end. CHANCE: of its source alone."""
        if self.stories % STORIES_A_MOCK == 0:
            self.renew_mock(() if chance else self.chance.choice(((), BAD_DAY)))
        self.stories += 1
        story = Story(self.stories, self.proxy.url, chance or self.chance)
        try:
            kills(story)
            self.go_on(story)
            self.assert_whole(story)
        finally:
            story.remove()

    def points(self, writes, when="before"):
        """How many calls a first run has at which it can be killed, or fail."""
        story = Story(0, self.proxy.url, random.Random(SEED))
        more = {"KILL_WRITES": "1"} if writes else {}
        self.assertEqual(story.end(story.begin(KILL_COUNT="count", KILL_WHEN=when, **more))[0], 0, story.err)
        with open(story.folder + "/count", encoding="ascii") as file:
            count = int(file.read())
        story.remove()
        return count

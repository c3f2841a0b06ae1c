"""What hoko remembers, as a user meets it: hoko state, hoko runs, hoko rejects.

HOKO names the program under test.
"""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from support import IS_SANITIZED

HOKO = os.environ.get("HOKO", "hoko")

SCRIPT = """
local rows = {}
for i = 1, 4 do rows[i] = { k = "k" .. i, name = "Partner " .. i } end
rows[5] = { k = "bad", name = "Unlucky" }
hoko.partners.upsert(rows, { key = "k" })
"""


class Project(unittest.TestCase):
    """A project of one script, and a mock to send to."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hoko-state-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.home = tempfile.mkdtemp(prefix="hoko-home-")
        self.addCleanup(shutil.rmtree, self.home)
        os.mkdir(self.path("scripts"))
        self.write("hoko.lua", "return {}")
        self.write("scripts/partners.lua", SCRIPT)
        self.mock = subprocess.Popen([HOKO, "mock", "--port", "0", "--refuse", "Unlucky"],
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.end_mock)
        self.url = self.mock.stdout.readline().split()[-1]

    def end_mock(self):
        self.mock.terminate()
        self.mock.communicate(timeout=30)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def env(self):
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS")}
        return {**kept, "HOME": self.home, "HOKO_API_KEY": "x", "HOKO_BASE_URL": self.url}

    def hoko(self, *args, stdin=""):
        return subprocess.run([HOKO, *args], env=self.env(), cwd=self.folder, input=stdin,
                              capture_output=True, text=True, timeout=60)

    def good(self, *args, **more):
        done = self.hoko(*args, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def lines(self, *args, **more):
        """The JSON objects that a command prints, one a line."""
        return [json.loads(line) for line in self.good(*args, **more).stdout.splitlines()]

    def refused(self, code, *args, **more):
        """One line that says what, one hint, nothing on stdout."""
        done = self.hoko(*args, **more)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 2, done.stderr)
        self.assertTrue(lines[0].startswith("hoko: "), done.stderr)
        self.assertTrue(lines[1].startswith("hint: "), done.stderr)
        return done.stderr

    def sync(self, code=3):
        done = self.hoko("run", "scripts/partners.lua")
        self.assertEqual(done.returncode, code, done.stderr)


class Nothing(Project):
    def test_looking_makes_no_state(self):
        for args in (["runs"], ["rejects"], ["state"], ["state", "check"], ["state", "export"]):
            done = self.good(*args)
            self.assertEqual(done.stdout, "")
        self.assertFalse(os.path.exists(self.path(".hoko")))


class Runs(Project):
    def test_a_run_leaves_its_report(self):
        self.sync()
        self.sync()
        newest, first = self.lines("runs", "list", "--json")
        self.assertEqual(first["rows"]["created"], 4)
        self.assertEqual(newest["rows"]["unchanged"], 4)
        self.assertEqual(newest["exit"], 3)
        self.assertEqual(self.lines("runs", "show", first["run"], "--json"), [first])
        self.assertEqual(self.lines("runs", "show", "last", "--json"), [newest])

    def test_a_table_is_for_people(self):
        self.sync()
        head, row = self.good("runs").stdout.splitlines()
        self.assertIn("STARTED (UTC)", head)
        self.assertIn("rejected (exit 3)", row)
        self.assertIn("4 created, 1 rejected", row)
        shown = self.good("runs", "show").stdout
        self.assertIn("rows      5 submitted: 4 created, 1 rejected\n", shown)

    def test_a_name_that_is_none_is_wrong_use(self):
        self.sync()
        self.assertIn("no run's name begins with zz", self.refused(2, "runs", "show", "zz"))

    def test_old_runs_are_forgotten_but_the_newest(self):
        for _ in range(3):
            self.sync()
        self.good("runs", "prune", "--older", "0ms", "--keep", "1")
        self.assertEqual(len(self.lines("runs", "list", "--json")), 1)

    def test_tail_goes_on_until_it_is_ended(self):
        self.sync()
        with subprocess.Popen([HOKO, "runs", "tail", "--json"], cwd=self.folder, env=self.env(),
                              stdout=subprocess.PIPE, text=True) as tail:
            self.addCleanup(tail.kill)
            signal.alarm(60)
            first = json.loads(tail.stdout.readline())
            self.assertEqual(first["rows"]["created"], 4)
            self.sync()
            news = json.loads(tail.stdout.readline())
            while news["outcome"] == "running":
                news = json.loads(tail.stdout.readline())
            self.assertEqual(news["rows"]["unchanged"], 4)
            tail.terminate()
            signal.alarm(0)


class Rejects(Project):
    def setUp(self):
        super().setUp()
        self.sync()

    def test_a_refused_row_is_listed_with_its_reason(self):
        self.sync()
        reject, = self.lines("rejects", "list", "--json")
        self.assertEqual(sorted(reject), ["at", "code", "field", "key", "message", "row", "run",
                                          "source", "status", "stream"])
        self.assertEqual(reject["key"], "bad")
        self.assertEqual(reject["row"]["name"], "Unlucky")
        self.assertEqual(reject["code"], "refused")
        self.assertEqual(reject["status"], 400)
        self.assertEqual(self.lines("rejects", "export"), [reject])
        self.good("rejects", "export", "rejects.ndjson")
        self.assertEqual(json.loads(self.read("rejects.ndjson")), reject)
        self.assertFalse(os.path.exists(self.path("rejects.ndjson.part")))

    def test_one_row_is_shown_by_key_and_by_number(self):
        by_key = self.good("rejects", "show", "bad").stdout
        self.assertIn("key      bad\n", by_key)
        number = by_key.splitlines()[0].split()[-1]
        self.assertEqual(self.good("rejects", "show", number).stdout, by_key)
        self.assertIn("no rejected row", self.refused(2, "rejects", "show", "k1"))
        self.assertIn("is no number", self.hoko("rejects", "show", "#x").stderr)

    def test_a_row_is_sent_again_only_when_told(self):
        self.sync()
        self.assertEqual(self.lines("runs", "show", "--json")[0]["requests"]["sent"], 0)
        self.good("rejects", "retry", "bad")
        self.sync()
        self.assertGreater(self.lines("runs", "show", "--json")[0]["requests"]["sent"], 0)

    def test_dropping_wants_to_know_which(self):
        self.assertIn("which rows?", self.refused(2, "rejects", "drop"))
        self.good("rejects", "drop", "--stream", "other")
        self.assertEqual(len(self.lines("rejects", "list", "--json")), 1)
        self.good("rejects", "drop", "--stream", "scripts/partners")
        self.assertEqual(self.lines("rejects", "list", "--json"), [])


class Explain(Project):
    def setUp(self):
        super().setUp()
        self.sync()

    def test_a_partner_is_told_with_what_was_sent(self):
        told, = self.lines("explain", "k2", "--json")
        self.assertEqual(told["stream"], "scripts/partners")
        self.assertEqual(told["base_url"], self.url)
        self.assertEqual(told["partner"]["fields"], {"name": "Partner 2"})
        self.assertEqual(told["partner"]["run"], self.lines("runs", "show", "--json")[0]["run"])
        text = self.good("explain", "k2").stdout
        self.assertIn(told["partner"]["id"], text)
        self.assertIn("an equal row is not sent", text)
        self.assertRegex(text, "source +a row of scripts/partners.lua")
        self.assertEqual((told["decision"], told["script"]), ("sent", "scripts/partners.lua"))
        self.assertIn("an equal row is not sent", told["next"])

    def test_a_rejected_row_is_told_with_its_reason(self):
        told, = self.lines("explain", "bad", "--json")
        self.assertEqual(told["rejected"]["status"], 400)
        self.assertNotIn("partner", told)
        self.assertEqual(told["decision"], "rejected")
        self.assertIn("hoko rejects retry", self.good("explain", "bad").stdout)
        self.good("rejects", "retry", "bad")
        self.assertIn("the next run sends it", self.good("explain", "bad").stdout)

    def test_a_state_of_200000_partners_is_no_slower(self):
        line = ('{"stream":"big","base_url":"https://hoko.to/api","key":"k%d","id":"00000000-0000-4000-8000-%012d",'
                '"name":"N","sent_at":"2026-11-20T07:30:11.000Z","gone":false}\n')
        with open(self.path("big.ndjson"), "w", encoding="ascii") as file:
            file.writelines(line % (i, i) for i in range(200000))
        self.good("state", "import", "big.ndjson")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertIn("000000199999", self.good("explain", "k199999", "--stream", "big").stdout)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if not IS_SANITIZED:
            self.assertLess(spent, 0.05)

    def test_a_key_that_nobody_sent_is_unknown(self):
        self.assertIn("no run has sent", self.refused(2, "explain", "k9"))
        self.assertIn("no run has sent", self.refused(2, "explain", "k2", "--stream", "other"))


class State(Project):
    def setUp(self):
        super().setUp()
        self.sync()

    def streams(self, *args):
        return self.lines("state", "list", "--json", *args)

    def test_streams_are_listed(self):
        stream, = self.streams()
        self.assertEqual(stream, {"stream": "scripts/partners", "base_url": self.url, "partners": 4,
                                  "gone": 0, "rejects": 1, "held": 0})
        self.assertIn("PARTNERS", self.good("state").stdout)

    def test_a_sound_state_is_sound(self):
        self.assertIn("is sound", self.good("state", "check").stderr)

    def test_what_is_wrong_is_told(self):
        with sqlite3.connect(self.path(".hoko/state.db")) as db:
            db.execute("UPDATE partner SET key = 'k1' WHERE key = 'k2'")
        done = self.hoko("state", "check")
        self.assertEqual(done.returncode, 7)
        self.assertIn("have the key k1", done.stdout)
        self.assertIn("hint: ", done.stderr)

    def test_a_backup_takes_the_place_of_a_damaged_state(self):
        self.good("state", "backup", "copy.db")
        self.assertIn("exists already", self.refused(2, "state", "backup", "copy.db"))
        with open(self.path(".hoko/state.db"), "r+b") as f:
            f.write(b"not a database any more")
        self.assertIn("hoko state backup", self.refused(7, "state"))
        shutil.copy(self.path("copy.db"), self.path(".hoko/state.db"))
        self.assertEqual(self.streams()[0]["partners"], 4)
        self.sync()
        self.assertEqual(self.lines("runs", "show", "--json")[0]["rows"]["unchanged"], 4)

    def test_an_exported_map_can_be_imported_elsewhere(self):
        text = self.good("state", "export").stdout
        self.assertEqual(len(text.splitlines()), 4)
        done = self.good("--state", "sqlite:other/state.db", "state", "import", "-", stdin=text)
        self.assertIn("4", done.stderr)
        again = self.good("--state", "sqlite:other/state.db", "state", "export").stdout
        self.assertEqual(again, text)
        done = self.hoko("--state", "sqlite:other/state.db", "state", "import", "-", stdin=text + "x\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("line 5", done.stderr)

    def test_a_forgotten_key_is_made_anew(self):
        self.assertIn("--yes", self.refused(2, "state", "forget", "--stream", "scripts/partners"))
        self.good("state", "forget", "--stream", "scripts/partners", "--yes", "k2")
        self.sync()
        rows = self.lines("runs", "show", "--json")[0]["rows"]
        self.assertEqual((rows["created"], rows["unchanged"]), (1, 3))
        self.good("state", "forget", "--stream", "scripts/partners", "--yes")
        self.assertEqual(self.streams(), [])
        self.refused(2, "state", "forget", "--stream", "scripts/partners", "--yes")

    def test_a_foreign_database_is_refused(self):
        with sqlite3.connect(self.path("songs.db")) as db:
            db.execute("CREATE TABLE song (name)")
        said = self.refused(7, "--state", "sqlite:songs.db", "state")
        self.assertIn("not one of hoko's", said)


if __name__ == "__main__":
    unittest.main()

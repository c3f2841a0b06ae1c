"""A dry run tells what the run then does: the same counts, the same changes, nothing sent."""

import json
import os
import random
import re
import subprocess
import unittest

from support import HOKO, RunTest, wait_for

ROUNDS = int(os.environ.get("HOKO_DRY_ROUNDS", "12"))
SCRIPT = ('hoko.sync{ stream="crm", source=hoko.ndjson("rows.ndjson"), key="ref", missing="delete", missing_limit=100,\n'
          '  send=hoko.args[1], transform=function(r) if r.skip then return nil end\n'
          '  if r.boom then error("boom") end\n'
          '  return {name=r.name, email=r.email, phone=r.phone} end }\n')
FIELD = re.compile(r'  (name|email|phone): (?:(null|\(not known\)|"[^"]*") → )?(null|"[^"]*")')
NAMES = ["Nour", "Haddad", "Al Amal", "Petra"]


class Source:
    """Rows of some keys, edited at random."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.rows = []

    def row(self, ref):
        r = self.random
        row = {"ref": ref}
        if r.random() < 0.95:
            row["name"] = r.choice(NAMES)
        for field, values in ("email", ["a@b.example", "c@d.example", None]), ("phone", ["+1", "+2", None]):
            if r.random() < 0.7:
                row[field] = r.choice(values)
        for mistake, value in ("skip", True), ("boom", True), ("email", "no address"), ("name", ""):
            if r.random() < 0.02:
                row[mistake] = value
        return row

    def edit(self):
        r = self.random
        self.rows = [row for row in self.rows if r.random() < 0.9]
        self.rows = [self.row(row["ref"]) if r.random() < 0.3 else row for row in self.rows]
        self.rows += [self.row(f"k{r.randrange(60)}") for _ in range(r.randrange(1, 12))]
        if r.random() < 0.3:
            r.shuffle(self.rows)

    def text(self):
        return "".join(json.dumps(row) + "\n" for row in self.rows)


class DryRun(RunTest):
    def run_once(self, *options, send="changed"):
        self.write("scripts/s.lua", SCRIPT)
        done = subprocess.run(self.command(*options, "scripts/s.lua", send), cwd=self.folder, env=self.environment(),
                              capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return done, self.take_report()

    def known(self):
        """Partners at the mock, by the key that the state has for them."""
        done = subprocess.run([HOKO, "state", "export"], cwd=self.folder, env=self.environment(), capture_output=True,
                              text=True, timeout=60)
        keys = {json.loads(line)["id"]: json.loads(line)["key"] for line in done.stdout.splitlines()}
        return {keys[p["id"]]: p for p in self.mock.partners() if p["id"] in keys}

    def told(self, out):
        """What a dry run printed: created, updated, deleted, rejected, each by key."""
        told = {"create": {}, "update": {}, "delete": set(), "reject": []}
        for line in out.splitlines():
            what, key = line.split()[:2]
            fields = {name: (old, new) for name, old, new in FIELD.findall(line)}
            if what in ("create", "update"):
                self.assertNotIn(key, told[what], line)
                told[what][key] = fields
            elif what == "delete":
                told["delete"].add(key)
            else:
                self.assertEqual(what, "reject", line)
                told["reject"].append(key)
        return told

    def assert_happened(self, told, before, after):
        made = {key: {f: ("", json.dumps(after[key][f])) for f in ("name", "email", "phone") if after[key][f] is not None}
                for key in after.keys() - before.keys()}
        self.assertEqual(told["create"], made)
        self.assertEqual(told["delete"], before.keys() - after.keys())
        for key, old in before.items():
            if key not in after:
                continue
            changed = {f for f in ("name", "email", "phone") if old[f] != after[key][f]}
            update = told["update"].get(key, {})
            self.assertLessEqual(changed, update.keys(), key)
            for field, (_, new) in update.items():
                self.assertEqual(new, json.dumps(after[key][field]), (key, field))
            for field in changed:  # what was sent before is known
                self.assertIn(update[field][0], (json.dumps(old[field]), "(not known)"), (key, field))
        self.assertLessEqual(told["update"].keys(), after.keys())

    def test_it_tells_what_the_run_does_over_random_edits(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True) if os.environ.get("HOKO_DRY_ROUNDS") else None
        source = Source(seed)
        self.start()
        before = {}
        for turn in range(ROUNDS):
            with self.subTest(seed=seed, turn=turn):
                source.edit()
                self.write("rows.ndjson", source.text())
                requests = self.mock.stats()["requests"]
                send = "all" if turn % 4 == 3 else "changed"
                dry, dry_report = self.run_once("--dry-run", send=send)
                self.assertEqual(self.mock.stats()["requests"], requests)
                real, report = self.run_once(send=send)
                self.assertEqual(dry_report["rows"], report["rows"])
                self.assertEqual(dry_report["exit"], report["exit"])
                after = self.known()
                told = self.told(dry.stdout)
                self.assert_happened(told, before, after)
                self.assertEqual(len(told["reject"]), report["rows"]["rejected"])
                before = after

    def test_rows_far_apart_of_one_key_are_planned_as_they_are_sent(self):
        self.start()
        script = ('local n = 0\nlocal r = hoko.partners.upsert(function() n = n + 1\n'
                  'if n <= 30000 then return {ref=n, name="N" .. n, phone="+1"} end\n'
                  'if n <= 30010 then return {ref=n - 30000, name="N" .. (n - 30000), phone="+2"} end\n'
                  'if n <= 30020 then return {ref=n - 30000, name="N" .. (n - 30000), phone="+1"} end\n'
                  'end, {stream="crm", key="ref"})\nprint(r.created, r.updated, r.unchanged, r.superseded)')
        dry = self.script(script, options=("--dry-run",)).splitlines()[-1]
        self.assertEqual(dry, "30000\t10\t10\t0")
        self.assertEqual(self.script(script), dry + "\n")

    def test_rejects_are_told_and_no_list_is_hinted_at(self):
        self.start()
        self.write("p.csv", "ref,name,email\na,A,a@b.co\nb,B,nowhere\n")
        out = self.script('hoko.sync{ source=hoko.csv("p.csv"), key="ref", transform=function(r)\n'
                          'return {name=r.name, email=r.email} end }', options=("--dry-run",), code=3)
        self.assertIn('create a  name: "A"  email: "a@b.co"\n', out)
        self.assertIn("reject b  bad_email email: ", out)
        self.assertIn("(p.csv:3)", out)
        self.assertIn("dry run: would be 1 created, 1 rejected", self.err)
        self.assertNotIn("rejects list", self.err)

    def test_what_a_held_create_becomes_cannot_be_known(self):
        self.start("--fault", "1:reset-before")
        text = 'hoko.partners.upsert({{ref="a", name="A"}}, {stream="crm", key="ref"})'
        self.script(text, code=4)
        out = self.script(text, options=("--dry-run",))
        self.assertIn("cannot be known a: ", out)
        self.assert_rows(submitted=1, pending=1)

    def test_what_a_run_that_died_left_under_way_cannot_be_known(self):
        self.start("--fault", "1:stall=30s", "--fault", "2:stall=30s")
        for rows, options, code in (('{{ref="a", name="A"}}', '{stream="crm", key="ref"}', 0),
                                    ('{{name="A"}}', "{stream='bare'}", 4)):
            before = self.mock.stats()["requests"]
            text = f"hoko.partners.upsert({rows}, {options})"
            run = self.begin(text)
            wait_for("the create", lambda: self.mock.stats()["requests"] > before)
            run.kill()
            run.wait()
            self.assertIn("cannot be known", self.script(text, options=("--dry-run",), code=code))

    def test_old_values_that_no_run_sent_are_told_as_not_known(self):
        self.start("--partners", "1")
        out = self.script('hoko.partners.upsert({{id="00000000-0000-4000-8000-000000000001", name="B"}})',
                          options=("--dry-run",))
        self.assertIn('name: (not known) → "B"', out)

    def test_a_dry_upsert_before_the_real_one_of_a_stream_is_no_hindrance(self):
        self.start()
        self.script('local rows, o = {{ref="a", name="A"}}, {stream="crm", key="ref", dry_run=true}\n'
                    'assert(hoko.partners.upsert(rows, o).created == 1)\no.dry_run = nil\n'
                    'assert(hoko.partners.upsert(rows, o).created == 1)\n')
        self.assertEqual(len(self.mock.partners()), 1)


if __name__ == "__main__":
    unittest.main()

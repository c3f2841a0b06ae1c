"""Keys that a source no longer has: kept, reported or deleted, and never by mistake."""

import shutil
import subprocess
import unittest

from support import HOKO, RunTest


def sync(missing, more="", source='hoko.csv("people.csv")'):
    return ('local r = hoko.sync{ stream="crm", source=' + source + ', key="ref", missing="' + missing + '",' + more +
            '\n  transform=function(r) if r.name == "skip" then return nil end\n'
            '    return {name=r.name, email=r.email} end }\n'
            'print(r.missing, r.deleted, r.error and r.error.code)\n')


class Missing(RunTest):
    def people(self, numbers, text=""):
        self.write("people.csv", "ref,name,email\n" + "".join(f"k{i},N{i},\n" for i in numbers) + text)

    def first_run(self, count=20, *options):
        self.start(*options)
        self.people(range(count))
        self.script(sync("keep"))
        self.assert_rows(submitted=count, created=count)

    def names(self):
        return sorted(p["name"] for p in self.mock.partners())

    def assert_all_there(self, count=20):
        self.assertEqual(len(self.names()), count)

    def test_keep_leaves_partners_and_does_not_count(self):
        self.first_run()
        self.people(range(19))
        self.script(sync("keep"))
        self.assert_rows(submitted=19, unchanged=19)
        self.assert_all_there()

    def test_report_counts_and_names_keys_and_deletes_nothing(self):
        self.first_run()
        self.people(range(1, 19))
        self.assertEqual(self.script(sync("report")), "2\t0\tnil\n")
        self.assert_rows(submitted=18, unchanged=18, missing=2)
        self.assertIn("2 keys of stream crm are no longer in the source: k0, k19", self.err)
        self.assertEqual(self.report["requests"]["sent"], 0)
        self.assert_all_there()

    def test_delete_removes_what_is_missing_and_forgets_its_key(self):
        self.first_run()
        self.people(range(1, 19))
        self.assertEqual(self.script(sync("delete")), "2\t2\tnil\n")
        self.assert_rows(submitted=18, unchanged=18, missing=2, deleted=2)
        self.assertEqual(self.report["requests"]["sent"], 1)
        self.assertEqual(self.names(), sorted(f"N{i}" for i in range(1, 19)))
        self.script(sync("delete"))
        self.assert_rows(submitted=18, unchanged=18)
        self.people(range(20))
        self.script(sync("delete"))
        self.assert_rows(submitted=20, unchanged=18, created=2)

    def test_delete_goes_in_batches_and_keys_of_this_run_are_not_missing(self):
        self.first_run(30)
        self.people(range(25, 60))
        self.script(sync("delete", "missing_limit=50, batch_rows=10,"))
        self.assert_rows(submitted=35, unchanged=5, created=30, missing=25, deleted=25)
        self.assertEqual(self.names(), sorted(f"N{i}" for i in range(25, 60)))

    def test_more_than_the_limit_is_refused_and_nothing_deleted(self):
        self.first_run()
        self.people(range(17))
        self.assertEqual(self.script(sync("delete"), code=7), "3\t0\tstate\n")
        self.assertIn("lacks 3 of the 20 partners of stream crm", self.err)
        self.assertIn("hint: look whether the source is whole; if it is, set missing_limit = 15", self.err)
        self.assert_all_there()
        self.script(sync("delete", "missing_limit=15,"))
        self.assert_rows(submitted=17, unchanged=17, missing=3, deleted=3)

    def test_an_empty_source_is_a_warning_and_deletes_nothing(self):
        for missing in "keep", "report", "delete":
            with self.subTest(missing):
                self.first_run() if missing == "keep" else None
                self.people([])
                self.script(sync(missing, "missing_limit=100,"))
                self.assertIn("the source gave no row, but stream crm has 20 partners", self.err)
                self.assertIn("the source gave no row", self.report["warnings"][0])
                self.assertEqual(self.report["rows"]["missing"], 0 if missing == "keep" else 20)
                self.assert_all_there()

    def test_rows_that_are_skipped_or_rejected_are_in_the_source(self):
        self.first_run()
        self.people(range(2, 20), 'k0,skip,\nk1,N1,no address\n')
        self.script(sync("delete"), code=3)
        self.assert_rows(skipped=1, submitted=19, unchanged=18, rejected=1)
        self.assert_all_there()

    def test_a_row_that_cannot_be_read_may_be_any_key_so_nothing_is_deleted(self):
        self.first_run()
        self.people(range(19), "k19,N19,,,,\n")
        self.script(sync("delete", source='hoko.csv("people.csv", {on_error="reject"})'), code=3)
        self.assert_rows(submitted=20, unchanged=19, rejected=1, missing=1)
        self.assertIn("no key that can be read, so nothing is deleted", self.err)
        self.assert_all_there()

    def test_a_source_that_raises_deletes_nothing(self):
        self.first_run()
        self.script(sync("delete", source='(function() local i = 0 return function() i = i + 1\n'
                         'if i == 19 then error("half") end return {ref="k" .. i, name="N" .. i} end end)()'), code=1)
        self.assert_all_there()

    def test_a_signal_deletes_nothing(self):
        self.first_run()
        run = self.begin(sync("delete", source='(function() local i = 0 return function() i = i + 1\n'
                              'if i < 19 then return {ref="k" .. i, name="N" .. i} end\n'
                              'print("here") io.stdout:flush() while true do hoko.sleep(0.01) end end end)()'))
        self.assertEqual(run.stdout.readline(), b"here\n")
        run.send_signal(2)
        self.ended(run, 130)
        self.assert_all_there()

    def test_partners_that_hoko_lost_count_as_gone_and_the_others_are_deleted(self):
        self.first_run(40)
        lost = [p["id"] for p in self.mock.partners() if p["name"] in ("N1", "N2")]
        self.assertEqual(self.mock.ask("DELETE", body=lost).status, 200)
        self.people(range(4, 40))
        self.script(sync("delete"))
        self.assert_rows(submitted=36, unchanged=36, missing=4, deleted=2)
        self.assertEqual(self.names(), sorted(f"N{i}" for i in range(4, 40)))
        self.script(sync("delete"))
        self.assert_rows(submitted=36, unchanged=36)

    def test_a_lost_answer_to_a_delete_is_settled_by_a_listing(self):
        for what in "reset-before", "reset-after", "status=503", "garbage":
            with self.subTest(what):
                self.first_run(40, "--fault", "2:" + what)
                self.people(range(4, 40))
                self.script(sync("delete"))
                self.assert_rows(submitted=36, unchanged=36, missing=4, deleted=4)
                self.assertEqual(self.names(), sorted(f"N{i}" for i in range(4, 40)))
                shutil.rmtree(self.path(".hoko"))

    def test_a_dry_run_shows_what_would_be_deleted(self):
        self.first_run()
        self.people(range(1, 19))
        out = self.script(sync("delete"), options=("--dry-run",))
        ids = {p["name"]: p["id"] for p in self.mock.partners()}
        self.assertEqual(out.splitlines()[:2], [f"delete k{i}  id: {ids[f'N{i}']}" for i in (0, 19)])
        self.assert_rows(submitted=18, unchanged=18, missing=2, deleted=2)
        self.assert_all_there()

    def test_a_second_write_of_the_stream_raises_in_such_a_run(self):
        self.first_run()
        for first, second in ("delete", "keep"), ("keep", "report"):
            out = self.script(sync(first) + sync(second), code=1)
            self.assertEqual(len(out.splitlines()), 1)
            self.assertIn("stream crm was written in this run already", self.err)
            self.assertIn("scripts/s.lua:5", self.err)
        self.script(sync("delete") + sync("delete").replace("crm", "other"))

    def test_each_entry_of_a_session_is_a_run_of_its_own(self):
        self.start()
        entry = ('hoko.partners.upsert({{ref="a", name="A"}}, {stream="crm", key="ref", missing="delete", '
                 'missing_limit=100}).unchanged\n')
        done = subprocess.run([HOKO, "repl", "--base-url", self.url], cwd=self.folder, env=self.environment(),
                              input=entry + entry + entry.replace('ref="a"', 'ref="b"').replace("unchanged", "deleted"),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout.split(), ["0", "1", "1"], done.stderr)

    def test_missing_needs_a_key_and_a_limit_in_percent(self):
        self.start()
        for options, message in (('missing="delete"', 'missing = "delete" needs a key'),
                                 ('key="ref", missing="drop"', 'must be one of "keep", "report", "delete"'),
                                 ('key="ref", missing_limit=101', "must be from 0 to 100, got 101")):
            self.script("hoko.partners.upsert({}, {" + options + "})", code=1)
            self.assertIn(message, self.err)

    def test_a_key_without_the_scope_stops_with_exit_5(self):
        self.record()
        self.recorder.server.RequestHandlerClass.do_DELETE = lambda h: h.reply(
            403, {"error": {"en": "Missing", "ar": "x"}, "missingScopes": ["linksWrite"]})
        self.people(range(20))
        self.script(sync("keep"))
        self.people(range(19))
        self.script(sync("delete"), code=5)
        self.assertIn("linksWrite", self.err)


if __name__ == "__main__":
    unittest.main()

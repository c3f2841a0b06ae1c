"""hoko run: results, callbacks, dry runs and reports."""

import json
import os
import re
import subprocess
import unittest

from support import HOKO, RunTest, partner_id, stored


class Results(RunTest):
    def test_partners_stand_at_the_index_of_their_row(self):
        self.start("--fault", "1:reorder")
        out = self.script('local r = hoko.partners.upsert{{name="A"}, {nam="x"}, {name="C"}}\n'
                          'print(r.partners[1].name, r.partners[2], r.partners[3].name, r.partners.n, #r.partners[1].id)',
                          code=3)
        self.assertEqual(out, "A\tfalse\tC\t3\t36\n")

    def test_equal_rows_have_a_partner_each(self):
        self.start("--fault", "1:reorder")
        out = self.script('local r = hoko.partners.upsert{{name="A"}, {name="A"}, {name="A"}}\n'
                          'local p = r.partners\nprint(p[1].id ~= p[2].id and p[2].id ~= p[3].id and p[1].id ~= p[3].id)')
        self.assertEqual(out, "true\n")

    def test_a_merged_row_has_no_partner_of_its_own(self):
        self.start("--partners", "1")
        one = partner_id(1)
        out = self.script(f'local r = hoko.partners.upsert{{{{id="{one}", name="A"}}, {{id="{one}", phone="1"}}}}\n'
                          'print(r.partners[1], r.partners[2].name, r.partners[2].phone, r.partners.n)')
        self.assertEqual(out, "false\tA\t1\t2\n")

    def test_rows_that_a_stop_kept_from_being_taken_are_counted_among_the_partners(self):
        self.start("--key", "another")
        out = self.script('local rows = {}\nfor i = 1, 5000 do rows[i] = {name="n" .. i} end\n'
                          'for _ = 1, 2 do local p = hoko.partners.upsert(rows, {batch_rows=10}).partners\n'
                          'print(p.n, p[1], p[5000]) end', code=5)
        self.assertEqual(out, "5000\tfalse\tfalse\n" * 2)

    def test_partners_are_given_for_10000_rows_and_no_more(self):
        self.start()
        out = self.script('for _, n in ipairs{0, 10000, 10001} do\nlocal rows = {}\n'
                          'for i = 1, n do rows[i] = {name="n" .. n .. "-" .. i} end\n'
                          'local p = hoko.partners.upsert(rows).partners\n'
                          'print(p and p.n, p and #p, p and p[n] and p[n].name) end')
        self.assertEqual(out, "0\t0\tnil\n10000\t10000\tn10000-10000\nnil\tnil\tnil\n")

    def test_a_function_has_no_partners(self):
        self.start()
        out = self.script('local done\nprint(hoko.partners.upsert(function()\n'
                          'if not done then done = true return {name="A"} end end).partners)')
        self.assertEqual(out, "nil\n")

    def test_the_counts_of_a_result_are_integers_and_add_up(self):
        self.start("--partners", "2")
        out = self.script(f'local r = hoko.partners.upsert{{{{name="A"}}, {{id="{partner_id(1)}", name="B"}}, {{}},\n'
                          f'{{id="{partner_id(1)}", name="C"}}}}\n'
                          'for _, k in ipairs{"skipped", "submitted", "created", "updated", "unchanged", "superseded",\n'
                          '"rejected", "held", "pending", "missing", "deleted", "requests"} do\n'
                          'assert(math.type(r[k]) == "integer", k) io.write(k, "=", r[k], " ") end\n'
                          'print(r.outcome, r.error, math.type(r.seconds))', code=3)
        self.assertEqual(out, "skipped=0 submitted=4 created=1 updated=1 unchanged=0 superseded=1 rejected=1 held=0 "
                              "pending=0 missing=0 deleted=0 requests=2 rejected\tnil\tfloat\n")

    def test_rejects_are_the_first_100_reasons_in_the_order_of_the_rows(self):
        self.start()
        out = self.script('local rows = {}\nfor i = 1, 150 do rows[i] = {["f" .. i]=1} end\n'
                          'local r = hoko.partners.upsert(rows)\n'
                          'for i, why in ipairs(r.rejects) do assert(why.field == "f" .. i) end\n'
                          'print(#r.rejects, r.rejected)', code=3)
        self.assertEqual(out, "100\t150\n")

    def test_rejects_of_hoko_and_of_rules_are_in_one_order(self):
        self.start("--refuse", "Bad")
        out = self.script('local rows = {{name="Bad1"}, {nam="2"}, {name="ok"}, {name="Bad4"}, {name=5}}\n'
                          'for _, why in ipairs(hoko.partners.upsert(rows).rejects) do print(why.code) end', code=3)
        self.assertEqual(out.split(), ["refused", "unknown_field", "refused", "wrong_type"])

    def test_an_array_that_grows_while_it_is_sent_has_no_partners(self):
        self.start()
        out = self.script('local rows = {}\nfor i = 1, 10000 do rows[i] = {name="n" .. i} end\n'
                          'local r = hoko.partners.upsert(rows, {key=function(row)\n'
                          'if #rows < 30000 then rows[#rows + 1] = {name="m" .. #rows} end return row.name end})\n'
                          'print(r.created, r.partners)')
        self.assertEqual(out, "30000\tnil\n")

    def test_each_upsert_counts_its_own_and_the_report_counts_all(self):
        self.start()
        out = self.script('for i = 1, 3 do\nlocal r = hoko.partners.upsert{{name="a" .. i}, {name="b" .. i}}\n'
                          'print(r.submitted, r.created, r.requests) end')
        self.assertEqual(out, "2\t2\t1\n" * 3)
        self.assert_rows(submitted=6, created=6)

    def test_what_stops_a_run_is_in_the_result_and_later_calls_return_at_once(self):
        self.start("--key", "another")
        out = self.script('local r = hoko.partners.upsert{{name="A"}, {name="B"}}\n'
                          'print(r.outcome, r.error.code, r.pending, r.submitted)\n'
                          'r = hoko.partners.upsert{{name="C"}}\nprint(r.outcome, r.error.code, r.submitted)', code=5)
        self.assertEqual(out, "auth\tauth\t2\t2\nauth\tauth\t0\n")
        self.assertEqual(self.mock.stats()["requests"], 1)


class Callbacks(RunTest):
    def test_callbacks_get_the_row_and_what_became_of_it(self):
        self.start()
        out = self.script('hoko.partners.upsert({{name="A"}, {name=""}}, {\n'
                          'on_ack=function(row, p) print("ack", row.name, p.name, #p.id) end,\n'
                          'on_reject=function(row, why) print("reject", row.name, why.code, why.field, why.status) end})',
                          code=3)
        self.assertEqual(sorted(out.splitlines()), ["ack\tA\tA\t36", "reject\t\tempty\tname\tnil"])

    def test_a_refused_row_is_told_with_hokos_words_and_status(self):
        self.start("--refuse", "Bad")
        out = self.script('hoko.partners.upsert({{name="A"}, {name="Bad"}, {name="C"}}, {\n'
                          'on_reject=function(row, why) print(row.name, why.code, why.status, why.message) end})', code=3)
        self.assertEqual(out, "Bad\trefused\t400\tInvalid request\n")
        self.assert_rows(submitted=3, created=2, rejected=1)

    def test_hokos_words_are_in_the_language_of_the_user(self):
        self.start("--refuse", "Bad")
        self.script('print(hoko.partners.upsert{{name="Bad"}}.rejects[1].message)', code=3,
                    env=self.environment(LANG="ar_SA.UTF-8"))
        self.assertEqual(self.script('print(hoko.partners.upsert{{name="Bad"}}.rejects[1].message)', code=3,
                                     env=self.environment(LANG="ar_SA.UTF-8")), "طلب غير صالح\n")

    def test_each_row_is_called_back_once(self):
        self.start("--latency", "20", "--fault", "50%:reorder", "--fault", "3:status=503", "--partners", "5000")
        out = self.script('local n, acks, rejects = 0, 0, 0\nlocal seen = {}\n'
                          'local r = hoko.partners.upsert(function() n = n + 1\n'
                          'if n > 5000 then return nil end\n'
                          'if n % 10 == 0 then return {nam=n} end\n'
                          'return {id=("00000000-0000-4000-8000-%012d"):format(n), name="n" .. n} end, {batch_rows=100,\n'
                          'on_ack=function(row, p) assert(row.name == p.name and not seen[p.id]) seen[p.id] = true\n'
                          'acks = acks + 1 end,\n'
                          'on_reject=function(row, why) rejects = rejects + 1 assert(row.nam % 10 == 0) end})\n'
                          'print(acks, rejects, r.updated, r.rejected)', code=3)
        self.assertEqual(out, "4500\t500\t4500\t500\n")

    def test_callbacks_run_between_two_pulls_and_before_the_return(self):
        self.start()
        out = self.script('local inside, acks, n = false, 0, 0\n'
                          'local r = hoko.partners.upsert(function() assert(not inside) inside = true\n'
                          'n = n + 1 inside = false\nif n <= 3000 then return {name="n" .. n} end end,\n'
                          '{batch_rows=10, on_ack=function() assert(not inside) acks = acks + 1 end})\nprint(acks)')
        self.assertEqual(out, "3000\n")

    def test_a_callback_that_raises_ends_the_upsert_like_its_source(self):
        self.start()
        for name, rows in (("on_ack", "{name=('A'):rep(1000)}"), ("on_reject", "{nam='A'}")):
            self.script(f'local n = 0\nhoko.partners.upsert(function() n = n + 1\nif n <= 500000 then return {rows} end end,\n'
                        f'{{batch_rows=500, {name}=function() error("called") end}})', code=1)
            self.assertIn("scripts/s.lua:4", self.err)
            self.assertIn("called", self.err)
            self.assert_sum(self.report["rows"])
            self.assertLess(self.report["rows"]["submitted"], 500000)
            self.assertEqual(self.report["rows"]["pending"], 0)

    def test_rows_without_a_partner_have_no_ack(self):
        self.start()
        text = ('local n = 0\nhoko.partners.upsert({{ref=1, name="A"}, {ref=2, name="B"}}, {key="ref",\n'
                'on_ack=function(row, p) n = n + 1 end})\nprint(n)')
        self.assertEqual(self.script(text), "2\n")
        self.assertEqual(self.script(text), "0\n")


class Deltas(RunTest):
    def test_the_key_decides_and_only_changes_are_sent(self):
        self.record(lambda handler, rows: handler.reply(200, [{**stored({"name": "?"}), **row} for row in rows]))
        text = ('local rows = {}\nfor i = 1, 20 do rows[i] = {ref=i, name="N" .. i, phone="+%s" .. i} end\n'
                'hoko.partners.upsert(rows, {key="ref"})')
        self.script(text % 1)
        self.assert_rows(submitted=20, created=20)
        self.script(text % 1)
        self.assert_rows(submitted=20, unchanged=20)
        self.assertEqual(self.report["requests"]["sent"], 0)
        self.script(text % 2)
        self.assert_rows(submitted=20, updated=20)
        created, updated = self.recorder.rows()
        self.assertEqual([set(row) for row in created], [{"name", "phone"}] * 20)
        self.assertEqual([set(row) for row in updated], [{"id", "phone"}] * 20)


    def test_a_key_that_stands_twice_is_not_sent_again_by_the_next_run(self):
        self.start()
        rows = ", ".join(f'{{k={k}, name="{name}", phone="+1"}}'
                         for k, name in ((1, "A"), (2, "B"), (1, "C"), (3, "D"), (2, "E"), (4, "F"), (4, "F")))
        text = f'hoko.partners.upsert({{{rows}}}, {{key="k"}})'
        self.script(text)
        self.assert_rows(submitted=7, created=4, superseded=3)
        self.script(text)
        self.assert_rows(submitted=7, unchanged=5, superseded=2)
        self.assertEqual(self.report["requests"]["sent"], 0)
        self.script(text.replace('"C"', '"G"'))
        self.assert_rows(submitted=7, unchanged=4, updated=1, superseded=2)
        names = sorted(partner["name"] for partner in self.mock.partners())
        self.assertEqual(names, ["D", "E", "F", "G"])


class DryRuns(RunTest):
    TEXT = 'hoko.partners.upsert({{ref="1", name="A", phone="%s"}, {ref="2", name="B"}}, {key="ref"})'

    def test_a_dry_run_sends_nothing_needs_no_key_and_leaves_no_trace(self):
        self.start()
        env = self.environment()
        del env["HOKO_API_KEY"]
        out = self.script(self.TEXT % "+1", options=["--dry-run"], env=env)
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["create", "create"])
        self.assertEqual(self.mock.stats()["requests"], 0)
        self.assert_rows(submitted=2, created=2)
        self.assertFalse(os.path.exists(self.path(".hoko/state.db")))

    def test_a_dry_run_shows_what_would_change(self):
        self.start()
        self.script(self.TEXT % "+1")
        before = self.mock.stats()["requests"]
        out = self.script(self.TEXT % "+2", options=["--dry-run"])
        self.assertIn('phone: "+1" → "+2"', out)
        self.assertEqual(out.count("\n"), 1)
        self.assert_rows(submitted=2, updated=1, unchanged=1)
        self.assertEqual(self.mock.stats()["requests"], before)

    def test_the_option_and_the_word_in_the_script_do_the_same(self):
        self.start()
        out = self.script('print(hoko.run.dry, hoko.partners.upsert({{name="A"}}, {dry_run=true}).created)')
        self.assertEqual(out.splitlines()[-1], "false\t1")
        self.assertEqual(self.mock.stats()["requests"], 0)
        self.assertEqual(self.script("print(hoko.run.dry)", options=["--dry-run"]), "true\n")


class Reports(RunTest):
    ROWS = {"skipped": int, "submitted": int, "created": int, "updated": int, "unchanged": int, "superseded": int,
            "rejected": int, "held": int, "pending": int, "missing": int, "deleted": int}
    FORM = {"schema": str, "run": str, "script": str, "job": (str, type(None)), "started": str, "ended": str, "exit": int,
            "outcome": str, "rows": ROWS,
            "requests": {"sent": int, "retried": int, "by_status": dict, "waited_ms": int},
            "bytes": {"sent": int, "received": int}, "peak_memory_bytes": int, "error": (dict, type(None))}
    ERROR = {"code": str, "message": str, "hint": (str, type(None)), "file": (str, type(None)), "line": (int, type(None))}

    def assert_form(self, value, form):
        if not isinstance(form, dict):
            self.assertIsInstance(value, form)
            return
        self.assertEqual(list(value), list(form))
        for name, part in form.items():
            self.assert_form(value[name], part)

    def test_a_report_has_the_form_of_the_contract(self):
        self.start()
        self.script('hoko.partners.upsert{{name="A"}, {}}', code=3)
        self.assert_form(self.report, self.FORM)
        self.assertEqual(self.report["schema"], "hoko.run/1")
        self.assertRegex(self.report["run"], r"\A[0-9A-HJKMNP-TV-Z]{26}\Z")
        self.assertEqual(self.report["script"], "scripts/s.lua")
        for name in ("started", "ended"):
            self.assertRegex(self.report[name], r"\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
        self.assertLessEqual(self.report["started"], self.report["ended"])
        self.assertEqual((self.report["exit"], self.report["outcome"], self.report["error"]), (3, "rejected", None))
        self.assertEqual(self.report["requests"], {"sent": 1, "retried": 0, "by_status": {"200": 1}, "waited_ms": 0})
        self.assertGreater(self.report["bytes"]["sent"], len('[{"name":"A"}]'))
        self.assertGreater(self.report["bytes"]["received"], 100)
        self.assertGreater(self.report["peak_memory_bytes"], 1 << 20)

    def test_a_failure_is_told_in_the_report(self):
        self.script("-- one\n-- two\nerror('no good', 1)", code=1)
        self.assert_form(self.report, self.FORM)
        self.assert_form(self.report["error"], self.ERROR)
        self.assertEqual(self.report["outcome"], "script-error")
        self.assertEqual(self.report["error"], {"code": "script", "message": "no good", "hint": None,
                                                "file": "scripts/s.lua", "line": 3})

    def test_a_failure_in_any_bytes_is_valid_json(self):
        for value, message in (('"bad \\xff byte"', "bad \\xff byte"), ('"a\\nb\\tc"', "a b c"), ('"\\u{202e}"', "\\xe2\\x80\\xae"),
                               ('("é"):rep(5000)', "é" * 511)):
            self.script(f"error({value})", code=1)
            self.assertEqual(self.report["error"]["message"], message)

    OUTCOMES = (
        (0, "ok", 'hoko.partners.upsert{{name="A"}}', []),
        (1, "script-error", "error{}", []),
        (1, "script-error", "os.exit(9)", []),
        (2, "usage", "x x", []),
        (3, "rejected", "hoko.partners.upsert{{}}", []),
        (4, "held", 'hoko.partners.upsert{{name="A"}}', ["--fault", "1:status=500"]),
        (5, "auth", 'hoko.partners.upsert{{name="A"}}', ["--key", "k"]),
        (6, "unreachable", 'hoko.partners.upsert{{name="A"}}', ["--fault", "1:status=404"]),
        (8, "limit", "while true do end", []),
    )

    def test_each_end_has_its_outcome_and_exit_code(self):
        for code, outcome, text, options in self.OUTCOMES:
            with self.subTest(outcome):
                self.start(*options)
                self.script(text, code=code, options=["--timeout", "300ms"] if code == 8 else [])
                self.assert_form(self.report, self.FORM)
                self.assertEqual((self.report["exit"], self.report["outcome"]), (code, outcome))
                self.assertEqual(self.report["error"] is None, code in (0, 3, 4))

    def test_a_report_goes_to_stdout_alone_on_its_line(self):
        self.start()
        self.write("scripts/s.lua", 'print("hello") hoko.partners.upsert{{name="A"}}')
        out = subprocess.run([HOKO, "run", "--base-url", self.url, "--report", "-", "scripts/s.lua"], cwd=self.folder,
                             env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=60).stdout
        first, second = out.splitlines()
        self.assertEqual(first, "hello")
        self.assertEqual(json.loads(second)["rows"]["created"], 1)

    def test_a_report_that_cannot_be_written_is_told_and_nothing_half_is_left(self):
        self.write("scripts/s.lua", "")
        done = subprocess.run([HOKO, "run", "--report", "none/report.json", "scripts/s.lua"], cwd=self.folder,
                              env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("none/report.json", done.stderr)
        self.assertFalse(os.path.exists(self.path("none")))

    def test_the_same_report_is_kept_with_the_runs(self):
        self.start()
        self.script('hoko.partners.upsert{{name="A"}}')
        out = subprocess.run([HOKO, "runs", "show", self.report["run"], "--json"], cwd=self.folder,
                             env=self.environment(), capture_output=True, text=True, timeout=60).stdout
        self.assertEqual(json.loads(out), self.report)

    def test_a_run_that_is_not_on_a_terminal_ends_in_silence(self):
        self.start()
        self.assertEqual(self.script('hoko.partners.upsert{{name="A"}}'), "")
        self.assertEqual(self.err, "")

    def test_the_summary_has_at_most_eight_lines(self):
        self.start()
        self.script("hoko.partners.upsert{{}, {}}", code=3)
        self.assertIn("2 rejected", self.err)
        self.assertIn("hoko rejects list", self.err)
        self.assertLessEqual(len(re.findall("\n", self.err)), 8)


if __name__ == "__main__":
    unittest.main()

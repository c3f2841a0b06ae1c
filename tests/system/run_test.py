"""hoko run: rows, limits, refusals, stops and reports, with the real program and a strict mock.

HOKO names the program under test.
"""

import gzip
import http.server
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from mock_test import HOKO, Mock

COUNTS = ("created", "updated", "unchanged", "superseded", "rejected", "held", "pending")


class Case(unittest.TestCase):
    maxDiff = None
    faults = ()

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hoko-run-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("hoko.lua", "return {}")
        self.url = None

    def start(self, *options):
        self.mock = Mock(*options)
        self.addCleanup(self.mock.end)
        self.url = self.mock.url

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": self.folder + "/home", "HOKO_API_KEY": "key-for-tests", **more}

    def command(self, *words):
        return [HOKO, "run", "--report", self.folder + "/report.json",
                *(["--base-url", self.url] if self.url else []), *words]

    def hoko(self, *words, code=0, stdin=None, env=None, timeout=60):
        """Runs `hoko run WORDS`; returns what it printed, and keeps stderr and the report."""
        done = subprocess.run(self.command(*words), cwd=self.folder, env=env or self.environment(), input=stdin,
                              stdin=None if stdin is not None else subprocess.DEVNULL,
                              capture_output=True, timeout=timeout)
        self.err = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, self.err)
        self.report = None
        if os.path.exists(self.folder + "/report.json"):
            with open(self.folder + "/report.json", encoding="utf-8") as file:
                self.report = json.load(file)
            os.unlink(self.folder + "/report.json")
        return done.stdout.decode(errors="replace")

    def script(self, text, *words, code=0, **more):
        self.write("scripts/s.lua", text)
        return self.hoko("scripts/s.lua", *words, code=code, **more)

    def assert_rows(self, **rows):
        found = {name: count for name, count in self.report["rows"].items() if count}
        self.assertEqual(found, rows)
        told = sum(self.report["rows"][name] for name in COUNTS)
        self.assertEqual(self.report["rows"]["submitted"], told)


class Rows(Case):
    """faults.md, R1 to R8."""

    REFUSED = (
        ('{name="A", nam="B"}', "unknown_field", "nam"),
        ('{name=5}', "wrong_type", "name"),
        ('{name={}}', "wrong_type", "name"),
        ('{name="A", email=""}', "empty", "email"),
        ('{name="A\\xff"}', "utf8", "name"),
        ('{name="A\\0B"}', "nul", "name"),
        ('{id="no-uuid", name="A"}', "bad_id", "id"),
        ('{email="a@b.co"}', "name_missing", "name"),
        ('{name=hoko.null}', "name_null", "name"),
        ('{id="7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11", name=hoko.null}', "name_null", "name"),
        ('{name="A", email="nobody"}', "bad_email", "email"),
        ('{name="A", email="a b@c.de"}', "bad_email", "email"),
        ('{name=("x"):rep(10001)}', "too_long", "name"),
        ('{id="7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"}', "no_change", None),
    )

    def test_each_rule_rejects_its_row_with_code_and_field_and_the_others_go_on(self):
        self.start()
        rows = ", ".join(row for row, _, _ in self.REFUSED)
        out = self.script('local rows = {' + rows + ', {name="good"}}\n'
                          'local r = hoko.partners.upsert(rows)\n'
                          'for _, x in ipairs(r.rejects) do print(x.code, x.field or "-") end\n'
                          'print(r.created, r.rejected)', code=3)
        lines = out.splitlines()
        for (row, code, field), line in zip(self.REFUSED, lines):
            self.assertEqual(line, f"{code}\t{field or '-'}", row)
        self.assertEqual(lines[-1], f"1\t{len(self.REFUSED)}")
        self.assert_rows(submitted=len(self.REFUSED) + 1, created=1, rejected=len(self.REFUSED))

    def test_a_row_larger_than_the_byte_cap_is_rejected(self):
        self.start()
        out = self.script('local r = hoko.partners.upsert({{name=("x"):rep(3000)}, {name="b"}}, {batch_bytes=2048})\n'
                          'print(r.rejects[1].code, r.created)', code=3)
        self.assertEqual(out, "too_large\t1\n")

    def test_rows_of_one_id_merge_and_the_later_wins(self):
        self.start("--partners", "1")
        key = "00000000-0000-4000-8000-000000000001"
        self.script(f'hoko.partners.upsert({{{{id="{key}", name="A", phone="+1"}}, {{id="{key}", name="B"}}}})')
        self.assert_rows(submitted=2, updated=1, superseded=1)
        partner = self.mock.partners()[0]
        self.assertEqual((partner["name"], partner["phone"]), ("B", "+1"))

    MISTAKES = (
        ("hoko.partners.upsert(5)", "rows must be an array"),
        ("hoko.partners.upsert({}, {batch_row=1})", "did you mean 'batch_rows'"),
        ("hoko.partners.upsert({}, {batch_rows=-1})", "must be from 1 to 10000"),
        ("hoko.partners.upsert({}, {send='al'})", "one of"),
        ("hoko.partners.upsert({'x'})", "a row must be a table, got string"),
        ("hoko.sync{}", "option 'source' is missing"),
        ("hoko.sync{source={}, transform=5}", "must be a function"),
    )

    def test_programming_mistakes_raise_at_the_callers_line(self):
        self.start()
        for call, words in self.MISTAKES:
            self.script("-- a line before\n" + call, code=1)
            self.assertIn("scripts/s.lua:2", self.err, call)
            self.assertIn(words, self.err, call)

    def test_batches_have_at_most_10000_rows(self):
        self.start()
        for rows, requests in ((0, 0), (1, 1), (9999, 1), (10000, 1), (10001, 2)):
            before = self.mock.stats()["requests"]
            self.script(f'local n = 0\nhoko.partners.upsert(function() n = n + 1; '
                        f'if n <= {rows} then return {{name="r{rows} " .. n}} end end)')
            self.assertEqual(self.mock.stats()["requests"] - before, requests, rows)
            self.assertEqual(self.report["rows"]["created"], rows)

    def test_the_byte_cap_and_batch_rows_are_obeyed(self):
        self.start()
        self.script('local rows = {}\nfor i = 1, 100 do rows[i] = {name="n" .. i} end\n'
                    'hoko.partners.upsert(rows, {batch_rows=7})')
        self.assertEqual(self.report["requests"]["sent"], 15)

    def test_a_source_that_raises_leaves_the_rows_before_it_finished(self):
        self.start()
        self.script('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                    'if n == 5 then error("the source broke") end\nreturn {name="r" .. n} end)', code=1)
        self.assert_rows(submitted=4, created=4)
        self.assertIn("the source broke", self.err)

    def test_metatables_of_rows_never_run(self):
        self.start()
        out = self.script('local m = {__index=function() error("ran") end, __len=function() error("ran") end,\n'
                          '__pairs=function() error("ran") end}\n'
                          'local r = hoko.partners.upsert({setmetatable({name="A"}, m)})\nprint(r.created)')
        self.assertEqual(out, "1\n")

    def test_numbers_that_are_no_text_are_rejected(self):
        self.start()
        self.script('hoko.partners.upsert({{name=0/0}, {name=math.huge}, {name=1 << 62}})', code=3)
        self.assert_rows(submitted=3, rejected=3)


class Results(Case):
    def test_partners_stand_at_the_index_of_their_row(self):
        self.start("--fault", "1:reorder")
        out = self.script('local r = hoko.partners.upsert{{name="A"}, {nam="x"}, {name="C"}}\n'
                          'print(r.partners[1].name, r.partners[2], r.partners[3].name, r.partners.n)', code=3)
        self.assertEqual(out, "A\tfalse\tC\t3\n")

    def test_callbacks_get_the_row_and_what_became_of_it(self):
        self.start()
        out = self.script('hoko.partners.upsert({{name="A"}, {name=""}}, {\n'
                          'on_ack=function(row, p) print("ack", row.name, p.name) end,\n'
                          'on_reject=function(row, why) print("reject", row.name, why.code, why.field) end})', code=3)
        self.assertEqual(sorted(out.splitlines()), ["ack\tA\tA", "reject\t\tempty\tname"])

    def test_a_refused_row_is_told_with_hokos_words_and_status(self):
        self.start("--refuse", "Bad")
        out = self.script('hoko.partners.upsert({{name="A"}, {name="Bad"}, {name="C"}}, {\n'
                          'on_reject=function(row, why) print(row.name, why.code, why.status, why.message) end})', code=3)
        self.assertEqual(out, "Bad\trefused\t400\tInvalid request\n")
        self.assert_rows(submitted=3, created=2, rejected=1)

    def test_the_report_has_the_form_of_the_contract(self):
        self.start()
        self.script('hoko.partners.upsert{{name="A"}}')
        self.assertEqual(set(self.report), {"schema", "run", "script", "job", "started", "ended", "exit", "outcome",
                                            "rows", "requests", "bytes", "peak_memory_bytes", "error"})
        self.assertEqual(self.report["schema"], "hoko.run/1")
        self.assertEqual(self.report["script"], "scripts/s.lua")
        self.assertEqual((self.report["exit"], self.report["outcome"]), (0, "ok"))
        self.assertEqual(self.report["requests"]["by_status"], {"200": 1})

    def test_a_dry_run_sends_nothing_and_needs_no_key(self):
        self.start()
        env = self.environment()
        del env["HOKO_API_KEY"]
        self.write("scripts/s.lua", 'hoko.partners.upsert({{ref="1", name="A"}, {ref="2", name="B"}}, {key="ref"})')
        out = self.hoko("--dry-run", "scripts/s.lua", env=env)
        self.assertIn("create", out)
        self.assertEqual(self.mock.stats()["requests"], 0)

    def test_the_key_decides_and_only_changes_are_sent(self):
        self.start()
        text = ('local rows = {}\nfor i = 1, 20 do rows[i] = {ref=i, name="N" .. i, phone="+%s" .. i} end\n'
                'hoko.partners.upsert(rows, {key="ref"})')
        self.script(text % 1)
        self.assert_rows(submitted=20, created=20)
        self.script(text % 1)
        self.assert_rows(submitted=20, unchanged=20)
        self.assertEqual(self.report["requests"]["sent"], 0)
        self.script(text % 2)
        self.assert_rows(submitted=20, updated=20)
        self.assertEqual({p["phone"] for p in self.mock.partners()}, {f"+2{i}" for i in range(1, 21)})
        self.assertEqual(self.mock.stats()["partners"], 20)


class Endings(Case):
    def test_a_syntax_error_is_exit_2_with_its_place(self):
        self.script("local x = = 1", code=2)
        self.assertIn("scripts/s.lua:1", self.err)

    def test_a_script_that_does_not_exist_is_exit_2(self):
        self.hoko("scripts/none.lua", code=2)

    def test_an_undefined_name_is_an_error_at_its_line(self):
        self.script("local x = 1\nnope()", code=1)
        self.assertIn("scripts/s.lua:2", self.err)

    def test_os_exit_is_zero_or_one(self):
        self.script("os.exit(0)")
        self.script("os.exit(3)", code=1)
        self.assertIn("script exited with 3", self.err)

    def test_a_script_from_standard_input_has_its_arguments(self):
        out = self.hoko("-", "a", "b", stdin=b"print(..., arg[2], #hoko.args)")
        self.assertEqual(out, "a\tb\t2\n")

    def test_a_megabyte_and_binary_come_out_as_they_are(self):
        self.write("scripts/s.lua", 'for i = 1, 1000 do io.write(("x"):rep(1023), "\\n") end io.write("\\0\\xff")')
        done = subprocess.run(self.command("scripts/s.lua"), cwd=self.folder, env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertEqual(done.stdout, (b"x" * 1023 + b"\n") * 1000 + b"\0\xff")

    def test_a_time_limit_ends_a_loop_from_outside(self):
        for body in ("while true do end", "while true do pcall(error) end",
                     '("a"):rep(30):find(("a-"):rep(30) .. "b")'):
            self.write("scripts/s.lua", body)
            self.hoko("--timeout", "500ms", "scripts/s.lua", code=8, timeout=5)

    def test_a_memory_limit_ends_a_script_that_grows(self):
        self.write("scripts/s.lua", "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end")
        self.hoko("--memory", "20MiB", "scripts/s.lua", code=8)

    def interrupted(self, number, code):
        self.start()
        self.write("scripts/s.lua", 'local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                                    'if n == 200001 then print("going") io.stdout:flush() end\n'
                                    'return {name="r" .. n} end)')
        run = subprocess.Popen(self.command("scripts/s.lua"), cwd=self.folder, env=self.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(run.stdout.readline(), b"going\n")
        run.send_signal(number)
        _, err = run.communicate(timeout=40)
        self.assertEqual(run.returncode, code, err)
        with open(self.folder + "/report.json", encoding="utf-8") as file:
            self.report = json.load(file)
        self.assertEqual(self.report["outcome"], "interrupted")
        rows = self.report["rows"]
        self.assertEqual(rows["submitted"], sum(rows[name] for name in COUNTS))
        self.assertEqual(rows["created"], self.mock.stats()["partners"])  # what was on the wire was finished

    def test_sigint_finishes_what_is_in_flight(self):
        self.interrupted(signal.SIGINT, 130)

    def test_sigterm_finishes_what_is_in_flight(self):
        self.interrupted(signal.SIGTERM, 143)


class Permissions(Case):
    def test_files_beneath_the_project_are_read_and_written(self):
        self.write("data/a.txt", "hello\n")
        out = self.script('print(io.open("data/a.txt"):read("a"))\n'
                          'local f = assert(io.open("out.txt", "w")) f:write("w") f:close()\n'
                          'for line in io.lines("data/a.txt") do print(line) end')
        self.assertEqual(out, "hello\n\nhello\n")
        with open(self.folder + "/out.txt") as file:
            self.assertEqual(file.read(), "w")

    DENIED = ("/etc/passwd", "/proc/self/environ", "../outside", "link", ".hoko/state.db")

    def test_other_files_are_denied_with_the_option_to_add(self):
        os.symlink("/etc/passwd", self.folder + "/link")
        for path in self.DENIED:
            out = self.script(f'print(io.open("{path}"))')
            self.assertIn("not allowed", out, path)
            self.assertIn("--allow-read=", out, path)

    def test_code_and_state_are_not_written(self):
        for path in ("hoko.lua", "scripts/x.lua", "lua/x.lua", ".hoko/x"):
            out = self.script(f'print(io.open("{path}", "w"))')
            self.assertIn("not allowed", out, path)

    def test_an_allowed_folder_is_read(self):
        other = tempfile.mkdtemp(prefix="hoko-other-")
        self.addCleanup(shutil.rmtree, other)
        with open(other + "/f", "w") as file:
            file.write("there")
        self.write("scripts/s.lua", f'print(io.open("{other}/f"):read("a"))')
        self.assertEqual(self.hoko("--allow-read", other, "scripts/s.lua"), "there\n")

    def test_the_environment_is_closed_but_for_what_is_allowed(self):
        env = self.environment(CRM="1", LANG="ar")
        out = self.script('print(os.getenv("CRM"), os.getenv("HOKO_API_KEY"), os.getenv("LANG"))\n'
                          'print(pcall(hoko.env, "CRM"))', env=env)
        self.assertIn("nil\tnil\tar", out)
        self.assertIn("--allow-env=CRM", out)
        self.write("scripts/s.lua", 'print(hoko.env("CRM"))')
        self.assertEqual(self.hoko("--allow-env", "CRM", "scripts/s.lua", env=env), "1\n")

    def test_the_standard_library_has_no_way_out(self):
        out = self.script('print(os.execute, io.popen, package.loadlib, debug.getregistry, debug.sethook)\n'
                          'print(load(string.dump(function() end)))')
        self.assertTrue(out.startswith("nil\tnil\tnil\tnil\tnil\nnil\t"), out)


class Servers(Case):
    """faults.md, A and N: what a server that is no good Hoko gets."""

    def one_row(self, *words, code):
        self.write("scripts/s.lua", 'hoko.partners.upsert{{id="7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11", name="A"}}')
        return self.hoko(*words, "scripts/s.lua", code=code)

    def test_a_wrong_key_is_exit_5_and_the_row_is_pending(self):
        self.start("--key", "another")
        self.one_row(code=5)
        self.assert_rows(submitted=1, pending=1)
        self.assertIn("401", self.err)

    def test_a_missing_scope_is_printed_as_received(self):
        self.start("--scopes", "partnersRead")
        self.one_row(code=5)
        self.assertIn("partnersWrite", self.err)

    def test_no_key_is_exit_5_before_any_request(self):
        self.start()
        self.write("scripts/s.lua", 'hoko.partners.upsert{{name="A"}}')
        env = self.environment()
        del env["HOKO_API_KEY"]
        self.hoko("scripts/s.lua", code=5, env=env)
        self.assertEqual(self.mock.stats()["requests"], 0)

    def test_an_unreachable_server_is_given_up(self):
        self.url = "http://127.0.0.1:1/api"
        self.one_row("--give-up", "1s", code=6)
        self.assert_rows(submitted=1, pending=1)
        self.assertIn("127.0.0.1", self.err)

    def test_http_to_another_machine_is_refused(self):
        self.url = "http://hoko.example/api"
        self.one_row(code=2)

    def test_a_redirect_is_not_followed(self):
        self.start("--fault", "1:redirect=https://evil.example/")
        self.one_row(code=6)
        self.assertIn("evil.example", self.err)
        self.assertEqual(self.mock.stats()["requests"], 1)

    def test_a_page_of_html_acknowledges_nothing(self):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "13")
                self.end_headers()
                self.wfile.write(b"<html></html>")

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/api"
        self.one_row("--give-up", "1s", code=6)
        self.assert_rows(submitted=1, pending=1)

    def test_updates_are_sent_again_after_a_bad_answer(self):
        for fault in ("status=503", "status=500", "reset-before", "reset-after", "truncate", "garbage", "short", "empty",
                      "accepted", "null", "extra", "duplicate", "foreign"):
            with self.subTest(fault):
                self.start("--partners", "3", "--fault", f"1:{fault}")
                self.script('local rows = {}\nfor i = 1, 3 do\n'
                            'rows[i] = {id=("00000000-0000-4000-8000-%012d"):format(i), name="new" .. i} end\n'
                            'hoko.partners.upsert(rows)')
                self.assert_rows(submitted=3, updated=3)
                self.assertEqual({p["name"] for p in self.mock.partners()}, {"new1", "new2", "new3"})


class Creates(Case):
    """No partner is made twice, and none is lost."""

    SCRIPT = ('local rows = {}\nfor i = 1, 30 do rows[i] = {ref=i, name="N" .. i} end\n'
              'hoko.partners.upsert(rows, {key="ref"})')

    def test_an_applied_create_whose_answer_is_lost_is_found(self):
        for fault in ("reset-after", "truncate", "garbage", "short", "empty", "accepted", "null", "answer=500", "foreign"):
            with self.subTest(fault):
                self.start("--fault", f"1:{fault}")
                shutil.rmtree(self.folder + "/.hoko", ignore_errors=True)
                self.script(self.SCRIPT)
                self.assert_rows(submitted=30, created=30)
                self.script(self.SCRIPT)
                self.assert_rows(submitted=30, unchanged=30)
                self.assertEqual(self.mock.stats()["twins"], 0)
                self.assertEqual(self.mock.stats()["partners"], 30)

    def test_a_create_that_was_not_applied_is_held_and_made_once_the_window_has_passed(self):
        self.start("--fault", "1:status=503")
        self.script(self.SCRIPT, code=4)
        self.assert_rows(submitted=30, held=30)
        self.script(self.SCRIPT, code=4)  # the window has not passed: the rows wait
        self.write("scripts/s.lua", self.SCRIPT)
        self.hoko("--settle-window", "0ms", "scripts/s.lua")
        self.assert_rows(submitted=30, unchanged=30)
        self.assertEqual(self.mock.stats()["partners"], 30)

    def test_a_killed_run_is_settled_by_the_next(self):
        self.start("--latency", "700")
        self.write("scripts/s.lua", self.SCRIPT)
        run = subprocess.Popen(self.command("scripts/s.lua"), cwd=self.folder, env=self.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.mock.stats()["requests"] == 0 and run.poll() is None:
            pass
        run.kill()
        run.wait()
        self.hoko("scripts/s.lua")
        self.assert_rows(submitted=30, unchanged=30)
        self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (30, 0))

    def test_settle_now_decides_without_a_script(self):
        self.start("--fault", "1:status=503")
        self.script(self.SCRIPT, code=4)
        settle = [HOKO, "settle", "--now", "--base-url", self.url, "-C", self.folder]
        done = subprocess.run(settle, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("30 created again", done.stdout)
        self.script(self.SCRIPT)
        self.assert_rows(submitted=30, unchanged=30)

    def test_one_bad_row_of_many_is_found_by_halving(self):
        self.start("--refuse", "N777x")
        self.script('local rows = {}\nfor i = 1, 1000 do rows[i] = {ref=i, name="N" .. i .. "x"} end\n'
                    'hoko.partners.upsert(rows, {key="ref"})', code=3)
        self.assert_rows(submitted=1000, created=999, rejected=1)
        self.assertLessEqual(self.report["requests"]["sent"], 29)

    def test_a_cause_common_to_all_rows_is_not_halved_to_the_end(self):
        self.start("--refuse", "N")
        self.script('local rows = {}\nfor i = 1, 1000 do rows[i] = {ref=i, name="N" .. i} end\n'
                    'hoko.partners.upsert(rows, {key="ref"})', code=3)
        self.assert_rows(submitted=1000, rejected=1000)
        self.assertLess(self.report["requests"]["sent"], 60)

    def test_a_rejected_row_that_comes_again_unchanged_costs_no_request(self):
        self.start("--refuse", "Bad")
        text = 'hoko.partners.upsert({{ref=1, name="Bad"}, {ref=2, name="Good"}}, {key="ref"})'
        self.script(text, code=3)
        self.script(text, code=3)
        self.assert_rows(submitted=2, unchanged=1, rejected=1)
        self.assertEqual(self.report["requests"]["sent"], 0)


class Sources(Case):
    CSV = "uuid,name,email\n7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11,\"Smith, Jr.\",a@b.co\n"
    SYNC = 'hoko.sync{source=hoko.csv(arg[1]), transform=function(row) return {name=row.name, email=row.email} end}'

    def sync(self, content, *words, code=0):
        self.start()
        self.write("data.csv", content)
        return self.script(self.SYNC, "data.csv", code=code)

    def test_a_csv_is_read_plain_packed_and_with_a_mark(self):
        for content in (self.CSV, "\ufeff" + self.CSV, self.CSV.replace("\n", "\r\n"), gzip.compress(self.CSV.encode())):
            self.sync(content)
            self.assert_rows(submitted=1, created=1)
            self.assertEqual(self.mock.partners()[0]["name"], "Smith, Jr.")

    def test_a_bad_csv_is_an_error_with_its_line(self):
        for content, line in (("name,email\na,b,c\n", "data.csv:2"), ('name,email\na,"b\n', "data.csv:2"),
                              ("name,name\n", "data.csv:1")):
            self.sync(content, code=1)
            self.assertIn(line, self.err, content)

    def test_a_malformed_record_is_a_reject_where_that_is_wanted(self):
        self.start()
        self.write("data.csv", "name,email\na,a@b.co\nb,b@b.co,more\nc,c@b.co\n")
        self.script('hoko.sync{source=hoko.csv(arg[1], {on_error="reject"}), transform=function(row)\n'
                    'return {name=row.name, email=row.email} end}', "data.csv", code=3)
        self.assert_rows(submitted=3, created=2, rejected=1)

    def test_a_column_that_is_not_there_raises_at_the_scripts_line(self):
        self.start()
        self.write("data.csv", "fullname,email\na,a@b.co\n")
        self.script('hoko.sync{source=hoko.csv(arg[1]), transform=function(row)\n  return {name=row.fulname}\nend,'
                    ' on_error="stop"}', "data.csv", code=1)
        self.assertIn("fullname", self.err)

    def test_a_file_named_in_an_argument_is_meant_from_where_hoko_was_started(self):
        self.start()
        self.write("sub/data.csv", "name\na\n")
        self.write("scripts/s.lua", "for row in hoko.csv(arg[1]) do print(row.name) end")
        done = subprocess.run([HOKO, "run", "../scripts/s.lua", "data.csv"], cwd=self.folder + "/sub",
                              env=self.environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "a\n"), done.stderr)

    def test_no_file_and_a_folder_are_told(self):
        self.start()
        for name in ("none.csv", "."):
            self.script(self.SYNC, name, code=1)

    def test_a_transform_that_fails_for_one_row_rejects_that_row(self):
        self.start()
        self.write("data.csv", "name\n" + "".join(f"n{i}\n" for i in range(50)))
        self.script('hoko.sync{source=hoko.csv(arg[1]), transform=function(row)\n'
                    'if row.name == "n7" then error("no seven") end\nreturn {name=row.name} end}', "data.csv", code=3)
        self.assert_rows(submitted=50, created=49, rejected=1)
        self.assertIn("no seven", self.err)

    def test_a_transform_that_fails_for_all_stops_the_run(self):
        self.start()
        self.write("data.csv", "name\n" + "".join(f"n{i}\n" for i in range(500)))
        self.script('hoko.sync{source=hoko.csv(arg[1]), transform=function(row) error("always") end}', "data.csv", code=1)
        self.assertIn("always", self.err)


if __name__ == "__main__":
    unittest.main()

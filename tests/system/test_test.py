"""`hoko test`: what passes, what fails and how that is told.

HOKO names the program under test.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

HOKO = os.environ.get("HOKO", "hoko")

SCRIPT = """
hoko.sync({
  source = hoko.csv("data/none.csv"),
  key = "code",
  transform = function(row)
    return { name = row.name:upper() }
  end,
})
error("behind the sync")
"""

# The body of a test, and the lines that tell its failure; none for one that passes.
BODIES = [
    ("expect(1):equals(1.0)", []),
    ("expect(nil):equals(nil)", []),
    ("expect({ a = { 1, 2 } }):equals({ a = { 1, 2 } })", []),
    ("expect(hoko.null):equals(hoko.null)", []),
    ("local a = {}; a.a = a; local b = {}; b.a = b; expect(a):equals(b)", []),
    ('expect(1):equals("1")', ['x_test.lua:2: expected "1", got 1']),
    ("expect({ a = { b = 1 } }):equals({ a = { b = 2 } })", ["x_test.lua:2: .a.b: expected 2, got 1"]),
    ("expect({ 1, 2 }):equals({ 1 })", ["x_test.lua:2: [2]: expected nil, got 2"]),
    ("expect({}):equals(nil)", ["x_test.lua:2: expected nil, got {}"]),
    ('expect(function() error("boom") end):raises("boom")', []),
    ('expect(function() error({}) end):raises()', []),
    ('expect(function() end):raises("boom")', ['x_test.lua:2: expected an error with "boom", got none']),
    ('expect(function() error("bang", 0) end):raises("boom")',
     ['x_test.lua:2: expected an error with "boom", got "bang"']),
    ("expect(1):equal(1)", ["x_test.lua:2: expect: there is no 'equal', did you mean 'equals'?"]),
    ("expect(5):raises()", ["x_test.lua:2: expect(…):raises wants a function, got 5"]),
    ("local t; return t.x", ["x_test.lua:2: attempt to index a nil value (local 't')"]),
    ("error({ code = 5 })", ["x_test.lua:2: { code = 5 }"]),
    ("error()", ["x_test.lua:2: nil"]),
    ("hoko.transform('script.lua').transform({})",
     ["script.lua:6: attempt to index a nil value (field 'name')", "called at x_test.lua:2"]),
    ("expect(hoko.transform('script.lua').transform({ name = 'a' })):equals({ name = 'A' })", []),
    ("expect(hoko.transform('script.lua').key):equals('code')", []),
    ("hoko.transform('none.lua')", ["x_test.lua:2: hoko.transform: none.lua: No such file or directory"]),
    ("hoko.transform('empty.lua')", ["x_test.lua:2: hoko.transform: empty.lua ended without a hoko.sync"]),
    ("test('inner', function() end)", ["x_test.lua:2: test: a test cannot stand inside another"]),
    ("hoko.api.get('/partners')",
     ["x_test.lua:2: a test has no network: give the function under test what it needs"]),
    ("hoko.partners.delete({ '0b8b1f7e-0000-4000-8000-000000000000' })",
     ["x_test.lua:2: a test has no network: give the function under test what it needs"]),
    ("hoko.partners.upsert({ { name = 'x' } })",
     ["x_test.lua:2: a test sends no rows: hoko.transform(\"scripts/…\") gives the table of a script's hoko.sync"]),
    ("os.exit(0)", ["x_test.lua:2: os.exit: a test does not end the others"]),
    ("stub('hoko.csv', { { name = 'a' }, { name = 'b' } })\nlocal sync, all = hoko.transform('script.lua'), ''\n"
     "for row in sync.source do all = all .. sync.transform(row).name end\nexpect(all):equals('AB')", []),
    ("stub('hoko.json', { 1 })\nexpect(hoko.json('x')()):equals(1)\nexpect(hoko.json.encode(1)):equals('1')", []),
    ("stub('hoko.env', function(name) return name:lower() end)\nexpect(hoko.env('HOME')):equals('home')", []),
    ("stub('hoko.api.get', function() return { status = 200 } end)\nexpect(hoko.api.get('/x').status):equals(200)", []),
    ("stub('hoko.cvs', {})", ["x_test.lua:2: stub: there is no function \"hoko.cvs\", did you mean 'hoko.csv'?"]),
    ("stub('hoko.null', {})", ["x_test.lua:2: stub: there is no function \"hoko.null\", did you mean 'hoko.now'?"]),
    ("stub('hoko.csv', 5)", ["x_test.lua:2: stub: hoko.csv wants a function or an array of rows, got 5"]),
    ("stub('hoko.env', {})", ["x_test.lua:2: stub: hoko.env wants a function, got table"]),
    ("expect(1):golden(5)", ["x_test.lua:2: expect(…):golden: expected the path of a file, got 5"]),
    ("expect(print):golden('a')",
     ["x_test.lua:2: expect(…):golden: the value is a function, which JSON does not have"]),
    ("expect(1):golden('none.json')",
     ["x_test.lua:2: none.json: No such file or directory; `hoko test --update` writes it"]),
    ("expect(hoko.now()):equals(1767225600) expect(os.date('!%F')):equals('2026-01-01')", []),
    ("hoko.sleep(3600) expect(os.time()):equals(1767229200)", []),
    ("hoko.store.set('a', { 1 }) expect(hoko.store.get('a')):equals({ 1 })", []),
]


def hoko(*words, cwd):
    return subprocess.run([HOKO, *words], cwd=cwd, capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": cwd + "/home"})


class Test(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hoko-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("hoko.lua", "return {}")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def test_each_failure_names_its_line_and_both_values(self):
        self.write("script.lua", SCRIPT)
        self.write("empty.lua", "local _ = 1")
        for body, expected in BODIES:
            with self.subTest(body=body):
                self.write("x_test.lua", f'test("t", function()\n{body}\nend)')
                done = hoko("test", "x_test.lua", cwd=self.folder)
                lines = done.stdout.splitlines()
                if expected:
                    told = ["FAILED x_test.lua: t", *("  " + line for line in expected), "0 passed, 1 failed"]
                    self.assertEqual(lines, told)
                else:
                    self.assertEqual(lines, ["1 passed, 0 failed"])
                self.assertEqual(done.stderr, "")
                self.assertEqual(done.returncode, 1 if expected else 0)

    def test_values_of_many_lines_stand_one_below_the_other(self):
        long = "{ " + ", ".join(f"name_{i} = {i}" for i in range(10)) + " }"
        self.write("x_test.lua", f'test("t", function()\nexpect(nil):equals({long})\nend)')
        lines = hoko("test", "x_test.lua", cwd=self.folder).stdout.splitlines()
        self.assertEqual(lines[1], "  x_test.lua:2: expected")
        self.assertEqual(lines[2:4], ["    {", "      name_0 = 0,"])
        self.assertEqual(lines[-3:], ["  got", "    nil", "0 passed, 1 failed"])

    def test_what_init_writes_passes(self):
        made = hoko("init", "made", cwd=self.folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        done = hoko("test", cwd=self.folder + "/made")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "3 passed, 0 failed\n", ""))

    def test_tests_leave_nothing_behind(self):
        self.write("scripts/a_test.lua", 'test("t", function() hoko.store.set("a", 1) end)')
        self.assertEqual(hoko("test", cwd=self.folder).returncode, 0)
        self.assertEqual(sorted(os.listdir(self.folder)), ["hoko.lua", "scripts"])

    def test_finds_the_files_of_scripts_and_tests_in_order(self):
        for name in ("scripts/b_test.lua", "scripts/a/c_test.lua", "tests/a_test.lua", "lua/d_test.lua",
                     "tests/.hidden_test.lua", "tests/helper.lua", "scripts/_test.lua"):
            self.write(name, 'test("t", function() end)')
        done = hoko("test", "--tap", cwd=self.folder)
        names = re.findall(r"^ok \d - (\S+): t$", done.stdout, re.M)
        self.assertEqual(names, ["scripts/a/c_test.lua", "scripts/b_test.lua", "tests/a_test.lua"])
        done = hoko("test", "--tap", "scripts/a", "lua/d_test.lua", cwd=self.folder)
        self.assertEqual(re.findall(r"- (\S+): t$", done.stdout, re.M), ["scripts/a/c_test.lua", "lua/d_test.lua"])

    def test_tap(self):
        self.write("tests/x_test.lua", 'test("a # b", function() end)\ntest("c\\nd", function()\n  error("e\\nf")\nend)')
        done = hoko("test", "--tap", cwd=self.folder)
        self.assertEqual(done.stdout.splitlines(), [
            "TAP version 13", "ok 1 - tests/x_test.lua: a \\# b", "not ok 2 - tests/x_test.lua: c d",
            "# tests/x_test.lua:3: e", "# f", "1..2", "# 1 passed, 1 failed"])
        self.assertEqual(done.returncode, 1)

    def test_a_golden_file_is_written_on_demand_and_compared_line_by_line(self):
        os.mkdir(self.folder + "/tests")
        body = 'test("t", function() expect(%s):golden("tests/g.json") end)'
        self.write("x_test.lua", body % "{ { name = 'a', email = hoko.null }, { name = 'b' } }")
        self.assertEqual(hoko("test", "--update", "x_test.lua", cwd=self.folder).stdout, "1 passed, 0 failed\n")
        with open(self.folder + "/tests/g.json", encoding="utf-8") as file:
            self.assertEqual(json.load(file), [{"name": "a", "email": None}, {"name": "b"}])
        self.assertEqual(hoko("test", "x_test.lua", cwd=self.folder).stdout, "1 passed, 0 failed\n")
        self.write("x_test.lua", body % "{ { name = 'a', email = hoko.null }, { name = 'c' } }")
        done = hoko("test", "x_test.lua", cwd=self.folder)
        self.assertIn('x_test.lua:1: tests/g.json:7: expected "    \\"name\\": \\"b\\"", '
                      'got "    \\"name\\": \\"c\\""', done.stdout)
        self.write("x_test.lua", body % "'one\\n'")
        self.assertIn("1 failed", hoko("test", "x_test.lua", cwd=self.folder).stdout)
        hoko("test", "--update", "x_test.lua", cwd=self.folder)
        with open(self.folder + "/tests/g.json", encoding="utf-8") as file:
            self.assertEqual(file.read(), "one\n")

    def test_a_golden_file_is_not_written_where_code_is(self):
        self.write("scripts/x_test.lua", 'test("t", function() expect(1):golden("scripts/g.json") end)')
        done = hoko("test", "--update", cwd=self.folder)
        self.assertIn("no script may write", done.stdout)
        self.assertFalse(os.path.exists(self.folder + "/scripts/g.json"))

    def test_stubs_end_with_their_test_and_stand_in_one(self):
        self.write("tests/a_test.lua", """
        test("a", function() stub("hoko.env", function() return "x" end) expect(hoko.env("HOME")):equals("x") end)
        test("b", function() expect(function() hoko.env("HOME") end):raises("is not allowed") end)
        """)
        self.write("tests/b_test.lua", 'stub("hoko.env", print)')
        done = hoko("test", cwd=self.folder)
        self.assertEqual(done.stdout.splitlines(), [
            "FAILED tests/b_test.lua", "  tests/b_test.lua:1: stub: it stands inside of a test, and ends with it",
            "2 passed, 1 failed"])

    def test_junit_has_each_test_with_its_failure(self):
        self.write("tests/a_test.lua",
                   'test("a <&> \\"b\\"\\1", function() end)\ntest("c", function()\n  error("e\\nf")\nend)')
        self.write("tests/b_test.lua", "x = = 1")
        done = hoko("test", "--junit", "out.xml", cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        suite = xml.etree.ElementTree.parse(self.folder + "/out.xml").getroot()
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("3", "2"))
        found = [(case.get("classname"), case.get("name"), [part.get("message") for part in case]) for case in suite]
        self.assertEqual(found, [
            ("tests/a_test.lua", 'a <&> "b"?', []), ("tests/a_test.lua", "c", ["tests/a_test.lua:3: e\nf"]),
            ("tests/b_test.lua", "tests/b_test.lua", ["tests/b_test.lua:1: unexpected symbol near '='"])])
        self.assertTrue(all(0 <= float(case.get("time")) < 5 for case in suite))

    def test_a_junit_file_that_cannot_be_written_is_told(self):
        self.write("tests/a_test.lua", 'test("t", function() end)')
        done = hoko("test", "--junit", "none/out.xml", cwd=self.folder)
        self.assertEqual(done.returncode, 7)
        self.assertIn("none/out.xml", done.stderr)

    def test_a_file_that_is_no_test_fails(self):
        self.write("tests/a_test.lua", "x = = 1")
        self.write("tests/b_test.lua", "local _ = 1")
        self.write("tests/c_test.lua", "\nerror('outside')")
        done = hoko("test", cwd=self.folder)
        self.assertEqual(done.stdout.splitlines(), [
            "FAILED tests/a_test.lua", "  tests/a_test.lua:1: unexpected symbol near '='",
            "FAILED tests/b_test.lua", "  tests/b_test.lua: there is no test in it",
            "FAILED tests/c_test.lua", "  tests/c_test.lua:2: outside", "0 passed, 3 failed"])

    def test_globals_modules_clock_and_store_are_not_shared(self):
        self.write("lua/m.lua", "return { count = 0 }")
        text = """
        seen = (seen or 0) + 1
        test("a", function()
          local m = require("m")
          m.count = m.count + 1
          expect({ m.count, seen, hoko.now(), hoko.store.get("a") }):equals({ 1, 1, 1767225600 })
          hoko.store.set("a", 1)
          hoko.sleep(1)
        end)
        test("b", function() expect(hoko.store.get("a")):equals(nil) expect(hoko.now()):equals(1767225600) end)
        """
        self.write("tests/a_test.lua", text)
        self.write("tests/b_test.lua", text)
        self.assertEqual(hoko("test", cwd=self.folder).stdout, "4 passed, 0 failed\n")

    def test_without_tests_there_is_a_warning(self):
        done = hoko("test", cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (0, "0 passed, 0 failed\n"))
        self.assertIn("there is no *_test.lua", done.stderr)

    def test_a_path_that_is_not_there_or_outside_is_exit_2(self):
        for path in ("none_test.lua", "/etc"):
            done = hoko("test", path, cwd=self.folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn(path, done.stderr)

    def test_a_loop_without_end_is_ended(self):
        self.write("tests/a_test.lua", 'test("t", function() while true do end end)')
        done = hoko("test", "--timeout", "200ms", cwd=self.folder)
        self.assertEqual(done.returncode, 8)
        self.assertIn("ran past its limit of 200 ms", done.stderr)

    def test_files_are_written_removed_and_renamed_as_in_a_run(self):
        self.write("scripts/x_test.lua", 'test("files", function()\nlocal name = os.tmpname()\n'
                   'expect(os.rename(name, "other")):equals(true)\nexpect(os.remove("other")):equals(true)\n'
                   'local file = io.tmpfile()\nfile:write("x")\nfile:seek("set")\n'
                   'expect(file:read("a")):equals("x")\nend)\n')
        before = os.listdir(self.folder)
        self.assertEqual(hoko("test", cwd=self.folder).stdout, "1 passed, 0 failed\n")
        self.assertEqual(os.listdir(self.folder), before)

    def test_a_hundred_tests_take_no_time(self):
        self.write("script.lua", SCRIPT)
        self.write("tests/a_test.lua", """
        for i = 1, 100 do
          test("number " .. i, function()
            expect(hoko.transform("script.lua").transform({ name = "a" })):equals({ name = "A" })
          end)
        end""")
        best = min(self.time_it() for _ in range(3))
        self.assertLess(best, 0.2)

    def time_it(self):
        began = time.monotonic()
        done = hoko("test", cwd=self.folder)
        self.assertEqual(done.stdout, "100 passed, 0 failed\n")
        return time.monotonic() - began


if __name__ == "__main__":
    unittest.main()

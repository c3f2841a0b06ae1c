"""`hoko eval`: values as they are printed, and exit codes.

HOKO names the program under test.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from mock_test import HOKO, Mock

# The code, and what is printed.
CASES = [
    ("1 + 1", "2"),
    ("return 1, nil, 'a'", '1\nnil\n"a"'),
    ("local x = 5; return x", "5"),
    ("x = 5", ""),
    ("print('a')", "a"),
    ("1 / 0", "inf"),
    ("2^53", "9.007199254741e+15"),
    ("math.maxinteger", "9223372036854775807"),
    ("'a\\n\\t\\0\"\\\\\\255'", '"a\\n\\t\\x00\\"\\\\\\xFF"'),
    ("'مرحبا'", '"مرحبا"'),
    ("hoko.null", "hoko.null"),
    ("{}", "{}"),
    ("{ 1, 'a', { b = true } }", '{ 1, "a", { b = true } }'),
    ("{ 1, nil, 3 }", "{ 1, nil, 3 }"),
    ("{ ['end'] = 1, ['a b'] = 2, [1.5] = 3, c = 4 }", '{ [1.5] = 3, ["a b"] = 2, c = 4, ["end"] = 1 }'),
    ("local t = {}; t.t = t; return t", "{ t = <cycle> }"),
    ("local t = {}; return { a = t, b = t }", "{ a = {}, b = {} }"),
    ("setmetatable({ 1 }, { __tostring = error, __index = error, __len = error, __pairs = error })", "{ 1 }"),
    ("local t = {}; for _ = 1, 9 do t = { t } end; return t", "{ { { { { { { { {…} } } } } } } } }"),
    ("('x'):rep(300)", '"' + "x" * 300 + '"'),
    ("{ ('é'):rep(150) }", '{\n  "' + "é" * 100 + '"… (300 bytes)\n}'),
    ("hoko.args[1]", "nil"),
    # tables of columns
    ("{ { name = 'b', id = 1 }, { name = 'مرحبا', id = 20 }, { name = '漢字', id = 3 } }",
     "id  name\n 1  b\n20  مرحبا\n 3  漢字"),
    ("{ { z = '漢字', y = 1 }, { z = 'a', y = hoko.null } }", "y     z\n1     漢字\nnull  a"),
    ("{ { a = 1 } }", "{ { a = 1 } }"),
    ("{ { a = 1 }, { b = 1 }, { c = 1 } }", "{ { a = 1 }, { b = 1 }, { c = 1 } }"),
    ("{ { a = 1 }, { a = {} } }", "{ { a = 1 }, { a = {} } }"),
    ("{ { a = 1 }, { a = 2 }, b = 3 }", "{ { a = 1 }, { a = 2 }, b = 3 }"),
    ("table.pack({ a = 1 }, { a = 2 })", "a\n1\n2"),
    ("{ { a = 1 }, { a = 2 }, n = 3 }", "{ { a = 1 }, { a = 2 }, n = 3 }"),
    ("{ { a = 'x\\ny' }, { a = 'z' } }", "a\nx\\ny\nz"),
    ("{ { name = 'Al', phone = '+966551234567' }, { name = 'Noor' } }",
     "name  phone\nAl    +966551234567\nNoor"),
    ("{ { a = ('x'):rep(100), b = 1 }, { a = 'y', b = 2 } }",
     "a" + " " * 78 + "b\n" + "x" * 76 + "…  1\ny" + " " * 78 + "2"),
]


class Eval(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hoko-eval-")
        self.addCleanup(shutil.rmtree, self.folder)

    def eval(self, *words, code=0):
        done = subprocess.run(
            [HOKO, "eval", *words], cwd=self.folder, capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "HOME": self.folder + "/home", "HOKO_API_KEY": "key-for-tests"})
        self.err = done.stderr
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def test_values_are_printed(self):
        for code, expected in CASES:
            with self.subTest(code=code):
                self.assertEqual(self.eval(code), expected and expected + "\n")

    def test_long_tables_are_cut_with_a_count(self):
        lines = self.eval("local t = {}; for i = 1, 1e6 do t[i] = i end; return t").splitlines()
        self.assertEqual((lines[0], lines[1], lines[-2], lines[-1]), ("{", "  1,", "  … 999,900 more", "}"))
        lines = self.eval("local t = {}; for i = 1, 2000 do t[i] = { a = i } end; return t").splitlines()
        self.assertEqual((lines[0].strip(), lines[100].strip(), lines[101]), ("a", "100", "… 1,900 more"))
        lines = self.eval("local t = {}; for i = 1, 5000 do t['k' .. i] = i end; return t").splitlines()
        self.assertEqual(lines[-2], "  … 4,900 more")

    def test_a_million_entries_are_shown_at_once(self):
        # 40 ms; to write them all takes more than a second, sanitizers or not.
        make = "local t = {}; for i = 1, 1e6 do t[i] = i end; "
        self.assertLess(self.time_it(make + "return t") - self.time_it(make), 0.5)

    def time_it(self, code):
        times = []
        for _ in range(3):
            began = time.monotonic()
            self.eval(code)
            times.append(time.monotonic() - began)
        return min(times)

    def test_words_behind_the_code_are_arguments(self):
        self.assertEqual(self.eval("hoko.args[1], arg[2]", "a", "--json"), '"a"\n"--json"\n')

    def test_exit_codes_are_those_of_run(self):
        self.eval("error('boom')", code=1)
        self.assertEqual(self.err.splitlines()[0], "hoko: eval:1: boom")
        self.eval("x = = 1", code=2)
        self.assertEqual(self.err, "hoko: eval:1: unexpected symbol near '='\n")
        self.eval("os.exit(3)", code=1)
        self.eval(code=2)

    def test_a_sum_leaves_no_trace(self):
        self.eval("1 + 1")
        self.assertEqual(os.listdir(self.folder), [])

    def test_modules_of_the_project_are_found(self):
        os.mkdir(self.folder + "/lua")
        with open(self.folder + "/lua/eval.lua", "w") as file:
            file.write("return 'mine'")
        self.assertEqual(self.eval("(require('eval'))"), '"mine"\n')

    def test_a_source_shows_its_first_rows(self):
        with open(self.folder + "/p.csv", "w", encoding="utf-8") as file:
            file.write("name\n" + "".join(f"Partner {n}\n" for n in range(1, 31)))
        rows = [f"Partner {n}" for n in range(1, 21)]
        self.assertEqual(self.eval('hoko.csv("p.csv")').splitlines(), ["name", *rows])
        self.assertEqual(self.eval('hoko.rows(hoko.csv("p.csv")):take(2)'), "name\nPartner 1\nPartner 2\n")
        self.assertEqual(self.eval('hoko.rows({})'), "")

    def test_rows_are_sent_and_recorded(self):
        mock = Mock("--key", "key-for-tests")
        self.addCleanup(mock.end)
        out = self.eval("--base-url", mock.url, "hoko.partners.upsert({ { name = 'Al Noor' } }).created")
        self.assertEqual(out, "1\n")
        out = self.eval("--base-url", mock.url, "hoko.partners.list()().name")
        self.assertEqual(out, '"Al Noor"\n')
        runs = subprocess.run([HOKO, "runs", "--json"], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(json.loads(runs.stdout.splitlines()[0])["script"], "eval")

    def test_a_dry_run_sends_nothing(self):
        mock = Mock("--key", "key-for-tests")
        self.addCleanup(mock.end)
        self.eval("--dry-run", "--base-url", mock.url, "hoko.partners.upsert({ { name = 'Al Noor' } })")
        self.assertEqual(self.eval("--base-url", mock.url, "(hoko.partners.list()())"), "nil\n")


if __name__ == "__main__":
    unittest.main()

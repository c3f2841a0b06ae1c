"""`hoko check`: what is found in scripts that are never run.

HOKO names the program under test.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

HOKO = os.environ.get("HOKO", "hoko")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# The text of a script, and what is found: "LINE severity message"; nothing for a good one.
CASES = [
    ("return 1", []),
    ("#!/usr/bin/env hoko\nprint(1)", []),
    # syntax
    ("x = = 1", ["1 error unexpected symbol near '='"]),
    ("local a <const> = 1\na = 2", ["2 error attempt to assign to const variable 'a'"]),
    ("goto nowhere", ["1 error no visible label 'nowhere' for <goto> at line 1"]),
    # names
    ("prnt(1)", ["1 error 'prnt' is not defined, did you mean 'print'?"]),
    ("\nlocal x = hokoo", ["2 error 'hokoo' is not defined, did you mean 'hoko'?"]),
    ("something_else = 1\nprint(something_else)", []),
    ("function global() end\nglobal()", []),
    ("if false then print(os.execute) end", ["1 error 'os.execute' does not exist"]),
    ("local os = {}\nos.execute()", []),
    ("for i, v in ipairs({}) do print(i, v) end print(i)", ["1 error 'i' is not defined"]),
    ("repeat local done = true until done", []),
    ("local function f(a, ...) return a, ..., self end", ["1 error 'self' is not defined",
                                                          "1 warning function 'f' is never used"]),
    ("local t = {}\nfunction t:m() return self end", []),
    ("do local a = 1 end\nprint(a)", ["2 error 'a' is not defined"]),
    ("local a = a", ["1 error 'a' is not defined"]),
    ("print(_ENV, _G.anything)", []),
    ("-- nothing()\n--[==[ nothing() ]] ]==] print(\"nothing()\", [[nothing()]])", []),
    # fields of the libraries
    ("hoko.partner.upsert({})", ["1 error 'hoko.partner' does not exist, did you mean 'partners'?"]),
    ("print(string.fromat('x'))", ["1 error 'string.fromat' does not exist, did you mean 'format'?"]),
    ("function hoko.mine() end\nhoko.mine()", []),
    ("print(hoko.args.anything, hoko.args[1])", []),
    ("print(('x'):anything())", []),
    # functions that nobody calls
    ("local function helper() end", ["1 warning function 'helper' is never used"]),
    ("local helper = function() end", ["1 warning function 'helper' is never used"]),
    ("local function _helper() end", []),
    ("local function f() return f end", []),
    # options
    ("hoko.sync({ sorce = 1 })", ["1 error hoko.sync: option 'source' is missing",
                                  "1 error hoko.sync: unknown option 'sorce', did you mean 'source'?"]),
    ("hoko.sync({\n source = hoko.csv('x'),\n batch_rows = 0,\n send = 'al',\n})",
     ["3 error hoko.sync: option 'batch_rows' must be from 1 to 10000, got 0",
      "4 error hoko.sync: option 'send' must be one of \"changed\", \"all\", got \"al\""]),
    ("hoko.sync({ source = hoko.csv('x'), batch_rows = tonumber('x') })", []),
    ("hoko.partners.upsert({}, { concurency = 2 })",
     ["1 error hoko.partners.upsert: unknown option 'concurency', did you mean 'concurrency'?"]),
    ("local options = { dry_run = 1 }\nhoko.partners.upsert({}, options)",
     ["1 error hoko.partners.upsert: option 'dry_run' must be true or false, got 1"]),
    # rows
    ("hoko.partners.upsert({ { nmae = 'x' } })",
     ["1 error hoko.partners.upsert: a partner has no field 'nmae', did you mean 'name'?"]),
    ("hoko.partners.upsert({ { name = 5 }, { name = hoko.null }, { name = '' } })",
     ["1 error hoko.partners.upsert: a name cannot be cleared",
      "1 error hoko.partners.upsert: field 'name' is empty; nil leaves the field, hoko.null clears it",
      "1 error hoko.partners.upsert: field 'name' must be a string or hoko.null, got 5"]),
    ("hoko.partners.upsert({ { name = 'x', email = hoko.null } })", []),
    ("hoko.partners.upsert({ { code = 5, name = 'x' } }, { key = 'code' })", []),
    ("local row = { mail = 'x' }\nhoko.partners.upsert({ row })",
     ["1 error hoko.partners.upsert: a partner has no field 'mail', did you mean 'email'?"]),
    # transforms
    ("hoko.sync({ source = hoko.csv('x'), transform = function(row)\n return { nam = row.a }\nend })",
     ["2 error hoko.sync: transform: a partner has no field 'nam', did you mean 'name'?"]),
    ("local function clean(row)\n if row.a then return nil, 'why' end\n return { phon = row.b }\nend\n"
     "hoko.sync({ source = hoko.csv('x'), transform = clean })",
     ["3 error hoko.sync: transform: a partner has no field 'phon', did you mean 'phone'?"]),
    ("hoko.sync({ source = hoko.csv('x'), transform = function(row)\n"
     " local inner = function() return { any = 1 } end\n return { name = inner().any }\nend })", []),
    # rows that a function gives, and maps
    ("hoko.partners.upsert(function()\n return { nmae = 'x' }\nend)",
     ["2 error hoko.partners.upsert: a partner has no field 'nmae', did you mean 'name'?"]),
    ("local t = hoko.map({ nmae = 'x', email = 'mail' })\nhoko.sync({ source = hoko.csv('x'), transform = t })",
     ["1 error hoko.map: a partner has no field 'nmae', did you mean 'name'?"]),
    ("hoko.map({ name = hoko.map.jion(' ', 'a') })",
     ["1 error 'hoko.map.jion' does not exist, did you mean 'join'?"]),
    # arguments
    ("hoko.csv(5)", ["1 error hoko.csv: 'path' must be a string, got 5"]),
    ("hoko.csv({ path = 'x' })", ["1 error hoko.csv: 'path' must be a string, got table"]),
    ("hoko.csv('x', { delimiter = 'ab', heder = true })",
     ["1 error hoko.csv: option 'delimiter' must be one character, got \"ab\"",
      "1 error hoko.csv: unknown option 'heder', did you mean 'header'?"]),
    ("hoko.pages({})", ["1 error hoko.pages: 'fetch' must be a function, got table"]),
    ("hoko.text.trim(5)\nhoko.log.info(5)", []),
    ("hoko.partners.adopt({ stream = 's' })", ["1 error hoko.partners.adopt: option 'key' is missing"]),
    ("hoko.partners.adopt()", ["1 error hoko.partners.adopt: option 'key' is missing"]),
    ("local given = {}\ngiven.source = hoko.csv('x')\nhoko.sync(given)", []),
    ("local given = {}\nhoko.sync(given)", ["1 error hoko.sync: option 'source' is missing"]),
    ("local given = {}\ngiven.source = hoko.csv('x')\nlocal function go(o) hoko.sync(o) end\ngo(given)", []),
    # what a function returns
    ("local r = hoko.sync({ source = hoko.csv('x') })\nprint(r.craeted, r.created)",
     ["2 error hoko.Result has no 'craeted', did you mean 'created'?"]),
    ("print(hoko.partners.upsert({}).rejcts)", ["1 error hoko.Result has no 'rejcts', did you mean 'rejects'?"]),
    ("local r = {}\nr = hoko.partners.upsert({})\nprint(r.anything)", []),
    ("hoko.csv('x'):filter(print)", ["1 error hoko.Source has no 'filter'"]),
    ("local rows = hoko.rows({}):filter(print):mapp(print)",
     ["1 error hoko.Rows has no 'mapp', did you mean 'map'?"]),
    ("for p in hoko.partners.list() do print(p.nmae, p.createdAt) end",
     ["1 error hoko.Partner has no 'nmae', did you mean 'name'?"]),
    ("local a = hoko.api.get('/x')\nif a then print(a:json().any, a.staus) end",
     ["2 error hoko.Response has no 'staus', did you mean 'status'?"]),
    # global functions that nobody calls
    ("function transform(row) return row end", ["1 warning function 'transform' is never used"]),
    ("function transform(row) return row end\nhoko.sync({ source = hoko.csv('x'), transform = transform })", []),
]


def check(*args, cwd=None):
    return subprocess.run([HOKO, "check", *args], cwd=cwd, capture_output=True, text=True, timeout=30)


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def test_finds_what_is_wrong_and_nothing_else(self):
        for text, expected in CASES:
            with self.subTest(script=text):
                self.write("script.lua", text)
                done = check("script.lua", cwd=self.folder)
                found = [re.sub(r"^script\.lua:(\d+): (\w+): ", r"\1 \2 ", line) for line in done.stdout.splitlines()]
                self.assertEqual(found, expected)
                has_error = any(" error " in line for line in expected)
                self.assertEqual(done.returncode, 2 if has_error else 0, done.stderr)

    def test_tests_know_more_names(self):
        self.write("a_test.lua", 'test("x", function() expect(hoko.transform("a.lua")):equals(1) end)')
        self.assertEqual(check("a_test.lua", cwd=self.folder).returncode, 0)

    def test_counts_over_all_scripts(self):
        self.write("a.lua", "nothing()")
        self.write("b.lua", "local function f() end")
        done = check("a.lua", "b.lua", cwd=self.folder)
        self.assertEqual(done.stderr, "2 scripts, 1 error, 1 warning\n")

    def test_json_is_an_object_a_finding(self):
        self.write("a.lua", "\nnothing()")
        done = check("--json", "a.lua", cwd=self.folder)
        self.assertEqual(
            json.loads(done.stdout),
            {"file": "a.lua", "line": 2, "severity": "error", "message": "'nothing' is not defined"},
        )

    def test_a_script_that_cannot_be_read_is_exit_2(self):
        done = check("none.lua", cwd=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(
            done.stderr, "hoko: none.lua: the script cannot be read: No such file or directory\n"
        )
        os.mkdir(os.path.join(self.folder, "sub"))
        self.assertEqual(check("sub", cwd=self.folder).stderr, "hoko: sub: this is a folder, not a script\n")

    def test_the_script_is_not_run(self):
        self.write("a.lua", "while true do end")
        self.assertEqual(check("a.lua", cwd=self.folder).returncode, 0)

    def test_the_scripts_that_we_ship_are_clean(self):
        folders = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "core", "cli", "init")]
        scripts = [
            os.path.join(folder, name)
            for top in folders
            for folder, _, names in os.walk(top)
            for name in names
            if name.endswith(".lua") and name != "hoko.lua"
        ]
        done = check(*scripts)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.returncode, 0)

    def test_global_names_are_those_that_luac_sees(self):
        """parse.lua against the real compiler, over the Lua files of this machine."""
        if not shutil.which("luac5.4") or not shutil.which("lua5.4"):
            self.skipTest("lua5.4 is not installed")
        program = (
            "local function run(file, ...) return loadfile(arg[1] .. file)(...) end; "
            'local parse = run("parse.lua", run); local text = io.open(arg[2]):read("a"); '
            "for _, node in ipairs(parse.chunk(text).reads) do print(node.name) end"
        )
        parser = os.path.join(ROOT, "lua", "hoko", "")
        compared = 0
        for folder, _, names in os.walk(os.path.join(ROOT, "lua")):
            for name in names:
                path = os.path.join(folder, name)
                listing = subprocess.run(["luac5.4", "-l", "-p", path], capture_output=True, text=True, timeout=30)
                self.assertEqual(listing.returncode, 0, listing.stderr)
                theirs = set(re.findall(r'GETTABUP.*; _ENV "(\w+)"', listing.stdout))
                ours = subprocess.run(
                    ["lua5.4", "-e", f"arg = {{ [[{parser}]], [[{path}]] }} {program}"],
                    capture_output=True, text=True, timeout=30,
                )
                self.assertEqual(set(ours.stdout.split()), theirs, path + ours.stderr)
                compared += 1
        self.assertGreater(compared, 3)


if __name__ == "__main__":
    unittest.main()

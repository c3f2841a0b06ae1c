"""The reference of the Lua API (lua/hoko/reference.lua) beside what is really there.

HOKO names the program under test.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from support import HOKO, Mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Prints the reference as JSON; it is plain Lua, so a script can load it from the project.
DUMP = """
local function load_part(file) return dofile("lua/" .. file) end
local reference = assert(loadfile("lua/reference.lua"))(load_part)
local all = {}
for i, entry in ipairs(reference.entries) do
  all[i] = { name = entry.name, kind = entry.kind or "function", example = entry.example, only = entry.only,
             signature = reference.signature(entry), help = reference.help(entry.name), options = {},
             params = #(entry.params or {}) }
  for k, spec in ipairs(entry.options or {}) do all[i].options[k] = spec.name end
end
print(hoko.json.encode(all))
"""

# Prints each public name that a script finds; a table that only holds others is none.
WALK = """
local function walk(t, path)
  for key, value in next, t do
    local name, is_callable = path .. key, type(value) == "table" and (getmetatable(value) or {}).__call
    if type(value) ~= "table" or is_callable or next(value) == nil then print(name) end
    if type(value) == "table" then walk(value, name .. ".") end
  end
end
walk(hoko, "hoko.")
"""

# Each option given what no option takes: what is told must name it and not call it unknown.
OPTIONS = """
local never = coroutine.create(print)
local arguments = { rows = {}, path = "data/partners.csv", value = {}, source = {} }
local function call(f, given, names)
  local words = {}
  for i, name in ipairs(names) do words[i] = arguments[name] end
  words[#names + 1] = given
  local ok, message = pcall(f, table.unpack(words, 1, #names + 1))
  return ok and "no error" or message
end
for _, case in ipairs(hoko.json.decode(io.open("cases.json"):read("a"))) do
  local f = hoko
  for step in case.name:gmatch("[^.]+") do if step ~= "hoko" then f = f[step] end end
  for _, option in ipairs(case.options) do
    print(case.name, option, call(f, { [option] = never }, case.params))
  end
  print(case.name, "no_such_option", call(f, { no_such_option = 1 }, case.params))
end
"""


def checked(example):
    """Lines `EXPRESSION --> VALUE` compare."""
    lines = []
    for line in example.splitlines():
        found = re.match(r"(.+?) +--> (.+)$", line)
        lines.append(f"_same({found[1]}, {found[2]})" if found else line)
    head = ("local function _same(got, wanted) if got ~= wanted then "
            "error(('%s is not %s'):format(got, wanted), 2) end end\n")
    return head + "\n".join(lines) + "\n"


class Reference(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="hoko-reference-")
        self.addCleanup(shutil.rmtree, self.home)
        self.folder = self.home + "/project"
        self.hoko("init", self.folder, cwd=self.home)
        os.makedirs(self.folder + "/lua")
        for name in os.listdir(ROOT + "/lua/hoko"):
            if name.startswith("reference"):
                shutil.copy(f"{ROOT}/lua/hoko/{name}", self.folder + "/lua")
        self.entries = json.loads(self.run_script("dump", DUMP))

    def hoko(self, *args, cwd=None, env=None):
        done = subprocess.run([HOKO, *args], cwd=cwd or self.folder, capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "HOME": self.home, "HOKO_API_KEY": "any", **(env or {})},
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, f"{' '.join(args)}\n{done.stderr}")
        return done.stdout

    def run_script(self, name, text, **env):
        with open(f"{self.folder}/scripts/{name}.lua", "w", encoding="utf-8") as file:
            file.write(text)
        return self.hoko("run", f"scripts/{name}.lua", env=env)

    def everywhere(self):
        return [entry for entry in self.entries if "only" not in entry]

    def test_every_public_name_is_in_it_and_nothing_else(self):
        found = sorted(self.run_script("walk", WALK).split())
        self.assertEqual(found, sorted(entry["name"] for entry in self.everywhere()))

    def test_every_example_runs_and_gives_what_it_says(self):
        for entry in self.everywhere():
            name, mock = entry["name"].replace(".", "_"), Mock("--partners", "3")
            with self.subTest(name=entry["name"]):
                self.run_script(name, checked(entry["example"]), HOKO_BASE_URL=mock.url)
                self.assertEqual(self.hoko("check", f"scripts/{name}.lua"), "")
            mock.end()

    def test_examples_of_tests_pass_as_tests(self):
        text = "\n".join(entry["example"] for entry in self.entries if entry.get("only") == "test")
        with open(self.folder + "/scripts/example_test.lua", "w", encoding="utf-8") as file:
            file.write(text)
        self.assertRegex(self.hoko("test", "scripts/example_test.lua"), r"\A[1-9]\d* passed, 0 failed\n\Z")

    def test_the_options_told_are_those_that_the_functions_know(self):
        cases = [{"name": entry["name"], "options": entry["options"],
                  "params": re.findall(r"\w+", entry["signature"].split("(")[1])[:entry["params"]]}
                 for entry in self.everywhere() if entry["options"]]
        with open(self.folder + "/cases.json", "w", encoding="utf-8") as file:
            json.dump(cases, file)
        lines = self.run_script("options", OPTIONS).splitlines()
        self.assertEqual(len(lines), sum(len(case["options"]) + 1 for case in cases))
        for line in lines:
            name, option, message = line.split("\t", 2)
            with self.subTest(name=name, option=option):
                self.assertIn(f"{name}: ", message)
                self.assertIn(f"option '{option}'", message)
                self.assertEqual("unknown option" in message, option == "no_such_option", message)

    def test_help_shows_each_function_and_the_nearest_name(self):
        for entry in self.entries:
            with self.subTest(name=entry["name"]):
                page = self.hoko("help", entry["name"])
                self.assertTrue(page.startswith(entry["signature"] + "\n"), page)
                self.assertIn(entry["example"].splitlines()[0], page)
        self.assertEqual(self.hoko("help", "hoko.text").count("\nhoko.text."), 6)
        page = self.hoko("help", "hoko.Rows")
        self.assertTrue(page.startswith("hoko.Rows\n"), page)
        self.assertIn("rows:take(count)", page)
        done = subprocess.run([HOKO, "help", "hoko.cvs"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, "hoko: the Lua API has no 'hoko.cvs'\nhint: did you mean 'hoko.csv'?\n")

    def test_the_files_made_from_it_are_those_in_the_repository(self):
        for form, path in (("meta", "lua/hoko/meta/hoko.lua"), ("scdoc", "core/cli/help/lua.scd")):
            with self.subTest(file=path), open(f"{ROOT}/{path}", encoding="utf-8") as file:
                made = subprocess.run(["lua5.4", ROOT + "/lua/hoko/manual.lua", form], capture_output=True,
                                      check=True, text=True, timeout=30).stdout
                self.assertEqual(file.read(), made, "run `ninja reference`")

    def test_init_gives_editors_the_annotations_of_this_version(self):
        path = self.folder + "/.hoko/meta/hoko.lua"
        with open(self.folder + "/.luarc.json", encoding="utf-8") as file:
            self.assertEqual(json.load(file)["workspace.library"], [".hoko/meta"])
        with open(path, "w", encoding="utf-8") as file:
            file.write("-- of an older version\n")
        self.hoko("init")
        with open(path, encoding="utf-8") as file, open(ROOT + "/lua/hoko/meta/hoko.lua", encoding="utf-8") as meta:
            self.assertEqual(file.read(), meta.read())
        self.assertEqual(stat.S_IMODE(os.stat(self.folder + "/.hoko").st_mode), 0o700)


if __name__ == "__main__":
    unittest.main()

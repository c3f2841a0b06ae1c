"""The standard libraries that scripts see give what they give in lua5.4, call by call.

HOKO names the program under test.
"""

import os
import subprocess
import unittest

from support import RunTest

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "standard_calls.txt")

# Runs in both.  Addresses differ from run to run; a chunk is named by its own text.
DRIVER = r"""
local function shown(value)
  local kind = type(value)
  if kind == "string" then return (("%q"):format(value):gsub("\\\n", "\\n"):gsub("0x%x+", "ADDRESS")) end
  if kind == "number" then return ("%s %s"):format(math.type(value), ("%q"):format(value)) end
  if kind == "nil" or kind == "boolean" then return tostring(value) end
  return kind
end

local function told(ok, ...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = shown(words[i]) end
  return (ok and "gives " or "raises ") .. table.concat(words, ", ")
end

local results = {}
for line in io.lines("calls.txt") do
  -- No tail call, which would leave no line to name.
  local chunk = load("local r = table.pack(" .. line .. ") return table.unpack(r, 1, r.n)", "=call")
  results[#results + 1] = chunk and told(pcall(chunk)) or "is no expression"
end
local out = io.open("results.txt", "w")
for _, result in ipairs(results) do out:write(result, "\n") end
out:close()
"""

FILES = {
    "data/lines.txt": "one\ntwo\n\nfour",
    "data/numbers.txt": "12 -3.5 0x10",
    "lua/m.lua": "return { value = 42 }\n",
    "lua/broken.lua": "x = = 1\n",
    "lua/env.lua": "return given\n",
}


def calls():
    """(call, reason why it differs or None) for each line of the table."""
    with open(TABLE, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("!"):
                yield tuple(line[1:].rsplit(" -- ", 1))
            elif line and not line.startswith("#"):
                yield line, None


class Standard(RunTest):
    def setUp(self):
        super().setUp()
        for name, content in FILES.items():
            self.write(name, content)

    def results(self):
        with open(self.path("results.txt"), "rb") as file:
            return file.read().decode("utf-8", "backslashreplace").splitlines()

    def test_each_call_gives_what_it_gives_in_lua_or_says_why_not(self):
        table = list(calls())
        self.assertGreaterEqual(len(table), 300)
        self.write("calls.txt", "".join(call + "\n" for call, _ in table))
        self.script(DRIVER, env=self.environment(TZ="UTC", LANG="C.UTF-8"))
        here = self.results()
        subprocess.run(["lua5.4", "scripts/s.lua"], cwd=self.folder, check=True, timeout=60,
                       env={"PATH": os.environ["PATH"], "TZ": "UTC", "LANG": "C.UTF-8",
                            "LUA_PATH": "lua/?.lua;scripts/?.lua"})
        there = self.results()
        self.assertEqual((len(here), len(there)), (len(table), len(table)))
        for (call, reason), mine, lua in zip(table, here, there):
            with self.subTest(call=call):
                self.assertNotEqual(mine, "is no expression")
                if reason:
                    self.assertNotEqual(mine, lua, "it differs no more")
                else:
                    self.assertEqual(mine, lua)


if __name__ == "__main__":
    unittest.main()

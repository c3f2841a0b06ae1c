"""--timeout and --memory end a script wherever it is (faults.md, S1).

HOKO names the program under test.
"""

import time

from support import RunTest

LATE = 1.0  # seconds that a script may outlive its limit by
START = 2.0  # seconds for a start on a busy machine

# Each keeps the machine busy at line 2 in its own way, and would for minutes.
BOMBS = {
    "a loop": "while true do end",
    "a loop of pcall": "while true do pcall(function() while true do end end) end",
    "a loop of pcall that catches all": "while true do pcall(error, 'x') end",
    "a pattern": "local _ = ('a'):rep(200000):find(('.-'):rep(20) .. 'b')",
    "a coroutine": "coroutine.wrap(function() while true do end end)()",
    "a chain of coroutines": "local function f() coroutine.wrap(f)() end while true do pcall(f) end",
    "coroutines without end": "while true do coroutine.wrap(function() coroutine.yield() end)() end",
    "deep recursion": "local function f() return 1 + f() end while true do pcall(f) end",
    "recursion through C": "local function f() return pcall(f) end while true do f() end",
    "tail calls": "local function f() return f() end f()",
    "__gc": "setmetatable({}, {__gc = function() while true do end end}) collectgarbage()",
    "__close": "do local x <close> = setmetatable({}, {__close = function() while true do end end}) end",
    "__index": "local t = setmetatable({}, {__index = function() while true do end end}) local _ = t.x",
    "a sort": "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.sort(t, function(a, b) return a > b end) end",
    "collectgarbage": "local t = {} for i = 1, 1e6 do t[i] = {} end while true do collectgarbage() end",
    "string.format": "while true do local _ = ('%99d'):rep(1000):format(table.unpack((function() local t = {} "
                     "for i = 1, 1000 do t[i] = i end return t end)())) end",
    "printing": "while true do print('x') end",
    "sleep": "hoko.sleep(600)",
    "a message handler": "xpcall(error, function() while true do end end)",
    "load": "load(function() while true do end end)",
    "gsub": "local n = 0; ('x'):rep(100):gsub('x', function() while true do end end)",
}

MEMORY_BOMBS = {
    "string.rep": "local s = ('x'):rep(1e9) print(#s)",
    "string.rep in pcall": "while true do pcall(string.rep, 'x', 1e9) end",
    "a table": "local t = {} for i = 1, 1e9 do t[i] = i end",
    "tables in pcall": "while true do pcall(function() local t = {} for i = 1, 1e9 do t[i] = {} end end) end",
    "concat": "local s = 'x' while true do s = s .. s end",
    "table.concat": "local t = {} for i = 1, 1e4 do t[i] = ('x'):rep(1e4) end print(#table.concat(t))",
    "coroutines": "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end",
    "a closure each": "local t = {} for i = 1, 1e9 do t[i] = function() return i end end",
    "finalizers": "for i = 1, 1e9 do setmetatable({}, {__gc = function() t = {t, ('x'):rep(1e5)} end}) end",
}


class Limits(RunTest):
    def drop(self, bomb, *words):
        """The seconds that the script took."""
        self.write("scripts/s.lua", "print('begun')\n" + bomb + "\n")
        begun = time.monotonic()
        self.hoko(*words, "scripts/s.lua", code=8)
        return time.monotonic() - begun

    def test_a_time_limit_ends_each_within_a_second_and_names_the_line(self):
        for name, bomb in BOMBS.items():
            with self.subTest(name):
                took = self.drop(bomb, "--timeout", "300ms")
                self.assertLess(took, 0.3 + LATE + START)
                self.assertIn("past its limit of 300 ms", self.err)
                self.assertIn("s.lua:2", self.err)
                self.assertEqual(self.report["outcome"], "limit")

    def test_what_a_loop_printed_before_its_end_is_shown(self):
        for bomb in "while true do end", "while true do pcall(function() while true do end end) end":
            with self.subTest(bomb):
                self.write("scripts/s.lua", "print('begun')\n" + bomb + "\n")
                self.assertEqual(self.hoko("--timeout", "300ms", "scripts/s.lua", code=8), "begun\n")

    def test_a_finalizer_at_the_end_is_ended_too(self):
        self.drop("x = setmetatable({}, {__gc = function() while true do end end})", "--timeout", "300ms")
        self.assertIn("past its limit of 300 ms", self.err)

    def test_a_memory_limit_ends_each_and_names_the_line(self):
        for name, bomb in MEMORY_BOMBS.items():
            with self.subTest(name):
                self.drop(bomb, "--memory", "20MiB", "--timeout", "60s")
                self.assertIn("memory", self.err)
                self.assertIn("s.lua:2", self.err)
                self.assert_memory(250 << 20)

    def test_a_script_may_catch_one_refusal_and_go_on(self):
        self.write("scripts/s.lua", "print(pcall(string.rep, 'x', 1e9))\nprint('on')")
        out = self.hoko("--memory", "20MiB", "scripts/s.lua")
        self.assertTrue(out.endswith("on\n"))

    def test_a_script_near_its_limit_is_collected_and_not_ended(self):
        self.write("scripts/s.lua", "for i = 1, 200 do local s = ('x'):rep(4e6 + i) end\nprint('on')")
        out = self.hoko("--memory", "24MiB", "scripts/s.lua")
        self.assertEqual(out, "on\n")

    def test_a_long_text_is_printed_whole(self):
        self.assertEqual(len(self.script("print(('x'):rep(7e7))")), 70000001)

    def test_rows_handed_over_before_are_finished(self):
        self.start()
        for name, bomb in (("time", "while true do end"), ("memory", "while true do pcall(string.rep, 'x', 1e9) end")):
            with self.subTest(name):
                rows = "local n = 0\nlocal function rows() n = n + 1 if n <= 20000 then return {name = '" + name + \
                       "' .. n, phone = ('1'):rep(50)} end\n" + bomb + " end\nhoko.partners.upsert(rows)"
                self.write("scripts/s.lua", rows)
                self.hoko("--memory", "64MiB", "--timeout", "3s", "scripts/s.lua", code=8)
                self.assertGreater(self.report["rows"]["created"], 0)
                self.assertEqual(self.report["rows"]["created"], self.report["rows"]["submitted"])
                self.assertEqual(self.report["rows"]["pending"], 0)

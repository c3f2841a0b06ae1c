"""hoko run: how a script ends, by itself, by a limit, by a signal or by a crash."""

import os
import signal
import subprocess
import time
import unittest

from support import HOKO, RunTest, wait_for


class Scripts(RunTest):
    def test_a_syntax_error_is_exit_2_with_its_place(self):
        self.script("local y = 1\nlocal x = = 1", code=2)
        self.assertIn("scripts/s.lua:2", self.err)
        self.assertEqual((self.report["error"]["file"], self.report["error"]["line"]), ("scripts/s.lua", 2))
        self.assertEqual(self.err.count("scripts/s.lua"), 1)

    def test_a_script_that_does_not_exist_or_is_none_is_exit_2(self):
        self.hoko("scripts/none.lua", code=2)
        self.assertIn("none.lua", self.err)
        os.makedirs(self.path("scripts/folder.lua"))
        self.hoko("scripts/folder.lua", code=2)
        self.assertIn("folder", self.err)
        self.write("scripts/binary.lua", b"\x1bLuaT\0\x19\x93\r\n")
        self.hoko("scripts/binary.lua", code=2)
        self.assertIn("compiled", self.err)

    def test_a_script_that_cannot_be_read_is_exit_2(self):
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        os.chmod(self.write("scripts/secret.lua", ""), 0)
        self.hoko("scripts/secret.lua", code=2)
        self.assertIn("Permission denied", self.err)

    def test_no_script_is_exit_2(self):
        done = subprocess.run([HOKO, "run"], cwd=self.folder, env=self.environment(), capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("SCRIPT", done.stderr)

    def test_an_undefined_name_is_an_error_at_its_line_with_the_users_frames(self):
        self.script("local function f()\n  nope()\nend\nlocal x = 1\nf()", code=1)
        self.assertIn("scripts/s.lua:2", self.err)
        self.assertIn("nope", self.err)
        self.assertIn("scripts/s.lua:5", self.err)
        self.assertNotIn("[C]", self.err)
        self.assertNotIn("[hoko]", self.err)
        self.script("local function f()\n  nope()\nend\nf()", code=1, options=["-v"])
        self.assertIn("[C]", self.err)

    def test_an_error_shows_its_line_with_the_two_around_it(self):
        self.script("local a = 1\nlocal b = 2\nlocal c = a + nil\nlocal d = 4\nlocal e = 5", code=1)
        self.assertIn("local b = 2", self.err)
        self.assertIn("local c = a + nil", self.err)
        self.assertIn("local d = 4", self.err)
        self.assertNotIn("local e = 5", self.err)

    def test_an_error_in_a_module_names_the_module(self):
        self.write("lua/mine.lua", "local m = {}\nfunction m.f()\n  error('in there')\nend\nreturn m")
        self.script("require('mine').f()", code=1)
        self.assertIn("lua/mine.lua:3", self.err)
        self.assertIn("scripts/s.lua:1", self.err)

    def test_a_module_with_a_syntax_error_is_told_with_its_place(self):
        self.write("lua/mine.lua", "local = 1")
        self.script("require 'mine'", code=1)
        self.assertIn("mine.lua:1", self.err)
        self.script("require 'none'", code=1)
        self.assertIn("lua/none.lua", self.err)

    def test_errors_of_every_kind_are_told(self):
        for value, words in (("{}", "table"), ("nil", "nil"), ("5", "5"), ("true", "boolean"), ("'a\\0b\\27[31m'", "a"),
                             ("('x'):rep(1 << 20)", "xxx"), ("'\\xff'", "")):
            self.script(f"error({value})", code=1)
            self.assertIn(words, self.err)
            self.assertNotIn("\x1b", self.err)
            self.assertLess(len(self.err), 20000)

    def test_os_exit_is_zero_or_one(self):
        for call in ("os.exit()", "os.exit(0)", "os.exit(true)", "os.exit(true, true)"):
            self.script(call + " error('reached')")
        for call, code in (("os.exit(3)", 3), ("os.exit(false)", 1), ("os.exit(-1)", -1)):
            self.script(call, code=1)
            self.assertIn(f"script exited with {code}", self.err)

    def test_os_exit_in_a_source_finishes_the_rows_before_it(self):
        self.start()
        self.script('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                    'if n == 5 then os.exit(0) end\nreturn {name="r" .. n} end)')
        self.assert_rows(submitted=4, created=4)

    def test_a_script_from_standard_input_has_its_arguments(self):
        out = self.hoko("-", "a", "b", stdin=b"#!/usr/bin/env hoko\nprint(..., arg[2], #hoko.args, arg[0])")
        self.assertEqual(out, "a\tb\t2\t-\n")

    def test_options_stand_before_the_script_and_the_rest_is_the_scripts(self):
        self.write("scripts/s.lua", "print(table.concat(hoko.args, ' '))")
        self.assertEqual(self.hoko("scripts/s.lua", "--dry-run", "--", "-x", ""), "--dry-run -- -x \n")


    def test_texts_that_are_no_utf_8_are_exit_2_and_variables_are_not_seen(self):
        self.script("", b"\xff", code=2)
        self.assertIn("argument 1", self.err)
        self.write("scripts/s.lua", 'print(os.getenv("LANG"), hoko.env("CRM"))')
        out = self.hoko("--allow-env", "CRM", "scripts/s.lua", env={**self.environment(), "CRM": b"\xff", "LANG": b"\xff"})
        self.assertEqual(out, "nil\tnil\n")


class Output(RunTest):
    def size_of(self, text, *words):
        """Bytes that a script of TEXT prints, and its report."""
        run = self.begin(text, *words)
        size = 0
        while chunk := run.stdout.read(1 << 20):
            size += len(chunk)
        self.ended(run, 0, timeout=120)
        return size

    def test_100_mb_come_out_in_flat_memory(self):
        size = self.size_of('local line = ("x"):rep(1023)\nfor i = 1, 100 * 1024 do print(line) end')
        self.assertEqual(size, 100 << 20)
        self.assert_memory(48 << 20)

    def test_binary_comes_out_as_it_is(self):
        self.write("scripts/s.lua", 'local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end\n'
                                    'io.write(table.concat(t)) io.stdout:write("\\0\\xff") print()')
        done = subprocess.run(self.command("scripts/s.lua"), cwd=self.folder, env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertEqual(done.stdout, bytes(range(256)) + b"\0\xff\n")

    def test_binary_is_escaped_on_a_terminal(self):
        controller, terminal = os.openpty()
        self.write("scripts/s.lua", 'print("\\27[31mred\\7")')
        done = subprocess.Popen(self.command("--no-progress", "scripts/s.lua"), cwd=self.folder, env=self.environment(),
                                stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.DEVNULL)
        os.close(terminal)
        self.assertEqual(done.wait(timeout=60), 0)
        out = os.read(controller, 4096)
        os.close(controller)
        self.assertIn(b"red", out)
        self.assertNotIn(b"\x1b[31m", out)
        self.assertNotIn(b"\x07", out)

    def test_stdout_and_stderr_stay_apart_and_in_order(self):
        out = self.script('print("a") io.stderr:write("b\\n") print("c")')
        self.assertEqual((out, self.err), ("a\nc\n", "b\n"))

    def test_what_was_printed_before_an_error_comes_before_it(self):
        self.write("scripts/s.lua", 'print("before") error("after")')
        done = subprocess.run(self.command("scripts/s.lua"), cwd=self.folder, env=self.environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60)
        self.assertLess(done.stdout.index("before"), done.stdout.index("after"))

    def test_a_closed_stdout_does_not_stop_a_sync(self):
        self.start()
        text = ('local n = 0\nhoko.partners.upsert(function() n = n + 1 print(("x"):rep(1000))\n'
                'if n <= 5000 then return {name="n" .. n} end end)')
        run = self.begin(text)
        run.stdout.close()
        run.wait(timeout=60)
        self.report = self.take_report()
        self.assert_rows(submitted=5000, created=5000)
        self.assertEqual(self.mock.stats()["partners"], 5000)

    def test_a_script_may_close_its_own_files(self):
        out = self.script('print("a") print(pcall(io.stdout.close, io.stdout)) pcall(print, "b")')
        self.assertTrue(out.startswith("a\n"), out)

    def test_the_input_of_the_host_is_read_line_by_line(self):
        out = self.script('print(io.read("l"), io.read("n"), io.stdin:read("L"))\nfor line in io.lines() do print(line) end',
                          stdin=b"first\n 42\nlast\nvery last")
        self.assertEqual(out, "first\t42\t\n\nlast\nvery last\n")

    def test_the_input_is_read_only_when_it_is_asked_for(self):
        run = self.begin('print("ready") io.stdout:flush() print(io.read())')
        run.kill()
        run = subprocess.Popen(self.command("scripts/s.lua"), cwd=self.folder, env=self.environment(),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, run)
        self.assertEqual(run.stdout.readline(), b"ready\n")
        run.stdin.write(b"now\n")
        run.stdin.flush()
        self.assertEqual(run.stdout.readline(), b"now\n")
        self.ended(run, 0)

    def test_a_script_that_is_the_input_has_none_left(self):
        self.assertEqual(self.hoko("-", stdin=b"print(io.read())"), "nil\n")


class Limits(RunTest):
    def test_waits_inside_an_upsert_do_not_count(self):
        self.start("--latency", "700")
        self.script('hoko.partners.upsert{{name="A"}}', options=["--timeout", "500ms"])
        self.assert_rows(submitted=1, created=1)

    def test_a_wait_of_the_network_in_a_source_does_not_count(self):
        self.start("--latency", "300", "--partners", "3")
        self.script('for i = 1, 3 do assert(hoko.api.get("/partners")) end', options=["--timeout", "500ms"])

    def test_a_callback_that_does_not_end_is_ended(self):
        self.start()
        self.script('hoko.partners.upsert({{name="A"}}, {on_ack=function() while true do end end})', code=8,
                    options=["--timeout", "300ms"], timeout=20)
        self.assert_rows(submitted=1, created=1)

    def test_deep_recursion_is_an_error(self):
        self.script("local function f(n) return f(n + 1) + 1 end\nf(1)", code=1)
        self.assertIn("stack overflow", self.err)
        self.script("local t = setmetatable({}, {})\ngetmetatable(t).__index = function(t, k) return t[k] end\nprint(t.x)", code=1)
        self.assertIn("overflow", self.err)
        self.script('print(load("return " .. ("("):rep(100000)))\nprint(pcall(string.find, "x", ("("):rep(100)))')
        self.script("local function f() return coroutine.wrap(f)() end f()", code=1)


class Signals(RunTest):
    ROWS = ('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
            'if n == 20000 then print("going") io.stdout:flush() end\n'
            'if n > 20000 then hoko.sleep(0.01) end return {name="r" .. n} end, {batch_rows=1000})')

    def test_a_second_signal_stops_at_once(self):
        self.start("--fault", "1-100:stall=30s")
        run = self.begin(self.ROWS)
        wait_for("a request", lambda: self.mock.stats()["requests"])
        run.send_signal(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(run.poll())
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        self.ended(run, 130)
        self.assertLess(time.monotonic() - began, 2)

    def test_a_signal_stops_a_script_that_sends_nothing(self):
        run = self.begin('print("going") io.stdout:flush() while true do end')
        self.assertEqual(run.stdout.readline(), b"going\n")
        run.send_signal(signal.SIGINT)
        self.ended(run, 130, timeout=5)
        self.assertEqual(self.report["outcome"], "interrupted")

    def test_a_signal_ends_a_wait_for_an_unreachable_server(self):
        self.url = "http://127.0.0.1:1/api"
        run = self.begin('print("going") io.stdout:flush() hoko.partners.upsert{{name="A"}}')
        self.assertEqual(run.stdout.readline(), b"going\n")
        time.sleep(0.3)
        run.send_signal(signal.SIGTERM)
        self.ended(run, 143, timeout=5)
        self.assert_rows(submitted=1, pending=1)

    def test_the_terminals_ctrl_c_reaches_host_and_worker_and_ends_the_same(self):
        self.start()
        run = self.begin(self.ROWS, start_new_session=True)
        self.assertEqual(run.stdout.readline(), b"going\n")
        os.killpg(run.pid, signal.SIGINT)
        self.ended(run, 130)
        self.assertEqual(self.report["rows"]["created"], self.mock.stats()["partners"])


class Crashes(RunTest):
    def test_a_killed_worker_is_told_and_acknowledged_rows_stay(self):
        self.start()
        run = self.begin('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                         'if n == 20001 then print("going") io.stdout:flush() while true do end end\n'
                         'return {ref=n, name="r" .. n} end, {batch_rows=1000, key="ref"})')
        self.assertEqual(run.stdout.readline(), b"going\n")
        wait_for("8000 partners", lambda: self.mock.stats()["partners"] >= 8000)
        os.kill(self.worker_of(run), signal.SIGKILL)
        self.ended(run, 8)
        self.assertIn("worker", self.err)
        self.assertIn("hint:", self.err)
        self.assert_sum(self.report["rows"])
        created = self.report["rows"]["created"]
        self.assertEqual(created, self.mock.stats()["partners"])
        self.script('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                    'if n <= 20000 then return {ref=n, name="r" .. n} end end, {key="ref"})')
        self.assert_rows(submitted=20000, unchanged=created, created=20000 - created)
        self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (20000, 0))

    def test_a_worker_ends_with_its_host(self):
        run = self.begin('print("going") io.stdout:flush() while true do end')
        self.assertEqual(run.stdout.readline(), b"going\n")
        worker = self.worker_of(run)
        run.kill()
        run.wait()

        def is_gone():
            try:
                with open(f"/proc/{worker}/stat", encoding="ascii") as file:
                    return file.read().split(")")[1].split()[0] in "ZX"
            except FileNotFoundError:
                return True
        wait_for("the end of the worker", is_gone)


if __name__ == "__main__":
    unittest.main()

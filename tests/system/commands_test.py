"""os.execute and io.popen: the host starts what the user allows, and nothing else."""

import os
import time

from support import RunTest, wait_for


class Commands(RunTest):
    def pid(self):
        """What a command wrote of itself; "" so far."""
        try:
            with open(self.path("pid"), encoding="ascii") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def test_without_permission_there_are_none(self):
        self.assertEqual(self.script("print(os.execute, io.popen)"), "nil\tnil\n")

    def test_a_listed_command_runs_without_a_shell(self):
        out = self.script('print(os.execute("echo a  b"))', options=("--allow-run=echo",))
        self.assertEqual(out, "a b\ntrue\texit\t0\n")

    def test_output_keeps_its_order(self):
        out = self.script('print(1) os.execute("echo 2") print(3)', options=("--allow-run=echo",))
        self.assertEqual(out.split(), ["1", "2", "3"])

    def test_a_command_that_is_not_listed_is_denied_and_the_option_is_named(self):
        out = self.script('print(os.execute("cat hoko.lua"))', options=("--allow-run=echo",))
        self.assertIn("nil\trunning the command cat is not allowed", out)
        self.assertIn("--allow-run=cat", out)

    def test_a_script_that_may_start_none_is_told_what_allows_it(self):
        for call in ('os.execute("ls")', 'io.popen("ls")'):
            self.script(call, code=1)
            self.assertIn("\nhint: commands need --allow-run=NAME, or allow = { run = { \"NAME\" } } in hoko.lua\n", self.err)

    def test_a_listed_command_gets_nothing_that_only_a_shell_understands(self):
        for line in ("echo a; cat hoko.lua", "echo $HOME", "echo `id`", "echo a > f", "echo 'a'", "echo *", "echo a\\ncat"):
            with self.subTest(line):
                out = self.script(f'print(os.execute("{line}"))', options=("--allow-run=echo",))
                self.assertIn("which only a shell understands", out)
        self.assertFalse(os.path.exists(self.path("f")))

    def test_true_allows_all_by_a_shell(self):
        out = self.script("print(os.execute('echo $((1 + 1)) | cat')) print(os.execute())", options=("--allow-run=true",))
        self.assertEqual(out, "2\ntrue\texit\t0\ntrue\n")

    def test_the_end_is_told_as_plain_lua_does(self):
        out = self.script("print(os.execute('exit 3')) print(os.execute('kill -9 $$'))", options=("--allow-run=true",))
        self.assertEqual(out, "nil\texit\t3\nnil\tsignal\t9\n")

    def test_a_command_that_is_not_there_is_told(self):
        out = self.script('print(os.execute("no-such-command-here"))', options=("--allow-run=no-such-command-here",))
        self.assertIn("nil\tno-such-command-here: No such file or directory", out)

    def test_popen_reads_what_a_command_prints(self):
        self.write("data/x", "b\na\n")
        out = self.script('local f = io.popen("sort data/x")\nprint(f:read("a"))\nprint(f:close())',
                          options=("--allow-run=sort",))
        self.assertEqual(out, "a\nb\n\ntrue\texit\t0\n")

    def test_popen_reads_more_than_a_pipe_holds(self):
        out = self.script("local n = 0 for l in io.popen('seq 300000'):lines() do n = n + #l end print(n)",
                          options=("--allow-run=seq",))
        self.assertEqual(out, f"{sum(len(str(i)) for i in range(1, 300001))}\n")

    def test_popen_writes_a_commands_input(self):
        out = self.script('local f = io.popen("sort", "w")\nf:write("b\\na\\n")\nprint(f:close())',
                          options=("--allow-run=sort",))
        self.assertEqual(out, "a\nb\ntrue\texit\t0\n")

    def test_a_pipe_that_nobody_closes_does_not_hold_the_run(self):
        out = self.script("for i = 1, 40 do io.popen('sleep 0') collectgarbage() end\nlocal f = io.popen('sleep 600')\n"
                          "f = nil collectgarbage() print('on')", options=("--allow-run=sleep",), timeout=30)
        self.assertEqual(out, "on\n")

    def test_a_command_has_a_clean_environment_in_the_projects_folder(self):
        out = self.script("os.execute('env; pwd; ls /proc/self/fd')", options=("--allow-run=true",))
        self.assertNotIn("key-for-tests", out)
        names = {line.split("=")[0] for line in out.splitlines() if "=" in line}
        self.assertLessEqual(names, {"PATH", "LANG", "TZ", "PWD", "OLDPWD", "SHLVL", "_"})
        self.assertIn(os.path.realpath(self.folder) + "\n", out)
        self.assertEqual([w for w in out.split() if w.isdigit() and int(w) > 3], [])

    def test_the_time_limit_ends_script_and_command(self):
        self.script("os.execute('echo $$ > pid; sleep 600')", options=("--allow-run=true", "--timeout=500ms"), code=8)
        pid = self.pid()
        wait_for("the command's end", lambda: not os.path.exists(f"/proc/{pid}"))

    def test_ctrl_c_ends_script_and_command(self):
        run = self.begin("print('going') io.stdout:flush() os.execute('echo $$ > pid; sleep 600')", "--allow-run=true")
        self.assertEqual(run.stdout.readline(), b"going\n")
        pid = wait_for("the command", self.pid)
        began = time.monotonic()
        run.send_signal(2)
        self.ended(run, 130)
        self.assertLess(time.monotonic() - began, 5)
        wait_for("the command's end", lambda: not os.path.exists(f"/proc/{pid}"))

    def test_misuse_is_told_at_its_line(self):
        for call, words in (("os.execute(5)", "os.execute: a command is a string, got number"),
                            ("io.popen({})", "io.popen: a command is a string, got table"),
                            ('io.popen("x", "rw")', "io.popen: the mode is r or w, got rw")):
            self.script("\n" + call, options=("--allow-run=true",), code=1)
            self.assertIn("scripts/s.lua:2", self.err)
            self.assertIn(words, self.err)

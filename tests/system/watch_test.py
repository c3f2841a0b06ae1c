"""`hoko run --dry-run --watch` and `hoko test --watch`: run again on each save.

HOKO names the program under test.
"""

import os
import queue
import signal
import subprocess
import threading

from support import DEADLINE, HOKO, RunTest

SCRIPT = "hoko.partners.upsert{ %s }\n"
WAITS = "waiting for a file to be saved; Ctrl-C ends"


class Watching(RunTest):
    def watch(self, *words):
        process = subprocess.Popen([HOKO, *words], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.stop, process)
        self.lines, self.process = queue.Queue(), process
        threading.Thread(target=self.pump, args=(process,), daemon=True).start()

    def pump(self, process):
        for line in process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def stop(self, process):
        process.kill()
        process.wait()
        process.stdout.close()

    def until(self, wanted):
        """The lines before WANTED, but for the summary, which has a time in it."""
        before = []
        while True:
            line = self.lines.get(timeout=DEADLINE)
            self.assertIsNotNone(line, before)
            if wanted in line:
                return before
            if not line.startswith("dry run: "):
                before.append(line)

    def save(self, name, text):
        """As an editor does: whole, in place of the old one."""
        self.write(name + "~", text)
        os.rename(self.path(name + "~"), self.path(name))

    def end(self, number):
        self.process.send_signal(number)
        self.assertEqual(self.process.wait(DEADLINE), 128 + number)


class Run(Watching):
    def setUp(self):
        super().setUp()
        self.write("scripts/s.lua", SCRIPT % "{ name = 'a' }, { name = 'b' }")

    def start_watching(self):
        self.watch("run", "--dry-run", "--watch", "scripts/s.lua")
        self.assertEqual(self.until(WAITS), ['create  name: "a"', 'create  name: "b"'])

    def test_what_changed_is_shown_on_each_save(self):
        self.start_watching()
        self.save("scripts/s.lua", SCRIPT % "{ name = 'a' }, { name = 'c' }, { name = 'c' }")
        self.until("-- s.lua was saved")
        self.assertEqual(self.until(WAITS), ['- create  name: "b"', '+ create  name: "c"', '+ create  name: "c"'])
        self.save("scripts/s.lua", SCRIPT % "{ name = 'c' }, { name = 'a' }, { name = 'c' }")
        self.until("-- s.lua was saved")
        self.assertEqual(self.until(WAITS), ["nothing changed in what would be done"])
        self.end(signal.SIGINT)

    def test_a_file_that_is_half_written_is_told_and_the_next_save_goes_on(self):
        self.start_watching()
        self.save("scripts/s.lua", "hoko.partners.upsert{ { name = ")
        self.until("s.lua was saved")
        self.assertTrue(any("scripts/s.lua:1" in line for line in self.until(WAITS)))
        self.save("scripts/s.lua", SCRIPT % "{ name = 'a' }")
        self.until("s.lua was saved")
        self.assertEqual(self.until(WAITS), ['- create  name: "b"'])

    def test_a_file_that_is_gone_for_a_moment_is_told_and_the_next_save_goes_on(self):
        self.start_watching()
        os.unlink(self.path("scripts/s.lua"))
        self.until("s.lua was saved")
        self.until(WAITS)
        self.write("scripts/s.lua", SCRIPT % "{ name = 'a' }")
        self.until("s.lua was saved")
        self.assertIn('- create  name: "b"', self.until(WAITS))

    def test_modules_data_and_new_folders_are_watched(self):
        self.start_watching()
        self.save("data.csv", "x\n1\n")
        self.until("-- data.csv was saved")
        self.until(WAITS)
        self.write("lua/deep/m.lua", "return 1")
        self.until("was saved")
        self.until(WAITS)
        self.save("lua/deep/m.lua", "return 2")
        self.until("-- m.lua was saved")
        self.until(WAITS)

    def test_what_the_run_itself_writes_starts_no_other(self):
        self.write("scripts/s.lua", "local f = io.open('out.txt', 'w') f:write('x') f:close()")
        self.watch("run", "--dry-run", "--watch", "--report", "report.json", "scripts/s.lua")
        self.until(WAITS)
        self.save("scripts/s.lua", "print('saved')")
        self.assertEqual(self.until("saved"), [])
        self.end(signal.SIGTERM)

    def test_a_signal_ends_what_runs(self):
        self.write("scripts/s.lua", "print('runs') io.stdout:flush() while true do end")
        self.watch("run", "--dry-run", "--watch", "scripts/s.lua")
        self.until("runs")
        self.end(signal.SIGINT)

    def test_without_a_dry_run_it_is_refused(self):
        done = subprocess.run([HOKO, "run", "--watch", "scripts/s.lua"], cwd=self.folder, env=self.environment(),
                              capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("hint: add --dry-run", done.stderr)


class Test(Watching):
    def test_tests_are_run_on_each_save(self):
        self.write("scripts/s_test.lua", "test('one', function() expect(1):equals(1) end)")
        self.watch("test", "--watch")
        self.assertTrue(any("1 passed" in line for line in self.until(WAITS)))
        self.save("scripts/s_test.lua", "test('one', function() expect(1):equals(2) end)")
        self.until("-- s_test.lua was saved")
        self.assertTrue(any("1 failed" in line for line in self.until(WAITS)))
        self.end(signal.SIGINT)

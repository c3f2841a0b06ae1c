"""Scripts that break or go while `hoko serve` runs are told at once, not when they are to start.

HOKO names the program under test.
"""

import os
import re
import unittest

from serving import ServeTest


class Scripts(ServeTest):
    def save(self, name, text):
        """As an editor does: whole, in place of the old one."""
        self.write(name + "~", text)
        os.rename(self.path(name + "~"), self.path(name))

    def told(self, text):
        return len(re.findall(re.escape(text), self.logged()))

    def test_a_script_that_is_saved_with_a_mistake_is_told_once_and_once_when_it_is_well(self):
        self.write("scripts/s.lua", "")
        self.jobs(nightly='script = "scripts/s.lua", schedule = "30 2 * * *"',
                  weekly='script = "scripts/s.lua", schedule = "@weekly"', other='script = "scripts/t.lua"')
        self.write("scripts/t.lua", "")
        self.serve()
        self.save("scripts/s.lua", "local x = 1\nx = = 2\n")
        self.wait_log("scripts/s.lua:2: unexpected symbol near '='; its next start may fail (2 jobs run it); "
                      "hint: hoko check scripts/s.lua job=nightly")
        self.save("scripts/s.lua", "local x = 1\nx = = = 2\n")
        self.save("scripts/t.lua", "hoko.nosuch()")
        self.wait_log("scripts/t.lua:1: ")
        self.save("scripts/s.lua", "local x = 1")
        self.wait_log("scripts/s.lua is well again")
        self.assertEqual((self.told("scripts/s.lua:2:"), self.told("is well again")), (1, 1))
        self.stop()
        self.assertEqual(self.query("SELECT * FROM run"), [])

    def test_a_script_that_is_removed_is_told_and_one_that_is_put_back_at_once_is_not(self):
        self.write("scripts/s.lua", "")
        self.write("hooks/h.lua", "")
        self.jobs(s='script = "scripts/s.lua", on_failure = "hooks/h.lua"')
        self.serve()
        os.unlink(self.path("scripts/s.lua"))
        self.write("scripts/s.lua", "return 1")
        os.rename(self.path("hooks/h.lua"), self.path("hooks/gone.lua"))
        self.wait_log("hooks/h.lua cannot be read; its next start will fail job=s")
        os.rename(self.path("hooks/gone.lua"), self.path("hooks/h.lua"))
        self.wait_log("hooks/h.lua is well again")
        self.assertEqual(self.told("scripts/s.lua"), 0)
        self.stop()

    def test_what_is_wrong_when_it_begins_and_what_hoko_lua_names_later_is_told_too(self):
        self.write("a.lua", "=")
        self.jobs(a='script = "a.lua"')
        self.serve()
        self.wait_log("a.lua:1: ")
        self.jobs(a='script = "a.lua"', b='script = "deep/b.lua"')
        self.wait_log("deep/b.lua cannot be read")
        self.write("deep/b.lua", "")
        self.call("jobs", "run", "b")
        self.stop()
        self.assertEqual(self.told("a.lua:1: "), 1)

    def test_what_a_script_does_is_not_done_by_reading_it(self):
        self.write("s.lua", "")
        self.jobs(s='script = "s.lua"')
        self.serve()
        self.save("s.lua", "io.open('made', 'w'):close() while true do end")
        self.save("t.lua", "")
        self.save("s.lua", "io.open('made', 'w'):close() while true do end x = =")
        self.wait_log("s.lua:1: ")
        self.assertFalse(os.path.exists(self.path("made")))
        self.stop()


class Many(ServeTest):
    def test_a_thousand_scripts_that_break_in_one_go_are_all_told(self):
        count = 1000
        for i in range(count):
            self.write(f"scripts/s{i}.lua", "")
        self.jobs(**{f"j{i}": f'script = "scripts/s{i}.lua", schedule = "@yearly"' for i in range(count)})
        self.serve()
        for i in range(count):
            self.write(f"scripts/s{i}.lua", "x = =")
        for i in range(count):
            self.wait_log(f"scripts/s{i}.lua:1: ", 60)
        self.assertEqual(len(re.findall("may fail", self.logged())), count)
        self.stop()


if __name__ == "__main__":
    unittest.main()

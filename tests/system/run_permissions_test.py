"""hoko run: what a script may reach, and what it may not."""

import os
import shutil
import tempfile
import unittest

from support import RunTest

REGION_MAX = 1 << 28  # what is larger is a sanitizer's shadow, not memory that was written
KEY = "key-that-nobody-may-see-4711"


class Files(RunTest):
    def outside(self, name="f", content="there"):
        folder = tempfile.mkdtemp(prefix="hoko-other-")
        self.addCleanup(shutil.rmtree, folder)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)
        return folder

    def test_files_beneath_the_project_are_read_and_written(self):
        self.write("data/a.txt", "hello\n")
        out = self.script('print(io.open("data/a.txt"):read("a"))\n'
                          'local f = assert(io.open("out.txt", "w")) f:write("w") f:close()\n'
                          'f = assert(io.open("out.txt", "a+")) f:write("x") f:seek("set") print(f:read("a")) f:close()\n'
                          'f = assert(io.open("out.txt", "r+")) f:write("y") f:close()\n'
                          'for line in io.lines("data/a.txt") do print(line) end\n'
                          'io.output("second.txt") io.write("2") io.close()\n'
                          'io.input("second.txt") print(io.read("a"))\n'
                          'print(loadfile("data/a.txt"), dofile("lua/m.lua"))' if self.write("lua/m.lua", "return 7") else "")
        lines = out.splitlines()
        self.assertEqual(lines[:5], ["hello", "", "wx", "hello", "2"])
        self.assertTrue(lines[5].startswith("nil") and lines[5].endswith("7"), lines[5])
        with open(self.path("out.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "yx")

    DENIED = ("/etc/passwd", "/proc/self/environ", "/proc/self/mem", "/proc/self/fd/3", "/dev/mem", "../outside", "link",
              "linked/passwd", "data/../../outside", ".hoko/state.db", ".hoko/../.hoko/state.db", "data/../.hoko/x", "/",
              "~/.config/hoko/keystore")

    def test_other_files_are_denied_with_the_option_to_add(self):
        os.symlink("/etc/passwd", self.path("link"))
        os.symlink("/etc", self.path("linked"))
        self.write(".hoko/state.db", "")
        self.write("data/x", "")
        for path in self.DENIED:
            out = self.script(f'print(io.open("{path}"))')
            if path.startswith("~"):
                self.assertIn("No such file", out, path)
                continue
            if ".hoko" in path:
                self.assertIn("no script may read", out, path)
                self.assertNotIn("--allow-read=", out, path)
                continue
            self.assertIn("not allowed", out, path)
            self.assertIn("--allow-read=", out, path)

    def test_the_option_that_a_denial_names_is_the_one_that_helps(self):
        folder = self.outside()
        for action, option in ((f'io.open("{folder}/f")', "--allow-read"), (f'io.open("{folder}/g", "w")', "--allow-write")):
            out = self.script(f"print({action})")
            self.assertIn(f"{option}={folder}", out)
            out = self.script(f"print({action})", options=[option, folder])
            self.assertIn("file (0x", out)

    def test_an_allowed_file_is_that_file_alone(self):
        folder = self.outside()
        self.outside("secret")
        with open(folder + "/g", "w", encoding="utf-8") as file:
            file.write("no")
        out = self.script(f'print(io.open("{folder}/f"):read("a")) print(io.open("{folder}/g"))',
                          options=["--allow-read", folder + "/f"])
        self.assertTrue(out.startswith("there\nnil"), out)

    def test_reading_allowed_is_not_writing_allowed(self):
        folder = self.outside()
        out = self.script(f'print(io.open("{folder}/f", "w"))', options=["--allow-read", folder])
        self.assertIn("--allow-write=", out)

    def test_a_file_in_an_argument_may_be_read(self):
        folder = self.outside()
        out = self.script("print(io.open(arg[1]):read('a')) print((io.open(arg[1], 'w')))", folder + "/f")
        self.assertEqual(out, "there\nnil\n")

    def test_code_and_state_are_not_written(self):
        for path in ("hoko.lua", "scripts/x.lua", "scripts/s.lua", "lua/x.lua", ".hoko/x", "./hoko.lua", "data/../lua/x"):
            for mode in ("w", "a", "r+"):
                out = self.script(f'print(io.open("{path}", "{mode}"))')
                self.assertIn("no script may write", out, path)

    def test_a_link_that_a_script_could_not_make_leads_nowhere(self):
        os.makedirs(self.path("out"))
        os.symlink(self.path("scripts"), self.path("out/code"))
        os.symlink("../hoko.lua", self.path("out/config"))
        for path in ("out/code/s.lua", "out/config"):
            out = self.script(f'print(io.open("{path}", "w"))')
            self.assertRegex(out, "no script may write|not allowed", path)
            self.assertGreater(os.path.getsize(self.path(path)), 0)

    def test_names_that_are_none_are_told(self):
        for name, words in (('("x"):rep(5000)', "too long"), ('""', "folder"), ('"."', "folder"),
                            ('"none.txt"', "No such file")):
            self.assertIn(words, self.script(f"print(io.open({name}))"), name)
        self.script("io.open(5)", code=1)
        self.assertIn("NUL", self.script('print(io.open("a\\0b"))'))
        for mode in ("", "x", "rw", "rb+", "r++", "wbx"):
            self.script(f'io.open("f", "{mode}")', code=1)
            self.assertIn("mode", self.err)

    def test_files_are_removed_and_renamed_where_a_script_may_write(self):
        self.write("data/old", "1")
        self.write("data/other", "2")
        out = self.script('print(os.rename("data/old", "new"), io.open("new"):read("a"))\n'
                          'print(os.rename("data/other", "new"), io.open("new"):read("a"), os.remove("new"))\n'
                          'print(os.remove("data"), os.remove("data"))')
        self.assertEqual(out.splitlines(), ["true\t1", "true\t2\ttrue", "true\tnil\tdata: No such file or directory\tusage"])

    def test_what_is_kept_is_not_removed_or_renamed_by_any_path(self):
        outside = self.outside("secret")
        for name in ("scripts/a.lua", "lua/b.lua", "hoko.lua", ".hoko/note", "data/x"):
            self.write(name, "return {}" if name == "hoko.lua" else "1")
        os.symlink(".hoko", self.path("link"))
        os.symlink(outside, self.path("out"))
        kept = ["scripts/a.lua", "scripts", "lua/b.lua", "lua", "hoko.lua", ".hoko", ".hoko/note", "link/note",
                "data/../hoko.lua", "out/secret", "../" + os.path.basename(outside) + "/secret", outside + "/secret",
                ".", "", "..", "/", self.folder, "/etc/hostname", "/proc/self/environ"]
        for options in ([], ["--allow-write=" + os.path.dirname(self.folder)]):
            names = kept if not options else [name for name in kept if "secret" not in name]
            words = "{" + ",".join(f'"{name}"' for name in names) + "}"
            out = self.script(f"for _, name in ipairs{words} do\nprint(os.remove(name))\nprint(os.rename(name, 'y'))\n"
                              "print(os.rename('data/x', name))\nend", options=options)
            self.assertNotIn("true", out)
            self.assertEqual(out.count("\tdenied\n"), 3 * len(names), out)
        for name in (outside + "/secret", *(self.path(name) for name in ("data/x", ".hoko/note", "lua/b.lua", "hoko.lua"))):
            self.assertTrue(os.path.exists(name), name)

    def test_a_state_in_a_folder_of_the_scripts_is_kept_with_its_journals(self):
        folder = self.outside("f")
        state = f"{folder}/state.db"
        options = [f"--state=sqlite:{state}", f"--allow-write={folder}"]
        self.start()
        self.script("hoko.partners.upsert{{name='A'}}", options=options)
        out = self.script(f"for _, name in ipairs{{'', '-journal', '-wal', '-shm'}} do\nlocal path = '{state}' .. name\n"
                          "print((select(3, io.open(path))), (select(3, io.open(path, 'w'))), (select(3, os.remove(path))))\n"
                          f"print((select(3, os.rename('{folder}/f', path))))\nend\n"
                          f"print(io.open('{folder}/f', 'w') ~= nil)", options=options)
        self.assertEqual(out.splitlines()[1::2], ["denied"] * 4)
        self.assertEqual(out.splitlines()[::2], ["denied\tdenied\tdenied"] * 2 + ["usage\tdenied\tdenied"] * 2 + ["true"])

    def test_a_fifo_without_a_writer_does_not_hang(self):
        os.mkfifo(self.path("fifo"))
        self.script('print(io.open("fifo"):read("a"))', timeout=10)

    def test_many_open_files_are_no_crash(self):
        self.write("data/x", "1")
        out = self.script('local open = {}\nlocal why\nfor i = 1, 5000 do\n'
                          'local f, message = io.open("data/x")\nif not f then why = message break end open[i] = f end\n'
                          'print(#open > 50, why ~= nil)\nfor _, f in ipairs(open) do f:close() end\n'
                          'print(io.open("data/x"):read("a"))')
        self.assertEqual(out, "true\ttrue\n1\n")


class Surroundings(RunTest):
    def test_the_environment_is_closed_but_for_what_is_allowed(self):
        env = self.environment(CRM="1", LANG="ar", TZ="Asia/Riyadh", EMPTY="")
        out = self.script('print(os.getenv("CRM"), os.getenv("HOKO_API_KEY"), os.getenv("LANG"), hoko.env("TZ"))\n'
                          'print(pcall(hoko.env, "CRM"))', env=env)
        self.assertIn("nil\tnil\tar\tAsia/Riyadh", out)
        self.assertIn("--allow-env=CRM", out)
        out = self.script('print(hoko.env("CRM"), os.getenv("CRM"), hoko.env("EMPTY"), hoko.env("NONE"))',
                          options=["--allow-env", "CRM,EMPTY,NONE"], env=env)
        self.assertEqual(out, "1\t1\t\tnil\n")

    def test_the_standard_library_has_no_way_out(self):
        out = self.script('print(os.execute, io.popen, package.loadlib, debug.getregistry, debug.sethook,\n'
                          'debug.setmetatable, debug.getupvalue)\n'
                          'print(load(string.dump(function() end)))\n'
                          'print(pcall(load, string.dump(function() end), "x", "b"))')
        lines = out.splitlines()
        self.assertEqual(lines[0], "\t".join(["nil"] * 7))
        self.assertIn("binary chunk", lines[1])
        self.assertIn("binary chunk", lines[2])

    def test_no_c_module_is_loaded(self):
        for call in ('package.cpath = "/usr/lib/x86_64-linux-gnu/lua/5.4/?.so" require "posix"',
                     'package.searchers[3] = nil require "socket"'):
            self.script(call, code=1)

    def test_the_key_is_nowhere_in_sight(self):
        self.start()
        text = ('hoko.partners.upsert{{name="A"}}\nlocal seen, found = {}, false\n'
                'local function look(value)\n'
                '  if type(value) == "string" then found = found or value:find("nobody%-may%-see") end\n'
                '  if type(value) ~= "table" or seen[value] then return end\n'
                '  seen[value] = true\n'
                '  for k, v in next, value do look(k) look(v) end\n'
                '  look(getmetatable(value))\n'
                'end\nlook(_G) look(package.loaded) look(debug.getinfo(1))\nprint(found or false)')
        out = self.script(text, env=self.environment(HOKO_API_KEY=KEY))
        self.assertEqual(out, "false\n")

    def test_the_key_is_not_in_the_workers_environment_or_memory(self):
        self.start()
        self.write("scripts/s.lua", "")
        run = self.begin('hoko.partners.upsert{{name="A"}} print("going") io.stdout:flush() while true do end')
        self.assertEqual(run.stdout.readline(), b"going\n")
        worker = self.worker_of(run)
        if os.geteuid() != 0:
            self.skipTest("only root reads the worker's memory")
        with open(f"/proc/{worker}/environ", "rb") as file:
            self.assertNotIn(b"key-for-tests", file.read())
        with open(f"/proc/{worker}/maps", encoding="ascii") as maps, open(f"/proc/{worker}/mem", "rb") as memory:
            for line in maps:
                where, rights = line.split()[:2]
                begin, end = (int(part, 16) for part in where.split("-"))
                if "w" not in rights or end - begin > REGION_MAX:
                    continue
                memory.seek(begin)
                self.assertNotIn(b"key-for-tests", memory.read(end - begin))

    @unittest.skipIf(os.geteuid(), "only root may look into a worker, which is not dumpable")
    def test_the_worker_has_no_descriptor_but_the_bridge_and_null(self):
        run = self.begin('print("going") io.stdout:flush() while true do end')
        self.assertEqual(run.stdout.readline(), b"going\n")
        folder = f"/proc/{self.worker_of(run)}/fd"
        found = sorted(os.readlink(f"{folder}/{fd}").split(":")[0] for fd in os.listdir(folder) if fd != "2")
        self.assertEqual([name for name in found if name != "pipe"], ["/dev/null", "/dev/null", "socket"])


if __name__ == "__main__":
    unittest.main()

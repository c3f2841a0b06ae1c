"""Scripts that try to get out of their cage (faults.md, S2): none succeeds, and what the
user could allow is named.

HOKO names the program under test.
"""

import os
import re
import signal
import subprocess
import time
import unittest

from support import RunTest

SECRET = "canary-7e2c91"

# Lua that gives nil, raises, or gives what it got hold of.  SECRET in it is an escape.
# {outside} is a folder beside the project, {keystore} and {state} are files, {host} is hoko's pid.
READS = (
    "{outside}/secret", "../outside/secret", "scripts/../../outside/secret", "./../outside/./secret", "link/secret",
    "link_to_file", "deep/link/secret", ".hoko/secret", "./.hoko/secret", "scripts/../.hoko/secret",
    "hidden/secret", "hidden_file", "{keystore}", "key_link", "key_hard",
    "{state}", "state_hard", "/proc/self/environ",
    "/proc/{host}/environ", "/proc/{host}/mem", "/proc/{host}/maps", "/proc/self/mem", "/proc/self/fd/3", "/proc/self/root{outside}/secret",
    "/proc/self/cwd/../outside/secret", "/dev/fd/3", "/dev/stdin", "/dev/mem", "/dev/kmsg", "proc/self/environ", "root{outside}/secret",
    "/etc/passwd", "//etc//passwd", "/etc/passwd\\0.txt", "file://{outside}/secret", "~/secret", "~root/.profile",
)

WRITES = (
    "{outside}/made", "../outside/made", "link/made", "link_to_file", "hoko.lua", "./hoko.lua", "scripts/../hoko.lua", "scripts/new.lua",
    "lua/new.lua", ".hoko/new", "hidden/new", "code/new.lua", "hoko_link", "{keystore}", "key_link", "key_hard", "{state}", "state_hard",
    "/tmp/hoko-escape", "/dev/shm/hoko-escape", "/proc/self/mem", "/proc/{host}/oom_score_adj", "/dev/tty",
)

# Expressions that must be false or raise.
TRICKS = (
    "os.execute", "os.execute('true')", "os.remove('../outside/secret')", "os.remove('.hoko')", "os.rename('../outside/secret', 'mine')", "os.rename('hoko.lua', 'mine')",
    "os.setlocale('C.UTF-8')",
    "io.popen", "io.popen('cat ../outside/secret')", "package.loadlib", "package.loadlib('/lib/x86_64-linux-gnu/libc.so.6', '*')",
    "package.searchers[3]", "package.searchers[4]", "package.searchpath('secret', '../outside/?')", "package.cpath ~= ''", "require('ffi')", "require('socket')", "require('posix')", "require('cmod')", "require('..outside.code')",
    "require('/../../outside/code')", "require('hoko.native')", "load(string.dump(function() end))", "load(string.dump(function() end), 'x', 'b')",
    "load(string.dump(function() end), 'x', 'bt')", "load(function() return '\\27Lua' end)", "loadfile('bytecode')", "loadfile('bytecode', 'b')",
    "dofile('bytecode')", "require('bytecode')", "loadstring", "debug.getregistry", "debug.getupvalue", "debug.setupvalue", "debug.sethook", "debug.getlocal", "debug.setlocal",
    "debug.setmetatable", "debug.getmetatable", "debug.upvalueid", "debug.upvaluejoin", "debug.getuservalue", "debug.debug", "debug.getinfo(1, 'f').func == nil",
    "os.getenv('HOKO_API_KEY')", "os.getenv('PATH')", "os.getenv('HOME')", "hoko.env('HOKO_API_KEY')", "hoko.env('HOME')",
    "getmetatable('').__index ~= string", "package.loaded._G ~= _G", "package.loaded.ffi", "package.preload.ffi",
    "io.lines('/etc/passwd')", "io.input('/etc/passwd')", "io.output('/tmp/hoko-escape')", "hoko.csv('/etc/passwd')()", "hoko.json('/proc/self/environ')()",
    "hoko.ndjson('../outside/secret')()", "hoko.lines and hoko.lines('../outside/secret')", "getmetatable(io.stdout).__index.popen", "io.stdout:seek()",
    "coroutine.wrap(function() return os.execute or io.popen or debug.getregistry end)()",
    "select(2, pcall(string.format, '%999999999d', 1)) == nil", "string.rep('x', 1 << 62)", "('x'):rep(1e9, ('y'):rep(1e9))", "table.unpack({{}}, 1, 1e9)", "table.concat({{}}, 'x', 1, 1 << 40)", "utf8.char(1 << 40)", "string.pack('!17i17', 1)",
    "string.unpack('s8', ('\\255'):rep(8))", "collectgarbage('nonsense')", "rawset(string, 1)", "setmetatable('', {{}})",
    "getmetatable(setmetatable({{}}, {{__gc = function() X = os.execute or io.popen end}})).__metatable or X", "error(setmetatable({{}}, {{__tostring = function() return os.execute end}}))",
)


class Escape(RunTest):
    def setUp(self):
        super().setUp()
        self.folder = self.root = os.path.realpath(self.folder)
        self.outside = os.path.join(self.root, "outside")
        self.folder = os.path.join(self.root, "project")
        self.home = os.path.join(self.root, "home")
        for name in ("outside", "home/.config/hoko", "project/scripts", "project/lua", "project/.hoko", "project/deep", "state"):
            os.makedirs(os.path.join(self.root, name), mode=0o700)
        self.keystore = os.path.join(self.home, ".config/hoko/keystore")
        self.state = os.path.join(self.root, "state/state.db")
        for path in (self.outside + "/secret", self.folder + "/.hoko/secret", self.keystore):
            self.write(path, SECRET)
        self.write(self.outside + "/code.lua", f"return '{SECRET}'")
        self.write("hoko.lua", "return {}")
        self.write("bytecode", b"\x1bLua")
        self.write("lua/bytecode.lua", b"\x1bLua")
        self.write("lua/cmod.so", b"\x7fELF")
        for link, target in (("link", "../outside"), ("link_to_file", "../outside/secret"),
                             ("deep/link", "../../outside"),
                             ("hidden", ".hoko"), ("hidden_file", ".hoko/secret"), ("key_link", self.keystore), ("code", "scripts"),
                             ("hoko_link", "hoko.lua"), ("proc", "/proc"), ("root", "/")):
            os.symlink(target, os.path.join(self.folder, link))
        os.link(self.keystore, self.folder + "/key_hard")
        self.script("")  # which makes the state
        os.link(self.state, self.folder + "/state_hard")

    def command(self, *words):
        return super().command("--state", "sqlite:" + self.state, *words)

    def environment(self, **more):
        return super().environment(HOME=self.home, HOKO_API_KEY=SECRET, **more)

    def fill(self, text):
        return text.format(outside=self.outside, keystore=self.keystore, state=self.state, host="1")

    def tries(self, form, tricks, *words):
        """Runs each trick as FORM in one script; returns [(trick, what it told)]."""
        tricks = [self.fill(trick) for trick in tricks]
        lines = [form.replace("@", trick) for trick in tricks]
        out = self.script("\n".join(lines), *words)
        told = out.split("\n<end>\n")
        self.assertEqual(len(told), len(tricks) + 1, out)
        return list(zip(tricks, told))

    def snapshot(self):
        found = {}
        for root, _, files in os.walk(self.root):
            for name in files:
                path = os.path.join(root, name)
                if not os.path.islink(path) and not path.endswith("scripts/s.lua") and "/state" not in path:
                    with open(path, "rb") as file:
                        found[path] = file.read()
        return found

    READ = 'do local f, why = io.open("@", "r") print(f and f:read("a") or why) print("<end>") end'
    WRITE = 'for _, mode in ipairs{"w", "a", "r+"} do local f, why = io.open("@", mode) if f then f:write("x") f:close() end ' \
            'print(f and "WROTE" or why) end print("<end>")'
    TRICK = 'do local ok, got = pcall(function() return @ end) print(ok and got and "GOT " .. tostring(got)) print("<end>") end'

    def test_no_path_reads_what_is_outside(self):
        for path, told in self.tries(self.READ, READS):
            self.assertNotIn(SECRET, told, path)
            self.assertNotIn("SQLite", told, path)
            self.assertNotIn("root:", told, path)
            self.assertRegex(told, "not allowed|no script may|No such file|NUL|Not a directory", path)

    def test_no_path_writes_what_is_outside_or_code(self):
        before = self.snapshot()
        for path, told in self.tries(self.WRITE, WRITES):
            self.assertNotIn("WROTE", told, path)
        self.assertEqual(self.snapshot(), before)
        self.assertFalse(os.path.exists("/tmp/hoko-escape"))

    def test_a_denied_path_names_the_option_that_allows_it(self):
        for path, told in self.tries(self.READ, ["{outside}/secret", "link/secret", "/etc/passwd"]):
            self.assertIn("--allow-read=", told, path)
        for path, told in self.tries(self.WRITE, ["{outside}/made"]):
            self.assertIn(f"--allow-write={self.outside}", told)

    def test_the_option_allows_it(self):
        self.write("scripts/s.lua", f'print(io.open("{self.outside}/secret"):read("a"))')
        self.assertIn(SECRET, self.hoko("--allow-read=" + self.outside, "scripts/s.lua"))

    def test_nothing_allows_keystore_and_state(self):
        self.write("scripts/s.lua", "\n".join(self.READ.replace("@", path) for path in
                                              (self.keystore, self.folder + "/.hoko/secret", self.state, "key_hard", "state_hard", "hidden/secret")))
        out = self.hoko("--allow-read=/", "scripts/s.lua")
        self.assertNotIn(SECRET, out)
        self.assertEqual(out.count("no script may read"), 6, out)

    def test_no_library_gives_a_way_out(self):
        for trick, told in self.tries(self.TRICK, TRICKS):
            self.assertNotIn("GOT", told, trick)
            self.assertNotIn(SECRET, told, trick)

    def test_what_is_left_of_debug_gives_two_functions(self):
        out = self.script("local n = {} for k in pairs(debug) do n[#n + 1] = k end table.sort(n) print(table.concat(n, ' '))")
        self.assertEqual(out, "getinfo traceback\n")

    def test_a_finalizer_and_a_coroutine_see_no_more(self):
        out = self.script("local function look() print(os.execute, io.popen, io.open('../outside/secret') == nil) end\n"
                          "coroutine.wrap(look)()\nsetmetatable({}, {__gc = function() coroutine.wrap(look)() end})\ncollectgarbage()")
        self.assertEqual(out, "nil\tnil\ttrue\n" * 2)

    def test_a_fifo_does_not_hang_the_host(self):
        os.mkfifo(self.folder + "/fifo")
        self.script("print(io.open('fifo'):read('a'))", timeout=20)

    # ---- the kernel's half ----

    def sleeping(self, *words):
        self.write("scripts/s.lua", "print('up') hoko.sleep(60)")
        run = subprocess.Popen(self.command(*words, "scripts/s.lua"), cwd=self.folder, env=self.environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(run.wait)
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.send_signal, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with open(f"/proc/{run.pid}/task/{run.pid}/children") as file:
                children = file.read().split()
            if children:
                status = self.status(children[0])
                if status.get("Seccomp") == "2":
                    return run.pid, int(children[0])
            time.sleep(0.02)
        self.fail("no caged worker")

    @staticmethod
    def status(pid):
        with open(f"/proc/{pid}/status") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def test_the_worker_is_caged_by_the_kernel(self):
        _, worker = self.sleeping()
        status = self.status(worker)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        with open(f"/proc/{worker}/limits") as file:
            limits = {re.split(r"\s{2,}", line)[0]: re.split(r"\s{2,}", line)[1:3] for line in file}
        self.assertEqual(limits["Max processes"], ["0", "0"])
        self.assertEqual(limits["Max core file size"], ["0", "0"])

    def test_the_worker_has_no_environment_and_no_file(self):
        _, worker = self.sleeping()
        if os.geteuid() != 0:
            self.skipTest("only root may look into what is not dumpable")
        with open(f"/proc/{worker}/environ", "rb") as file:
            self.assertEqual(file.read(), b"")
        with open(f"/proc/{worker}/cmdline", "rb") as file:
            self.assertEqual(file.read(), b"hoko\0__worker\0")
        links = {fd: os.readlink(f"/proc/{worker}/fd/{fd}") for fd in os.listdir(f"/proc/{worker}/fd")}
        self.assertEqual({fd: link.split(":")[0] for fd, link in links.items()},
                         {"0": "/dev/null", "1": "/dev/null", "2": "/dev/null", "3": "socket"})

    def test_without_seccomp_scripts_run_only_if_told_to(self):
        """A filter of our own stands for a kernel that has none."""
        try:
            import ctypes
            library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        except OSError:
            self.skipTest("needs libseccomp.so.2")
        prctl_number, seccomp_number = library.seccomp_syscall_resolve_name(b"prctl"), library.seccomp_syscall_resolve_name(b"seccomp")

        class Compare(ctypes.Structure):
            _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

        library.seccomp_init.restype = ctypes.c_void_p
        refused, equal, get_seccomp, set_seccomp = 0x00050000 | 22, 4, 21, 22

        def shut():
            ctx = ctypes.c_void_p(library.seccomp_init(0x7FFF0000))
            for option in (get_seccomp, set_seccomp):
                library.seccomp_rule_add_array(ctx, refused, prctl_number, 1, ctypes.byref(Compare(0, equal, option, 0)))
            library.seccomp_rule_add_array(ctx, refused, seccomp_number, 0, None)
            assert library.seccomp_load(ctx) == 0

        self.write("scripts/s.lua", "print('ran')")
        for words, code, out in (([], 2, b""), (["--allow-uncaged"], 0, b"ran\n")):
            done = subprocess.run(self.command(*words, "scripts/s.lua"), cwd=self.folder, env=self.environment(),
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=60, preexec_fn=shut)
            self.assertEqual((done.returncode, done.stdout), (code, out), done.stderr)
            self.assertEqual(b"--allow-uncaged" in done.stderr, code == 2)

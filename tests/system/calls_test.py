"""The system calls of a worker at work, as strace sees them: those that its cage allows, and no other.

HOKO names the program under test. strace sees a call before seccomp refuses it, so one that
was only tried would be here too.
"""

import gzip
import re
import shutil
import subprocess
import unittest

from http_test import Service
from support import HOKO, IS_SANITIZED, RunTest

# core/worker/syscalls.c, told a second time, so that a longer list is noticed.
ALLOWED = set("""
    read write readv writev pread64 pwrite64 recvmsg sendmsg poll ppoll close fstat lseek newfstatat fcntl
    mmap munmap mprotect mremap brk madvise
    rt_sigaction rt_sigreturn rt_sigprocmask restart_syscall tgkill exit exit_group
    clock_gettime clock_getres gettimeofday time nanosleep clock_nanosleep getrandom getpid gettid getrusage
    futex sched_yield
""".split())

# What a script does in a day, and what it may not do.
WORK = """
print(hoko.args[1])
for row in hoko.csv("data/a.csv") do assert(row.name) end
for row in hoko.csv("data/a.csv.gz") do assert(row.name) end
for row in hoko.ndjson("data/a.ndjson") do assert(row.name) end
local f = assert(io.open("out.txt", "w")) f:write(("x"):rep(100000)) f:close()
for line in io.lines("out.txt") do assert(#line == 100000) end
local r = hoko.partners.upsert({ { name = "A" }, { name = "B", email = "no" } }, { on_ack = function() end })
assert(r.created == 1 and r.rejected == 1)
for partner in hoko.partners.list() do print(partner.name) end
hoko.store.set("cursor", { 1, 2 })
hoko.log.info("told", { a = 1 })
assert(hoko.http.get(hoko.args[1] .. "/gzip").status == 200)
for line in hoko.http.get(hoko.args[1] .. "/lines", { stream = true }):lines() do assert(line) end
local keep = {}
for i = 1, 200000 do keep[i] = { i, tostring(i) } end
keep = nil collectgarbage()
hoko.sleep(0.01)
print(os.time(), os.clock(), os.date(), math.random())
print(pcall(io.open, "/etc/passwd"))
print(pcall(require, "no_such_module"))
print(pcall(string.rep, "x", 1 << 40))
error("the end")
"""


class Calls(RunTest):
    def trace(self, *words, code):
        """The calls of each process under `hoko run WORDS`, by process id, in their order."""
        log = self.path("trace")
        done = subprocess.run(["strace", "-f", "-qq", "-s", "0", "-o", log, *self.command(*words)], cwd=self.folder,
                              env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if "PTRACE_TRACEME" in done.stderr or "ptrace" in done.stderr:
            self.skipTest("strace may not trace here: " + done.stderr.splitlines()[0])
        self.assertEqual(done.returncode, code, done.stderr)
        calls = {}
        with open(log, encoding="utf-8", errors="replace") as file:
            for line in file:
                found = re.match(r"(\d+) +(?:<\.\.\. )?(\w+)(\(.*)?", line)
                if found and "resumed>" not in line and not line.split()[1].startswith(("+++", "---")):
                    calls.setdefault(int(found[1]), []).append((found[2], found[3] or ""))
        return calls

    @staticmethod
    def behind_the_cage(calls):
        """The calls of the process that shut itself in, from then on."""
        for of_process in calls.values():
            for i, (name, arguments) in enumerate(of_process):
                if name == "seccomp" and "SET_MODE_FILTER" in arguments and "NULL" not in arguments:
                    return of_process[i + 1:]
        return []

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed (package strace)")
    @unittest.skipIf(IS_SANITIZED, "a sanitizer makes calls of its own")
    def test_a_worker_makes_the_allowed_calls_and_no_other(self):
        self.start()
        service = Service()
        self.addCleanup(service.end)
        rows = "".join(f"name {i}\n" for i in range(20000))
        self.write("data/a.csv", "name\n" + rows)
        self.write("data/a.csv.gz", gzip.compress(("name\n" + rows).encode()))
        self.write("data/a.ndjson", '{"name":"A"}\n' * 1000)
        self.write("scripts/s.lua", WORK)
        calls = self.trace("--allow-net=127.0.0.1", "scripts/s.lua", service.url, code=1)
        caged = self.behind_the_cage(calls)
        made = {name for name, _ in caged}
        self.assertGreater(len(caged), 50)
        self.assertTrue({"recvmsg", "sendmsg", "read", "close"} <= made, made)
        self.assertEqual(made - ALLOWED, set())
        executable = [arguments for name, arguments in caged if name in ("mmap", "mprotect") and "PROT_EXEC" in arguments]
        self.assertEqual(executable, [])

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed (package strace)")
    @unittest.skipIf(IS_SANITIZED, "a sanitizer makes calls of its own")
    def test_the_script_is_read_when_the_cage_is_shut(self):
        self.write("scripts/s.lua", "print(1)")
        calls = self.trace("scripts/s.lua", code=0)
        self.assertGreater(len(self.behind_the_cage(calls)), 5)
        worker = next(pid for pid, of_process in calls.items() if ("seccomp" in {name for name, _ in of_process}))
        paths = [arguments for name, arguments in calls[worker] if name in ("open", "openat") and "scripts" in arguments]
        self.assertEqual(paths, [])


if __name__ == "__main__":
    unittest.main()

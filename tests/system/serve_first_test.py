"""`hoko serve` as the first process of a container, which has no init to clean up behind it.

HOKO names the program under test.
"""

import json
import os
import signal
import subprocess
import unittest

from serving import ServeTest
from support import HOKO, wait_for

UNSHARE = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--pid", "--fork", "--mount-proc"]
CAN_UNSHARE = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


@unittest.skipUnless(CAN_UNSHARE, "no namespaces here")
class First(ServeTest):
    def serve_first(self):
        """Starts the daemon as process 1; returns its number out here."""
        with open(self.path("serve.log"), "w", encoding="utf-8") as self.log:
            self.daemon = subprocess.Popen([*UNSHARE, HOKO, "serve", "--base-url", self.url], cwd=self.folder,
                                           env=self.environment(), stdin=subprocess.DEVNULL, stderr=self.log)
        self.addCleanup(self.end_all)
        wait_for("the daemon's start", lambda: "serving" in self.logged())
        return children(self.daemon.pid)[0]

    def end_all(self):
        for pid in children(self.daemon.pid) if self.daemon.poll() is None else []:
            os.kill(pid, signal.SIGKILL)
        self.daemon.wait()

    def test_commands_that_outlive_their_script_leave_no_zombies(self):
        self.start()
        self.write("s.lua", 'os.execute("sleep 0.01 & sleep 0.01 & true")')
        self.jobs(s='script = "s.lua", allow = { run = true }')
        first = self.serve_first()
        for _ in range(5):
            self.call("jobs", "run", "s")

        def is_alone():
            self.call("jobs", "run", "s")  # what wakes it
            return len(children(first)) <= 2  # those of this run

        wait_for("the end of all zombies", is_alone)
        os.kill(first, signal.SIGTERM)
        self.assertEqual(self.daemon.wait(20), 0)
        self.assertEqual(set(self.runs("s")), {"ok"})

    def test_sigterm_ends_the_run_under_way_and_then_itself_with_0(self):
        self.start()
        self.write("s.lua", 'hoko.partners.upsert({ { name = "Ali" } }) hoko.sleep(60)')
        self.jobs(s='script = "s.lua"')
        first = self.serve_first()
        self.call("jobs", "run", "--detach", "s")
        wait_for("its first row", self.mock.partners)
        os.kill(first, signal.SIGTERM)
        self.assertEqual(self.daemon.wait(20), 0)
        self.assertIn("was stopped", self.logged())

    def test_a_run_that_died_with_its_container_is_known_to_be_dead_in_the_next(self):
        self.start()
        self.write("s.lua", "hoko.sleep(60)")
        self.jobs(s='script = "s.lua"')
        first = self.serve_first()
        self.call("jobs", "run", "--detach", "s")
        wait_for("a run", lambda: any(self.runs("s", "process")))
        os.kill(first, signal.SIGKILL)
        self.daemon.wait(20)
        self.write("s.lua", "")
        first = self.serve_first()
        self.call("jobs", "run", "s", timeout=20)
        listed = [json.loads(line) for line in self.call("runs", "list", "--json").splitlines()]
        self.assertEqual([run["outcome"] for run in listed], ["ok", "died"])
        os.kill(first, signal.SIGTERM)
        self.assertEqual(self.daemon.wait(20), 0)


if __name__ == "__main__":
    unittest.main()

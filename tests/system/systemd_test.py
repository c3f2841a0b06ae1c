"""The unit that `cmake --install` brings: sound, narrow, and wide enough for a sync.

HOKO names the program under test, in the folder it was built in.
"""

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from serving import ServeTest
from support import HOKO, IS_SANITIZED, wait_for

UNIT = "lib/systemd/system/hoko@.service"


def install():
    """The installed tree, in a folder of its own."""
    folder = tempfile.mkdtemp(prefix="hoko-install-")
    done = subprocess.run(["cmake", "--install", os.path.dirname(os.path.abspath(HOKO)), "--prefix", folder],
                          capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        shutil.rmtree(folder)
        raise AssertionError(done.stderr)
    return folder


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not here")
class Unit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = install()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        with open(os.path.join(cls.folder, UNIT), encoding="utf-8") as file:
            cls.text = file.read()
        path = os.path.join(cls.folder, "hoko@test.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"^ExecStart=\S+", f"ExecStart={os.path.abspath(HOKO)}", cls.text, flags=re.M))
        cls.path = path

    def analyze(self, *words):
        return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60)

    def test_systemd_understands_each_line_of_it(self):
        done = self.analyze("verify", "--man=no", self.path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))  # an unknown key is exit 0

    def test_it_may_do_little(self):
        done = self.analyze("security", "--offline=yes", self.path)
        score = float(re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)[1])
        self.assertLessEqual(score, 1.5, done.stdout)

    def test_program_users_and_passphrase_are_named(self):
        self.assertRegex(self.text, r"(?m)^ExecStart=/\S+/bin/hoko serve -C /var/lib/hoko/%i$")
        self.assertIn("LoadCredential=hoko-passphrase:", self.text)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "bin/hoko")))
        with open(os.path.join(self.folder, "lib/sysusers.d/hoko.conf"), encoding="utf-8") as file:
            self.assertRegex(file.read(), r"(?m)^u hoko ")


def system_calls(rules):
    """The names that SystemCallFilter= lines let through."""
    def expand(name):
        if not name.startswith("@"):
            return {name}
        listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
        words = [line.strip() for line in listed.stdout.splitlines()[1:]]
        return set().union(*(expand(word) for word in words if word and not word.startswith("#")))

    allowed = set()
    for rule in rules:
        names = set().union(*(expand(name) for name in rule.removeprefix("~").split()))
        allowed = allowed - names if rule.startswith("~") else allowed | names
    return allowed


def confine(names):
    """No privileges for this process and its children, and only these calls, as systemd does."""
    libc = ctypes.CDLL(None)
    for capability in range(41 if os.geteuid() == 0 else 0):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(0x00050000 | 1))  # SCMP_ACT_ERRNO(EPERM)
    for name in names:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add(context, 0x7fff0000, ctypes.c_int(number), 0)  # SCMP_ACT_ALLOW
    if library.seccomp_load(context) != 0:
        os._exit(99)


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not here")
@unittest.skipIf(IS_SANITIZED, "a sanitizer makes calls of its own")
class Confined(ServeTest):
    """As the unit runs it: its system calls, no privileges, the passphrase as a credential."""

    def test_a_nightly_job_syncs_within_the_units_limits(self):
        self.start()
        folder = install()
        self.addCleanup(shutil.rmtree, folder)
        with open(os.path.join(folder, UNIT), encoding="utf-8") as file:
            unit = file.read()
        calls = system_calls(re.findall(r"(?m)^SystemCallFilter=(.*)$", unit))
        if re.search(r"(?m)^RestrictSUIDSGID=yes", unit):
            calls -= {"openat2"}  # systemd cannot look into its arguments
        self.write("credentials/hoko-passphrase", "correct horse battery staple\n")
        os.chmod(self.path("credentials/hoko-passphrase"), 0o400)
        self.write("s.lua", 'hoko.sync({ source = hoko.csv("rows.csv"), key = "code", '
                            'transform = function(r) return { name = r.name } end })')
        self.write("rows.csv", "code,name\n1,Ali\n")
        self.jobs(nightly='script = "s.lua", schedule = "* * * * * *", memory = "64MiB"')
        env = self.environment(HOKO_KEYSTORE=self.path("keys/keystore"), CREDENTIALS_DIRECTORY=self.path("credentials"))
        del env["HOKO_API_KEY"]
        subprocess.run([HOKO, "key", "add", "default", "--base-url", self.url], input="any\n", text=True, env=env,
                       cwd=self.folder, check=True, capture_output=True, timeout=60)
        self.log = tempfile.NamedTemporaryFile(dir=self.folder, prefix="serve-", suffix=".log", delete=False)
        self.daemon = subprocess.Popen(
            [HOKO, "serve", "--base-url", self.url], cwd=self.folder, env=env, stdin=subprocess.DEVNULL,
            stderr=self.log, preexec_fn=lambda: confine(calls))
        self.addCleanup(self.kill, self.daemon)
        wait_for("a good run", lambda: "ok" in self.runs("nightly") or self.daemon.poll() is not None)
        self.stop()
        self.assertEqual([p["name"] for p in self.mock.partners()], ["Ali"])


if __name__ == "__main__":
    unittest.main()

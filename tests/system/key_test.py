"""The keystore as a user meets it: hoko key, unlocking, what is refused and how.

HOKO names the program under test.
"""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

HOKO = os.environ.get("HOKO", "hoko")
PASSPHRASE = "correct horse battery"
KEY = "hk_canary_0123456789abcdef"
WAYS = ["--passphrase-fd", "HOKO_PASSPHRASE_FILE", "hoko-passphrase", "hoko key unlock", "HOKO_API_KEY"]


def content(path):
    with open(path, "rb") as f:
        return f.read()


class Home(unittest.TestCase):
    """A home folder of its own, and a way to run hoko in it."""

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="hoko-key-")
        self.addCleanup(shutil.rmtree, self.home)
        self.keystore = os.path.join(self.home, ".config", "hoko", "keystore")
        self.passphrase = self.write("passphrase", PASSPHRASE + "\n")

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.home, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def env(self, **more):
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS")}
        return {**kept, "HOME": self.home, **more}

    def hoko(self, *args, stdin="", session=True, **env):
        """Without a controlling terminal, with the passphrase file unless told otherwise."""
        env.setdefault("HOKO_PASSPHRASE_FILE", self.passphrase)
        return subprocess.run(
            [HOKO, *args], env=self.env(**{k: v for k, v in env.items() if v is not None}),
            cwd=self.home, input=stdin, capture_output=True, text=True, timeout=60,
            start_new_session=session,
        )

    def good(self, *args, **more):
        done = self.hoko(*args, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def refused(self, code, *args, **more):
        """One line that says what, one hint at most, nothing on stdout, no secret."""
        done = self.hoko(*args, **more)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertLessEqual(len(lines), 2, done.stderr)
        self.assertTrue(lines[0].startswith("hoko: "), done.stderr)
        for line in lines[1:]:
            self.assertTrue(line.startswith("hint: "), done.stderr)
        self.assertNotIn("canary", done.stderr)
        self.assertNotIn(PASSPHRASE, done.stderr)
        return done.stderr

    def add(self, name="default", *args, key=KEY, **more):
        return self.good("key", "add", name, *args, stdin=key + "\n", **more)

    def names(self, **more):
        rows = self.good("key", "list", **more).stdout.splitlines()[1:]
        return [row.split()[0] for row in rows]

    @contextlib.contextmanager
    def mock(self, *args):
        mock = subprocess.Popen([HOKO, "mock", "--port", "0", *args], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, env=self.env(), text=True)
        try:
            yield mock.stdout.readline().split()[-1]
        finally:
            mock.terminate()
            mock.communicate(timeout=30)


class Terminal:
    """hoko with a person at its terminal."""

    def __init__(self, env, *args):
        self.seen = ""
        self.at = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(HOKO, [HOKO, *args], env)

    def read(self):
        if not select.select([self.fd], [], [], 30)[0]:
            raise AssertionError(f"nothing appears; so far: {self.seen}")
        try:
            part = os.read(self.fd, 65536).decode()
        except OSError:  # the other end is closed
            return False
        self.seen += part
        return part != ""

    def answer(self, question, text):
        while question not in self.seen[self.at:]:
            if not self.read():
                raise AssertionError(f"{question!r} never came: {self.seen}")
        self.at = self.seen.index(question, self.at) + len(question)
        os.write(self.fd, text.encode())

    def end(self):
        while self.read():
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code


class Storing(Home):
    def test_the_first_key_makes_the_keystore_0600_in_0700(self):
        done = self.add()
        self.assertEqual(done.stdout, "")
        self.assertEqual(os.stat(self.keystore).st_mode & 0o7777, 0o600)
        self.assertEqual(os.stat(os.path.dirname(self.keystore)).st_mode & 0o7777, 0o700)

    def test_list_shows_the_last_four_and_never_the_key(self):
        self.add()
        self.add("crm", "--origin", "https://CRM.example.com:443/x", "--header", "X-Api-Key: {key}",
                 "--expires", "2099-01-31", key="short")
        out = self.good("key", "list").stdout
        self.assertRegex(out, r"default +https://hoko\.to +…cdef +20\d\d-\d\d-\d\d +- +-\n")
        self.assertRegex(out, r"crm +https://crm\.example\.com +- +20\d\d-\d\d-\d\d +- +2099-01-31\n")
        self.assertNotIn("canary", out)
        self.assertNotIn("short", out)

    def test_the_origin_is_that_of_the_base_url_in_force(self):
        self.add("a", "--base-url", "http://127.0.0.1:4656/api")
        self.add("b", HOKO_BASE_URL="https://hoko.example/api")
        self.write("hoko.lua", 'return { base_url = "https://in-file.example/api" }')
        self.add("c")
        out = self.good("key", "list").stdout
        for name, origin in [("a", "http://127.0.0.1:4656"), ("b", "https://hoko.example"),
                             ("c", "https://in-file.example")]:
            self.assertRegex(out, rf"{name} +{re.escape(origin)} ")

    def test_keys_are_renamed_and_removed(self):
        self.add("a")
        self.add("b")
        self.good("key", "rename", "a", "c")
        self.good("key", "remove", "b")
        self.assertEqual(self.names(), ["c"])

    def test_what_cannot_be_is_told_before_a_key_is_asked_for(self):
        self.add()
        cases = [
            (2, ["key", "add", "a b"], "cannot name a key"),
            (2, ["key", "add", "x", "--header", "X-Api-Key"], "{key}"),
            (2, ["key", "add", "x", "--header", "Host: {key}"], "not for keys"),
            (2, ["key", "add", "x", "--origin", "http://crm.example.com"], "in clear"),
            (2, ["key", "add", "x", "--origin", "https://me:canary@crm.example.com"], "--origin"),
            (2, ["key", "add", "x", "--expires", "tomorrow"], "no date"),
            (2, ["key", "add", "x", "--expires", "2001-01-01"], "over already"),
            (2, ["key", "add", "default"], "already"),
            (5, ["key", "remove", "defualt"], '"defualt"'),
            (5, ["key", "rename", "nobody", "x"], '"nobody"'),
            (5, ["key", "rotate", "nobody"], '"nobody"'),
        ]
        for code, words, says in cases:
            with self.subTest(words=words):
                self.assertIn(says, self.refused(code, *words))
        self.assertEqual(self.names(), ["default"])

    def test_a_key_with_blanks_or_none_is_refused(self):
        for text in ["", "\n", "hk canary\n", "hk_canary\x01\n", "k" * 4097 + "\n"]:
            with self.subTest(text=text[:20]):
                self.refused(5, "key", "add", "default", stdin=text)
        self.assertFalse(os.path.exists(self.keystore))

    def test_a_key_is_never_an_argument(self):
        self.assertIn("one argument too many", self.refused(2, "key", "add", "default", "hk_secret"))

    def test_many_writers_at_once_all_succeed(self):
        self.add()
        self.good("key", "passwd", "--kdf", "interactive", stdin=PASSPHRASE + "\n")
        env = self.env(HOKO_PASSPHRASE_FILE=self.passphrase)
        writers = [subprocess.Popen([HOKO, "key", "add", f"k{i}"], env=env, cwd=self.home,
                                    stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for i in range(8)]
        for writer in writers:
            _, err = writer.communicate(KEY + "\n", timeout=60)
            self.assertEqual(writer.returncode, 0, err)
        self.assertEqual(sorted(self.names()), ["default"] + [f"k{i}" for i in range(8)])


class Unlocking(Home):
    def test_without_terminal_and_way_it_ends_within_a_second_naming_the_ways(self):
        self.add()
        began = time.monotonic()
        err = self.refused(5, "key", "list", HOKO_PASSPHRASE_FILE=None)
        self.assertLess(time.monotonic() - began, 1)
        for way in WAYS:
            self.assertIn(way, err)

    def test_a_descriptor_comes_first(self):
        self.add()
        r, w = os.pipe()
        os.write(w, PASSPHRASE.encode() + b"\n")
        os.close(w)
        wrong = self.write("wrong", "wrong\n")
        done = subprocess.run([HOKO, "key", "list", "--passphrase-fd", str(r)], pass_fds=[r], text=True,
                              env=self.env(HOKO_PASSPHRASE_FILE=wrong), capture_output=True, timeout=30)
        os.close(r)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_passphrase_and_key_may_share_standard_input(self):
        self.good("key", "add", "default", "--passphrase-fd", "0", stdin=f"{PASSPHRASE}\n{KEY}\n",
                  HOKO_PASSPHRASE_FILE=None)
        self.assertEqual(self.names(), ["default"])

    def test_a_wrong_passphrase_is_exit_5(self):
        self.add()
        before = content(self.keystore)
        err = self.refused(5, "key", "list", HOKO_PASSPHRASE_FILE=self.write("wrong", "wrong\n"))
        self.assertIn("wrong passphrase", err)
        self.assertEqual(content(self.keystore), before)

    def test_a_passphrase_file_that_others_can_read_is_refused_with_the_chmod(self):
        self.add()
        os.chmod(self.passphrase, 0o644)
        err = self.refused(5, "key", "list")
        self.assertIn(f"hint: chmod 600 {self.passphrase}\n", err)

    def test_a_systemd_credential_unlocks(self):
        self.add()
        folder = os.path.join(self.home, "credentials")
        os.mkdir(folder)
        self.write("credentials/hoko-passphrase", PASSPHRASE, 0o440)
        self.good("key", "list", HOKO_PASSPHRASE_FILE=None, CREDENTIALS_DIRECTORY=folder)

    def test_the_session_stays_unlocked_until_it_is_locked(self):
        self.add()
        done = self.hoko("key", "unlock", "--for", "1m")
        if "keyring" in done.stderr:
            self.skipTest("no kernel keyring here")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.good("key", "list", HOKO_PASSPHRASE_FILE=None)
        self.assertIn("unlocked for this login", self.hoko("doctor").stdout)
        self.good("key", "lock", HOKO_PASSPHRASE_FILE=None)
        self.assertNotIn("unlocked for this login", self.hoko("doctor").stdout)
        self.refused(5, "key", "list", HOKO_PASSPHRASE_FILE=None)

    def test_what_the_session_kept_ends_by_its_time(self):
        self.add()
        done = self.hoko("key", "unlock", "--for", "1s")
        if "keyring" in done.stderr:
            self.skipTest("no kernel keyring here")
        deadline = time.monotonic() + 20
        while self.hoko("key", "list", HOKO_PASSPHRASE_FILE=None).returncode == 0:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def test_the_passphrase_changes_and_its_cost_too(self):
        self.add()
        self.good("key", "passwd", "--kdf", "interactive", stdin="fresh\n")
        self.refused(5, "key", "list")
        fresh = self.write("fresh", "fresh\n")
        began = time.monotonic()
        self.assertEqual(self.names(HOKO_PASSPHRASE_FILE=fresh), ["default"])
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(content(self.keystore)[16:24], b"\x02\0\0\0\0\0\x01\0")  # 2 passes, 64 MiB


class Asking(Home):
    def test_a_person_is_asked_without_echo_for_passphrase_and_key(self):
        person = Terminal(self.env(), "key", "add", "default")
        person.answer(f"New passphrase for the keystore {self.keystore}: ", PASSPHRASE + "\n")
        person.answer("The same again: ", PASSPHRASE + "\n")
        person.answer("Key default for https://hoko.to: ", KEY + "\n")
        self.assertEqual(person.end(), 0)
        self.assertNotIn(PASSPHRASE, person.seen)
        self.assertNotIn("canary", person.seen)
        self.assertEqual(self.names(), ["default"])

    def test_the_question_names_keystore_and_purpose(self):
        self.add()
        person = Terminal(self.env(), "key", "list")
        person.answer(f"Passphrase of the keystore {self.keystore}, to list its keys: ", PASSPHRASE + "\n")
        self.assertEqual(person.end(), 0)
        self.assertIn("…cdef", person.seen)

    def test_ctrl_c_ends_it_as_a_signal_does(self):
        self.add()
        person = Terminal(self.env(), "key", "list")
        person.answer("to list its keys: ", "half\x03")
        self.assertIn(person.end(), (-signal.SIGINT, 130))


class Damage(Home):
    def setUp(self):
        super().setUp()
        self.add()
        self.good("key", "passwd", "--kdf", "interactive", stdin=PASSPHRASE + "\n")
        self.bytes = content(self.keystore)

    def put(self, damaged):
        with open(self.keystore, "wb") as f:
            f.write(damaged)

    def test_damage_has_a_message_of_its_own_and_nothing_is_overwritten(self):
        flipped = bytearray(self.bytes)
        flipped[len(flipped) // 2] ^= 1
        cases = [
            (b"", "empty"),
            (b"# not a keystore\n" * 20, "no keystore of hoko"),
            (self.bytes[:-1], "cut off"),
            (self.bytes[:40], "cut off"),
            (self.bytes + b"\0", "damaged"),
            (bytes(flipped), "damaged"),
            (self.bytes[:8] + b"\x02" + self.bytes[9:], "newer than this hoko"),
        ]
        for damaged, says in cases:
            self.put(damaged)
            for words in (["list"], ["add", "x"], ["remove", "default"], ["passwd"]):
                with self.subTest(says=says, words=words):
                    self.assertIn(says, self.refused(5, "key", *words, stdin=KEY + "\n"))
                    self.assertEqual(content(self.keystore), damaged)

    def test_a_folder_a_link_and_an_open_file_are_refused(self):
        os.chmod(self.keystore, 0o644)
        self.assertIn(f"hint: chmod 600 {self.keystore}\n", self.refused(5, "key", "list"))
        os.chmod(self.keystore, 0o600)
        os.chmod(os.path.dirname(self.keystore), 0o755)
        self.assertIn(f"hint: chmod 700 {os.path.dirname(self.keystore)}\n", self.refused(5, "key", "list"))
        os.chmod(os.path.dirname(self.keystore), 0o700)
        os.rename(self.keystore, self.keystore + ".real")
        os.symlink(self.keystore + ".real", self.keystore)
        self.assertIn("symbolic link", self.refused(5, "key", "list"))
        os.unlink(self.keystore)
        os.mkdir(self.keystore, 0o700)
        self.assertIn("is a folder", self.refused(5, "key", "list"))

    def test_an_older_copy_is_refused(self):
        self.add("second")
        self.put(self.bytes)
        err = self.refused(5, "key", "list")
        self.assertIn("older copy", err)
        self.assertIn(self.keystore + ".used", err)

    def test_a_full_disk_keeps_the_old_keystore(self):
        if not shutil.which("prlimit"):
            self.skipTest("prlimit is not installed")
        env = self.env(HOKO_PASSPHRASE_FILE=self.passphrase)
        done = subprocess.run(["prlimit", "--fsize=100", HOKO, "key", "add", "second"], env=env,
                              cwd=self.home, input=KEY + "\n", capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(content(self.keystore), self.bytes)
        self.assertEqual(self.names(), ["default"])


class Trying(Home):
    def test_test_says_what_is_known(self):
        with self.mock("--key", KEY) as url:
            self.add("default", "--base-url", url)
            out = self.good("key", "test", "--base-url", url).stdout
            self.assertIn(f"the key works at {url} and may read partners\n", out)
            self.assertNotIn("canary", out)
            self.assertRegex(self.good("key", "list").stdout, r"default .* 20\d\d-\d\d-\d\d \d\d:\d\d ")

    def test_a_key_that_hoko_does_not_take_is_exit_5(self):
        with self.mock("--key", KEY) as url:
            err = self.refused(5, "key", "test", "--base-url", url, HOKO_API_KEY="hk_canary_other")
            self.assertIn("401", err)

    def test_a_run_names_the_key_that_hoko_does_not_take_and_the_server(self):
        with self.mock("--key", "hk_canary_other") as url:
            self.add("crm-sync", "--base-url", url)
            words = ["eval", "--key", "crm-sync", "--base-url", url]
            err = self.hoko(*words, "hoko.partners.upsert{{name='A'}}").stderr
            self.assertIn(f"Hoko answered 401 to the key crm-sync at {url}: Invalid API key", err)
            err = self.hoko(*words, "hoko.partners.list()()").stderr
            self.assertIn(f"Hoko answered 401 to the key crm-sync at {url}, asked for a list: Invalid API key", err)

    def test_missing_scopes_are_printed_as_received(self):
        with self.mock("--scopes", "linksRead") as url:
            err = self.refused(5, "key", "test", "--base-url", url, HOKO_API_KEY=KEY)
            self.assertIn("403", err)
            self.assertIn("partnersRead", err)

    def test_a_key_of_another_origin_is_not_sent(self):
        self.add()
        with self.mock() as url:
            err = self.refused(5, "key", "test", "default", "--base-url", url)
            self.assertIn("nothing was sent", err)

    def test_an_unreachable_hoko_is_exit_6(self):
        self.refused(6, "key", "test", "--base-url", "http://127.0.0.1:1/api", HOKO_API_KEY=KEY)

    def test_rotate_takes_a_key_that_works_and_no_other(self):
        with self.mock("--key", KEY) as url:
            self.add("default", "--base-url", url, key="hk_the_old_key_0000")
            before = content(self.keystore)
            err = self.refused(5, "key", "rotate", "default", "--base-url", url, stdin="hk_canary_bad\n")
            self.assertIn("the old one stays", err)
            self.assertEqual(content(self.keystore), before)
            self.good("key", "rotate", "default", "--base-url", url, stdin=KEY + "\n")
            self.assertIn("…cdef", self.good("key", "list").stdout)
            self.good("key", "test", "--base-url", url)


if __name__ == "__main__":
    unittest.main()

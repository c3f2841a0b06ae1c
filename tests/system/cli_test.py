"""The command line as a user meets it: help, options, completion, init, colour.

HOKO names the program under test.
"""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

HOKO = os.environ.get("HOKO", "hoko")


def hoko(*args, env=None, cwd=None, stdin=""):
    base = {k: v for k, v in os.environ.items() if not k.startswith("HOKO_") and k != "NO_COLOR"}
    base.update(env or {})
    return subprocess.run(
        [HOKO, *args], env=base, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=30
    )


def commands():
    """Names in the COMMANDS section of the overview."""
    text = hoko("help").stdout.split("\nCOMMANDS\n")[1].split("\nCOMMON OPTIONS\n")[0]
    return re.findall(r"^  (\w+)", text, re.M)


class on_terminal:
    """Runs hoko with stdin, stdout and stderr on a terminal of COLUMNS columns."""

    def __init__(self, *args, columns=80, env=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", **(env or {})})
            if env is None or "NO_COLOR" not in env:
                os.environ.pop("NO_COLOR", None)
            subprocess.run(["stty", "cols", str(columns)], check=False)
            os.execv(HOKO, [HOKO, *args])
        self.text = self._read()

    def _read(self):
        out, deadline = b"", time.monotonic() + 20
        while time.monotonic() < deadline:
            if not select.select([self.fd], [], [], 0.2)[0]:
                continue
            try:
                part = os.read(self.fd, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            out += part
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return out.decode()


class WrongUse(unittest.TestCase):
    CASES = [
        (["rum"], 'hoko has no command "rum"; the nearest is run', "hoko help"),
        (["hlep"], 'hoko has no command "hlep"; the nearest is help', "hoko help"),
        (["sync.lua"], 'hoko has no command "sync.lua"', "hoko run sync.lua"),
        (["--colour=never", "help"], "hoko has no option --colour; the nearest is --color", "hoko help"),
        (["help", "--scdok"], "hoko help has no option --scdok; the nearest is --scdoc", "hoko help help"),
        (["-Z", "help"], "hoko has no option -Z", "hoko help"),
        (["--color", "sometimes", "help"], '--color: "sometimes" is not auto, always or never', "hoko help"),
        (["--color"], "--color needs WHEN behind it", "hoko help"),
        (["help", "a", "b"], 'hoko help: "b" is one argument too many', "hoko help help"),
        (["completion"], "hoko completion needs bash|zsh|fish", "hoko help completion"),
        (["completion", "fisch"], 'hoko completion does not know "fisch"; the nearest is fish',
         "hoko completion bash|zsh|fish"),
        (["help", "--quiet=1"], '--quiet takes no value, and "1" is one', "--quiet"),
        ([], "a command is missing", "hoko help"),
    ]

    def test_is_exit_2_with_one_line_and_one_hint(self):
        for words, message, hint in self.CASES:
            with self.subTest(words=words):
                done = hoko(*words)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr, f"hoko: {message}\nhint: {hint}\n")

    def test_is_one_json_object_with_log_format_json(self):
        done = hoko("--log-format", "json", "hlep")
        self.assertEqual(done.returncode, 2)
        line = json.loads(done.stderr)
        self.assertEqual(line["level"], "error")
        self.assertEqual(line["code"], "usage")
        self.assertEqual(line["hint"], "hoko help")


class Help(unittest.TestCase):
    def test_every_command_has_a_page_and_help_is_the_same(self):
        self.assertIn("help", commands())
        for name in commands():
            with self.subTest(command=name):
                page = hoko("help", name)
                self.assertEqual(page.returncode, 0, page.stderr)
                self.assertIn(f"hoko-{name} - ", page.stdout)
                self.assertIn("\nDESCRIPTION\n", page.stdout)
                self.assertEqual(hoko(name, "--help").stdout, page.stdout)

    def test_every_page_is_good_scdoc(self):
        if not shutil.which("scdoc"):
            self.skipTest("scdoc is not installed")
        for words in [[], *([name] for name in commands())]:
            with self.subTest(page=words):
                source = hoko("help", "--scdoc", *words).stdout
                done = subprocess.run(["scdoc"], input=source, capture_output=True, text=True, timeout=30)
                self.assertEqual(done.stderr, "")
                self.assertIn(".TH", done.stdout)

    def test_the_overview_tells_exit_codes_variables_and_files(self):
        text = hoko("help").stdout
        for heading in ["COMMON OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES"]:
            self.assertIn(f"\n{heading}\n", text)

    def test_lines_fit_the_terminal(self):
        done = on_terminal("help", columns=60, env={"NO_COLOR": "1"})
        self.assertEqual(done.code, 0)
        prose = done.text.split("ENVIRONMENT")[0]
        self.assertLessEqual(max(len(line) for line in prose.splitlines()), 60)

    def test_an_unknown_page_names_the_nearest(self):
        done = hoko("help", "completon")
        self.assertEqual(done.returncode, 2)
        self.assertIn("the nearest is completion", done.stderr)

    def test_version_is_the_first_word_of_one_line_each(self):
        done = hoko("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\Ahoko \d+\.\d+\.\d+\n")


class Colour(unittest.TestCase):
    ESCAPE = "\033["

    def test_is_for_terminals(self):
        self.assertNotIn(self.ESCAPE, hoko("help").stdout)
        self.assertIn(self.ESCAPE, on_terminal("help").text)

    def test_no_color_and_a_dumb_terminal_turn_it_off(self):
        self.assertNotIn(self.ESCAPE, on_terminal("help", env={"NO_COLOR": "1"}).text)
        self.assertNotIn(self.ESCAPE, on_terminal("help", env={"TERM": "dumb"}).text)
        self.assertIn(self.ESCAPE, on_terminal("help", env={"NO_COLOR": ""}).text)

    def test_the_option_goes_before_all(self):
        self.assertIn(self.ESCAPE, hoko("--color=always", "help", env={"NO_COLOR": "1"}).stdout)
        self.assertNotIn(self.ESCAPE, on_terminal("help", "--color", "never").text)


class Output(unittest.TestCase):
    def test_a_closed_stdout_is_no_failure(self):
        done = subprocess.run(
            ["sh", "-c", f'"{HOKO}" help | true; exec "{HOKO}" help >&-'], capture_output=True, timeout=30
        )
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, b"")

    def test_results_that_cannot_be_written_are_exit_7(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([HOKO, "help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
        self.assertEqual(done.returncode, 7)
        self.assertIn("could not be written", done.stderr)


class Completion(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.symlink(os.path.abspath(HOKO), os.path.join(self.folder, "hoko"))
        os.makedirs(os.path.join(self.folder, "work", "folder"))
        open(os.path.join(self.folder, "work", "file.lua"), "w").close()
        self.env = dict(os.environ, PATH=self.folder + ":" + os.environ["PATH"], HOME=self.folder)

    def shell(self, *argv):
        return subprocess.run(
            argv, env=self.env, cwd=os.path.join(self.folder, "work"), capture_output=True, text=True, timeout=60
        )

    def bash(self, *words):
        script = (
            "source <(hoko completion bash); "
            'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hoko; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = self.shell("bash", "-c", script, "bash", *words)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_commands_options_and_values(self):
        self.assertEqual(sorted(self.bash("hoko", "")), sorted(commands()))
        self.assertEqual(self.bash("hoko", "comp"), ["completion"])
        self.assertEqual(self.bash("hoko", "--log"), ["--log-format"])
        self.assertEqual(self.bash("hoko", "--color", ""), ["auto", "always", "never"])
        self.assertEqual(self.bash("hoko", "--color", "=", "n"), ["never"])
        self.assertEqual(self.bash("hoko", "-q", "--color", "never", "completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.bash("hoko", "help", "--sc"), ["--scdoc"])
        self.assertEqual(self.bash("hoko", "-C", ""), ["folder"])

    def test_fish_completes_the_same(self):
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")

        def fish(line):
            script = f"hoko completion fish | source; complete -C '{line}'"
            return [row.split("\t")[0] for row in self.shell("fish", "-c", script).stdout.splitlines()]

        self.assertEqual(sorted(fish("hoko ")), sorted(commands()))
        self.assertEqual(sorted(fish("hoko --color ")), ["always", "auto", "never"])
        self.assertEqual(sorted(fish("hoko completion ")), ["bash", "fish", "zsh"])
        self.assertEqual(fish("hoko help --sc"), ["--scdoc"])

    def test_zsh_reads_the_script_and_completes(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        with open(os.path.join(self.folder, "_hoko"), "w") as file:
            file.write(hoko("completion", "zsh").stdout)
        self.assertEqual(self.shell("zsh", "-n", os.path.join(self.folder, "_hoko")).stderr, "")
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(os.path.join(self.folder, "work"))
            os.execvpe("zsh", ["zsh", "-f"], {**self.env, "TERM": "xterm", "PS1": "ready> "})
        try:
            os.write(fd, b"autoload -U compinit; compinit -D -u; source ../_hoko; print loa''ded\n")
            self.wait_for(fd, "loaded")
            for typed, shown in [("hoko comp\t", "completion"), ("hoko --color nev\t", "never"),
                                 ("hoko help --sc\t", "--scdoc"), ("hoko init fol\t", "folder/")]:
                with self.subTest(typed=typed):
                    os.write(fd, typed.encode())
                    self.wait_for(fd, shown)
                    os.write(fd, b"\x15")  # empties the line
        finally:
            os.close(fd)
            os.waitpid(pid, 0)

    def wait_for(self, fd, text):
        seen, deadline = "", time.monotonic() + 20
        while text not in seen:
            self.assertLess(time.monotonic(), deadline, seen)
            if select.select([fd], [], [], 0.2)[0]:
                seen += re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", os.read(fd, 65536).decode())


class Init(unittest.TestCase):
    FILES = ["hoko.lua", "scripts/partners.lua", "scripts/partners_test.lua", "data/partners.csv",
             ".gitignore", ".luarc.json"]

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def test_makes_a_project_that_is_whole(self):
        done = hoko("init", "new/project", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in self.FILES:
            path = os.path.join(self.folder, "new/project", name)
            self.assertGreater(os.path.getsize(path), 0)
            self.assertIn(f"created  new/project/{name}\n", done.stdout)
            if name.endswith(".lua") and shutil.which("luac5.4"):
                subprocess.run(["luac5.4", "-p", path], check=True, timeout=30)
        with open(os.path.join(self.folder, "new/project/.luarc.json")) as file:
            self.assertEqual(json.load(file)["runtime.version"], "Lua 5.4")
        self.assertIn("hoko run --dry-run", done.stderr)

    def test_keeps_a_file_that_is_there_and_says_so(self):
        with open(os.path.join(self.folder, "hoko.lua"), "w") as file:
            file.write("return {}\n")
        done = hoko("init", cwd=self.folder)
        self.assertEqual(done.returncode, 0)
        self.assertIn("kept     hoko.lua, which is there already\n", done.stdout)
        with open(os.path.join(self.folder, "hoko.lua")) as file:
            self.assertEqual(file.read(), "return {}\n")
        again = hoko("init", cwd=self.folder)
        self.assertEqual(again.stdout.count("kept"), len(self.FILES))

    def test_follows_no_symlink_to_write(self):
        target = os.path.join(self.folder, "elsewhere")
        os.symlink(target, os.path.join(self.folder, "hoko.lua"))
        self.assertEqual(hoko("init", cwd=self.folder).returncode, 0)
        self.assertFalse(os.path.exists(target))

    def test_a_folder_that_cannot_be_made_is_exit_7(self):
        with open(os.path.join(self.folder, "file"), "w"):
            pass
        done = hoko("init", "file/project", cwd=self.folder)
        self.assertEqual(done.returncode, 7)
        self.assertRegex(done.stderr, r"\Ahoko: .*file")


class Doctor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.env = {"HOME": self.folder, "XDG_CONFIG_HOME": os.path.join(self.folder, "config")}

    def findings(self, *options, env=None, code=0):
        done = hoko("doctor", "--json", *options, cwd=self.folder, env={**self.env, **(env or {})})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}

    def hoko_lua(self, text):
        with open(os.path.join(self.folder, "hoko.lua"), "w") as file:
            file.write(text)

    def test_names_what_hoko_stands_on(self):
        found = self.findings()
        for name in ["Lua", "libcurl", "SQLite", "libsodium"]:
            self.assertRegex(found[name]["what"], r"\d+\.\d+")
        for name in ["seccomp", "Landlock", "memory lock", "keyring", "time zones", "clock"]:
            self.assertIn(found[name]["verdict"], ["ok", "warn"])

    def test_tells_where_the_key_comes_from(self):
        self.assertEqual(self.findings()["key"]["verdict"], "warn")
        self.assertEqual(self.findings()["key"]["fix"], "hoko key add default")
        found = self.findings("--key", "work")
        self.assertEqual(found["key"]["fix"], "hoko key add work")
        found = self.findings(env={"HOKO_API_KEY": "secret-of-test"})
        self.assertEqual(found["key"]["verdict"], "ok")
        self.assertNotIn("secret-of-test", json.dumps(found))

    def test_reads_hoko_lua_and_tells_its_mistake(self):
        self.hoko_lua("return {\n  limits = { concurrency = 0 },\n}\n")
        found = self.findings(code=2)["project"]
        self.assertEqual(found["verdict"], "fail")
        self.assertEqual(
            found["what"], "hoko.lua:2: limits.concurrency is 0; expected a whole number from 1 to 64"
        )
        self.assertEqual(found["fix"], "concurrency = 4")
        self.hoko_lua("return { base_url = 'https://hoko.example/api', jobs = { a = { script = 'a.lua' } } }")
        found = self.findings()
        self.assertEqual(found["base URL"]["what"], "https://hoko.example/api")
        self.assertIn("1 job", found["project"]["what"])

    def test_a_hoko_lua_that_never_ends_is_stopped_after_100_ms(self):
        for text, words in (("while true do end", "it ran for more than 100 ms"),
                            ("local s = 'x' while true do s = s .. s end", "not enough memory"),
                            ("return setmetatable({}, {})", "attempt to call a nil value (global 'setmetatable')")):
            self.hoko_lua(text)
            found = self.findings(code=2)["project"]
            self.assertEqual(found["verdict"], "fail")
            self.assertIn(words, found["what"])

    def test_a_state_that_cannot_be_is_exit_7(self):
        found = self.findings("--state", "sqlite:/dev/null/state.db", code=7)
        self.assertEqual(found["state"]["verdict"], "fail")

    def test_leaves_nothing_behind(self):
        self.findings()
        self.assertEqual(os.listdir(self.folder), [])

    def test_online_asks_hoko_once(self):
        mock = subprocess.Popen([HOKO, "mock", "--port", "0"], stdout=subprocess.PIPE, text=True)
        try:
            url = mock.stdout.readline().split()[-1]
            self.assertEqual(self.findings("--online", "--base-url", url)["Hoko"]["verdict"], "ok")
        finally:
            mock.terminate()
            totals = json.loads(mock.communicate(timeout=30)[0])
        self.assertEqual(totals["requests"], 1)
        self.assertEqual(self.findings("--online", "--base-url", url, code=6)["Hoko"]["verdict"], "fail")

    def test_is_a_line_a_check_for_people(self):
        done = hoko("doctor", cwd=self.folder, env=self.env)
        self.assertRegex(done.stdout, r"(?m)^ok    Lua           \d")
        self.assertRegex(done.stdout, r"(?m)^warn  key .*\n +fix: hoko key add default$")


if __name__ == "__main__":
    unittest.main()

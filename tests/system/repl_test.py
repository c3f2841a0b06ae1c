"""`hoko repl`: entries from a pipe, and keys on a terminal.

HOKO names the program under test.
"""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unicodedata
import unittest

from support import HOKO, IS_SANITIZED, Mock, wait_for
from terminal import DEADLINE, Clock, Terminal

PROMPT = "hoko> "
HAS_EDITOR = b"readline" in subprocess.run([HOKO, "--version"], capture_output=True, check=True).stdout
STOP_S = 1 if IS_SANITIZED else 0.2  # what Ctrl-C may take


class Repl(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hoko-repl-")
        self.addCleanup(shutil.rmtree, self.folder)

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.folder + "/home", "HOKO_API_KEY": "key-for-tests",
                "XDG_STATE_HOME": self.folder + "/state"}

    def piped(self, text, *options, code=0):
        """Runs the lines of TEXT; returns stdout, and keeps stderr."""
        done = subprocess.run([HOKO, "repl", *options], cwd=self.folder, env=self.environment(), input=text,
                              capture_output=True, text=True, timeout=60)
        self.err = done.stderr
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def open(self, *options, columns=80, rows=24):
        """A terminal with a prompt."""
        terminal = Terminal([HOKO, "repl", *options], self.folder, self.environment(), columns, rows)
        self.addCleanup(terminal.close)
        terminal.expect(PROMPT)
        return terminal

    def enter(self, terminal, line):
        """Types LINE; returns what was shown between it and the next prompt."""
        terminal.send(line + "\r")
        return terminal.expect(PROMPT).split("\n", 1)[1]


# Lines, and what they print.
SESSIONS = [
    ("1 + 1", "2\n"),
    ("return 1, nil, 'a'", '1\nnil\n"a"\n'),
    ("6 * 7\n_ / 2", "42\n21.0\n"),
    ("print('a')\n_", "a\nnil\n"),
    ("x = 5\nx", "5\n"),
    ("-- a comment\n\n  \n1", "1\n"),
    ("'a' .. -- behind the end\n'b'", '"ab"\n'),
    ("function f(x)\n  return x + 1\nend\nf(1)", "2\n"),
    ("if true then\nprint('in')\nend", "in\n"),
    ("[[two\nlines]]", '"two\\nlines"\n'),
    ("local n = 5\nn", "5\n"),
    ("local n = 5\nn = n + 1\nn", "6\n"),
    ("local n = 0\nfunction inc() n = n + 1 end\ninc() inc()\nn", "2\n"),
    ("local n = 0\nlocal function inc() n = n + 1 end\ninc()\nn, type(inc)", '1\n"function"\n'),
    ("local n = 1\nlocal old = function() return n end\nlocal n = 2\nold(), n", "1\n2\n"),
    ("local a <const>, b = 1, 2\na + b", "3\n"),
    ("local a = 7; return a + 1\na", "8\n7\n"),
    ("do local hidden = 1 end\nhidden", "nil\n"),
    ("local t = { a = function() local inner = 1; return inner end }\nt.a(), inner", "1\nnil\n"),
    ("local s = 'return local x'\nx, s", 'nil\n"return local x"\n'),
    ("local x <close> = nil\n1", "1\n"),
    ("local a, a = 1, 2\na", "2\n"),
    ("error('lost')\n1", "1\n"),
    ("local kept = 1\nerror('later')\nkept", "1\n"),
    ("goto over; local g = 1; ::over::\n1", "1\n"),
    ("{ { id = 1, name = 'مرحبا' }, { id = 22, name = '漢字' } }", "id  name\n 1  مرحبا\n22  漢字\n"),
    ("setmetatable({ 1 }, { __tostring = error, __index = error, __len = error, __pairs = error })", "{ 1 }\n"),
    ("#'\\u{65e5}'", "3\n"),
    ("hoko.text.slug('Al Noor')", '"al-noor"\n'),
    ("require('hoko') == hoko", "true\n"),
]


class Entries(Repl):
    def test_values_are_printed_and_locals_stay(self):
        for text, expected in SESSIONS:
            with self.subTest(text=text):
                self.assertEqual(self.piped(text + "\n"), expected)

    def test_a_source_shows_its_first_rows_and_loses_none(self):
        counted = "local n, last = 0; for row in _ do n, last = n + 1, row.name end; return n, last\n"
        lines = self.piped("hoko.partners.list{ limit = 2 }\n" + counted, "--mock").splitlines()
        self.assertEqual([line.split("  ")[0].strip() for line in lines], ["id", "00000000-00…", "00000000-00…", "2", '"Partner 2"'])
        make = "local i = 0; return i < 0\nfunction count() i = i + 1; return i <= 30 and { n = i } or nil end\n"
        self.assertEqual(self.piped(make + "hoko.rows(count)\n_().n, _().n, i\n").splitlines(),
                         ["false", " n", *(f"{n:>2}" for n in range(1, 21)), "1", "2", "21"])
        self.assertIn("… the first 20 rows; all of them: for row in _ do", self.err)

    def test_a_source_that_is_only_named_is_not_read(self):
        self.assertEqual(self.piped("local rows = hoko.rows({ { n = 1 }, { n = 2 } })\nrows\nrows().n\n"),
                         "source: hoko.rows(…) (its next rows: hoko.rows(_):take(5), all: for row in _ do … end)\n1\n")
        self.assertEqual(self.piped("hoko.rows({})\n"), "")
        self.assertIn("there are no rows", self.err)
        self.assertEqual(self.piped("hoko.csv('none.csv')\n"), "")
        self.assertIn("repl#1:1: none.csv: No such file", self.err)

    def test_three_hundred_locals_stay(self):
        lines = [f"local v{i} = {i}" for i in range(300)]
        self.assertEqual(self.piped("\n".join([*lines, "v0, v150, v299"])), "0\n150\n299\n")

    def test_an_error_names_the_entry_and_its_line(self):
        self.piped("1\nfunction f()\n  error('boom')\nend\nf()\nnope()\nx = = 1\n")
        self.assertIn("hoko: repl#2:2: boom\n", self.err)
        self.assertIn("hoko: repl#4:1: attempt to call a nil value (global 'nope')\n", self.err)
        self.assertIn("hoko: repl#5:1: unexpected symbol near '='\n", self.err)

    def test_an_error_shows_its_line_and_how_it_was_reached(self):
        self.piped("function f()\n  local x\n  return x.y\nend\nfunction g()\n  f()\nend\ng()\nif f then\n  g()\nend\n"
                   "if f then\n  error('here')\nend")
        message = "hoko: repl#1:3: attempt to index a nil value (local 'x')\n"
        frames = "  repl#1:3: in 'f'\n  repl#2:2: in 'g'\n"
        self.assertEqual(self.err, 2 * (message + frames) + "hoko: repl#5:2: here\n  1 | if f then\n> 2 |   error('here')\n"
                                                            "  3 | end\n")

    def test_an_error_whose_text_fails_is_told_nevertheless(self):
        self.assertEqual(self.piped("error(setmetatable({}, { __tostring = function() error('no') end }))\n1"), "1\n")
        self.assertIn("error object is a table value", self.err)

    def test_input_that_ends_within_an_entry_is_told(self):
        self.piped("1 +")
        self.assertIn("the input ends within a statement", self.err)

    def test_os_exit_ends_the_session(self):
        self.assertEqual(self.piped("1\nos.exit()\n2"), "1\n")
        self.piped("os.exit(3)", code=1)

    def test_limits_are_those_of_run(self):
        limit_ms = 3000 if IS_SANITIZED else 500
        out = self.piped("x = 1\nwhile true do end\nx\n2", "--timeout", f"{limit_ms}ms")
        self.assertEqual(out, "nil\n2\n")
        self.assertIn(f"the script ran past its limit of {limit_ms} ms", self.err)
        self.assertIn("none of the variables", self.err)
        out = self.piped("x = 1\nlocal s = ('x'):rep(1 << 30)\nx", "--memory", "16MiB")
        self.assertEqual(out, "1\n")
        self.assertIn("ran out of its 16 MiB of memory", self.err)

    def test_permissions_are_those_of_run(self):
        self.assertEqual(self.piped("(io.open('/etc/passwd'))\nos.getenv('HOME')\nos.execute('true')\n1"), "nil\nnil\n1\n")
        self.assertIn("/etc/passwd", self.piped("select(2, io.open('/etc/passwd'))"))

    def test_a_worker_that_is_killed_is_replaced(self):
        terminal = self.open()
        os.kill(terminal.worker(), 9)
        self.assertIn("none of the variables", self.enter(terminal, "1"))
        self.assertEqual(self.enter(terminal, "2"), "2\n")


class Keys(Repl):
    def test_a_prompt_comes_at_once_and_ctrl_d_ends(self):
        times = []
        for _ in range(5):
            clock = Clock()
            terminal = self.open()
            times.append(clock.seconds(terminal.pid, terminal.worker()))
            terminal.send("\x04")
            self.assertEqual(terminal.wait(), 0)
        self.assertLess(min(times), 1 if IS_SANITIZED else 0.05)

    def test_an_entry_goes_on_behind_another_prompt(self):
        terminal = self.open()
        terminal.send("if true then\r")
        terminal.expect("   >> ")
        terminal.send("print('in')\r")
        terminal.expect("   >> ")
        self.assertEqual(self.enter(terminal, "end"), "in\n")

    @unittest.skipUnless(HAS_EDITOR, "built without readline")
    def test_a_line_can_be_edited(self):
        terminal = self.open()
        self.assertEqual(self.enter(terminal, "19\x1b[D\x1b[D\x7f2\x1b[C\x1b[C + 1"), "220\n")
        self.assertEqual(self.enter(terminal, "#'مرحبا\x7f\x7fب'"), "8\n")

    def test_ctrl_c_gives_the_line_up(self):
        terminal = self.open()
        terminal.send("x = 'typed\x03")
        terminal.expect(PROMPT)
        terminal.send("if true then\r")
        terminal.expect("   >> ")
        terminal.send("\x03")
        terminal.expect(PROMPT)
        self.assertEqual(self.enter(terminal, "x"), "nil\n")

    def test_a_prompt_begins_its_line(self):
        terminal = self.open()
        self.assertEqual(self.enter(terminal, "io.stdout:write('no end'); x = 1"), "no end\n")

    @unittest.skipUnless(HAS_EDITOR, "built without readline")
    def test_ctrl_z_stops_it_and_it_goes_on_with_its_line(self):
        terminal = self.open()
        terminal.send("1 + ")
        terminal.expect("1 + ")
        terminal.send("\x1a")
        _, status = os.waitpid(terminal.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.expect("1 + ")  # drawn again
        terminal.send("1\r")
        terminal.expect("2\r\n")

    def test_a_signal_ends_it(self):
        for number in (15, 1):
            terminal = self.open()
            os.kill(terminal.pid, number)
            self.assertEqual(terminal.wait(), 128 + number)

    def test_a_signal_ends_what_runs(self):
        terminal = self.open()
        terminal.send("print('runs') while true do end\r")
        terminal.expect("runs\r\n")
        os.kill(terminal.pid, 15)
        self.assertEqual(terminal.wait(), 143)


def literal(number):
    """Lua of several lines that no two numbers share, and what its value is shown as."""
    chance = random.Random(number)
    parts = ["\n", "\\n", "\\", "\t", "'", '"', "مرحبا", "漢字", "é", " ", "--", "hoko.", "x", "\n\n", "%", "#"]
    text = "".join(chance.choice(parts) for _ in range(chance.randint(1, 40)))
    shown = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f"[==[<{number}>{text}]==]", f'"<{number}>{shown}"\n'


@unittest.skipUnless(HAS_EDITOR, "built without readline")
class History(Repl):
    def paste(self, terminal, block):
        """Pastes BLOCK as a terminal does, and enters it; returns what it printed."""
        terminal.send(f"\x1b[200~{block}\x1b[201~")
        terminal.send("\r")
        before = terminal.expect(PROMPT)
        return before

    def test_a_pasted_block_runs_as_one_entry(self):
        terminal = self.open()
        shown = self.paste(terminal, "local a = 1\nif a then\n\tprint('in', a)\nend\nprint(a, 'out')")
        self.assertTrue(shown.endswith("in\t1\n1\tout\n"), shown)
        self.assertNotIn("   >> ", shown)

    def test_five_hundred_entries_come_back_as_they_were(self):
        terminal = self.open(columns=300)
        for number in range(500):
            entry, shown = literal(number)
            self.assertTrue(self.paste(terminal, entry).endswith(shown), entry)
        terminal.send("\x04")
        terminal.wait()
        terminal = self.open(columns=300)
        for number in range(500):
            _, shown = literal(number)
            terminal.send(f"\x12<{number}>\r")  # Ctrl-R
            terminal.expect(shown.replace("\n", "\r\n"))  # the prompt is drawn while it searches, too
            terminal.expect(PROMPT)

    def test_an_entry_of_many_lines_is_one_step_of_the_arrow_keys(self):
        terminal = self.open()
        self.enter(terminal, "'first'")
        terminal.send("if true then\r")
        terminal.expect("   >> ")
        terminal.send("print('many')\r")
        terminal.expect("   >> ")
        self.enter(terminal, "end")
        terminal.send("\x1b[A\r")
        self.assertTrue(terminal.expect(PROMPT).endswith("many\n"))
        self.assertTrue(self.enter(terminal, "\x1b[A\x1b[A").endswith('"first"\n'))

    def test_its_file_is_its_owners(self):
        terminal = self.open()
        self.enter(terminal, "1")
        path = self.folder + "/state/hoko/history"
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "1\n")

    def test_a_history_that_cannot_be_written_is_told_once(self):
        self.assertEqual(os.mkdir(self.folder + "/state"), None)
        with open(self.folder + "/state/hoko", "w", encoding="utf-8"):
            pass
        terminal = Terminal([HOKO, "repl"], self.folder, self.environment())
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.expect(PROMPT).count("history"), 1)
        self.assertEqual(self.enter(terminal, "1"), "1\n")

    def test_a_megabyte_is_pasted_within_a_second(self):
        terminal = self.open()
        for block, count in (("x = {\n" + "  'a row of text that stands here',\n" * 30000 + "}", 30000),
                             ("x = '" + "y" * 1000000 + "'", 1000000)):
            times = [terminal.time(lambda block=block: self.paste(terminal, block)) for _ in range(3)]
            self.assertLess(min(times), 10 if IS_SANITIZED else 1)
            self.assertEqual(self.enter(terminal, "#x"), f"{count}\n")


ROWS = "hoko.partners.upsert{ { name = 'a' }, { name = 'b' }, { id = '00000000-0000-4000-8000-000000000001', name = 'c' } }"
AWAY = ("--base-url", "https://hoko.invalid/api", "--give-up", "1ms")  # a name that none has
QUESTION = "Send? [y/N/a] "


class Writes(Repl):
    def ask(self, terminal, line):
        """Types LINE; returns what it asks about."""
        terminal.send(line + "\r")
        return terminal.expect(QUESTION).split("\n", 1)[1].strip()

    def answer(self, terminal, keys):
        terminal.send(keys)
        return terminal.expect(PROMPT)

    def test_a_write_is_shown_before_it_is_sent(self):
        terminal = self.open(*AWAY)
        self.assertEqual(self.ask(terminal, ROWS), "create 2, update 1 at https://hoko.invalid with HOKO_API_KEY")
        for no in ("n\r", "\r", "what\r", "\x03"):
            shown = self.answer(terminal, no)
            self.assertNotIn("no address is known", shown)
            self.ask(terminal, ROWS)
        self.assertIn("pending = 3", self.answer(terminal, "n\r"))
        self.ask(terminal, ROWS)
        self.assertIn("no address is known", self.answer(terminal, "y\r"))  # so it tried

    def test_always_is_for_the_session(self):
        terminal = self.open(*AWAY)
        self.ask(terminal, ROWS)
        self.assertIn("no address is known", self.answer(terminal, "a\r"))
        self.assertIn("no address is known", self.enter(terminal, ROWS))

    def test_other_writes_are_shown_too(self):
        terminal = self.open(*AWAY)
        ids = "{ '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002' }"
        at = " at https://hoko.invalid with HOKO_API_KEY"
        self.assertEqual(self.ask(terminal, f"hoko.partners.delete{ids}"), "delete 2" + at)
        self.assertIn("not sent: it was not confirmed", self.answer(terminal, "n\r"))
        self.assertEqual(self.ask(terminal, "hoko.api.post('/links', { a = 1 })"), "POST /links" + at)
        self.assertIn("not sent: it was not confirmed", self.answer(terminal, "n\r"))
        self.assertEqual(self.ask(terminal, "hoko.partners.create{ { name = 'a' } }"), "create 1" + at)
        self.answer(terminal, "n\r")
        self.assertIn("no address is known", self.enter(terminal, "hoko.api.get('/links')"))  # which writes nothing

    def test_a_source_without_end_says_that_there_is_more(self):
        terminal = self.open(*AWAY)
        shown = self.ask(terminal, "hoko.partners.upsert(function() return { name = 'a' } end)")
        self.assertRegex(shown, "create [0-9,]+ and more at https://hoko.invalid with HOKO_API_KEY$")
        self.answer(terminal, "n\r")

    def test_what_was_typed_ahead_is_no_answer(self):
        terminal = self.open(*AWAY)
        terminal.send(ROWS + "\ry\ry\r")
        terminal.expect(QUESTION)
        terminal.send("n\r")
        self.assertNotIn("no address is known", terminal.expect(PROMPT))

    def test_yes_asks_nothing(self):
        self.assertIn("no address is known", self.piped(ROWS, "--yes", *AWAY))

    def test_without_a_terminal_nothing_is_sent_unasked(self):
        self.assertIn("pending = 3", self.piped(ROWS, *AWAY))
        self.assertIn("hint: nobody can be asked here; hoko repl --yes sends", self.err)

    def test_a_loopback_server_asks_nothing(self):
        mock = Mock()
        self.addCleanup(mock.end)
        terminal = self.open("--base-url", mock.url)
        self.assertIn("created = 1", self.enter(terminal, "hoko.partners.upsert{ { name = 'a' } }"))
        self.assertEqual([partner["name"] for partner in mock.partners()], ["a"])

    def test_a_dry_run_never_sends(self):
        mock = Mock()
        self.addCleanup(mock.end)
        out = self.piped("hoko.partners.upsert{ { name = 'a' } }\nhoko.api.post('/partners', { { name = 'b' } })\n"
                         "pcall(hoko.partners.delete, { '00000000-0000-4000-8000-000000000001' })",
                         "--dry-run", "--yes", "--base-url", mock.url)
        self.assertIn('create  name: "a"', out)
        self.assertEqual(out.count("not sent: a dry run sends nothing"), 2)
        self.assertEqual(mock.stats()["requests"], 0)

    def test_a_mock_beside_it_is_there_to_play(self):
        terminal = self.open("--mock")
        count = "local n = 0; for _ in hoko.partners.list() do n = n + 1 end; return n"
        self.assertEqual(self.enter(terminal, count), "20\n")
        self.assertIn("created = 1", self.enter(terminal, "hoko.partners.upsert({ { name = 'a', crm = 1 } }, "
                                                          "{ key = 'crm', stream = 's' })"))
        self.assertEqual(self.enter(terminal, count), "21\n")
        terminal.send("\x04")
        self.assertEqual(terminal.wait(), 0)
        self.assertFalse(os.path.exists(self.folder + "/.hoko"))

    def test_a_prompt_keeps_no_stream_from_others(self):
        mock = Mock()
        self.addCleanup(mock.end)
        terminal = self.open("--base-url", mock.url)
        upsert = "hoko.partners.upsert({ { name = 'a', crm = 1 } }, { key = 'crm', stream = 's' })"
        self.assertIn("created = 1", self.enter(terminal, upsert))
        self.assertIn("unchanged = 1", self.piped(upsert, "--base-url", mock.url))
        self.assertIn("unchanged = 1", self.enter(terminal, upsert))

    def test_progress_leaves_the_line_as_it_was(self):
        mock = Mock("--latency", "150")
        self.addCleanup(mock.end)
        terminal = self.open("--base-url", mock.url)
        terminal.send("hoko.partners.upsert({ { name = 'a' } }).created\r")
        terminal.expect("1 row")
        terminal.expect("\r\x1b[K")  # erased
        self.assertTrue(terminal.expect(PROMPT).endswith("1\n"))


def width(text):
    """Columns that TEXT takes on a terminal."""
    return sum(0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)


class Display(Repl):
    TABLE = ("t = { { id = 1, name = 'مُحَمَّد العربي', city = 'الرياض' }, { id = 20, name = '漢字カナ混じり文', city = '東京' }, "
             "{ id = 300, name = ('long '):rep(30), city = 'Zürich' } }")

    def test_tables_fit_every_terminal_and_stay_aligned(self):
        for columns in (20, 21, 33, 80, 132, 300):
            with self.subTest(columns=columns):
                terminal = self.open(columns=columns)
                self.enter_wide(terminal, self.TABLE)
                lines = self.enter_wide(terminal, "t").splitlines()
                self.assertEqual(len(lines), 4, lines)
                self.assertLessEqual(max(map(width, lines)), columns)
                begins = {width(line[:line.index(word)]) for line, word in zip(lines, ("name", "مُ", "漢", "long"))}
                self.assertEqual(len(begins), 1, lines)

    def enter_wide(self, terminal, line):
        """As enter(), of a line that may be wider than the terminal."""
        terminal.send(line + "\r")
        terminal.expect(b"\x1b[?2004l\r" if HAS_EDITOR else "\n")
        return terminal.expect(PROMPT)

    def test_more_columns_than_fit_are_shown_as_lua(self):
        terminal = self.open(columns=20)
        row = "{ a = 'one', b = 'two', c = 'three', d = 'four', e = 'five', f = 'six' }"
        rows = f"{{ {row}, {row} }}"
        self.assertTrue(self.enter_wide(terminal, rows).startswith("{\n"))

    def test_a_terminal_that_is_resized_while_a_line_runs_shows_the_result_in_its_new_width(self):
        terminal = self.open(columns=300)
        self.enter(terminal, self.TABLE)
        terminal.send("print('runs') io.read() return t\r")
        terminal.expect("runs\r\n")
        terminal.resize(33)
        terminal.send("\r")
        lines = terminal.expect(PROMPT).splitlines()
        self.assertEqual(max(map(width, lines)), 33, lines)

    @unittest.skipUnless(HAS_EDITOR, "built without readline")
    def test_a_terminal_that_is_resized_at_the_prompt_goes_on(self):
        terminal = self.open(columns=80)
        terminal.send("'" + "x" * 100)
        for columns in (20, 300, 50):
            terminal.resize(columns)
            terminal.send("y")
            terminal.expect("y")
        terminal.send("' == ('x'):rep(100) .. 'yyy'\r")
        terminal.expect("true\r\n")

    def test_a_million_entries_are_shown_within_50_ms(self):
        terminal = self.open()
        self.enter(terminal, "big, rows, keys = {}, {}, {} for i = 1, 1e6 do big[i], keys['k' .. i] = i, i end "
                             "for i = 1, 1e5 do rows[i] = { id = i, name = 'n' .. i } end")
        for name in ("big", "rows", "keys"):
            times = []
            for _ in range(7):
                times.append(terminal.time(lambda name=name: self.assertIn("more", self.enter(terminal, name))))
            self.assertLess(min(times), 2 if IS_SANITIZED else 0.05, name)


# What is typed, what TAB adds to it (None: nothing, and a bell).
COMPLETIONS = [
    ("hoko.par", "tners"), ("hoko.partners.up", "sert"), ("string.rev", "erse"), ("retu", "rn"), ("collect", "garbage"),
    ("localn", "ame"), ("localname.al", "pha"), ("localname.beta.ga", "mma"), ("x = localname.al", "pha"),
    ("local fresh = 1; return fre", "sh"), ("guarded.ow", "n"), ("guarded.never", None), ("text:upp", "er"), ("('x'):upp", "er"),
    ("object:me", "thod"), ("hoko.http.get('u').sta", "tus"), ("hoko.partners.upsert(rows, { stre", "am"),
    ("hoko.sync{ sou", "rce"), ("hoko.sync{ source = rows, transf", "orm"), ("hoko.csv('x', { head", "er"),
    ("hoko.partners.upsert(rows, { send = 'ch", "anged"), ("hoko.partners.upsert{ { pho", "ne"),
    ("hoko.partners.upsert(rows, { key = 'em", "ail"), ("localname['key of", " words"), ("hoko.csv('da", "ta/"),
    ("hoko.csv('data/par", "tners.csv"), ("hoko.csv('nothing", None), ("-- hok", None), ("1", None), (":he", "lp"),
    (":help hoko.cs", "v"), (":save da", "ta/"), ("f(function() return localname.al", "pha"), ("{ localname.al", "pha"),
]


@unittest.skipUnless(HAS_EDITOR, "built without readline")
class Completion(Repl):
    def setUp(self):
        super().setUp()
        os.makedirs(self.folder + "/data")
        with open(self.folder + "/data/partners.csv", "w", encoding="utf-8"):
            pass

    def complete(self, terminal, typed):
        """What TAB adds to TYPED, None where the bell rings."""
        terminal.send(typed)
        terminal.expect(typed)
        terminal.send("\t#")
        added = terminal.expect("#")
        is_bell = b"\x07" in terminal.raw[-200:]
        terminal.send("\x03")
        terminal.expect(PROMPT)
        return None if is_bell and not added else added

    def test_a_word_is_completed_where_only_one_fits(self):
        terminal = self.open()
        self.enter(terminal, "local localname = { alpha = 1, beta = { gamma = 2 }, ['key of words'] = 1 }")
        self.enter(terminal, "guarded = setmetatable({ own = 1 }, { __index = function() error('called') end, "
                             "__len = error, __pairs = error, __eq = error, __name = error, __tostring = error })")
        self.enter(terminal, "text = 'x' object = setmetatable({}, { __index = { method = print, meta = 1 } })")
        for typed, added in COMPLETIONS:
            with self.subTest(typed=typed):
                self.assertEqual(self.complete(terminal, typed), added)

    def test_several_words_are_listed(self):
        terminal = self.open()
        terminal.send("hoko.partners.\t")
        for name in ("adopt", "create", "delete", "list", "upsert"):
            terminal.expect(name)
        terminal.expect(PROMPT + "hoko.partners.")

    def test_it_goes_on_from_the_lines_above(self):
        terminal = self.open()
        terminal.send("hoko.sync{\r")
        terminal.expect("   >> ")
        terminal.send("sou\t#")
        self.assertTrue(terminal.expect("#").endswith("rce"))

    def test_names_of_our_own_can_be_taken(self):
        terminal = self.open()
        self.enter(terminal, "table, string, next, rawget, native = 1, 2, 3, 4, 5")
        self.assertEqual(self.complete(terminal, "hoko.par"), "tners")
        self.assertEqual(self.enter(terminal, "{ table, { string } }"), "{ 1, { 2 } }\n")

    def press_tab(self, terminal):
        seen = len(terminal.raw)
        terminal.send("\t")
        while len(terminal.raw) == seen:
            terminal.take()

    def test_it_takes_20_ms_at_most(self):
        terminal = self.open()
        self.enter(terminal, "big = {} for i = 1, 1e6 do big['k' .. i] = i end")
        for typed in ("hoko.partners.up", "big.nothing", "big.k1000"):
            times = []
            for _ in range(7):
                terminal.send(typed)
                terminal.expect(typed)
                times.append(terminal.time(lambda: self.press_tab(terminal)))
                terminal.send("\x03")
                terminal.expect(PROMPT)
            self.assertLess(min(times), 0.5 if IS_SANITIZED else 0.02, typed)


class Commands(Repl):
    def test_help_shows_signature_meaning_and_example(self):
        page = self.piped(":help hoko.partners.upsert")
        self.assertTrue(page.startswith("hoko.partners.upsert(rows, options?)\n"), page)
        for part in ("Options:", "stream", "Example:"):
            self.assertIn(part, page)
        self.assertIn(":save FILE", self.piped(":help"))
        self.piped(":help hoko.cvs")
        self.assertIn("there is no help on 'hoko.cvs', did you mean 'hoko.csv'?", self.err)

    def test_values_are_shown_as_json_or_csv(self):
        rows = "{ { id = 1, name = 'a \"b\", c' }, { id = 2, name = hoko.null, email = 'e' } }"
        out = self.piped(f":csv\n{rows}\n:csv\n1\n:json\n{{ a = 1, b = {{ 2 }} }}\n'x'\nprint\n:json\n'x'")
        self.assertIn('id,name,email\n1,"a ""b"", c",\n2,,e\n1\n{\n  "a": 1,\n', out)
        self.assertTrue(out.endswith('"x"\n'), out)
        self.assertIn("values are shown as JSON", self.err)

    def test_reset_forgets_variables(self):
        self.assertEqual(self.piped("local a, b = 1\nb = 2\n:reset\na, b\n1"), "nil\nnil\n1\n")

    def test_what_worked_is_saved_as_a_script_that_check_accepts(self):
        lines = ["local rows = { { name = 'a' } }", "#rows", "_ + 1", "print('kept')", "error('lost')", "1 +", "2", "syntax error",
                 "local x = 5; return x -- five", "_ * 2", "type('call')", "if x then", "  print(x)", "end", "_", "print(1)",
                 "hoko.text.slug('A b')", "print(_)"]
        shown = self.piped("\n".join(lines) + "\n:save saved.lua\n")
        self.assertIn("entries are in saved.lua", self.err)
        with open(self.folder + "/saved.lua", encoding="utf-8") as file:
            script = file.read()
        self.assertNotIn("lost", script)
        done = subprocess.run([HOKO, "check", "saved.lua"], cwd=self.folder, env=self.environment(), capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + script)
        done = subprocess.run([HOKO, "run", "saved.lua"], cwd=self.folder, env=self.environment(), capture_output=True,
                              text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "kept\n5\n1\na-b\n"), done.stderr + script)
        self.assertIn("kept\n", shown)

    def test_an_unknown_command_names_the_nearest(self):
        self.piped(":hepl")
        self.assertIn("hoko: there is no command :hepl\nhint: :help\n", self.err)
        self.assertEqual(self.piped("::label:: print('a label')"), "a label\n")


# What runs, and whether the variables are there after Ctrl-C.
RUNAWAYS = [
    ("print('runs') while true do end", True),
    ("print('runs') while true do x = x + 1 end", True),
    ("print('runs') while true do pcall(function() while true do end end) end", True),
    ("print('runs') for _ = 1, 1e9 do local t = {} t[1] = t end", True),
    ("print('runs') table.sort({ 2, 1 }, function() while true do end end)", True),
    ("print('runs') string.gsub('a', 'a', function() while true do end end)", True),
    ("print('runs') local t <close> = setmetatable({}, { __close = function() x = 1 end }) while true do end", True),
    ("print('runs') hoko.sleep(1000)", True),
    ("print('runs') hoko.sleep(1000) print('on')", True),
    ("print('runs') io.read()", True),
    ("print('runs') repeat local f = load('x = 1') f() until false", True),
    ("print('runs') while true do print(('y'):rep(1000)) end", True),
    ("print('runs') string.find(('a'):rep(40), ('a-'):rep(30) .. 'b')", False),
    ("print('runs') for _ = 1, 1e9 do ('x'):rep(1e9) end", None),
    ("coroutine.wrap(function() print('runs') while true do end end)()", True),
    ("for _ in coroutine.wrap(function() coroutine.yield(1) print('runs') while true do end end) do end", True),
    ("coroutine.resume(coroutine.create(function() print('runs') while true do pcall(error) end end))", True),
    ("local function deep(n) if n == 0 then print('runs') while true do end end coroutine.wrap(deep)(n - 1) end deep(50)", True),
]


class Silent:
    """A server that takes requests and never answers; ASKED is set by each."""

    def __init__(self):
        self.asked, self.connections = threading.Event(), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self.read, args=(connection,), daemon=True).start()
        except OSError:
            pass  # the end

    def read(self, connection):
        try:
            while connection.recv(1 << 16):
                self.asked.set()
        except OSError:
            pass  # the client went away

    def end(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()


class Interrupts(Repl):
    def interrupt(self, terminal):
        clock = Clock(terminal.pid)
        terminal.send("\x03")
        terminal.expect("interrupted\r\n")
        shown = terminal.expect(PROMPT)
        self.assertLess(clock.seconds(), STOP_S)
        return shown

    def wait_for_ticks(self, terminal, ticks):
        """Until the worker has run for so many more of the kernel's ticks: it is where it stays."""
        def used():
            with open(f"/proc/{terminal.worker()}/stat", encoding="ascii") as file:
                return int(file.read().rsplit(")", 1)[1].split()[11])
        began = used()
        wait_for("work of the worker", lambda: used() >= began + ticks)

    def test_ctrl_c_stops_what_waits_for_the_network(self):
        server = Silent()
        self.addCleanup(server.end)
        terminal = self.open("--base-url", server.url, "--allow-net", f"127.0.0.1:{server.port}")
        for code in ("hoko.partners.upsert{ { id = '00000000-0000-4000-8000-000000000001', name = 'b' } }",
                     "hoko.partners.upsert{ { name = 'a' } }",
                     "hoko.api.get('/partners')",
                     "for p in hoko.partners.list() do print(p.name) end",
                     f"hoko.http.get('{server.url}/partners')",
                     "hoko.partners.upsert(function() hoko.api.get('/links') return { name = 'a' } end)",
                     "while true do pcall(hoko.api.get, '/partners') end"):
            with self.subTest(code=code):
                self.enter(terminal, "x = 1")
                server.asked.clear()
                terminal.send(code + "\r")
                self.assertTrue(server.asked.wait(DEADLINE))
                shown = self.interrupt(terminal)
                self.assertNotIn("none of the variables", shown)
                self.assertEqual(self.enter(terminal, "x"), "1\n")

    def test_ctrl_c_stops_a_query(self):
        terminal = self.open()
        self.enter(terminal, "x = 1 io.open('d.db', 'w'):close()")
        endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS n FROM c"
        terminal.send(f"print('runs') for _ in hoko.sql('sqlite:d.db', '{endless}') do end\r")
        terminal.expect("runs\r\n")
        self.assertNotIn("none of the variables", self.interrupt(terminal))
        self.assertEqual(self.enter(terminal, "x"), "1\n")

    def test_ctrl_c_stops_whatever_runs(self):
        terminal = self.open()
        for code, keeps in RUNAWAYS:
            with self.subTest(code=code):
                self.enter(terminal, "x = 1")
                terminal.send(code + "\r")
                terminal.expect("runs\r\n")
                if keeps is False:
                    self.wait_for_ticks(terminal, 3)
                shown = self.interrupt(terminal)
                if keeps is not None:
                    self.assertEqual("none of the variables" not in shown, keeps)
                    self.assertEqual(self.enter(terminal, "x ~= nil"), "true\n" if keeps else "false\n")
                self.assertEqual(self.enter(terminal, "1 + 1"), "2\n")

    def test_ctrl_c_keeps_variables_of_a_worker_that_gets_no_time(self):
        terminal = self.open()
        self.enter(terminal, "x = 1")
        terminal.send("print('runs') while true do pcall(function() while true do end end) end\r")
        terminal.expect("runs\r\n")
        worker = terminal.worker()
        os.kill(worker, signal.SIGSTOP)
        waits = self.waits(terminal.pid)
        terminal.send("\x03")
        wait_for("steps of the host", lambda: self.waits(terminal.pid) >= waits + 20)
        os.kill(worker, signal.SIGCONT)
        terminal.expect("interrupted\r\n")
        self.assertNotIn("none of the variables", terminal.expect(PROMPT))
        self.assertEqual(self.enter(terminal, "x"), "1\n")

    @staticmethod
    def waits(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M)[1])


if __name__ == "__main__":
    unittest.main()

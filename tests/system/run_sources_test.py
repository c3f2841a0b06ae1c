"""hoko run: files as sources, good and bad, and what hoko.sync makes of them."""

import gzip
import os
import subprocess
import unittest

from support import HOKO, RunTest

SYNC = 'hoko.sync{source=hoko.csv(arg[1]), transform=function(row) return {name=row.name, email=row.email} end}'


class Csv(RunTest):
    CSV = "uuid,name,email\n7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11,\"Smith, Jr.\",a@b.co\n"

    def sync(self, content, code=0):
        self.start()
        self.write("data.csv", content)
        return self.script(SYNC, "data.csv", code=code)

    def test_a_csv_is_read_plain_packed_and_with_a_mark(self):
        for content in (self.CSV, "\ufeff" + self.CSV, self.CSV.replace("\n", "\r\n"), gzip.compress(self.CSV.encode())):
            self.sync(content)
            self.assert_rows(submitted=1, created=1)
            self.assertEqual(self.mock.partners()[0]["name"], "Smith, Jr.")

    BAD = (
        ("name,email\na,b,c\n", "data.csv:2", "3 cells"),
        ("name,email\na\n", "data.csv:2", "1 cell"),
        ('name,email\na,"b\n', "data.csv:2", "never closed"),
        ('name,email\nx,y@z.co\na,"b\nc\n\nd', "data.csv:3", "never closed"),
        ('name,email\na,"b"c\n', "data.csv:2", "quote"),
        ("name,name\n", "data.csv:1", "name"),
        (bytes(range(255, -1, -1)) * 50, "data.csv:1", "UTF-8"),
        (bytes(range(256)) * 50, "data.csv:3", ""),
        ("name,email\nA,a@b.co\n".encode("utf-16"), "data.csv:1", ""),
        (b"name,email\nA\xff,a@b.co\n", "data.csv:2", ""),
        (gzip.compress(CSV.encode())[:-12], "data.csv", ""),
    )

    def test_a_bad_csv_is_an_error_with_its_line(self):
        for content, place, words in self.BAD:
            with self.subTest(content[:30]):
                code = 3 if place == "data.csv:2" and not words else 1  # invalid UTF-8 in a cell is the row's own
                self.sync(content, code=code)
                if code == 1:
                    self.assertIn(place, self.err)
                    self.assertIn("scripts/s.lua:1", self.err)
                self.assertIn(words, self.err)
                self.assertNotIn("\0", self.err)

    def test_an_empty_file_and_a_header_alone_give_no_rows(self):
        for content in ("", "\ufeff", "\n\n", "name,email", "name,email\n", "name,email\r\n\r\n"):
            self.sync(content)
            self.assert_rows()
            self.assertEqual(self.mock.stats()["requests"], 0)

    def test_a_utf_16_file_is_read_when_its_encoding_is_named(self):
        self.start()
        self.write("data.csv", "name,email\nسارة,a@b.co\n".encode("utf-16"))
        self.script(SYNC.replace("arg[1]", 'arg[1], {encoding="UTF-16"}'), "data.csv")
        self.assertEqual(self.mock.partners()[0]["name"], "سارة")

    def test_a_field_of_100_mb_is_refused_in_little_memory(self):
        self.start()
        self.write("data.csv", b"name,email\na,a@b.co\n" + b"x" * (100 << 20) + b",b@b.co\n")
        self.script(SYNC, "data.csv", code=1)
        self.assertIn("data.csv:3", self.err)
        self.assert_rows(submitted=1, created=1)
        self.assert_memory(64 << 20)

    def test_a_quote_that_is_never_closed_in_100_mb_is_refused_in_little_memory(self):
        self.start()
        self.write("data.csv", b'name,email\n"x' + b"line\n" * (20 << 20))
        self.script(SYNC, "data.csv", code=1)
        self.assertIn("data.csv:2", self.err)
        self.assert_memory(64 << 20)

    def test_files_that_cannot_be_read_are_told_at_the_scripts_line(self):
        self.start()
        os.makedirs(self.path("folder"))
        for name, words in (("none.csv", "No such file"), ("folder", "folder"), ("", "empty"), ("/etc/shadow-", "not allowed")):
            self.script("local a\n" + SYNC.replace("arg[1]", f'"{name}"'), code=1)
            self.assertIn(words, self.err)
            self.assertIn("scripts/s.lua:2", self.err)
        if os.geteuid() != 0:
            os.chmod(self.write("secret.csv", self.CSV), 0)
            self.script(SYNC, "secret.csv", code=1)
            self.assertIn("Permission denied", self.err)

    def test_the_line_that_made_the_source_is_the_one_shown(self):
        self.start()
        self.write("bad.csv", 'name\n"a"b\n')
        for made, says in (('hoko.csv("none.csv")', "none.csv: No such file"), ('hoko.csv("bad.csv")', "bad.csv:2: text after"),
                           ('hoko.sql("sqlite:none.db", "SELECT 1")', "none.db: No such file")):
            for read in ("for row in rows do print(row) end", "hoko.sync{ source = rows }", "rows()",
                         "hoko.rows(rows):take(1)()", "local ok, why = pcall(rows) error(why, 0)"):
                with self.subTest(made=made, read=read):
                    self.script(f"local a\nlocal rows = {made}\nlocal b\n{read}\n", code=1)
                    self.assertRegex(self.err, f"hoko: scripts/s.lua:2: [^\n]*{says}")
                    self.assertIn(f"  1 | local a\n> 2 | local rows = {made}\n  3 | local b\n", self.err)
                    self.assertIn("  scripts/s.lua:4: in ", self.err)
        self.write("lua/make.lua", "return { rows = function()\n  return hoko.csv('none.csv')\nend }")
        self.script("local rows = require('make').rows()\n\nrows()\n", code=1)
        self.assertIn("lua/make.lua:2: none.csv: No such file or directory\n  1 |", self.err)
        self.assertIn("> 2 |   return hoko.csv('none.csv')\n", self.err)

    def test_a_malformed_record_is_a_reject_where_that_is_wanted(self):
        self.start()
        self.write("data.csv", "name,email\na,a@b.co\nb,b@b.co,more\nc,c@b.co\n")
        self.script('hoko.sync{source=hoko.csv(arg[1], {on_error="reject"}), transform=function(row)\n'
                    'return {name=row.name, email=row.email} end}', "data.csv", code=3)
        self.assert_rows(submitted=3, created=2, rejected=1)

    def test_a_column_that_is_not_there_raises_at_the_scripts_line(self):
        self.start()
        self.write("data.csv", "fullname,email\na,a@b.co\n")
        self.script('hoko.sync{source=hoko.csv(arg[1]), transform=function(row)\n  return {name=row.fulname}\nend,'
                    ' on_error="stop"}', "data.csv", code=1)
        self.assertIn("fullname", self.err)
        self.assertIn("scripts/s.lua:2", self.err)

    def test_a_file_named_in_an_argument_is_meant_from_where_hoko_was_started(self):
        self.start()
        self.write("sub/data.csv", "name\na\n")
        self.write("scripts/s.lua", "for row in hoko.csv(arg[1]) do print(row.name) end")
        done = subprocess.run([HOKO, "run", "../scripts/s.lua", "data.csv"], cwd=self.path("sub"),
                              env=self.environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "a\n"), done.stderr)

    def test_standard_input_is_a_source(self):
        self.start()
        self.script(SYNC, "-", stdin=self.CSV.encode())
        self.assert_rows(submitted=1, created=1)

    def test_rejects_keep_row_file_and_line(self):
        self.start()
        self.write("data.csv", "name,email\na,a@b.co\nb,nobody\n")
        self.script(SYNC, "data.csv", code=3)
        out = subprocess.run([HOKO, "rejects", "export"], cwd=self.folder, env=self.environment(), capture_output=True,
                             text=True, timeout=60).stdout
        self.assertIn('"source":{"file":"data.csv","line":3}', out)
        self.assertIn('"row":{"', out)
        self.assertIn('"email":"nobody"', out)


class Sync(RunTest):
    def rows(self, text, rows=50, code=0):
        self.start()
        self.write("data.csv", "name\n" + "".join(f"n{i}\n" for i in range(rows)))
        return self.script(text, "data.csv", code=code)

    def test_a_transform_that_gives_nil_skips_the_row(self):
        self.rows('hoko.sync{source=hoko.csv(arg[1]), transform=function(row)\n'
                  'if row.name:find("7") then return nil, "seven" end return {name=row.name} end}')
        self.assert_rows(skipped=5, submitted=45, created=45)

    def test_a_transform_that_fails_for_one_row_rejects_that_row(self):
        self.rows('hoko.sync{source=hoko.csv(arg[1]), transform=function(row)\n'
                  'if row.name == "n7" then error("no seven") end\nreturn {name=row.name} end}', code=3)
        self.assert_rows(submitted=50, created=49, rejected=1)
        self.assertIn("no seven", self.err)
        self.assertIn("scripts/s.lua:2", self.err)

    def test_each_distinct_failure_is_printed_once_with_its_count(self):
        self.rows('hoko.sync{source=hoko.csv(arg[1]), transform=function(row)\n'
                  'if row.name:find("7") then error("no seven") end\nreturn {name=row.name} end}', code=3)
        self.assertEqual(self.err.count("the transform failed: "), 1, self.err)
        self.assertIn("5 rows", self.err)

    def test_a_transform_that_fails_for_the_first_20_stops_the_run(self):
        self.rows('hoko.sync{source=hoko.csv(arg[1]), transform=function(row) error("always") end}', rows=500, code=1)
        self.assert_rows(submitted=20, rejected=20)
        self.assertIn("always", self.err)

    def test_a_transform_that_fails_for_more_than_a_fifth_of_100_stops_the_run(self):
        self.rows('local n = 0\nhoko.sync{source=hoko.csv(arg[1]), transform=function(row) n = n + 1\n'
                  'if n % 4 == 0 then error("often") end return {name=row.name} end}', rows=500, code=1)
        self.assert_rows(submitted=100, created=75, rejected=25)

    def test_on_error_stop_stops_at_the_first(self):
        self.rows('hoko.sync{source=hoko.csv(arg[1]), on_error="stop", transform=function(row)\n'
                  'if row.name == "n7" then error("no seven") end\nreturn {name=row.name} end}', code=1)
        self.assert_rows(submitted=7, created=7)

    def test_the_key_is_of_the_sources_row(self):
        text = ('hoko.sync{source=hoko.csv(arg[1]), key="name", transform=function(row)\n'
                'return {name=row.name:upper()} end}')
        self.rows(text)
        self.assert_rows(submitted=50, created=50)
        self.script(text, "data.csv")
        self.assert_rows(submitted=50, unchanged=50)

    def test_without_a_transform_the_rows_are_partners(self):
        self.start()
        self.write("data.csv", "ref,name\n1,A\n2,B\n")
        self.script('hoko.sync{source=hoko.csv(arg[1]), key="ref"}', "data.csv")
        self.assert_rows(submitted=2, created=2)


if __name__ == "__main__":
    unittest.main()

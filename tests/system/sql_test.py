"""hoko.sql: rows of SQLite files and of a PostgreSQL that the tests start themselves."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

from postgres import PASSWORD, Postgres
from support import HOKO, RunTest, wait_for

SHOW = """
local function show(row)
  local names = {}
  for name in pairs(row) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    names[i] = ("%s=%s:%s"):format(name, math.type(row[name]) or type(row[name]), hoko.json.encode(row[name]))
  end
  print(table.concat(names, " "))
end
"""


class Sqlite(RunTest):
    def setUp(self):
        super().setUp()
        self.make("crm.db", "CREATE TABLE p (code INTEGER PRIMARY KEY, name TEXT, email TEXT)",
                  "INSERT INTO p VALUES (1, 'Al Noor', 'a@example.com'), (2, 'نور', NULL), (9007199254740993, '', '')")

    def make(self, name, *statements):
        with sqlite3.connect(self.path(name)) as db:
            for statement in statements:
                db.execute(statement)
        db.close()
        return self.path(name)

    def refused(self, query, *more, dsn="sqlite:crm.db"):
        """The message of the script whose second line makes a source of QUERY."""
        self.write("query.sql", query)
        self.script("local query = io.open('query.sql'):read('a')\n"
                    f"local rows = hoko.sql('{dsn}', query{', '.join(['', *more])})\nrows()\n", code=1)
        return self.err

    def test_values_are_exact_and_null_is_nil(self):
        out = self.script(SHOW + """
for row in hoko.sql("sqlite:crm.db", "SELECT code, name, email FROM p ORDER BY code") do show(row) end
for row in hoko.sql("sqlite:crm.db", "SELECT 0.1 AS f, 1e300 AS g, 5.0 AS h, x'00417f' AS b, NULL AS n") do show(row) end""")
        self.assertEqual(out.splitlines(), [
            'code=integer:1 email=string:"a@example.com" name=string:"Al Noor"', 'code=integer:2 name=string:"نور"',
            'code=integer:9007199254740993 email=string:"" name=string:""',
            'b=string:"\\u0000A\x7f" f=float:0.1 g=float:1e+300 h=float:5.0'])

    def test_parameters_are_bound(self):
        out = self.script(SHOW + """
for row in hoko.sql("sqlite:crm.db", "SELECT ? AS a, ? AS b, ? AS c, ? AS d, typeof(?) AS e, ?6 IS NULL AS f",
                    "'; DROP TABLE p; --", math.mininteger, 0.5, true, nil, hoko.null) do show(row) end
for row in hoko.sql{ dsn = "sqlite:crm.db", query = "SELECT name FROM p WHERE code = ?", params = { 2 } } do show(row) end""")
        self.assertEqual(out.splitlines(), [
            'a=string:"\'; DROP TABLE p; --" b=integer:-9223372036854775808 c=float:0.5 d=integer:1 e=string:"null" f=integer:1',
            'name=string:"نور"'])
        self.assertIn("s.lua:2: sqlite:crm.db: the query has 1 parameters, and 2 came with it", self.refused("SELECT ?", "1", "2"))

    def test_errors_name_the_line_that_made_the_source_and_what_the_database_said(self):
        for query, says in (("SELECT nam FROM p", "no such column: nam"), ("SELEC 1", 'near "SELEC": syntax error'),
                            ("SELECT * FROM nowhere", "no such table: nowhere"), ("-- nothing", "the query is empty"),
                            ("SELECT 1; SELECT 2", "the query is more than one statement"),
                            ("SELECT 1 AS a, 2 AS b, 3 AS a", "columns 1 and 3 are both named 'a'")):
            with self.subTest(query=query):
                self.assertIn(f"s.lua:2: sqlite:crm.db: {says}", self.refused(query))
        self.script("local rows = hoko.sql('sqlite:crm.db', 'SELECT 1 AS a;  -- one\\n')\nprint(rows().a, rows())")

    def test_a_row_that_fails_is_named_and_those_before_it_came(self):
        self.make("bad.db", "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 'x'), (2, CAST(x'ff41' AS TEXT))")
        out = self.script("for row in hoko.sql('sqlite:bad.db', 'SELECT a, b FROM t') do print(row.a) end", code=1)
        self.assertEqual(out, "1\n")
        self.assertIn("s.lua:1: sqlite:bad.db:2: column 'b' is not valid UTF-8", self.err)

    def test_a_column_that_the_query_lacks_raises_with_the_nearest(self):
        self.script("local row = hoko.sql('sqlite:crm.db', 'SELECT name, email FROM p WHERE code = 2')()\n"
                    "print(row.email)\nprint(row.nane)", code=1)
        self.assertIn("s.lua:3: sqlite:crm.db has no column 'nane', did you mean 'name'?", self.err)

    WRITES = ("INSERT INTO p VALUES (7, 'x', 'y')", "UPDATE p SET name = 'x'", "DELETE FROM p", "DROP TABLE p",
              "CREATE TABLE q (a)", "ATTACH 'other.db' AS other", "VACUUM INTO 'copy.db'", "VACUUM", "BEGIN IMMEDIATE",
              "PRAGMA journal_mode = WAL", "PRAGMA user_version = 7", "REINDEX", "ANALYZE",
              "INSERT INTO p VALUES (7, 'x', 'y') RETURNING code", "SELECT load_extension('x')",
              "WITH x AS (SELECT 1) DELETE FROM p RETURNING code")

    def test_nothing_but_reading_is_possible(self):
        with open(self.path("crm.db"), "rb") as file:
            before = file.read()
        files = sorted(os.listdir(self.folder)) + ["query.sql", "report.json", "scripts", ".hoko"]
        for query in self.WRITES:
            with self.subTest(query=query):
                self.assertIn("s.lua:2: sqlite:crm.db: ", self.refused(query))
                with open(self.path("crm.db"), "rb") as file:
                    self.assertEqual(file.read(), before)
        self.assertLessEqual(set(os.listdir(self.folder)), set(files))

    def test_a_write_asks_for_it_and_is_committed_behind_the_last_row(self):
        taken = 'dsn = "sqlite:crm.db", query = "UPDATE p SET email = ? WHERE code < 3", params = { "taken" }'
        self.script("hoko.sql{ %s }()" % taken, code=1)
        self.assertIn("s.lua:1: sqlite:crm.db: hoko.sql only reads, and this statement would do more", self.err)
        self.assertIn("hint: give it a SELECT, or let it write rows: hoko.sql{ dsn = …, query = …, write = true }", self.err)
        self.assertEqual(self.script("local rows = hoko.sql{ %s, write = true }\nprint(rows().changed, rows())" % taken), "2\tnil\n")
        self.assertEqual(self.emails(), ["taken", "taken", ""])
        out = self.script("""for row in hoko.sql{ dsn = "sqlite:crm.db", write = true,
  query = "DELETE FROM p WHERE code < 3 RETURNING name, code" } do print(row.code, row.name) end""")
        self.assertEqual(sorted(out.splitlines()), ["1\tAl Noor", "2\tنور"])
        self.assertEqual(self.emails(), [""])

    def emails(self):
        with sqlite3.connect(self.path("crm.db")) as db:
            return [email for (email,) in db.execute("SELECT email FROM p ORDER BY code")]

    def test_a_write_that_is_left_or_fails_or_is_dry_leaves_nothing(self):
        self.make("crm.db", "INSERT INTO p SELECT value + 100, 'x', 'y' FROM (WITH RECURSIVE c(value) AS (VALUES (1) "
                  "UNION ALL SELECT value + 1 FROM c WHERE value < 100000) SELECT value FROM c)", "CREATE UNIQUE INDEX one ON p (code)")
        before = self.emails()
        many = 'hoko.sql{ dsn = "sqlite:crm.db", query = "UPDATE p SET email = \'z\' RETURNING code", write = true }'
        self.script(f"for row in {many} do break end\n{many}()")
        self.assertEqual(self.emails(), before)
        self.script('hoko.sql{ dsn = "sqlite:crm.db", query = "UPDATE p SET code = 1", write = true }()', code=1)
        self.assertIn("UNIQUE constraint failed: p.code", self.err)
        self.assertEqual(self.emails(), before)
        one = 'print(hoko.sql{ dsn = "sqlite:crm.db", query = "DELETE FROM p WHERE code = 1", write = true }().changed)'
        self.assertEqual(self.script(one, options=["--dry-run"]), "1\n")
        self.assertEqual(self.emails(), before)
        self.assertEqual(self.script(one), "1\n")
        self.assertEqual(self.emails(), before[1:])

    def test_a_write_changes_rows_and_nothing_else(self):
        self.make("crm.db", "CREATE INDEX by_name ON p (name)")
        for query in self.WRITES:
            if query.split()[0] in ("INSERT", "UPDATE", "DELETE", "WITH"):
                continue
            with self.subTest(query=query):
                self.write("query.sql", query)
                self.script("hoko.sql{ dsn = 'sqlite:crm.db', query = io.open('query.sql'):read('a'), write = true }()", code=1)
                self.assertRegex(self.err, "s.lua:1: sqlite:crm.db: (hoko.sql writes rows, and|cannot VACUUM|not authorized\n)")
        self.assertFalse(os.path.exists(self.path("copy.db")))
        self.assertEqual(self.emails(), ["a@example.com", None, ""])

    def test_a_write_needs_the_permission_to_write_and_no_journal_of_another(self):
        folder = tempfile.mkdtemp(prefix="hoko-other-")
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(self.path("crm.db"), folder + "/crm.db")
        text = f"print(hoko.sql{{ dsn = 'sqlite:{folder}/crm.db', query = 'DELETE FROM p', write = true }}().changed)"
        self.script(text, code=1, options=["--allow-read", folder])
        self.assertIn(f"--allow-write={folder}", self.err)
        self.assertEqual(self.script(text, options=["--allow-write", folder]), "3\n")
        self.write("crm.db-journal", "left by another")
        self.script("hoko.sql{ dsn = 'sqlite:crm.db', query = 'DELETE FROM p', write = true }()", code=1)
        self.assertIn("s.lua:1: sqlite:crm.db: another program is writing it, or was cut off in the middle", self.err)
        self.assertTrue(os.path.exists(self.path("crm.db-journal")))
        self.script("hoko.sql{ dsn = 'sqlite:.hoko/state.db', query = 'DELETE FROM x', write = true }()", code=1)
        self.assertRegex(self.err, "is not allowed|no script may write")

    def test_a_file_needs_its_permission(self):
        folder = tempfile.mkdtemp(prefix="hoko-other-")
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(self.path("crm.db"), folder + "/crm.db")
        self.assertIn(f"--allow-read={folder}", self.refused("SELECT 1", dsn=f"sqlite:{folder}/crm.db"))
        os.symlink(folder + "/crm.db", self.path("link.db"))
        self.assertIn("is not allowed", self.refused("SELECT 1", dsn="sqlite:link.db"))
        text = f"print(hoko.sql('sqlite:{folder}/crm.db', 'SELECT count(*) AS n FROM p')().n)"
        self.assertEqual(self.script(text, options=["--allow-read", folder]), "3\n")
        self.assertIn("crm.dbx", self.refused("SELECT 1", dsn="sqlite:crm.dbx"))
        self.assertFalse(os.path.exists(self.path("crm.dbx")))
        self.write("text.db", "this is no database, and never was one" * 100)
        self.assertIn("file is not a database", self.refused("SELECT * FROM p", dsn="sqlite:text.db"))

    def test_state_and_keystore_are_refused_under_any_name(self):
        self.start()
        self.script("hoko.store.set('x', 1)")
        os.link(self.path(".hoko/state.db"), self.path("hard.db"))
        os.symlink(".hoko/state.db", self.path("soft.db"))
        self.write("home/.config/hoko/keystore", "x")
        os.link(self.path("home/.config/hoko/keystore"), self.path("keys.db"))
        for name in (".hoko/state.db", "./.hoko/../.hoko/state.db", "hard.db", "soft.db", "keys.db"):
            with self.subTest(name=name):
                self.assertRegex(self.refused("SELECT * FROM sqlite_master", dsn="sqlite:" + name),
                                 "is not allowed|no script may read")

    def test_a_file_that_another_writes_is_waited_for(self):
        writer = sqlite3.connect(self.path("crm.db"), isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("INSERT INTO p VALUES (5, 'late', NULL)")
        run = self.begin("print('asked') io.stdout:flush()\n"
                         "print(hoko.sql('sqlite:crm.db', 'SELECT count(*) AS n FROM p')().n)")
        self.assertEqual(run.stdout.readline(), b"asked\n")
        self.assertIsNone(run.poll())
        writer.execute("COMMIT")
        writer.close()
        self.assertEqual(self.ended(run, 0), b"4\n")

    def test_a_million_rows_take_no_memory_and_a_row_has_its_limit(self):
        self.assertEqual(self.script("""
local n, sum = 0, 0
for row in hoko.sql("sqlite:crm.db", [[WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < 1000000)
                    SELECT i AS code, 'Partner number ' || i AS name, i || '@example.com' AS email FROM c]]) do
  n, sum = n + 1, sum + row.code
end
print(n, sum)"""), "1000000\t500000500000\n")
        self.assert_memory(32 << 20)
        self.assertIn("crm.db:1: the row is larger than 16 MiB",
                      self.refused("SELECT zeroblob(9000000) AS a, zeroblob(9000000) AS b"))

    def test_an_interrupt_ends_a_query_that_computes(self):
        run = self.begin("print('asked') io.stdout:flush()\n"
                         "hoko.sql('sqlite:crm.db', [[WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c) "
                         "SELECT max(i) AS m FROM c]])()")
        self.assertEqual(run.stdout.readline(), b"asked\n")
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        self.ended(run, 130)
        self.assertLess(time.monotonic() - began, 5)

    def test_rows_are_synced_and_a_reject_says_which_row_it_was(self):
        self.start()
        text = """hoko.sync{ source = hoko.sql("sqlite:crm.db", "SELECT code, name FROM p ORDER BY code"), key = "code",
          transform = function(row) return { name = row.name } end }"""
        self.script(text, code=3)
        self.assert_rows(submitted=3, created=2, rejected=1)
        self.assertEqual(sorted(p["name"] for p in self.mock.partners()), ["Al Noor", "نور"])
        reject = self.rejects()[0]
        self.assertEqual((reject["key"], reject["source"]), ("9007199254740993", {"file": "sqlite:crm.db", "line": 3}))
        self.script(text, code=3)
        self.assert_rows(submitted=3, unchanged=2, rejected=1)

    def test_several_queries_are_read_at_once_and_too_many_are_told(self):
        self.assertEqual(self.script("""
local a = hoko.sql("sqlite:crm.db", "SELECT code AS n FROM p ORDER BY code")
local b = hoko.sql("sqlite:crm.db", "SELECT code AS n FROM p ORDER BY code DESC")
print(a().n, b().n, a().n, b().n)
local many = "WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < 1000000) SELECT i AS n FROM c"
local open = {}
for i = 1, 16 do open[i] = hoko.sql("sqlite:crm.db", many) open[i]() end
print(pcall(hoko.sql("sqlite:crm.db", many)))
open = nil
collectgarbage()
print(hoko.sql("sqlite:crm.db", many)().n)"""),
            "1\t9007199254740993\t2\t2\nfalse\tscripts/s.lua:8: sqlite:crm.db: more than 16 queries are open\n1\n")


class WrongUse(RunTest):
    CASES = (
        ('hoko.sql()', "hoko.sql: the name of the database must be a string, not nil"),
        ('hoko.sql("sqlite:a")', "hoko.sql: the query must be a string, not nil"),
        ('hoko.sql("sqlite:a", {})', "hoko.sql: the query must be a string, not table"),
        ('hoko.sql("sqlite:a", "")', "hoko.sql: the query is empty"),
        ('hoko.sql("sqlite:a", "SELECT ?", {})', "hoko.sql: parameter 1 must be a string, a number, a boolean or nil, not a table"),
        ('hoko.sql("sqlite:a", "SELECT ?", 0/0)', "hoko.sql: parameter 1 is not finite"),
        ('hoko.sql("sqlite:a", "SELECT ?", "\\xff")', "hoko.sql: parameter 1 is not valid UTF-8"),
        ('hoko.sql("sqlite:a", "SELECT \\xff")', "hoko.sql: the query is not valid UTF-8"),
        ('hoko.sql{ dsn = "sqlite:a" }', "hoko.sql: option 'query' is missing"),
        ('hoko.sql{ query = "SELECT 1" }', "hoko.sql: option 'dsn' is missing"),
        ('hoko.sql{ dsn = "sqlite:a", query = "SELECT 1", param = {} }', "hoko.sql: unknown option 'param', did you mean 'params'?"),
        ('hoko.sql{ dsn = "sqlite:a", query = "SELECT 1", write = 1 }', "hoko.sql: option 'write' must be a boolean, not a number"),
        ('hoko.sql{ dsn = "sqlite:a", query = "SELECT 1", params = 1 }', "hoko.sql: option 'params' must be a table, not a number"),
        ('hoko.sql("mysql://u:geheim@h/d", "SELECT 1")()', "mysql://h/d: a database is named sqlite:FILE or postgresql://USER@HOST/DATABASE"),
        ('hoko.sql("host=h password=geheim", "SELECT 1")()', "the database: a database is named sqlite:FILE or postgresql://USER@HOST/DATABASE"),
        ('hoko.sql("sqlite:", "SELECT 1")()', "sqlite: names no file"),
        ('hoko.sql("postgresql://u:geheim@h/d", "SELECT 1")()', "postgresql://h/d: a password has no place in the name of a database"),
        ('hoko.sql("postgresql://h/d?password=geheim", "SELECT 1")()', "postgresql://h/d: a password has no place in the name of a database"),
        ('hoko.sql("postgresql://u:geheim%zz@h/d", "SELECT 1")()', "postgresql://h/d: this is no URL of a PostgreSQL database"),
        ('hoko.sql("postgresql://h/d?hostaddr=10.0.0.1", "SELECT 1")()', "postgresql://h/d: the parameter 'hostaddr' is not taken"),
        ('hoko.sql("postgresql://h,i/d", "SELECT 1")()', "postgresql://h,i/d: the database is on one host, here are several"),
        ('hoko.sql("postgresql://crm.example.com/d", "SELECT 1")()', "postgresql://crm.example.com is not allowed"),
    )

    def test_each_misuse_names_the_line_and_what_was_wrong_and_shows_no_password(self):
        for code, says in self.CASES:
            with self.subTest(code=code):
                self.write("a", "")
                self.script("\n" + code, code=1)
                self.assertIn(f"s.lua:2: {says}", self.err.replace("postgresql://crm.example.com/d: ", ""))
                head = self.err.split("\n")[0]
                self.assertNotIn("geheim", head + self.report["error"]["message"])

    def test_a_denied_host_names_the_option_that_helps(self):
        self.script("hoko.sql('postgresql://crm.example.com/d', 'SELECT 1')()", code=1)
        self.assertIn("--allow-net=crm.example.com", self.err)
        self.script("hoko.sql('postgresql://127.0.0.1:1/d', 'SELECT 1')()", code=1, options=["--allow-net=127.0.0.1:2"])
        self.assertIn("postgresql://127.0.0.1:1 is not allowed", self.err)
        self.script("hoko.sql('postgresql://127.0.0.1:1/d', 'SELECT 1')()", code=1, options=["--allow-net=127.0.0.1:1"])
        self.assertIn("Connection refused", self.err)


    def test_a_test_of_the_users_reads_files_and_no_server(self):
        self.write("crm.db", "")
        self.write("scripts/x_test.lua", """
test("files", function() expect(hoko.sql("sqlite:crm.db", "SELECT 7 AS n")().n):equals(7) end)
test("servers", function()
  expect(function() hoko.sql("postgresql://127.0.0.1:1/d", "SELECT 1")() end):raises("a test has no network")
end)""")
        done = subprocess.run([HOKO, "test"], cwd=self.folder, env=self.environment(), capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "2 passed, 0 failed\n"), done.stdout + done.stderr)


class Server(RunTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.end)
        cls.server.sql("CREATE TABLE p (code bigint PRIMARY KEY, name text, email text);"
                       "INSERT INTO p VALUES (1, 'Al Noor', 'a@example.com'), (2, 'نور', NULL), (9007199254740993, '', '');")

    def query(self, text, *words, code=0, **more):
        """Runs a script in which `query(sql, …)` is a source of the server's."""
        return self.script(SHOW + f"local function query(...) return hoko.sql('{self.server.url}', ...) end\n" + text,
                           *words, code=code, options=["--allow-net=localhost"], **more)

    def test_values_are_exact_and_what_lua_has_no_type_for_is_text(self):
        out = self.query("""
for row in query("SELECT * FROM p ORDER BY code") do show(row) end
show(query([[SELECT 1::int2 AS a, 2::int4 AS b, (-9223372036854775808) AS c, true AS d, false AS e, 0.1::float8 AS f,
  'NaN'::float8 <> 1 AS g, 1.10::numeric AS h, 123456789012345678901234567890::numeric AS i, '\\x00417f'::bytea AS j]])())
show(query([[SELECT NULL AS a, DATE '2026-11-24' AS b, TIMESTAMPTZ '2026-11-24 08:00:00.5+00' AT TIME ZONE 'UTC' AS c,
  INTERVAL '1 day 2 hours' AS d, ARRAY[1, 2] AS e, '{"x": [1]}'::json AS f,
  '550e8400-e29b-41d4-a716-446655440000'::uuid AS g, ''::bytea AS h, 'ab'::char(4) AS i]])())""")
        self.assertEqual(out.splitlines(), [
            'code=integer:1 email=string:"a@example.com" name=string:"Al Noor"', 'code=integer:2 name=string:"نور"',
            'code=integer:9007199254740993 email=string:"" name=string:""',
            'a=integer:1 b=integer:2 c=integer:-9223372036854775808 d=boolean:true e=boolean:false f=float:0.1 '
            'g=boolean:true h=string:"1.10" i=string:"123456789012345678901234567890" j=string:"\\u0000A\x7f"',
            'b=string:"2026-11-24" c=string:"2026-11-24 08:00:00.5" d=string:"P1DT2H" e=string:"{1,2}" '
            'f=string:"{\\"x\\": [1]}" g=string:"550e8400-e29b-41d4-a716-446655440000" h=string:"" i=string:"ab  "'])

    def test_parameters_are_bound(self):
        out = self.query("""
show(query("SELECT $1::text AS a, $2::int8 + 1 AS b, $3::float8 AS c, $4::bool AS d, $5::text IS NULL AS e",
  "'; DROP TABLE p; --", 9007199254740992, 0.1, false, nil)())
show(query("SELECT name FROM p WHERE code = $1", 2)())""")
        self.assertEqual(out.splitlines(), [
            'a=string:"\'; DROP TABLE p; --" b=integer:9007199254740993 c=float:0.1 d=boolean:false e=boolean:true',
            'name=string:"نور"'])

    def test_errors_name_the_line_and_what_the_server_said(self):
        place = "s.lua:11: postgresql:///postgres: "
        for query, says in (("SELECT nam FROM p", 'column "nam" does not exist (at character 8 of the query)'),
                            ("SELEC 1", 'syntax error at or near "SELEC" (at character 1 of the query)'),
                            ("SELECT 1; SELECT 2", "cannot insert multiple commands into a prepared statement"),
                            ("SELECT 1 AS a, 2 AS a", "columns 1 and 2 are both named 'a'"),
                            ("", "the query is empty"), ("SET search_path TO x", "the query gives no rows"),
                            ("COPY p TO STDOUT", "the query gives no rows"), ("SELECT $1::int", "bind message supplies 0")):
            with self.subTest(query=query):
                self.write("query.sql", query or "-- nothing")
                self.query("\nquery(io.open('query.sql'):read('a'))()", code=1)
                self.assertIn(place, self.err)
                if query:
                    self.assertIn(says, self.err)
        self.query('query("SELECT nam FROM p")()', code=1)
        self.assertIn('hint: Perhaps you meant to reference the column "p.name".', self.err)

    def test_an_error_in_the_middle_comes_behind_the_rows_before_it(self):
        out = self.query("for row in query('SELECT 10 / (3 - i) AS x FROM generate_series(1, 5) AS i') do print(row.x) end", code=1)
        self.assertEqual(out, "5\n10\n")
        self.assertIn("division by zero", self.err)

    WRITES = ("INSERT INTO p VALUES (7, 'x', 'y') RETURNING code", "UPDATE p SET name = 'x' RETURNING code", "DELETE FROM p",
              "DROP TABLE p", "CREATE TABLE q (a int)", "SELECT * FROM p FOR UPDATE", "COPY p FROM STDIN", "COMMIT",
              "WITH gone AS (DELETE FROM p RETURNING code) SELECT * FROM gone", "SELECT nextval('s')", "TRUNCATE p",
              "DO $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM p; END $$",
              "DO $$ BEGIN PERFORM set_config('transaction_read_only', 'off', false); DELETE FROM p; END $$",
              "SELECT set_config('transaction_read_only', 'off', false)", "SELECT sneak()")

    def test_nothing_but_reading_is_possible(self):
        self.server.sql("CREATE SEQUENCE s; CREATE FUNCTION sneak() RETURNS int LANGUAGE plpgsql AS "
                        "$$ BEGIN SET LOCAL transaction_read_only = off; DELETE FROM p; RETURN 1; END $$;")
        for query in self.WRITES:
            with self.subTest(query=query):
                self.write("query.sql", query)
                self.query("query(io.open('query.sql'):read('a'))()", code=1)
                self.assertIn("postgresql:///postgres: ", self.err)
        self.assertEqual(self.server.sql("SELECT count(*), max(name) FROM p; SELECT last_value, is_called FROM s"), ["3|نور", "1|f"])

    def write_sql(self, query, *words, code=0, **more):
        return self.query(f"""
local rows = hoko.sql{{ dsn = '{self.server.url}', query = [[{query}]], write = true }}
for row in rows do show(row) end""", *words, code=code, **more)

    def test_a_write_asks_for_it_and_is_committed_behind_the_last_row(self):
        self.server.sql("CREATE TABLE w AS SELECT i AS code, NULL::text AS taken FROM generate_series(1, 100000) AS i")
        count = "SELECT count(taken), count(*) FROM w"
        self.query("query('UPDATE w SET taken = 1')()", code=1)
        self.assertIn("hoko.sql only reads, and this statement would do more", self.err)
        self.assertIn("write = true }", self.err)
        self.assertEqual(self.write_sql("UPDATE w SET taken = 'x' WHERE code < 3"), "changed=integer:2\n")
        self.assertEqual(self.server.sql(count), ["2|100000"])
        self.assertEqual(self.write_sql("UPDATE w SET taken = 'x' WHERE code = 3 RETURNING code"), "code=integer:3\n")
        self.assertEqual(self.server.sql(count), ["3|100000"])
        self.assertEqual(self.write_sql("UPDATE w SET taken = 'x' WHERE code < 0 RETURNING code"), "")
        self.query(f"for row in hoko.sql{{ dsn = '{self.server.url}', query = 'DELETE FROM w RETURNING *', write = true }} do break end")
        self.assertEqual(self.server.sql(count), ["3|100000"])
        self.write_sql("UPDATE w SET code = 1 / (code - 50000)", code=1)
        self.assertIn("division by zero", self.err)
        self.assertEqual(self.server.sql(count), ["3|100000"])

    def test_a_dry_run_takes_a_write_back(self):
        self.server.sql("CREATE TABLE d AS SELECT 1 AS code")
        text = f"print(hoko.sql{{ dsn = '{self.server.url}', query = 'DELETE FROM d', write = true }}().changed)"
        self.assertEqual(self.script(text, options=["--dry-run", "--allow-net=localhost"]), "1\n")
        self.assertEqual(self.server.sql("SELECT count(*) FROM d"), ["1"])

    def test_a_constraint_that_fails_at_the_commit_is_an_error(self):
        self.server.sql("CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        self.write_sql("INSERT INTO t VALUES (1), (1)", code=1)
        self.assertIn("duplicate key value violates unique constraint", self.err)
        self.assertEqual(self.server.sql("SELECT count(*) FROM t"), ["0"])

    def test_a_million_rows_take_no_memory(self):
        self.assertEqual(self.query("""
local n, sum = 0, 0
for row in query("SELECT i AS code, 'Partner number ' || i AS name FROM generate_series(1, 1000000) AS i") do
  n, sum = n + 1, sum + row.code
end
print(n, sum)"""), "1000000\t500000500000\n")
        self.assert_memory(32 << 20)

    def test_a_large_row_is_refused(self):
        self.query("query('SELECT repeat($1, 20000000) AS a', 'x')()", code=1)
        self.assertIn(":1: the row is larger than 16 MiB", self.err)
        self.assertEqual(self.query("print(#query('SELECT repeat($1, 16000000) AS a', 'x')().a)"), "16000000\n")

    def test_a_connection_is_closed_when_its_source_is_left_or_lost(self):
        own = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'hoko'"
        self.query(f"""
local function only_this()
  for _ = 1, 1000 do
    if query("{own}")().n == 1 then return "alone" end
    hoko.sleep(0.01)
  end
end
for row in query("SELECT generate_series(1, 1000000000) AS i") do break end
print(only_this())
query("SELECT generate_series(1, 1000000000) AS i")()
collectgarbage()
print(only_this())
for row in hoko.rows(query("SELECT generate_series(1, 1000000000) AS i")):take(2) do end
print(only_this())
assert(select(2, pcall(function() for row in query("SELECT 1 AS a FROM p") do error("left") end end)):find("left"))
print(only_this())""")
        wait_for("the end of all connections", lambda: self.server.working() == 0)

    def test_an_interrupt_cancels_what_the_server_works_on(self):
        run = self.begin(f"hoko.sql('{self.server.url}', 'SELECT pg_sleep(600)::text AS x')()", "--allow-net=localhost")
        wait_for("the query", lambda: self.server.sql(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"))
        run.send_signal(signal.SIGINT)
        self.ended(run, 130)
        wait_for("the end of the query", lambda: self.server.working() == 0)

    def test_a_server_that_goes_away_is_an_error(self):
        out = self.query("""
for row in query("SELECT pg_backend_pid() AS pid, generate_series(1, 100000000) AS i") do
  if row.i == 1 then
    hoko.log.info("going")
    print(query("SELECT count(*) AS n FROM pg_stat_activity WHERE pid = $1", row.pid)().n)
    io.open("pid", "w"):write(row.pid):close()
    while not io.open("gone") do hoko.sleep(0.01) end
  end
end""", code=1) if self.kill_when_told() else ""
        self.assertEqual(out, "1\n")
        self.assertIn("postgresql:///postgres: ", self.err)

    def kill_when_told(self):
        """Ends the connection whose process the script writes into a file."""
        text = ('while [ ! -s "$1/pid" ]; do sleep 0.02; done; '
                '"$2" -XqAt -h "$3" -p "$4" -U reader -d postgres -c "SELECT pg_terminate_backend($(cat "$1/pid"))"; touch "$1/gone"')
        helper = subprocess.Popen(["sh", "-c", text, "sh", self.folder, self.server.bin + "/psql", self.server.folder,
                                   str(self.server.port)], stdout=subprocess.DEVNULL)
        self.addCleanup(helper.wait)
        return True

    def test_a_server_that_does_not_answer_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            port = deaf.getsockname()[1]
            self.script(f"hoko.sql('postgresql://u@127.0.0.1:{port}/d?connect_timeout=1', 'SELECT 1')()", code=1,
                        options=["--allow-net=127.0.0.1"])
        self.assertIn("the database did not answer within its connect_timeout", self.err)

    def test_two_sources_are_merged_and_synced(self):
        self.start()
        with sqlite3.connect(self.path("crm.db")) as db:
            db.execute("CREATE TABLE phones (code INTEGER, phone TEXT)")
            db.execute("INSERT INTO phones VALUES (1, '+966551234567')")
        self.query("""
local phones = {}
for row in hoko.sql("sqlite:crm.db", "SELECT code, phone FROM phones") do phones[row.code] = row.phone end
hoko.sync{ source = query("SELECT code, name, email FROM p WHERE name <> '' ORDER BY code"), key = "code",
  transform = function(row) return { name = row.name, email = row.email, phone = phones[row.code] } end }""")
        self.assert_rows(submitted=2, created=2)
        self.assertEqual([(p["name"], p["email"], p["phone"]) for p in self.mock.partners()],
                         [("Al Noor", "a@example.com", "+966551234567"), ("نور", None, None)])


class Passwords(RunTest):
    """Over TCP the server wants a password."""

    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.end)

    def keep(self, name, origin, password=PASSWORD):
        done = subprocess.run([HOKO, "key", "add", name, "--origin", origin], cwd=self.folder, input=password + "\n",
                              env=self.environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def environment(self, **more):
        phrase = self.path("passphrase")
        if not os.path.exists(phrase):
            self.write("passphrase", "correct horse battery\n")
            os.chmod(phrase, 0o600)
        return super().environment(HOKO_PASSPHRASE_FILE=phrase, **more)

    def ask(self, auth="", code=0, dsn=None, **more):
        text = f"print(hoko.sql{{ dsn = '{dsn or self.server.tcp}', query = 'SELECT 7 AS n'{auth} }}().n)"
        return self.script(text, code=code, options=["--allow-net=127.0.0.1"], **more)

    def test_the_keystore_gives_it_to_its_own_server_only(self):
        self.keep("crm", f"postgresql://127.0.0.1:{self.server.port}")
        self.keep("other", "postgresql://127.0.0.1")
        self.assertEqual(self.ask(", auth = 'crm'"), "7\n")
        self.ask(", auth = 'other'", code=5)
        self.assertIn(f"the key other is for postgresql://127.0.0.1, not for postgresql://127.0.0.1:{self.server.port}", self.err)
        self.ask(", auth = 'crn'", code=5)
        self.assertIn("crm", self.err)
        self.keep("wrong", f"postgresql://127.0.0.1:{self.server.port}", "not-the-password")
        self.ask(", auth = 'wrong'", code=1)
        self.assertIn("password authentication failed", self.err)
        self.assertNotIn("not-the-password", self.err)

    def test_without_one_the_ways_to_give_it_are_told(self):
        self.ask(code=1)
        self.assertIn("no password supplied", self.err)
        self.assertIn('auth = "NAME"', self.err)
        self.assertIn("~/.pgpass", self.err)

    def test_pgpass_gives_it(self):
        self.write("home/.pgpass", f"127.0.0.1:{self.server.port}:*:reader:{PASSWORD}\n")
        os.chmod(self.path("home/.pgpass"), 0o600)
        self.assertEqual(self.ask(), "7\n")

    def test_a_stored_one_does_not_travel_in_clear(self):
        self.keep("far", "postgresql://db.example.com")
        text = "hoko.sql{ dsn = 'postgresql://u@db.example.com/d?sslmode=prefer', query = 'SELECT 1', auth = 'far' }()"
        self.script(text, code=1, options=["--allow-net=db.example.com"])
        self.assertIn("with sslmode=prefer a stored password could travel in clear", self.err)

    def test_a_key_of_a_database_is_no_key_of_hoko(self):
        self.keep("crm", f"postgresql://127.0.0.1:{self.server.port}")
        done = subprocess.run([HOKO, "key", "test", "crm"], cwd=self.folder, env=self.environment(), capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 5)
        self.assertIn("nothing was sent", done.stderr)


if __name__ == "__main__":
    unittest.main()

"""hoko run: rows that are wrong, many, endless or strange (R1 to R8)."""

import json
import signal
import unittest

from support import RunTest, partner_id

ID = "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"


class Rules(RunTest):
    REFUSED = (
        ('{name="A", nam="B"}', "unknown_field", "nam"),
        ('{name="A", "positional"}', "unknown_field", "[1]"),
        ('{name="A", [true]=1}', "unknown_field", "[boolean]"),
        ('{name="A", createdAt="2026-01-01T00:00:00Z"}', "unknown_field", "createdAt"),
        ('{name=5}', "wrong_type", "name"),
        ('{name=true}', "wrong_type", "name"),
        ('{name={}}', "wrong_type", "name"),
        ('{name=print}', "wrong_type", "name"),
        ('{name="A", email=1}', "wrong_type", "email"),
        ('{name="A", phone=966501234567}', "wrong_type", "phone"),
        (f'{{id={{"{ID}"}}, name="A"}}', "wrong_type", "id"),
        ('{id=hoko.null, name="A"}', "wrong_type", "id"),
        ('{name=""}', "empty", "name"),
        ('{name="A", email=""}', "empty", "email"),
        ('{name="A", phone=""}', "empty", "phone"),
        ('{name="A\\xff"}', "utf8", "name"),
        ('{name="\\u{D800}"}', "utf8", "name"),
        ('{name="\\xc0\\xaf"}', "utf8", "name"),
        ('{name="A\\0B"}', "nul", "name"),
        ('{id="no-uuid", name="A"}', "bad_id", "id"),
        ('{id="", name="A"}', "bad_id", "id"),
        (f'{{id="{ID}x", name="A"}}', "bad_id", "id"),
        ('{}', "name_missing", "name"),
        ('{email="a@b.co"}', "name_missing", "name"),
        ('{name=hoko.null}', "name_null", "name"),
        (f'{{id="{ID}", name=hoko.null}}', "name_null", "name"),
        ('{name="A", email="nobody"}', "bad_email", "email"),
        ('{name="A", email="@b.co"}', "bad_email", "email"),
        ('{name="A", email="a@"}', "bad_email", "email"),
        ('{name="A", email="a@b@c.de"}', "bad_email", "email"),
        ('{name="A", email="a b@c.de"}', "bad_email", "email"),
        ('{name="A", email="a@b.co\\n"}', "bad_email", "email"),
        ('{name=("x"):rep(10001)}', "too_long", "name"),
        ('{name=("\\u{633}"):rep(5001)}', "too_long", "name"),
        ('{name="A", phone=("1"):rep(10001)}', "too_long", "phone"),
        (f'{{id="{ID}"}}', "no_change", None),
        ('{name=0/0}', "wrong_type", "name"),
        ('{name=math.huge}', "wrong_type", "name"),
        ('{name=math.maxinteger}', "wrong_type", "name"),
        ('cyclic', "unknown_field", "self"),
    )

    def test_each_rule_rejects_its_row_with_code_and_field_and_the_others_go_on(self):
        self.record()
        rows = ", ".join(row for row, _, _ in self.REFUSED)
        out = self.script('local cyclic = {name="A"} cyclic.self = cyclic\n'
                          'local rows = {' + rows + ', {name="good"}}\n'
                          'local r = hoko.partners.upsert(rows)\n'
                          'for _, x in ipairs(r.rejects) do print(x.code, x.field or "-", #x.message > 0) end\n'
                          'print(r.created, r.rejected)', code=3)
        lines = out.splitlines()
        for (row, code, field), line in zip(self.REFUSED, lines):
            self.assertEqual(line, f"{code}\t{field or '-'}\ttrue", row)
        self.assertEqual(lines[-1], f"1\t{len(self.REFUSED)}")
        self.assert_rows(submitted=len(self.REFUSED) + 1, created=1, rejected=len(self.REFUSED))
        self.assertEqual(self.recorder.rows(), [[{"name": "good"}]])

    TAKEN = (
        ('{name=("x"):rep(10000)}', {"name": "x" * 10000}),
        ('{name="\\1\\127\\u{feff}"}', {"name": "\1\x7f\ufeff"}),
        ('{name="\\u{10FFFF}\\u{FFFE}"}', {"name": "\U0010ffff\ufffe"}),
        ('{name="\\"\\\\/\\n\\t"}', {"name": '"\\/\n\t'}),
        ('{name=" A "}', {"name": " A "}),
        ('{name="A", email="ü@ü"}', {"name": "A", "email": "ü@ü"}),
        (f'{{id="{ID.upper()}", email=hoko.null}}', {"id": ID.upper(), "email": None}),
        (f'{{id="{ID[:-1]}2", phone="x"}}', {"id": f"{ID[:-1]}2", "phone": "x"}),
        ('{name="B", email=hoko.null, phone=require("cjson").null}', {"name": "B"}),
    )

    def test_what_no_rule_forbids_is_sent_as_it_is(self):
        self.record()
        self.script("hoko.partners.upsert{" + ", ".join(row for row, _ in self.TAKEN) + "}")
        sent = sorted((row for rows in self.recorder.rows() for row in rows), key=json.dumps)
        self.assertEqual(sent, sorted((row for _, row in self.TAKEN), key=json.dumps))

    def test_a_row_larger_than_the_byte_cap_is_rejected(self):
        self.record()
        out = self.script('local r = hoko.partners.upsert({{name=("x"):rep(3000)}, {name="b"}}, {batch_bytes=2048})\n'
                          'print(r.rejects[1].code, r.created)', code=3)
        self.assertEqual(out, "too_large\t1\n")
        self.assertEqual(self.recorder.rows(), [[{"name": "b"}]])

    def test_the_key_has_rules_of_its_own(self):
        self.record()
        out = self.script('local rows = {{name="A"}, {ref="", name="A"}, {ref=1.5, name="A"}, {ref={}, name="A"},\n'
                          '{ref="\\xff", name="A"}, {ref="a\\0", name="A"}, {ref=hoko.null, name="A"}, {ref="k"}}\n'
                          'local r = hoko.partners.upsert(rows, {key="ref"})\n'
                          'for _, x in ipairs(r.rejects) do print(x.code, x.field) end', code=3)
        self.assertEqual(out.splitlines(), [
            "key_missing\tref", "key_missing\tref", "wrong_type\tref", "wrong_type\tref", "utf8\tref", "nul\tref",
            "key_missing\tref", "name_missing\tname"])
        self.assertEqual(self.recorder.requests, [])

    def test_rejects_are_valid_json_whatever_the_script_gave(self):
        self.start()
        self.script('local deep = {} for i = 1, 50 do deep = {deep} end\n'
                    'hoko.partners.upsert{{["f\\xff"]=1}, {name="a\\xff\\0\\n"}, {name=deep}, {name=0/0}, {[1e300]=1},\n'
                    '{[print]=print, [{}]={}}, {["x\\n"]=("y"):rep(1 << 20)}}\n'
                    'hoko.sync{source={{name="A"}}, transform=function() error("bad \\xff\\n byte" .. ("z"):rep(1 << 20)) end}',
                    code=3)
        self.assertEqual(len(self.rejects()), 8)

    def test_20000_rejects_are_written_within_seconds(self):
        self.start()
        self.script('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                    'if n <= 20000 then return {nam=n} end end)', code=3, timeout=20)
        self.assert_rows(submitted=20000, rejected=20000)

    def test_a_rejected_row_leaves_the_list_when_a_good_one_of_its_key_is_acknowledged(self):
        self.start()
        row = 'hoko.partners.upsert({{ref=%s, name="A", email=arg[1]}}, {key=%s})'
        source = 'hoko.sync{source={{ref=3, name="A"}}, key="ref", transform=function(row)\n' \
                 'if arg[1] == "nobody" then error("no") end return {name=row.name} end}'
        for text in (row % ("1", '"ref"'), row.replace("ref=%s, ", "") % 'function() return "two" end', source):
            self.script(text, "nobody", code=3)
            self.assertEqual(len(self.rejects()), 1)
            self.assertIn(self.rejects()[0]["key"], ("1", "two", "3"))
            self.script(text, "a@b.co")
            self.assertEqual(self.rejects(), [])

    def test_one_number_is_one_key_however_it_is_written(self):
        self.start()
        self.script('hoko.partners.upsert({{ref=42, name="A"}, {ref=42.0, name="B"}, {ref="42", name="C"}}, {key="ref"})')
        self.assert_rows(submitted=3, created=1, superseded=2)
        self.assertEqual([p["name"] for p in self.mock.partners()], ["C"])

    def test_rows_of_one_id_merge_and_the_later_wins(self):
        self.start("--partners", "1")
        key = partner_id(1)
        self.script(f'hoko.partners.upsert{{{{id="{key}", name="A", phone="+1"}}, {{id="{key.upper()}", name="B"}}}}')
        self.assert_rows(submitted=2, updated=1, superseded=1)
        partner = self.mock.partners()[0]
        self.assertEqual((partner["name"], partner["phone"]), ("B", "+1"))

    def test_a_null_that_comes_later_clears_and_one_that_came_before_does_not(self):
        self.start("--partners", "2")
        one, two = partner_id(1), partner_id(2)
        self.script(f'hoko.partners.upsert{{{{id="{one}", phone="+1"}}, {{id="{one}", phone=hoko.null}},\n'
                    f'{{id="{two}", phone=hoko.null}}, {{id="{two}", phone="+2"}}}}')
        self.assertEqual([p["phone"] for p in self.mock.partners()], [None, "+2"])


class Mistakes(RunTest):
    """What no data can be guilty of raises, at the caller's line."""

    MISTAKES = (
        ("hoko.partners.upsert()", "rows must be an array"),
        ("hoko.partners.upsert(5)", "rows must be an array"),
        ("hoko.partners.upsert('x')", "rows must be an array"),
        ("hoko.partners.upsert({}, 5)", "the options must be a table"),
        ("hoko.partners.upsert({}, {batch_row=1})", "did you mean 'batch_rows'"),
        ("hoko.partners.upsert({}, {[1]=1})", "options have names, here is one without: 1"),
        ("hoko.partners.upsert({}, {batch_rows=-1})", "must be from 1 to 10000"),
        ("hoko.partners.upsert({}, {batch_rows=0})", "must be from 1 to 10000"),
        ("hoko.partners.upsert({}, {batch_rows=10001})", "must be from 1 to 10000"),
        ("hoko.partners.upsert({}, {batch_rows=1.5})", "must be a whole number"),
        ("hoko.partners.upsert({}, {batch_rows=0/0})", "must be a whole number"),
        ("hoko.partners.upsert({}, {batch_rows='1'})", "must be a whole number"),
        ("hoko.partners.upsert({}, {batch_bytes='1GB'})", "must be a whole number or a size"),
        ("hoko.partners.upsert({}, {batch_bytes='1KiBs'})", "must be a whole number or a size"),
        ("hoko.partners.upsert({}, {concurrency=65})", "must be from 1 to 64"),
        ("hoko.partners.upsert({}, {send='al'})", "one of"),
        ("hoko.partners.upsert({}, {on_ack=5})", "must be a function"),
        ("hoko.partners.upsert({}, {key=5})", "must be a string or a function"),
        ("hoko.partners.upsert({}, {key=''})", "option 'key' must be"),
        ("hoko.partners.upsert({}, {key='id'})", "cannot be 'id'"),
        ("hoko.partners.upsert({}, {dry_run=1})", "must be true or false"),
        ("hoko.partners.upsert({}, {stream=''})", "must not be empty"),
        ("hoko.partners.upsert({'x'})", "a row must be a table, got string"),
        ("hoko.partners.upsert({{name='a'}, 5})", "(row 2)"),
        ("hoko.partners.upsert(function() return 5 end)", "a row must be a table, got number"),
        ("hoko.sync()", "expected one table"),
        ("hoko.sync{}", "option 'source' is missing"),
        ("hoko.sync{source={}, transform=5}", "must be a function"),
        ("hoko.sync{source={{}}, transform=function() return 5 end}", "must return a table or nil, got number"),
    )

    def test_programming_mistakes_raise_at_the_callers_line(self):
        self.start()
        for call, words in self.MISTAKES:
            self.script("-- a line before\n" + call, code=1)
            self.assertIn("scripts/s.lua:2", self.err, call)
            self.assertIn(words, self.err, call)
            self.assertEqual(self.report["error"]["line"], 2, call)
            self.assertEqual(self.report["error"]["file"], "scripts/s.lua", call)

    def test_a_mistake_can_be_caught_and_the_next_call_works(self):
        self.start()
        out = self.script('print((pcall(hoko.partners.upsert, 5)))\n'
                          'print((pcall(hoko.partners.upsert, {"x"})))\n'
                          'print(hoko.partners.upsert{{name="A"}}.created)')
        self.assertEqual(out, "false\nfalse\n1\n")

    def test_an_upsert_inside_an_upsert_raises(self):
        self.start()
        for where in ("function() hoko.partners.upsert({}) end", "{{name='A'}}, {on_ack=function() hoko.partners.upsert({}) end}"):
            self.script(f"hoko.partners.upsert({where})", code=1)
            self.assertIn("another upsert is running", self.err)


class Counts(RunTest):
    def test_a_request_has_at_most_10000_rows(self):
        self.record()
        for rows, requests in ((0, []), (1, [1]), (9999, [9999]), (10000, [10000]), (10001, [10000, 1])):
            self.recorder.requests.clear()
            self.script(f'local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                        f'if n <= {rows} then return {{name="r{rows} " .. n}} end end)')
            self.assertEqual(sorted(map(len, self.recorder.rows()), reverse=True), requests)
            self.assertEqual(self.report["rows"]["created"], rows)
            self.assertEqual(self.report["requests"]["sent"], len(requests))

    def test_batch_rows_and_batch_bytes_are_obeyed(self):
        self.record()
        self.script('local rows = {}\nfor i = 1, 100 do rows[i] = {name="n" .. i} end\n'
                    'hoko.partners.upsert(rows, {batch_rows=7})')
        self.assertEqual(sorted(map(len, self.recorder.rows())), [2] + [7] * 14)
        self.recorder.requests.clear()
        self.script('local rows = {}\nfor i = 1, 100 do rows[i] = {name=("m"):rep(100) .. i} end\n'
                    'hoko.partners.upsert(rows, {batch_bytes="2KiB"})')
        sizes = [len(body) for _, _, body in self.recorder.requests]
        self.assertEqual(sum(map(len, self.recorder.rows())), 100)
        self.assertLessEqual(max(sizes), 2048)
        self.assertGreater(min(sorted(sizes)[1:]), 2048 - 120)  # all but the last are full

    def test_creates_and_updates_go_apart(self):
        self.start("--partners", "50")
        self.script('local rows = {}\nfor i = 1, 50 do\n'
                    'rows[#rows + 1] = {name="new" .. i}\n'
                    'rows[#rows + 1] = {id=("00000000-0000-4000-8000-%012d"):format(i), name="old" .. i} end\n'
                    'hoko.partners.upsert(rows)')
        self.assert_rows(submitted=100, created=50, updated=50)
        self.assertEqual(self.report["requests"]["sent"], 2)

    def test_concurrency_is_obeyed(self):
        for limit in (1, 3):
            self.start("--latency", "100")
            self.script('local rows = {}\nfor i = 1, 12 do rows[i] = {name="n" .. i} end\n'
                        f'hoko.partners.upsert(rows, {{batch_rows=1, concurrency={limit}}})')
            self.assertEqual(self.mock.stats()["max_in_flight"], limit)

    def test_limits_of_the_project_are_the_default(self):
        self.record()
        self.write("hoko.lua", "return { limits = { batch_rows = 3 } }")
        self.script('local rows = {}\nfor i = 1, 7 do rows[i] = {name="n" .. i} end\nhoko.partners.upsert(rows)')
        self.assertEqual(sorted(map(len, self.recorder.rows())), [1, 3, 3])

    def test_300000_rows_take_no_more_memory_than_100000(self):
        self.start()
        text = ('local n, last = 0, tonumber(arg[1])\nhoko.partners.upsert(function() n = n + 1\n'
                'if n <= last then return {name="name of " .. n, email=n .. "@example.com", phone="+966" .. n} end end)')
        peaks = []
        for rows in (100000, 300000):
            self.script(text, str(rows), timeout=300)
            self.assert_rows(submitted=rows, created=rows)
            self.assert_memory(64 << 20)
            peaks.append(self.report["peak_memory_bytes"])
        self.assert_memory(peaks[0] * 1.3)  # how many requests are in flight differs


class Sources(RunTest):
    def created_by(self, rows):
        self.start()
        self.script(f"hoko.partners.upsert({rows})")
        return [partner["name"] for partner in self.mock.partners()]

    def test_rows_come_from_arrays_functions_callables_and_coroutines(self):
        for rows in ('{{name="A"}, {name="B"}}',
                     '(function() local n = 0 return function() n = n + 1 return ({{name="A"}, {name="B"}})[n] end end)()',
                     'setmetatable({n=0}, {__call=function(self) self.n = self.n + 1\n'
                     'return ({{name="A"}, {name="B"}})[self.n] end})',
                     'coroutine.wrap(function() coroutine.yield{name="A"} coroutine.yield{name="B"} end)',
                     'hoko.csv("data.csv")', '(hoko.csv("data.csv"))'):
            self.write("data.csv", "name\nA\nB\n")
            self.assertEqual(self.created_by(rows), ["A", "B"], rows)

    def test_a_pull_after_the_end_is_never_made(self):
        self.start()
        out = self.script('local pulls = 0\nlocal function source() pulls = pulls + 1\n'
                          'if pulls <= 3 then return {name="n" .. pulls} end end\n'
                          'hoko.partners.upsert(source)\nprint(pulls)')
        self.assertEqual(out, "4\n")

    def test_an_array_ends_at_its_first_nil(self):
        self.assertEqual(self.created_by('{{name="A"}, nil, {name="C"}}'), ["A"])

    def test_upserts_run_inside_coroutines(self):
        self.start()
        out = self.script('local co = coroutine.wrap(function()\n'
                          'local r = hoko.partners.upsert(coroutine.wrap(function()\n'
                          'for i = 1, 5000 do coroutine.yield{name="n" .. i} end end), {batch_rows=100,\n'
                          'on_ack=function(row, partner) assert(row.name == partner.name) end})\n'
                          'coroutine.yield(r.created)\nerror("in the coroutine") end)\n'
                          'print(co())\nprint(pcall(co))\nhoko.csv("data.csv")()', code=1)
        self.assertTrue(out.startswith("5000\nfalse\tscripts/s.lua:6: in the coroutine\n"), out)
        self.assertIn("data.csv", self.err)

    def test_a_source_that_raises_leaves_the_rows_before_it_finished(self):
        self.start()
        self.script('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                    'if n == 5 then error("the source broke") end\nreturn {name="r" .. n} end)', code=1)
        self.assert_rows(submitted=4, created=4)
        self.assertIn("the source broke", self.err)
        self.assertEqual(self.report["error"]["line"], 3)
        self.assertEqual(self.report["error"]["message"], "the source broke")

    def test_a_source_that_raises_something_else_than_text_is_told(self):
        self.start()
        for value, words in (("{}", "error object is a table value"), ("nil", "nil"),
                             ('setmetatable({}, {__tostring=function() return "told so" end})', "told so")):
            self.script(f'hoko.partners.upsert(function() error({value}) end)', code=1)
            self.assertIn(words, self.err)

    def test_a_caught_error_of_a_source_lets_the_script_go_on(self):
        self.start()
        out = self.script('local n = 0\nprint(pcall(hoko.partners.upsert, function() n = n + 1\n'
                          'if n == 3 then error("broke") end return {name="r" .. n} end))\n'
                          'print(hoko.partners.upsert{{name="after"}}.created)')
        self.assertEqual(out, "false\tscripts/s.lua:3: broke\n1\n")
        self.assert_rows(submitted=3, created=3)


class Strange(RunTest):
    """R8: values that would crash what trusts them."""

    def test_metatables_of_rows_never_run(self):
        self.start()
        out = self.script('local function ran() error("ran") end\n'
                          'local m = {__index=ran, __len=ran, __pairs=ran, __newindex=ran, __close=ran, __eq=ran,\n'
                          '__tostring=ran, __name="X", __metatable="locked"}\n'
                          'local row = setmetatable({name="A"}, m)\n'
                          'local rows = setmetatable({row}, {__len=ran, __pairs=ran})\n'
                          'local r = hoko.partners.upsert(rows)\nprint(r.created)')
        self.assertEqual(out, "1\n")

    def test_a_row_that_gets_its_key_by_a_metatable_may_raise_or_yield(self):
        self.start()
        self.script('local row = setmetatable({name="A"}, {__index=function() error("no key here") end})\n'
                    'hoko.partners.upsert({row}, {key=function(r) return r.ref end})', code=1)
        self.assertIn("no key here", self.err)
        self.script('local row = setmetatable({name="A"}, {__index=function() coroutine.yield() end})\n'
                    'coroutine.wrap(function() hoko.partners.upsert({row}, {key=function(r) return r.ref end}) end)()',
                    code=1)
        self.assertIn("yield across a C-call boundary", self.err)

    def test_a_source_that_yields_out_of_the_upsert_is_an_error(self):
        self.start()
        self.script('coroutine.wrap(function() hoko.partners.upsert(function() coroutine.yield() end) end)()', code=1)
        self.assertIn("yield across a C-call boundary", self.err)

    def test_a_row_changed_while_it_waits_for_its_answer_does_no_harm(self):
        self.start()
        out = self.script('local row = {name="A"}\nlocal n = 0\n'
                          'hoko.partners.upsert(function() n = n + 1 row.name = "n" .. n\n'
                          'if n <= 3 then return row end end, {on_ack=function(r, p) print(p.name) end})')
        self.assertEqual(sorted(out.splitlines()), ["n1", "n2", "n3"])

    def test_rows_that_a_finalizer_and_a_collection_meet(self):
        self.start()
        self.script('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                    'setmetatable({}, {__gc=function() collectgarbage("step") end})\n'
                    'if n % 100 == 0 then collectgarbage() end\n'
                    'if n <= 2000 then return setmetatable({name="n" .. n}, {__gc=function(r) r.name = nil end}) end end)')
        self.assert_rows(submitted=2000, created=2000)

    def test_a_stack_that_runs_over_in_a_source_is_an_error(self):
        self.start()
        self.script('local function deep(n) return 1 + deep(n + 1) end\n'
                    'local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                    'if n == 3 then deep(1) end return {name="n" .. n} end)', code=1)
        self.assert_rows(submitted=2, created=2)
        self.assertIn("stack overflow", self.err)

    def test_an_upsert_at_the_bottom_of_a_deep_stack_works(self):
        self.start()
        self.script('local function deep(n) if n == 0 then return hoko.partners.upsert{{name="A"}}.created end\n'
                    'return 0 + deep(n - 1) end\nassert(deep(150) == 1)\n'
                    'local ok, why = pcall(deep, 190000)\nassert(ok or why:find("overflow"), why)')
        self.assertGreaterEqual(self.report["rows"]["created"], 1)


class Endless(RunTest):
    ROWS = ('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
            'if n == 50001 then print("going") io.stdout:flush() end\nreturn {name="r" .. n} end)')

    def interrupted(self, number, code):
        self.start("--latency", "50")
        run = self.begin(self.ROWS)
        self.assertEqual(run.stdout.readline(), b"going\n")
        run.send_signal(number)
        self.ended(run, code, timeout=40)
        self.assertEqual((self.report["outcome"], self.report["exit"]), ("interrupted", code))
        rows = self.report["rows"]
        self.assert_sum(rows)
        self.assertEqual(rows["held"], 0)
        self.assertEqual(rows["created"], self.mock.stats()["partners"])  # what was on the wire was finished

    def test_sigint_finishes_what_is_in_flight(self):
        self.interrupted(signal.SIGINT, 130)

    def test_sigterm_finishes_what_is_in_flight(self):
        self.interrupted(signal.SIGTERM, 143)

    def test_sighup_finishes_what_is_in_flight(self):
        self.interrupted(signal.SIGHUP, 129)


if __name__ == "__main__":
    unittest.main()

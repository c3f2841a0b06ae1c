"""hoko.partners.list, create, delete and adopt."""

import unittest

from support import RunTest, partner_id

LIST = ('local ids, n = {}, 0\nfor p in hoko.partners.list(%s) do assert(not ids[p.id]) ids[p.id] = true n = n + 1 end\n'
        'print(n)')
UNKNOWN = "99999999-0000-4000-8000-%012d"


class List(RunTest):
    def test_pages_of_any_size_give_each_partner_once(self):
        self.start("--partners", "130")
        for options, count in (("", 130), ("{take=1}", 130), ("{take=2}", 130), ("{take=7}", 130), ("{take=130}", 130),
                               ("{sort='desc', take=60}", 130), ("{skip=100, take=7}", 30), ("{limit=5}", 5),
                               ("{limit=200}", 130), ("{skip=500}", 0)):
            with self.subTest(options):
                self.assertEqual(self.script(LIST % options), f"{count}\n")

    def test_partners_of_one_instant_are_covered_by_the_overlap(self):
        self.start()
        for _ in range(4):
            self.assertEqual(self.mock.put(*({"name": "N"} for _ in range(100))).status, 200)
        self.assertEqual(self.script(LIST % "{take=150}"), "400\n")

    def test_an_answer_that_is_no_list_is_asked_for_again(self):
        for what in "garbage", "truncate", "status=503", "reset-after":
            with self.subTest(what):
                self.start("--partners", "20", "--fault", "1:" + what)
                self.assertEqual(self.script(LIST % ""), "20\n")
                self.assertEqual(self.report["requests"]["sent"], 2)

    def test_a_wrong_key_is_exit_5_and_a_missing_scope_is_named(self):
        self.start("--key", "right", "--scopes", "partnersWrite", "--partners", "1")
        self.script(LIST % "", code=5)
        self.script(LIST % "", code=5, env=self.environment(HOKO_API_KEY="right"))
        self.assertIn("partnersRead", self.err)

    def test_behind_its_end_there_is_nothing_more(self):
        self.start("--partners", "2")
        text = "local next = hoko.partners.list()\nwhile next() do end\nprint(next(), next())"
        self.assertEqual(self.script(text), "nil\tnil\n")

    def test_a_loop_that_breaks_asks_for_no_more(self):
        self.start("--partners", "100")
        self.script("for p in hoko.partners.list{take=10} do break end")
        self.assertEqual(self.report["requests"]["sent"], 1)


class Create(RunTest):
    def test_creates_go_by_post_and_come_back_in_their_places(self):
        self.start()
        out = self.script('local r = hoko.partners.create({{name="A"}, {name=""}, {name="C", phone=hoko.null}})\n'
                          'print(r.created, r.rejected, r.partners.n, r.partners[1].name, r.partners[2], r.partners[3].name)',
                          code=3)
        self.assertEqual(out, "2\t1\t3\tA\tfalse\tC\n")
        self.assertEqual(self.mock.stats()["by_status"].get("201"), 1)

    def test_rows_with_an_id_are_refused(self):
        self.start("--partners", "1")
        self.script('hoko.partners.create({{id="%s", name="A"}})' % partner_id(1), code=3)
        self.assert_rows(submitted=1, rejected=1)
        self.assertEqual(self.report["requests"]["sent"], 0)

    def test_a_create_whose_answer_is_lost_is_made_once(self):
        self.start("--fault", "1:reset-after")
        self.script('hoko.partners.create({{name="A"}, {name="B"}})')
        self.assert_rows(submitted=2, created=2)
        self.assertEqual(len(self.mock.partners()), 2)


class Delete(RunTest):
    TEXT = ("local deleted, unknown = hoko.partners.delete(%s)\n"
            "print(#deleted, #unknown, table.concat(unknown, ','))")

    def ids(self, *numbers):
        return "{" + ",".join('"%s"' % (partner_id(n) if isinstance(n, int) else n) for n in numbers) + "}"

    def test_unknown_ids_are_found_by_halving_and_reported(self):
        self.start("--partners", "50")
        out = self.script(self.TEXT % self.ids(*range(1, 31), UNKNOWN % 1, *range(31, 41), UNKNOWN % 2))
        self.assertEqual(out, f"40\t2\t{UNKNOWN % 1},{UNKNOWN % 2}\n")
        self.assertEqual(len(self.mock.partners()), 10)

    def test_one_unknown_id_of_10000_costs_at_most_30_requests(self):
        self.start("--partners", "9999")
        text = self.TEXT % ('(function() local n = 0 return function() n = n + 1\n'
                            'if n <= 10000 then return ("00000000-0000-4000-8000-%012d"):format(n) end end end)()')
        self.assertEqual(self.script(text).split("\t")[:2], ["9999", "1"])
        self.assertLessEqual(self.report["requests"]["sent"], 30)

    def test_an_id_twice_or_in_capitals_is_one(self):
        self.start("--partners", "2")
        self.assertEqual(self.script(self.TEXT % self.ids(1, partner_id(1).upper(), 1)), "1\t0\t\n")

    def test_ids_of_an_iterator_go_in_batches(self):
        self.start("--partners", "10050")
        text = self.TEXT % ('(function() local n = 0 return function() n = n + 1\n'
                            'if n <= 10050 then return ("00000000-0000-4000-8000-%012d"):format(n) end end end)()')
        self.assertEqual(self.script(text), "10050\t0\t\n")
        self.assertEqual(self.report["requests"]["sent"], 2)

    def test_a_lost_answer_is_settled_by_a_listing_and_counts_as_deleted(self):
        for what in "reset-before", "reset-after", "garbage", "truncate", "status=502":
            with self.subTest(what):
                self.start("--partners", "20", "--fault", "1:" + what)
                self.assertEqual(self.script(self.TEXT % self.ids(*range(1, 16))), "15\t0\t\n")
                self.assertEqual(len(self.mock.partners()), 5)

    def test_a_partner_that_hoko_does_not_want_to_delete_is_in_neither_list(self):
        self.record()
        handler = self.recorder.server.RequestHandlerClass
        handler.do_DELETE = lambda h: h.reply(400, {"error": {"en": "In use", "ar": "x"}})
        handler.do_GET = lambda h: h.reply(200, [{"id": h.path.split("=")[1], "name": "A"}])
        self.assertEqual(self.script(self.TEXT % self.ids(1, 2)), "0\t0\t\n")

    def test_a_missing_scope_is_exit_5_and_named(self):
        self.start("--partners", "2", "--scopes", "partnersRead")
        self.script(self.TEXT % self.ids(1), code=5)
        self.assertIn("partnersWrite", self.err)
        self.assertEqual(len(self.mock.partners()), 2)

    def test_a_dry_run_deletes_nothing(self):
        self.start("--partners", "2")
        self.script(self.TEXT % self.ids(1), options=("--dry-run",), code=1)
        self.assertIn("a dry run sends nothing", self.err)
        self.assertEqual(len(self.mock.partners()), 2)

    def test_what_is_no_id_raises_at_the_callers_line(self):
        self.start()
        self.script('hoko.partners.delete{"x"}', code=1)
        self.assertIn('scripts/s.lua:1: hoko.partners.delete: an id must be a UUID, got "x"', self.err)


class Adopt(RunTest):
    TEXT = ('local r = hoko.partners.adopt{ stream="crm", key=function(p) return p.email ~= hoko.null and p.email or nil end }\n'
            'print(r.adopted, r.known, r.skipped, r.rejected)')

    def made(self, *rows):
        self.start()
        self.assertEqual(self.mock.put(*rows).status, 200)

    def test_adopted_partners_are_updated_and_not_made_again(self):
        self.made({"name": "A", "email": "a@b.co"}, {"name": "B", "email": "c@b.co"}, {"name": "C"})
        self.assertEqual(self.script(self.TEXT), "2\t0\t1\t0\n")
        self.script('hoko.partners.upsert({{name="A2", email="a@b.co"}, {name="B", email="c@b.co"}}, '
                    '{stream="crm", key="email"})')
        self.assert_rows(submitted=2, updated=1, unchanged=1)
        self.assertEqual(sorted(p["name"] for p in self.mock.partners()), ["A2", "B", "C"])

    def test_a_second_time_changes_nothing(self):
        self.made({"name": "A", "email": "a@b.co"})
        self.script(self.TEXT)
        self.assertEqual(self.script(self.TEXT), "0\t1\t0\t0\n")

    def test_two_partners_of_one_key_are_a_conflict(self):
        self.made({"name": "A", "email": "a@b.co"}, {"name": "B", "email": "a@b.co"})
        self.assertEqual(self.script(self.TEXT, code=3), "1\t0\t0\t1\n")
        self.assertEqual([r["code"] for r in self.rejects()], ["key_conflict"])

    def test_a_dry_run_adopts_nothing(self):
        self.made({"name": "A", "email": "a@b.co"})
        self.assertEqual(self.script(self.TEXT, options=("--dry-run",)), "1\t0\t0\t0\n")
        self.assertEqual(self.script(self.TEXT), "1\t0\t0\t0\n")


if __name__ == "__main__":
    unittest.main()

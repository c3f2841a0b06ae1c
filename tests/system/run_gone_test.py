"""Partners that Hoko no longer has: found out, rejected, kept marked, made anew on request."""

import json
import subprocess
import unittest

from support import HOKO, Mock, RunTest, wait_for

SYNC = ('hoko.sync{ stream="crm", source=hoko.csv("people.csv"), key="ref",\n'
        '  transform=function(r) return {name=r.name, phone=r.phone} end }\n')


class Gone(RunTest):
    def people(self, *rows):
        self.write("people.csv", "ref,name,phone\n" + "".join(",".join(row) + "\n" for row in rows))

    def remove(self, *names):
        """Somebody deletes partners in Hoko's pages."""
        ids = [p["id"] for p in self.mock.partners() if p["name"] in names]
        self.assertEqual(len(ids), len(names))
        self.assertEqual(self.mock.ask("DELETE", body=ids).status, 200)

    def first_run(self, count=3, options=()):
        self.start(*options)
        self.people(*((f"k{i}", f"N{i}", "+1") for i in range(count)))
        self.script(SYNC)
        self.assert_rows(submitted=count, created=count)

    def names(self):
        return sorted(p["name"] for p in self.mock.partners())

    def test_an_update_of_a_partner_that_hoko_lost_is_rejected_alone(self):
        self.first_run()
        self.remove("N1")
        self.people(("k0", "N0", "+2"), ("k1", "N1", "+2"), ("k2", "N2", "+2"))
        self.script(SYNC, code=3)
        self.assert_rows(submitted=3, updated=2, rejected=1)
        reject, = self.rejects()
        self.assertEqual((reject["key"], reject["code"], reject["field"], reject["status"]), ("k1", "unknown_id", "id", 400))

    def test_a_gone_key_costs_no_request_later_changed_or_not(self):
        self.first_run()
        self.remove("N1")
        self.people(("k1", "N1", "+2"))
        self.script(SYNC, code=3)
        for phone in "+2", "+3":
            self.people(("k1", "N1", phone))
            self.script(SYNC + "print(1)", code=3)
            self.assert_rows(submitted=1, rejected=1)
            self.assertEqual(self.report["requests"]["sent"], 0)
            self.assertEqual([r["code"] for r in self.rejects()], ["unknown_id"])

    def test_retrying_its_reject_tries_a_gone_partner_again(self):
        self.first_run()
        self.remove("N1")
        self.people(("k1", "N1", "+2"))
        self.script(SYNC, code=3)
        subprocess.run([HOKO, "rejects", "retry", "k1"], cwd=self.folder, env=self.environment(), check=True,
                       capture_output=True, timeout=60)
        for options, requests in ((), 2), (("--retry-rejects",), 2), ((), 0):
            self.script(SYNC, code=3, options=options)
            self.assertEqual(self.report["requests"]["sent"], requests)
            self.assertEqual([r["code"] for r in self.rejects()], ["unknown_id"])

    def test_recreate_makes_a_gone_partner_anew_with_all_that_is_known(self):
        self.first_run()
        self.remove("N1")
        self.people(("k1", "N1", "+2"))
        self.script(SYNC, code=3)
        self.script(SYNC, options=("--recreate",))
        self.assert_rows(submitted=1, created=1)
        made, = [p for p in self.mock.partners() if p["name"] == "N1"]
        self.assertEqual(made["phone"], "+2")
        self.assertEqual(self.rejects(), [])
        self.script(SYNC)
        self.assert_rows(submitted=1, unchanged=1)

    def test_recreate_makes_it_anew_in_the_run_that_finds_it_gone(self):
        self.first_run()
        self.remove("N0", "N2")
        self.people(("k0", "N0", "+2"), ("k1", "N1", "+2"), ("k2", "N2", "+2"))
        self.script(SYNC, options=("--recreate",))
        self.assert_rows(submitted=3, updated=1, created=2)
        self.assertEqual(self.names(), ["N0", "N1", "N2"])

    def test_explain_tells_that_a_key_is_gone_and_what_makes_it_anew(self):
        self.first_run()
        self.remove("N1")
        self.people(("k1", "N1", "+2"))
        self.script(SYNC, code=3)
        def explain(*words):
            return subprocess.run([HOKO, "explain", "k1", *words], cwd=self.folder, env=self.environment(),
                                  capture_output=True, text=True, timeout=60).stdout
        self.assertIn("line 3 of what scripts/s.lua read", explain())
        self.assertIn("people.csv:2", explain())
        told = json.loads(explain("--json"))
        self.assertTrue(told["partner"]["gone"])
        self.assertEqual(told["rejected"]["code"], "unknown_id")
        self.assertIn("--recreate makes it anew", told["next"])

    def explain(self, key):
        return json.loads(subprocess.run([HOKO, "explain", key, "--json"], cwd=self.folder, env=self.environment(),
                                         capture_output=True, text=True, timeout=60).stdout)

    def ids(self, *names):
        return ",".join('"%s"' % p["id"] for p in self.mock.partners() if p["name"] in names)

    def delete_by_script(self, *names, code=0, then=""):
        self.script("hoko.partners.delete{" + self.ids(*names) + "}\n" + then, code=code)

    def test_a_key_whose_partner_the_script_deleted_is_gone_and_not_unchanged(self):
        self.first_run()
        self.delete_by_script("N1")
        told = self.explain("k1")
        self.assertEqual(told["decision"], "gone")
        self.assertEqual(told["why"], "gone: hoko.partners.delete named its partner, which Hoko does not have any more")
        self.script(SYNC, code=3)
        self.assert_rows(submitted=3, unchanged=2, rejected=1)
        self.assertEqual([(r["key"], r["code"]) for r in self.rejects()], [("k1", "unknown_id")])
        self.script(SYNC, options=("--recreate",))
        self.assert_rows(submitted=3, unchanged=2, created=1)
        self.assertEqual(self.names(), ["N0", "N1", "N2"])

    def test_one_run_may_sync_delete_and_sync_again(self):
        self.first_run()
        self.delete_by_script("N0", "N2", code=3, then=SYNC)
        self.assert_rows(submitted=3, unchanged=1, rejected=2)

    def test_an_id_that_hoko_did_not_have_any_more_is_gone_in_each_stream(self):
        self.first_run()
        ids = self.ids("N1")
        self.script("hoko.partners.adopt{ stream='other', key=function(p) return p.name end }")
        self.remove("N1")
        self.script("local _, unknown = hoko.partners.delete{" + ids + "}\nassert(#unknown == 1)")
        for key in "k1", "N1":
            self.assertTrue(self.explain(key)["partner"]["gone"])

    def test_a_run_that_dies_behind_its_deletion_does_not_take_the_partner_for_there(self):
        self.first_run(options=("--fault", "2:stall=60s"))
        ids = self.ids("N1")
        run = self.begin("hoko.partners.delete{" + ids + "}")
        wait_for("the deletion", lambda: self.names() == ["N0", "N2"])
        run.kill()
        run.wait()
        self.script(SYNC, code=3)
        self.assert_rows(submitted=3, unchanged=2, rejected=1)
        self.assertEqual([(r["key"], r["code"]) for r in self.rejects()], [("k1", "unknown_id")])

    def test_a_key_of_another_base_url_stays(self):
        self.first_run()
        here, there = self.url, Mock()
        self.addCleanup(there.end)
        ids = self.ids("N1")
        self.url = there.url
        self.script("hoko.partners.delete{" + ids + "}")
        self.url = here
        self.script(SYNC)
        self.assert_rows(submitted=3, unchanged=3)

    def test_a_row_refused_for_itself_is_not_taken_for_a_lost_partner(self):
        def answer(handler, rows):
            handler.reply(400, {"error": {"en": "Invalid request", "ar": "x"}})
        self.record(answer)
        self.recorder.server.RequestHandlerClass.do_GET = lambda h: h.reply(
            200, [{"id": h.path.split("=")[1], "name": "A"}])
        self.script('hoko.partners.upsert({{id="00000000-0000-4000-8000-000000000001", name="B"}})', code=3)
        reject, = self.rejects()
        self.assertEqual((reject["code"], reject["message"]), ("refused", "Invalid request"))

    def answer(self, status, *answers):
        """A Hoko that refuses each update with STATUS and gives ANSWERS to questions, the last for ever."""
        error = {"error": {"en": "No", "ar": "x"}}
        self.record(lambda handler, rows: handler.reply(status, error))
        left = list(answers)

        def get(handler):
            code, body = left.pop(0) if len(left) > 1 else left[0]
            handler.reply(code, error if body is None else body)
        self.recorder.server.RequestHandlerClass.do_GET = get

    ONE = 'hoko.partners.upsert({{id="00000000-0000-4000-8000-000000000001", name="B"}})'

    def test_every_form_of_absence_is_understood(self):
        for status, answers in ((400, [(200, [])]), (400, [(400, None)]), (404, [(200, [])]), (422, [(200, [])]),
                                (400, [(503, None), (200, b"<html>"), (200, [])])):
            with self.subTest(status=status, answers=answers):
                self.answer(status, *answers)
                self.script(self.ONE, code=3)
                self.assertEqual(self.rejects()[-1]["code"], "unknown_id")

    def test_a_404_to_update_and_question_is_a_wrong_base_url(self):
        self.answer(404, (404, None))
        self.script(self.ONE, code=6)
        self.assert_rows(submitted=1, pending=1)
        self.assertIn("hint: check --base-url", self.err)

    def test_a_401_to_the_question_stops_with_the_row_pending(self):
        self.answer(400, (401, None))
        self.script(self.ONE, code=5)
        self.assert_rows(submitted=1, pending=1)

    def test_a_key_that_may_not_read_partners_leaves_the_row_refused(self):
        def answer(handler, rows):
            handler.reply(400, {"error": {"en": "Invalid request", "ar": "x"}})
        self.record(answer)
        asked = []

        def get(handler):
            asked.append(handler.path)
            handler.reply(403, {"error": {"en": "Missing", "ar": "x"}, "missingScopes": ["partnersRead"]})
        self.recorder.server.RequestHandlerClass.do_GET = get
        self.script('hoko.partners.upsert({{id="00000000-0000-4000-8000-000000000001", name="B"},\n'
                    '{id="00000000-0000-4000-8000-000000000002", name="B"}})', code=3)
        self.assertEqual([r["code"] for r in self.rejects()], ["refused", "refused"])
        self.assertEqual(len(asked), 1)
        self.assertIn("may not read partners", self.err)

    def test_one_gone_partner_of_10000_costs_at_most_31_requests(self):
        self.start("--partners", "9999")
        text = ('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                'if n <= 10000 then return {id=("00000000-0000-4000-8000-%012d"):format(n), name="n"} end end)')
        self.script(text, code=3)
        self.assert_rows(submitted=10000, updated=9999, rejected=1)
        self.assertLessEqual(self.report["requests"]["sent"], 31)
        self.assertEqual([r["code"] for r in self.rejects()], ["unknown_id"])

    def test_questions_stay_within_the_bisect_limit(self):
        self.start("--partners", "1")
        rows = ",".join('{id="00000000-0000-4000-8000-9%011d", name="x"}' % i for i in range(40))
        self.script("hoko.partners.upsert({" + rows + "})", code=3, options=("--bisect-limit", "20"))
        self.assert_rows(submitted=40, rejected=40)
        self.assertLessEqual(self.report["requests"]["sent"], 22)
        codes = [r["code"] for r in self.rejects()]
        self.assertGreater(codes.count("unknown_id"), 3)
        self.assertGreater(codes.count("unclear"), 20)


if __name__ == "__main__":
    unittest.main()

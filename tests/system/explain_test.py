"""hoko explain: the last decision about a key, and why."""

import json
import subprocess
import unittest

from support import HOKO, RunTest


class Why(RunTest):
    def setUp(self):
        super().setUp()
        self.start()

    def sync(self, *rows, code=0, options=(), more=""):
        self.script('hoko.partners.upsert({' + ",".join(rows) + '}, {key="ref", stream="crm"' + more + '})',
                    code=code, options=options)

    def told(self, *words):
        done = subprocess.run([HOKO, "explain", "k1", *words], cwd=self.folder, env=self.environment(),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def assert_why(self, why, decision="sent"):
        told = json.loads(self.told("--json"))
        self.assertEqual((told["decision"], told["why"]), (decision, why))

    def assert_told(self, why, decision="sent"):
        """WHY is the decision that a person is told, too, and the only one."""
        self.assert_why(why, decision)
        decisions = [line for line in self.told().splitlines() if line.startswith("  decision ")]
        self.assertEqual(decisions, ["  decision  " + why])

    def only_id(self):
        partner, = self.mock.partners()
        return partner["id"]

    def take_in(self, name):
        subprocess.run([HOKO, "state", "import", name], cwd=self.folder, env=self.environment(), check=True,
                       capture_output=True, timeout=60)

    def remove(self):
        self.assertEqual(self.mock.ask("DELETE", body=[self.only_id()]).status, 200)

    def test_a_new_key_was_created(self):
        self.sync("{ref='k1', name='Ali'}")
        self.assert_told("created: its key was new")

    def test_a_changed_row_names_the_fields_that_differed(self):
        self.sync("{ref='k1', name='Ali', email='a@b.co', phone='+1'}")
        self.sync("{ref='k1', name='Ali', email='c@b.co', phone='+2'}")
        self.assert_told("updated: email, phone differed from what was last acknowledged")

    def test_a_row_that_came_unchanged_since_keeps_the_reason_for_which_it_was_sent(self):
        self.sync("{ref='k1', name='Ali'}")
        self.sync("{ref='k1', name='Ali'}")
        self.assertEqual(self.report["rows"]["unchanged"], 1)
        self.assert_told("created: its key was new")

    def test_send_all_is_the_reason_where_nothing_changed(self):
        self.sync("{ref='k1', name='Ali'}")
        self.sync("{ref='k1', name='Ali'}", more=', send="all"')
        self.assert_told("updated: all rows were to be sent, changed or not; this one with name")

    def test_a_row_with_key_and_id_was_bound(self):
        ali, = self.mock.put({"name": "Ali"}).json()
        self.sync("{ref='k1', id='" + ali["id"] + "', phone='+9'}")
        self.assert_told("updated: the row named its partner by id; with phone")

    def test_rows_of_one_key_were_merged(self):
        self.sync("{ref='k1', name='Ali'}")
        self.sync("{ref='k1', name='Ali 2'}", "{ref='k1', phone='+9'}")
        self.assert_told("updated: a run had more than one row of it, which came to name, phone")

    def test_a_create_without_an_answer_was_found(self):
        self.mock.end()
        self.start("--fault", "1:reset-after")
        self.sync("{ref='k1', name='Ali'}")
        self.assertEqual(self.report["rows"]["created"], 1)
        self.assert_told("created: its key had no partner; no clear answer came, but a listing had it")

    def test_a_held_create_tells_why_it_was_sent(self):
        self.mock.end()
        self.start("--fault", "1:garbage", "--fault", "2:status=503", "--fault", "3:status=503")
        self.sync("{ref='k1', name='Ali'}", code=6, options=("--give-up", "1ms"))
        self.assert_told("created: its key was new", decision="held")

    def test_a_gone_partner_is_told_with_its_reject_then_as_made_anew(self):
        self.sync("{ref='k1', name='Ali'}")
        self.remove()
        self.sync("{ref='k1', name='Ali', phone='+2'}", code=3)
        reject, = self.rejects()
        self.assert_why("unknown_id: " + reject["message"], "rejected")
        self.sync("{ref='k1', name='Ali', phone='+2'}", options=("--recreate",))
        self.assert_told("created anew: Hoko did not have its partner any more")

    def test_a_partner_that_came_back_was_tried_again(self):
        self.mock.put({"name": "Ali"})
        ali = self.only_id()
        self.write("map.ndjson", json.dumps({"stream": "crm", "base_url": self.url, "key": "k1", "id": ali,
                                             "name": "Ali", "gone": True}) + "\n")
        self.take_in("map.ndjson")
        self.sync("{ref='k1', name='Ali'}")
        self.assert_told("updated: its partner was gone, and was to be tried again with name")

    def test_what_was_refused_is_told_in_hokos_words(self):
        self.sync("{ref='k1', name='Ali', email='bad'}", code=3)
        reject, = self.rejects()
        self.assert_why("bad_email: " + reject["message"], "rejected")

    def test_an_imported_key_was_not_sent(self):
        self.write("map.ndjson", json.dumps({"stream": "crm", "base_url": self.url, "key": "k1",
                                             "id": "00000000-0000-4000-8000-000000000001", "name": "Ali"}) + "\n")
        self.take_in("map.ndjson")
        self.assert_told("imported: hoko state import brought it", decision="imported")
        self.assertIn("these fields are taken for Hoko's", self.told())

    def test_an_adopted_key_was_not_sent(self):
        self.mock.put({"name": "Ali"})
        self.script("hoko.partners.adopt{ stream='crm', key=function(p) return 'k1' end }")
        self.assert_told("adopted: hoko.partners.adopt gave its key to a partner that Hoko had", decision="adopted")
        self.assertIn("none; it was taken over", self.told())


if __name__ == "__main__":
    unittest.main()

"""A key of another workspace: its requests would make every partner a second time."""

import subprocess
import unittest

from support import HOKO, RunTest

SYNC = ('local rows = {}\nfor i = 1, 8 do rows[i] = {ref="k" .. i, name="N" .. i, phone=hoko.args[1]} end\n'
        'hoko.partners.upsert(rows, {stream="crm", key="ref"})\n')


class Workspace(RunTest):
    def first_run(self):
        self.start()
        self.script(SYNC, "+1")
        self.assert_rows(submitted=8, created=8)

    def with_key(self, key, *words, code=0):
        return self.script(SYNC, *words, code=code, env=self.environment(HOKO_API_KEY=key))

    def deleted(self, count):
        """Somebody deletes the latest partners: to a key it is as if they had never been."""
        ids = [p["id"] for p in sorted(self.mock.partners(), key=lambda p: p["name"], reverse=True)[:count]]
        self.assertEqual(self.mock.ask("DELETE", body=ids).status, 200)

    def test_a_key_that_sees_no_partner_of_the_stream_writes_nothing(self):
        self.first_run()
        self.deleted(8)
        before = self.mock.stats()
        self.with_key("another-key", "+2", code=7)
        self.assertIn("sees none of 5 partners of stream crm", self.err)
        self.assertIn("hint: --key NAME", self.err)
        self.assertEqual(self.report["requests"]["sent"], 5)
        self.assertEqual(self.mock.partners(), [])
        self.assertEqual(self.mock.stats()["requests"] - before["requests"], 5)

    def test_an_unseen_key_that_sees_one_partner_writes_and_is_remembered(self):
        self.first_run()
        self.deleted(4)
        self.with_key("rotated-key", "+2", code=3)
        self.assertEqual(self.report["rows"]["updated"], 4)
        self.with_key("rotated-key", "+2", code=3)
        self.assertEqual(self.report["requests"]["sent"], 0)

    def test_a_known_key_asks_for_nothing(self):
        self.first_run()
        self.deleted(8)
        self.script(SYNC, "+1")
        self.assertEqual(self.report["requests"]["sent"], 0)

    def test_a_key_that_may_not_read_is_exit_5_with_the_scope_to_give(self):
        self.record()
        self.script(SYNC, "+1")
        self.recorder.server.RequestHandlerClass.do_GET = lambda h: h.reply(
            403, {"error": {"en": "Missing", "ar": "x"}, "missingScopes": ["partnersRead"]})
        self.with_key("blind-key", "+2", code=5)
        self.assertIn("partnersRead", self.err)
        self.assertEqual(len(self.recorder.requests), 1)

    def test_settling_with_a_key_of_another_workspace_makes_nothing(self):
        self.start("--fault", "2:reset-after")
        self.script(SYNC, "+1")
        self.write("more.lua", 'hoko.partners.upsert({{ref="new", name="New"}}, {stream="crm", key="ref"})')
        self.hoko("more.lua", code=0)
        made = len(self.mock.partners())
        self.deleted(made)
        done = subprocess.run([HOKO, "settle", "--now", "--stream", "crm", "--base-url", self.url], cwd=self.folder,
                              env=self.environment(HOKO_API_KEY="another-key"), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertEqual(self.mock.partners(), [])


if __name__ == "__main__":
    unittest.main()

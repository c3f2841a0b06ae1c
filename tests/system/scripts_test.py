"""Every script in scripts/, run against a mock that holds the partners of scripts/data/partners_before.json.

HOKO names the program under test.
"""

import csv
import glob
import http.server
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from postgres import Postgres
from serving import ServeTest
from support import HOKO, Mock, wait_for

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts")


class Pages(http.server.ThreadingHTTPServer):
    """Another service: PEOPLE changed since, three a page; keeps what it was asked and what was posted."""

    daemon_threads = True

    def __init__(self, people):
        super().__init__(("127.0.0.1", 0), PagesHandler)
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.people, self.broken_page, self.asked, self.posted = people, None, [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()


class PagesHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = urllib.parse.urlsplit(self.path).query
        self.server.asked.append(text)
        query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        page = int(query["page"])
        if page == self.server.broken_page:
            return self.reply(500, {})
        people = [person for person in self.server.people if person["changed_at"] > query["since"]]
        is_last = len(people) <= 3 * page
        return self.reply(200, {"people": people[3 * page - 3:3 * page], "next_page": None if is_last else page + 1})

    def do_POST(self):
        self.server.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.reply(200, {})

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Scripts(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="hoko-scripts-")
        self.addCleanup(shutil.rmtree, self.home)
        self.folder = self.home + "/project"
        shutil.copytree(SCRIPTS, self.folder + "/scripts")
        self.mock = Mock("--data", self.folder + "/scripts/data/partners_before.json")
        self.addCleanup(self.mock.end)
        self.before = {partner["id"]: partner for partner in self.mock.partners()}

    def run_script(self, name, *args, code=0, options=(), **env):
        report = self.folder + "/report.json"
        done = subprocess.run(
            [HOKO, "run", "--base-url", self.mock.url, "--report", report, *options, f"scripts/{name}.lua", *args],
            cwd=self.folder, env={"PATH": os.environ["PATH"], "HOME": self.home, "HOKO_API_KEY": "any", **env},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        self.err = done.stderr
        with open(report, encoding="utf-8") as file:
            rows = json.load(file)["rows"]
        return done.stdout, {name: count for name, count in rows.items() if count}

    def made(self):
        return [partner for partner in self.mock.partners() if partner["id"] not in self.before]

    def test_partners_from_csv(self):
        out, rows = self.run_script("partners_from_csv")
        self.assertEqual(rows, {"skipped": 7, "submitted": 305, "created": 12, "updated": 293})
        self.assertEqual(out, "293 updated, 12 created, 0 unchanged, 7 skipped\n")
        after = {partner["id"]: partner for partner in self.mock.partners()}
        with open(SCRIPTS + "/data/partners.csv", encoding="utf-8", newline="") as file:
            sent = [row for row in csv.DictReader(file) if row["id"] and row["status"] != "closed"]
        for row in sent:
            partner = after[row["id"]]
            self.assertEqual(partner["name"], " ".join(row["name"].split()))
            if row["email"]:
                self.assertEqual(partner["email"], row["email"].strip().lower())
            if row["phone"]:
                self.assertRegex(partner["phone"], r"\A\+(20|44|49|962|964|965|966|971)\d{8,11}\Z")
                # what was known before was right already
                self.assertIn(self.before[row["id"]]["phone"], (partner["phone"], None))
        made = {partner["name"]: partner["phone"] for partner in self.made()}
        self.assertEqual(made["São Bento Viagens"], "+201063458012")
        self.assertEqual(made["مدونة الرحالة"], "+962798315850")

    def test_partners_from_csv_and_nothing_the_second_time(self):
        self.run_script("partners_from_csv")
        requests = self.mock.stats()["requests"]
        self.assertEqual(self.run_script("partners_from_csv")[1], {"skipped": 7, "submitted": 305, "unchanged": 305})
        self.assertEqual(self.mock.stats()["requests"], requests)

    def test_partners_from_postgresql_and_then_only_what_changed(self):
        server = Postgres()
        self.addCleanup(server.end)
        with open(SCRIPTS + "/data/crm.sql", encoding="utf-8") as file:
            server.sql(file.read())

        def run():
            return self.run_script("partners_from_postgresql", server.url, options=["--allow-net=localhost"])

        self.assertEqual(run(), ("3 created, 0 updated, 0 unchanged\n", {"submitted": 3, "created": 3}))
        self.assertEqual(
            [(partner["name"], partner["email"], partner["phone"]) for partner in self.made()],
            [("Al Noor Trading", "sales@alnoor.example", "+966551234567"),
             ("دار الحكمة للنشر", None, "+962798315850"), ("Nile Voyages", "info@nile.example", None)])
        self.assertEqual(run(), ("0 created, 0 updated, 0 unchanged\n", {}))
        server.sql("UPDATE customers SET mobile = '+20 106 345 8012', changed_at = now() WHERE code = 9007199254740993")
        self.assertEqual(run(), ("0 created, 1 updated, 0 unchanged\n", {"submitted": 1, "updated": 1}))
        self.assertEqual(self.made()[2]["phone"], "+201063458012")

    def test_csv_cleaning_and_nothing_the_second_time(self):
        _, rows = self.run_script("csv_cleaning")
        self.assertEqual(rows, {"skipped": 1, "submitted": 5, "created": 5})
        self.assertEqual(
            {(partner["name"], partner["email"], partner["phone"]) for partner in self.made()},
            {("Ahmed Al-Otaibi", "ahmed@example.com", "+966551234567"), ("Layla", "layla@example.org", None),
             ("Souq Finder", "ops@souqfinder.example", "+966112223344"),
             ("مجلة الأناقة", "noura@example.com", "+966507654321"), ("Tariq Khan; the younger", None, "+966539990000")})
        requests = self.mock.stats()["requests"]
        self.assertEqual(self.run_script("csv_cleaning")[1], {"skipped": 1, "submitted": 5, "unchanged": 5})
        self.assertEqual(self.mock.stats()["requests"], requests)

    def test_csv_cleaning_when_the_first_answer_is_lost(self):
        self.mock = Mock("--fault", "1:reset-after")
        self.addCleanup(self.mock.end)
        _, rows = self.run_script("csv_cleaning")
        self.assertEqual(rows, {"skipped": 1, "submitted": 5, "created": 5})
        self.assertEqual(len(self.mock.partners()), 5)

    def test_json_file(self):
        out, rows = self.run_script("json_file")
        self.assertEqual(rows, {"submitted": 3, "created": 3})
        self.assertEqual(out, "".join(f"{partner['id']}\t{partner['name']}\n" for partner in self.made()))
        self.assertEqual(
            [(partner["name"], partner["email"], partner["phone"]) for partner in self.made()],
            [("Huda Nasser (Falcon Reviews)", "huda@falcon.example", "+971501234567"),
             ("Omar Bakr (Falcon Reviews)", None, "+97142223344"),
             ("سلمان الخطيب (دار الكتاب العربي)", "salman@kitab.example", None)])

    def test_clear_fields(self):
        _, rows = self.run_script("clear_fields")
        self.assertEqual(rows, {"submitted": 5, "updated": 5})
        after = {partner["id"]: partner for partner in self.mock.partners()}
        with open(SCRIPTS + "/data/forget.csv", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                phone = None if row["phone_too"] == "yes" else self.before[row["id"]]["phone"]
                was = self.before[row["id"]]
                self.assertTrue(was["email"] and was["phone"])
                self.assertEqual(after[row["id"]], {**was, "email": None, "phone": phone,
                                                    "updatedAt": after[row["id"]]["updatedAt"]})

    def test_generated_rows(self):
        out, rows = self.run_script("generated_rows", "2500")
        self.assertEqual(rows, {"submitted": 2500, "created": 2500})
        self.assertEqual(out, "2500 partners created in 3 requests\n")
        self.assertEqual(len({partner["email"] for partner in self.made()}), 2500)

    def test_reading_rejects(self):
        out, rows = self.run_script("reading_rejects", code=3)
        self.assertEqual(rows, {"submitted": 5, "created": 2, "rejected": 3})
        self.assertEqual(
            [line[:3] for line in csv.reader(out.splitlines())],
            [["name", "field", "code"], ["Sinbad Deals", "email", "bad_email"],
             ["Petra Travel Blog", "id", "bad_id"], ["", "name", "name_missing"]])

    def test_newest_partners(self):
        out, _ = self.run_script("newest_partners", "3")
        newest = sorted(self.before.values(), key=lambda partner: partner["createdAt"])[:-4:-1]
        self.assertEqual(out, "".join(
            f"{partner['createdAt']}\t{partner['name']}\t{partner['phone'] or '-'}\n" for partner in newest))

    def seen(self, partners):
        return [(partner["name"], partner["email"], partner["phone"]) for partner in partners]

    def test_arabic_spreadsheet(self):
        _, rows = self.run_script("arabic_spreadsheet")
        self.assertEqual(rows, {"submitted": 4, "created": 4})
        self.assertEqual(self.seen(self.made()), [
            ("مؤسسة الأمل للتجارة", "contact@alamal.example", "+966551112223"),
            ("دار الحكمة للنشر", "info@hikma.example", "+966112345678"),
            ("سارة القحطاني", None, "+966507654321"), ("متجر الواحة", "shop@waha.example", None)])
        self.assertEqual(self.run_script("arabic_spreadsheet")[1], {"submitted": 4, "unchanged": 4})

    def test_merging_sources(self):
        out, _ = self.run_script("merging_sources")
        self.assertEqual(out, "4 partners, 4 of them changed\n")
        self.assertEqual(self.seen(self.made()), [
            ("Falcon Reviews", "desk@falcon.example", "+966551234567"), ("دار الكتاب العربي", None, None),
            ("Petra Travel Blog", "hello@petra.example", "+966112223344"), ("Sinbad Deals", "team@sinbad.example", None)])

    def test_cleaning_phones(self):
        before = list(self.before.values())
        for partner, phone in zip(before, ("055 123 4567", "(011) 222-3344", "call me", "٠٥٠١١١٢٢٢٣")):
            partner["phone"] = phone
        with open(self.folder + "/before.json", "w", encoding="utf-8") as file:
            json.dump(before, file)
        self.mock = Mock("--data", self.folder + "/before.json")
        self.addCleanup(self.mock.end)
        out, rows = self.run_script("cleaning_phones")
        self.assertEqual(out, "3 cleaned, 1 unclear\n")
        self.assertEqual(rows, {"submitted": 3, "updated": 3})
        self.assertEqual([partner["phone"] for partner in self.mock.partners()[:4]],
                         ["+966551234567", "+966112223344", "call me", "+966501112223"])
        self.assertEqual(self.run_script("cleaning_phones")[0], "0 cleaned, 1 unclear\n")

    def test_deleting_what_left(self):
        self.assertEqual(self.run_script("deleting_what_left")[0], "20 members, 0 left\n")
        path = self.folder + "/scripts/data/members.csv"
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines[:5] + lines[7:])
        self.assertEqual(self.run_script("deleting_what_left")[0], "18 members, 2 left\n")
        self.assertEqual(len(self.made()), 18)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines[:5])
        self.run_script("deleting_what_left", code=7)
        self.assertIn("missing_limit", self.err)
        self.assertEqual(len(self.made()), 18)

    def test_adopting_partners(self):
        out, rows = self.run_script("adopting_partners")
        self.assertEqual(out, "274 adopted, 2 created, 0 updated\n")
        self.assertEqual([partner["name"] for partner in self.made()], ["Al Noor Weekly", "Desert Rose Books"])
        self.assertEqual(self.run_script("adopting_partners")[0], "0 adopted, 0 created, 0 updated\n")

    def test_paged_api(self):
        people = [{"id": i, "full_name": f"Person {i}", "email": f"P{i}@crm.example", "phone": f"05500000{i:02}",
                   "changed_at": f"2026-11-{i:02}T00:00:00Z"} for i in range(1, 8)]
        crm = Pages(people)
        self.addCleanup(crm.end)
        allowed = [f"--allow-net=127.0.0.1:{crm.port}"]
        crm.broken_page = 3
        self.run_script("paged_api", crm.url, code=1, options=allowed)
        self.assertIn("page 3: the API answered 500", self.err)
        self.assertEqual(len(self.made()), 6)
        crm.broken_page = None
        self.assertEqual(self.run_script("paged_api", crm.url, options=allowed)[1],
                         {"submitted": 7, "created": 1, "unchanged": 6})
        people[1].update(full_name="Person Two", changed_at="2026-11-20T00:00:00Z")
        del crm.asked[:]
        self.assertEqual(self.run_script("paged_api", crm.url, options=allowed)[1], {"submitted": 1, "updated": 1})
        self.assertEqual(crm.asked, ["page=1&since=2026-11-07T00%3A00%3A00Z"])
        self.assertIn(("Person Two", "p2@crm.example", "+966550000002"), self.seen(self.made()))

    def test_alerting_by_hand(self):
        chat = Pages([])
        self.addCleanup(chat.end)
        allowed = [f"--allow-net=127.0.0.1:{chat.port}", "--allow-env=CHAT_URL"]
        self.run_script("alerting", options=allowed, CHAT_URL=chat.url)
        self.assertEqual(chat.posted, [{"text": "The sync nothing works again."}])
        self.run_script("alerting", options=allowed, code=1, CHAT_URL="http://127.0.0.1:1")
        self.assertIn("not allowed", self.err)

    def test_the_first_sync_of_the_readme(self):
        self.folder = self.home + "/new"
        subprocess.run([HOKO, "init", self.folder], check=True, capture_output=True, timeout=60)
        with open(SCRIPTS + "/../README.md", encoding="utf-8") as file:
            script = re.search(r"```lua\n(.*?)```", file.read(), re.S).group(1)
        with open(self.folder + "/scripts/partners.lua", "w", encoding="utf-8") as file:
            file.write(script)
        _, rows = self.run_script("partners")
        self.assertEqual(rows, {"submitted": 4, "created": 4})
        self.assertIn(("Al Noor Trading", "+966551234567"),
                      [(partner["name"], partner["phone"]) for partner in self.made()])

    def test_every_script_has_a_test_here_and_fits_on_a_screen(self):
        for path in glob.glob(SCRIPTS + "/*.lua"):
            name = os.path.basename(path)[:-4]
            with self.subTest(script=name):
                self.assertTrue([test for test in dir(self) if test.startswith("test_" + name)])
                with open(path, encoding="utf-8") as file:
                    lines = file.read().splitlines()
                self.assertTrue(6 <= len(lines) <= 40)
                self.assertRegex("\n".join(lines), rf"--   hoko run (--\S+ )*scripts/{name}\.lua")


class Alerting(ServeTest):
    def test_a_job_s_failure_and_recovery_are_told_once_each(self):
        chat = Pages([])
        self.addCleanup(chat.end)
        shutil.copy(SCRIPTS + "/alerting.lua", self.path("alerting.lua"))
        self.write("sync.lua", 'if not io.open("ok") then error("no such luck") end')
        self.jobs(crm='script = "sync.lua", every = "1s", on_failure = "alerting.lua", on_recovery = "alerting.lua", '
                      f'allow = {{ net = {{ "127.0.0.1:{chat.port}" }}, env = {{ "CHAT_URL" }} }}')
        self.serve(env=self.environment(CHAT_URL=chat.url))
        wait_for("the alert", lambda: len(chat.posted) == 1)
        self.write("ok", "")
        wait_for("the all-clear", lambda: len(chat.posted) == 2)
        self.stop()
        texts = [posted["text"] for posted in chat.posted]
        self.assertRegex(texts[0], r"\AThe sync crm fails: .*no such luck \(hoko runs show \w{26}\)\Z")
        self.assertEqual(texts[1], "The sync crm works again.")


if __name__ == "__main__":
    unittest.main()

"""The pages of hoko serve --web: what they show, and to whom.  HOKO names the program under test."""

import http.client
import json
import os
import re
import shutil
import stat
import subprocess
import unittest
from html.parser import HTMLParser

from serving import ServeTest
from support import wait_for

CHROMIUM = shutil.which("chromium")


class Outline(HTMLParser):
    """What of a page is read aloud, and whether its elements are closed in order."""

    VOID = {"meta", "input", "br", "rect", "circle", "path", "polyline"}

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.found = [], [], []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attrs for name, attrs in self.found if name == tag]


class Web(ServeTest):
    def open(self):
        self.serve("--web", "127.0.0.1:0")
        with open(self.path(".hoko/web-link"), encoding="ascii") as file:
            self.link = file.read().strip()
        self.port, self.token = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\?token=([0-9a-f]{32})", self.link).groups()
        self.cookie = f"hoko-{self.port}={self.token}"

    def ask(self, path, method="GET", body=None, **headers):
        """Status, headers and text of an answer; a header of None is left out."""
        sent = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie, **headers}
        connection = http.client.HTTPConnection("127.0.0.1", int(self.port), timeout=20)
        connection.putrequest(method, path, skip_host=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        result = answer.status, answer.headers, answer.read().decode()
        connection.close()
        return result

    def page(self, path, **headers):
        status, _, text = self.ask(path, **headers)
        self.assertEqual(status, 200, text)
        return Outline(text)

    def start_form(self, job="s", token=None, **headers):
        return self.ask(f"/start?job={job}", "POST", f"token={token or self.token}",
                        **{"Content_Type": "application/x-www-form-urlencoded", **headers})[0]


class Shown(Web):
    def setUp(self):
        super().setUp()
        self.start()
        self.write("s.lua", 'hoko.partners.upsert({ { code = "1", name = "Ali" }, { code = "2", name = "<b>Omar", nome = "x" }, '
                            '{ code = "3<i>", email = "no" } }, { key = "code" })')
        self.write("bad.lua", 'error("no luck <today>")')
        self.jobs(s='script = "s.lua", schedule = "30 2 * * *", timezone = "Asia/Riyadh"', bad='script = "bad.lua"')
        self.open()

    def test_jobs_runs_rows_by_state_and_rejects_with_their_reasons(self):
        self.call("jobs", "run", "s", code=3)
        self.call("jobs", "run", "bad", code=1)
        jobs = self.page("/")
        self.assertIn("02:30:00+03:00", jobs.text)
        self.assertIn("1 created, 2 rejected", jobs.text)
        self.assertIn("failed (script-error)", jobs.text)
        links = [a["href"] for a in jobs.all("a")]
        self.assertIn("/job?name=s", links)
        job = self.page("/job?name=s")
        self.assertIn("1 created, 2 rejected", job.text)
        self.assertEqual(len(job.all("svg")), 1)
        self.assertIn("Runs: 1, failed: 1, did not start: 0, Rows: 3, Took: ", job.text)
        shown = [self.page(link).text for link in links if link.startswith("/run?run=")]
        self.assertIn("no luck <today>", shown[0])
        self.assertIn("rejected 2", shown[1])
        self.assertIn("3<i>", shown[1])
        self.assertIn("unknown_field", shown[1])
        self.stop()

    def test_a_run_under_way_is_told_as_it_goes(self):
        self.write("bad.lua", "hoko.sleep(60)")
        self.call("jobs", "run", "--detach", "bad")
        wait_for("a run under way", lambda: "running" in self.page("/").text)
        jobs = self.page("/")
        self.assertEqual([m["content"] for m in jobs.all("meta") if m.get("http-equiv") == "refresh"], ["5"])
        self.assertIn("running", self.page("/job?name=bad").text)
        self.stop()

    def test_arabic_reads_from_right_to_left_where_it_is_the_first_choice(self):
        page = self.page("/", Accept_Language="ar-SA,ar;q=0.9,en;q=0.5")
        self.assertEqual([(h["lang"], h["dir"]) for h in page.all("html")], [("ar", "rtl")])
        self.assertIn("المهام", page.text)
        page = self.page("/", Accept_Language="en,ar;q=0.9")
        self.assertEqual([(h["lang"], h["dir"]) for h in page.all("html")], [("en", "ltr")])
        self.stop()

    def test_a_page_needs_no_script_and_loads_nothing_from_elsewhere(self):
        status, headers, text = self.ask("/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertNotIn("script-src", headers["Content-Security-Policy"])
        page = Outline(text)
        self.assertEqual((page.all("script"), page.all("link"), page.all("img")), ([], [], []))
        self.assertEqual([m.get("content") for m in page.all("meta") if m.get("name") == "viewport"],
                         ["width=device-width,initial-scale=1"])
        for button in page.all("button"):
            self.assertRegex(button["aria-label"], "Run now: .")
        self.stop()

    def test_what_is_not_there_is_404(self):
        for path in ("/jobs", "/job", "/job?name=none", "/run?run=01ZZZZ", "/run"):
            with self.subTest(path):
                self.assertEqual(self.ask(path)[0], 404)
        self.stop()


class Guarded(Web):
    def setUp(self):
        super().setUp()
        self.write("s.lua", "")
        self.jobs(s='script = "s.lua"')
        self.open()

    def tearDown(self):
        self.stop()
        self.assertEqual(len(self.runs("s")), self.expected)

    expected = 0

    def test_the_token_is_the_owners_alone_and_lasts(self):
        for name in ("web-token", "web-link"):
            self.assertEqual(stat.S_IMODE(os.stat(self.path(f".hoko/{name}")).st_mode), 0o600)
        self.assertNotIn(self.token, self.logged())
        token = self.token
        self.stop()
        self.open()
        self.assertEqual(self.token, token)

    def test_the_link_gives_a_cookie_once_and_leaves_the_address(self):
        status, headers, _ = self.ask(f"/?token={self.token}", Cookie=None)
        self.assertEqual((status, headers["Location"]), (303, "/"))
        self.assertEqual(headers["Set-Cookie"],
                         f"{self.cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000")

    def test_without_the_token_nothing_is_shown_or_started(self):
        wrong = "0" * 32
        for cookie in (None, "", f"hoko-{self.port}={wrong}", f"hoko={self.token}", f"x{self.cookie}", self.cookie[:-1]):
            with self.subTest(cookie):
                status, _, text = self.ask("/", Cookie=cookie)
                self.assertEqual(status, 401)
                self.assertNotIn("s.lua", text)
                self.assertEqual(self.start_form(Cookie=cookie), 401)
        self.assertEqual(self.ask(f"/?token={wrong}", Cookie=None)[0], 401)

    def test_another_name_for_this_machine_is_refused(self):
        for host in (None, "evil.example", f"evil.example:{self.port}", "127.0.0.1", f"127.0.0.1.evil.example:{self.port}"):
            with self.subTest(host):
                for path in ("/", "/metrics", "/healthz", f"/?token={self.token}"):
                    self.assertIn(self.ask(path, Host=host)[0], (400, 403))
                self.assertIn(self.start_form(Host=host), (400, 403))
        self.assertEqual(self.ask("/", Host=f"LOCALHOST:{self.port}")[0], 200)

    def test_a_form_of_another_site_starts_nothing(self):
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"},
                        {"Origin": f"http://127.0.0.1:{int(self.port) + 1}"}, {"Sec_Fetch_Site": "same-site"}):
            with self.subTest(headers):
                self.assertEqual(self.start_form(**headers), 403)
        self.assertEqual(self.start_form(token="0" * 32), 403)
        self.assertEqual(self.ask("/start?job=s")[0], 404)
        self.assertEqual(self.ask("/start?job=s", "PUT", f"token={self.token}")[0], 405)

    def test_a_form_of_our_own_starts_a_run(self):
        origin = f"http://127.0.0.1:{self.port}"
        self.assertEqual(self.start_form(Origin=origin, Sec_Fetch_Site="same-origin"), 303)
        self.wait_runs("s", 1)
        self.assertEqual(self.start_form("none"), 404)
        self.expected = 1

    def test_a_page_for_other_machines_is_wrong_use(self):
        self.stop()
        self.call("serve", "--web", "0.0.0.0:0", code=2)
        self.assertIn("ssh -L", self.err)
        self.open()


@unittest.skipUnless(CHROMIUM, "chromium is not here")
class Browser(Web):
    def shoot(self, name, width=1000, **options):
        """A screenshot; HOKO_SHOTS keeps it."""
        folder = os.environ.get("HOKO_SHOTS", self.folder)
        to = os.path.join(folder, f"{name}.png")
        languages = [f"--accept-lang={options['language']}", f"--lang={options['language']}"] if "language" in options else []
        subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900", *languages,
                        f"--user-data-dir={self.path('browser')}", f"--screenshot={to}",
                        options.get("link", self.link)], check=True, capture_output=True, timeout=120,
                       env={**os.environ, "HOME": self.folder})
        self.assertGreater(os.path.getsize(to), 5000)

    def test_a_browser_shows_the_pages(self):
        self.start()
        self.write("s.lua", 'hoko.partners.upsert({ { code = "1", name = "Ali" }, { code = "2", nome = "x" } }, { key = "code" })')
        self.write("slow.lua", "hoko.sleep(100)")
        self.jobs(crm_partners='script = "s.lua", schedule = "*/15 * * * *", timezone = "Asia/Riyadh"',
                  nightly='script = "s.lua", schedule = "30 2 * * *"', export='script = "slow.lua", every = "1h"')
        self.open()
        self.call("jobs", "run", "crm-partners", code=3)
        self.call("jobs", "run", "--detach", "export")
        self.call("jobs", "pause", "nightly")
        self.shoot("jobs")
        self.shoot("telephone", width=500)
        self.shoot("arabic", language="ar")
        self.shoot("job", link=f"http://127.0.0.1:{self.port}/job?name=crm-partners")
        run = json.loads(self.call("runs", "list", "--job", "crm-partners", "--json").splitlines()[0])["run"]
        self.shoot("run", link=f"http://127.0.0.1:{self.port}/run?run={run}")
        self.stop(seconds=60)


if __name__ == "__main__":
    unittest.main()

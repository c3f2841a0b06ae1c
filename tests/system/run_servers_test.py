"""hoko run: servers that answer badly, otherwise, or not at all (A1, A2, A6 to A11, N1)."""

import gzip
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest

from support import DEADLINE, HOKO, RunTest, partner_id, stored

ONE = 'hoko.partners.upsert{{id="7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11", name="A"}}'
THREE = ('local rows = {}\nfor i = 1, 3 do\n'
         'rows[i] = {id=("00000000-0000-4000-8000-%012d"):format(i), name="new" .. i} end\n'
         'hoko.partners.upsert(rows)')
CREATES = 'hoko.partners.upsert{{name="new1"}, {name="new2"}, {name="new3"}}'


class Answers(RunTest):
    """A1, A2: only a full match is an answer."""

    BAD = ("short", "extra", "duplicate", "foreign", "null", "body={}", "body=[]", "body=[{}]", "body=[1,2,3]",
           "body=[", "truncate", "reset-half", "garbage", "deep=100000", "empty", "accepted")

    def test_updates_are_sent_again_after_a_bad_answer(self):
        for fault in self.BAD + ("reset-before", "reset-after", "status=503", "status=500", "status=502", "status=504",
                                 "status=520", "status=408", "status=425", "answer=500"):
            with self.subTest(fault):
                self.start("--partners", "3", "--fault", f"1:{fault}")
                self.script(THREE)
                self.assert_rows(submitted=3, updated=3)
                self.assertEqual({p["name"] for p in self.mock.partners()}, {"new1", "new2", "new3"})
                self.assertEqual(self.report["requests"]["sent"], 2)

    def test_creates_are_never_acknowledged_by_a_bad_answer_and_never_made_twice(self):
        for fault in self.BAD:
            with self.subTest(fault):
                self.start("--fault", f"1:{fault}")
                shutil.rmtree(self.path(".hoko"), ignore_errors=True)
                self.script(CREATES)
                self.assert_rows(submitted=3, created=3)
                stats = self.mock.stats()
                self.assertEqual((stats["partners"], stats["twins"]), (3, 0))
                self.assertEqual(stats["requests_by_method"]["PUT"], 1)

    def test_an_answer_in_another_order_or_dress_counts(self):
        for fault in ("reorder", "chunked", "close", "drop", "spaces=100000", "stall=300ms", "stall-half=300ms",
                      "answer=201"):
            with self.subTest(fault):
                self.start("--partners", "3", "--fault", f"1-2:{fault}")
                self.script(THREE + "\n" + CREATES)
                self.assert_rows(submitted=6, updated=3, created=3)
                self.assertEqual(self.report["requests"]["sent"], 2)

    def test_an_endless_answer_takes_no_memory(self):
        def spaces(handler, rows):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
            try:
                for _ in range(1024):
                    handler.wfile.write(chunk)
            except OSError:
                pass
            handler.close_connection = True
        self.record(spaces)
        self.script(ONE, code=6, options=["--give-up", "1s"], timeout=120)
        self.assert_rows(submitted=1, pending=1)
        self.assert_memory(64 << 20)

    def test_a_gzipped_answer_is_unpacked_and_a_bomb_is_not(self):
        def packed(handler, rows):
            handler.reply(200, gzip.compress(json.dumps([stored(row) for row in rows]).encode()), Content_Encoding="gzip")

        def bomb(handler, rows):
            handler.reply(200, gzip.compress(b"[" + b" " * (512 << 20)), Content_Encoding="gzip")
        self.record(packed)
        self.script(ONE)
        self.assert_rows(submitted=1, updated=1)
        self.record(bomb)
        self.script(ONE, code=6, options=["--give-up", "1s"], timeout=120)
        self.assert_memory(64 << 20)

    def test_members_that_are_new_are_kept_for_the_script(self):
        self.record(lambda handler, rows: handler.reply(200, [{**stored(row), "tier": {"a": [1, 2]}} for row in rows]))
        out = self.script('local p = hoko.partners.upsert{{name="A"}}.partners[1]\nprint(p.tier.a[2], p.email == hoko.null)')
        self.assertEqual(out, "2\ttrue\n")

    def test_fields_that_hoko_tidied_are_acknowledged_with_one_warning(self):
        self.start("--fault", "1-9:trim", "--fault", "1-9:fold", "--partners", "2")
        text = (f'hoko.partners.upsert({{{{id="{partner_id(1)}", name=" A ", email="X@Y.Example", phone="+1 (2)"}},\n'
                f'{{id="{partner_id(2)}", name=" B "}}, {{name=" C ", email="C@Y.Example"}}}}, {{key=function(r) return r.name end}})')
        self.script(text)
        self.assert_rows(submitted=3, updated=2, created=1)
        for field in ("name", "email", "phone"):
            self.assertEqual(self.err.count(f"another {field} "), 1, self.err)

    def test_what_was_sent_and_not_what_came_back_tells_whether_a_row_changed(self):
        self.start("--fault", "1-9:trim", "--fault", "1-9:fold")
        text = 'hoko.partners.upsert({{ref=1, name=" C ", email="C@Y.Example"}}, {key="ref"})'
        self.script(text)
        self.assert_rows(submitted=1, created=1)
        self.script(text)
        self.assert_rows(submitted=1, unchanged=1)

    def test_letter_case_of_ids_does_not_matter(self):
        self.record(lambda handler, rows: handler.reply(200, [{**stored(row), "id": row["id"].upper()} for row in rows]))
        self.script(ONE)
        self.assert_rows(submitted=1, updated=1)


class Refusals(RunTest):
    def test_a_wrong_key_is_exit_5_and_the_rest_is_pending(self):
        self.start("--key", "another")
        self.script('local n = 0\nhoko.partners.upsert(function() n = n + 1\n'
                    'if n <= 50000 then return {name="n" .. n} end end, {batch_rows=10})', code=5)
        self.assert_sum(self.report["rows"])
        self.assertEqual(self.report["rows"]["pending"], self.report["rows"]["submitted"])
        self.assertLess(self.report["rows"]["submitted"], 50000)
        self.assertIn("401", self.err)
        self.assertIn(f"Hoko answered 401 to the key HOKO_API_KEY at {self.url}: Invalid API key", self.err)
        self.assertLessEqual(self.mock.stats()["requests"], 4)

    def test_a_key_that_expires_half_way_keeps_what_was_acknowledged(self):
        self.start("--fault", "3-999:status=401")
        self.script('local rows = {}\nfor i = 1, 50 do rows[i] = {name="n" .. i} end\n'
                    'hoko.partners.upsert(rows, {batch_rows=10, concurrency=1})', code=5)
        self.assert_rows(submitted=50, created=20, pending=30)

    def test_a_missing_scope_is_printed_as_received(self):
        self.start("--scopes", "partnersRead")
        self.script(ONE, code=5)
        self.assertIn("403", self.err)
        self.assertIn("partnersWrite", self.err)
        self.assert_rows(submitted=1, pending=1)

    def test_a_403_without_scopes_says_so(self):
        self.record(lambda handler, rows: handler.reply(403, {"error": {"en": "Blocked", "ar": "محظور"}}))
        self.script(ONE, code=5)
        self.assertIn("Blocked", self.err)
        self.assertIn("no missing scopes were named", self.err)

    def test_no_key_is_exit_5_before_any_request(self):
        self.start()
        env = self.environment()
        del env["HOKO_API_KEY"]
        self.script(ONE, code=5, env=env)
        self.assertEqual(self.mock.stats()["requests"], 0)
        self.assertIn("hint:", self.err)

    def test_a_key_that_no_header_can_hold_is_exit_5_and_is_not_shown(self):
        self.start()
        for key in ("two words", "line\nend", "ünicode", ""):
            self.script(ONE, code=5, env=self.environment(HOKO_API_KEY=key))
            self.assertNotIn("two words", self.err)
        self.assertEqual(self.mock.stats()["requests"], 0)

    def test_other_refusals_stop_the_run_and_name_the_server(self):
        for status in (402, 404, 405, 410, 418, 451):
            with self.subTest(status):
                self.record(lambda handler, rows: handler.reply(status, b"<h1>no</h1>"))
                self.script(ONE, code=6)
                self.assert_rows(submitted=1, pending=1)
                self.assertIn(str(status), self.err)
                self.assertIn(self.url, self.report["error"]["message"])
                self.assertEqual(len(self.recorder.requests), 1)

    def test_creates_that_met_another_refusal_are_held_unless_hoko_spoke(self):
        self.record(lambda handler, rows: handler.reply(404, b"<h1>no</h1>"))
        self.script('hoko.partners.upsert{{name="A"}}', code=6)
        self.assert_rows(submitted=1, held=1)
        shutil.rmtree(self.path(".hoko"))
        self.record(lambda handler, rows: handler.reply(404, {"error": {"en": "No such endpoint", "ar": "لا"}}))
        self.script('hoko.partners.upsert{{name="A"}}', code=6)
        self.assert_rows(submitted=1, pending=1)

    def test_an_error_that_is_no_json_is_shown_without_its_control_characters(self):
        self.record(lambda handler, rows: handler.reply(402, b"\x1b[31mpay\x07 up\r\nnow"))
        self.script(ONE, code=6)
        self.assertIn("pay", self.err)
        self.assertNotIn("\x1b", self.err)
        self.assertNotIn("\x07", self.err)

    def test_a_redirect_is_not_followed(self):
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status):
                self.record(lambda handler, rows: handler.reply(status, b"", Location="https://evil.example/here"))
                self.script(ONE, code=6)
                self.assertIn("evil.example", self.err)
                self.assertIn("127.0.0.1", self.err)
                self.assertEqual(len(self.recorder.requests), 1)


class Requests(RunTest):
    def test_a_request_has_the_headers_it_needs_and_no_others_that_matter(self):
        self.record()
        self.script(ONE)
        path, headers, body = self.recorder.requests[0]
        self.assertEqual(path, "/api/partners")
        self.assertEqual(headers["Authorization"], "Bearer key-for-tests")
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertRegex(headers["User-Agent"], r"\Ahoko/\d+\.\d+\.\d+\Z")
        self.assertIn("gzip", headers["Accept-Encoding"])
        for name in ("Origin", "Referer", "Cookie", "Expect"):
            self.assertNotIn(name, headers)
        self.assertEqual(json.loads(body), [{"id": "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11", "name": "A"}])

    def test_a_proxy_in_the_environment_does_not_get_the_key(self):
        self.record()
        proxy = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(proxy.close)
        proxy.settimeout(0.1)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        self.script(ONE, env=self.environment(http_proxy=address, HTTPS_PROXY=address, ALL_PROXY=address))
        self.assertRaises(TimeoutError, proxy.accept)

    def test_one_connection_serves_many_requests(self):
        ports = set()

        def note(handler, rows):
            ports.add(handler.client_address[1])
            handler.reply(200, [stored(row) for row in rows])
        self.record(note)
        self.script('local rows = {}\nfor i = 1, 40 do rows[i] = {name="n" .. i} end\n'
                    'hoko.partners.upsert(rows, {batch_rows=1, concurrency=1})')
        self.assertEqual(len(self.recorder.requests), 40)
        self.assertEqual(len(ports), 1)


class Unreachable(RunTest):
    """N1."""

    def closed_port(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            return server.getsockname()[1]

    def test_a_server_that_refuses_is_tried_again_and_given_up(self):
        self.url = f"http://127.0.0.1:{self.closed_port()}/api"
        began = time.monotonic()
        self.script(ONE, code=6, options=["--give-up", "1s"])
        self.assertGreater(time.monotonic() - began, 0.9)
        self.assertLess(time.monotonic() - began, 10)
        self.assert_rows(submitted=1, pending=1)
        self.assertIn(f"127.0.0.1:{self.url.split(':')[2].split('/')[0]}", self.err)
        self.assertIn("hint:", self.err)

    def test_creates_that_never_left_are_pending_not_held(self):
        self.url = f"http://127.0.0.1:{self.closed_port()}/api"
        self.script(CREATES, code=6, options=["--give-up", "1s"])
        self.assert_rows(submitted=3, pending=3)

    def test_a_server_that_comes_up_meanwhile_gets_the_rows(self):
        port = self.closed_port()
        self.url = f"http://127.0.0.1:{port}/api"
        run = self.begin('print("going") io.stdout:flush()\n' + CREATES)
        self.assertEqual(run.stdout.readline(), b"going\n")
        time.sleep(0.5)
        mock = subprocess.Popen([HOKO, "mock", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(mock.wait)
        self.addCleanup(mock.terminate)
        self.ended(run, 0)
        self.assert_rows(submitted=3, created=3)

    def test_a_name_that_does_not_exist_is_told(self):
        self.url = "https://no-such-host.invalid/api"
        self.script(ONE, code=6, options=["--give-up", "500ms"])
        self.assertIn("no-such-host.invalid", self.err)

    WRONG = ("http://hoko.example/api", "http://192.0.2.1/api", "ftp://hoko.to/api", "hoko.to/api", "https://", "https:///api",
             "https://user:pw@hoko.to/api", "file:///etc/passwd", "http://127.0.0.1.example/api", "https://hoko.to:99999/api")

    def test_a_base_url_that_is_wrong_is_exit_2(self):
        for url in self.WRONG:
            with self.subTest(url):
                self.url = url
                self.script(ONE, code=2)
                self.assertIn("hint:", self.err)
                self.assertNotIn("pw@", self.err)

    def test_a_server_that_speaks_another_protocol_is_told(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def talk():
            while True:
                try:
                    with server.accept()[0] as peer:
                        peer.recv(100)
                        peer.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
                except OSError:
                    return
        threading.Thread(target=talk, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.getsockname()[1]}/api"
        self.script(ONE, code=6, options=["--give-up", "1s"])
        self.assertIn("127.0.0.1", self.err)

    def test_a_page_of_html_acknowledges_nothing(self):
        self.record(lambda handler, rows: handler.reply(200, b"<html></html>", Content_Type="text/html"))
        self.script(ONE, code=6, options=["--give-up", "1s"])
        self.assert_rows(submitted=1, pending=1)
        self.assertIn("JSON", self.err)

    def test_a_server_that_has_only_pages_of_html_is_taken_for_a_wrong_url(self):
        self.record(lambda handler, rows: handler.reply(200, b"<html></html>", Content_Type="text/html"))
        self.recorder.server.RequestHandlerClass.do_GET = lambda h: h.reply(200, b"<html></html>", Content_Type="text/html")
        self.script("hoko.partners.upsert{ { name = 'a' } }", code=6, options=["--give-up", "1s"])
        self.assert_rows(submitted=1, held=1)
        self.assertIn("check --base-url", self.err)


class Tls(RunTest):
    def serve(self, subject, *more):
        key, cert = self.path("tls.key"), self.path("tls.crt")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj",
                        f"/CN={subject}", *more], check=True, capture_output=True, timeout=DEADLINE)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        process = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", key, "-cert", cert,
                                    "-quiet", "-www"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        self.url = f"https://127.0.0.1:{port}/api"

    def test_a_certificate_that_nobody_signed_stops_at_once(self):
        self.serve("127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2")
        began = time.monotonic()
        self.script(ONE, code=6)
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn("self-signed", self.err)
        self.assertIn("127.0.0.1", self.err)
        self.assert_rows(submitted=1, pending=1)

    def test_a_creates_key_never_went_to_such_a_server(self):
        self.serve("127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2")
        self.script(CREATES, code=6)
        self.assert_rows(submitted=3, pending=3)

    def test_https_where_http_is_spoken_is_told(self):
        self.record()
        self.url = self.recorder.url.replace("http:", "https:")
        self.script(ONE, code=6, options=["--give-up", "1s"])
        self.assertIn("TLS", self.err.upper().replace("SSL", "TLS"))


if __name__ == "__main__":
    unittest.main()

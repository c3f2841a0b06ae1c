"""The mock over real sockets: HOKO=path/to/hoko python3 -m unittest tests/system/mock_test.py"""

import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import uuid

from support import DEADLINE, HEADERS, HOKO, Mock


class MockTest(unittest.TestCase):
    maxDiff = None

    def mock(self, *options):
        mock = Mock(*options)
        self.addCleanup(self.end, mock)
        self.assertTrue(mock.url, "the mock did not start")
        return mock

    def end(self, mock):
        if mock.process.poll() is None:
            mock.end()
        self.assertEqual(mock.process.returncode, 0)

    def check_error(self, answer, status, **members):
        self.assertEqual(answer.status, status)
        error = answer.json()
        self.assertTrue(error["error"]["en"].isascii())
        self.assertFalse(error["error"]["ar"].isascii())
        self.assertEqual({k: v for k, v in error.items() if k != "error"}, members)


class Start(MockTest):
    def test_it_tells_where_it_listens_and_totals_at_the_end(self):
        mock = self.mock()
        self.assertEqual(mock.url, f"http://127.0.0.1:{mock.port}/api")
        mock.put({"name": "a"}, {"name": "a"})
        out, err = mock.end()
        totals = json.loads(out)
        self.assertEqual(out.count("\n"), 1)
        self.assertEqual(err, "")
        self.assertEqual(mock.process.returncode, 0)
        self.assertEqual((totals["requests"], totals["created"], totals["partners"], totals["twins"]),
                         (1, 2, 2, 2))
        self.assertEqual(totals["by_status"], {"200": 1})
        self.assertEqual(totals["requests_by_method"], {"PUT": 1})

    def test_sigint_ends_it_too(self):
        mock = self.mock()
        mock.process.send_signal(signal.SIGINT)
        out, _ = mock.process.communicate(timeout=DEADLINE)
        self.assertEqual(json.loads(out)["requests"], 0)

    def test_it_listens_on_loopback_only(self):
        mock = self.mock()
        with open("/proc/net/tcp") as f:
            rows = [line.split() for line in f]
        mine = [row[1] for row in rows if row[1].endswith(":%04X" % mock.port) and row[3] == "0A"]
        self.assertEqual(mine, ["0100007F:%04X" % mock.port])

    def test_a_port_in_use_is_told_with_a_hint(self):
        mock = self.mock()
        run = subprocess.run([HOKO, "mock", "--port", str(mock.port)], capture_output=True, text=True,
                             timeout=DEADLINE)
        self.assertEqual(run.returncode, 2)
        self.assertIn("hint:", run.stderr)

    def test_wrong_options_are_refused(self):
        for option in (["--fault", "1:nonsense"], ["--rate", "many"], ["--scopes", "partnersRaed"],
                       ["--port", "70000"], ["--fault", "garbage"]):
            run = subprocess.run([HOKO, "mock", *option], capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual((run.returncode, run.stdout), (2, ""), option)
            self.assertIn("hint:", run.stderr, option)

    def test_a_seed_is_told_and_repeats_the_day(self):
        def day(*options):
            mock = self.mock("--fault", "50%:status=503", *options)
            seen = [mock.ask("GET").status for _ in range(40)]
            return seen, mock.end()[1].split()[-1]

        first, seed = day()
        self.assertEqual(day("--seed", seed), (first, seed))
        self.assertNotEqual(day("--seed", "1")[0], day("--seed", "2")[0])


class Access(MockTest):
    def test_without_a_key_it_is_401(self):
        mock = self.mock()
        for headers in ({}, {"Authorization": ""}, {"Authorization": "Bearer "}):
            answer = mock.ask("GET", headers=headers)
            self.check_error(answer, 401)
            self.assertEqual(answer.json()["error"],
                             {"en": "Invalid API key", "ar": "مفتاح API غير صالح"})

    def test_the_key_may_stand_bare(self):
        mock = self.mock("--key", "secret")
        for value, status in (("Bearer secret", 200), ("secret", 200), ("Bearer Secret", 401)):
            self.assertEqual(mock.ask("GET", headers={"Authorization": value}).status, status)

    def test_a_missing_scope_is_403_with_its_name(self):
        mock = self.mock("--scopes", "linksRead")
        self.check_error(mock.ask("GET"), 403, missingScopes=["partnersRead"])
        self.check_error(mock.ask("POST", body=[{"name": "a"}]), 403, missingScopes=["partnersWrite"])
        self.check_error(mock.put({"name": "a"}), 403, missingScopes=["partnersWrite", "linksWrite"])

    def test_put_needs_either_scope_unless_told_which(self):
        for scope in ("partnersWrite", "linksWrite"):
            self.assertEqual(self.mock("--scopes", scope).put({"name": "a"}).status, 200)
        mock = self.mock("--scopes", "partnersWrite", "--write-scope", "linksWrite")
        self.check_error(mock.put({"name": "a"}), 403, missingScopes=["linksWrite"])
        self.check_error(mock.ask("DELETE", body=["x"]), 403, missingScopes=["linksWrite"])
        self.assertEqual(mock.ask("POST", body=[{"name": "a"}]).status, 201)

    def test_checks_come_in_their_order(self):
        mock = self.mock("--key", "k", "--scopes", "partnersRead", "--rate", "1/60s")
        key, no_key = {"Authorization": "k"}, {"Authorization": "x"}
        self.assertEqual(mock.ask("PUT", body="no JSON", headers=no_key).status, 401)
        self.assertEqual(mock.ask("PUT", body="no JSON", headers=key).status, 403)
        self.assertEqual(mock.ask("GET", "/api/partners?take=0", headers=key).status, 400)
        self.assertEqual(mock.ask("GET", "/api/partners?take=0", headers=key).status, 429)

    def test_other_endpoints_are_404(self):
        mock = self.mock()
        for path in ("/api/links", "/api/partner", "/api/", "/api/partners/1", "/"):
            self.check_error(mock.ask("GET", path), 404)
        self.check_error(mock.ask("PATCH", body=[]), 404)


class Rate(MockTest):
    def test_each_answer_tells_the_limit(self):
        mock = self.mock("--rate", "5/60s")
        for answer in (mock.ask("GET"), mock.ask("GET", headers={}), mock.ask("GET", "/api/links")):
            self.assertEqual(answer.headers["X-RateLimit-Limit"], "5")
            self.assertEqual(answer.headers["X-RateLimit-Remaining"], "4")
            self.assertAlmostEqual(int(answer.headers["X-RateLimit-Reset"]), time.time() + 60, delta=3)

    def test_past_the_limit_it_is_429_with_seconds_to_wait(self):
        mock = self.mock("--rate", "2/60s")
        self.assertEqual([mock.ask("GET").status for _ in range(2)], [200, 200])
        answer = mock.ask("GET")
        retry_after = answer.json()["retryAfter"]
        self.check_error(answer, 429, retryAfter=retry_after)
        self.assertTrue(58 <= retry_after <= 60, retry_after)
        self.assertEqual(answer.headers["X-RateLimit-Remaining"], "0")

    def test_the_window_slides(self):
        mock = self.mock("--rate", "1/300ms")
        self.assertEqual(mock.ask("GET").status, 200)
        deadline = time.monotonic() + DEADLINE
        while (status := mock.ask("GET").status) == 429 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(status, 200)

    def test_without_a_rate_there_is_ample(self):
        answer = self.mock().ask("GET")
        self.assertGreaterEqual(int(answer.headers["X-RateLimit-Remaining"]), 100000)


class Writing(MockTest):
    def test_put_updates_and_creates(self):
        mock = self.mock("--partners", "2")
        one = "00000000-0000-4000-8000-000000000001"
        answer = mock.put({"id": one, "email": None, "phone": "+1"}, {"name": "محمد", "email": "m@x.example"})
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        updated, created = answer.json()
        self.assertEqual((updated["id"], updated["name"], updated["email"], updated["phone"]),
                         (one, "Partner 1", None, "+1"))
        self.assertEqual((created["name"], created["email"], created["phone"]),
                         ("محمد", "m@x.example", None))
        self.assertEqual(str(uuid.UUID(created["id"])), created["id"])
        self.assertEqual(created["createdAt"], created["updatedAt"])
        self.assertRegex(created["createdAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        stats = mock.stats()
        self.assertEqual((stats["created"], stats["updated"], stats["partners"]), (1, 1, 3))

    def test_post_creates_with_201_and_refuses_ids(self):
        mock = self.mock("--partners", "1")
        self.assertEqual(mock.ask("POST", body=[{"name": "a"}]).status, 201)
        self.check_error(mock.ask("POST", body=[{"id": "00000000-0000-4000-8000-000000000001", "name": "a"}]), 400)
        self.check_error(mock.ask("POST", body=[{"name": "a", "email": None}]), 400)
        self.assertEqual(mock.stats()["partners"], 2)

    def test_a_whole_batch_has_one_time(self):
        mock = self.mock()
        rows = mock.put(*({"name": f"n{i}"} for i in range(10000))).json()
        self.assertEqual(len({row["createdAt"] for row in rows}), 1)
        self.assertEqual(len({row["id"] for row in rows}), 10000)

    def test_one_bad_row_refuses_all(self):
        mock = self.mock("--partners", "2")
        good = {"id": "00000000-0000-4000-8000-000000000001", "name": "changed"}
        for bad in ({}, {"name": ""}, {"name": 1}, {"name": "a", "x": "y"}, {"name": "a", "email": "a@b"},
                    {"id": "x", "name": "a"}, {"id": good["id"], "name": None}, dict(good),
                    {"id": str(uuid.uuid4()), "name": "unknown"}, {"name": "a\0b"}):
            answer = mock.put(good, {"name": "new"}, bad)
            self.check_error(answer, 400)
            self.assertEqual(answer.json()["error"], {"en": "Invalid request", "ar": "طلب غير صالح"})
            self.assertTrue(answer.headers["X-Mock-Reason"], bad)
        self.assertEqual([p["name"] for p in mock.partners()], ["Partner 1", "Partner 2"])

    def test_bodies_of_other_shapes_are_refused(self):
        mock = self.mock()
        for body in ("", "[]", "{}", "null", "[", '[{"name":"a"}] x', b'[{"name":"\xff"}]', "[" * 600):
            self.check_error(mock.ask("PUT", body=body), 400)
        self.check_error(mock.put(*({"name": "a"} for _ in range(10001))), 400)
        self.check_error(mock.ask("PUT", body=[{"name": "a"}], headers={"Authorization": "k"}), 400)
        self.assertEqual(mock.stats()["partners"], 0)

    def test_a_body_past_64_mib_is_413(self):
        mock = self.mock()
        self.check_error(mock.ask("PUT", body=b"[" + b" " * (64 << 20) + b"]"), 413)

    def test_rows_may_be_refused_by_name(self):
        mock = self.mock("--refuse", "Unlucky")
        self.check_error(mock.put({"name": "a"}, {"name": "an Unlucky one"}), 400)
        self.assertEqual(mock.put({"name": "a"}).status, 200)

    def test_delete_is_for_good_and_hides(self):
        mock = self.mock("--partners", "3")
        ids = ["00000000-0000-4000-8000-%012d" % i for i in (1, 2, 3)]
        self.check_error(mock.ask("DELETE", body=[ids[0], str(uuid.uuid4())]), 400)
        answer = mock.ask("DELETE", body=[ids[2], ids[0]])
        self.assertEqual((answer.status, answer.json()), (200, {"deletedIds": [ids[2], ids[0]]}))
        self.assertEqual([p["id"] for p in mock.ask("GET").json()], [ids[1]])
        self.check_error(mock.ask("DELETE", body=[ids[0]]), 400)
        self.check_error(mock.put({"id": ids[0], "name": "a"}), 400)
        for body in ([], ["x"], {}, [1], ""):
            self.check_error(mock.ask("DELETE", body=body), 400)


class Reading(MockTest):
    def test_pages_run_from_either_end(self):
        mock = self.mock("--partners", "120")
        number = lambda answer: [int(p["id"][-12:]) for p in answer.json()]
        self.assertEqual(number(mock.ask("GET")), list(range(120, 70, -1)))
        self.assertEqual(number(mock.ask("GET", "/api/partners?sort=asc&take=3&skip=118")), [119, 120])
        self.assertEqual(number(mock.ask("GET", "/api/partners?skip=119&sort=desc")), [1])
        self.assertEqual(number(mock.ask("GET", "/api/partners?skip=120")), [])
        self.assertEqual(len(number(mock.ask("GET", "/api/partners?take=10000"))), 120)

    def test_one_is_found_by_id(self):
        mock = self.mock("--partners", "2")
        answer = mock.ask("GET", "/api/partners?id=00000000-0000-4000-8000-000000000002")
        self.assertEqual([p["name"] for p in answer.json()], ["Partner 2"])
        self.check_error(mock.ask("GET", f"/api/partners?id={uuid.uuid4()}"), 400)

    def test_parameters_out_of_range_are_refused(self):
        mock = self.mock()
        for query in ("take=0", "take=10001", "take=", "take=1.5", "skip=-1", "sort=up", "id=1", "name=a",
                      "take=1&take=1", "&".join(f"a{i}=1" for i in range(40))):
            self.check_error(mock.ask("GET", "/api/partners?" + query), 400)


class Data(MockTest):
    def test_a_file_is_loaded_and_written_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "partners.json")
            one = {"id": "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11", "name": "ن", "email": None, "phone": "+1",
                   "createdAt": "2026-03-09T06:15:42Z", "updatedAt": "2026-11-02T18:40:05Z"}
            with open(path, "w") as f:
                json.dump([one], f)
            mock = self.mock("--data", path)
            self.assertEqual(mock.ask("GET").json(), [one])
            added = mock.put({"name": "b"}).json()
            mock.end()
            with open(path) as f:
                self.assertEqual(json.load(f), [one] + added)

    def test_a_wrong_file_is_told_by_name(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
            f.write('[{"name": 1}]')
            f.flush()
            run = subprocess.run([HOKO, "mock", "--port", "0", "--data", f.name], capture_output=True,
                                 text=True, timeout=DEADLINE)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(f.name, run.stderr)


class Faults(MockTest):
    """Each as a client sees it; what it left behind is asked of the mock afterwards."""

    def both(self, what, rows=({"name": "a"}, {"name": "b"}, {"name": "c"})):
        """The answer to a PUT of ROWS that meets WHAT, and the mock."""
        faults = [what] if isinstance(what, str) else what
        mock = self.mock(*(word for f in faults for word in ("--fault", "1:" + f)))
        return mock.put(*rows), mock

    def raises(self, what, error):
        mock = self.mock("--fault", "1:" + what)
        connection = mock.connect()
        with self.assertRaises(error):
            mock.ask("PUT", body=[{"name": "a"}, {"name": "b"}], connection=connection)
        connection.close()
        return mock

    def names(self, answer):
        return [p["name"] for p in answer.json()]

    def test_status_applies_nothing(self):
        answer, mock = self.both("status=503")
        self.check_error(answer, 503)
        self.assertEqual(mock.stats()["partners"], 0)
        self.assertEqual(mock.put({"name": "a"}).status, 200)

    def test_reset_before_applies_nothing(self):
        mock = self.raises("reset-before", ConnectionResetError)
        self.assertEqual((mock.stats()["partners"], mock.stats()["by_status"]), (0, {"reset": 1}))

    def test_reset_after_applies_all(self):
        mock = self.raises("reset-after", ConnectionResetError)
        self.assertEqual((mock.stats()["partners"], mock.stats()["by_status"]), (2, {"reset": 1}))

    def test_truncate_ends_in_the_middle(self):
        mock = self.raises("truncate", http.client.IncompleteRead)
        self.assertEqual(mock.stats()["partners"], 2)

    def test_reset_half_resets_in_the_middle(self):
        mock = self.mock("--fault", "1:reset-half")
        connection = mock.connect()
        connection.request("PUT", "/api/partners", json.dumps([{"name": "a" * 5000}]), HEADERS)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            answer.read()
        connection.close()
        self.assertEqual(mock.stats()["partners"], 1)

    def test_stalls_take_their_time(self):
        for what in ("stall=300ms", "stall-half=300ms"):
            start = time.monotonic()
            answer, _ = self.both(what)
            self.assertGreaterEqual(time.monotonic() - start, 0.29)
            self.assertEqual(self.names(answer), ["a", "b", "c"])

    def test_a_stall_holds_up_nobody_else(self):
        mock = self.mock("--fault", "1:stall=1h")
        stalled = mock.connect()
        stalled.request("PUT", "/api/partners", json.dumps([{"name": "a"}]), HEADERS)
        deadline = time.monotonic() + DEADLINE
        while mock.stats()["partners"] == 0 and time.monotonic() < deadline:
            pass
        self.assertEqual(mock.ask("GET").status, 200)
        self.assertEqual(mock.stats()["max_in_flight"], 2)
        self.assertEqual(json.loads(mock.end()[0])["partners"], 1)
        stalled.close()

    def test_garbage_is_a_page(self):
        answer, mock = self.both("garbage")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn(b"<h1>", answer.body)
        self.assertEqual(mock.stats()["partners"], 3)

    def test_lists_are_bent(self):
        answer, _ = self.both("reorder")
        self.assertEqual(sorted(self.names(answer)), ["a", "b", "c"])
        self.assertNotEqual(self.names(answer), ["a", "b", "c"])
        answer, _ = self.both("short")
        self.assertEqual(len(set(self.names(answer))), 2)
        answer, _ = self.both("extra")
        self.assertEqual(self.names(answer), ["a", "b", "c", "Somebody Else"])
        answer, _ = self.both("duplicate")
        self.assertEqual(self.names(answer), ["a", "b", "a"])
        self.assertEqual(len({p["id"] for p in answer.json()}), 2)
        answer, mock = self.both("foreign")
        self.assertEqual(self.names(answer), ["a", "b", "Somebody Else"])
        self.assertEqual([p["name"] for p in mock.partners()], ["a", "b", "c"])

    def test_lists_of_one_are_bent_too(self):
        one = [{"name": "a"}]
        for what, names in (("reorder", ["a"]), ("short", []), ("duplicate", ["a", "a"]),
                            ("foreign", ["Somebody Else"]), ("extra", ["a", "Somebody Else"])):
            answer, _ = self.both(what, one)
            self.assertEqual(self.names(answer), names, what)

    def test_deleted_ids_are_bent_alike(self):
        ids = ["00000000-0000-4000-8000-%012d" % i for i in (1, 2, 3)]
        mock = self.mock("--partners", "3", "--fault", "1:short")
        self.assertEqual(len(mock.ask("DELETE", body=ids).json()["deletedIds"]), 2)
        self.assertEqual(mock.stats()["partners"], 0)

    def test_bodies_are_replaced(self):
        for what, body in (("null", b"null"), ("body={}", b"{}"), ("body=[]", b"[]"),
                           ("deep=3", b"[[[]]]"), ("body=[1,", b"[1,")):
            answer, mock = self.both(what)
            self.assertEqual((answer.status, answer.body), (200, body))
            self.assertEqual(mock.stats()["partners"], 3)
        answer, _ = self.both("spaces=1000000")
        self.assertEqual(len(answer.body) - len(answer.body.lstrip(b" ")), 1000000)
        self.assertEqual(self.names(answer), ["a", "b", "c"])

    def test_statuses_are_replaced_after_applying(self):
        for what, status, is_empty in (("empty", 204, True), ("accepted", 202, False), ("answer=500", 500, False)):
            answer, mock = self.both(what)
            self.assertEqual((answer.status, answer.body == b""), (status, is_empty))
            self.assertEqual(mock.stats()["partners"], 3)

    def test_partial_applies_half_and_says_400(self):
        answer, mock = self.both("partial")
        self.check_error(answer, 400)
        self.assertEqual([p["name"] for p in mock.partners()], ["a"])

    def test_late_is_applied_after_it_was_given_up(self):
        answer, mock = self.both("late=200ms")
        self.check_error(answer, 504)
        deadline = time.monotonic() + DEADLINE
        while mock.stats()["partners"] == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(mock.stats()["partners"], 3)

    def test_rows_are_tidied(self):
        row = {"name": " a ", "email": "A@X.Example", "phone": " +1 (2)3"}
        answer, _ = self.both("trim", [row])
        self.assertEqual([answer.json()[0][k] for k in row], ["a", "A@X.Example", "+1 (2)3"])
        answer, mock = self.both(["trim", "fold"], [row])
        self.assertEqual([answer.json()[0][k] for k in row], ["a", "a@x.example", "+123"])
        self.assertEqual(mock.partners(), answer.json())

    def test_retry_after_is_as_told(self):
        for value in ("7", '"7"', "0", "-1", "1000000000", "1.5", "null"):
            answer, mock = self.both("retry-after=" + value)
            self.check_error(answer, 429, retryAfter=json.loads(value))
            self.assertEqual(mock.stats()["partners"], 0)
        answer, _ = self.both("retry-after=absent")
        self.check_error(answer, 429)

    def test_headers_are_added_or_replaced(self):
        answer, _ = self.both(["retry-after=absent", "header=X-RateLimit-Reset: 30"])
        self.assertEqual(answer.headers.get_all("X-RateLimit-Reset"), ["30"])
        answer, _ = self.both("header=Retry-After: 5")
        self.assertEqual(answer.headers["Retry-After"], "5")

    def test_redirect_points_elsewhere(self):
        answer, mock = self.both("redirect=http://127.0.0.2:1/api")
        self.assertEqual((answer.status, answer.headers["Location"]), (307, "http://127.0.0.2:1/api"))
        self.assertEqual(mock.stats()["partners"], 0)

    def test_chunked_has_no_length(self):
        answer, _ = self.both("chunked")
        self.assertEqual((answer.headers["Transfer-Encoding"], answer.headers["Content-Length"]),
                         ("chunked", None))
        self.assertEqual(self.names(answer), ["a", "b", "c"])

    def test_close_is_told_and_drop_is_not(self):
        for what, told in (("close", "close"), ("drop", None)):
            mock = self.mock("--fault", "1:" + what)
            connection = mock.connect()
            answer = mock.ask("GET", connection=connection)
            self.assertEqual((answer.status, answer.headers["Connection"]), (200, told), what)
            if what == "drop":
                connection.sock.settimeout(DEADLINE)
                self.assertEqual(connection.sock.recv(1), b"")
            connection.close()

    def test_a_range_meets_its_requests(self):
        mock = self.mock("--fault", "2-3:status=500")
        self.assertEqual([mock.ask("GET").status for _ in range(4)], [200, 500, 500, 200])


class Wire(MockTest):
    def test_one_connection_carries_many_requests(self):
        mock = self.mock()
        connection = mock.connect()
        for i in range(50):
            self.assertEqual(mock.ask("PUT", body=[{"name": f"n{i}"}], connection=connection).status, 200)
        connection.close()
        self.assertEqual(mock.stats()["partners"], 50)

    def test_a_body_in_pieces_and_100_continue(self):
        mock = self.mock()
        with socket.create_connection(("127.0.0.1", mock.port), DEADLINE) as s:
            s.sendall(b"PUT /api/partners HTTP/1.1\r\nHost: x\r\nAuthorization: k\r\nExpect: 100-continue\r\n"
                      b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            self.assertTrue(s.recv(100).startswith(b"HTTP/1.1 100 "))
            for piece in (b'[{"na', b'me":"a"', b'}]'):
                s.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            s.sendall(b"0\r\n\r\n")
            self.assertTrue(s.recv(1000).startswith(b"HTTP/1.1 200 "))

    def test_a_client_that_goes_away_does_no_harm(self):
        mock = self.mock("--latency", "100")
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", mock.port), DEADLINE) as s:
                s.sendall(b"PUT /api/partners HTTP/1.1\r\nHost: x\r\nAuthorization: k\r\nContent-Length: 99\r\n\r\n[")
        with socket.create_connection(("127.0.0.1", mock.port), DEADLINE) as s:
            s.sendall(b"GET /api/partners HTTP/1.1\r\nHost: x\r\nAuthorization: k\r\n\r\n")
        self.assertEqual(mock.ask("GET").status, 200)
        self.assertEqual(mock.stats()["partners"], 0)

    def test_latency_overlaps(self):
        mock = self.mock("--latency", "300")
        connections = [mock.connect() for _ in range(10)]
        start = time.monotonic()
        for c in connections:
            c.request("GET", "/api/partners", headers=HEADERS)
        for c in connections:
            self.assertEqual(c.getresponse().status, 200)
            c.close()
        taken = time.monotonic() - start
        self.assertGreaterEqual(taken, 0.29)
        self.assertLess(taken, 1.5)
        self.assertEqual(mock.stats()["max_in_flight"], 10)


if __name__ == "__main__":
    unittest.main()

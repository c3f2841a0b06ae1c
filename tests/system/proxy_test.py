"""hoko run behind a proxy that cuts, stalls and replays at byte N, and counts requests on the wire (N2 to N5, A1 to A11)."""

import shutil
import socket
import time
import unittest

from proxy import Fault, Proxy
from support import RunTest, wait_for

UPDATES = ('local rows = {}\nfor i = 1, 20 do\n'
           'rows[i] = {id=("00000000-0000-4000-8000-%012d"):format(i), name="new" .. i, phone="+" .. i} end\n'
           'hoko.partners.upsert(rows)')
CREATES = ('local rows = {}\nfor i = 1, 20 do rows[i] = {ref=i, name="N" .. i, phone="+" .. i} end\n'
           'hoko.partners.upsert(rows, {key="ref"})')
BATCHES = CREATES.replace('key="ref"', 'key="ref", batch_rows=5, concurrency=1')
WIDE = CREATES.replace("20", "400").replace('"N" .. i', '("N" .. i .. " "):rep(1500)')  # more than sockets take at once
PLACES = (0, 1, 40, 0.5, -1)  # and of a request all of it
CUTS = ("reset", "close")


class Proxied(RunTest):
    def begin_proxy(self, faults, *options):
        """A mock with OPTIONS behind a proxy, and a project that has no state."""
        shutil.rmtree(self.path(".hoko"), ignore_errors=True)
        self.start(*options)
        self.proxy = Proxy(self.mock.port, faults)
        self.addCleanup(self.proxy.end)
        self.url = self.proxy.url

    def attempts(self):
        """How many PUT came over the wire, whole or not."""
        return len([request for request in self.proxy.requests if request.method == "PUT"])

    def run_on(self, text, runs=3):
        """Runs TEXT until nothing is held, as if the settle window had passed."""
        self.write("scripts/s.lua", text)
        for _ in range(runs):
            run = self.begin(text, "--settle-window", "0ms")
            self.ended(run, run.wait(60))
            if run.returncode == 0:
                return
        self.fail("creates stay held: " + self.err)

    def assert_made_once(self, names):
        self.assertEqual(sorted(partner["name"] for partner in self.mock.partners()), sorted(names))


class Cut(Proxied):
    """N2: before the request was sent, in its middle, after it was applied, in the middle of the answer."""

    NAMES = [f"N{i}" for i in range(1, 21)]

    def faults(self):
        for what in CUTS:
            for side in ("request", "answer"):
                for at in PLACES + ((1.0,) if side == "request" else ()):
                    yield Fault(what, side, at)
        for what in ("swallow", "drop"):
            yield Fault(what, "request", 1.0)

    def test_a_create_whose_line_is_cut_anywhere_is_made_once(self):
        for fault in self.faults():
            with self.subTest(fault):
                self.begin_proxy({1: fault})
                run = self.begin(CREATES)
                self.ended(run, run.wait(60))
                self.assertIn(run.returncode, (0, 4))
                self.assert_sum(self.report["rows"])
                self.assertEqual(self.attempts(), 1)
                self.run_on(CREATES)
                self.assert_made_once(self.NAMES)
                self.assertEqual(self.mock.stats()["twins"], 0)

    def test_an_update_whose_line_is_cut_anywhere_is_sent_again(self):
        for fault in self.faults():
            with self.subTest(fault):
                self.begin_proxy({1: fault}, "--partners", "20")
                self.script(UPDATES)
                self.assert_rows(submitted=20, updated=20)
                self.assertEqual(self.attempts(), 2)
                self.assertEqual(self.report["requests"]["sent"], self.attempts())
                self.assertEqual({partner["name"] for partner in self.mock.partners()}, {f"new{i}" for i in range(1, 21)})

    def test_a_long_request_that_is_cut_while_it_is_sent_is_made_once(self):
        for at in (70000, 0.5, -1):
            with self.subTest(at):
                self.begin_proxy({1: Fault("reset", "request", at)})
                self.script(WIDE, code=4)
                self.assertEqual(self.attempts(), 1)
                self.run_on(WIDE)
                self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (400, 0))


class KeptConnections(Proxied):
    """N4."""

    def test_a_server_that_closes_behind_each_answer_sees_each_request_once(self):
        self.begin_proxy({number: Fault("close", "answer", 1.0) for number in range(1, 100)})
        self.script(BATCHES)
        self.assert_rows(submitted=20, created=20)
        self.assertEqual((self.attempts(), self.proxy.connections), (4, 4))
        self.assertEqual(self.mock.stats()["twins"], 0)

    def test_a_reused_connection_that_is_closed_after_reading_a_create_does_not_send_it_again(self):
        for fault in (Fault("swallow", "request", 1.0), Fault("drop", "request", 1.0), Fault("reset", "answer", 0),
                      Fault("close", "answer", 0)):
            with self.subTest(fault):
                self.begin_proxy({2: fault})
                run = self.begin(BATCHES)
                self.ended(run, 0 if fault.side == "answer" else 4)
                self.assertEqual(self.proxy.requests[1].connection, self.proxy.requests[0].connection)
                bodies = [request.body for request in self.proxy.requests if request.method == "PUT"]
                self.assertEqual(len(bodies), len(set(bodies)), "a create came over the wire twice")
                self.assertEqual(len(bodies), 4)
                self.run_on(BATCHES)
                self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (20, 0))

    def test_bytes_behind_an_answer_are_no_answer_to_the_next_request(self):
        for at in (1, 100, 1.0):
            with self.subTest(at):
                self.begin_proxy({1: Fault("replay", "answer", at), 3: Fault("replay", "answer", at)})
                self.run_on(BATCHES)
                self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (20, 0))
                ids = {partner["name"]: partner["id"] for partner in self.mock.partners()}
                out = self.script(BATCHES.replace('name="N"', 'name="M"') + "\nprint('sent')")
                self.assertEqual(out, "sent\n")
                self.assertEqual({partner["name"].replace("M", "N"): partner["id"] for partner in self.mock.partners()}, ids)


class Replayed(Proxied):
    """A proxy on the way that sends a request again by itself."""

    def test_a_part_that_comes_twice_makes_nothing_twice(self):
        for at in (1, 0.5, -1):
            with self.subTest(at):
                self.begin_proxy({1: Fault("replay", "request", at)})
                self.script(CREATES)
                self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (20, 0))

    def test_an_update_that_comes_twice_is_the_same(self):
        self.begin_proxy({1: Fault("replay", "request", 1.0)}, "--partners", "20")
        self.script(UPDATES)
        self.assert_rows(submitted=20, updated=20)
        self.assertEqual(self.mock.stats()["twins"], 0)

    def test_twins_that_a_proxy_made_are_told_with_their_ids(self):
        self.begin_proxy({1: Fault("replay", "request", 1.0)}, "--fault", "2:garbage")
        self.script('hoko.partners.upsert({{ref=1, name="Twin"}}, {key="ref"})')
        ids = [partner["id"] for partner in self.mock.partners()]
        self.assertEqual(len(ids), 2)
        for partner in ids:
            self.assertIn(partner, self.err)


class Stalled(Proxied):
    """N3, all at the same time, since each waits for a timeout: 10 s to connect, 60 s without a byte."""

    def begin_stalled(self, name, text, fault, *options):
        """Starts a run in a project of its own before a mock and a proxy of its own."""
        self.folder = self.path(name)
        self.write("hoko.lua", "return {}")
        self.begin_proxy({1: fault}, *options)
        return self.folder, self.mock, self.proxy, self.begin(text)

    def begin_deaf(self):
        """A server whose queue is full: it accepts nobody."""
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        self.addCleanup(server.close)
        crowd = []
        for _ in range(4):
            crowd.append(socket.socket())
            crowd[-1].setblocking(False)
            crowd[-1].connect_ex(server.getsockname())
            self.addCleanup(crowd[-1].close)
        self.folder = self.path("deaf")
        self.write("hoko.lua", "return {}")
        self.url = f"http://127.0.0.1:{server.getsockname()[1]}/api"
        return self.folder, self.begin(CREATES, "--give-up", "1s")

    def test_each_stall_ends_by_its_timeout(self):
        root = self.folder
        begun = {}
        for name, text, fault, options in (
                ("create-first-byte", CREATES, Fault("stall", "answer", 0), ()),
                ("create-mid-body", CREATES, Fault("stall", "answer", 0.5), ()),
                ("create-send", WIDE, Fault("stall", "request", 70000), ()),
                ("update-first-byte", UPDATES, Fault("stall", "answer", 0), ("--partners", "20")),
                ("update-mid-body", UPDATES, Fault("stall", "answer", 0.5), ("--partners", "20"))):
            self.folder = root
            begun[name] = self.begin_stalled(name, text, fault, *options)
        self.folder = root
        self.folder, deaf = self.begin_deaf()
        self.ended(deaf, 6, timeout=120)
        self.assert_rows(submitted=20, pending=20)
        for name, (folder, mock, proxy, run) in begun.items():
            with self.subTest(name):
                self.folder = folder
                self.ended(run, 4 if name == "create-send" else 0, timeout=120)
                attempts = len([request for request in proxy.requests if request.method == "PUT"])
                self.assertEqual(attempts, 2 if "update" in name else 1)
                if name == "create-send":
                    self.assert_rows(submitted=400, held=400)
                else:
                    self.assertEqual((mock.stats()["partners"], mock.stats()["twins"]), (20, 0))
        self.folder = root


class Late(Proxied):
    """N5."""

    def test_a_create_that_is_applied_after_the_client_gave_up_is_found(self):
        self.begin_proxy({}, "--fault", "1:late=1s")
        self.script(CREATES, code=4)
        self.assert_rows(submitted=20, held=20)
        wait_for("the late create", lambda: self.mock.stats()["partners"] == 20)
        self.script(CREATES)
        self.assert_rows(submitted=20, unchanged=20)
        self.assertEqual((self.attempts(), self.mock.stats()["twins"]), (1, 0))


class Answers(Proxied):
    """A1 to A11: how often each came over the wire."""

    UNKNOWN = ("short", "extra", "duplicate", "foreign", "null", "body={}", "body=[]", "truncate", "reset-half", "garbage",
               "deep=1000", "empty", "accepted", "answer=500")  # applied, and not told so
    UNAPPLIED = ("status=500", "status=502", "status=503", "status=504", "status=520", "status=408", "status=425")
    WHOLE = ("reorder", "chunked", "close", "drop", "spaces=100000", "answer=201", "header=X-RateLimit-Remaining: nonsense")
    STOPPED = {"status=401": 5, "status=403": 5, "status=402": 6, "status=404": 6, "status=405": 6, "status=410": 6,
               "redirect=http://127.0.0.1:1/api": 6}

    def run_fault(self, text, fault, code, *options):
        self.begin_proxy({}, "--fault", f"1:{fault}", *options)
        self.script(text, code=code)
        self.assert_sum(self.report["rows"])

    def test_an_unknown_outcome_is_never_acknowledged_and_a_create_is_sent_once(self):
        for fault in self.UNKNOWN:
            with self.subTest(fault):
                self.run_fault(CREATES, fault, 0)
                self.assertEqual((self.attempts(), self.mock.stats()["partners"], self.mock.stats()["twins"]), (1, 20, 0))
                self.run_fault(UPDATES, fault, 0, "--partners", "20")
                self.assertEqual(self.attempts(), 2)

    def test_a_failure_that_applied_nothing_holds_a_create_and_sends_an_update_again(self):
        for fault in self.UNAPPLIED:
            with self.subTest(fault):
                self.run_fault(CREATES, fault, 4)
                self.assertEqual((self.attempts(), self.mock.stats()["partners"]), (1, 0))
                self.run_on(CREATES)
                self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (20, 0))
                self.run_fault(UPDATES, fault, 0, "--partners", "20")
                self.assertEqual(self.attempts(), 2)

    def test_a_whole_answer_in_any_dress_is_enough(self):
        for fault in self.WHOLE:
            with self.subTest(fault):
                self.run_fault(CREATES, fault, 0)
                self.assertEqual(self.attempts(), 1)
                self.run_fault(UPDATES, fault, 0, "--partners", "20")
                self.assertEqual(self.attempts(), 1)

    def test_what_stops_a_run_is_sent_once(self):
        for fault, code in self.STOPPED.items():
            with self.subTest(fault):
                self.run_fault(UPDATES, fault, code, "--partners", "20")
                self.assertEqual(len(self.proxy.requests), 1)
                self.run_fault(CREATES, fault, code)
                self.assertEqual((self.attempts(), self.mock.stats()["partners"]), (1, 0))

    def test_no_request_comes_before_the_time_that_a_429_tells(self):
        for told in ("1", '"1"'):
            for text, options in ((UPDATES, ("--partners", "20")), (CREATES, ())):
                with self.subTest(told):
                    soon = f"1:header=X-RateLimit-Reset: {int(time.time()) + 1}"
                    self.run_fault(text, f"retry-after={told}", 0, "--fault", soon, *options)
                    first, second = self.proxy.requests[:2]
                    self.assertGreaterEqual(second.at - first.at, 1)

    def test_an_answer_of_400_is_halved_and_a_size_that_is_refused_shrinks(self):
        self.begin_proxy({}, "--refuse", "N7")
        self.script(CREATES, code=3)
        self.assert_rows(submitted=20, created=19, rejected=1)
        self.assertEqual(self.mock.stats()["twins"], 0)
        self.run_fault(CREATES, "status=413", 0)
        self.assertEqual(self.attempts(), 3)
        self.assertEqual((self.mock.stats()["partners"], self.mock.stats()["twins"]), (20, 0))


if __name__ == "__main__":
    unittest.main()

"""hoko serve --metrics as a collector reads it.  HOKO names the program under test."""

import os
import re
import signal
import unittest
import urllib.error
import urllib.request

from serving import ServeTest
from support import wait_for

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[0-9.]+)')


def parse(text):
    """The samples of OpenMetrics text, by name and labels; what is no such text fails."""
    lines, samples, family = text.split("\n"), {}, None
    assert lines[-2:] == ["# EOF", ""], lines[-2:]
    seen = set()
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            assert family not in seen, f"{family} is not in one piece"
            seen.add(family)
        elif line.startswith("# "):
            assert line.split(" ")[2] == family, line
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name == (f"{family}_total" if kind == "counter" else family), line
            assert (name, labels) not in samples, line
            samples[name, labels] = float(value)
    return samples


def open_bytes(path):
    with open(path, "rb") as file:
        return file.read()


class Metrics(ServeTest):
    def listen(self):
        self.serve("--metrics", "127.0.0.1:0")
        self.at = re.search(r"http://[^/]*", self.logged())[0]

    def get(self, path, method="GET"):
        with urllib.request.urlopen(urllib.request.Request(self.at + path, method=method), timeout=20) as answer:
            return answer.headers["Content-Type"], answer.read().decode()

    def test_a_run_is_told_in_openmetrics(self):
        self.start()
        self.write("s.lua", 'hoko.partners.upsert({ { name = "Ali" }, { name = "Omar" }, { nome = "x" } })')
        self.jobs(**{"s": 'script = "s.lua"'})
        self.listen()
        self.call("jobs", "run", "s", code=3)
        self.call("jobs", "pause", "s")
        kind, text = self.get("/metrics")
        self.assertEqual(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8")
        told = parse(text)
        job = 'job="s"'
        self.assertEqual(told["hoko_job_rows", f'{job},state="created"'], 2)
        self.assertEqual(told["hoko_job_rows", f'{job},state="rejected"'], 1)
        self.assertEqual(told["hoko_job_last_exit_code", job], 3)
        self.assertEqual(told["hoko_job_runs_total", job], 1)
        self.assertEqual(told["hoko_job_failures_total", job], 1)
        self.assertEqual(told["hoko_job_paused", job], 1)
        self.assertEqual(told["hoko_serve_jobs", None], 1)
        self.assertNotIn(("hoko_job_last_success_timestamp_seconds", job), told)
        self.stop()

    def test_what_did_not_start_is_counted(self):
        self.write("slow.lua", "hoko.sleep(4)")
        self.jobs(a='script = "slow.lua", schedule = "* * * * * *"')
        self.listen()
        self.wait_runs("a", 2, "skipped")
        self.assertGreaterEqual(parse(self.get("/metrics")[1])["hoko_job_not_started_total", 'job="a"'], 2)
        self.stop()

    def test_a_keys_expiry_is_told_once_a_run_has_used_it(self):
        self.start()
        self.write("s.lua", 'hoko.partners.upsert({ { name = "Ali" } })')
        env = self.keystore()
        self.add_key(env, "--expires", "2030-01-01")
        self.jobs(s='script = "s.lua"')
        self.serve("--metrics", "127.0.0.1:0", env=env)
        self.at = re.search(r"http://[^/]*", self.logged())[0]
        self.call("jobs", "run", "s", env=env)
        self.assertEqual(parse(self.get("/metrics")[1])["hoko_job_key_expiry_timestamp_seconds", 'job="s"'], 1893456000)
        self.stop()

    def test_new_data_of_a_time_zone_moves_what_comes_next(self):
        self.write("a.lua", "")
        self.write("zones/Test/Zone", open_bytes("/usr/share/zoneinfo/Asia/Riyadh"))
        self.jobs(a='script = "a.lua", schedule = "30 2 1 1 *", timezone = "Test/Zone"')
        self.serve("--metrics", "127.0.0.1:0", env=self.environment(TZDIR=self.path("zones")))
        self.at = re.search(r"http://[^/]*", self.logged())[0]
        name = ("hoko_job_next_timestamp_seconds", 'job="a"')
        before = parse(self.get("/metrics")[1])[name]
        self.write("zones/Test/new", open_bytes("/usr/share/zoneinfo/Asia/Tokyo"))
        os.rename(self.path("zones/Test/new"), self.path("zones/Test/Zone"))
        self.daemon.send_signal(signal.SIGHUP)
        wait_for("another instant", lambda: parse(self.get("/metrics")[1])[name] == before - 6 * 3600)
        self.stop()

    def test_health_is_told_and_nothing_else_is_there(self):
        self.write("a.lua", "")
        self.jobs(a='script = "a.lua"')
        self.listen()
        self.assertEqual(self.get("/healthz")[1], "ok\n")
        for path, method, status in (("/", "GET", 404), ("/metrics", "POST", 405)):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.get(path, method)
            self.assertEqual(refused.exception.code, status)
            refused.exception.close()
        self.stop()

    def test_a_listener_that_cannot_be_is_wrong_use(self):
        self.jobs()
        for where in ("9464", "localhost:9464", "127.0.0.1:99999", "203.0.113.7:9464"):
            with self.subTest(where):
                self.call("serve", "--metrics", where, code=2)
                self.assertIn("--metrics", self.err)


if __name__ == "__main__":
    unittest.main()

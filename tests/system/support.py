"""What the system tests share: the program under test, its mock, and projects to run it in.

HOKO names the program.
"""

import http.client
import http.server
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

HOKO = os.environ["HOKO"]
with open(HOKO, "rb") as program:  # a sanitizer's shadow is no memory that hoko uses
    content = program.read()
    IS_SANITIZED = any(name in content for name in (b"__asan_init", b"__tsan_init"))
    del content
DEADLINE = 20  # seconds that no answer may take
HEADERS = {"Authorization": "Bearer any", "Content-Type": "application/json"}
COUNTS = ("created", "updated", "unchanged", "superseded", "rejected", "held", "pending")


def partner_id(number):
    """The id of a partner that `hoko mock --partners` made up."""
    return f"00000000-0000-4000-8000-{number:012d}"


def wait_for(what, condition, seconds=DEADLINE):
    """Waits until CONDITION() is true, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        got = condition()
        if got:
            return got
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Mock:
    """A running mock with OPTIONS."""

    def __init__(self, *options):
        self.process = subprocess.Popen([HOKO, "mock", "--port", "0", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = line.removeprefix("listening on ").strip()
        self.port = int(self.url.split(":")[2].split("/")[0]) if self.url else 0

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)

    def ask(self, method, path="/api/partners", body=None, headers=None, connection=None):
        own = connection or self.connect()
        data = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
        if isinstance(data, str):
            data = data.encode()
        own.request(method, path, data, HEADERS if headers is None else headers)
        answer = own.getresponse()
        result = Answer(answer.status, answer.headers, answer.read())
        if not connection:
            own.close()
        return result

    def put(self, *rows):
        return self.ask("PUT", body=list(rows))

    def stats(self):
        return self.ask("GET", "/mock/stats", headers={}).json()

    def partners(self):
        return self.ask("GET", "/mock/partners", headers={}).json()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=DEADLINE)
        return out, err


class Recorder:
    """A Hoko that takes every PUT and keeps each request's path, headers and body.

    `answer(handler, rows)` may take over: it sends what it likes.
    """

    def __init__(self, answer=None):
        self.requests, self.lock = [], threading.Lock()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with recorder.lock:
                    recorder.requests.append((self.path, self.headers, body))
                if answer:
                    answer(self, json.loads(body))
                else:
                    self.reply(200, [stored(row) for row in json.loads(body)])

            def reply(self, status, body, **headers):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # the client went away

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/api"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def rows(self):
        """The rows of each request."""
        return [json.loads(body) for _, _, body in self.requests]

    def end(self):
        self.server.shutdown()
        self.server.server_close()


def stored(row):
    """ROW as Hoko answers it."""
    now = "2026-11-20T07:30:11Z"
    return {"id": str(uuid.uuid4()), "email": None, "phone": None, "createdAt": now, "updatedAt": now, **row}


class RunTest(unittest.TestCase):
    """`hoko run` in a project of its own."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hoko-run-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("hoko.lua", "return {}")
        self.url = None

    def start(self, *options):
        self.mock = Mock(*options)
        self.addCleanup(self.mock.end)
        self.assertTrue(self.mock.url, "the mock did not start")
        self.url = self.mock.url

    def record(self, answer=None):
        self.recorder = Recorder(answer)
        self.addCleanup(self.recorder.end)
        self.url = self.recorder.url

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": self.path("home"), "HOKO_API_KEY": "key-for-tests", **more}

    def command(self, *words):
        return [HOKO, "run", "--report", self.path("report.json"),
                *(["--base-url", self.url] if self.url else []), *words]

    def assert_memory(self, most_bytes):
        """The last run took no more memory than that; a sanitizer's own is not counted."""
        if not IS_SANITIZED:
            self.assertLess(self.report["peak_memory_bytes"], most_bytes)

    def take_report(self):
        """The report of the last run, or None."""
        path = self.path("report.json")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        os.unlink(path)
        return report

    def hoko(self, *words, code=0, stdin=None, env=None, timeout=60):
        """Runs `hoko run WORDS`; returns what it printed, and keeps stderr and the report."""
        done = subprocess.run(self.command(*words), cwd=self.folder, env=env or self.environment(), input=stdin,
                              stdin=None if stdin is not None else subprocess.DEVNULL,
                              capture_output=True, timeout=timeout)
        self.err = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, self.err)
        self.report = self.take_report()
        return done.stdout.decode(errors="replace")

    def script(self, text, *words, code=0, options=(), **more):
        """Runs a script of TEXT with the arguments WORDS."""
        self.write("scripts/s.lua", text)
        return self.hoko(*options, "scripts/s.lua", *words, code=code, **more)

    def begin(self, text, *options, **more):
        """Starts a script of TEXT and returns its process."""
        self.write("scripts/s.lua", text)
        run = subprocess.Popen(self.command(*options, "scripts/s.lua"), cwd=self.folder, env=self.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.addCleanup(self.end, run)
        return run

    def end(self, run):
        if run.poll() is None:
            run.kill()
        run.communicate()

    def ended(self, run, code, timeout=60):
        """Waits for the end of RUN; returns what it printed, and keeps stderr and the report."""
        out, err = run.communicate(timeout=timeout)
        self.err = err.decode(errors="replace")
        self.assertEqual(run.returncode, code, self.err)
        self.report = self.take_report()
        return out

    def worker_of(self, run):
        """The process id of the worker of RUN."""
        with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        self.assertEqual(len(children), 1)
        return int(children[0])

    def rejects(self):
        """What `hoko rejects export` lists."""
        done = subprocess.run([HOKO, "rejects", "export"], cwd=self.folder, env=self.environment(), capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assert_rows(self, **rows):
        found = {name: count for name, count in self.report["rows"].items() if count}
        self.assertEqual(found, rows)
        self.assert_sum(self.report["rows"])

    def assert_sum(self, rows):
        self.assertEqual(rows["submitted"], sum(rows[name] for name in COUNTS))

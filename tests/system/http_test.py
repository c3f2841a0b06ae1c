"""hoko.http: other services, through the host."""

import gzip
import http.server
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading

from support import HOKO, RunTest

KEY = "crm-key-that-no-script-may-see-0815"


class Service(http.server.ThreadingHTTPServer):
    """A server whose answer follows from the path; keeps what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked = []
        self.released = threading.Event()  # what a slow answer waits for
        self.cut = threading.Event()       # the other end went away
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def paths(self):
        return [path for _, path, _, _ in self.asked]

    def end(self):
        self.released.set()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, self.headers, body))
        name = self.path.split("?")[0].strip("/").split("/")[0]
        getattr(self, "answer_" + name)(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = do_DELETE = do_any

    def reply(self, status, body=b"", *headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_echo(self, body):
        seen = {"method": self.command, "path": self.path, "body": body.decode("latin-1"),
                "headers": {name.lower(): value for name, value in self.headers.items()}}
        self.reply(200, json.dumps(seen).encode(), ("Content-Type", "application/json"), ("X-Two", "a"), ("X-Two", "b"))

    def answer_status(self, _):
        self.reply(int(self.path.split("/")[2]), b"\xff\x00binary")

    def answer_gzip(self, _):
        self.reply(200, gzip.compress(b"packed " * 1000), ("Content-Encoding", "gzip"))

    def answer_bomb(self, _):
        self.reply(200, gzip.compress(b"\0" * (100 << 20), 9), ("Content-Encoding", "gzip"))

    def passes(self, status, *headers):
        """STATUS at first, 200 when asked again."""
        is_first = self.server.paths().count(self.path) == 1
        self.reply(status if is_first else 200, b"", *(headers if is_first else ()))

    def answer_busy(self, _):
        self.passes(503, ("Retry-After", "0"))

    def answer_later(self, _):
        self.passes(429, ("Retry-After", "3600"))

    def answer_reset(self, _):
        self.close_connection = True
        if self.server.paths().count(self.path) > 1:
            self.reply(200, b"whole")

    def answer_cut(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "3000000")
        self.end_headers()
        self.wfile.write(b"x" * 2000000)
        self.close_connection = True

    def answer_slow(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"a")
        self.server.released.wait(20)

    def answer_endless(self, _):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"0123456789abcde\n" * 4096)
        except ConnectionError:
            self.server.cut.set()

    def answer_large(self, _):
        size = int(self.path.split("/")[2]) << 20
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            for _ in range(size >> 20):
                self.wfile.write(b"x" * (1 << 20))
        except ConnectionError:
            self.close_connection = True

    def answer_lines(self, _):
        rows = [json.dumps({"n": n}) for n in range(3000)]
        self.reply(200, "\r\n".join(rows).encode())

    def answer_moved(self, _):
        self.reply(302, b"", ("Location", self.path.split("/", 2)[2]))

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # the client went away, or trusts us not

    def log_message(self, *_):
        pass


class HttpTest(RunTest):
    def setUp(self):
        super().setUp()
        self.service = Service()
        self.addCleanup(self.service.end)

    def ask(self, text, *options, code=0, allow="127.0.0.1", **more):
        """Runs a script of TEXT in which U is the service's URL."""
        allowed = ["--allow-net=" + allow] if allow else []
        return self.script(f'local U = "{self.service.url}"\n{text}', options=[*allowed, *options], code=code, **more)


class Answers(HttpTest):
    def test_a_status_headers_and_a_body_come_back_whatever_the_status(self):
        out = self.ask("""
            for _, status in ipairs{ 200, 404, 500 } do
              local r = hoko.http.get(U .. "/status/" .. status, { retries = 0 })
              print(r.status, #r.body, r.body:byte(1))
            end
            local r = hoko.http.get(U .. "/echo")
            print(r.headers["content-type"], r.headers["x-two"], r:json().method)
            print(hoko.http.get(U .. "/gzip").body == ("packed "):rep(1000))
            print(select(2, hoko.http.get(U .. "/gzip"):json()))""")
        self.assertEqual(out.splitlines(), ["200\t8\t255", "404\t8\t255", "500\t8\t255",
                                            "application/json\ta, b\tGET", "true", "the body is no JSON"])

    def test_what_is_asked_arrives_as_it_was_said(self):
        out = self.ask("""
            local r = hoko.http.post(U .. "/echo?x=1#part", { json = { b = { 1, hoko.null } }, query = { ["a b"] = "ä&", n = 2 },
                                     headers = { ["X-Own"] = "own", ["X-Empty"] = "" } }):json()
            print(r.method, r.path, r.body, r.headers["content-type"], r.headers["x-own"], r.headers["x-empty"])
            r = hoko.http.request(U .. "/echo", { method = "PATCH", body = "\\0\\127raw" }):json()
            print(r.method, #r.body, r.headers["content-type"], r.headers["expect"])
            print(hoko.http.request(U .. "/echo", { method = "HEAD" }).status)
            print(hoko.http.request(U .. "/echo", { method = "DELETE" }):json().method)""")
        self.assertEqual(out.splitlines(), [
            'POST\t/echo?x=1&a%20b=%C3%A4%26&n=2\t{"b":[1,null]}\tapplication/json\town\t', "PATCH\t5\tnil\tnil", "200", "DELETE"])

    def test_no_answer_is_nil_a_message_and_a_code(self):
        out = self.ask("""
            print(hoko.http.get("http://127.0.0.1:1/", { retries = 0 }))
            print(hoko.http.get(U .. "/cut", { retries = 0 }))
            print(hoko.http.get(U .. "/slow", { retries = 0, timeout = 0.2 }))
            print(hoko.http.get("http://no-such-name.invalid/", { retries = 0 }))""", allow="127.0.0.1,no-such-name.invalid")
        for line, part in zip(out.splitlines(), ["Connection refused", "cut off", "within 200 ms", "no address is known"]):
            self.assertRegex(line, f"^nil\t.*{part}.*\tunreachable$")

    def test_an_answer_too_large_is_an_error_and_memory_stays_flat(self):
        out = self.ask('print(hoko.http.get(U .. "/large/80"))')
        self.assertRegex(out, "^nil\t.*larger than 64 MiB.*\tdata$")
        self.ask('local n = 0 for chunk in hoko.http.get(U .. "/large/300", { stream = true }):chunks() do n = n + #chunk end\n'
                 'assert(n == 300 << 20)')
        self.assert_memory(48 << 20)
        self.ask('local n = 0 for chunk in hoko.http.get(U .. "/bomb", { stream = true }):chunks() do n = n + #chunk end\n'
                 'assert(n == 100 << 20)')
        self.assert_memory(64 << 20)

    def test_a_stream_gives_lines_and_ends_early_where_the_script_does(self):
        out = self.ask("""
            local sum = 0
            for line in hoko.http.get(U .. "/lines", { stream = true }):lines() do sum = sum + hoko.json.decode(line).n end
            print(sum)
            local count = 0
            for line in hoko.http.get(U .. "/endless", { stream = true }):lines() do
              count = count + 1
              if count == 100000 then break end
            end
            print(count)
            print(hoko.http.get(U .. "/status/200").status)
            local left = hoko.http.get(U .. "/endless", { stream = true })
            print(left.status)""")
        self.assertEqual(out.split(), [str(sum(range(3000))), "100000", "200", "200"])
        self.assertTrue(self.service.cut.wait(20))

    def test_streams_may_be_read_in_turn_and_abandoned_ones_are_closed(self):
        out = self.ask("""
            local a, b = hoko.http.get(U .. "/lines", { stream = true }):lines(), hoko.http.get(U .. "/lines", { stream = true }):lines()
            for i = 1, 3000 do assert(a() == b()) end
            for i = 1, 50 do
              hoko.http.get(U .. "/endless", { stream = true })
              collectgarbage()
            end
            local kept = {}
            print(pcall(function() for i = 1, 20 do kept[i] = hoko.http.get(U .. "/endless", { stream = true }) end end))
            kept[1]:close()
            print(hoko.http.get(U .. "/status/200").status)
            print(kept[1]:chunks()())""")
        self.assertRegex(out, r"false\t.*8 answers are open already.*\n200\nnil\n")

    def test_an_error_in_the_middle_of_a_stream_raises(self):
        self.ask('for chunk in hoko.http.get(U .. "/cut", { stream = true }):chunks() do print(chunk) end', code=1)
        self.assertIn("s.lua:2: hoko.http: ", self.err)
        self.ask('for chunk in hoko.http.get(U .. "/slow", { stream = true, timeout = 1 }):chunks() do print(chunk) end', code=1)
        self.assertIn("stood still for 1 s", self.err)


class Again(HttpTest):
    def test_safe_methods_are_tried_again_and_others_are_not(self):
        out = self.ask("""
            print(hoko.http.get(U .. "/busy/1").status, hoko.http.post(U .. "/busy/2").status)
            print(hoko.http.get(U .. "/busy/3", { retries = 0 }).status)
            print(hoko.http.get(U .. "/reset/4").body)
            print(hoko.http.get(U .. "/busy/5", { stream = true }).status)
            print(hoko.http.post(U .. "/reset/6"))""")
        lines = out.splitlines()
        self.assertEqual(lines[:4], ["200\t503", "503", "whole", "200"])
        self.assertRegex(lines[4], "^nil\t.*\tunreachable")
        self.assertEqual(self.service.paths(), [
            "/busy/1", "/busy/1", "/busy/2", "/busy/3", "/reset/4", "/reset/4", "/busy/5", "/busy/5", "/reset/6"])

    def test_a_pause_longer_than_a_minute_is_told_to_the_script(self):
        out = self.ask('local r = hoko.http.get(U .. "/later") print(r.status, r.headers["retry-after"])')
        self.assertEqual(out, "429\t3600\n")

    def test_time_that_an_answer_takes_is_not_the_scripts(self):
        self.ask('print(hoko.http.get(U .. "/slow", { retries = 0, timeout = 1 }))', "--timeout=500ms")


class Redirects(HttpTest):
    def test_a_get_follows_within_the_list_and_leaves_its_headers_with_the_first(self):
        other = Service()
        self.addCleanup(other.end)
        out = self.ask(f"""
            local own = {{ headers = {{ ["X-Own"] = "secret" }} }}
            print(hoko.http.get(U .. "/moved//echo?a=1", own):json().headers["x-own"])
            local r = hoko.http.get(U .. "/moved/{other.url}/echo", own):json()
            print(r.path, r.headers["x-own"])
            print(hoko.http.post(U .. "/moved//echo").status)
            print(pcall(hoko.http.get, U .. "/moved/http://elsewhere.example/x"))
            print(hoko.http.get(U .. "/moved/file:///etc/passwd").status)""")
        lines = out.splitlines()
        self.assertEqual(lines[:3], ["secret", "/echo\tnil", "302"])
        self.assertRegex(lines[3], "^false\t.*redirects on: http://elsewhere.example is not allowed .add --allow-net=")
        self.assertEqual(lines[4], "302")
        self.assertEqual(len(other.asked), 1)

    def test_a_circle_of_redirects_ends(self):
        out = self.ask('local r = hoko.http.get(U .. "/moved//moved/x") print(r.status)', code=0)
        self.assertEqual(len(self.service.asked), 6)
        self.assertEqual(out, "302\n")


class Mistakes(HttpTest):
    CASES = [
        ('hoko.http.get(U, { retires = 1 })', "hoko.http.get: unknown option 'retires', did you mean 'retries'?"),
        ('hoko.http.get(U, { timeout = "5s" })', "option 'timeout' must be a number"),
        ('hoko.http.get(7)', "begins with https:// or http://, got 7"),
        ('hoko.http.get("ftp://x")', "begins with https:// or http://, got"),
        ('hoko.http.get(U .. "/a b")', "write it as %20"),
        ('hoko.http.post(U, { json = 1, body = "x" })', "exclude each other"),
        ('hoko.http.get(U, { headers = { A = "x\\r\\nHost: y" } })', "must be a text of one line"),
        ('hoko.http.get(U, { headers = { ["A B"] = "x" } })', 'header "A B" cannot be sent'),
        ('hoko.http.get(U, { headers = { hOst = "x" } })', 'header "hOst" is not the script\'s to set'),
        ('hoko.http.request(U, { method = "GET /x" })', "no method that can be sent"),
        ('hoko.http.get("http://user:pass@127.0.0.1/")', "a user name or password"),
        ('hoko.http.post(U, { body = ("x"):rep(50 << 20) })', "larger than 48 MiB"),
    ]

    def test_wrong_use_raises_at_the_line_that_made_it(self):
        for call, message in self.CASES:
            with self.subTest(call=call):
                self.ask(call, code=1)
                self.assertIn("s.lua:2: ", self.err)
                self.assertIn(message, self.err)
                self.assertNotIn("pass@", self.err.splitlines()[0])
        self.assertEqual(self.service.asked, [])

    def test_check_knows_its_options(self):
        self.write("scripts/s.lua", 'print(hoko.http.get("http://x", { stram = true }))')
        done = subprocess.run([HOKO, "check", "scripts/s.lua"], cwd=self.folder, env=self.environment(),
                              capture_output=True, text=True, timeout=60)
        self.assertIn("did you mean 'stream'", done.stdout + done.stderr)


class Reach(HttpTest):
    def test_a_server_that_is_not_in_the_list_is_denied_with_the_option_to_add(self):
        for allow in (None, "crm.example.com", "127.0.0.2", "127.0.0.1:1", "localhost", "10.0.0.0/8"):
            with self.subTest(allow=allow):
                self.ask('hoko.http.get(U .. "/echo")', code=1, allow=allow)
                self.assertIn("--allow-net=127.0.0.1, or allow = { net = { \"127.0.0.1\" } }", self.err)
        self.assertEqual(self.service.asked, [])

    def test_hosts_ports_and_networks_are_allowed(self):
        for allow in ("127.0.0.1", f"127.0.0.1:{self.service.port}", "127.0.0.0/8", "other.example,127.0.0.1"):
            with self.subTest(allow=allow):
                self.assertEqual(self.ask('print(hoko.http.get(U .. "/echo").status)', allow=allow), "200\n")
        text = 'print(hoko.http.get((U:gsub("127.0.0.1", "localhost")) .. "/echo").status)'
        self.assertEqual(self.ask(text, allow="localhost"), "200\n")

    def test_a_name_that_resolves_to_this_machine_or_its_neighbours_is_denied(self):
        name = "rebound.localhost"  # libcurl itself resolves it to 127.0.0.1
        text = f'print(hoko.http.get((U:gsub("127.0.0.1", "{name}")) .. "/echo").status)'
        self.ask(text, code=1, allow=name)
        self.assertRegex(self.err, f"{name} is at (127.0.0.1|::1), a loopback address, which is not allowed")
        self.assertEqual(self.service.asked, [])
        self.assertEqual(self.ask(text, allow=name + ",127.0.0.1,::1"), "200\n")

    def test_spellings_of_an_address_do_not_get_around_it(self):
        for host in ("127.1", "0x7f.1", "2130706433", "0", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "%31"):
            with self.subTest(host=host):
                self.ask(f'hoko.http.get("http://{host}:{self.service.port}/echo", {{ retries = 0 }})', code=1,
                         allow="crm.example.com")
                self.assertEqual(self.service.asked, [])

    def test_hoko_lua_allows_the_scripts_of_its_jobs(self):
        self.write("hoko.lua", 'return { jobs = { j = { script = "scripts/s.lua", allow = { net = { "127.0.0.1" } } } } }')
        self.assertEqual(self.ask('print(hoko.http.get(U .. "/echo").status)', allow=None), "200\n")

    def test_a_word_that_is_no_server_is_wrong_use(self):
        for word in ("https://x.example/", "a b", "10.0.0.0/33", "x:99999", "/8"):
            with self.subTest(word=word):
                self.ask("", code=2, allow=word)
                self.assertIn("--allow-net", self.err)

    def test_a_test_has_no_network(self):
        self.write("scripts/a_test.lua", f'test("x", function() hoko.http.get("{self.service.url}/echo") end)')
        done = subprocess.run([HOKO, "test"], cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=60)
        self.assertIn("a test has no network", done.stdout)
        self.assertEqual(self.service.asked, [])


class Encrypted(HttpTest):
    def test_a_server_that_cannot_be_trusted_gets_no_request(self):
        key, certificate = self.path("key.pem"), self.path("certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True, timeout=60)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.service.socket = context.wrap_socket(self.service.socket, server_side=True, do_handshake_on_connect=False)
        out = self.ask('print(hoko.http.get((U:gsub("^http:", "https:")) .. "/echo", { retries = 0 }))')
        self.assertRegex(out, "^nil\t.*certificate.*self-signed.*\tunreachable\n$")
        out = self.ask('print(hoko.http.get(U .. "/echo", { retries = 0 }))')  # what does not speak HTTP is told, too
        self.assertRegex(out, "^nil\t.*\tunreachable\n$")
        self.assertEqual(self.service.asked, [])


class Keys(HttpTest):
    def setUp(self):
        super().setUp()
        self.keys = tempfile.mkdtemp(prefix="hoko-keys-")
        self.addCleanup(shutil.rmtree, self.keys)
        with open(os.open(self.keys + "/passphrase", os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write("correct horse\n")
        self.env = self.environment(HOKO_KEYSTORE=self.keys + "/keystore", HOKO_PASSPHRASE_FILE=self.keys + "/passphrase")
        self.key("add", "crm", "--origin", self.service.url, "--header", "X-Api-Key: {key}", stdin=KEY + "\n")

    def key(self, *words, stdin=""):
        done = subprocess.run([HOKO, "key", *words], cwd=self.folder, env=self.env, input=stdin, capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_host_attaches_the_key_and_the_script_never_has_it(self):
        out = self.ask("""
            local r = hoko.http.get(U .. "/status/200", { auth = "crm" })
            print(r.status)
            for name, value in pairs(r.headers) do print(name, value) end
            print(hoko.http.get(U .. "/cut", { auth = "crm", retries = 0 }))
            print(pcall(hoko.http.get, U .. "/echo", { auth = "crm", headers = { ["x-api-key"] = "mine" } }))
            print(hoko.http.get(U .. "/status/200").status)""", "-vvv", env=self.env)
        self.assertNotIn(KEY, out + self.err)
        self.assertIn('header "x-api-key" is not the script\'s to set', out)
        keys = [headers.get("X-Api-Key") for _, _, headers, _ in self.service.asked]
        self.assertEqual(keys, [KEY, KEY, None])

    def test_a_key_for_another_origin_ends_the_run_before_any_request(self):
        other = Service()
        self.addCleanup(other.end)
        for url in (other.url, self.service.url.replace("127.0.0.1", "localhost")):
            with self.subTest(url=url):
                out = self.ask(f'print(hoko.http.get("{url}/echo", {{ auth = "crm" }}))\nprint("goes on")', env=self.env, code=5,
                               allow="127.0.0.1,localhost")
                self.assertRegex(out, "^nil\t.*\tauth\ngoes on\n$")
                self.assertIn("a key of http://127.0.0.1", self.err)
                self.assertNotIn(KEY, out + self.err)
        self.assertEqual(other.asked + self.service.asked, [])

    def test_a_key_is_not_sent_after_a_redirect(self):
        out = self.ask('print(hoko.http.get(U .. "/moved//echo", { auth = "crm" }).status)', env=self.env)
        self.assertEqual(out, "302\n")
        self.assertEqual(len(self.service.asked), 1)

    def test_a_key_that_is_not_there_ends_the_run_and_names_the_nearest(self):
        self.ask('print(hoko.http.get(U .. "/echo", { auth = "crn" }))', env=self.env, code=5)
        self.assertIn("crm", self.err)
        self.ask('print(hoko.http.get(U .. "/echo", { auth = "crm" }))', env=self.environment(), code=5)
        self.assertIn("hoko key add crm", self.err)
        self.assertEqual(self.service.asked, [])

    def test_one_passphrase_of_a_descriptor_serves_hoko_and_others(self):
        self.start("--key", "default-key-4711")
        self.key("add", "default", "--origin", self.url.removesuffix("/api"), stdin="default-key-4711\n")
        env = {name: value for name, value in self.env.items() if name not in ("HOKO_PASSPHRASE_FILE", "HOKO_API_KEY")}
        read, write = os.pipe()
        os.write(write, b"correct horse\n")
        os.close(write)
        self.addCleanup(os.close, read)
        self.write("scripts/s.lua", f'assert(hoko.http.get("{self.service.url}/echo", {{ auth = "crm" }}))\n'
                                    'assert(hoko.partners.upsert({ { name = "A" } }).created == 1)')
        done = subprocess.run([*self.command("--allow-net=127.0.0.1", "--passphrase-fd", str(read), "scripts/s.lua")],
                              cwd=self.folder, env=env, capture_output=True, text=True, timeout=60, pass_fds=[read])
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    import unittest

    unittest.main()

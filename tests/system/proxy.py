"""A TCP proxy before the mock that counts requests on the wire, and resets, closes, stalls or replays at a chosen byte.

`faults` maps the number of a request, from 1 in the order of arrival, to a Fault.
"""

import dataclasses
import re
import socket
import struct
import threading
import time

DEADLINE = 120  # seconds that neither side may be silent


@dataclasses.dataclass
class Fault:
    """What happens at byte AT of the request or of the answer: a place (from the end if negative), or a share as a float.

    reset, close: the bytes before AT pass, then the client's connection is reset or closed
    swallow: the request is read up to AT, nothing of it is handed on, and the connection is reset
    drop: the same, but the connection is closed as by a server that had been idle
    stall: nothing more passes until the client goes away
    replay: of a request: the bytes before AT go to the server on a connection of their own, the whole follows on the
    next, whose answer counts; of an answer: the bytes before AT come again behind it
    """

    what: str
    side: str = "request"
    at: float = 0.0

    def place(self, length):
        if isinstance(self.at, float):
            return int(self.at * length)
        return min(self.at, length) if self.at >= 0 else length + self.at


@dataclasses.dataclass
class Request:
    """One attempt that arrived, whole or not."""

    number: int
    connection: int
    method: str
    path: str
    head: bytes
    body: bytes = b""
    is_whole: bool = False
    is_handed_on: bool = False
    answer: bytes = b""
    at: float = dataclasses.field(default_factory=time.monotonic)


class Gone(Exception):
    """One side has gone, or the proxy cuts it off."""


def read_some(sock, into, least):
    """Reads until INTO has LEAST bytes."""
    while len(into) < least:
        data = sock.recv(1 << 16)
        if not data:
            raise Gone
        into += data


def read_head(sock, into):
    """Reads until INTO has a whole head; returns its length."""
    while (end := into.find(b"\r\n\r\n")) < 0:
        read_some(sock, into, len(into) + 1)
    return end + 4


def body_len(head):
    found = re.search(rb"(?mi)^content-length: *(\d+)", head)
    return int(found[1]) if found else 0


def read_answer(sock, into):
    """Reads a whole answer to the end of its body, or of the connection; returns its length, or raises with what came."""
    head = read_head(sock, into)
    if b"chunked" in into[:head].lower():
        while (end := into.find(b"\r\n0\r\n\r\n", head - 2)) < 0:
            read_some(sock, into, len(into) + 1)
        return end + 7
    read_some(sock, into, head + body_len(into[:head]))
    return head + body_len(into[:head])


def reset(sock):
    """The next close of SOCK sends a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Proxy:
    """Listens before the server on PORT."""

    def __init__(self, port, faults=None):
        self.to, self.faults = port, faults or {}
        self.requests, self.connections, self.live = [], 0, 0
        self.numbers = {}  # of the last connection from each port
        self.lock = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api"
        threading.Thread(target=self.accept, daemon=True).start()

    def end(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, (_, port) = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.live += 1
                number = self.numbers[port] = self.connections
            threading.Thread(target=self.serve, args=(client, number), daemon=True).start()

    def wait_quiet(self):
        """Waits until no connection is left: what was sent has been applied or is lost.

        They are accepted in the order in which their handshakes end. So when one of ours has been, those of a process that
        has ended have been too, but for one whose last packet the kernel was late with: it is before our second.
        """
        for _ in range(2):
            self.wait_for_one()

    def wait_for_one(self):
        before = self.connections
        with socket.create_connection(("127.0.0.1", self.port), DEADLINE) as ours:
            port = ours.getsockname()[1]
        with self.lock:
            if not self.lock.wait_for(lambda: self.numbers.get(port, 0) > before and self.live == 0, DEADLINE):
                raise AssertionError(f"{self.live} of {self.connections - before} connections did not end")

    def whole(self, method):
        """The requests of METHOD of which every byte arrived."""
        with self.lock:
            return [request for request in self.requests if request.method == method and request.is_whole]

    def serve(self, client, connection):
        client.settimeout(DEADLINE)
        inbox, outbox = bytearray(), bytearray()
        server = None
        try:
            server = self.connect()
            while True:
                server = self.pass_one(client, server, connection, inbox, outbox)
        except (Gone, OSError):
            pass
        finally:
            client.close()
            if server:
                server.close()
            with self.lock:
                self.live -= 1
                self.lock.notify_all()

    def connect(self):
        server = socket.create_connection(("127.0.0.1", self.to), DEADLINE)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server

    def pass_one(self, client, server, connection, inbox, outbox):
        """Hands on one request and its answer; returns the connection that the server keeps."""
        head = read_head(client, inbox)
        words = bytes(inbox[:head]).split(b" ", 2)
        with self.lock:
            request = Request(len(self.requests) + 1, connection, words[0].decode(), words[1].decode(), bytes(inbox[:head]))
            self.requests.append(request)
        fault = self.faults.get(request.number)
        server = self.pass_request(client, server, inbox, request, fault if fault and fault.side == "request" else None)
        self.pass_answer(client, server, outbox, request, fault if fault and fault.side == "answer" else None)
        return server

    def pass_request(self, client, server, inbox, request, fault):
        length = len(request.head) + body_len(request.head)
        place = fault.place(length) if fault else length
        read_some(client, inbox, place)
        request.body = bytes(inbox[len(request.head):place])
        request.is_whole = place == length
        if fault and fault.what in ("reset", "close", "stall"):
            server.sendall(inbox[:place])
            request.is_handed_on = place == length
            self.cut(client, fault)
        if fault and fault.what in ("swallow", "drop"):
            self.cut(client, fault)
        if fault and fault.what == "replay":
            server = self.send_twice(client, server, inbox, length, place)
            request.body, request.is_whole = bytes(inbox[len(request.head):length]), True
        else:
            server.sendall(inbox[:length])
        request.is_handed_on = True
        del inbox[:length]
        return server

    def send_twice(self, client, server, inbox, length, place):
        read_some(client, inbox, length)
        server.sendall(inbox[:place])
        if place == length:  # it is applied before it comes again
            read_some(server, bytearray(), 1)
        server.close()
        server = self.connect()
        server.sendall(inbox[:length])
        return server

    def pass_answer(self, client, server, outbox, request, fault):
        try:
            length = read_answer(server, outbox)
        except ConnectionError:
            reset(client)
            raise
        except Gone:
            client.sendall(outbox)
            raise
        request.answer = bytes(outbox[:length])
        del outbox[:length]
        place = fault.place(length) if fault else length
        client.sendall(request.answer[:length if fault and fault.what == "replay" else place])
        if fault and fault.what == "replay":
            client.sendall(request.answer[:place])
        elif fault:
            self.cut(client, fault)

    @staticmethod
    def cut(client, fault):
        if fault.what in ("reset", "swallow"):
            reset(client)
        if fault.what == "stall":
            while client.recv(1 << 16):
                pass
        raise Gone

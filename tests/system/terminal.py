"""A program under a pseudo-terminal, as a person has it: keys in, a screen's bytes out."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

DEADLINE = 20  # seconds that no answer may take
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r|\x07")


class Clock:
    """What a stretch takes, as on a machine that nobody else uses: PIDS' time in which they were ready and others
    had the CPU is left out (proc(5), schedstat); not less than what they computed."""

    def __init__(self, *pids):
        self.pids, self.began = pids, time.monotonic()
        self.ran, self.waited = self.sums(pids)

    @staticmethod
    def sums(pids):
        ran = waited = 0
        for pid in pids:
            with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
                numbers = file.read().split()
            ran, waited = ran + int(numbers[0]) / 1e9, waited + int(numbers[1]) / 1e9
        return ran, waited

    def seconds(self, *born):
        """Since the beginning; BORN: processes that did not exist then."""
        took = time.monotonic() - self.began
        ran, waited = self.sums([*self.pids, *born])
        return max(ran - self.ran, took - (waited - self.waited))


class Terminal:
    """Runs COMMAND on a terminal of COLUMNS by ROWS."""

    def __init__(self, command, folder, environment, columns=80, rows=24):
        self.raw, self.at, self.status = b"", 0, None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(command[0], command, {"TERM": "xterm", "LANG": "C.UTF-8", **environment})
        self.resize(columns, rows)

    def worker(self):
        """The process id of the only child."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
            return int(file.read())

    def time(self, act):
        """Seconds that ACT takes, as on a machine that nobody else uses."""
        clock = Clock(self.pid, self.worker())
        act()
        return clock.seconds()

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys):
        data = keys.encode() if isinstance(keys, str) else keys
        while data:  # what comes back is read meanwhile, or both sides would wait
            readable, writable, _ = select.select([self.fd], [self.fd], [], DEADLINE)
            assert readable or writable, "the terminal takes no keys"
            if readable:
                self.take()
            if writable:
                data = data[os.write(self.fd, data[:4096]):]

    def take(self):
        """Reads what is there; False at the end."""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            data = b""
        self.raw += data
        return bool(data)

    def text(self):
        """What came since the last expected thing, without escape sequences."""
        return ESCAPES.sub(b"", self.raw[self.at:]).decode(errors="replace")

    def expect(self, what, seconds=DEADLINE):
        """Waits until WHAT, bytes or text, was shown; returns the text before it, and goes on behind it."""
        wanted = what.encode() if isinstance(what, str) else what
        deadline = time.monotonic() + seconds
        while True:
            found = self.raw.find(wanted, self.at)
            if found >= 0:
                before = ESCAPES.sub(b"", self.raw[self.at:found]).decode(errors="replace")
                self.at = found + len(wanted)
                return before
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0] or not self.take():
                raise AssertionError(f"{what!r} did not come within {seconds} s, but {self.text()[-500:]!r}")

    def wait(self, seconds=DEADLINE):
        """Waits for the end; returns the exit code, -N for a signal."""
        deadline = time.monotonic() + seconds
        while select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0] and self.take():
            pass
        _, self.status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(self.status)

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            _, self.status = os.waitpid(self.pid, 0)
        os.close(self.fd)

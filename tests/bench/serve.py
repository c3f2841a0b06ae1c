"""hoko serve with 1,000 jobs: what it takes while idle, and how late a script starts.

usage: python3 tests/bench/serve.py [--seconds 60]      HOKO names the program

Lateness is from a job's instant to the first line of its script, which means: the
occurrence recorded on the disk, the run's process and its worker begun, the script read.
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time

HOKO = os.path.abspath(os.environ.get("HOKO", "build/release/hoko"))
TICK = os.sysconf("SC_CLK_TCK")
IDLE_JOBS = 999


def write(folder, jobs):
    with open(os.path.join(folder, "hoko.lua"), "w", encoding="ascii") as file:
        file.write("return { jobs = {\n" + "".join(jobs) + "} }\n")
    with open(os.path.join(folder, "late.lua"), "w", encoding="ascii") as file:
        file.write('local now = hoko.now()\nlocal f = io.open("late", "a") f:write(now, "\\n") f:close()\n')


def idle_job(number):
    return (f'["job-{number:04}"] = {{ script = "late.lua", schedule = "{number % 60} 3 1 1 *", '
            'timezone = "Europe/Berlin" },\n')


class Daemon:
    def __init__(self, folder):
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([HOKO, "serve", "--jobs", "4"], cwd=folder, stderr=self.log)
        while "serving" not in self.read_log():
            time.sleep(0.05)
        time.sleep(2)

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def cpu_seconds(self):
        """Of the daemon alone."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


def measure_idle(folder, seconds):
    write(folder, [idle_job(i) for i in range(1000)])
    daemon = Daemon(folder)
    before = daemon.cpu_seconds()
    time.sleep(seconds)
    used = daemon.cpu_seconds() - before
    print(f"idle, 1,000 jobs: {100 * used / seconds:.3f} % of a core, {daemon.memory_mib():.1f} MiB")
    daemon.end()


def measure_lateness(folder, seconds):
    each = 'late = { script = "late.lua", schedule = "* * * * * *" },\n'
    write(folder, [idle_job(i) for i in range(IDLE_JOBS)] + [each])
    daemon = Daemon(folder)
    time.sleep(seconds)
    daemon.end()
    with open(os.path.join(folder, "late"), encoding="ascii") as file:
        late = sorted(float(line) % 1 * 1000 for line in file)
    print(f"lateness of {len(late)} starts beside {IDLE_JOBS} jobs: median {late[len(late) // 2]:.0f} ms, "
          f"p99 {late[int(len(late) * 0.99)]:.0f} ms")


def measure_next():
    words = [HOKO, "jobs", "next", "--cron", "* * * * *", "--timezone", "America/New_York", "-n", "525600",
             "--from", "2026-01-01T05:00:00Z"]
    times = []
    for _ in range(7):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(((time.monotonic() - begun) * 1000, (after.ru_utime - before.ru_utime) * 1000))
    times.sort()
    print(f"jobs next, a year of minutes: {times[3][0]:.0f} ms, {times[3][1]:.0f} ms of CPU")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    measure_next()
    for measure in (measure_idle, measure_lateness):
        folder = tempfile.mkdtemp(prefix="hoko-serve-")
        try:
            measure(folder, seconds)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()

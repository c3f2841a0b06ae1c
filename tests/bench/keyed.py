#!/usr/bin/env python3
"""keyed.py - what it costs to keep who is who, and that a second run sends nothing.

usage: keyed.py --build FOLDER [--rows N] [--runs N] [--client-cpus L]

Each round: the rows with ids (plain.lua); the same by key into a new state (keyed.lua), which creates them; the same
again in the order of the source, and in a random order; `hoko runs` and `hoko explain` on the state that came of it.

"host" is the CPU time of the host process alone, in which all work of the state is: with nothing to send, that is the
bridge, the plan and the state. A run counts only if it exits 0, and if it is not the first, if it sends nothing.
"""
import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from measure import HERE, SINK_CPU, Sink, Watch, make_data

TICKS = os.sysconf("SC_CLK_TCK")
LOOKS = 5  # of each look at the state; the median counts
MIB = 1 << 20


def make_shuffled(csv):
    """CSV with its rows in another order."""
    path = csv + ".shuffled"
    if not os.path.exists(path):
        with open(csv, encoding="utf-8", newline="") as file:
            head, *rows = file.readlines()
        random.Random(2026).shuffle(rows)
        with open(path + ".new", "w", encoding="utf-8", newline="") as file:
            file.writelines([head, *rows])
        os.replace(path + ".new", path)
    return path


def own_cpu(pid):
    """Seconds of CPU of a process that has ended and was not waited for, its children left out."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def stats(sink):
    with urllib.request.urlopen(sink.url.removesuffix("/api") + "/stats", timeout=10) as answer:
        return json.load(answer)


class Client:
    def __init__(self, options, tmp):
        self.hoko, self.cpus, self.limit_s, self.tmp = options.build + "/hoko", options.client_cpus, options.limit_s, tmp
        self.environment = {"PATH": os.environ["PATH"], "HOME": tmp, "HOKO_API_KEY": "bench",
                            "HOKO_STATE": f"sqlite:{tmp}/s.db"}

    def run(self, url, script, csv):
        """What one `hoko run` cost; raises unless it ends with 0."""
        words = ["taskset", "-c", self.cpus, self.hoko, "run", "--base-url", url, HERE + "/" + script, csv, "4"]
        began = time.monotonic()
        with open(self.tmp + "/output", "w+", encoding="utf-8") as output:
            process = subprocess.Popen(words, env=self.environment, cwd=self.tmp, stdout=output, stderr=output,
                                       start_new_session=True)
            watch = Watch(process.pid, self.limit_s)
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            host = own_cpu(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
            peak = watch.end()
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            if process.returncode:
                sys.exit(f"{script}: exit {process.returncode}: {output.read()[-800:].strip()}")
        return {"wall": time.monotonic() - began, "cpu": usage.ru_utime + usage.ru_stime, "host": host, "peak": peak}

    def look(self, *words):
        """Milliseconds of a look at the state."""
        took = []
        for _ in range(LOOKS):
            began = time.monotonic()
            subprocess.run([self.hoko, *words], env=self.environment, cwd=self.tmp, check=True, stdout=subprocess.DEVNULL)
            took.append((time.monotonic() - began) * 1000)
        return statistics.median(took)


def one_round(options, csv, want):
    tmp = tempfile.mkdtemp(prefix="hoko-bench-")
    client, sink = Client(options, tmp), Sink(options.build, 0)
    found = {"ids": client.run(sink.url, "plain.lua", csv)}
    os.unlink(tmp + "/s.db")
    seen = sink.totals()
    sink = Sink(options.build, 0)
    found["first"] = client.run(sink.url, "keyed.lua", csv)
    made = stats(sink)
    found["in order"] = client.run(sink.url, "keyed.lua", csv)
    found["random"] = client.run(sink.url, "keyed.lua", make_shuffled(csv))
    again = sink.totals()["requests"] - made["requests"]
    if seen["rows"] != want["rows"] or made["rows"] != want["rows"] or again:
        sys.exit(f"the sink saw {seen['rows']} and {made['rows']} of {want['rows']} rows, "
                 f"then {again} requests for rows that had not changed")
    with open(csv, encoding="utf-8", newline="") as file:
        key = file.readlines()[options.rows // 2].split(",")[0]
    figures = {"state bytes": os.path.getsize(tmp + "/s.db"), "runs ms": client.look("runs"),
               "explain ms": client.look("explain", key)}
    shutil.rmtree(tmp)
    return found, figures


def print_medians(rounds, rows):
    million = rows / 1e6
    print(f"{'run':<12}{'CPU s/M':>9}{'host':>7}{'wall s':>8}{'RSS MiB':>9}")
    for name in rounds[0][0]:
        def median(key):
            return statistics.median(found[name][key] for found, _ in rounds)
        print(f"{name:<12}{median('cpu') / million:>9.2f}{median('host') / million:>7.2f}{median('wall'):>8.2f}"
              f"{median('peak') / MIB:>9.1f}")
    more = statistics.median(found["first"]["cpu"] - found["ids"]["cpu"] for found, _ in rounds) / million
    print(f"\nfirst run by key: {more:.2f} CPU s/M more than the same rows with ids; later runs: 0 requests")
    state, runs, explain = (statistics.median(figures[key] for _, figures in rounds)
                            for key in ("state bytes", "runs ms", "explain ms"))
    print(f"state of {rows} rows: {state / 1e6:.0f} MB; hoko runs {runs:.0f} ms, hoko explain {explain:.0f} ms")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--client-cpus", default="0", help="a list for taskset")
    parser.add_argument("--limit-s", type=int, default=300)
    parser.add_argument("--build", required=True, help="where programs and data are")
    options = parser.parse_args()
    csv, want = make_data(options.build, options.rows)
    rounds = []
    for turn in range(options.runs):
        rounds.append(one_round(options, csv, want))
        told = ", ".join(f"{name} {cost['cpu']:.2f}" for name, cost in rounds[-1][0].items())
        print(f"  round {turn + 1}: CPU s: {told}", file=sys.stderr)
    print(f"{options.rows} rows, client on CPU {options.client_cpus}, sink on CPU {SINK_CPU}, medians of {options.runs} rounds")
    print_medians(rounds, options.rows)


main()

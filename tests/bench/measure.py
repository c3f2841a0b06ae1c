#!/usr/bin/env python3
"""measure.py - runs client commands against a fresh sink each, interleaved.

usage: measure.py [options] NAME=COMMAND...

A COMMAND is a shell line in which {csv} {url} {concurrency} and {tmp}, an empty folder
for each run, are filled in. Each round runs every command once, in an order that
rotates. Figures are medians; ratios are medians of the rounds' own ratios, against the
first NAME. The last NAME is the limit, those between are peers.

CPU is user + sys of all processes that were waited for. RSS is the largest sum over the
process tree, sampled every 20 ms, but never less than the largest process as the kernel
counted it. "first ms" runs from the start of the process to the head of the first
request at the sink. A run counts only if the client exits 0 and the sink saw exactly
the rows that the data asks for; the reference (peers/lua) says which.
"""
import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.sysconf("SC_PAGE_SIZE")
SINK_CPU = str(min(1, os.cpu_count() - 1))


class Sink:
    def __init__(self, build, latency_ms):
        self.process = subprocess.Popen(
            ["taskset", "-c", SINK_CPU, build + "/tests/bench/bench_sink", "--latency", str(latency_ms)],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def totals(self):
        self.process.send_signal(signal.SIGTERM)
        return json.loads(self.process.communicate()[0])


def make_csv(build, rows):
    os.makedirs(build + "/data", exist_ok=True)
    csv = f"{build}/data/partners-{rows}.csv"
    if not os.path.exists(csv):
        subprocess.run([sys.executable, HERE + "/gen.py", str(rows), csv], check=True)
    return csv


def make_data(build, rows):
    """Path of the CSV, and what a sink must have seen of it."""
    csv = make_csv(build, rows)
    memo = csv + ".expected"
    if not os.path.exists(memo):
        sink = Sink(build, 0)
        subprocess.run(["lua5.4", HERE + "/peers/lua/sync.lua", csv, sink.url], check=True, stdout=subprocess.DEVNULL)
        seen = sink.totals()
        with open(memo, "w", encoding="utf-8") as file:
            json.dump({"rows": seen["rows"], "rows_hash": seen["rows_hash"]}, file)
    with open(memo, encoding="utf-8") as file:
        return csv, json.load(file)


def tree_rss(root):
    todo, total = [root], 0
    while todo:
        pid = todo.pop()
        try:
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                total += int(file.read().split()[1]) * PAGE
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                    todo += map(int, file.read().split())
        except OSError:  # it ended meanwhile
            pass
    return total


class Watch(threading.Thread):
    """The peak of a process tree's memory; ends the tree after limit_s."""

    def __init__(self, pid, limit_s):
        super().__init__()
        self.pid, self.deadline, self.peak, self.is_over = pid, time.monotonic() + limit_s, 0, threading.Event()
        self.start()

    def run(self):
        while not self.is_over.wait(0.02):
            self.peak = max(self.peak, tree_rss(self.pid))
            if time.monotonic() > self.deadline:
                os.killpg(self.pid, signal.SIGKILL)
                return

    def end(self):
        self.is_over.set()
        self.join()
        return self.peak


def run(command, options, names):
    sink = Sink(options.build, options.latency)
    tmp = tempfile.mkdtemp(prefix="hoko-bench-")
    fill = dict(names, url=sink.url, tmp=tmp)
    line = re.sub(r"\{(\w+)\}", lambda m: str(fill.get(m[1], m[0])), command)
    with open(tmp + "/.output", "w+", encoding="utf-8") as output:
        from_ns = time.monotonic_ns()
        process = subprocess.Popen(["taskset", "-c", options.client_cpus, "bash", "-c", "exec " + line],
                                   stdout=output, stderr=output, cwd=tmp, start_new_session=True)
        watch = Watch(process.pid, options.limit_s)
        _, status, usage = os.wait4(process.pid, 0)
        wall = (time.monotonic_ns() - from_ns) / 1e9
        peak = watch.end()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()[-800:].strip()
    seen = sink.totals()
    shutil.rmtree(tmp, ignore_errors=True)
    return {"exit": process.returncode, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime,
            "user": usage.ru_utime, "sys": usage.ru_stime, "rss_mb": max(peak, usage.ru_maxrss * 1024) / 1e6,
            "first_ms": (seen["first_request_ns"] - from_ns) / 1e6 if seen["first_request_ns"] else 0.0,
            "sink": seen, "said": said}


def run_all(commands, options, names, want):
    order, runs = list(commands), {name: [] for name in commands}
    for turn in range(options.runs):
        shift = turn % len(order)
        for name in order[shift:] + order[:shift]:
            one = run(commands[name], options, names)
            one["is_good"] = one["exit"] == 0 and all(one["sink"][key] == want[key] for key in want)
            runs[name].append(one)
            print(f"  {name}: {one['wall']:.2f} s, {one['cpu']:.2f} s of CPU" + ("" if one["is_good"] else (
                f"  FAILED: exit {one['exit']}, {one['sink']['rows']} of {want['rows']} rows: {one['said']}")),
                file=sys.stderr)
    return runs


def print_medians(runs, rows):
    print(f"{'client':<18}{'wall s':>8}{'rows/s':>10}{'CPU s/M':>9}{'user':>7}{'sys':>6}{'RSS MB':>8}"
          f"{'first ms':>10}{'requests':>10}{'in flight':>11}{'sink CPU s':>12}{'runs':>6}")
    for name, all_runs in runs.items():
        good = [one for one in all_runs if one["is_good"]]
        if not good:
            print(f"{name:<18}  FAILED")
            continue

        def median(key):
            return statistics.median(one[key] for one in good)
        million = rows / 1e6
        print(f"{name:<18}{median('wall'):>8.2f}{rows / median('wall'):>10.0f}{median('cpu') / million:>9.2f}"
              f"{median('user') / million:>7.2f}{median('sys') / million:>6.2f}{median('rss_mb'):>8.1f}"
              f"{median('first_ms'):>10.1f}{good[0]['sink']['requests']:>10}{good[0]['sink']['in_flight_max']:>11}"
              f"{statistics.median(one['sink']['cpu_s'] for one in good):>12.2f}{len(good):>6}")


def ratio(a, b, key):
    pairs = [(x[key], y[key]) for x, y in zip(a, b) if x["is_good"] and y["is_good"]]
    return statistics.median(x / y for x, y in pairs) if pairs else float("nan")


def print_ratios(runs):
    ours, *others = runs
    print(f"\n{'of ' + ours:<18}{'CPU':>8}{'wall':>8}{'RSS':>8}   (more than 1: it needs more)")
    for other in others:
        print(f"{other:<18}" + "".join(f"{ratio(runs[other], runs[ours], key):>8.2f}" for key in ("cpu", "wall", "rss_mb")))
    if len(others) > 1:
        best = min(ratio(runs[peer], runs[ours], "cpu") for peer in others[:-1])
        print(f"CPU: the best peer needs {best:.2f} x that of {ours}")
    if others:
        print(f"CPU: {ours} needs {ratio(runs[ours], runs[others[-1]], 'cpu'):.2f} x that of {others[-1]}; "
              f"rows/s: {ratio(runs[others[-1]], runs[ours], 'wall'):.2f} x")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--latency", type=int, default=0, help="ms that the sink waits before each answer")
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--client-cpus", default="0", help="a list for taskset")
    parser.add_argument("--limit-s", type=int, default=300)
    parser.add_argument("--build", required=True, help="where programs and data are")
    parser.add_argument("commands", nargs="+")
    options = parser.parse_args()
    csv, want = make_data(options.build, options.rows)
    commands = dict(command.split("=", 1) for command in options.commands)
    runs = run_all(commands, options, {"csv": csv, "concurrency": options.concurrency}, want)
    print(f"{options.rows} rows, {options.latency} ms of latency, {options.concurrency} in flight, client on CPU "
          f"{options.client_cpus}, sink on CPU {SINK_CPU}, medians of {options.runs} interleaved runs")
    print_medians(runs, options.rows)
    print_ratios(runs)
    return 0 if all(one["is_good"] for all_runs in runs.values() for one in all_runs) else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""measure.py - runs client commands against a fresh sink each, interleaved.

usage: measure.py [options] NAME=COMMAND...

A COMMAND is a shell line; {csv} {ndjson} {url} {tmp} {concurrency}, {bench} (this folder)
and {build} (where programs and data are) are filled in, {tmp} being an empty folder for each run.  Each
round runs every command once, in an order that rotates, each against its own
sink; the table shows medians.

  --rows N         1, 100000 or 1000000 (made by gen.py on first use)
  --runs N         rounds (3)
  --latency MS     the sink waits so long before each answer (0)
  --concurrency N  fills {concurrency} (1)
  --client-cpus L  taskset list for the client (0); the sink has core 1
  --json FILE      the medians and all runs

CPU is user+sys of the whole process tree that was waited for.  RSS is the
largest sum over the tree, sampled every 20 ms, but never less than the largest
single process as the kernel counted it (which starts at what this script had
when it forked: about 14 MB is the least that is ever shown).  "first ms" runs from the start of the
process to the first request's head at the sink.  A run counts only if the
client exits 0 and the sink saw exactly the rows that the data asks for.
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
BUILD = os.environ.get("HOKO_BENCH_BUILD", os.path.join(HERE, "../../build/bench"))  # programs, packages, data
PAGE = os.sysconf("SC_PAGE_SIZE")


def expected(ndjson):
    """Rows to send and their hash, learnt once by the plain Lua peer and kept beside the data."""
    memo = ndjson + ".expected"
    if not os.path.exists(memo):
        sink = Sink(0)
        subprocess.run(["lua5.4", HERE + "/peers/lua/sync.lua", ndjson, sink.url], check=True, stdout=subprocess.DEVNULL)
        s = sink.stop()
        with open(memo, "w") as f:
            json.dump({"rows": s["rows"], "rows_hash": s["rows_hash"]}, f)
    with open(memo) as f:
        return json.load(f)


class Sink:
    def __init__(self, latency):
        self.p = subprocess.Popen(["taskset", "-c", "1", BUILD + "/sink", "--latency", str(latency)],
                                  stdout=subprocess.PIPE, text=True)
        self.url = self.p.stdout.readline().split()[-1]

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        return json.loads(self.p.communicate()[0])


def tree_rss(root):
    todo, total = [root], 0
    while todo:
        pid = todo.pop()
        try:
            with open(f"/proc/{pid}/statm") as f:
                total += int(f.read().split()[1]) * PAGE
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as f:
                    todo += map(int, f.read().split())
        except OSError:
            pass
    return total


def run(command, cpus, latency, names, limit_s):
    sink = Sink(latency)
    tmp = tempfile.mkdtemp(prefix="hoko-bench-")
    fill = dict(names, url=sink.url, tmp=tmp)
    line = re.sub(r"\{(\w+)\}", lambda m: str(fill.get(m[1], m[0])), command)
    log = open(os.path.join(tmp, ".output"), "w+")
    peak, done = [0], threading.Event()
    t0 = time.monotonic_ns()
    # exec: the shell is replaced, so that it is not a part of the tree
    p = subprocess.Popen(["taskset", "-c", cpus, "bash", "-c", "exec " + line if not re.search(r"[|;&]", line) else line],
                         stdout=log, stderr=log, cwd=tmp, start_new_session=True)

    def watch():
        while not done.wait(0.02):
            peak[0] = max(peak[0], tree_rss(p.pid))
    w = threading.Thread(target=watch)
    w.start()
    timer = threading.Timer(limit_s, lambda: os.killpg(p.pid, signal.SIGKILL))
    timer.start()
    _, status, usage = os.wait4(p.pid, 0)
    wall = (time.monotonic_ns() - t0) / 1e9
    timer.cancel()
    done.set()
    w.join()
    p.returncode = os.waitstatus_to_exitcode(status)
    stats = sink.stop()
    log.seek(0)
    out = log.read()
    shutil.rmtree(tmp, ignore_errors=True)
    return {"exit": p.returncode, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime,
            "user": usage.ru_utime, "sys": usage.ru_stime,
            "rss_mb": max(peak[0], usage.ru_maxrss * 1024) / 1e6,
            "first_ms": (stats["first_request_ns"] - t0) / 1e6 if stats["first_request_ns"] else None,
            "sink": stats, "output": out[-800:]}


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("--rows", type=int, default=1000000)
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--latency", type=int, default=0)
    ap.add_argument("--concurrency", type=int, default=1)
    ap.add_argument("--client-cpus", default="0")
    ap.add_argument("--limit-s", type=int, default=300)
    ap.add_argument("--json")
    ap.add_argument("commands", nargs="+")
    a = ap.parse_args()
    data = BUILD + "/data"
    base = f"{data}/partners-{a.rows}"
    if not os.path.exists(base + ".csv"):
        subprocess.run([sys.executable, HERE + "/gen.py", str(a.rows), data], check=True, stdout=sys.stderr)
    want = expected(base + ".ndjson")
    names = {"csv": base + ".csv", "ndjson": base + ".ndjson", "bench": HERE, "build": BUILD, "concurrency": a.concurrency}
    commands = dict(c.split("=", 1) for c in a.commands)
    runs = {n: [] for n in commands}
    order = list(commands)
    for r in range(a.runs):
        for n in order[r % len(order):] + order[:r % len(order)]:
            x = run(commands[n], a.client_cpus, a.latency, names, a.limit_s)
            x["ok"] = x["exit"] == 0 and all(x["sink"][k] == want[k] for k in want)
            runs[n].append(x)
            print(f"  {n}: {x['wall']:.2f} s wall, {x['cpu']:.2f} s cpu" + ("" if x["ok"] else
                  f"  FAILED exit {x['exit']} rows {x['sink']['rows']} of {want['rows']}: {x['output'].strip()}"), file=sys.stderr)
    million = a.rows / 1e6
    rows = []
    for n in order:
        good = [x for x in runs[n] if x["ok"]]
        if not good:
            print(f"{n:<22} FAILED")
            continue
        med = lambda k: statistics.median(x[k] for x in good)
        rows.append({"name": n, "ok": len(good), "wall": med("wall"), "cpu_per_m": med("cpu") / million,
                     "user_per_m": med("user") / million, "sys_per_m": med("sys") / million, "rss_mb": med("rss_mb"),
                     "first_ms": med("first_ms"), "requests": good[0]["sink"]["requests"],
                     "connections": good[0]["sink"]["connections"], "in_flight_max": good[0]["sink"]["in_flight_max"],
                     "sink_cpu": statistics.median(x["sink"]["cpu_s"] for x in good)})
    print(f"rows {a.rows}, latency {a.latency} ms, concurrency {a.concurrency}, client on cpu {a.client_cpus}, sink on cpu 1, {a.runs} interleaved runs, medians")
    print(f"{'client':<22}{'wall s':>8}{'rows/s':>10}{'cpu s/M':>9}{'user':>7}{'sys':>6}{'RSS MB':>8}{'first ms':>9}{'req':>5}{'conn':>5}{'fly':>4}{'ok':>4}")
    for r in rows:
        print(f"{r['name']:<22}{r['wall']:>8.2f}{a.rows / r['wall']:>10.0f}{r['cpu_per_m']:>9.2f}{r['user_per_m']:>7.2f}{r['sys_per_m']:>6.2f}"
              f"{r['rss_mb']:>8.1f}{r['first_ms']:>9.1f}{r['requests']:>5}{r['connections']:>5}{r['in_flight_max']:>4}{r['ok']:>4}")
    if a.json:
        with open(a.json, "w") as f:
            json.dump({"options": {k: v for k, v in vars(a).items() if k != "commands"}, "medians": rows, "runs": runs}, f, indent=1)


main()

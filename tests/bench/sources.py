#!/usr/bin/env python3
"""sources.py - what it costs to read rows: CSV, NDJSON, JSON, SQLite and PostgreSQL.

usage: sources.py --build FOLDER [--rows N] [--runs N] [--client-cpus L] [--only NAME,NAME]

The same rows in five forms (a cell that is empty in the CSV is left out, or NULL), each read to its end by a script
(sources.lua) that counts them, and by one that syncs them to a sink. All are run in turn, --runs times, in an order that
rotates. CPU is user + sys of host and worker, without the database's server, which is started here and whose own CPU is
not ours. Figures are medians; ratios are medians of the rounds' own ratios, against the CSV.
"""
import argparse
import csv
import importlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile

from measure import HERE, Sink, make_csv


def start_postgresql(hoko):
    """The server of the system tests, whose modules want to know which hoko is tested."""
    os.environ["HOKO"] = hoko
    sys.path.insert(0, os.path.dirname(HERE) + "/system")
    return importlib.import_module("postgres").Postgres()


NAMES = ("csv", "ndjson", "json", "sqlite", "postgresql")
WORKS = ("read", "sync")


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]


def write_json(folder, rows):
    texts = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    for name, text in (("ndjson", "\n".join(texts) + "\n"), ("json", "[" + ",\n".join(texts) + "]\n")):
        with open(f"{folder}/partners.{name}", "w", encoding="utf-8") as file:
            file.write(text)


def write_sqlite(path, columns, rows):
    with sqlite3.connect(path) as db:
        db.execute(f"CREATE TABLE partners ({', '.join(name + ' TEXT' for name in columns)})")
        db.executemany(f"INSERT INTO partners VALUES ({', '.join('?' * len(columns))})",
                       ([row.get(name) for name in columns] for row in rows))
    db.close()


def write_postgresql(server, columns, path):
    server.sql(f"CREATE TABLE partners ({', '.join(name + ' text' for name in columns)});\n"
               f"\\copy partners FROM '{path}' WITH (FORMAT csv, HEADER)\nVACUUM ANALYZE partners;")


def make_places(folder, server, path):
    rows = read_rows(path)
    with open(path, encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))
    write_json(folder, rows)
    write_sqlite(folder + "/partners.db", columns, rows)
    write_postgresql(server, columns, path)
    return {"csv": path, "ndjson": folder + "/partners.ndjson", "json": folder + "/partners.json",
            "sqlite": folder + "/partners.db", "postgresql": server.url}


def run_once(options, folder, name, place, work):
    """Seconds of CPU; raises unless every row came."""
    sink = Sink(options.build, 0)
    allow = ["--allow-net=localhost"] if name == "postgresql" else ["--allow-read=" + os.path.dirname(place)]
    words = ["taskset", "-c", options.client_cpus, options.build + "/hoko", "run", *allow,
             "--base-url", sink.url, HERE + "/sources.lua", name, place, work]
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "HOKO_API_KEY": "bench",
                   "HOKO_STATE": f"sqlite:{folder}/state.db"}
    with open(folder + "/output", "w+", encoding="utf-8") as output:
        process = subprocess.Popen(words, env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().strip()
    sink.totals()
    if process.returncode or said.split("\n")[0] != str(options.rows):
        sys.exit(f"{name}: exit {process.returncode}: {said[-800:]}")
    return usage.ru_utime + usage.ru_stime


def measure(options, names):
    csv_path = make_csv(options.build, options.rows)
    rounds = []
    with tempfile.TemporaryDirectory(prefix="hoko-bench-") as folder:
        server = start_postgresql(options.build + "/hoko")
        try:
            places = make_places(folder, server, csv_path)
            for i in range(options.runs):
                turn = names[i % len(names):] + names[:i % len(names)]
                rounds.append({(name, work): run_once(options, folder, name, places[name], work)
                               for name in turn for work in WORKS})
        finally:
            server.end()
    return rounds


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", required=True)
    ap.add_argument("--rows", type=int, default=1000000)
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--client-cpus", default="0")
    ap.add_argument("--only", default=",".join(NAMES), help="some of " + ",".join(NAMES) + "; csv is always read")
    options = ap.parse_args()
    options.build = os.path.abspath(options.build)
    names = [name for name in NAMES if name == "csv" or name in options.only.split(",")]
    rounds = measure(options, names)
    print(f"{'CPU s/M rows':<14}" + "".join(f"{work:>8}{'of CSV':>8}" for work in WORKS))
    for name in names:
        line = f"{name:<14}"
        for work in WORKS:
            cpu = statistics.median(found[name, work] for found in rounds) / (options.rows / 1e6)
            ratio = statistics.median(found[name, work] / found["csv", work] for found in rounds)
            line += f"{cpu:>8.3f}{ratio:>8.2f}"
        print(line)


main()

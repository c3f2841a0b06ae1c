#!/usr/bin/env python3
"""Compares the next instants of next_main with what Python's zoneinfo tells.

Nothing here is taken from the C code's way: around each change of a zone's offset,
every minute is looked at, and what the contract says of it is applied; between the
changes, and over the whole range for expressions that come seldom, each local date
is tried. The rule of the contract, literally:

  fixed     a local time that the clock jumps over runs once, at the first instant
            after the gap; one that comes twice runs the first time only
  wildcard  runs at each instant whose wall clock matches

Without options: the hardest zones in a few years, in seconds. --all: every zone of
the system's data from 2000 to 2037.
"""
import argparse
import collections
import concurrent.futures
import datetime
import hashlib
import os
import random
import subprocess
import sys
import zoneinfo

HARD_ZONES = """
Africa/Cairo Africa/Casablanca Africa/El_Aaiun Africa/Juba America/Asuncion America/Caracas
America/Havana America/New_York America/Nuuk America/Sao_Paulo America/Scoresbysund
America/St_Johns Antarctica/Casey Antarctica/Troll Asia/Amman Asia/Beirut Asia/Gaza Asia/Hebron
Asia/Pyongyang Asia/Riyadh Asia/Tehran Australia/Lord_Howe Europe/Berlin Europe/Dublin
Europe/Istanbul Europe/Volgograd Pacific/Apia Pacific/Chatham Pacific/Fakaofo Pacific/Tongatapu
UTC""".split()
HARD_YEARS = [(2007, 2008), (2011, 2011), (2016, 2016), (2025, 2026), (2037, 2037)]

EXPRESSIONS = """
* * * * *
*/15 * * * *
0 * * * *
30 * * * *
59 23 * * *
0 0 * * *
0 1 * * *
30 1 * * *
0 2 * * *
30 2 * * *
15,45 2 * * *
0-59 2 * * *
*/10 2 * * *
*/30 0 * * *
0 3 * * *
30 2,3 * * *
0 */2 * * *
30 */3 * * *
45 */1 * * *
1 0 * * *
0 12 * * *
30 0 1 * *
0 2 31 * *
0 2 */5 * *
0 2 1-7 * 0
0 3 13 * 5
0 3 */2 * 5
15 2 * * */2
15 2 8-14 3 *
0 0 29 2 *
0 0 29 2 */7
30 2 * mar,apr,oct,nov sun
30 2 * 3 SUN
0 0 30 12 *
0 6 30,31 12 *
0 */6 30 12 *
0 22-23 * * sat
5-55/10 1-3 * * fri-sun
0 0,12 1 */2 *
7 1-23/2 * * 1-5
0 9 * * 1-5
0 0 * * 7
@hourly
@daily
@weekly
@monthly
@yearly
*/20 30 2 * * *
15 * * * * *
0,30 59 1 * * *
* 30 2 * * 0
5 */7 */5 * * *
""".strip().splitlines()

SHORTHANDS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
}
NAMES = {name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())}
NAMES.update({name: number + 1 for number, name in enumerate(
    "jan feb mar apr may jun jul aug sep oct nov dec".split())})
RANGES = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
DAY_S, WINDOW_S = 86400, 36 * 3600
UTC = datetime.timezone.utc


def field_set(text, low, high):
    numbers = set()
    for item in text.split(","):
        item, _, step = item.partition("/")
        if item == "*":
            first, last = low, high
        else:
            first, _, last = item.partition("-")
            first = int(NAMES.get(first.lower(), first))
            last = int(NAMES.get(last.lower(), last)) if last else first
            if last < first and high == 7:
                last += 7
        numbers.update(range(first, last + 1, int(step or 1)))
    return numbers


class Cron:
    def __init__(self, text):
        self.text = text
        fields = SHORTHANDS.get(text, text).split()
        if len(fields) == 5:
            fields.insert(0, "0")
        sets = [field_set(field, *limits) for field, limits in zip(fields, RANGES)]
        self.seconds = sorted(sets[0])
        self.minutes, self.hours, self.days, self.months, self.weekdays = sets[1:]
        if 7 in self.weekdays:
            self.weekdays.add(0)
        self.is_fixed = fields[1][0] != "*" and fields[2][0] != "*"
        self.is_either = fields[3][0] != "*" and fields[5][0] != "*"
        self.times_a_day = len(self.seconds) * len(self.minutes) * len(self.hours)

    def has_date(self, month, day, weekday):
        if month not in self.months:
            return False
        if self.is_either:
            return day in self.days or weekday in self.weekdays
        return day in self.days and weekday in self.weekdays

    def has_minute(self, local):
        return (local.minute in self.minutes and local.hour in self.hours
                and self.has_date(local.month, local.day, local.isoweekday() % 7))


def wall(at, zone):
    return datetime.datetime.fromtimestamp(at, zone)


def offset(at, zone):
    return wall(at, zone).utcoffset()


def changes_of(zone, first, last):
    """Each instant in the range at which the offset is another than a second before."""
    found, before = [], offset(first, zone)
    for at in range(first + 3600, last + 1, 3600):
        now = offset(at, zone)
        if now == before:
            continue
        low, high = at - 3600, at
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle, zone) == before else (low, middle)
        found.append(high)
        before = now
    return found


Minute = collections.namedtuple("Minute", "at local is_second_time jumped")


def minutes_of(zone, first, last):
    """What the wall clock shows at each minute, and what it jumped over just before."""
    minute, rows, before = datetime.timedelta(minutes=1), [], None
    for at in range(first, last, 60):
        aware = wall(at, zone)
        local, jumped = aware.replace(tzinfo=None, fold=0), []
        if before and local > before + minute:
            missing = before + minute
            while missing < local:
                jumped.append(missing)
                missing += minute
        rows.append(Minute(at, local, aware.fold == 1, jumped))
        before = local
    return rows


def expected_by_minute(cron, rows):
    found = []
    for row in rows:
        is_match = cron.has_minute(row.local)
        if not cron.is_fixed:
            if is_match:
                found += [(row.at + second, False) for second in cron.seconds]
            continue
        runs = [row.at + second for second in cron.seconds] if is_match else []
        if row.is_second_time:
            runs = []
        if row.jumped and any(cron.has_minute(local) for local in row.jumped):
            if row.at not in runs:
                found.append((row.at, True))
        found += [(at, False) for at in runs]
    return found


def expected_by_date(cron, zone, changes, first, last):
    """For expressions that come a few times a day: each local time of each date."""
    found = {}
    date = wall(first, UTC).date() - datetime.timedelta(days=2)
    end = wall(last, UTC).date() + datetime.timedelta(days=2)
    while date <= end:
        if cron.has_date(date.month, date.day, date.isoweekday() % 7):
            for hour in cron.hours:
                for minute in cron.minutes:
                    for second in cron.seconds:
                        local = datetime.datetime(
                            date.year, date.month, date.day, hour, minute, second)
                        add_instants(found, cron, zone, changes, local)
        date += datetime.timedelta(days=1)
    return [(at, found[at]) for at in sorted(found) if first < at < last]


def add_instants(found, cron, zone, changes, local):
    once = int(local.replace(tzinfo=zone, fold=0).timestamp())
    if wall(once, zone).replace(tzinfo=None, fold=0) != local:
        if cron.is_fixed:
            landing = [at for at in changes if at <= once][-1]
            found.setdefault(landing, True)
        return
    found[once] = False
    again = int(local.replace(tzinfo=zone, fold=1).timestamp())
    if not cron.is_fixed and again != once:
        found[again] = False


class NextMain:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def instants(self, zone, after, before, expression):
        self.process.stdin.write(f"{zone}\t{after}\t{before}\t{expression}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().rstrip("\n")
        if line.startswith("error:"):
            raise SystemExit(f"{zone} {expression!r}: {line}")
        return [(int(word.rstrip("!")), word.endswith("!")) for word in line.split()]


def first_difference(got, wanted):
    for index in range(max(len(got), len(wanted))):
        pair = [rows[index] if index < len(rows) else None for rows in (got, wanted)]
        if pair[0] != pair[1]:
            return pair
    return None


def compare(name, expression, zone, got, wanted):
    """The difference as text, or None."""
    pair = first_difference(got, wanted)
    if not pair:
        return None
    shown = ["nothing" if entry is None else
             f"{wall(entry[0], zone).isoformat()}{' moved' if entry[1] else ''}" for entry in pair]
    return f"{name} {expression!r}: C {shown[0]}, oracle {shown[1]}"


def check_zone(name, years, expressions, next_main, seed):
    """Returns (comparisons, instants, differences) of one zone."""
    program, zone = NextMain(next_main), zoneinfo.ZoneInfo(name)
    crons = [Cron(expression) for expression in expressions]
    chance = random.Random(f"{seed} {name}")
    comparisons, instants, differences = 0, 0, []

    def judge(cron, first, last, wanted):
        nonlocal comparisons, instants
        got = program.instants(name, first, last, cron.text)
        difference = compare(name, cron.text, zone, got, wanted)
        comparisons += 1
        instants += len(wanted)
        if difference:
            differences.append(difference)

    for first_year, last_year in years:
        first, last = (int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp())
                       for year in (first_year, last_year + 1))
        changes = changes_of(zone, first - 3 * DAY_S, last + 3 * DAY_S)
        middles = changes + [chance.randrange(first, last, 60) for _ in range(2)]
        for middle in middles:
            middle -= middle % 60
            rows = minutes_of(zone, middle - WINDOW_S, middle + WINDOW_S)
            for cron in crons:
                told = expected_by_minute(cron, rows)
                for start in (rows[0].at, middle - 1200, middle + 1200):
                    wanted = [entry for entry in told if entry[0] > start]
                    judge(cron, start, middle + WINDOW_S, wanted)
        for cron in crons:
            if cron.times_a_day <= 3:
                judge(cron, first, last, expected_by_date(cron, zone, changes, first, last))
    program.process.stdin.close()
    program.process.wait()
    return comparisons, instants, differences


def random_field(chance, low, high):
    if chance.random() < 0.3:
        return "*"
    if chance.random() < 0.2:
        return f"*/{chance.randint(2, high - low)}"
    items = []
    for _ in range(chance.randint(1, 3)):
        first = chance.randint(low, high)
        last = chance.randint(first, high)
        items.append(chance.choice([f"{first}", f"{first}-{last}",
                                    f"{first}-{last}/{chance.randint(1, high - low)}"]))
    return ",".join(items)


def random_expressions(number, seed):
    """Most of them about the small hours, where clocks change; 31 is never alone."""
    chance, made = random.Random(seed), []
    while len(made) < number:
        hours = random_field(chance, 0, 4) if chance.random() < 0.8 else random_field(chance, 0, 23)
        fields = [random_field(chance, 0, 59), hours, random_field(chance, 1, 28),
                  random_field(chance, 1, 12), random_field(chance, 0, 6)]
        if chance.random() < 0.5:
            fields[2] = fields[3] = "*"
        made.append(" ".join(fields))
    return made


def distinct_zones():
    """One name for each content that the system's data has, and how many names there are."""
    by_content, names = {}, sorted(zoneinfo.available_timezones())
    folder = os.environ.get("TZDIR", "/usr/share/zoneinfo")
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            by_content.setdefault(hashlib.sha256(file.read()).digest(), name)
    return sorted(by_content.values()), len(names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("next_main", help="the program that is put to the proof")
    parser.add_argument("--all", action="store_true", help="every zone, 2000 to 2037")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--random", type=int, default=12, help="random expressions beside the told")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    options = parser.parse_args()
    zoneinfo.reset_tzpath([os.environ.get("TZDIR", "/usr/share/zoneinfo")])
    zones, names = distinct_zones() if options.all else (HARD_ZONES, len(HARD_ZONES))
    years = [(2000, 2037)] if options.all else HARD_YEARS
    expressions = EXPRESSIONS + random_expressions(options.random, options.seed)
    print(f"{names} zones ({len(zones)} distinct), {len(expressions)} expressions, "
          f"seed {options.seed}", flush=True)
    comparisons, instants, failed = 0, 0, 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        results = [pool.submit(check_zone, name, years, expressions, options.next_main,
                               options.seed) for name in zones]
        for result in results:
            compared, told, differences = result.result()
            comparisons, instants = comparisons + compared, instants + told
            failed += len(differences)
            for difference in differences[:5]:
                print(difference, flush=True)
    print(f"{comparisons} comparisons of {instants} instants: "
          f"{comparisons - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

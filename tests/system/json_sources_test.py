"""hoko.ndjson and hoko.json beside Python's json: a million rows, every beginning of a file, damaged files.

HOKO_DAMAGED_FILES says how many are damaged at random (CI: some thousand), HOKO_SEED how.
"""

import json
import os
import random
import re
import unittest

from support import RunTest

FILES = int(os.environ.get("HOKO_DAMAGED_FILES", "3000"))
SEED = int(os.environ.get("HOKO_SEED", str(random.randrange(1 << 32))))

ROWS = [{"code": 1, "name": "Al Noor", "tags": ["a", {"b": None}], "ok": True},
        {"code": 9007199254740993, "name": "نور \"x\" \\ é", "f": -0.5e-3},
        {"code": -9223372036854775808, "name": "", "deep": {"a": {"b": [[], {}]}}}]

# Reads the files 1 … n and tells of each the rows, then how it ended.
READ = """
local kind, n = arg[1], math.tointeger(arg[2])
for i = 1, n do
  local rows = {}
  local ok, message = pcall(function()
    for row in hoko[kind]("data/" .. i) do rows[#rows + 1] = row end
  end)
  print(hoko.json.encode({ rows = hoko.json.array(rows), message = ok and hoko.null or message }))
end
"""


class Wrong(Exception):
    """Told with the offset of what is wrong, or with those that it is between."""


def no_twins(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def whole(text):
    if not -1 << 63 <= int(text) < 1 << 63:
        raise ValueError("too large")
    return int(text)


def finite(text):
    if abs(float(text)) == float("inf"):
        raise ValueError("too large")
    return float(text)


def no_constant(text):
    raise ValueError(f"{text} is not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=no_twins, parse_int=whole, parse_float=finite, parse_constant=no_constant)


def skip_blank(text, at):
    return at + len(text[at:]) - len(text[at:].lstrip(" \t\r\n"))


def end_of_json(text, at):
    """Where the value at AT ends, or what is no JSON of it."""
    try:
        return json.JSONDecoder().raw_decode(text, at)[1]
    except json.JSONDecodeError as error:
        return error.pos


def decode(text, at):
    """The value at AT and where it ends."""
    try:
        value, end = DECODER.raw_decode(text, at)
        json.dumps(value, ensure_ascii=False).encode()  # half of a character
        return value, end
    except json.JSONDecodeError as error:
        raise Wrong(error.pos) from error
    except ValueError as error:  # somewhere in what is JSON, but none of ours
        raise Wrong(at, end_of_json(text, at)) from error


def decode_alone(text):
    value, end = decode(text, skip_blank(text, 0))
    if skip_blank(text, end) < len(text):
        raise Wrong(end)
    return value


def of_ndjson(data):
    """The rows of DATA, and the first and last line that what is wrong may be on, or None."""
    rows = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip(b" \t\r"):
            try:
                rows.append(decode_alone(line.decode()))
            except (Wrong, UnicodeDecodeError):
                return rows, (number, number)
    return rows, None


def of_json(data):
    """The same of a document that is an array."""
    rows, data = [], data.removeprefix(b"\xef\xbb\xbf")
    try:
        text, bad = data.decode(), None
    except UnicodeDecodeError as error:
        text, bad = data[:error.start].decode(), error.start
    try:
        read_array(text, rows)
    except Wrong as wrong:
        lines = [text.count("\n", 0, at) + 1 for at in wrong.args]
        return rows, (lines[0], lines[-1])
    return rows, None if bad is None else (text.count("\n") + 1,) * 2


def expect(text, at, wanted):
    at = skip_blank(text, at)
    if text[at:at + 1] not in wanted or at == len(text):
        raise Wrong(at)
    return text[at], at + 1


def read_array(text, rows):
    _, at = expect(text, 0, ("[",))
    at = skip_blank(text, at)
    mark, at = ("]", at + 1) if text[at:at + 1] == "]" else (",", at)
    while mark == ",":
        at = skip_blank(text, at)
        value, at = decode(text, at)
        rows.append(value)
        mark, at = expect(text, at, (",", "]"))
    if skip_blank(text, at) < len(text):
        raise Wrong(skip_blank(text, at))


def damaged(rng, data):
    """DATA with a few bytes changed, put in, taken out or cut off."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at, kind = rng.randrange(len(data) + 1), rng.randrange(5)
        byte = rng.choice(b'{}[]",:\\ \n\r\t0123456789-+.eEtfnuax\x00\x1f\x7f\x80\xc3\xff') if rng.random() < 0.8 else rng.randrange(256)
        if kind == 0:
            data[at:at + 1] = bytes([byte])
        elif kind == 1:
            data[at:at] = bytes([byte])
        elif kind == 2:
            del data[at:at + rng.randint(1, 4)]
        elif kind == 3:
            data[at:at] = data[at:at + rng.randint(1, 8)]
        elif rng.random() < 0.3:
            del data[at:]
    return bytes(data)


class JsonSources(RunTest):
    NDJSON = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    JSON = ("[" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "]\n").encode()

    def compare(self, kind, oracle, files):
        for number, data in enumerate(files, 1):
            self.write(f"data/{number}", data)
        out = self.script(READ, kind, str(len(files)), timeout=600).splitlines()
        self.assertEqual(len(out), len(files))
        for data, line in zip(files, out):
            self.compare_one(json.loads(line), *oracle(data), data)

    def compare_one(self, told, rows, wrong_lines, data):
        why = (SEED, data, told)
        self.assertEqual(told["rows"], rows, why)
        self.assertEqual(told["message"] is None, wrong_lines is None, why)
        if told["message"]:
            place = re.match(r"scripts/s\.lua:6: data/\d+(?::(\d+))?: ", told["message"])
            self.assertTrue(place, why)
            if data.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n"):
                self.assertTrue(wrong_lines[0] <= int(place[1]) <= wrong_lines[1], (wrong_lines, why))

    def test_every_beginning_of_a_file(self):
        self.compare("ndjson", of_ndjson, [self.NDJSON[:n] for n in range(len(self.NDJSON) + 1)])
        self.compare("json", of_json, [self.JSON[:n] for n in range(len(self.JSON) + 1)])

    def test_damaged_files_give_the_rows_before_the_damage_and_its_line(self):
        rng = random.Random(SEED)
        for begin in range(0, FILES, 1000):
            count = min(1000, FILES - begin)
            self.compare("ndjson", of_ndjson, [damaged(rng, self.NDJSON) for _ in range(count)])
            self.compare("json", of_json, [damaged(rng, self.JSON) for _ in range(count)])

    def test_a_million_rows_take_no_memory(self):
        row = '{"code": %d, "name": "Partner number %d", "email": "%d@example.com"}'
        with open(self.path("rows.ndjson"), "w", encoding="ascii") as lines, open(self.path("rows.json"), "w", encoding="ascii") as array:
            array.write('{"count": 1000000, "items": [')
            for i in range(1000000):
                text = row % (9007199254740993 + i, i, i)
                lines.write(text + "\n")
                array.write(("," if i else "") + text)
            array.write("]}")
        for source in ('hoko.ndjson("rows.ndjson")', 'hoko.json("rows.json", { at = "$.items" })'):
            out = self.script(f"local n, last = 0\nfor row in {source} do n, last = n + 1, row.code end\nprint(n, last)")
            self.assertEqual(out, "1000000\t9007199255740992\n")
            self.assert_memory(24 << 20)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Checks that FAULTS.md has every row, and that each test it names is there.

A test in Python is a function of that name, one in C an entry of its program's table or that program's main; what
tests/sim does is named by a word of its source.
"""

import pathlib
import re
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent
ROWS = ([f"R{n}" for n in range(1, 9)] + [f"A{n}" for n in range(1, 10)] + ["A9b", "A9c", "A10", "A11"] +
        [f"N{n}" for n in range(1, 6)] + [f"C{n}" for n in range(1, 9)] + ["S1", "S2", "S3", "K1", "K2", "K3", "T1", "T2"])


def rows():
    """(row, meaning, proofs) for each row of the table."""
    text = (TESTS / "FAULTS.md").read_text(encoding="utf-8")
    return [tuple(cell.strip() for cell in line.strip("|").split("|"))
            for line in text.splitlines() if re.match(r"\| [A-Z]\d", line)]


def proofs(cell):
    """(file, name) for each test of a row."""
    for part in cell.split(";"):
        file, _, names = part.partition(":")
        for name in names.split(","):
            yield file.strip(), name.strip()


def is_there(file, name):
    path = TESTS / file
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    if file.endswith("_test.py"):
        return re.search(rf"def {name}\(self", text) is not None
    if file.endswith("_test.c") and name != "main":
        return re.search(rf"cmocka_unit_test\w*\(\s*{name}\b", text) is not None
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


class Faults(unittest.TestCase):
    def test_every_row_is_told_once_and_in_order(self):
        self.assertEqual([row for row, _, _ in rows()], ROWS)

    def test_every_row_has_a_test_and_every_test_is_there(self):
        for row, meaning, cell in rows():
            with self.subTest(row):
                self.assertTrue(meaning)
                self.assertEqual([proof for proof in proofs(cell) if not is_there(*proof)], [])

    def test_what_is_not_there_is_found(self):
        self.assertTrue(is_there("faults_test.py", "test_what_is_not_there_is_found"))
        for file, name in (("faults_test.py", "test_of_nothing"), ("none_test.py", "main"), ("faults_test.py", "")):
            self.assertFalse(is_there(file, name))


if __name__ == "__main__":
    sys.exit(unittest.main())

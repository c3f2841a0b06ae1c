"""What core/<room> includes, against the table of rooms in README.md.

A row of the table is: room, what it may include, the libraries that it alone may
include. A word of the second column is a room, of which any header may be
included, or one header of a room.
"""

import collections
import glob
import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# By the first part of its headers' names.
LIBRARY_OF_HEADER = {
    "curl": "libcurl", "keyutils.h": "libkeyutils", "lauxlib.h": "Lua", "libpq-fe.h": "libpq",
    "lua-cjson.h": "lua-cjson", "lua.h": "Lua", "lualib.h": "Lua", "microhttpd.h": "libmicrohttpd",
    "readline": "readline", "seccomp.h": "libseccomp", "sodium": "libsodium", "sodium.h": "libsodium",
    "sqlite3.h": "SQLite", "utf8proc.h": "utf8proc", "yajl": "yajl", "zlib.h": "zlib",
}
# Whose headers are no library's: the C library's, the kernel's, the compiler's.
SYSTEM = re.compile(
    r"(arpa|linux|net|netinet|sys)/.*|emmintrin\.h|"
    r"(assert|complex|ctype|dirent|endian|err|errno|fcntl|fenv|float|fnmatch|ftw|getopt|glob|grp|iconv|inttypes|"
    r"langinfo|limits|locale|malloc|math|netdb|poll|pthread|pty|pwd|sched|semaphore|setjmp|signal|spawn|stdalign|"
    r"stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog|termios|time|ucontext|"
    r"unistd|utmp|wchar|wctype)\.h"
)

Room = collections.namedtuple("Room", "may libraries")


def read_table():
    rooms = {}
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        lines = re.findall(r"^\| `core/(\w+)/` \|(.*)\|$", file.read(), re.M)
    for name, rest in lines:
        _, may, libraries = (cell.strip() for cell in rest.split("|"))
        rooms[name] = Room(set(re.findall(r"[\w/.]+", may)), set(re.split(r",\s*", libraries)))
    return rooms


def includes():
    """Yields file, room and included name of each #include in core/<room>/, with its quote or bracket."""
    for path in sorted(glob.glob(os.path.join(ROOT, "core/*/**/*.[ch]"), recursive=True)):
        name = os.path.relpath(path, os.path.join(ROOT, "core"))
        with open(path, encoding="utf-8") as file:
            for mark, header in re.findall(r'^\s*#\s*include\s+(["<])([^">]+)', file.read(), re.M):
                yield name, name.split("/")[0], mark, header


class Rooms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rooms = read_table()
        cls.includes = list(includes())

    def test_the_table_names_every_folder_and_no_other(self):
        folders = {os.path.basename(os.path.dirname(path)) for path in glob.glob(os.path.join(ROOT, "core/*/"))}
        self.assertEqual(folders, set(self.rooms))

    def test_a_room_includes_only_what_its_row_allows(self):
        for file, room, mark, header in self.includes:
            other = header.split("/")[0]
            if mark == '"' and other != room:
                with self.subTest(file=file, header=header):
                    self.assertTrue({other, header} & self.rooms[room].may, "not in the room's row")

    def test_a_header_of_ours_is_named_from_core(self):
        for file, _, mark, header in self.includes:
            with self.subTest(file=file, header=header):
                self.assertTrue(mark == "<" or os.path.exists(os.path.join(ROOT, "core", header)))

    def test_a_library_is_included_from_its_home_only(self):
        for file, room, mark, header in self.includes:
            if mark == "<" and not SYSTEM.fullmatch(header):
                with self.subTest(file=file, header=header):
                    library = LIBRARY_OF_HEADER.get(header.split("/")[0], header)
                    self.assertIn(library, self.rooms[room].libraries)

    def test_rooms_stand_on_each_other_without_a_ring(self):
        open_rooms = {name: {word.split("/")[0] for word in room.may} for name, room in self.rooms.items()}
        while open_rooms:
            ready = [name for name, may in open_rooms.items() if not may & set(open_rooms)]
            self.assertTrue(ready, f"a ring among {sorted(open_rooms)}")
            for name in ready:
                del open_rooms[name]


class Links(unittest.TestCase):
    """The link lines are the same rule, so that a wrong include does not build."""

    def test_a_room_links_only_rooms_of_its_row(self):
        rooms = read_table()
        for name, room in rooms.items():
            with open(os.path.join(ROOT, "core", name, "CMakeLists.txt"), encoding="utf-8") as file:
                text = file.read()
            for words in re.findall(r"\bROOMS\s+([\w\s]+?)(?:\bLIBRARIES\b|\))", text):
                for linked in words.split():
                    # schedule_rules is the pure half of the room schedule
                    linked = linked.removesuffix("_rules")
                    with self.subTest(room=name, linked=linked):
                        self.assertIn(linked, {word.split("/")[0] for word in room.may} | {name})


if __name__ == "__main__":
    unittest.main()

"""Every script of wrong_scripts.txt, run by one process, says what is wrong and where.

HOKO names the program under test.
"""

import json
import os
import sqlite3
import unittest

from support import RunTest

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrong_scripts.txt")

# A script is loaded under the name wrong.lua, so that its lines are counted from 1.
DRIVER = """
for case in hoko.ndjson("cases.ndjson") do
  local chunk, message = load(case.script, "@wrong.lua", "t")
  local ok = false
  if chunk then ok, message = pcall(chunk) end
  print(hoko.json.encode(ok and "no error" or tostring(message)))
end
"""

FILES = {
    "data/p.csv": "code,name\n1,Al Noor\n",
    "data/bad.ndjson": '{"a":1}\n{bad\n',
    "data/cut.json": '{"items":[1,2',
    "data/ragged.csv": "a,b\n1\n",
    "data/twice.csv": "a,a\n1,2\n",
    "data/semicolons.csv": "code;name\n1;Al Noor\n",
    "data/tabs.csv": "code\tname\n1\tAl Noor\n",
    "lua/m.lua": 'return { f = function() error("module trouble") end }\n',
    "lua/broken.lua": "x = = 1\n",
}


def cases():
    """(script, message) for each case of the table."""
    script, message = [], []
    with open(TABLE, encoding="utf-8") as file:
        lines = file.read().splitlines() + [""]
    for line in lines:
        if line.startswith("=> "):
            message.append(line[3:])
        elif message and line.startswith("   "):
            message.append(line[3:])
        elif message:
            yield "\n".join(script), "\n".join(message)
            script, message = [], []
        elif not line.startswith("#") and (line or script):
            script.append(line)


class WrongScripts(RunTest):
    def test_each_says_what_is_wrong_and_where(self):
        self.start()
        for name, content in FILES.items():
            self.write(name, content)
        with sqlite3.connect(self.path("crm.db")) as db:
            db.execute("CREATE TABLE x (a)")
        table = list(cases())
        self.assertGreater(len(table), 200)
        self.write("cases.ndjson", "".join(json.dumps({"script": script}) + "\n" for script, _ in table))
        told = [json.loads(line) for line in self.script(DRIVER, code=3).splitlines() if line.startswith('"')]
        self.assertEqual(len(told), len(table))
        for (script, message), found in zip(table, told):
            with self.subTest(script=script):
                found = found.replace(os.path.realpath(self.folder), "PROJECT")
                self.assertEqual(found.removeprefix("wrong.lua:"), message)


if __name__ == "__main__":
    unittest.main()

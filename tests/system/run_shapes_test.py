"""hoko run: hoko.rows, hoko.pages and hoko.map as sources and transforms of a sync."""

import unittest

from support import RunTest

CSV = "code,first,last,mobile\n1,Huda,Nasser,0551234567\n2,Omar,,\n3,,Bakr,x\n"

MAP = """hoko.sync{ source = hoko.csv(arg[1], { %s }), key = "code",
  transform = hoko.map{ name = hoko.map.join(" ", %s), phone = hoko.map.phone("mobile", "SA") } }"""


class Shapes(RunTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.write("data.csv", CSV)

    def partners(self):
        return [(partner["name"], partner["phone"]) for partner in self.mock.partners()]

    def test_a_map_is_a_transform(self):
        self.script(MAP % ("", '"first", "last"'), "data.csv")
        self.assert_rows(submitted=3, created=3)
        self.assertEqual(self.partners(), [("Huda Nasser", "+966551234567"), ("Omar", None), ("Bakr", None)])

    def test_a_column_that_a_map_names_and_the_header_has_not_stops_before_the_first_row(self):
        self.script(MAP % ('columns = { "code" }', '"frist", "last"'), "data.csv", code=1)
        self.assertIn("the column 'frist' is missing, did you mean 'first'?", self.err)
        self.assertEqual(self.mock.stats()["requests"], 0)

    def test_columns_by_number_are_for_files_without_a_header_and_names_for_those_with_one(self):
        text = 'hoko.sync{ source = hoko.csv(arg[1], { header = %s }), transform = hoko.map{ name = %s } }'
        self.script(text % ("false", "1"), "data.csv")
        self.assertEqual([name for name, _ in self.partners()], ["code", "1", "2", "3"])
        self.script(text % ("false", '"first"'), "data.csv", code=1)
        self.assertIn("hoko.map: the file has no header, so column 'first' is to be a number", self.err)
        self.script(text % ("true", "2"), "data.csv", code=1)
        self.assertIn("hoko.map: the file has a header, so column 2 is to be named", self.err)

    def test_a_reject_behind_a_filter_has_its_line(self):
        self.script("""hoko.sync{ source = hoko.rows(hoko.csv(arg[1])):filter(function(row) return row.code ~= "1" end),
            transform = function(row) return { name = row.first } end }""", "data.csv", code=3)
        self.assert_rows(submitted=2, created=1, rejected=1)
        self.assertEqual([reject["source"] for reject in self.rejects()], [{"file": "data.csv", "line": 4}])

    def test_the_id_of_a_source_s_row_can_be_its_key(self):
        for created in (1, 0):
            self.script("""hoko.sync{ source = { { id = 7, title = "A" } }, key = "id",
                transform = function(row) return { name = row.title } end }""")
            self.assert_rows(submitted=1, **({"created": 1} if created else {"unchanged": 1}))

    def test_pages_are_a_source(self):
        self.script("""hoko.sync{ key = "code", source = hoko.pages(function(page)
              page = page or 1
              return { { code = page, name = "n" .. page } }, page < 5 and page + 1 or nil
            end), transform = function(row) return { name = row.name } end }""")
        self.assert_rows(submitted=5, created=5)

    def test_an_error_in_a_stage_names_the_script_s_line(self):
        self.script("local rows = hoko.rows(hoko.csv(arg[1]))\n"
                    "  :map(function(row) return row.none end)\nhoko.partners.upsert(rows)", "data.csv", code=1)
        self.assertIn("scripts/s.lua:2: data.csv has no column 'none'", self.err)


if __name__ == "__main__":
    unittest.main()

-- A spreadsheet that was saved as "Unicode text": UTF-16, tabs between the cells, columns in
-- Arabic and numbers in Arabic digits. A map names where each field comes from, and a
-- column that is not in the file stops the run before a row is sent:
--   hoko run scripts/arabic_spreadsheet.lua [FILE]
local path = hoko.args[1] or "data/arabic.txt"
local map = hoko.map

hoko.sync({
  source = hoko.csv(path, { encoding = "UTF-16", delimiter = "\t" }),
  key = "الرمز",
  transform = map({
    name = map.squeeze("اسم الشريك"),
    email = map.email("البريد الإلكتروني"),
    phone = map.phone("رقم الجوال", "SA"),
  }),
})

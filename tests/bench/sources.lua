-- The rows of one source, counted: what reading them costs, and nothing else.
local kind, place = hoko.args[1], hoko.args[2]

local sources = {
  csv = hoko.csv,
  ndjson = hoko.ndjson,
  json = hoko.json,
  sqlite = function(file) return hoko.sql("sqlite:" .. file, "SELECT * FROM partners") end,
  postgresql = function(url) return hoko.sql(url, "SELECT * FROM partners") end,
}

local rows = 0
for _ in sources[kind](place) do rows = rows + 1 end
print(rows)

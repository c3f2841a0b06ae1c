-- The rows of one source: counted, so that reading them is all that it costs; or synced with
-- the transform of plain.lua.
local kind, place, work = hoko.args[1], hoko.args[2], hoko.args[3]

local sources = {
  csv = hoko.csv,
  ndjson = hoko.ndjson,
  json = hoko.json,
  sqlite = function(file) return hoko.sql("sqlite:" .. file, "SELECT * FROM partners") end,
  postgresql = function(url) return hoko.sql(url, "SELECT * FROM partners") end,
}

local function count(source)
  local rows = 0
  for _ in source do rows = rows + 1 end
  print(rows)
end

local function trim(s) return s:match("^%s*(.-)%s*$") end

local function transform(row)
  local name = trim((row.first_name or "") .. " " .. (row.last_name or ""))
  if name == "" then return nil end
  local email = trim(row.email or ""):lower()
  local digits = (row.phone or ""):gsub("%D", "")
  return {
    id = row.uuid,
    name = name,
    email = email ~= "" and email or nil,
    phone = digits ~= "" and "+" .. digits or nil,
  }
end

local source = sources[kind](place)
if work == "sync" then
  local result = hoko.sync({ source = source, transform = transform })
  print(result.skipped + result.submitted)
else
  count(source)
end

-- What Hoko or a check refuses does not stop the others: each refused row comes back with
-- its reason. Here they become a CSV for whoever can mend them; the exit code is 3 then:
--   hoko run scripts/reading_rejects.lua [FILE] > rejects.csv
local path = hoko.args[1] or "data/untidy.csv"

local function print_csv(...)
  local cells = { ... }
  for i, value in ipairs(cells) do
    cells[i] = '"' .. tostring(value):gsub('"', '""') .. '"'
  end
  print(table.concat(cells, ","))
end

print_csv("name", "field", "code", "message")
local result = hoko.sync({
  source = hoko.csv(path),
  transform = function(row) return { id = row.id, name = row.name, email = row.email } end,
  on_reject = function(row, reason)
    print_csv(row.name or "", reason.field or "", reason.code, reason.message)
  end,
})
hoko.log.info(result.created .. " created, " .. result.rejected .. " refused")

-- Updates partners by their id and creates those that have none yet, each once:
--   hoko run scripts/partners_from_csv.lua [FILE]
local path = hoko.args[1] or "data/partners.csv"

local result = hoko.sync({
  source = hoko.csv(path, { columns = { "id", "name", "email", "phone", "country" } }),
  key = function(row) return row.id or row.name end, -- known again in the next run
  transform = function(row)
    if row.status == "closed" then return nil, "closed" end
    return {
      id = row.id, -- nil where the cell is empty: a create
      name = hoko.text.squeeze(row.name),
      email = hoko.text.email(row.email),
      phone = hoko.text.phone(row.phone, row.country),
    }
  end,
})

print(("%d updated, %d created, %d unchanged, %d skipped"):format(
  result.updated, result.created, result.unchanged, result.skipped))

-- Partners from a CSV file, tidied on the way. To see what it would do:
--   hoko run --dry-run scripts/partners.lua
local path = hoko.args[1] or "data/partners.csv"

hoko.sync({
  source = hoko.csv(path),
  key = "code",
  transform = function(row)
    if row.status == "closed" then
      return nil, "closed"
    end
    return {
      name = hoko.text.squeeze(row.name),
      email = hoko.text.email(row.email),
      phone = hoko.text.phone(row.phone, "SA"),
    }
  end,
})

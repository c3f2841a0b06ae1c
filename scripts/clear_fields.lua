-- Forgets the e-mail addresses of those who asked for it. nil leaves a field as it is,
-- hoko.null clears it:
--   hoko run scripts/clear_fields.lua [FILE]
local path = hoko.args[1] or "data/forget.csv"

local result = hoko.sync({
  source = hoko.csv(path, { columns = { "id", "phone_too" } }),
  transform = function(row)
    return {
      id = row.id,
      email = hoko.null,
      phone = row.phone_too == "yes" and hoko.null or nil,
    }
  end,
})

print(result.updated .. " partners have no e-mail address any more")

-- What left the source is deleted at Hoko too, but never more than a tenth of it at once: a
-- file that was cut short deletes nothing. Look first:
--   hoko run --dry-run scripts/deleting_what_left.lua [FILE]
local path = hoko.args[1] or "data/members.csv"

local result = hoko.sync({
  source = hoko.csv(path, { columns = { "member", "name", "email" } }),
  key = "member",
  missing = "delete",
  missing_limit = 10, -- per cent
  transform = hoko.map({ name = "name", email = hoko.map.email("email") }),
})

print(("%d members, %d left"):format(result.submitted, result.deleted))

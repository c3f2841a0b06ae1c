-- The first sync into a workspace that has partners already. They are adopted by e-mail
-- address, so that they are updated and not made a second time:
--   hoko run scripts/adopting_partners.lua [FILE]
local path = hoko.args[1] or "data/subscribers.csv"
local stream = "subscribers"

local adopted = hoko.partners.adopt({
  stream = stream,
  key = function(partner) return hoko.text.email(partner.email) end, -- nil: not ours
})

local result = hoko.sync({
  source = hoko.csv(path),
  stream = stream,
  key = function(row) return hoko.text.email(row.email) end,
  transform = function(row)
    return { name = hoko.text.squeeze(row.name), email = hoko.text.email(row.email) }
  end,
})

print(("%d adopted, %d created, %d updated"):format(adopted.adopted, result.created, result.updated))

-- The partners that Hoko has, newest first:
--   hoko run scripts/newest_partners.lua [HOW_MANY]
local limit = math.tointeger(hoko.args[1] or 5)

for partner in hoko.partners.list({ sort = "desc", limit = limit }) do
  print(partner.createdAt, partner.name, partner.phone ~= hoko.null and partner.phone or "-")
end

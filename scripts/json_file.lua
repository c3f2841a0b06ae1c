-- Partners of a JSON file that another program wrote: decoded at once, flattened, sent:
--   hoko run scripts/json_file.lua [FILE]
local path = hoko.args[1] or "data/agencies.json"

local file = assert(io.open(path))
local export = hoko.json.decode(file:read("a"))
file:close()

local rows = {}
for _, agency in ipairs(export.agencies) do
  for _, contact in ipairs(agency.contacts) do
    rows[#rows + 1] = {
      name = contact.name .. " (" .. agency.title .. ")",
      email = hoko.text.email(contact.email),
      phone = hoko.text.phone(contact.phone, agency.country),
    }
  end
end

local result = hoko.partners.upsert(rows)
for i = 1, result.partners.n do
  local partner = result.partners[i]
  print(partner and partner.id or "not created", rows[i].name)
end

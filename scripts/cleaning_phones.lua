-- Brings the phone numbers of the partners that Hoko has into one form. A number that cannot
-- be one of the country is left as it is. Look first:
--   hoko run --dry-run scripts/cleaning_phones.lua [COUNTRY]
local country = hoko.args[1] or "SA"
local unclear = 0

local rows = hoko.rows(hoko.partners.list()):map(function(partner)
  local phone = hoko.text.phone(partner.phone, country)
  if not phone and partner.phone ~= hoko.null then unclear = unclear + 1 end
  if phone and phone ~= partner.phone then return { id = partner.id, phone = phone } end
end)

local result = hoko.partners.upsert(rows)
print(("%d cleaned, %d unclear"):format(result.updated, unclear))

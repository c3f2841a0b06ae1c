-- Two sources that each know a part: people come from the CRM's export, their phone numbers
-- from billing. What is small is read into a table, what is large is streamed past it:
--   hoko run scripts/merging_sources.lua [CRM BILLING]
local crm = hoko.args[1] or "data/crm.ndjson"
local billing = hoko.args[2] or "data/billing.csv"

local phones = {}
for row in hoko.csv(billing, { columns = { "customer", "phone" } }) do
  phones[row.customer] = hoko.text.phone(row.phone, "SA")
end

local result = hoko.sync({
  source = hoko.ndjson(crm),
  key = "code",
  transform = function(person)
    return {
      name = hoko.text.squeeze(person.name),
      email = hoko.text.email(person.email),
      phone = phones[person.code],
    }
  end,
})

print(("%d partners, %d of them changed"):format(result.submitted, result.created + result.updated))

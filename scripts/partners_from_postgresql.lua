-- What has changed in a CRM's database since the last run; the password is in ~/.pgpass,
-- or in the keystore with auth = "NAME" (hoko key add NAME --origin postgresql://HOST):
--   hoko run scripts/partners_from_postgresql.lua [postgresql://USER@HOST/DATABASE]
-- The host must be allowed: --allow-net=HOST, or the job's allow = { net = { "HOST" } }.
local newest = hoko.store.get("partners.newest") or "-infinity"

local customers = hoko.sql({
  dsn = hoko.args[1] or "postgresql://hoko@localhost/crm",
  query = [[
    SELECT c.code, c.name, c.email, c.mobile, c.country, c.changed_at
    FROM customers c
    WHERE c.is_partner AND c.changed_at > $1
    ORDER BY c.changed_at]],
  params = { newest },
})

local result = hoko.sync({
  source = customers,
  key = "code",
  transform = function(row)
    newest = row.changed_at
    return {
      name = hoko.text.squeeze(row.name),
      email = hoko.text.email(row.email),
      phone = hoko.text.phone(row.mobile, row.country), -- nil where the column is NULL
    }
  end,
})

hoko.store.set("partners.newest", newest) -- kept once all rows before it are acknowledged
print(("%d created, %d updated, %d unchanged"):format(result.created, result.updated, result.unchanged))

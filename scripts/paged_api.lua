-- Partners of a REST API that gives them page by page. Each run asks for what changed since
-- the last: the store keeps that time once the rows before it are acknowledged, so that a
-- run which fails half-way loses nothing:
--   hoko key add crm --origin https://crm.example.com
--   hoko run --allow-net=crm.example.com scripts/paged_api.lua https://crm.example.com crm
local url, key = hoko.args[1], hoko.args[2] -- KEY: the name of the API's key in the keystore
local since = hoko.store.get("since") or ""
local newest = since

local function fetch(page)
  local query = { since = since, page = page or 1 }
  local answer = assert(hoko.http.get(url .. "/people", { query = query, auth = key }))
  if answer.status ~= 200 then error(("page %d: the API answered %d"):format(query.page, answer.status)) end
  local body = assert(answer:json())
  return body.people, body.next_page
end

hoko.sync({
  source = hoko.pages(fetch),
  key = "id",
  transform = function(person)
    if person.changed_at > newest then newest = person.changed_at end
    return {
      name = person.full_name,
      email = hoko.text.email(person.email),
      phone = hoko.text.phone(person.phone, "SA"),
    }
  end,
})

hoko.store.set("since", newest)

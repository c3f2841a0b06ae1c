-- What the reference says of hoko.http; see reference.lua for the form.
local url = { "url", "string", "http or https, of a server that --allow-net or allow.net lists" }

local asking = {
  { name = "headers", type = "table", luals = "table<string, string|number>", text = "header lines by name" },
  { name = "query", type = "table", luals = "table<string, string|number|boolean>",
    text = "parameters behind the URL" },
  { name = "json", type = { "table", "string", "number", "boolean", "userdata" }, luals = "any",
    text = "a body that is written as JSON" },
  { name = "body", type = "string", text = "a body as it is, up to 48 MiB" },
  { name = "auth", type = "string",
    text = "the keystore's entry whose key the host adds: " ..
      "hoko key add crm --origin URL makes one for that server and no other" },
  { name = "timeout", type = "number", min = 0.001, max = 86400, default = "60",
    text = "seconds that an answer may take; with stream, that any wait for more of it may" },
  { name = "retries", type = "integer", min = 0, max = 10, default = "3",
    text = "further tries of GET, HEAD and OPTIONS after no answer, 429, 500, 502, 503 and 504" },
  { name = "stream", type = "boolean", default = "false",
    text = "the answer is read by chunks() or lines() while it comes, in flat memory" },
}

local method = { name = "method", type = "string", default = '"GET"', text = "such as PUT, PATCH, DELETE" }

local answer = { { "hoko.Response?", "for any status; nil where there was none" },
                 { "string?", "why there was none" }, { "string?", "its code, such as unreachable or auth" } }

local entries = {
  { name = "hoko.http.get",
    text = "Asks another service. Redirects are followed to servers that are allowed, without auth.",
    params = { url }, options = asking, returns = answer,
    example = [[
local crm = hoko.args[1]
if crm then
  local answer = assert(hoko.http.get(crm .. "/people", { query = { page = 2 }, auth = "crm" }))
  for _, person in ipairs(answer:json()) do print(person.name) end
end]] },

  { name = "hoko.http.post", text = "Posts to another service, once.",
    params = { url }, options = asking, returns = answer,
    example = [[
local chat = hoko.args[1]
if chat then
  local answer, message = hoko.http.post(chat, { json = { text = "312 partners are synced" } })
  if not answer then hoko.log.warn("the chat was not told", { why = message }) end
end]] },

  { name = "hoko.http.request", text = "The same with any method; NDJSON of any size, line by line.",
    params = { url }, options = table.move(asking, 1, #asking, 2, { method }), returns = answer,
    example = [[
local export = hoko.args[1]
if export then
  local answer = assert(hoko.http.request(export, { method = "POST", stream = true, timeout = 300 }))
  for line in answer:lines() do print(hoko.json.decode(line).name) end
end]] },
}

return { entries = entries, classes = {} }

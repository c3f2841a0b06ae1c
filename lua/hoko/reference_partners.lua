-- What the reference says of hoko.partners, hoko.sync and hoko.api; see reference.lua
-- for the form.
local rows_type = "hoko.Row[]|fun(): hoko.Row?"

local sending = {
  { name = "on_reject", type = "callable", luals = "fun(row: table, reason: hoko.Reason)",
    text = "called for each row that a check or Hoko refuses" },
  { name = "on_ack", type = "callable", luals = "fun(row: table, partner: hoko.Partner)",
    text = "called for each acknowledged row, with what Hoko returned" },
  { name = "batch_rows", type = "integer", min = 1, max = 10000, default = "hoko.lua's limit",
    text = "rows a request at most" },
  { name = "batch_bytes", type = { "integer", "size" }, min = 1024, max = 64 << 20, default = "hoko.lua's limit",
    text = "bytes a request at most" },
  { name = "concurrency", type = "integer", min = 1, max = 64, default = "hoko.lua's limit",
    text = "requests in flight at most" },
  { name = "dry_run", type = "boolean", default = "false",
    text = "decide everything, send nothing" },
}

local stream = { name = "stream", type = "string", default = "the script's path without .lua",
  text = "the name space of the keys" }

local function with(...)
  local all = {}
  for _, list in ipairs{ ... } do table.move(list, 1, #list, #all + 1, all) end
  return all
end

local upserting = with({
  { name = "key", type = { "string", "function" }, luals = "string|fun(row: table): string|integer|nil",
    text = "who a row is in its source: a field's name, or a function of the row; " ..
      "rows with one key are merged, later fields over earlier" },
  stream,
  { name = "send", type = "string", choices = { "changed", "all" }, default = '"changed" with a key',
    text = "only the fields that differ from those last acknowledged, or every row whole" },
  { name = "missing", type = "string", choices = { "keep", "report", "delete" }, default = '"keep"',
    text = "what to do at the end with keys of the stream that the source no longer has" },
  { name = "missing_limit", type = "number", min = 0, max = 100, default = "10",
    text = "percent of the stream's partners that may be deleted; of more, none is" },
}, sending)

local response = { "hoko.Response?", "nil where no answer came, with two more values" }
local message = { "string?", "what went wrong" }
local code = { "string?", "the same for programs" }

local classes = {
  { name = "hoko.Row", text = "A partner to send. A field that is nil is left as it is, hoko.null clears it.",
    fields = {
      { "id", "string?", "UUID of the partner to update" },
      { "name", "string?", "needed by a create; cannot be cleared" },
      { "email", "string|lightuserdata|nil" },
      { "phone", "string|lightuserdata|nil" },
      { "[string]", "any", "the field that `key` names" },
    } },
  { name = "hoko.Partner", text = "A partner as Hoko has it; a field without a value is hoko.null.",
    fields = {
      { "id", "string", "UUID" }, { "name", "string" },
      { "email", "string|lightuserdata" }, { "phone", "string|lightuserdata" },
      { "createdAt", "string", "RFC 3339" }, { "updatedAt", "string", "RFC 3339" },
    } },
  { name = "hoko.Reason", text = "Why a row was refused.",
    fields = {
      { "code", "string", "such as bad_email, transform, refused" }, { "message", "string" },
      { "field", "string?", "the field at fault" }, { "status", "integer?", "HTTP status of Hoko's refusal" },
    } },
  { name = "hoko.Result",
    text = "What became of the rows; submitted is the sum from created to pending.",
    fields = {
      { "skipped", "integer", "rows of which the transform made nothing" }, { "submitted", "integer" },
      { "created", "integer" }, { "updated", "integer" }, { "unchanged", "integer" },
      { "superseded", "integer", "merged into a later row of the same partner" }, { "rejected", "integer" },
      { "held", "integer", "creates whose outcome is unknown" },
      { "pending", "integer", "not sent; the next run takes them again" },
      { "missing", "integer", "keys of the stream that the source no longer has" },
      { "deleted", "integer", "partners of those that were deleted" },
      { "requests", "integer" }, { "seconds", "number" },
      { "outcome", "string", "as in a run's report" }, { "error", "table?", "code and message of what stopped it" },
      { "rejects", "hoko.Reason[]", "the first 100 reasons" },
      { "partners", "table?", "for an array of at most 10,000 rows: what Hoko returned for each, or false; n" },
    } },
  { name = "hoko.Response", text = "An answer of any HTTP status.",
    fields = {
      { "status", "integer" }, { "headers", "table<string, string>", "names in lower case" },
      { "body", "string?", "nil with stream = true" },
    },
    methods = {
      { name = "json", params = {}, returns = { { "any", "nil and a message where the body is no JSON" } },
        text = "The body as a value." },
      { name = "chunks", text = "Iterates over the body as it comes; `for` closes the answer.",
        returns = { { "fun(): string?" } } },
      { name = "lines", text = "Iterates over the body's lines, without their line ends; `for` closes the answer.",
        returns = { { "fun(): string?" } } },
      { name = "close", text = "Ends an answer with stream = true that is not read to its end." },
    } },
}

local entries = {
  { name = "hoko.sync", text = "Takes rows from a source through a transform to Hoko: what most scripts are.",
    options = with({
      { name = "source", type = { "callable", "table" },
        wanted = "a source such as hoko.csv(…), a function or an array",
        luals = "hoko.Source|table[]|fun(): table?", required = true,
        text = "where rows come from: hoko.csv and others, a function that gives the next row, an array" },
      { name = "transform", type = "callable", luals = "fun(row: table): hoko.Row?, string?",
        text = "what a row becomes; nil (and why) skips it, an error rejects it" },
      { name = "on_error", type = "string", choices = { "reject", "stop" }, default = '"reject"',
        text = "what an error in the transform does" },
    }, upserting),
    returns = { { "hoko.Result" } },
    example = [[
hoko.sync({
  source = hoko.csv("data/partners.csv"),
  key = "code",
  transform = function(row)
    return { name = row.name, email = hoko.text.email(row.email) }
  end,
})]] },

  { name = "hoko.partners.upsert", text = "Creates rows without an id and updates those that have one.",
    params = { { "rows", rows_type, "an array, or a function that gives the next row, then nil" } },
    options = upserting,
    returns = { { "hoko.Result" } },
    example = [[
local result = hoko.partners.upsert({ { name = "Al Noor", email = "info@alnoor.example" } })
result.created --> 1]] },

  { name = "hoko.partners.create", text = "Creates partners by POST; rows with an id are refused.",
    params = { { "rows", rows_type, "an array, or a function that gives the next row, then nil" } },
    options = sending,
    returns = { { "hoko.Result" } },
    example = [[
local result = hoko.partners.create({ { name = "Haddad & Sons" }, { name = "Al Amal" } })
result.partners[2].name --> "Al Amal"]] },

  { name = "hoko.partners.list", text = "Iterates over the partners that Hoko has; fetches page after page by itself.",
    options = {
      { name = "sort", type = "string", choices = { "asc", "desc" }, default = '"asc"',
        text = "oldest or newest first" },
      { name = "take", type = "integer", min = 1, max = 10000, default = "10000", text = "partners a page" },
      { name = "skip", type = "integer", min = 0, max = 1 << 40, default = "0", text = "partners to leave out first" },
      { name = "limit", type = "integer", min = 1, max = 1 << 40, text = "partners in all" },
    },
    returns = { { "fun(): hoko.Partner?" } },
    example = [[
for partner in hoko.partners.list({ sort = "desc", limit = 5 }) do
  print(partner.id, partner.name)
end]] },

  { name = "hoko.partners.delete", text = "Deletes partners by id, in batches. Keys that stand for them are gone then, "
    .. "as if Hoko had lost them.",
    params = { { "ids", "string[]|fun(): string?", "an array of UUIDs, or a function that gives the next" } },
    returns = { { "string[]", "the ids deleted" }, { "string[]", "the ids that Hoko does not know" } },
    example = [[
local made = hoko.partners.upsert({ { name = "To be deleted" } }).partners[1]
local deleted, unknown = hoko.partners.delete({ made.id })
#deleted --> 1
#unknown --> 0]] },

  { name = "hoko.partners.adopt",
    text = "Fills the identity map with partners that Hoko has already: a first sync updates them.",
    options = {
      { name = "key", type = "function", luals = "fun(partner: hoko.Partner): string|integer|nil", required = true,
        text = "the key that the source has for a partner; nil leaves it out" },
      stream,
    },
    returns = { { "table", "counts: adopted, known, skipped, rejected; rejects, error" } },
    example = [[
hoko.partners.create({ { name = "Adopted", email = "adopted@example.com" } })
local result = hoko.partners.adopt({
  key = function(partner) return partner.email ~= hoko.null and partner.email or nil end,
})
result.adopted > 0 --> true]] },

  { name = "hoko.api.get", text = "Any other endpoint of Hoko, under the same key, limits and retries.",
    params = { { "path", "string", 'begins with "/", after the base URL' },
               { "query?", "table<string, string|number>", "parameters" } },
    returns = { response, message, code },
    example = [[
local answer = assert(hoko.api.get("/partners", { take = 1 }))
answer.status --> 200
type(answer:json()) --> "table"]] },
}

for _, method in ipairs{ "post", "put", "delete" } do
  local example = [[
local answer = assert(hoko.api.%s("/partners", { { name = "By hand" } }))
answer:json()[1].name --> "By hand"]]
  if method == "delete" then
    example = [[
local made = hoko.partners.upsert({ { name = "By hand" } }).partners[1]
local answer = assert(hoko.api.%s("/partners", { made.id }))
answer.status --> 200]]
  end
  entries[#entries + 1] = {
    name = "hoko.api." .. method,
    text = ("Sends a %s with a JSON body to any other endpoint of Hoko."):format(method:upper()),
    params = { { "path", "string", 'begins with "/", after the base URL' }, { "body?", "any", "written as JSON" } },
    returns = { response, message, code },
    example = example:format(method),
  }
end

return { entries = entries, classes = classes }

---@meta hoko
-- Made from lua/hoko/reference.lua: do not edit.

---A partner to send. A field that is nil is left as it is, hoko.null clears it.
---@class hoko.Row
---@field id string? UUID of the partner to update
---@field name string? needed by a create; cannot be cleared
---@field email string|lightuserdata|nil
---@field phone string|lightuserdata|nil
---@field [string] any the field that `key` names
local Row = {}

---A partner as Hoko has it; a field without a value is hoko.null.
---@class hoko.Partner
---@field id string UUID
---@field name string
---@field email string|lightuserdata
---@field phone string|lightuserdata
---@field createdAt string RFC 3339
---@field updatedAt string RFC 3339
local Partner = {}

---Why a row was refused.
---@class hoko.Reason
---@field code string such as bad_email, transform, refused
---@field message string
---@field field string? the field at fault
---@field status integer? HTTP status of Hoko's refusal
local Reason = {}

---What became of the rows; submitted is the sum from created to pending.
---@class hoko.Result
---@field skipped integer rows of which the transform made nothing
---@field submitted integer
---@field created integer
---@field updated integer
---@field unchanged integer
---@field superseded integer merged into a later row of the same partner
---@field rejected integer
---@field held integer creates whose outcome is unknown
---@field pending integer not sent; the next run takes them again
---@field missing integer keys of the stream that the source no longer has
---@field deleted integer partners of those that were deleted
---@field requests integer
---@field seconds number
---@field outcome string as in a run's report
---@field error table? code and message of what stopped it
---@field rejects hoko.Reason[] the first 100 reasons
---@field partners table? for an array of at most 10,000 rows: what Hoko returned for each, or false; n
local Result = {}

---An answer of any HTTP status.
---@class hoko.Response
---@field status integer
---@field headers table<string, string> names in lower case
---@field body string? nil with stream = true
local Response = {}

---The body as a value.
---@return any # nil and a message where the body is no JSON
function Response:json() end

---Iterates over the body as it comes; `for` closes the answer.
---@return fun(): string?
function Response:chunks() end

---Iterates over the body's lines, without their line ends; `for` closes the answer.
---@return fun(): string?
function Response:lines() end

---Ends an answer with stream = true that is not read to its end.
function Response:close() end

---Gives the next row a call, nil at the end. It opens its file at the first; `for` closes it.
---@class hoko.Source
---@overload fun(): table?
local Source = {}

---A source that can be filtered, mapped and cut.
---@class hoko.Rows
---@overload fun(): any
local Rows = {}

---Only the rows for which f is true.
---@param f fun(row: any): boolean
---@return hoko.Rows
function Rows:filter(f) end

---What f makes of each row; nil leaves the row out.
---@param f fun(row: any): any
---@return hoko.Rows
function Rows:map(f) end

---At most so many rows; the source is closed behind the last.
---@param count integer
---@return hoko.Rows
function Rows:take(count) end

---A value in a map: what hoko.map.join and the others give.
---@class hoko.MapPart
local MapPart = {}

---Where each field of a partner comes from.
---@class hoko.MapFields
---@field id string|integer|hoko.MapPart|fun(row: table): any|nil
---@field name string|integer|hoko.MapPart|fun(row: table): any|nil
---@field email string|integer|hoko.MapPart|fun(row: table): any|nil
---@field phone string|integer|hoko.MapPart|fun(row: table): any|nil
local MapFields = {}

hoko = {}

---@class hoko.SyncOptions
---@field source hoko.Source|table[]|fun(): table? where rows come from: hoko.csv and others, a function that gives the next row, an array
---@field transform? fun(row: table): hoko.Row?, string? what a row becomes; nil (and why) skips it, an error rejects it
---@field on_error? "reject"|"stop" what an error in the transform does (default "reject")
---@field key? string|fun(row: table): string|integer|nil who a row is in its source: a field's name, or a function of the row; rows with one key are merged, later fields over earlier
---@field stream? string the name space of the keys (default the script's path without .lua)
---@field send? "changed"|"all" only the fields that differ from those last acknowledged, or every row whole (default "changed" with a key)
---@field missing? "keep"|"report"|"delete" what to do at the end with keys of the stream that the source no longer has (default "keep")
---@field missing_limit? number percent of the stream's partners that may be deleted; of more, none is (default 10)
---@field on_reject? fun(row: table, reason: hoko.Reason) called for each row that a check or Hoko refuses
---@field on_ack? fun(row: table, partner: hoko.Partner) called for each acknowledged row, with what Hoko returned
---@field batch_rows? integer rows a request at most (default hoko.lua's limit)
---@field batch_bytes? integer|string bytes a request at most (default hoko.lua's limit)
---@field concurrency? integer requests in flight at most (default hoko.lua's limit)
---@field dry_run? boolean decide everything, send nothing (default false)

---Takes rows from a source through a transform to Hoko: what most scripts are.
---```lua
---hoko.sync({
---  source = hoko.csv("data/partners.csv"),
---  key = "code",
---  transform = function(row)
---    return { name = row.name, email = hoko.text.email(row.email) }
---  end,
---})
---```
---@param options hoko.SyncOptions
---@return hoko.Result
function hoko.sync(options) end

hoko.partners = {}

---@class hoko.partners.UpsertOptions
---@field key? string|fun(row: table): string|integer|nil who a row is in its source: a field's name, or a function of the row; rows with one key are merged, later fields over earlier
---@field stream? string the name space of the keys (default the script's path without .lua)
---@field send? "changed"|"all" only the fields that differ from those last acknowledged, or every row whole (default "changed" with a key)
---@field missing? "keep"|"report"|"delete" what to do at the end with keys of the stream that the source no longer has (default "keep")
---@field missing_limit? number percent of the stream's partners that may be deleted; of more, none is (default 10)
---@field on_reject? fun(row: table, reason: hoko.Reason) called for each row that a check or Hoko refuses
---@field on_ack? fun(row: table, partner: hoko.Partner) called for each acknowledged row, with what Hoko returned
---@field batch_rows? integer rows a request at most (default hoko.lua's limit)
---@field batch_bytes? integer|string bytes a request at most (default hoko.lua's limit)
---@field concurrency? integer requests in flight at most (default hoko.lua's limit)
---@field dry_run? boolean decide everything, send nothing (default false)

---Creates rows without an id and updates those that have one.
---```lua
---local result = hoko.partners.upsert({ { name = "Al Noor", email = "info@alnoor.example" } })
---result.created --> 1
---```
---@param rows hoko.Row[]|fun(): hoko.Row? an array, or a function that gives the next row, then nil
---@param options? hoko.partners.UpsertOptions
---@return hoko.Result
function hoko.partners.upsert(rows, options) end

---@class hoko.partners.CreateOptions
---@field on_reject? fun(row: table, reason: hoko.Reason) called for each row that a check or Hoko refuses
---@field on_ack? fun(row: table, partner: hoko.Partner) called for each acknowledged row, with what Hoko returned
---@field batch_rows? integer rows a request at most (default hoko.lua's limit)
---@field batch_bytes? integer|string bytes a request at most (default hoko.lua's limit)
---@field concurrency? integer requests in flight at most (default hoko.lua's limit)
---@field dry_run? boolean decide everything, send nothing (default false)

---Creates partners by POST; rows with an id are refused.
---```lua
---local result = hoko.partners.create({ { name = "Haddad & Sons" }, { name = "Al Amal" } })
---result.partners[2].name --> "Al Amal"
---```
---@param rows hoko.Row[]|fun(): hoko.Row? an array, or a function that gives the next row, then nil
---@param options? hoko.partners.CreateOptions
---@return hoko.Result
function hoko.partners.create(rows, options) end

---@class hoko.partners.ListOptions
---@field sort? "asc"|"desc" oldest or newest first (default "asc")
---@field take? integer partners a page (default 10000)
---@field skip? integer partners to leave out first (default 0)
---@field limit? integer partners in all

---Iterates over the partners that Hoko has; fetches page after page by itself.
---```lua
---for partner in hoko.partners.list({ sort = "desc", limit = 5 }) do
---  print(partner.id, partner.name)
---end
---```
---@param options? hoko.partners.ListOptions
---@return fun(): hoko.Partner?
function hoko.partners.list(options) end

---Deletes partners by id, in batches. Keys that stand for them are gone then, as if Hoko had lost them.
---```lua
---local made = hoko.partners.upsert({ { name = "To be deleted" } }).partners[1]
---local deleted, unknown = hoko.partners.delete({ made.id })
---#deleted --> 1
---#unknown --> 0
---```
---@param ids string[]|fun(): string? an array of UUIDs, or a function that gives the next
---@return string[] # the ids deleted
---@return string[] # the ids that Hoko does not know
function hoko.partners.delete(ids) end

---@class hoko.partners.AdoptOptions
---@field key fun(partner: hoko.Partner): string|integer|nil the key that the source has for a partner; nil leaves it out
---@field stream? string the name space of the keys (default the script's path without .lua)

---Fills the identity map with partners that Hoko has already: a first sync updates them.
---```lua
---hoko.partners.create({ { name = "Adopted", email = "adopted@example.com" } })
---local result = hoko.partners.adopt({
---  key = function(partner) return partner.email ~= hoko.null and partner.email or nil end,
---})
---result.adopted > 0 --> true
---```
---@param options hoko.partners.AdoptOptions
---@return table # counts: adopted, known, skipped, rejected; rejects, error
function hoko.partners.adopt(options) end

hoko.api = {}

---Any other endpoint of Hoko, under the same key, limits and retries.
---```lua
---local answer = assert(hoko.api.get("/partners", { take = 1 }))
---answer.status --> 200
---type(answer:json()) --> "table"
---```
---@param path string begins with "/", after the base URL
---@param query? table<string, string|number> parameters
---@return hoko.Response? # nil where no answer came, with two more values
---@return string? # what went wrong
---@return string? # the same for programs
function hoko.api.get(path, query) end

---Sends a POST with a JSON body to any other endpoint of Hoko.
---```lua
---local answer = assert(hoko.api.post("/partners", { { name = "By hand" } }))
---answer:json()[1].name --> "By hand"
---```
---@param path string begins with "/", after the base URL
---@param body? any written as JSON
---@return hoko.Response? # nil where no answer came, with two more values
---@return string? # what went wrong
---@return string? # the same for programs
function hoko.api.post(path, body) end

---Sends a PUT with a JSON body to any other endpoint of Hoko.
---```lua
---local answer = assert(hoko.api.put("/partners", { { name = "By hand" } }))
---answer:json()[1].name --> "By hand"
---```
---@param path string begins with "/", after the base URL
---@param body? any written as JSON
---@return hoko.Response? # nil where no answer came, with two more values
---@return string? # what went wrong
---@return string? # the same for programs
function hoko.api.put(path, body) end

---Sends a DELETE with a JSON body to any other endpoint of Hoko.
---```lua
---local made = hoko.partners.upsert({ { name = "By hand" } }).partners[1]
---local answer = assert(hoko.api.delete("/partners", { made.id }))
---answer.status --> 200
---```
---@param path string begins with "/", after the base URL
---@param body? any written as JSON
---@return hoko.Response? # nil where no answer came, with two more values
---@return string? # what went wrong
---@return string? # the same for programs
function hoko.api.delete(path, body) end

---@class hoko.CsvOptions
---@field header? boolean|string[] false gives arrays; an array names the columns of a file without a header (default true)
---@field columns? string[] columns that must be there
---@field delimiter? string what stands between cells (default ",")
---@field encoding? string any that iconv knows, such as "windows-1256" (default "UTF-8")
---@field empty? "nil"|"string" what an empty cell is (default "nil")
---@field ragged? boolean records may have too few cells (default false)
---@field on_error? "stop"|"reject" what a malformed record does (default "stop")

---Rows of a CSV file as tables by column; .csv.gz is read as it is. An empty cell is nil.
---```lua
---for row in hoko.csv("data/partners.csv", { columns = { "code", "name" } }) do
---  print(row.code, row.name)
---end
---```
---@param path string a file of the project, or one named in the arguments; "-" is standard input
---@param options? hoko.CsvOptions
---@return hoko.Source
function hoko.csv(path, options) end

---@class hoko.NdjsonOptions
---@field on_error? "stop"|"reject" what a malformed record does (default "stop")

---The objects of a file with one JSON value a line.
---```lua
---io.open("out.ndjson", "w"):write('{"name":"Al Noor"}\n'):close()
---hoko.ndjson("out.ndjson")().name --> "Al Noor"
---```
---@param path string a file of the project, or one named in the arguments; "-" is standard input
---@param options? hoko.NdjsonOptions
---@return hoko.Source
function hoko.ndjson(path, options) end

---@class hoko.JsonOptions
---@field at? string where the items are, such as "$.data.items" (default "$")

---The items of one JSON document, one by one: a file of any size takes no memory.
---```lua
---io.open("out.json", "w"):write('{"items":[{"name":"Al Noor"}]}'):close()
---hoko.json("out.json", { at = "$.items" })().name --> "Al Noor"
---```
---@overload fun(path: string, options?: hoko.JsonOptions): hoko.Source
hoko.json = {}

---@class hoko.SqlOptions
---@field dsn string sqlite:FILE, or postgresql://USER@HOST/DATABASE without a password; the file or host must be allowed
---@field query string one SELECT; parameters are ? in SQLite, $1 in PostgreSQL
---@field params? any[] their values; hoko.null for NULL
---@field auth? string the keystore entry with the password; without it ~/.pgpass is asked
---@field write? boolean the query may be an INSERT, UPDATE or DELETE: committed behind its last row, which is { changed = N } where it gives none; a dry run takes it back (default false)

---Rows of a query as tables by column; NULL is nil. It only reads, unless write = true. hoko.sql(dsn, query, ...) is the same.
---```lua
---io.open("crm.db", "w"):close() -- an empty database
---hoko.sql("sqlite:crm.db", "SELECT ? AS name", "Al Noor")().name --> "Al Noor"
----- for row in hoko.sql{ dsn = "sqlite:crm.db", query = "UPDATE p SET taken = 1 WHERE code = ?",
-----                      params = { 7 }, write = true } do print(row.changed) end
---```
---@overload fun(dsn: string, query: string, ...: string|number|boolean|nil): hoko.Source
---@param options hoko.SqlOptions
---@return hoko.Source # integers and floats are numbers, other types text; a blob is its bytes
function hoko.sql(options) end

---@class hoko.json.EncodeOptions
---@field indent? boolean|integer blanks a level; true is 2 (default false)

---A value as JSON: keys sorted, integers exact; bad UTF-8 and NaN are errors.
---```lua
---hoko.json.encode({ b = 1, a = hoko.null }) --> '{"a":null,"b":1}'
---```
---@param value any
---@param options? hoko.json.EncodeOptions
---@return string
function hoko.json.encode(value, options) end

---The value of a JSON text; null is hoko.null, integers stay integers.
---```lua
---hoko.json.decode('{"id":9007199254740993}').id --> 9007199254740993
---```
---@param text string
---@return any
function hoko.json.decode(text) end

---Marks a table as an array, so that an empty one is written as [].
---```lua
---hoko.json.encode({ tags = hoko.json.array() }) --> '{"tags":[]}'
---```
---@param value? table a new one where it is nil
---@return table # the same
function hoko.json.array(value) end

---JSON's null. In a row it clears the field, where nil leaves it as it is; cjson.null is the same value.
---```lua
---hoko.json.decode("null") == hoko.null --> true
---```
---@type lightuserdata
hoko.null = nil

hoko.http = {}

---@class hoko.http.GetOptions
---@field headers? table<string, string|number> header lines by name
---@field query? table<string, string|number|boolean> parameters behind the URL
---@field json? any a body that is written as JSON
---@field body? string a body as it is, up to 48 MiB
---@field auth? string the keystore's entry whose key the host adds: hoko key add crm --origin URL makes one for that server and no other
---@field timeout? number seconds that an answer may take; with stream, that any wait for more of it may (default 60)
---@field retries? integer further tries of GET, HEAD and OPTIONS after no answer, 429, 500, 502, 503 and 504 (default 3)
---@field stream? boolean the answer is read by chunks() or lines() while it comes, in flat memory (default false)

---Asks another service. Redirects are followed to servers that are allowed, without auth.
---```lua
---local crm = hoko.args[1]
---if crm then
---  local answer = assert(hoko.http.get(crm .. "/people", { query = { page = 2 }, auth = "crm" }))
---  for _, person in ipairs(answer:json()) do print(person.name) end
---end
---```
---@param url string http or https, of a server that --allow-net or allow.net lists
---@param options? hoko.http.GetOptions
---@return hoko.Response? # for any status; nil where there was none
---@return string? # why there was none
---@return string? # its code, such as unreachable or auth
function hoko.http.get(url, options) end

---@class hoko.http.PostOptions
---@field headers? table<string, string|number> header lines by name
---@field query? table<string, string|number|boolean> parameters behind the URL
---@field json? any a body that is written as JSON
---@field body? string a body as it is, up to 48 MiB
---@field auth? string the keystore's entry whose key the host adds: hoko key add crm --origin URL makes one for that server and no other
---@field timeout? number seconds that an answer may take; with stream, that any wait for more of it may (default 60)
---@field retries? integer further tries of GET, HEAD and OPTIONS after no answer, 429, 500, 502, 503 and 504 (default 3)
---@field stream? boolean the answer is read by chunks() or lines() while it comes, in flat memory (default false)

---Posts to another service, once.
---```lua
---local chat = hoko.args[1]
---if chat then
---  local answer, message = hoko.http.post(chat, { json = { text = "312 partners are synced" } })
---  if not answer then hoko.log.warn("the chat was not told", { why = message }) end
---end
---```
---@param url string http or https, of a server that --allow-net or allow.net lists
---@param options? hoko.http.PostOptions
---@return hoko.Response? # for any status; nil where there was none
---@return string? # why there was none
---@return string? # its code, such as unreachable or auth
function hoko.http.post(url, options) end

---@class hoko.http.RequestOptions
---@field method? string such as PUT, PATCH, DELETE (default "GET")
---@field headers? table<string, string|number> header lines by name
---@field query? table<string, string|number|boolean> parameters behind the URL
---@field json? any a body that is written as JSON
---@field body? string a body as it is, up to 48 MiB
---@field auth? string the keystore's entry whose key the host adds: hoko key add crm --origin URL makes one for that server and no other
---@field timeout? number seconds that an answer may take; with stream, that any wait for more of it may (default 60)
---@field retries? integer further tries of GET, HEAD and OPTIONS after no answer, 429, 500, 502, 503 and 504 (default 3)
---@field stream? boolean the answer is read by chunks() or lines() while it comes, in flat memory (default false)

---The same with any method; NDJSON of any size, line by line.
---```lua
---local export = hoko.args[1]
---if export then
---  local answer = assert(hoko.http.request(export, { method = "POST", stream = true, timeout = 300 }))
---  for line in answer:lines() do print(hoko.json.decode(line).name) end
---end
---```
---@param url string http or https, of a server that --allow-net or allow.net lists
---@param options? hoko.http.RequestOptions
---@return hoko.Response? # for any status; nil where there was none
---@return string? # why there was none
---@return string? # its code, such as unreachable or auth
function hoko.http.request(url, options) end

---Rows that can be filtered, mapped and cut. A loop that is left closes the source.
---```lua
---local open = hoko.rows(hoko.csv("data/partners.csv"))
---  :filter(function(row) return row.status ~= "closed" end)
---  :map(function(row) return row.name end)
---  :take(1)
---open() --> "Al Noor Trading"
---open() --> nil
---```
---@param source hoko.Source|hoko.Rows|table[]|fun(): table?
---@return hoko.Rows # methods: filter(f), map(f), take(count)
function hoko.rows(source) end

---The rows of all pages of something paged, such as another service's API.
---```lua
---local pages = { { "a", "b" }, { "c" } }
---local rows = hoko.pages(function(cursor)
---  local number = cursor or 1
---  return pages[number], pages[number + 1] and number + 1
---end)
---rows() .. rows() .. rows() --> "abc"
---```
---@param fetch fun(cursor: any): table[]|hoko.Source, any called with nil, then with the cursor that it gave last, until it gives none
---@return hoko.Rows
function hoko.pages(fetch) end

---A transform as data: the columns are demanded of a CSV file before a row is sent.
---```lua
---local transform = hoko.map({ name = hoko.map.join(" ", "first", "last"), phone = hoko.map.phone("mobile", "SA") })
---transform({ first = "Huda", last = "Nasser" }).name --> "Huda Nasser"
---transform({ mobile = "0551234567" }).phone --> "+966551234567"
---```
---@overload fun(fields: hoko.MapFields): fun(row: table): hoko.Row
hoko.map = {}

---The values that are there, joined; nil where none is.
---```lua
---hoko.map({ name = hoko.map.join(", ", "last", "first") })({ last = "Nasser" }).name --> "Nasser"
---```
---@param separator string
---@param ... string|integer|hoko.MapPart|fun(row: table): any columns, functions of the row, or other parts
---@return hoko.MapPart
function hoko.map.join(separator, ...) end

---The first value that is there.
---```lua
---hoko.map({ name = hoko.map.first("company", "person") })({ person = "Huda" }).name --> "Huda"
---```
---@param ... string|integer|hoko.MapPart|fun(row: table): any columns, functions of the row, or other parts
---@return hoko.MapPart
function hoko.map.first(...) end

---The same value in each row.
---```lua
---hoko.map({ name = hoko.map.value("Walk-in") })({}).name --> "Walk-in"
---```
---@param value any
---@return hoko.MapPart
function hoko.map.value(value) end

---hoko.null where there is no value, so that an empty cell clears the field.
---```lua
---hoko.map({ email = hoko.map.or_null("mail") })({}).email --> hoko.null
---```
---@param part string|integer|hoko.MapPart|fun(row: table): any a column, a function of the row, or another part
---@return hoko.MapPart
function hoko.map.or_null(part) end

---hoko.text.phone of a value; the country may be a part too.
---```lua
---local phone = hoko.map.phone("mobile", hoko.map.first("country", hoko.map.value("SA")))
---hoko.map({ phone = phone })({ mobile = "0551234567" }).phone --> "+966551234567"
---```
---@param part string|integer|hoko.MapPart|fun(row: table): any a column, a function of the row, or another part
---@param country? string|hoko.MapPart|fun(row: table): string? such as "SA"
---@return hoko.MapPart
function hoko.map.phone(part, country) end

---hoko.text.trim of a value.
---```lua
---hoko.map({ name = hoko.map.trim("cell") })({ cell = " Al Noor " }).name --> "Al Noor"
---```
---@param part string|integer|hoko.MapPart|fun(row: table): any a column, a function of the row, or another part
---@return hoko.MapPart
function hoko.map.trim(part) end

---hoko.text.squeeze of a value.
---```lua
---hoko.map({ name = hoko.map.squeeze("cell") })({ cell = "Al  Noor" }).name --> "Al Noor"
---```
---@param part string|integer|hoko.MapPart|fun(row: table): any a column, a function of the row, or another part
---@return hoko.MapPart
function hoko.map.squeeze(part) end

---hoko.text.fold of a value.
---```lua
---hoko.map({ name = hoko.map.fold("cell") })({ cell = "Straße" }).name --> "strasse"
---```
---@param part string|integer|hoko.MapPart|fun(row: table): any a column, a function of the row, or another part
---@return hoko.MapPart
function hoko.map.fold(part) end

---hoko.text.digits of a value.
---```lua
---hoko.map({ name = hoko.map.digits("cell") })({ cell = "055-1" }).name --> "0551"
---```
---@param part string|integer|hoko.MapPart|fun(row: table): any a column, a function of the row, or another part
---@return hoko.MapPart
function hoko.map.digits(part) end

---hoko.text.email of a value.
---```lua
---hoko.map({ name = hoko.map.email("cell") })({ cell = "A@B.example " }).name --> "a@b.example"
---```
---@param part string|integer|hoko.MapPart|fun(row: table): any a column, a function of the row, or another part
---@return hoko.MapPart
function hoko.map.email(part) end

---hoko.text.slug of a value.
---```lua
---hoko.map({ name = hoko.map.slug("cell") })({ cell = "Al Noor" }).name --> "al-noor"
---```
---@param part string|integer|hoko.MapPart|fun(row: table): any a column, a function of the row, or another part
---@return hoko.MapPart
function hoko.map.slug(part) end

hoko.text = {}

---Without blanks at both ends, Unicode's among them.
---```lua
---hoko.text.trim("  Al Noor ") --> "Al Noor"
---hoko.text.trim("   ") --> nil
---```
---@param text? string|number
---@return string? # nil where nothing is left
function hoko.text.trim(text) end

---Trimmed, with one blank for each run of blanks.
---```lua
---hoko.text.squeeze("  Al   Noor ") --> "Al Noor"
---```
---@param text? string|number
---@return string? # nil where nothing is left
function hoko.text.squeeze(text) end

---For comparing: without case, width and compatibility forms.
---```lua
---hoko.text.fold("Straße") --> "strasse"
---hoko.text.fold("ＡＬ Noor") --> "al noor"
---```
---@param text? string|number
---@return string? # nil where nothing is left
function hoko.text.fold(text) end

---Only the digits, as ASCII; Arabic digits are digits.
---```lua
---hoko.text.digits("٠٥٥-123") --> "055123"
---```
---@param text? string|number
---@return string? # nil where nothing is left
function hoko.text.digits(text) end

---A phone number: + and its digits, or E.164 by the rules of a country.
---```lua
---hoko.text.phone("055 123 4567", "SA") --> "+966551234567"
---hoko.text.phone("+966 55 123 4567") --> "+966551234567"
---```
---@param text? string|number
---@param country? string where a number without + is dialled, such as "SA"
---@return string? # nil where the country's rules make it impossible
function hoko.text.phone(text, country) end

---An e-mail address, trimmed and in lower case. Rows are checked when they are sent, not here.
---```lua
---hoko.text.email(" Info@AlNoor.example ") --> "info@alnoor.example"
---```
---@param text? string|number
---@return string? # nil where nothing is left
function hoko.text.email(text) end

---Letters and digits in lower case with - between words; Arabic stays.
---```lua
---hoko.text.slug("Al Noor & Sons") --> "al-noor-sons"
---hoko.text.slug("دار الكتاب") --> "دار-الكتاب"
---```
---@param text? string|number
---@return string? # nil where nothing is left
function hoko.text.slug(text) end

hoko.store = {}

---A value that this run or an earlier one of the project has kept.
---```lua
---hoko.store.set("cursor", { page = 7 })
---hoko.store.get("cursor").page --> 7
---```
---@param name string 1 to 255 bytes
---@return any # nil where there is none
function hoko.store.get(name) end

---Keeps a value for later runs, once the rows submitted before it are acknowledged.
---```lua
---hoko.store.set("since", "2026-01-01")
---```
---@param name string 1 to 255 bytes
---@param value any what JSON can hold; nil deletes
function hoko.store.set(name, value) end

---Forgets a value.
---```lua
---hoko.store.delete("cursor")
---hoko.store.get("cursor") --> nil
---```
---@param name string 1 to 255 bytes
function hoko.store.delete(name) end

---The words behind the script's name on the command line.
---```lua
---local path = hoko.args[1] or "data/partners.csv"
---path --> "data/partners.csv"
---```
---@type string[]
hoko.args = nil

---An environment variable that the script is allowed to see; another raises an error that says how.
---```lua
---hoko.env("TZ") --> nil
---```
---@param name string
---@return string? # nil where it is not set
function hoko.env(name) end

hoko.run = {}

---This run, as `hoko runs` names it.
---```lua
---print(hoko.run.id)
---```
---@type string
hoko.run.id = nil

---Whether this is a dry run.
---```lua
---hoko.run.dry --> false
---```
---@type boolean
hoko.run.dry = nil

---In a job's on_failure and on_recovery script: the report of the run that it is about.
---```lua
---local cause = hoko.run.cause
---if cause then hoko.log.error("the sync failed", { outcome = cause.outcome }) end
---```
---@type table?
hoko.run.cause = nil

---Seconds since 1970, with a fraction.
---```lua
---hoko.now() > 1.7e9 --> true
---```
---@return number # seconds
function hoko.now() end

---Waits.
---```lua
---hoko.sleep(0.01)
---```
---@param seconds number 0 to 8640000, fractions too
function hoko.sleep(seconds) end

---Runs a script up to its hoko.sync, no further, and returns the table given to that; its source stays unopened.
---```lua
---test("a closed partner is skipped", function()
---  local sync = hoko.transform("scripts/partners.lua")
---  expect(sync.transform({ code = "C-1", status = "closed" })):equals(nil)
---end)
---```
---@param path string from the project's folder
---@return table
function hoko.transform(path) end

hoko.log = {}

---A structured log line of the level debug, on standard error.
---```lua
---hoko.log.debug("page read", { page = 3 })
---```
---@param message any
---@param fields? table<string, any> named values
function hoko.log.debug(message, fields) end

---A structured log line of the level info, on standard error.
---```lua
---hoko.log.info("page read", { page = 3 })
---```
---@param message any
---@param fields? table<string, any> named values
function hoko.log.info(message, fields) end

---A structured log line of the level warn, on standard error.
---```lua
---hoko.log.warn("page read", { page = 3 })
---```
---@param message any
---@param fields? table<string, any> named values
function hoko.log.warn(message, fields) end

---A structured log line of the level error, on standard error.
---```lua
---hoko.log.error("page read", { page = 3 })
---```
---@param message any
---@param fields? table<string, any> named values
function hoko.log.error(message, fields) end

---A test, in a file that `hoko test` runs.
---@param name string
---@param body fun()
function test(name, body) end

---@class hoko.Expected
local Expected = {}

---Compares tables by their fields.
---@param wanted any
function Expected:equals(wanted) end

---The value is a function, which must raise an error that holds the text.
---@param text? string
function Expected:raises(text) end

---The value is what the file holds: a string as it is, any other as JSON.
---`hoko test --update` writes the file.
---@param path string from the project's folder
function Expected:golden(path) end

---What a test demands of a value.
---@param value any
---@return hoko.Expected
function expect(value) end

---Until the test ends, a function of the API is another; an array of rows stands for a source.
---@param name string such as "hoko.csv"
---@param value function|table[]
function stub(name, value) end

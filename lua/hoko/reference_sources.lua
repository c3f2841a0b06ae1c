-- What the reference says of sources and of JSON; see reference.lua for the form.
local path = { "path", "string", 'a file of the project, or one named in the arguments; "-" is standard input' }

local on_error = { name = "on_error", type = "string", choices = { "stop", "reject" }, default = '"stop"',
  text = "what a malformed record does" }

local classes = {
  { name = "hoko.Source", call = "fun(): table?",
    text = "Gives the next row a call, nil at the end. It opens its file at the first; `for` closes it.",
    fields = {} },
}

local entries = {
  { name = "hoko.csv", text = "Rows of a CSV file as tables by column; .csv.gz is read as it is. An empty cell is nil.",
    params = { path },
    options = {
      { name = "header", type = { "boolean", "names" }, default = "true",
        text = "false gives arrays; an array names the columns of a file without a header" },
      { name = "columns", type = "names", text = "columns that must be there" },
      { name = "delimiter", type = "character", default = '","', text = "what stands between cells" },
      { name = "encoding", type = "string", default = '"UTF-8"',
        text = 'any that iconv knows, such as "windows-1256"' },
      { name = "empty", type = "string", choices = { "nil", "string" }, default = '"nil"',
        text = "what an empty cell is" },
      { name = "ragged", type = "boolean", default = "false", text = "records may have too few cells" },
      on_error,
    },
    returns = { { "hoko.Source" } },
    example = [[
for row in hoko.csv("data/partners.csv", { columns = { "code", "name" } }) do
  print(row.code, row.name)
end]] },

  { name = "hoko.ndjson", text = "The objects of a file with one JSON value a line.",
    params = { path },
    options = { on_error },
    returns = { { "hoko.Source" } },
    example = [[
io.open("out.ndjson", "w"):write('{"name":"Al Noor"}\n'):close()
hoko.ndjson("out.ndjson")().name --> "Al Noor"]] },

  { name = "hoko.json", text = "The items of one JSON document, one by one: a file of any size takes no memory.",
    params = { path },
    options = { { name = "at", type = "string", default = '"$"',
                  text = 'where the items are, such as "$.data.items"' } },
    returns = { { "hoko.Source" } },
    example = [[
io.open("out.json", "w"):write('{"items":[{"name":"Al Noor"}]}'):close()
hoko.json("out.json", { at = "$.items" })().name --> "Al Noor"]] },

  { name = "hoko.sql",
    text = "Rows of a query as tables by column; NULL is nil. It only reads, unless write = true. "
      .. "hoko.sql(dsn, query, ...) is the same.",
    overload = "fun(dsn: string, query: string, ...: string|number|boolean|nil): hoko.Source",
    options = {
      { name = "dsn", type = "string", required = true,
        text = "sqlite:FILE, or postgresql://USER@HOST/DATABASE without a password; the file or host must be allowed" },
      { name = "query", type = "string", required = true,
        text = "one SELECT; parameters are ? in SQLite, $1 in PostgreSQL" },
      { name = "params", type = "table", luals = "any[]", text = "their values; hoko.null for NULL" },
      { name = "auth", type = "string",
        text = "the keystore entry with the password; without it ~/.pgpass is asked" },
      { name = "write", type = "boolean", default = "false",
        text = "the query may be an INSERT, UPDATE or DELETE: committed behind its last row, "
          .. "which is { changed = N } where it gives none; a dry run takes it back" },
    },
    returns = { { "hoko.Source", "integers and floats are numbers, other types text; a blob is its bytes" } },
    example = [[
io.open("crm.db", "w"):close() -- an empty database
hoko.sql("sqlite:crm.db", "SELECT ? AS name", "Al Noor")().name --> "Al Noor"
-- for row in hoko.sql{ dsn = "sqlite:crm.db", query = "UPDATE p SET taken = 1 WHERE code = ?",
--                      params = { 7 }, write = true } do print(row.changed) end]] },

  { name = "hoko.json.encode", text = "A value as JSON: keys sorted, integers exact; bad UTF-8 and NaN are errors.",
    params = { { "value", "any" } },
    options = { { name = "indent", type = { "boolean", "integer" }, min = 0, max = 16, default = "false",
                  text = "blanks a level; true is 2" } },
    returns = { { "string" } },
    example = [[hoko.json.encode({ b = 1, a = hoko.null }) --> '{"a":null,"b":1}']] },

  { name = "hoko.json.decode", text = "The value of a JSON text; null is hoko.null, integers stay integers.",
    params = { { "text", "string" } },
    returns = { { "any" } },
    example = [[hoko.json.decode('{"id":9007199254740993}').id --> 9007199254740993]] },

  { name = "hoko.json.array", text = "Marks a table as an array, so that an empty one is written as [].",
    params = { { "value?", "table", "a new one where it is nil" } },
    returns = { { "table", "the same" } },
    example = [[hoko.json.encode({ tags = hoko.json.array() }) --> '{"tags":[]}']] },

  { name = "hoko.null", kind = "value", type = "lightuserdata",
    text = "JSON's null. In a row it clears the field, where nil leaves it as it is; cjson.null is the same value.",
    example = [[hoko.json.decode("null") == hoko.null --> true]] },
}

return { entries = entries, classes = classes }

-- What the reference says of hoko.rows, hoko.pages and hoko.map; see reference.lua for
-- the form.
local part_type = "string|integer|hoko.MapPart|fun(row: table): any"
local made = { { "hoko.MapPart" } }
local inner = { "part", part_type, "a column, a function of the row, or another part" }
local rest = { "...", part_type, "columns, functions of the row, or other parts" }

local classes = {
  { name = "hoko.Rows", call = "fun(): any", text = "A source that can be filtered, mapped and cut.",
    methods = {
      { name = "filter", params = { { "f", "fun(row: any): boolean" } }, returns = { { "hoko.Rows" } },
        text = "Only the rows for which f is true." },
      { name = "map", params = { { "f", "fun(row: any): any" } }, returns = { { "hoko.Rows" } },
        text = "What f makes of each row; nil leaves the row out." },
      { name = "take", params = { { "count", "integer" } }, returns = { { "hoko.Rows" } },
        text = "At most so many rows; the source is closed behind the last." },
    } },
  { name = "hoko.MapPart", text = "A value in a map: what hoko.map.join and the others give." },
  { name = "hoko.MapFields", text = "Where each field of a partner comes from.",
    fields = { { "id", part_type .. "|nil" }, { "name", part_type .. "|nil" }, { "email", part_type .. "|nil" },
               { "phone", part_type .. "|nil" } } },
}

local entries = {
  { name = "hoko.rows",
    text = "Rows that can be filtered, mapped and cut. A loop that is left closes the source.",
    params = { { "source", "hoko.Source|hoko.Rows|table[]|fun(): table?" } },
    returns = { { "hoko.Rows", "methods: filter(f), map(f), take(count)" } },
    example = [[
local open = hoko.rows(hoko.csv("data/partners.csv"))
  :filter(function(row) return row.status ~= "closed" end)
  :map(function(row) return row.name end)
  :take(1)
open() --> "Al Noor Trading"
open() --> nil]] },

  { name = "hoko.pages", text = "The rows of all pages of something paged, such as another service's API.",
    params = { { "fetch", "fun(cursor: any): table[]|hoko.Source, any",
                 "called with nil, then with the cursor that it gave last, until it gives none" } },
    returns = { { "hoko.Rows" } },
    example = [[
local pages = { { "a", "b" }, { "c" } }
local rows = hoko.pages(function(cursor)
  local number = cursor or 1
  return pages[number], pages[number + 1] and number + 1
end)
rows() .. rows() .. rows() --> "abc"]] },

  { name = "hoko.map", text = "A transform as data: the columns are demanded of a CSV file before a row is sent.",
    params = { { "fields", "hoko.MapFields", "each field of a partner with its column or part" } },
    returns = { { "fun(row: table): hoko.Row" } },
    example = [[
local transform = hoko.map({ name = hoko.map.join(" ", "first", "last"), phone = hoko.map.phone("mobile", "SA") })
transform({ first = "Huda", last = "Nasser" }).name --> "Huda Nasser"
transform({ mobile = "0551234567" }).phone --> "+966551234567"]] },

  { name = "hoko.map.join", text = "The values that are there, joined; nil where none is.",
    params = { { "separator", "string" }, rest }, returns = made,
    example = [[hoko.map({ name = hoko.map.join(", ", "last", "first") })({ last = "Nasser" }).name --> "Nasser"]] },
  { name = "hoko.map.first", text = "The first value that is there.",
    params = { rest }, returns = made,
    example = [[hoko.map({ name = hoko.map.first("company", "person") })({ person = "Huda" }).name --> "Huda"]] },
  { name = "hoko.map.value", text = "The same value in each row.",
    params = { { "value", "any" } }, returns = made,
    example = [[hoko.map({ name = hoko.map.value("Walk-in") })({}).name --> "Walk-in"]] },
  { name = "hoko.map.or_null", text = "hoko.null where there is no value, so that an empty cell clears the field.",
    params = { inner }, returns = made,
    example = [[hoko.map({ email = hoko.map.or_null("mail") })({}).email --> hoko.null]] },
  { name = "hoko.map.phone", text = "hoko.text.phone of a value; the country may be a part too.",
    params = { inner, { "country?", "string|hoko.MapPart|fun(row: table): string?", 'such as "SA"' } }, returns = made,
    example = [[
local phone = hoko.map.phone("mobile", hoko.map.first("country", hoko.map.value("SA")))
hoko.map({ phone = phone })({ mobile = "0551234567" }).phone --> "+966551234567"]] },
}

local texts = {
  trim = { " Al Noor ", "Al Noor" }, squeeze = { "Al  Noor", "Al Noor" }, fold = { "Straße", "strasse" },
  digits = { "055-1", "0551" }, email = { "A@B.example ", "a@b.example" }, slug = { "Al Noor", "al-noor" },
}
for _, name in ipairs{ "trim", "squeeze", "fold", "digits", "email", "slug" } do
  entries[#entries + 1] = { name = "hoko.map." .. name, text = ("hoko.text.%s of a value."):format(name),
    params = { inner }, returns = made,
    example = ([[hoko.map({ name = hoko.map.%s("cell") })({ cell = %q }).name --> %q]]):format(
      name, table.unpack(texts[name])) }
end

return { entries = entries, classes = classes }

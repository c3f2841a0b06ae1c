-- What the reference says of helpers and surroundings; see reference.lua for the form.
local text = { "text?", "string|number" }
local made = { { "string?", "nil where nothing is left" } }

local entries = {
  { name = "hoko.text.trim", text = "Without blanks at both ends, Unicode's among them.",
    params = { text }, returns = made,
    example = [[
hoko.text.trim("  Al Noor ") --> "Al Noor"
hoko.text.trim("   ") --> nil]] },
  { name = "hoko.text.squeeze", text = "Trimmed, with one blank for each run of blanks.",
    params = { text }, returns = made,
    example = [[hoko.text.squeeze("  Al   Noor ") --> "Al Noor"]] },
  { name = "hoko.text.fold", text = "For comparing: without case, width and compatibility forms.",
    params = { text }, returns = made,
    example = [[
hoko.text.fold("Straße") --> "strasse"
hoko.text.fold("ＡＬ Noor") --> "al noor"]] },
  { name = "hoko.text.digits", text = "Only the digits, as ASCII; Arabic digits are digits.",
    params = { text }, returns = made,
    example = [[hoko.text.digits("٠٥٥-123") --> "055123"]] },
  { name = "hoko.text.phone", text = "A phone number: + and its digits, or E.164 by the rules of a country.",
    params = { text, { "country?", "string", 'where a number without + is dialled, such as "SA"' } },
    returns = { { "string?", "nil where the country's rules make it impossible" } },
    example = [[
hoko.text.phone("055 123 4567", "SA") --> "+966551234567"
hoko.text.phone("+966 55 123 4567") --> "+966551234567"]] },
  { name = "hoko.text.email",
    text = "An e-mail address, trimmed and in lower case. Rows are checked when they are sent, not here.",
    params = { text }, returns = made,
    example = [[hoko.text.email(" Info@AlNoor.example ") --> "info@alnoor.example"]] },
  { name = "hoko.text.slug", text = "Letters and digits in lower case with - between words; Arabic stays.",
    params = { text }, returns = made,
    example = [[
hoko.text.slug("Al Noor & Sons") --> "al-noor-sons"
hoko.text.slug("دار الكتاب") --> "دار-الكتاب"]] },

  { name = "hoko.store.get", text = "A value that this run or an earlier one of the project has kept.",
    params = { { "name", "string", "1 to 255 bytes" } }, returns = { { "any", "nil where there is none" } },
    example = [[
hoko.store.set("cursor", { page = 7 })
hoko.store.get("cursor").page --> 7]] },
  { name = "hoko.store.set", text = "Keeps a value for later runs, once the rows submitted before it are acknowledged.",
    params = { { "name", "string", "1 to 255 bytes" }, { "value", "any", "what JSON can hold; nil deletes" } },
    example = [[hoko.store.set("since", "2026-01-01")]] },
  { name = "hoko.store.delete", text = "Forgets a value.",
    params = { { "name", "string", "1 to 255 bytes" } },
    example = [[
hoko.store.delete("cursor")
hoko.store.get("cursor") --> nil]] },

  { name = "hoko.args", kind = "value", type = "string[]",
    text = "The words behind the script's name on the command line.",
    example = [[local path = hoko.args[1] or "data/partners.csv"
path --> "data/partners.csv"]] },
  { name = "hoko.env",
    text = "An environment variable that the script is allowed to see; another raises an error that says how.",
    params = { { "name", "string" } }, returns = { { "string?", "nil where it is not set" } },
    example = [[hoko.env("TZ") --> nil]] },
  { name = "hoko.run.id", kind = "value", type = "string", text = "This run, as `hoko runs` names it.",
    example = [[print(hoko.run.id)]] },
  { name = "hoko.run.dry", kind = "value", type = "boolean", text = "Whether this is a dry run.",
    example = [[hoko.run.dry --> false]] },
  { name = "hoko.run.cause", kind = "value", type = "table?", only = "job",
    text = "In a job's on_failure and on_recovery script: the report of the run that it is about.",
    example = [[
local cause = hoko.run.cause
if cause then hoko.log.error("the sync failed", { outcome = cause.outcome }) end]] },
  { name = "hoko.now", text = "Seconds since 1970, with a fraction.",
    returns = { { "number", "seconds" } }, example = [[hoko.now() > 1.7e9 --> true]] },
  { name = "hoko.sleep", text = "Waits.",
    params = { { "seconds", "number", "0 to 8640000, fractions too" } }, example = [[hoko.sleep(0.01)]] },

  { name = "hoko.transform", only = "test",
    text = "Runs a script up to its hoko.sync, no further, and returns the table given to that; " ..
      "its source stays unopened.",
    params = { { "path", "string", "from the project's folder" } },
    returns = { { "table" } },
    example = [[
test("a closed partner is skipped", function()
  local sync = hoko.transform("scripts/partners.lua")
  expect(sync.transform({ code = "C-1", status = "closed" })):equals(nil)
end)]] },
}

for _, level in ipairs{ "debug", "info", "warn", "error" } do
  entries[#entries + 1] = {
    name = "hoko.log." .. level, text = ("A structured log line of the level %s, on standard error."):format(level),
    params = { { "message", "any" }, { "fields?", "table<string, any>", "named values" } },
    example = ([[hoko.log.%s("page read", { page = 3 })]]):format(level),
  }
end

return { entries = entries, classes = {} }

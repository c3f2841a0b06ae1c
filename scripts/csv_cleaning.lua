-- Cleans what a person typed into a spreadsheet, and keeps the source's own code as key,
-- so that a second run sends only what changed:
--   hoko run scripts/csv_cleaning.lua [FILE]
local text = hoko.text
local path = hoko.args[1] or "data/leads.csv"

-- A cell that says "nothing" in words.
local nothing = { ["-"] = true, ["n/a"] = true, ["none"] = true, ["لا يوجد"] = true }
local function cell(value)
  value = text.trim(value)
  if value and nothing[value:lower()] then return nil end
  return value
end

hoko.sync({
  source = hoko.csv(path, { delimiter = ";", columns = { "code", "first", "last", "company", "mail", "mobile" } }),
  key = "code",
  transform = function(row)
    local person = text.squeeze((cell(row.first) or "") .. " " .. (cell(row.last) or ""))
    local name = cell(row.company) or person
    if not name then return nil, "neither company nor person" end
    return {
      name = text.squeeze(name),
      email = text.email(cell(row.mail)),
      phone = text.phone(cell(row.mobile), "SA"),
    }
  end,
})

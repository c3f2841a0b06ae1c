-- The work of plain.lua for rows that have a key and no id: hoko keeps who is who.
local function trim(s) return s:match("^%s*(.-)%s*$") end

hoko.sync({
  source = hoko.csv(arg[1]),
  key = "uuid",
  concurrency = math.tointeger(arg[2]),
  transform = function(row)
    local name = trim((row.first_name or "") .. " " .. (row.last_name or ""))
    if name == "" then return nil end
    local email = trim(row.email or ""):lower()
    local digits = (row.phone or ""):gsub("%D", "")
    return {
      name = name,
      email = email ~= "" and email or nil,
      phone = digits ~= "" and "+" .. digits or nil,
    }
  end,
})

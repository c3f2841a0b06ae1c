-- The benchmark's task as most people would write it.
local function trim(s) return s:match("^%s*(.-)%s*$") end

hoko.sync({
  source = hoko.csv(arg[1]),
  concurrency = math.tointeger(arg[2]),
  transform = function(row)
    local name = trim((row.first_name or "") .. " " .. (row.last_name or ""))
    if name == "" then return nil end
    local email = trim(row.email or ""):lower()
    local digits = (row.phone or ""):gsub("%D", "")
    return {
      id = row.uuid,
      name = name,
      email = email ~= "" and email or nil,
      phone = digits ~= "" and "+" .. digits or nil,
    }
  end,
})

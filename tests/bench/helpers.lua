-- The same with the helpers that hoko brings.
local trim, email, phone = hoko.text.trim, hoko.text.email, hoko.text.phone

hoko.sync({
  source = hoko.csv(arg[1]),
  concurrency = math.tointeger(arg[2]),
  transform = function(row)
    local name = trim((row.first_name or "") .. " " .. (row.last_name or ""))
    return name and { id = row.uuid, name = name, email = email(row.email), phone = phone(row.phone) }
  end,
})

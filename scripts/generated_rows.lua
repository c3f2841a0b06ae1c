-- Rows need no file: any function that gives the next row, or nil at the end, is a source.
-- It is asked for a row when there is room for one, so a million take no more memory than ten:
--   hoko run scripts/generated_rows.lua [HOW_MANY]
local how_many = math.tointeger(hoko.args[1] or 25) or error("HOW_MANY must be a whole number")

local function seasonal_partners()
  local n = 0
  return function()
    if n == how_many then return nil end
    n = n + 1
    return {
      name = ("Ramadan Partner %05d"):format(n),
      email = ("ramadan.%05d@example.com"):format(n),
    }
  end
end

local result = hoko.partners.upsert(seasonal_partners(), { batch_rows = 1000 })
print(result.created .. " partners created in " .. result.requests .. " requests")

-- How a session shows values: as `hoko eval` does, as JSON or as CSV.
local inspect, hoko = ...

local show = {}

-- ---- JSON --------------------------------------------------------------------

local function as_json(value)
  local ok, text = pcall(hoko.json.encode, value, { indent = true })
  if ok then return text end
  return inspect.lua(value)
end

-- ---- CSV ---------------------------------------------------------------------

local function cell(value)
  if value == nil or value == hoko.null then return "" end
  local text = type(value) == "string" and value or inspect.lua(value)
  if text:find('[",\r\n]') then return '"' .. text:gsub('"', '""') .. '"' end
  return text
end

local function columns_of(rows)
  local names, seen = {}, {}
  for i = 1, rawlen(rows) do
    local row = rawget(rows, i)
    if type(row) ~= "table" then return nil end
    for key in next, row do
      if type(key) ~= "string" then return nil end
      if not seen[key] then names[#names + 1], seen[key] = key, true end
    end
  end
  table.sort(names, inspect.column_before)
  return names
end

local function as_csv(value)
  if type(value) ~= "table" then return cell(value) end
  local rows = rawlen(value) > 0 and type(rawget(value, 1)) == "table" and value or { value }
  local names = columns_of(rows)
  if not names or #names == 0 then return inspect.lua(value) end
  local lines, cells = {}, {}
  for i, name in ipairs(names) do cells[i] = cell(name) end
  lines[1] = table.concat(cells, ",")
  for r = 1, rawlen(rows) do
    for i, name in ipairs(names) do cells[i] = cell(rawget(rawget(rows, r), name)) end
    lines[r + 1] = table.concat(cells, ",")
  end
  return table.concat(lines, "\n")
end

-- ---- which -------------------------------------------------------------------

local ways = { json = as_json, csv = as_csv }
local way

--- Shows values so from now on, or, asked for again, as at the beginning.
---@param name "json"|"csv"
---@return string name  the way from now on: "json", "csv" or "plain"
function show.switch(name)
  way = way ~= name and name or nil
  return way or "plain"
end

---@param value any
---@param columns integer
function show.text(value, columns)
  if way then return ways[way](value) end
  return inspect.value(value, columns)
end

return show

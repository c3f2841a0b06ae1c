-- Values as a person reads them: what `hoko eval` prints and what a failed test shows.
-- Metamethods are never called, and the time it takes does not grow with the value.
local native, null = ...

local ITEMS_MAX, DEPTH_MAX, TEXT_MAX, COLUMNS, COLUMNS_OF_TABLE = 100, 8, 200, 80, 12
local line_columns = COLUMNS
local first_fields = { id = 1, name = 2, email = 3, phone = 4 }
local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return
  then true until while]]):gmatch("%a+") do keywords[word] = true end

local function escape(c) return escapes[c] or ("\\x%02X"):format(c:byte()) end

local function quote(text)
  local bad = utf8.len(text) and '[%c"\\]' or '[%c"\\\128-\255]'
  return '"' .. text:gsub(bad, escape) .. '"'
end

local function grouped(n)
  return (tostring(n):reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end

local function short_quote(text)
  if #text <= TEXT_MAX then return quote(text) end
  local last = utf8.offset(text, 0, TEXT_MAX + 1) or TEXT_MAX + 1
  return ("%s… (%s bytes)"):format(quote(text:sub(1, last - 1)), grouped(#text))
end

-- Anything but a table.
local function scalar(value, is_whole)
  local kind = type(value)
  if kind == "string" then return is_whole and quote(value) or short_quote(value) end
  if value == null then return "hoko.null" end
  if kind == "nil" or kind == "boolean" or kind == "number" then return tostring(value) end
  return ("%s: %p"):format(kind, value)
end

-- ---- tables in general -------------------------------------------------------

local function before(a, b)
  if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
  return type(a) < type(b)
end

-- The keys outside of 1 … len, sorted; of very many only some, how many there are, and
-- whether there are even more.
local function keys_of(value, len)
  local keys, count, is_cut = native.keys(value, len, ITEMS_MAX * 10)
  table.sort(keys, before)
  return keys, count, is_cut
end

local function key_text(key)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") and not keywords[key] then return key end
  return "[" .. (type(key) == "table" and "table" or scalar(key)) .. "]"
end

local put

local function parts_of(value, depth, above)
  local len, parts = rawlen(value), {}
  for i = 1, math.min(len, ITEMS_MAX) do parts[i] = put(rawget(value, i), depth + 1, above) end
  local keys, count, is_cut = keys_of(value, len)
  for i = 1, math.min(#keys, ITEMS_MAX - #parts) do
    parts[#parts + 1] = key_text(keys[i]) .. " = " .. put(rawget(value, keys[i]), depth + 1, above)
  end
  local left = len + count - #parts
  local format = is_cut and "… more than %s more" or "… %s more"
  return parts, left > 0 and format:format(grouped(left)) or nil
end

local function fits(parts, rest, depth)
  local width = 4 + 2 * depth + (rest and #rest or 0)
  for _, part in ipairs(parts) do
    if part:find("\n", 1, true) then return false end
    width = width + native.width(part) + 2
    if width > line_columns then return false end
  end
  return true
end

function put(value, depth, above)
  if type(value) ~= "table" then return scalar(value) end
  if above[value] then return "<cycle>" end
  if next(value) == nil then return "{}" end
  if depth >= DEPTH_MAX then return "{…}" end
  above[value] = true
  local parts, rest = parts_of(value, depth, above)
  above[value] = nil
  local is_short = fits(parts, rest, depth)
  if rest then parts[#parts + 1] = rest end
  if is_short then return "{ " .. table.concat(parts, ", ") .. " }" end
  local indent = "\n" .. ("  "):rep(depth + 1)
  return "{" .. indent .. table.concat(parts, "," .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

-- ---- arrays of like tables ---------------------------------------------------

local function column_before(a, b)
  local x, y = first_fields[a] or 5, first_fields[b] or 5
  if x ~= y then return x < y end
  return a < b
end

-- The columns that ROWS have in common enough; nil where they are no such array.
local function columns_of(rows)
  local names, seen, least = {}, {}, math.huge
  for i = 1, math.min(rawlen(rows), ITEMS_MAX) do
    local row, fields = rawget(rows, i), 0
    if type(row) ~= "table" or rawlen(row) > 0 then return nil end
    for key, value in next, row do
      if type(key) ~= "string" or type(value) == "table" or #names > COLUMNS_OF_TABLE then return nil end
      fields = fields + 1
      if not seen[key] then names[#names + 1] = key end
      seen[key] = true
    end
    least = math.min(least, fields)
  end
  if #names == 0 or #names > COLUMNS_OF_TABLE or 2 * least < #names then return nil end
  table.sort(names, column_before)
  return names
end

local function cell(value)
  if value == nil then return "" end
  if value == null then return "null" end
  if type(value) ~= "string" then return scalar(value) end
  return (short_quote(value):gsub('\\"', '"'):gsub('^"(.*)"', "%1"))
end

-- Columns until their sum fits: the widest gives way first. False: they are too many.
local function shrink(widths, columns)
  local sum = 2 * (#widths - 1)
  for _, width in ipairs(widths) do sum = sum + width end
  while sum > columns do
    local widest = 1
    for i, width in ipairs(widths) do
      if width > widths[widest] then widest = i end
    end
    if widths[widest] <= 3 then return false end
    widths[widest], sum = widths[widest] - 1, sum - 1
  end
  return true
end

local function padded(text, width, is_number)
  local columns = native.width(text)
  if columns > width then
    text = native.cut(text, width - 1) .. "…"
    columns = native.width(text)
  end
  local blanks = (" "):rep(width - columns)
  return is_number and blanks .. text or text .. blanks
end

local function line_of(cells, widths, numbers)
  local padding = {}
  for i, text in ipairs(cells) do padding[i] = padded(text, widths[i], numbers and numbers[i]) end
  return (table.concat(padding, "  "):gsub(" +$", ""))
end

local function rows_of(rows, names)
  local grid, numbers, widths = {}, {}, {}
  for i, name in ipairs(names) do numbers[i], widths[i] = true, native.width(name) end
  for r = 1, math.min(rawlen(rows), ITEMS_MAX) do
    grid[r] = {}
    for i, name in ipairs(names) do
      local value = rawget(rawget(rows, r), name)
      local text = cell(value)
      grid[r][i], widths[i] = text, math.max(widths[i], native.width(text))
      if value ~= nil and type(value) ~= "number" then numbers[i] = false end
    end
  end
  return grid, numbers, widths
end

-- Nil where so many columns do not fit.
local function tabular(rows, names, columns)
  local grid, numbers, widths = rows_of(rows, names)
  if not shrink(widths, columns) then return nil end
  local titles = {}
  for i, name in ipairs(names) do titles[i] = cell(name) end
  local lines = { line_of(titles, widths, numbers) }
  for r, cells in ipairs(grid) do lines[r + 1] = line_of(cells, widths, numbers) end
  local left = rawlen(rows) - #grid
  if left > 0 then lines[#lines + 1] = ("… %s more"):format(grouped(left)) end
  return table.concat(lines, "\n")
end

-- Whether nothing stands beside the items but what table.pack() writes there.
local function is_list(value, len)
  if next(value, len) == nil then return true end
  local keys, count, is_cut = native.keys(value, len, 2)
  return not is_cut and count == 1 and keys[1] == "n" and rawget(value, "n") == len
end

-- ---- what others call --------------------------------------------------------

local inspect = { column_before = column_before }

--- One value as text, in lines of `columns` where that is possible.
---@param value any
---@param columns integer
---@return string  without a line end behind the last line
function inspect.value(value, columns)
  if type(value) ~= "table" then return scalar(value, true) end
  local len = rawlen(value)
  local names = len > 1 and is_list(value, len) and columns_of(value)
  line_columns = columns
  return names and tabular(value, names, columns) or put(value, 0, {})
end

--- The same as Lua, without tables of columns.
---@param value any
---@return string
function inspect.lua(value)
  line_columns = COLUMNS
  return put(value, 0, {})
end

return inspect

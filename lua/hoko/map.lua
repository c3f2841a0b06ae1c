-- hoko.map: a transform as data.  What it says is written as a Lua function once and
-- compiled, so a row costs what a transform by hand does; the columns that it names are
-- demanded of a CSV file before the first row is sent.
local hoko, native, options = ...

local null = hoko.null
local VALUES_MAX = 150 -- Lua allows a function 200 locals
local partner_fields = { id = true, name = true, email = true, phone = true }

-- A part of a map: put(code, self) adds what it needs to code and gives an expression.
local Part = { __name = "hoko.map" }
local Map = { __name = "hoko.Map" }

local function bad(name, format, ...) native.raise(name .. ": " .. format:format(...)) end

local function is_column(value)
  return type(value) == "string" and value ~= "" or math.type(value) == "integer" and value > 0
end

-- A column's name or number, a function of the row, or a part.
local function check_part(name, value)
  if is_column(value) or options.is_callable(value) or getmetatable(value) == Part then return value end
  return bad(name, "expected a column, a function of the row or a part such as hoko.map.join(…), got %s",
    options.describe(value))
end

-- ---- code --------------------------------------------------------------------

-- The values that the written text refers to and the columns that it reads.
local function new_code() return { values = {}, names = {}, columns = {}, seen = {} } end

-- A name for VALUE in the written text.
local function refer(code, value)
  if code.names[value] then return code.names[value] end
  local name = "v" .. #code.values + 1
  if #code.values == VALUES_MAX then bad("hoko.map", "it has more than %d parts", VALUES_MAX) end
  code.values[#code.values + 1], code.names[value] = value, name
  return name
end

local function put_column(code, column)
  if not code.seen[column] then
    code.seen[column] = true
    code.columns[#code.columns + 1] = column
  end
  return type(column) == "string" and ("row[%q]"):format(column) or ("row[%d]"):format(column)
end

local function put(code, part)
  if is_column(part) then return put_column(code, part) end
  if getmetatable(part) == Part then return part.put(code, part) end
  return refer(code, part) .. "(row)"
end

-- ---- parts -------------------------------------------------------------------

local parts = {}

local function part(put_part, fields)
  fields = fields or {}
  fields.put = put_part
  return setmetatable(fields, Part)
end

local function check_parts(name, ...)
  local list = { ... }
  if #list == 0 then bad(name, "there is no column") end
  for i = 1, select("#", ...) do check_part(name, list[i]) end
  return list
end

local function put_list(code, list)
  local words = {}
  for i, one in ipairs(list) do words[i] = put(code, one) end
  return table.concat(words, ", ")
end

local function is_there(value) return value ~= nil and value ~= null and value ~= "" end

-- Two are by far the most that are joined; calls and varargs would cost more than they do.
local function join_two(separator, a, b)
  local has_a, has_b = a ~= nil and a ~= null and a ~= "", b ~= nil and b ~= null and b ~= ""
  if has_a and has_b then return a .. separator .. b end
  if has_a then return tostring(a) end
  return has_b and tostring(b) or nil
end

local function join(separator, ...)
  local both
  for i = 1, select("#", ...) do both = join_two(separator, both, (select(i, ...))) end
  return both
end

--- The values that are there, with `separator` between them; nil where none is.
function parts.join(separator, ...)
  if type(separator) ~= "string" then
    bad("hoko.map.join", "the separator must be a string, got %s", options.describe(separator))
  end
  return part(function(code, self)
    local joins = #self.list == 2 and join_two or join
    return ("%s(%q, %s)"):format(refer(code, joins), separator, put_list(code, self.list))
  end, { list = check_parts("hoko.map.join", ...) })
end

local function first(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if is_there(value) then return value end
  end
end

--- The first value that is there.
function parts.first(...)
  return part(function(code, self)
    return ("%s(%s)"):format(refer(code, first), put_list(code, self.list))
  end, { list = check_parts("hoko.map.first", ...) })
end

--- The same value in each row.
function parts.value(value)
  return part(function(code) return value == nil and "nil" or refer(code, value) end)
end

local function or_null(value)
  if value == nil or value == "" then return null end
  return value
end

--- hoko.null where there is nothing, so that an empty cell clears the field.
function parts.or_null(inner)
  check_part("hoko.map.or_null", inner)
  return part(function(code) return ("%s(%s)"):format(refer(code, or_null), put(code, inner)) end)
end

-- hoko.map.trim("name") is hoko.text.trim(row.name), and so on.
for _, name in ipairs{ "trim", "squeeze", "fold", "digits", "email", "slug" } do
  parts[name] = function(inner)
    check_part("hoko.map." .. name, inner)
    return part(function(code) return ("%s(%s)"):format(refer(code, hoko.text[name]), put(code, inner)) end)
  end
end

--- A phone number; the country is two letters, or a part that gives them.
function parts.phone(inner, country)
  check_part("hoko.map.phone", inner)
  if type(country) == "string" then hoko.text.phone("1", country) end -- raises where there is no such country
  if country ~= nil and type(country) ~= "string" then check_part("hoko.map.phone", country) end
  return part(function(code)
    local where = type(country) == "string" and ("%q"):format(country) or country and put(code, country) or "nil"
    return ("%s(%s, %s)"):format(refer(code, hoko.text.phone), put(code, inner), where)
  end)
end

-- ---- the whole ---------------------------------------------------------------

local function check_fields(fields)
  if type(fields) ~= "table" or getmetatable(fields) then
    bad("hoko.map", "expected a table of fields, got %s", options.describe(fields))
  end
  for name, value in next, fields do
    if not partner_fields[name] then
      local near = type(name) == "string" and native.nearest(name, partner_fields)
      bad("hoko.map", "a partner has no field '%s'%s", tostring(name),
        near and (", did you mean '%s'?"):format(near) or "")
    end
    check_part(("hoko.map: field '%s'"):format(name), value)
  end
  if next(fields) == nil then bad("hoko.map", "there is no field") end
end

local function compile(fields)
  local code, lines = new_code(), {}
  for _, name in ipairs{ "id", "name", "email", "phone" } do
    if fields[name] ~= nil then lines[#lines + 1] = ("  %s = %s,"):format(name, put(code, fields[name])) end
  end
  local names = {}
  for i = 1, #code.values do names[i] = "v" .. i end
  local head = #names > 0 and ("local %s = ...\n"):format(table.concat(names, ", ")) or ""
  local text = ("%sreturn function(row) return {\n%s\n} end"):format(head, table.concat(lines, "\n"))
  local chunk = load(text, "=[hoko]/map", "t", {})
  return chunk(table.unpack(code.values)), code.columns
end

function Map:__call(row) return self.transform(row) end

--- A transform made of a table: each field with the column or the part that it comes from.
setmetatable(parts, { __call = function(_, fields)
  check_fields(fields)
  local transform, columns = compile(fields)
  return setmetatable({ transform = transform, columns = columns }, Map)
end })

hoko.map = parts

--- The function of a map, of which the columns are demanded of SOURCE; any other
--- transform as it is.
return function(source, transform)
  if getmetatable(transform) ~= Map then return transform end
  if native.is_source(source) then native.demand(source, transform.columns) end
  return transform.transform
end

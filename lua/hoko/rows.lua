-- hoko.rows and hoko.pages: sources made of other sources.  A stage pulls a row only
-- when it is asked for one, so a chain of any length holds one row.
local hoko, native, options = ...

local Rows = {}
Rows.__name = "hoko.Rows"

-- As io.lines does: the last value makes a `for` close what is left half-way.
local function returned(rows) return rows, nil, nil, rows end

local function close_source(source)
  local meta = getmetatable(source) -- hidden of a native source
  if native.is_source(source) or type(meta) == "table" and meta.__close then
    local closed <close> = source -- luacheck: ignore 211
  end
end

local methods = {}

-- Fields that rows have themselves are found without a call of this.
function Rows.__index(_, name)
  if methods[name] then return methods[name] end
  local near = type(name) == "string" and native.nearest(name, methods)
  return native.raise(("hoko.rows(…) has no '%s'%s"):format(tostring(name),
    near and (", did you mean '%s'?"):format(near) or "; there are filter, map and take"))
end

-- Functions that give rows and are no source by their type, each with its name.
local iterators = setmetatable({}, { __mode = "k" })

local sources = {}

function sources.is_source(value)
  return native.is_source(value) or type(value) == "table" and getmetatable(value) == Rows or iterators[value] ~= nil
end

--- Makes a function known as a source.
function sources.known(name, f)
  iterators[f] = name
  return f
end

function sources.name(source)
  if native.is_source(source) then return tostring(source) end
  return "source: " .. (iterators[source] or "hoko.rows(…)")
end

local function new(pull, source)
  return setmetatable({ pull = pull, source = source or false, is_ended = false }, Rows)
end

function Rows:__call()
  if self.is_ended then return nil end
  local row = self.pull()
  if row == nil then self.is_ended = true end
  return row
end

function Rows:__close()
  self.is_ended = true
  close_source(self.source)
end

local function check_function(name, f)
  if options.is_callable(f) then return end
  native.raise(("%s: expected a function, got %s"):format(name, options.describe(f)))
end

--- Only the rows for which `f` is true.
function methods:filter(f)
  check_function("hoko.rows(…):filter", f)
  return returned(new(function()
    local row = self()
    while row ~= nil and not f(row) do row = self() end
    return row
  end, self))
end

--- What `f` makes of each row; nil leaves the row out.
function methods:map(f)
  check_function("hoko.rows(…):map", f)
  return returned(new(function()
    local row = self()
    while row ~= nil do
      local made = f(row)
      if made ~= nil then return made end
      row = self()
    end
  end, self))
end

--- At most `count` rows; the source is closed behind the last.
function methods:take(count)
  if math.type(count) ~= "integer" or count < 0 then
    native.raise("hoko.rows(…):take: expected a whole number from 0, got " .. options.describe(count))
  end
  local left = count
  return returned(new(function()
    left = left - 1
    if left >= 0 then return self() end
    Rows.__close(self)
  end, self))
end

local function demand_array(name, what, value)
  local field = options.field_of(value)
  local got = field and ("one table with the field '%s'"):format(field) or options.describe(value)
  if field or type(value) ~= "table" then native.raise(("%s: %s, got %s"):format(name, what, got)) end
  return value
end

local function array_pull(rows)
  local i = 0
  return function()
    i = i + 1
    return rows[i]
  end
end

--- A source, a function or an array as rows that can be filtered, mapped and cut; as a
--- `for` it takes the values of io.lines, of which the fourth is closed.
function hoko.rows(source, _, _, closing)
  if options.is_callable(source) then return returned(new(source, closing or source)) end
  local rows = demand_array("hoko.rows", "expected a source, a function or an array", source)
  return returned(new(array_pull(rows)))
end

-- ---- hoko.pages --------------------------------------------------------------

local function page_pull(page)
  if options.is_callable(page) then return page end
  return array_pull(demand_array("hoko.pages", "a page must be an array or a source", page))
end

--- The rows of all pages: `fetch` is called with nil first, then with the cursor that it
--- gave, until it gives none.
function hoko.pages(fetch)
  check_function("hoko.pages", fetch)
  local pull, page, cursor
  local is_last = false
  local rows
  local function next_page()
    local asked = cursor
    page, cursor = fetch(asked)
    if cursor == hoko.null then cursor = nil end
    if cursor ~= nil and cursor == asked then
      native.raise("hoko.pages: the cursor " .. options.describe(cursor) .. " came twice, so the pages would never end")
    end
    pull, is_last, rows.source = page_pull(page), cursor == nil, page
  end
  rows = new(function()
    while true do
      if not pull then next_page() end
      local row = pull()
      if row ~= nil or is_last then return row end
      pull = nil
    end
  end)
  return returned(rows)
end

return sources

-- stub("hoko.csv", rows): another value for a function of the API, until the test ends.
local hoko, native, options = ...

local reference = options.reference()
local stubs = {}

local undo = {}

--- Everything as it was.
function stubs.undo()
  for i = #undo, 1, -1 do undo[i]() end
  undo = {}
end

-- The table that holds "hoko.http.get", and "get".
local function place_of(name)
  local entry = type(name) == "string" and reference.find(name)
  if not entry or entry.kind == "value" then
    local names = {}
    for _, known in ipairs(reference.entries) do
      if known.kind ~= "value" then names[known.name] = true end
    end
    local near = type(name) == "string" and native.nearest(name, names)
    native.raise(("stub: there is no function %s%s"):format(options.describe(name),
      near and (", did you mean '%s'?"):format(near) or ""))
  end
  local holder = hoko
  for step in name:match("^hoko%.(.-)[^.]*$"):gmatch("[^.]+") do holder = rawget(holder, step) end
  return holder, name:match("[^.]+$"), entry
end

local is_source = { ["hoko.Source"] = true, ["hoko.Rows"] = true }

local function replacement(name, entry, value)
  if options.is_callable(value) then return value end
  if type(value) == "table" and is_source[entry.returns and entry.returns[1][1]] then
    return function() return hoko.rows(value) end
  end
  return native.raise(("stub: %s wants a function%s, got %s"):format(name,
    entry.returns and is_source[entry.returns[1][1]] and " or an array of rows" or "", options.describe(value)))
end

-- What stands for a table that can be called keeps its fields.
local function callable_like(old, call)
  return setmetatable({}, { __index = old, __call = function(_, ...) return call(...) end })
end

--- Until the test ends, the function `name` is `value`; an array of rows stands for a source.
---@param name string
---@param value function|table[]
function stubs.set(name, value)
  local holder, key, entry = place_of(name)
  local old = rawget(holder, key)
  local new = replacement(name, entry, value)
  undo[#undo + 1] = function() rawset(holder, key, old) end
  rawset(holder, key, type(old) == "table" and callable_like(old, new) or new)
end

return stubs

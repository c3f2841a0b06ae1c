-- Options by name, as the reference has them: one check for all functions.
-- Programming mistakes raise at the caller's line and name the nearest name.
local native, null = ...

local SHOWN_MAX = 60

local options = {}

-- The reference is long, and a script that gives no options does not need it.
local reference
local function load_reference()
  reference = reference or native.run("reference.lua", native.run)
  return reference
end

local function is_name_list(value)
  if type(value) ~= "table" then return false end
  for _, name in ipairs(value) do
    if type(name) ~= "string" then return false end
  end
  return true
end

local function is_callable(value)
  if type(value) == "function" then return true end
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__call ~= nil or type(value) == "userdata" and native.is_source(value)
end

local tests = {
  callable = is_callable,
  integer = function(value) return math.type(value) == "integer" or
    (math.type(value) == "float" and value == math.floor(value)) end,
  size = function(value) return type(value) == "string" and native.size(value) ~= nil end,
  character = function(value) return type(value) == "string" and #value == 1 end,
  names = is_name_list,
}

local function fits(value, wanted)
  local test = tests[wanted]
  if test then return test(value) end
  return type(value) == wanted
end

-- A value as a message shows what came: short, on one line.
local function describe(value)
  if type(value) == "string" then
    if #value <= SHOWN_MAX then return (("%q"):format(value):gsub("\\\n", "\\n")) end
    local last = utf8.offset(value, 0, SHOWN_MAX + 1) or SHOWN_MAX + 1
    return ("%s… (%d bytes)"):format(describe(value:sub(1, last - 1)), #value)
  end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return value == null and "hoko.null" or type(value)
end

local function is_of_type(value, spec)
  local kinds = type(spec.type) == "table" and spec.type or { spec.type }
  for _, kind in ipairs(kinds) do
    if fits(value, kind) then return true end
  end
  return false
end

local function is_choice(value, spec)
  if not spec.choices then return true end
  for _, choice in ipairs(spec.choices) do
    if value == choice then return true end
  end
  return false
end

local function is_in_range(value, spec)
  if type(value) == "string" and tests.size(value) then value = native.size(value) end
  if type(value) ~= "number" or not spec.min then return true end
  return value >= spec.min and value <= spec.max
end

-- The names of a function's options, as the keys of a table.
local function names_of(name)
  local names = {}
  for _, spec in ipairs(load_reference().find(name).options) do names[spec.name] = true end
  return names
end

--- What is wrong with one option, or nil.
---@param name string       the function, as a user calls it
---@param key any           the option's name
---@param is_known boolean  whether `value` is known; `hoko check` sees constants only
---@param value any
---@return string?
function options.problem(name, key, is_known, value)
  if type(key) ~= "string" then
    return ("%s: options have names, here is one without: %s"):format(name,
      is_known and describe(value) or "[" .. tostring(key) .. "]")
  end
  local spec = load_reference().option(name, key)
  if not spec then
    local near = native.nearest(key, names_of(name))
    return ("%s: unknown option '%s'%s"):format(name, key, near and (", did you mean '%s'?"):format(near) or "")
  end
  if not is_known then return nil end
  if not is_of_type(value, spec) or not is_choice(value, spec) then
    return ("%s: option '%s' must be %s, got %s"):format(name, key, reference.expected(spec), describe(value))
  end
  if not is_in_range(value, spec) then
    return ("%s: option '%s' must be from %s to %s, got %s"):format(name, key, spec.min, spec.max, value)
  end
end

--- Checks the table of options that a caller of `name` gave; raises at the caller's line.
---@param name string   the function, as a user calls it
---@param given? table
---@return table        the same, or an empty one
function options.check(name, given)
  if given == nil then return {} end
  if type(given) ~= "table" then
    native.raise(("%s: the options must be a table, got %s"):format(name, describe(given)))
  end
  for key, value in next, given do
    local message = options.problem(name, key, true, value)
    if message then native.raise(message) end
  end
  return given
end

--- A field of a table that is no array, as text: where an array is wanted it is a mistake.
function options.field_of(value)
  local key = type(value) == "table" and rawlen(value) == 0 and next(value) or nil
  return key ~= nil and tostring(key) or nil
end

--- VALUE as JSON; what JSON does not have raises in the words of the function NAME.
function options.encode(name, what, value, form)
  local ok, text = pcall(native.encode, value, form)
  if ok then return text end
  local why = text:match("hoko%.json%.encode: (.*)") or text
  local itself = why:match("^the value (.*)")
  return native.raise(("%s: %s%s"):format(name, what, itself and " " .. itself or ": " .. why))
end

options.is_callable = is_callable
options.reference = load_reference
options.describe = describe
return options

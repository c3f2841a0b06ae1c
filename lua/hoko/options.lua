-- Options by name: one table of what each function takes, one check for all.
-- Programming mistakes raise at the caller's line and name the nearest name.
local native = ...

local options = {}

---@class hoko.OptionSpec
---@field type string[]|string   Lua types, or "callable", "integer", "duration"
---@field min? integer
---@field max? integer
---@field choices? string[]

---@type table<string, table<string, hoko.OptionSpec>>
local upsert = {
  key = { type = { "string", "function" } },
  stream = { type = "string" },
  send = { type = "string", choices = { "changed", "all" } },
  on_reject = { type = "callable" },
  on_ack = { type = "callable" },
  batch_rows = { type = "integer", min = 1, max = 10000 },
  batch_bytes = { type = { "integer", "size" }, min = 1024, max = 64 << 20 },
  concurrency = { type = "integer", min = 1, max = 64 },
  dry_run = { type = "boolean" },
}

local function with(base, more)
  local all = {}
  for name, spec in pairs(base) do all[name] = spec end
  for name, spec in pairs(more) do all[name] = spec end
  return all
end

options.specs = {
  ["hoko.partners.upsert"] = upsert,
  ["hoko.partners.create"] = {
    on_reject = upsert.on_reject, on_ack = upsert.on_ack, batch_rows = upsert.batch_rows,
    batch_bytes = upsert.batch_bytes, concurrency = upsert.concurrency, dry_run = upsert.dry_run,
  },
  ["hoko.sync"] = with(upsert, {
    source = { type = { "callable", "table" } },
    transform = { type = "callable" },
    on_error = { type = "string", choices = { "reject", "stop" } },
  }),
  ["hoko.partners.list"] = {
    sort = { type = "string", choices = { "asc", "desc" } },
    take = { type = "integer", min = 1, max = 10000 },
    skip = { type = "integer", min = 0, max = 1 << 40 },
    limit = { type = "integer", min = 1, max = 1 << 40 },
  },
  ["hoko.partners.adopt"] = {
    stream = { type = "string" },
    key = { type = "function" },
  },
}

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
}

local function fits(value, wanted)
  local test = tests[wanted]
  if test then return test(value) end
  return type(value) == wanted
end

local function describe(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) == "number" then return tostring(value) end
  return type(value)
end

local words = { callable = "a function", integer = "a whole number", size = 'a size such as "4MiB"',
  string = "a string", number = "a number", boolean = "true or false", table = "a table",
  ["function"] = "a function" }

local function expected(spec)
  if spec.choices then
    local quoted = {}
    for i, choice in ipairs(spec.choices) do quoted[i] = ("%q"):format(choice) end
    return "one of " .. table.concat(quoted, ", ")
  end
  local kinds = type(spec.type) == "table" and spec.type or { spec.type }
  local text = {}
  for i, kind in ipairs(kinds) do text[i] = words[kind] or kind end
  return table.concat(text, " or ")
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

--- What is wrong with one option, or nil.
---@param name string       the function, as a user calls it
---@param key any           the option's name
---@param is_known boolean  whether `value` is known; `hoko check` sees constants only
---@param value any
---@return string?
function options.problem(name, key, is_known, value)
  local specs = options.specs[name]
  local spec = specs[key]
  if not spec then
    local near = type(key) == "string" and native.nearest(key, specs)
    return ("%s: unknown option '%s'%s"):format(name, tostring(key),
      near and (", did you mean '%s'?"):format(near) or "")
  end
  if not is_known then return nil end
  if not is_of_type(value, spec) or not is_choice(value, spec) then
    return ("%s: option '%s' must be %s, got %s"):format(name, key, expected(spec), describe(value))
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

options.is_callable = is_callable
options.describe = describe
return options

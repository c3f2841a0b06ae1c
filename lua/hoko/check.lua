-- `hoko check`: what is wrong with a script, known without running it.
local native, options = ...

local parse = native.run("parse.lua", native.run)
local reference = options.reference()
local types = native.run("check_types.lua", reference)

-- Filled by the script or at run time, so that any name may be in them.
local open_tables = { ["hoko.args"] = true, _G = true }
-- What `hoko test` gives to tests besides.
local test_names = { test = true, expect = true, stub = true, ["hoko.transform"] = true }

-- What is there in a run, though not while a script is looked at.
local function is_public(path)
  local entry = reference.find(path)
  return entry ~= nil and entry.only ~= "test"
end

local row_fields = { id = true, name = true, email = true, phone = true }

---@class hoko.Finding
---@field line integer
---@field severity "error"|"warning"
---@field message string

local Findings = {}
Findings.__index = Findings

function Findings:add(severity, line, format, ...)
  self.list[#self.list + 1] = { line = line, severity = severity, message = format:format(...) }
end

-- A name of two letters is near to too much.
local function did_you_mean(word, names)
  local near = #word > 2 and native.nearest(word, names)
  return near and (", did you mean '%s'?"):format(near) or ""
end

-- ---- names -----------------------------------------------------------------

-- "hoko.partners.upsert" and its value, for a chain of names from a global; nil
-- where a local or something computed is in it.
local function resolve(node, sets)
  if node.kind == "name" then
    if node.declared or sets[node.name] then return nil end
    return node.name, _G[node.name]
  end
  if node.kind ~= "index" or type(node.key) ~= "string" then return nil end
  local path, value = resolve(node.object, sets)
  if not path or type(value) ~= "table" then return nil end
  return path .. "." .. node.key, rawget(value, node.key)
end

local function check_reads(findings, parsed)
  for _, node in ipairs(parsed.reads) do
    local is_known = _G[node.name] ~= nil or parsed.sets[node.name] or node.name == "_ENV"
    if not is_known and not findings.also[node.name] then
      findings:add("error", node.line, "'%s' is not defined%s", node.name, did_you_mean(node.name, _G))
    end
  end
end

-- Fields of the libraries: what the script itself adds to them is known too.
local function added_fields(parsed)
  local added = {}
  for _, node in ipairs(parsed.indexes) do
    local path = node.is_set and resolve(node, parsed.sets)
    if path then added[path] = true end
  end
  return added
end

local function check_fields(findings, parsed)
  local added = added_fields(parsed)
  for _, node in ipairs(parsed.indexes) do
    local path, value = resolve(node, parsed.sets)
    local above, library = resolve(node.object, parsed.sets)
    local is_known = value ~= nil or added[path] or open_tables[above] or findings.also[path] or is_public(path)
    if path and not is_known then
      findings:add("error", node.line, "'%s' does not exist%s", path, did_you_mean(node.key, library))
    end
  end
end

-- "hoko.Result has no 'craeted'": fields and methods of what a function returned.
local function check_members(findings, parsed)
  local function class_of(node)
    return types.class_of(node, function(callee) return (resolve(callee, parsed.sets)) end)
  end
  for _, list in ipairs{ parsed.indexes, parsed.methods } do
    for _, node in ipairs(list) do
      local class = type(node.key) == "string" and not node.is_set and class_of(node.object)
      local members = class and types.members(class)
      if members and not members[node.key] then
        findings:add("error", node.line, "%s has no '%s'%s", class, node.key, did_you_mean(node.key, members))
      end
    end
  end
end

local function check_functions(findings, parsed)
  local is_read = {}
  for _, node in ipairs(parsed.reads) do is_read[node.name] = true end
  for _, node in ipairs(parsed.functions) do
    if not is_read[node.name] and _G[node.name] == nil then
      findings:add("warning", node.line, "function '%s' is never used", node.name)
    end
  end
end

local function check_locals(findings, parsed)
  for _, declared in ipairs(parsed.locals) do
    if declared.is_function and declared.uses == 0 and declared.name:sub(1, 1) ~= "_" then
      findings:add("warning", declared.line, "function '%s' is never used", declared.name)
    end
  end
end

-- ---- calls -----------------------------------------------------------------

-- The value of a constant; false where it is known only at run time.
local function constant(node)
  if node.kind == "string" or node.kind == "number" then return true, node.value end
  if node.kind == "true" or node.kind == "false" then return true, node.kind == "true" end
  if node.kind == "table" then return true, {} end
  if node.kind == "function" then return true, function() end end
  if node.kind == "unary" and node.operator == "-" and node.operand.kind == "number" then
    return true, -node.operand.value
  end
  return false
end

-- A local name stands for what it was declared with.
local function behind(node)
  if node.kind == "paren" then return behind(node.inside) end
  if node.kind == "name" and node.declared and node.declared.value then
    return behind(node.declared.value)
  end
  return node
end

local function check_options(findings, name, node)
  if not node or node.kind ~= "table" then return end
  for _, item in ipairs(node.items) do
    local is_known, value = constant(item.value)
    if item.key ~= nil and item.value.kind ~= "nil" then
      local message = options.problem(name, item.key, is_known, value)
      if message then findings:add("error", item.line, "%s", message) end
    end
  end
end

local function option(node, name)
  for _, item in ipairs(node and node.kind == "table" and node.items or {}) do
    if item.key == name then return item.value end
  end
end

local function is_null(node)
  return node.kind == "index" and node.key == "null" and resolve(node, {}) ~= nil
end

local function check_value(findings, name, item)
  local is_known, value = constant(item.value)
  if item.key == "name" and is_null(item.value) then
    findings:add("error", item.line, "%s: a name cannot be cleared", name)
  elseif is_known and type(value) ~= "string" then
    findings:add("error", item.line, "%s: field '%s' must be a string or hoko.null, got %s", name, item.key,
      options.describe(value))
  elseif is_known and value == "" then
    findings:add("error", item.line, "%s: field '%s' is empty; nil leaves the field, hoko.null clears it",
      name, item.key)
  end
end

-- ROW is a table constructor; KEY the name of the key's field, if one may stand in it.
local function check_row(findings, name, row, key)
  for _, item in ipairs(row.items) do
    if type(item.key) == "string" and not row_fields[item.key] and item.key ~= key then
      findings:add("error", item.line, "%s: a partner has no field '%s'%s", name, item.key,
        did_you_mean(item.key, row_fields))
    elseif row_fields[item.key] then
      check_value(findings, name, item)
    end
  end
end

-- What a function returns where that is written as a table.
local function check_returns(findings, name, node, key)
  for _, values in ipairs(node.returns) do
    local row = values[1] and behind(values[1])
    if row and row.kind == "table" then check_row(findings, name, row, key) end
  end
end

local function check_rows(findings, name, node, key)
  node = node and behind(node)
  if node and node.kind == "function" then return check_returns(findings, name, node, key) end
  if not node or node.kind ~= "table" then return end
  for _, item in ipairs(node.items) do
    local row = item.key == nil and behind(item.value)
    if row and row.kind == "table" then check_row(findings, name, row, key) end
  end
end

local function check_transform(findings, name, node)
  node = node and behind(node)
  if node and node.kind == "function" then check_returns(findings, name .. ": transform", node) end
end

local function key_name(options_node)
  local key = option(options_node, "key")
  return key and key.kind == "string" and key.value or nil
end

local calls = {}

calls["hoko.sync"] = function(findings, name, arguments)
  local given = arguments[1] and behind(arguments[1])
  check_transform(findings, name, option(given, "transform"))
end

calls["hoko.map"] = function(findings, name, arguments)
  local fields = arguments[1] and behind(arguments[1])
  for _, item in ipairs(fields and fields.kind == "table" and fields.items or {}) do
    if type(item.key) == "string" and not row_fields[item.key] then
      findings:add("error", item.line, "%s: a partner has no field '%s'%s", name, item.key,
        did_you_mean(item.key, row_fields))
    end
  end
end

calls["hoko.partners.upsert"] = function(findings, name, arguments)
  local given = arguments[2] and behind(arguments[2])
  check_rows(findings, name, arguments[1], key_name(given))
end

calls["hoko.partners.create"] = calls["hoko.partners.upsert"]

-- Constants that stand where a string or a function is wanted.
local function check_arguments(findings, entry, arguments)
  for i, param in ipairs(entry.params or {}) do
    local is_known, value = false, nil
    if arguments[i] then is_known, value = constant(behind(arguments[i])) end
    local wanted = param[2] == "string" and "string" or param[2]:find("^fun%(") and "function"
    if is_known and wanted and type(value) ~= wanted then
      findings:add("error", arguments[i].line, "%s: '%s' must be a %s, got %s", entry.name,
        param[1]:gsub("%?$", ""), wanted, options.describe(value))
    end
  end
end

-- GIVEN as it stands in the call: a table that is filled later may have all that is needed.
local function check_needed(findings, entry, call, given)
  if given and given.declared and given.declared.is_extended then return end
  given = given and behind(given)
  if given and given.kind ~= "table" then return end
  local line = given and given.line or call.line
  for _, spec in ipairs(entry.options) do
    if spec.required and not option(given, spec.name) then
      findings:add("error", line, "%s: option '%s' is missing", entry.name, spec.name)
    end
  end
end

local function check_call(findings, entry, call)
  local arguments = call.arguments
  check_arguments(findings, entry, arguments)
  if entry.options then
    local given = arguments[#(entry.params or {}) + 1]
    check_options(findings, entry.name, given and behind(given))
    check_needed(findings, entry, call, given)
  end
  if calls[entry.name] then calls[entry.name](findings, entry.name, arguments) end
end

local function check_calls(findings, parsed)
  for _, call in ipairs(parsed.calls) do
    local name = resolve(call.callee, parsed.sets)
    local entry = name and reference.find(name)
    if entry and entry.kind ~= "value" then check_call(findings, entry, call) end
  end
end

--- The findings of a script that compiles, in the order of its lines.
---@param source string
---@param name string  of its file; tests know more names
---@return hoko.Finding[]
return function(source, name)
  local also = name:find("_test%.lua$") and test_names or {}
  local findings = setmetatable({ list = {}, also = also }, Findings)
  local parsed = parse.chunk(source)
  check_reads(findings, parsed)
  check_fields(findings, parsed)
  check_members(findings, parsed)
  check_locals(findings, parsed)
  check_functions(findings, parsed)
  check_calls(findings, parsed)
  table.sort(findings.list, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    return a.message < b.message
  end)
  return findings.list
end

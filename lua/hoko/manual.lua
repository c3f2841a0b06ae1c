-- The reference as files: annotations for LuaLS and a manual page as scdoc source.
-- `ninja reference` runs it; a test compares what it writes with what is there.
local form = ...

local folder = arg[0]:match("^(.*/)") or ""
local function load_file(name) return assert(loadfile(folder .. name)) end
local reference = load_file("reference.lua")(function(name) return load_file(name)() end)

-- ---- annotations -------------------------------------------------------------

local kinds = { callable = "function", size = "string", character = "string", names = "string[]",
  duration = "string" }

local function luals_type(spec)
  if spec.luals then return spec.luals end
  local words = {}
  if spec.choices then
    for i, choice in ipairs(spec.choices) do words[i] = ("%q"):format(choice) end
  else
    local types = type(spec.type) == "table" and spec.type or { spec.type }
    for i, kind in ipairs(types) do words[i] = kinds[kind] or kind end
  end
  return table.concat(words, "|")
end

local function options_class(entry)
  local before, last = entry.name:match("^(.*)%.([%w_]+)$")
  return ("%s.%s%sOptions"):format(before, last:sub(1, 1):upper(), last:sub(2))
end

local function put_field(put, name, kind, text)
  put(("---@field %s %s%s\n"):format(name, kind, text and " " .. text or ""))
end

local function put_options_class(put, entry)
  if not entry.options then return end
  put(("---@class %s\n"):format(options_class(entry)))
  for _, spec in ipairs(entry.options) do
    local text = spec.default and ("%s (default %s)"):format(spec.text, spec.default) or spec.text
    put_field(put, spec.name .. (spec.required and "" or "?"), luals_type(spec), text)
  end
  put("\n")
end

local function put_comment(put, text, example)
  put("---", text, "\n---```lua\n")
  for line in (example .. "\n"):gmatch("(.-)\n") do put("---", line, "\n") end
  put("---```\n")
end

local function put_params(put, entry)
  local names = {}
  for i, param in ipairs(entry.params or {}) do
    put(("---@param %s %s%s\n"):format(param[1], param[2], param[3] and " " .. param[3] or ""))
    names[i] = param[1]:gsub("%?$", "")
  end
  if entry.options then
    put(("---@param options%s %s\n"):format(reference.needs_options(entry) and "" or "?", options_class(entry)))
    names[#names + 1] = "options"
  end
  for _, value in ipairs(entry.returns or {}) do
    put(("---@return %s%s\n"):format(value[1], value[2] and " # " .. value[2] or ""))
  end
  return table.concat(names, ", ")
end

local function put_class(put, class)
  put("---", class.text, "\n---@class ", class.name, "\n")
  if class.call then put("---@overload ", class.call, "\n") end
  for _, field in ipairs(class.fields or {}) do put_field(put, table.unpack(field)) end
  local name = class.name:match("%w+$")
  put("local ", name, " = {}\n\n")
  for _, method in ipairs(class.methods or {}) do
    put("---", method.text, "\n")
    put(("function %s:%s(%s) end\n\n"):format(name, method.name, put_params(put, method)))
  end
end

-- The tables that stand between hoko and its functions, each once and the outer first.
local function put_table(put, made, name)
  local above = name:match("^(.*)%.[%w_]+$")
  if made[above] then return end
  if above:find("%.") then put_table(put, made, above) end
  made[above] = true
  put(above, " = {}\n\n")
end

local function put_entry(put, made, entry)
  put_table(put, made, entry.name)
  put_options_class(put, entry)
  put_comment(put, entry.text, entry.example)
  if entry.kind == "value" then return put(("---@type %s\n%s = nil\n\n"):format(entry.type, entry.name)) end
  if entry.overload then put(("---@overload %s\n"):format(entry.overload)) end
  put(("function %s(%s) end\n\n"):format(entry.name, put_params(put, entry)))
end

-- What can be called and indexed is a class with a call; its fields follow as functions.
local function put_callable_table(put, made, entry)
  put_options_class(put, entry)
  local params = {}
  for i, param in ipairs(entry.params) do params[i] = ("%s: %s"):format(param[1], param[2]) end
  if entry.options then params[#params + 1] = ("options?: %s"):format(options_class(entry)) end
  put_comment(put, entry.text, entry.example)
  put(("---@overload fun(%s): %s\n%s = {}\n\n"):format(table.concat(params, ", "), entry.returns[1][1], entry.name))
  made[entry.name] = true
end

local function has_fields(entry)
  for _, other in ipairs(reference.entries) do
    if other.name:sub(1, #entry.name + 1) == entry.name .. "." then return true end
  end
  return false
end

local tests = [[
---A test, in a file that `hoko test` runs.
---@param name string
---@param body fun()
function test(name, body) end

---@class hoko.Expected
local Expected = {}

---Compares tables by their fields.
---@param wanted any
function Expected:equals(wanted) end

---The value is a function, which must raise an error that holds the text.
---@param text? string
function Expected:raises(text) end

---The value is what the file holds: a string as it is, any other as JSON.
---`hoko test --update` writes the file.
---@param path string from the project's folder
function Expected:golden(path) end

---What a test demands of a value.
---@param value any
---@return hoko.Expected
function expect(value) end

---Until the test ends, a function of the API is another; an array of rows stands for a source.
---@param name string such as "hoko.csv"
---@param value function|table[]
function stub(name, value) end
]]

local function meta(put)
  put("---@meta hoko\n-- Made from lua/hoko/reference.lua: do not edit.\n\n")
  for _, class in ipairs(reference.classes) do put_class(put, class) end
  put("hoko = {}\n\n")
  local made = { hoko = true }
  for _, entry in ipairs(reference.entries) do
    if has_fields(entry) then put_callable_table(put, made, entry) else put_entry(put, made, entry) end
  end
  put(tests)
end

-- ---- the manual page ---------------------------------------------------------

local function escape(text) return (text:gsub("[\\*_`<>~%[%]]", "\\%0")) end

local function put_term(put, term, text) put("*", escape(term), "*\n\t", escape(text), "\n\n") end

local function put_page(put, entry)
  -- scdoc takes a heading as it is.
  put("# ", reference.signature(entry), "\n\n", escape(entry.text), "\n\n")
  for _, param in ipairs(entry.params or {}) do
    put_term(put, param[1], param[3] and ("%s: %s"):format(param[2], param[3]) or param[2])
  end
  for _, spec in ipairs(entry.options or {}) do put_term(put, spec.name, reference.option_text(spec)) end
  for i, value in ipairs(entry.returns or {}) do
    put(i == 1 and "Returns " or "and ", "_", escape(value[1]), "_", value[2] and ": " .. escape(value[2]) or "",
      entry.returns[i + 1] and "++\n" or "\n\n")
  end
  put("```\n", entry.example, "\n```\n\n")
end

local function put_class_page(put, class)
  put("# ", class.name, "\n\n", escape(class.text), "\n\n")
  for _, field in ipairs(class.fields or {}) do
    put_term(put, field[1], field[3] and ("%s: %s"):format(field[2], field[3]) or field[2])
  end
  for _, method in ipairs(class.methods or {}) do
    put_term(put, reference.method_signature(class, method), method.text)
  end
end

-- What there is, a line each.
local function put_index(put)
  put("# OVERVIEW\n\n```\n")
  for _, entry in ipairs(reference.entries) do
    local first = (entry.text .. " "):match("^(.-)[.;:] ")
    put(("%-24s %s\n"):format(entry.name, first))
  end
  put("```\n\n")
end

local function scdoc(put)
  put("# DESCRIPTION\n\n",
    "What a script finds in the table _hoko_, function by function; *hoko help hoko.csv* shows one alone. ",
    "Options are the last argument, a table by name. Types are written as LuaLS does: _string?_ is a string ",
    "or nil, _table\\[\\]_ an array of tables. Standard Lua 5.4 is there besides.\n\n")
  put_index(put)
  for _, entry in ipairs(reference.entries) do put_page(put, entry) end
  for _, class in ipairs(reference.classes) do put_class_page(put, class) end
end

local forms, parts = { meta = meta, scdoc = scdoc }, {}
forms[form](function(...)
  for _, part in ipairs{ ... } do parts[#parts + 1] = part end
end)
io.write((table.concat(parts):gsub("\n+$", "\n")))

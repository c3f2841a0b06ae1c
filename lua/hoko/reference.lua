-- The reference of the Lua API, the one place that knows it: names, parameters, types,
-- units, meanings and an example that a test runs.  From it come the checks of options
-- (options.lua), what `hoko check` knows of calls (check.lua), the annotations in meta/,
-- the manual page (manual.lua) and the REPL's help and completion:
--
--   local reference = native.run("reference.lua", native.run)
--   reference.help("hoko.csv")     its page as plain text, nil where there is none
--   reference.signature(entry)     "hoko.csv(path, options?)"
--   reference.names()              every public name, sorted
--   reference.find("hoko.csv")     its entry; options in entry.options, each with name and text
--   reference.option("hoko.csv", "header")
--   reference.class("hoko.Source") fields and methods of what a function returns
--
-- An entry is a function unless its kind is "value":
--   name, text, example
--   params   { name, LuaLS type, text? }; one whose name ends in ? may be left out
--   options  the last argument, a table: name, type (see options.lua), text, and where it
--            fits min, max, choices, default, required, luals (its type for LuaLS),
--            wanted (what it may be, in words)
--   returns  { LuaLS type, text? }
--   overload another way to call it, for LuaLS
--   only     "test" or "job": where it is there; everywhere where nil
-- In an example `EXPRESSION --> VALUE` is compared by the test.
local run = ...

---@class hoko.Option
---@field name string
---@field type string|string[]
---@field text string
---@field min integer?
---@field max integer?
---@field choices string[]?
---@field default string?
---@field required boolean?
---@field luals string?

---@class hoko.Entry
---@field name string
---@field text string
---@field kind "value"?
---@field type string?
---@field params table[]?
---@field options hoko.Option[]?
---@field returns table[]?
---@field overload string?
---@field example string
---@field only "test"|"job"|nil

local reference = { entries = {}, classes = {} }

local by_name, classes_by_name = {}, {}
for _, subject in ipairs{ "partners", "sources", "http", "shapes", "helpers" } do
  local part = run("reference_" .. subject .. ".lua")
  for _, entry in ipairs(part.entries) do
    reference.entries[#reference.entries + 1], by_name[entry.name] = entry, entry
  end
  for _, class in ipairs(part.classes) do
    reference.classes[#reference.classes + 1], classes_by_name[class.name] = class, class
  end
end

---@return hoko.Entry?
function reference.find(name) return by_name[name] end

---@return table?  name, text, fields, methods
function reference.class(name) return classes_by_name[name] end

---@return string[]
function reference.names()
  local names = {}
  for i, entry in ipairs(reference.entries) do names[i] = entry.name end
  table.sort(names)
  return names
end

---@return hoko.Option?
function reference.option(name, option)
  local entry = by_name[name]
  for _, spec in ipairs(entry and entry.options or {}) do
    if spec.name == option then return spec end
  end
end

--- Whether a call without its table of options is a mistake.
---@param entry hoko.Entry
function reference.needs_options(entry)
  for _, spec in ipairs(entry.options or {}) do
    if spec.required then return true end
  end
  return false
end

---@param entry hoko.Entry
function reference.signature(entry)
  if entry.kind == "value" then return entry.name end
  local words = {}
  for i, param in ipairs(entry.params or {}) do words[i] = param[1] end
  if entry.options then words[#words + 1] = reference.needs_options(entry) and "options" or "options?" end
  return ("%s(%s)"):format(entry.name, table.concat(words, ", "))
end

-- What may stand for each type of an option, in words and for LuaLS.
local type_words = { callable = "a function", integer = "a whole number", size = 'a size such as "4MiB"',
  string = "a string", number = "a number", boolean = "true or false", table = "a table",
  character = "one character", names = "an array of names", duration = 'a duration such as "90s"',
  ["function"] = "a function", userdata = "hoko.null" }

--- What an option may be, in words.
---@param spec hoko.Option
function reference.expected(spec)
  if spec.wanted then return spec.wanted end
  if spec.choices then
    local quoted = {}
    for i, choice in ipairs(spec.choices) do quoted[i] = ("%q"):format(choice) end
    return "one of " .. table.concat(quoted, ", ")
  end
  local kinds, text = type(spec.type) == "table" and spec.type or { spec.type }, {}
  for i, kind in ipairs(kinds) do text[i] = type_words[kind] or kind end
  return table.concat(text, " or ")
end

-- ---- help --------------------------------------------------------------------

local function add_pairs(lines, title, rows)
  if #rows == 0 then return end
  local width = 0
  for _, row in ipairs(rows) do width = math.max(width, #row[1]) end
  lines[#lines + 1] = ""
  lines[#lines + 1] = title
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("  %s%s  %s"):format(row[1], (" "):rep(width - #row[1]), row[2])
  end
end

local function explained(kind, text) return text and ("%s: %s"):format(kind, text) or kind end

--- The meaning of an option and what it may be.
---@param spec hoko.Option
function reference.option_text(spec)
  local note = spec.default and ("; default %s"):format(spec.default) or ""
  if spec.required then note = "; needed" end
  if spec.min then note = ("; %s to %s"):format(spec.min, spec.max) .. note end
  return ("%s (%s%s)"):format(spec.text, reference.expected(spec), note)
end

--- How a method is called: "rows:take(count)".
function reference.method_signature(class, method)
  local words = {}
  for i, param in ipairs(method.params or {}) do words[i] = param[1] end
  return ("%s:%s(%s)"):format(class.name:match("%w+$"):lower(), method.name, table.concat(words, ", "))
end

local function class_help(class)
  local lines, fields, methods = { class.name, "", class.text }, {}, {}
  for i, field in ipairs(class.fields or {}) do fields[i] = { field[1], explained(field[2], field[3]) } end
  for i, method in ipairs(class.methods or {}) do
    methods[i] = { reference.method_signature(class, method), method.text }
  end
  add_pairs(lines, "Fields:", fields)
  add_pairs(lines, "Methods:", methods)
  return table.concat(lines, "\n")
end

--- The page of NAME, a function, a value or a class ("hoko.Result"), as plain text without
--- a line end behind it; nil where there is none.
---@param name string
---@return string?
function reference.help(name)
  local entry = by_name[name]
  if classes_by_name[name] then return class_help(classes_by_name[name]) end
  if not entry then return nil end
  local lines = { reference.signature(entry), "", entry.text }
  local params, options, returns = {}, {}, {}
  for i, param in ipairs(entry.params or {}) do params[i] = { param[1], explained(param[2], param[3]) } end
  for i, spec in ipairs(entry.options or {}) do options[i] = { spec.name, reference.option_text(spec) } end
  for i, value in ipairs(entry.returns or {}) do returns[i] = { value[1], value[2] or "" } end
  add_pairs(lines, "Arguments:", params)
  add_pairs(lines, "Options:", options)
  add_pairs(lines, "Returns:", returns)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Example:"
  for line in (entry.example .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = "  " .. line end
  return (table.concat(lines, "\n"):gsub("[ ]+\n", "\n"):gsub(" +$", ""))
end

return reference

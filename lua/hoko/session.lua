-- What `hoko repl` has its worker do: entries whose outermost locals stay visible, and
-- their values shown.
local native, hoko, look = ...

local scan = native.run("session_scan.lua")
local show = native.run("session_show.lua", native.run("inspect.lua", native, hoko.null), hoko)

local NAMES_MAX = 180 -- of a function's 200 locals
local CODE, EXPRESSION, CALL, INCOMPLETE = 0, 1, 2, 3

local session = {}

-- By name: { f =, i = }, a function that has the local as its upvalue i.
local kept = {}

-- ---- locals ------------------------------------------------------------------

local function keep(name, f, i) kept[name] = { f = f, i = i } end

-- A constant known when it was compiled is no upvalue, so it gets a place of its own.
local function keep_value(name, value)
  keep(name, function() return value end, 1)
end

local function keep_locals(names, f, ...)
  local at = {}
  for i = 1, math.huge do
    local name = native.upvalue_name(f, i)
    if not name then break end
    at[name] = i
  end
  for i, name in ipairs(names) do
    if at[name] then keep(name, f, at[name]) else keep_value(name, (select(i, ...))) end
  end
end

-- The kept names that occur in a text.
local function used_names(text)
  local names, seen = {}, {}
  for name in text:gmatch("[%a_][%w_]*") do
    if kept[name] and not seen[name] and #names < NAMES_MAX then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  return names
end

-- The text with its outermost locals handed over at its end; `keeper` is who takes them.
local function with_keeper(text, names, return_at)
  if #names == 0 or #names > NAMES_MAX then return text end
  local list = table.concat(names, ", ")
  local before, behind = text, ""
  if return_at then before, behind = text:sub(1, return_at - 1), text:sub(return_at) end
  local gap = return_at and " " or "\n"
  return ("%s%s;(%s)(function() return %s end, %s); %s"):format(before, gap, "__keep", list, list, behind)
end

-- `text` as a function in which the kept locals are upvalues. Nil where that has limits.
local function compile(text, chunk)
  local names = used_names(text)
  local head = #names > 0 and "local " .. table.concat(names, ", ") .. " " or ""
  local make, message = load(head .. "return function(...) " .. text .. "\nend", chunk)
  if not make then return nil, message end
  local f = make()
  for i = 1, math.huge do
    local name = native.upvalue_name(f, i)
    if not name then break end
    if kept[name] then native.upvalue_join(f, i, kept[name].f, kept[name].i) end
  end
  return f
end

-- ---- running -----------------------------------------------------------------

local function show_all(values)
  local columns = native.call("columns")
  for i = 1, values.n do
    io.stdout:write(show.text(values[i], columns), "\n")
  end
end

-- A source that the line itself made is read a little; one that it only names would miss the
-- rows that were shown.
local function show_source(source, is_made)
  if not is_made then
    io.stdout:write(look.describe(source), "\n")
    return source
  end
  local rows, word, again = look.at(source)
  if #rows > 0 then show_all(table.pack(rows)) end
  if word then io.stderr:write(word, "\n") end
  return again
end

local function syntax_error(message, chunk)
  local line, text = message:match("^" .. chunk:gsub("%p", "%%%0") .. ":(%d+): (.*)$")
  return nil, text or message, chunk, math.tointeger(tonumber(line)) or 0
end

local function function_of(text, chunk, is_expression)
  -- Beside a variable to close no call is a tail call, which would lose its function's name.
  if is_expression then return compile("local __open <close> = nil return " .. text, chunk) end
  local names, return_at = {}, nil
  if text:find("local", 1, true) then names, return_at = scan.outermost(text) end
  keep_value("__keep", function(...) keep_locals(names, ...) end)
  -- A goto over locals cannot be followed by what hands them over.
  return compile(with_keeper(text, names, return_at), chunk) or compile(text, chunk)
end

-- In a script nothing may stand behind a return: its value is assigned.
local function script_of(text)
  if not text:find("return", 1, true) then return nil end
  local _, return_at = scan.outermost(text)
  if not return_at then return nil end
  local values = text:sub(return_at + #"return")
  local is_empty = not scan.tokens(values:gsub("^%s*;", ""))()
  return text:sub(1, return_at - 1) .. (is_empty and "" or "_ =") .. values
end

--- Runs one entry and shows its values.
---@param text string
---@param number integer  of the entry; errors name it
---@return integer? is       CODE …; nil where the text has no syntax
---@return string? message   then, with chunk and line
function session.run(text, number)
  local chunk = "repl#" .. number
  native.begin_run()
  local expression, why_none = load("return " .. text, "=" .. chunk)
  local statements, message = load(text, "=" .. chunk)
  if not expression and not statements then
    if message:find("<eof>$") or why_none:find("<eof>$") then return INCOMPLETE end
    return syntax_error(message, chunk)
  end
  local is_expression = expression ~= nil
  local f, limit = function_of(text, "=" .. chunk, is_expression)
  if not f then return syntax_error(limit, chunk) end
  local values = table.pack(f())
  if look.is_source(values[1]) then
    _G._ = show_source(values[1], statements ~= nil)
  elseif values.n > 0 then
    _G._ = values[1]
    show_all(values)
  end
  if is_expression and not statements then return EXPRESSION end
  if is_expression then return values.n > 0 and CALL or CODE end
  return CODE, script_of(text)
end

-- ---- what is asked beside -----------------------------------------------------

-- Read when it is first needed: a session that only computes does without.
local reference
local function need_reference()
  reference = reference or native.run("reference.lua", native.run)
  return reference
end

local function kept_value(name)
  local at = kept[name]
  return at and native.upvalue(at.f, at.i)
end

local function each_kept(f)
  for name in next, kept do
    if name ~= "__keep" then f(name) end
  end
end

local complete

--- "FROM KIND" in a line, then the words, a line each; see session_complete.lua.
---@param text string  up to the cursor
function session.complete(text)
  complete = complete or native.run("session_complete.lua", native, need_reference(), kept_value, each_kept)
  local from, kind, words = complete(text)
  table.insert(words, 1, from .. " " .. kind)
  return CODE, table.concat(words, "\n") .. "\n"
end

--- Values are shown as JSON or CSV from now on, or as before.
---@param way "json"|"csv"
function session.show(way) return CODE, show.switch(way) end

--- The page of a name of the API.
---@param name string
function session.help(name)
  local page = need_reference().help(name)
  if page then return CODE, page .. "\n" end
  local names = {}
  for _, known in ipairs(reference.names()) do names[known] = true end
  local near = native.nearest(name, names)
  return nil, ("there is no help on '%s'%s"):format(name, near and (", did you mean '%s'?"):format(near) or ""), "", 0
end

--- The names that there is help on, a line each.
function session.topics() return CODE, table.concat(need_reference().names(), "\n") .. "\n" end

return session

-- `hoko test`: test, expect and hoko.transform, and the surroundings in which they run:
-- a clock that stands, a store of its own, nothing sent.
local hoko, native, options, task = ...

local inspect = native.run("inspect.lua", native, hoko.null)
local stubs = native.run("test_stub.lua", hoko, native, options)
local golden = native.run("test_golden.lua", native, options, task.is_update)
local write, load_file, exit = io.write, loadfile, native.exit
local std_out, time, date = io.stdout, os.time, os.date

local CLOCK_START = 1767225600 -- 2026-01-01T00:00:00Z

-- ---- surroundings ------------------------------------------------------------

local clock, store

local function renew()
  clock, store = CLOCK_START, {}
  for i in next, hoko.args do hoko.args[i] = nil end
  stubs.undo()
end

function hoko.now() return clock end

function hoko.sleep(seconds)
  if type(seconds) ~= "number" or seconds < 0 then
    native.raise("hoko.sleep: expected a number of seconds, got " .. options.describe(seconds))
  end
  clock = clock + seconds
end

function os.time(...)
  if select("#", ...) == 0 then return math.floor(clock) end
  return time(...)
end

function os.date(format, at) return date(format, at or math.floor(clock)) end

local call = native.call
local function of_host(name)
  return function(arguments) return call(name, arguments) end
end

local calls = {
  log = of_host("log"), remove = of_host("remove"), rename = of_host("rename"),
  store_get = function(arguments)
    local text = store[arguments.name]
    return text and text ~= "" and hoko.json.decode(text) or hoko.null
  end,
  store_set = function(arguments)
    store[arguments.name] = arguments.value
    return true
  end,
}

local function no_network()
  native.raise("a test has no network: give the function under test what it needs")
end

function native.call(name, arguments)
  return (calls[name] or no_network)(arguments)
end

native.http_ask = no_network

function native.upsert()
  native.raise("a test sends no rows: hoko.transform(\"scripts/…\") gives the table of a script's hoko.sync")
end

function native.exit() native.raise("os.exit: a test does not end the others") end

-- ---- hoko.transform ----------------------------------------------------------

local function chunk_of(name, path, env)
  if type(path) ~= "string" then
    native.raise(("%s: a script is named by a string, got %s"):format(name, options.describe(path)))
  end
  local chunk, message = load_file(path, "t", env)
  if not chunk then native.raise(("%s: %s"):format(name, message)) end
  return chunk
end

--- Runs a script up to its hoko.sync and returns the table given to that; its source
--- stays unopened.
---@param path string  from the project's folder
---@return table
function hoko.transform(path)
  local env = setmetatable({}, { __index = _G })
  local chunk = chunk_of("hoko.transform", path, env)
  local sync, reached = hoko.sync, {}
  function hoko.sync(given)
    if type(given) == "table" then options.check("hoko.sync", given) else sync(given) end
    reached.given = given
    error(reached)
  end
  local ok, message = pcall(chunk)
  hoko.sync = sync
  if reached.given then return reached.given end
  if not ok then error(message, 0) end
  return native.raise(("hoko.transform: %s ended without a hoko.sync"):format(path))
end

-- ---- expect ------------------------------------------------------------------

-- The path to the first difference, with both values; nothing where there is none.
local function difference(got, wanted, path, above)
  if type(got) ~= "table" or type(wanted) ~= "table" then
    if rawequal(got, wanted) or got == wanted and type(got) == "number" then return nil end
    return path, got, wanted
  end
  if rawequal(got, wanted) or above[got] == wanted then return nil end
  above[got] = wanted
  local keys = {}
  for key in next, wanted do keys[#keys + 1] = key end
  for key in next, got do
    if rawget(wanted, key) == nil then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do
    local step = type(key) == "string" and "." .. key or ("[%s]"):format(inspect.lua(key))
    local where, x, y = difference(rawget(got, key), rawget(wanted, key), path .. step, above)
    if where then return where, x, y end
  end
end

local function indented(text) return (("\n" .. text):gsub("\n", "\n    ")) end

local function fail(what, wanted, got)
  if wanted:find("\n", 1, true) or got:find("\n", 1, true) then
    native.raise(("%sexpected%s\n  got%s"):format(what, indented(wanted), indented(got)))
  end
  native.raise(("%sexpected %s, got %s"):format(what, wanted, got))
end

local Expected = {}

function Expected:equals(wanted)
  local where, got, part = difference(rawget(self, "value"), wanted, "", {})
  if not where then return end
  fail(where == "" and "" or where .. ": ", inspect.lua(part), inspect.lua(got))
end

local function error_text(value)
  if type(value) == "string" then return value end
  local meta = getmetatable(value)
  local ok, text = pcall(tostring, value)
  return ok and type(meta) == "table" and meta.__tostring and text or inspect.lua(value)
end

function Expected:raises(text)
  local body = rawget(self, "value")
  if not options.is_callable(body) then
    native.raise("expect(…):raises wants a function, got " .. options.describe(body))
  end
  local ok, message = pcall(body)
  local wanted = text and "an error with " .. inspect.lua(text) or "an error"
  if ok then fail("", wanted, "none") end
  message = error_text(message)
  if text and not message:find(text, 1, true) then fail("", wanted, inspect.lua(message)) end
end

function Expected:golden(path) golden(rawget(self, "value"), path) end

local expected_meta = {
  __index = function(_, name)
    if Expected[name] then return Expected[name] end
    local near = type(name) == "string" and native.nearest(name, Expected)
    native.raise(("expect: there is no '%s'%s"):format(tostring(name), near and (", did you mean '%s'?"):format(near)
      or "; there are equals, raises and golden"))
  end,
}

local function expect(value) return setmetatable({ value = value }, expected_meta) end

-- ---- what is told ------------------------------------------------------------

local passed, failed = 0, 0

local function comment(text) return (text:gsub("[\r\n]+", " ")) end

-- For the host, which writes files for other programs.
local function report(file, name, message, seconds)
  if not task.wants_results then return end
  call("test_result", { file = file, name = name, message = message or "", seconds = ("%.3f"):format(seconds) })
end

local function tell(title, message)
  if message then failed = failed + 1 else passed = passed + 1 end
  if task.is_tap then
    local words = comment(title):gsub("[#\\]", "\\%0")
    write(("%sok %d - %s\n"):format(message and "not " or "", passed + failed, words))
    if message then write("# ", message:gsub("\n", "\n# "), "\n") end
  elseif message then
    write("FAILED ", comment(title), "\n  ", message, "\n")
  end
end

-- ---- one file ----------------------------------------------------------------

-- The line of FILE that led to an error; nil where none did.
local function line_in(file)
  for level = 3, 200 do
    local frame = debug.getinfo(level, "Sl")
    if not frame then return nil end
    if frame.source == "@" .. file and frame.currentline > 0 then return frame.currentline end
  end
end

local function handler_of(file)
  return function(message)
    local text, line = error_text(message), line_in(file)
    local place = line and ("%s:%d: "):format(file, line) or file .. ": "
    if text:sub(1, #place) == place then return text end
    if text:match("^[^\n:]+:%d+: ") then return ("%s\n  called at %s"):format(text, place:sub(1, -3)) end
    return place .. text
  end
end

local function forget_modules(kept)
  for name in pairs(package.loaded) do
    if not kept[name] then package.loaded[name] = nil end
  end
end

local function run_file(file)
  local handler, is_inside, count = handler_of(file), false, 0
  local env = setmetatable({ expect = expect }, { __index = _G })
  function env.test(name, body)
    if type(name) ~= "string" or type(body) ~= "function" then
      native.raise('test: expected a name and a function, as in test("name", function() … end)')
    end
    if is_inside then native.raise("test: a test cannot stand inside another") end
    is_inside, count = true, count + 1
    renew()
    local began = native.now()
    local ok, message = xpcall(body, handler)
    is_inside = false
    report(file, name, not ok and message, native.now() - began)
    tell(("%s: %s"):format(file, name), not ok and message or nil)
  end
  function env.stub(name, value)
    if not is_inside then native.raise("stub: it stands inside of a test, and ends with it") end
    stubs.set(name, value)
  end
  renew()
  local chunk, message = load_file(file, "t", env)
  local ok = chunk ~= nil
  if chunk then ok, message = xpcall(chunk, handler) end
  if ok and count > 0 then return end
  if ok then message = file .. ": there is no test in it" end
  report(file, file, message, 0)
  tell(file, message)
end

--- Runs all files; ends the task with code 1 when a test failed.
return function()
  local kept = {}
  for name in pairs(package.loaded) do kept[name] = true end
  if task.is_tap then write("TAP version 13\n") end
  for _, file in ipairs(task.tests) do
    forget_modules(kept)
    run_file(file)
  end
  if task.is_tap then write(("1..%d\n# "):format(passed + failed)) end
  write(("%d passed, %d failed\n"):format(passed, failed))
  std_out:flush()
  if failed > 0 then exit(1) end
end

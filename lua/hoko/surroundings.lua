-- The script's surroundings: files through the host, the end of the run, time, log.
local hoko, native, options, task = ...

local open = native.open

local function must_open(path, mode)
  local file, message = open(path, mode)
  if not file then native.raise(message) end
  return file
end

--- As in plain Lua; the host opens the file, beneath the allowed folders.
function io.open(path, mode)
  if type(path) ~= "string" then native.raise("io.open: a file name is a string, got " .. type(path)) end
  return open(path, mode or "r")
end

--- As in plain Lua: an iterator that closes its file at the end.
function io.lines(path, ...)
  if path == nil then return io.input():lines(...) end
  local file = must_open(path, "r")
  local formats = table.pack(...)
  local function next_line()
    local got = table.pack(file:read(table.unpack(formats, 1, formats.n)))
    if got[1] == nil then file:close() end
    return table.unpack(got, 1, got.n)
  end
  return next_line, nil, nil, file
end

-- The host's standard input is asked for when the script first reads it.
if not task.is_check then
  io.stdin = nil
  setmetatable(io, { __index = function(t, name)
    if name ~= "stdin" then return nil end
    t.stdin = must_open("-", "r")
    return t.stdin
  end })
end

local function redirect(name, mode)
  local current
  return function(file)
    if type(file) == "string" then file = must_open(file, mode) end
    if file ~= nil then current = file end
    return current or io[name]
  end
end
io.input, io.output = redirect("stdin", "r"), redirect("stdout", "w")
function io.read(...) return io.input():read(...) end
function io.write(...) return io.output():write(...) end
function io.close(file) return (file or io.output()):close() end
io.popen, io.tmpfile = nil, nil

--- Ends the script at once; a code other than 0 makes the run's 1.
function os.exit(code)
  if code == nil or code == true then code = 0 elseif code == false then code = 1 end
  if math.type(code) ~= "integer" then native.raise("os.exit: a code is a whole number or a boolean") end
  native.exit(code)
end

function os.getenv(name) return task.env[name] end

--- An environment variable that the script is allowed to see.
function hoko.env(name)
  if type(name) ~= "string" then native.raise("hoko.env: a name is a string, got " .. type(name)) end
  local value = task.env[name]
  if value == nil and not task.env_allowed[name] then
    native.raise(("hoko.env: the variable %s is not allowed; add --allow-env=%s, " ..
      "or allow = { env = { %q } } in hoko.lua"):format(name, name, name))
  end
  return value
end

local levels = { "debug", "info", "warn", "error" }
hoko.log = {}
for number, level in ipairs(levels) do
  hoko.log[level] = function(message, fields)
    if fields ~= nil and type(fields) ~= "table" then
      native.raise(("hoko.log.%s: the fields must be a table, got %s"):format(level, options.describe(fields)))
    end
    if fields then options.encode("hoko.log." .. level, "the fields", fields) end
    native.call("log", { level = number - 1, message = tostring(message), fields = fields })
  end
end

hoko.now, hoko.sleep = native.now, native.sleep

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
io.popen = nil

local function check_path(name, path)
  if type(path) ~= "string" then native.raise(("%s: a file name is a string, got %s"):format(name, type(path))) end
end

--- As in plain Lua: removes a file or an empty folder, where the script may write.
function os.remove(path)
  check_path("os.remove", path)
  return native.call("remove", { path = path })
end

--- As in plain Lua: a file that had the new name is replaced, as one step.
function os.rename(from, to)
  check_path("os.rename", from)
  check_path("os.rename", to)
  return native.call("rename", { from = from, to = to })
end

local temporary = 0

--- As in plain Lua, but in the project's folder, since /tmp is not the script's.
function os.tmpname()
  temporary = temporary + 1
  local name = (".lua_%s_%d"):format(hoko.run.id, temporary)
  must_open(name, "w"):close()
  return name
end

--- As in plain Lua: an empty file that is gone when it is closed.
function io.tmpfile()
  local name = os.tmpname()
  local file = must_open(name, "w+")
  os.remove(name)
  return file
end

local categories = { all = true, collate = true, ctype = true, monetary = true, numeric = true, time = true }

--- As in plain Lua where there is no locale but "C", so that a number is the same everywhere.
function os.setlocale(locale, category)
  if not categories[category or "all"] then
    native.raise("os.setlocale: there is no category " .. tostring(category))
  end
  if locale == nil or locale == "" or locale == "C" or locale == "POSIX" then return "C" end
  return nil
end

--- As in plain Lua: the first file of PATH's templates that the script may read.
function package.searchpath(name, path, separator, replacement)
  separator, replacement = separator or ".", replacement or "/"
  if separator ~= "" then
    name = name:gsub(separator:gsub("%p", "%%%0"), (replacement:gsub("%%", "%%%%")))
  end
  local tried = {}
  for template in path:gmatch("[^;]+") do
    local candidate = template:gsub("%?", (name:gsub("%%", "%%%%")))
    local file = open(candidate, "r")
    if file then
      file:close()
      return candidate
    end
    tried[#tried + 1] = ("no file '%s'"):format(candidate)
  end
  return nil, table.concat(tried, "\n\t")
end

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

-- expect(value):golden(path): a value beside a file that holds what it was when somebody
-- looked at it; `hoko test --update` writes the file anew.
local native, options, is_update = ...

local open = native.open

local function text_of(value)
  if type(value) == "string" then return value end
  return options.encode("expect(…):golden", "the value", value, { indent = true }) .. "\n"
end

local function fail(path, format, ...) native.raise(path .. ": " .. format:format(...)) end

local function read(path)
  local file, message = open(path, "r")
  if not file then
    return fail(path, "%s; `hoko test --update` writes it", (message:gsub("^.*: ", "")))
  end
  local text = file:read("a")
  file:close()
  return text
end

local function write(path, text)
  local file, message = open(path, "w")
  if not file then return native.raise(message) end
  file:write(text)
  file:close()
end

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

-- The first line that differs, with both.
local function compare(path, got, wanted)
  if got == wanted then return end
  local new, old = lines_of(got), lines_of(wanted)
  local i = 1
  while new[i] == old[i] do i = i + 1 end
  fail(path .. ":" .. i, "expected %s, got %s", old[i] and options.describe(old[i]) or "no such line",
    new[i] and options.describe(new[i]) or "no such line")
end

--- Compares a string as it is, and any other value as JSON, with the file at `path`.
---@param value any
---@param path string  from the project's folder
return function(value, path)
  if type(path) ~= "string" or path == "" then
    native.raise("expect(…):golden: expected the path of a file, got " .. options.describe(path))
  end
  local text = text_of(value)
  if is_update then write(path, text) else compare(path, text, read(path)) end
end

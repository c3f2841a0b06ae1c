-- The tokens of Lua 5.4 text that load() accepted.
local tokens = {}

local keywords = {}
for word in ("and break do else elseif end false for function goto if in local nil not or "
  .. "repeat return then true until while"):gmatch("%a+") do
  keywords[word] = true
end

-- Longer ones first, where one begins with another.
local operators = { "...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", ".." }

-- Where the long bracket that opens at `at` ends, or nil when none opens there.
local function long_end(source, at)
  local level = source:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, last = source:find("]" .. level .. "]", at + #level + 2, true)
  return last
end

--- Where the next token begins, behind blanks and comments.
function tokens.skip_blanks(source, at)
  while true do
    at = source:find("%S", at) or #source + 1
    if source:sub(at, at + 1) ~= "--" then return at end
    local last = long_end(source, at + 2)
    at = last and last + 1 or source:find("\n", at, true) or #source + 1
  end
end

local function quoted_end(source, at)
  local quote = source:sub(at, at)
  local last = at + 1
  while source:sub(last, last) ~= quote do
    last = last + (source:sub(last, last) == "\\" and 2 or 1)
  end
  return last
end

local function number_end(source, at)
  local _, last = source:find("^0[xX][%x.]*", at)
  local exponent = last and "^[pP][+-]?%d+" or "^[eE][+-]?%d+"
  if not last then _, last = source:find("^[%d.]+", at) end
  local _, behind = source:find(exponent, last + 1)
  return behind or last
end

local function operator_end(source, at)
  for _, operator in ipairs(operators) do
    if source:sub(at, at + #operator - 1) == operator then return at + #operator - 1 end
  end
  return at
end

--- The token at `at`: its kind and where it ends.
function tokens.at(source, at)
  local first = source:sub(at, at)
  if first == "" then return "eof", at end
  if first:find("[%a_]") then
    local _, last = source:find("^[%w_]+", at)
    return keywords[source:sub(at, last)] and "keyword" or "name", last
  end
  if first == '"' or first == "'" then return "string", quoted_end(source, at) end
  if source:find("^%.?%d", at) then return "number", number_end(source, at) end
  local last = long_end(source, at)
  if last then return "string", last end
  return "operator", operator_end(source, at)
end

--- The value of a number or a string.
function tokens.literal(text)
  return load("return " .. text, "=literal", "t", {})()
end

return tokens

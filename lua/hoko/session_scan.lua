-- Lua text at a glance: what a session must know of an entry beside what load() says.
local scan = {}

local opens = { ["do"] = 1, ["if"] = 1, ["function"] = 1, ["repeat"] = 1, ["("] = 1, ["{"] = 1, ["["] = 1,
  ["end"] = -1, ["until"] = -1, [")"] = -1, ["}"] = -1, ["]"] = -1 }

-- Behind the string or comment that begins at `at`; #text + 1 where it does not end, and then true.
local function behind_quoted(text, at)
  local quote = text:sub(at, at)
  local i = at + 1
  while true do
    i = text:find('[\\\n' .. quote .. ']', i)
    if not i then return #text + 1, true end
    local c = text:sub(i, i)
    if c == quote then return i + 1, false end
    if c == "\n" then return i, true end
    i = i + 2
  end
end

local function behind_long(text, at, level)
  local _, last = text:find("]" .. level .. "]", at, true)
  return last and last + 1 or #text + 1, last == nil
end

--- The tokens from `at` on: (kind, token, from, behind, is_open) each; kind is "name" (keywords
--- too), "string", "comment", "number" or "mark". Never fails, whatever the text is.
---@param text string
function scan.tokens(text)
  local at = 1
  return function()
    local from = text:find("%S", at)
    if not from then return nil end
    local c = text:sub(from, from)
    local kind, behind, is_open = "mark", from + 1, false
    local level = text:match("^%[(=*)%[", from)
    if text:find("^%-%-", from) then
      local long = text:match("^%[(=*)%[", from + 2)
      kind = "comment"
      if long then behind, is_open = behind_long(text, from + 4 + #long, long)
      else
        local last = text:find("\n", from, true)
        behind, is_open = last or #text + 1, last == nil
      end
    elseif level then
      kind = "string"
      behind, is_open = behind_long(text, from + 2 + #level, level)
    elseif c == '"' or c == "'" then
      kind = "string"
      behind, is_open = behind_quoted(text, from)
    elseif c:find("[%a_]") then
      kind, behind = "name", select(2, text:find("^[%w_]+", from)) + 1
    elseif text:find("^%.?%d", from) then
      kind, behind = "number", select(2, text:find("^[%w.]+", from)) + 1
    end
    at = behind
    return kind, text:sub(from, behind - 1), from, behind, is_open
  end
end

--- The names that a chunk declares outermost by `local`, each once, and where its last
--- statement begins if that is a return. The text is one that load() accepted.
---@param text string
---@return string[] names
---@return integer? return_at
function scan.outermost(text)
  local names, seen, depth, return_at = {}, {}, 0, nil
  local state -- "local": behind the word; "name": behind a name of it; "attribute": within < >
  for kind, token, from in scan.tokens(text) do
    if kind ~= "comment" then
      local step = kind ~= "string" and opens[token] or 0
      if state == "attribute" then
        if token == ">" then state = "name" end
      elseif state == "name" and token == "<" then state = "attribute"
      elseif state == "name" and token == "," then state = "local"
      elseif state == "local" and kind == "name" and token ~= "function" then
        if not seen[token] then names[#names + 1], seen[token] = token, true end
        state = "name"
      elseif not (state == "local" and token == "function") then state = nil end
      if depth == 0 and token == "local" and kind == "name" then state = "local" end
      if depth == 0 and token == "return" and kind == "name" then return_at = from end
      depth = depth + step
    end
  end
  return names, return_at
end

return scan

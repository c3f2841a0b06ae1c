-- What the word before the cursor may become. Tables are read raw: no metamethod is called.
local native, reference, kept_value, kept_names = ...

local scan = native.run("session_scan.lua")

local KEYS_MAX, WORDS_MAX, CHAIN_MAX, METAS_MAX = 10000, 500, 20, 5 -- 10,000 keys take 5 ms
local closing = { ["("] = ")", ["{"] = "}", ["["] = "]" }
local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return
  then true until while]]):gmatch("%a+") do keywords[word] = true end

-- ---- the text before the cursor ----------------------------------------------

-- Its tokens but for comments, and which brackets are open; nil within a comment.
local function read(text)
  local tokens, open = {}, {}
  for kind, token, from, behind, is_open in scan.tokens(text) do
    if kind == "comment" then
      if is_open then return nil end
    else
      local t = { kind = kind, text = token, from = from, behind = behind, is_open = is_open }
      tokens[#tokens + 1] = t
      if kind == "mark" and closing[token] then
        open[#open + 1] = #tokens
        t.is_bracket = true
      elseif kind == "mark" and #open > 0 and closing[tokens[open[#open]].text] == token then
        t.opened_at, open[#open] = open[#open], nil
      end
    end
  end
  return tokens, open
end

-- What a value's fields may come from besides; a __metatable may be anything.
local function metatable(value)
  local meta = getmetatable(value)
  return type(meta) == "table" and meta or nil
end

-- ---- values ------------------------------------------------------------------

local function literal(token)
  local value = token.text:match("^['\"](.*)['\"]$")
  return value and not value:find("\\", 1, true) and value or nil
end

-- The steps of the chain that ends at token `at`: { "hoko", "csv" }, and what it begins with:
-- "name", "call" (the path of the function called) or "string"; nil where it is none of these.
local function chain_of(tokens, at)
  local steps = {}
  while at >= 1 and #steps < CHAIN_MAX do
    local t, before = tokens[at], tokens[at - 1]
    if t.kind == "name" and not keywords[t.text] then
      table.insert(steps, 1, t.text)
      local is_step = before and (before.text == "." or before.text == ":") and before.kind == "mark"
        and (tokens[at - 2] or t).text ~= "."
      if not is_step then return "name", steps end
      at = at - 2
    elseif t.text == "]" and t.opened_at == at - 2 then
      local key = tokens[at - 1]
      local value = key.kind == "string" and literal(key) or math.tointeger(tonumber(key.text))
      if value == nil then return nil end
      table.insert(steps, 1, value)
      at = at - 3
    elseif t.text == ")" and t.opened_at then
      local kind, path = chain_of(tokens, t.opened_at - 1)
      if kind == "name" then return "call", steps, table.concat(path, ".") end
      local inner = tokens[t.opened_at + 1]
      if inner.kind == "string" and t.opened_at == at - 2 then return "string", steps end
      return nil
    elseif t.kind == "string" and not t.is_open then return "string", steps
    else return nil end
  end
end

local function raw_index(value, key)
  if type(value) == "string" then return rawget(string, key) end
  for _ = 1, METAS_MAX do
    if type(value) ~= "table" then break end
    local found = rawget(value, key)
    if found ~= nil then return found end
    local meta = metatable(value)
    value = meta and rawget(meta, "__index")
  end
end

local function value_of(steps)
  local value = kept_value(steps[1])
  if value == nil then value = rawget(_G, steps[1]) end
  for i = 2, #steps do value = raw_index(value, steps[i]) end
  return value
end

-- ---- words -------------------------------------------------------------------

local Words = {}
Words.__index = Words

function Words:add(word)
  if self.seen[word] or self.visits > KEYS_MAX then return end
  if word:sub(1, #self.prefix) ~= self.prefix or word:find("[%c]") then return end
  self.seen[word] = true
  self.list[#self.list + 1] = word
end

function Words:add_keys(value, of_type)
  for key, field in next, value do
    self.visits = self.visits + 1
    if self.visits > KEYS_MAX then return end
    local is_fine = not of_type or type(field) == of_type
    if type(key) == "string" and is_fine then self:add(key) end
  end
end

-- Names that may stand behind a dot or colon.
function Words:add_fields(value, is_method)
  local names = setmetatable({ list = {}, seen = {}, visits = 0, prefix = self.prefix }, Words)
  if type(value) == "string" then names:add_keys(string) end
  for _ = 1, METAS_MAX do
    local meta = (type(value) == "table" or type(value) == "userdata") and metatable(value)
    if type(value) == "table" then names:add_keys(value, is_method and "function" or nil) end
    value = meta and rawget(meta, "__index")
  end
  for _, name in ipairs(names.list) do
    if name:find("^[%a_][%w_]*$") and not keywords[name] then self:add(name) end
  end
end

function Words:add_class(path)
  local entry = reference.find(path)
  local class = entry and entry.returns and reference.class((entry.returns[1][1]:gsub("[?|].*", "")))
  for _, list in ipairs{ class and class.fields or {}, class and class.methods or {} } do
    for _, field in ipairs(list) do
      local name = field.name or field[1]
      if name:find("^[%a_][%w_]*$") then self:add(name) end
    end
  end
end

-- ---- where the cursor is -----------------------------------------------------

-- The function that the bracket at token `at` is an argument of, as it is called; and whether
-- the bracket is one table within another.
local function called(tokens, open, level)
  local at = open[level]
  local before = tokens[at - 1]
  if level > 1 and open[level - 1] ~= at - 1 and before and before.text == "," then
    at = open[level - 1] -- f(a, {
  elseif before and before.text == "(" then at = at - 1 end
  local kind, steps = chain_of(tokens, at - 1)
  if kind == "name" then return table.concat(steps, ".") end
end

local function is_at_key(tokens, last)
  local before = tokens[last]
  return before and before.kind == "mark" and (before.text == "{" or before.text == "," or before.text == ";")
end

-- Options of the call whose table is open; fields of the rows that it takes.
local function add_options(words, tokens, open, last)
  local level = #open
  if level == 0 or tokens[open[level]].text ~= "{" or not is_at_key(tokens, last) then return false end
  local entry = reference.find(called(tokens, open, level) or "")
  for _, option in ipairs(entry and entry.options or {}) do words:add(option.name) end
  if level > 1 and tokens[open[level - 1]].text == "{" then
    local outer = reference.find(called(tokens, open, level - 1) or "")
    local rows = outer and outer.params and outer.params[1]
    if rows and rows[2]:find("hoko.Row", 1, true) then words:add_class_fields("hoko.Row") end
  end
  return #words.list > 0
end

function Words:add_class_fields(name)
  for _, field in ipairs(reference.class(name).fields) do
    if field[1]:find("^%a+$") then self:add(field[1]) end
  end
end

local function add_visible(words, text)
  for name in text:gmatch("local%s+([%a_][%w_]*)") do
    if name ~= "function" then words:add(name) end
  end
  for name in text:gmatch("local%s+function%s+([%a_][%w_]*)") do words:add(name) end
  kept_names(function(name) words:add(name) end)
  for word in next, keywords do words:add(word) end
  words:add_keys(_G)
end

-- Within a string: keys of a table, what an option may be, or names of files.
local function complete_string(words, tokens, open, last)
  local before, two_before = tokens[last - 1], tokens[last - 2]
  if before and before.text == "[" then
    local kind, steps = chain_of(tokens, last - 2)
    local value = kind == "name" and value_of(steps)
    if type(value) == "table" then words:add_keys(value) end
    return "word"
  end
  if before and before.text == "=" and two_before and two_before.kind == "name" and #open > 0 then
    local name = called(tokens, open, #open)
    local option = name and reference.option(name, two_before.text)
    for _, choice in ipairs(option and option.choices or {}) do words:add(choice) end
    if option and option.name == "key" then words:add_class_fields("hoko.Row") end
    if #words.list > 0 then return "word" end
  end
  return "file"
end

local function complete_word(words, text, tokens, open, last)
  local before = tokens[last]
  local is_step = before and before.kind == "mark" and (before.text == "." or before.text == ":")
  if not is_step then
    if not add_options(words, tokens, open, last) then add_visible(words, text) end
    return
  end
  local kind, steps, path = chain_of(tokens, last - 1)
  local is_method = before.text == ":"
  if kind == "name" then words:add_fields(value_of(steps), is_method)
  elseif kind == "string" and #steps == 0 then words:add_fields("", is_method)
  elseif kind == "call" and #steps == 0 then words:add_class(path) end
end

-- ---- the whole ---------------------------------------------------------------

--- Where the word before the end of `text` begins, what it is, and what it may become.
---@param text string
---@return integer from  the offset behind which it begins
---@return "word"|"file" kind  the names of files are the host's to list
---@return string[] words
return function(text)
  local tokens, open = read(text)
  if not tokens then return #text, "word", {} end
  local last = #tokens
  local token = tokens[last]
  local words = setmetatable({ list = {}, seen = {}, visits = 0, prefix = "" }, Words)
  if token and token.is_open and token.kind == "string" then
    local from = token.from + #token.text:match("^%[?=*[%['\"]") - 1
    words.prefix = text:sub(from + 1)
    local kind = complete_string(words, tokens, open, last)
    table.sort(words.list)
    return from, kind, words.list
  end
  local is_word = token and token.kind == "name" and token.behind == #text + 1
  local from = is_word and token.from - 1 or #text
  words.prefix = text:sub(from + 1)
  if token and token.kind == "number" and token.behind == #text + 1 then return #text, "word", {} end
  complete_word(words, text, tokens, open, is_word and last - 1 or last)
  table.sort(words.list)
  return from, "word", table.move(words.list, 1, math.min(#words.list, WORDS_MAX), 1, {})
end

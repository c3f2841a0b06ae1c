-- Lua 5.4 text as what `hoko check` asks about: names, indexing, calls, functions.
-- The text is one that load() accepted, so nothing here looks for syntax errors.
local run = ...

local tokens = run("parse_tokens.lua")
local parse = {}

-- Left and right binding, as in the reference manual 3.4.8.
local binary = {
  ["or"] = { 1, 1 }, ["and"] = { 2, 2 },
  ["<"] = { 3, 3 }, [">"] = { 3, 3 }, ["<="] = { 3, 3 }, [">="] = { 3, 3 },
  ["~="] = { 3, 3 }, ["=="] = { 3, 3 },
  ["|"] = { 4, 4 }, ["~"] = { 5, 5 }, ["&"] = { 6, 6 }, ["<<"] = { 7, 7 }, [">>"] = { 7, 7 },
  [".."] = { 9, 8 }, ["+"] = { 10, 10 }, ["-"] = { 10, 10 },
  ["*"] = { 11, 11 }, ["/"] = { 11, 11 }, ["//"] = { 11, 11 }, ["%"] = { 11, 11 },
  ["^"] = { 14, 13 },
}
local unary = { ["not"] = true, ["-"] = true, ["#"] = true, ["~"] = true }
local UNARY_BINDING = 12

-- ---- the parser ------------------------------------------------------------

local Parser = {}
Parser.__index = Parser

function Parser:advance()
  local source = self.source
  local at = tokens.skip_blanks(source, self.next_at)
  for _ in source:sub(self.line_from, at - 1):gmatch("\n") do self.line = self.line + 1 end
  self.line_from = at
  local kind, last = tokens.at(source, at)
  self.kind, self.text, self.token_line = kind, source:sub(at, last), self.line
  self.next_at = last + 1
end

function Parser:is(text)
  return self.text == text and (self.kind == "operator" or self.kind == "keyword")
end

function Parser:accept(text)
  if not self:is(text) then return false end
  self:advance()
  return true
end

function Parser:name()
  local text = self.text
  self:advance()
  return text
end

function Parser:node(kind, more)
  local node = more or {}
  node.kind, node.line = kind, self.token_line
  return node
end

-- ---- scopes: who a name is -------------------------------------------------

function Parser:open_scope()
  self.scope = setmetatable({}, { __index = self.scope, above = self.scope })
end

function Parser:close_scope()
  self.scope = getmetatable(self.scope).above
end

function Parser:declare(name, line)
  local declared = { name = name, line = line, uses = 0 }
  self.scope[name] = declared
  self.result.locals[#self.result.locals + 1] = declared
  return declared
end

function Parser:name_node()
  local node = self:node("name", { name = self.text })
  node.declared = self.scope[self.text]
  self:advance()
  return node
end

-- A name is read unless it turns out to be assigned to.
function Parser:read(node)
  if node.kind ~= "name" then return node end
  if node.declared then
    node.declared.uses = node.declared.uses + 1
  else
    table.insert(self.result.reads, node)
  end
  return node
end

function Parser:assign(node)
  if node.kind == "name" and not node.declared then self.result.sets[node.name] = true end
  if node.kind == "name" and node.declared then
    node.declared.value, node.declared.element_of = nil, nil -- it is more than one thing
  end
  if node.kind ~= "index" then return end
  node.is_set = true
  if node.object.kind == "name" and node.object.declared then node.object.declared.is_extended = true end
end

-- ---- expressions -----------------------------------------------------------

function Parser:table_item(items)
  local line = self.token_line
  if self:accept("[") then
    local key = self:expression()
    self:accept("]")
    self:accept("=")
    items[#items + 1] = { key = key.value, line = line, value = self:expression() }
    return
  end
  local name = self.kind == "name" and self.text
  local is_field = name and self.source:find("^%s*=[^=]", self.next_at)
  if is_field then
    self:advance()
    self:accept("=")
    items[#items + 1] = { key = name, line = line, value = self:expression() }
  else
    items[#items + 1] = { line = line, value = self:expression() }
  end
end

function Parser:table()
  local node = self:node("table", { items = {} })
  self:accept("{")
  while not self:accept("}") do
    self:table_item(node.items)
    if not self:accept(",") then self:accept(";") end
  end
  return node
end

function Parser:function_body(node, has_self)
  self:open_scope()
  local above = self.fn
  self.fn = node
  node.returns = {}
  if has_self then self:declare("self", self.token_line).uses = 1 end
  self:accept("(")
  while not self:accept(")") do
    if self.kind == "name" then self:declare(self.text, self.token_line).uses = 1 end
    self:advance()
    self:accept(",")
  end
  self:block()
  self:accept("end")
  self.fn = above
  self:close_scope()
  return node
end

function Parser:simple()
  local kind, text = self.kind, self.text
  if kind == "number" or kind == "string" then
    local node = self:node(kind, { value = tokens.literal(text) })
    self:advance()
    return node
  end
  if text == "{" then return self:table() end
  if text == "function" then
    local node = self:node("function")
    self:advance()
    return self:function_body(node)
  end
  if kind == "keyword" or text == "..." then
    local node = self:node(text)
    self:advance()
    return node
  end
  return self:suffixed()
end

function Parser:primary()
  if self.kind == "name" then return self:name_node() end
  local node = self:node("paren")
  self:accept("(")
  node.inside = self:expression()
  self:accept(")")
  return node
end

function Parser:arguments()
  if self.kind == "string" or self:is("{") then return { self:simple() } end
  self:accept("(")
  local list = {}
  while not self:accept(")") do
    list[#list + 1] = self:expression()
    self:accept(",")
  end
  return list
end

-- The value that stands in hand, with all that is indexed and called behind it.
function Parser:suffixed()
  local node = self:primary()
  while true do
    local at = self:node("index", { object = node })
    if self:accept(".") then
      self:read(node)
      at.key = self:name()
    elseif self:accept("[") then
      self:read(node)
      at.key = self:expression().value
      self:accept("]")
    elseif self:accept(":") then
      self:read(node)
      at.kind, at.key = "method", self:name()
      at.arguments = self:arguments()
      table.insert(self.result.methods, at)
    elseif self:is("(") or self:is("{") or self.kind == "string" then
      self:read(node)
      at = self:node("call", { callee = node })
      at.arguments = self:arguments()
      table.insert(self.result.calls, at)
    else
      return node
    end
    if at.kind == "index" then table.insert(self.result.indexes, at) end
    node = at
  end
end

function Parser:expression(limit)
  limit = limit or 0
  local left
  if unary[self.text] and self.kind ~= "string" then
    left = self:node("unary", { operator = self.text })
    self:advance()
    left.operand = self:expression(UNARY_BINDING)
  else
    left = self:read(self:simple())
  end
  while self.kind ~= "string" and binary[self.text] and binary[self.text][1] > limit do
    local node = self:node("binary", { operator = self.text, left = left })
    self:advance()
    node.right = self:expression(binary[node.operator][2])
    left = node
  end
  return left
end

function Parser:expressions()
  local list = { self:expression() }
  while self:accept(",") do list[#list + 1] = self:expression() end
  return list
end

-- ---- statements ------------------------------------------------------------

local statements = {}

function Parser:block()
  self:open_scope()
  while not (self.kind == "eof" or self:is("end") or self:is("else") or self:is("elseif")
    or self:is("until")) do
    self:statement()
  end
  self:close_scope()
end

function statements.local_function(self)
  local declared = self:declare(self.text, self.token_line)
  self:advance()
  declared.is_function = true
  declared.value = self:function_body(self:node("function"))
end

function statements.local_names(self)
  local names = {}
  repeat
    names[#names + 1] = { name = self.text, line = self.token_line }
    self:advance()
    if self:accept("<") then
      self:advance()
      self:accept(">")
    end
  until not self:accept(",")
  local values = self:accept("=") and self:expressions() or {}
  for i, name in ipairs(names) do
    local declared = self:declare(name.name, name.line)
    declared.value = values[i]
    declared.is_function = values[i] and values[i].kind == "function"
  end
end

statements["local"] = function(self)
  self:advance()
  if self:accept("function") then return statements.local_function(self) end
  return statements.local_names(self)
end

statements["function"] = function(self)
  self:advance()
  local node, has_self = self:name_node(), false
  while self:is(".") or self:is(":") do
    has_self = self:is(":")
    self:read(node)
    node = self:node("index", { object = node })
    self:advance()
    node.key = self:name()
    table.insert(self.result.indexes, node)
  end
  self:assign(node)
  if node.kind == "name" and not node.declared then table.insert(self.result.functions, node) end
  self:function_body(self:node("function"), has_self)
end

statements["if"] = function(self)
  repeat
    self:advance()
    self:expression()
    self:accept("then")
    self:block()
  until not self:is("elseif")
  if self:accept("else") then self:block() end
  self:accept("end")
end

statements["while"] = function(self)
  self:advance()
  self:expression()
  self:accept("do")
  self:block()
  self:accept("end")
end

statements["do"] = function(self)
  self:advance()
  self:block()
  self:accept("end")
end

statements["for"] = function(self)
  self:advance()
  local names = {}
  repeat
    names[#names + 1] = { name = self.text, line = self.token_line }
    self:advance()
  until not self:accept(",")
  local is_generic = not self:accept("=") and self:accept("in")
  local values = self:expressions()
  self:open_scope()
  for i, name in ipairs(names) do
    local declared = self:declare(name.name, name.line)
    declared.uses = 1
    declared.element_of = is_generic and i == 1 and values[1] or nil
  end
  self:accept("do")
  self:block()
  self:accept("end")
  self:close_scope()
end

-- The condition sees the block's locals.
statements["repeat"] = function(self)
  self:advance()
  self:open_scope()
  while not self:is("until") do self:statement() end
  self:advance()
  self:expression()
  self:close_scope()
end

statements["return"] = function(self)
  self:advance()
  local is_bare = self.kind == "eof" or self:is(";") or self:is("end") or self:is("else")
    or self:is("elseif") or self:is("until")
  table.insert(self.fn.returns, is_bare and {} or self:expressions())
  self:accept(";")
end

statements["goto"] = function(self)
  self:advance()
  self:advance()
end

statements["::"] = function(self)
  self:advance()
  self:advance()
  self:advance()
end

statements["break"] = Parser.advance
statements[";"] = Parser.advance

-- A call, or an assignment.
function Parser:other_statement()
  local targets = { self:suffixed() }
  if not self:is(",") and not self:is("=") then
    self:read(targets[1])
    return
  end
  while self:accept(",") do targets[#targets + 1] = self:suffixed() end
  self:accept("=")
  self:expressions()
  for _, target in ipairs(targets) do self:assign(target) end
end

function Parser:statement()
  local known = self.kind ~= "name" and self.kind ~= "string" and statements[self.text]
  if known then return known(self) end
  return self:other_statement()
end

---@class hoko.Parsed
---@field reads table[]    name nodes that are read and not local: name, line
---@field sets table<string, boolean>  global names that are assigned somewhere
---@field indexes table[]  object, key (nil where it is computed), is_set
---@field calls table[]    callee, arguments
---@field methods table[]  object, key, arguments
---@field functions table[]  name nodes of global functions
---@field locals table[]   name, line, uses, is_function, value or element_of where it has but one,
---                      is_extended where fields are added later

--- Reads a chunk that load() accepts.
---@param source string
---@return hoko.Parsed
function parse.chunk(source)
  local result = { reads = {}, sets = {}, indexes = {}, calls = {}, methods = {}, functions = {}, locals = {} }
  local self = setmetatable({
    source = source, next_at = 1, line = 1, line_from = 1, scope = {}, result = result,
    fn = { returns = {} },
  }, Parser)
  if source:sub(1, 1) == "#" then self.next_at = source:find("\n", 1, true) or #source + 1 end
  self:advance()
  while self.kind ~= "eof" do self:statement() end
  return result
end

return parse

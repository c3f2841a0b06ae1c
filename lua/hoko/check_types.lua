-- What `hoko check` knows of a value without running the script: the class that the
-- reference says a function or a method returns.
local reference = ...

local types = {}

-- "hoko.Result?" → "hoko.Result"; nil for what is no class of the reference.
local function class_named(text)
  local name = text and text:gsub("%?$", "")
  return name and reference.class(name) and name or nil
end

local function method_of(class, name)
  for _, method in ipairs(reference.class(class).methods or {}) do
    if method.name == name then return method end
  end
end

local function first_return(entry) return entry and entry.returns and entry.returns[1] and entry.returns[1][1] end

-- What the node's function says that it returns.
local function returned(node, name_of)
  if node.kind == "call" then
    local name = name_of(node.callee)
    return first_return(name and reference.find(name))
  end
  if node.kind == "method" then
    local class = types.class_of(node.object, name_of)
    return first_return(class and method_of(class, node.key))
  end
end

--- The class of what NODE is, nil where that is not known.
---@param node table                       of parse.lua
---@param name_of fun(node: table): string?  "hoko.sync" of a node that names it
---@return string?
function types.class_of(node, name_of)
  if node.kind == "paren" then return types.class_of(node.inside, name_of) end
  if node.kind ~= "name" then return class_named(returned(node, name_of)) end
  local declared = node.declared
  if not declared then return nil end
  if declared.value then return types.class_of(declared.value, name_of) end
  local iterated = declared.element_of and returned(declared.element_of, name_of)
  return class_named(iterated and iterated:match("^fun%(%): (.+)$"))
end

--- The names that a value of CLASS has, as the keys of a table; nil where it may have any.
---@param class string
---@return table<string, boolean>?
function types.members(class)
  local known, members = reference.class(class), {}
  for _, field in ipairs(known.fields or {}) do
    if field[1]:sub(1, 1) == "[" then return nil end
    members[field[1]] = true
  end
  for _, method in ipairs(known.methods or {}) do members[method.name] = true end
  return members
end

return types

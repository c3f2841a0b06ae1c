-- A name that the API does not have is a mistake where it is read, not where the nil that
-- it gives is called.  What is read to see whether it is there stays open.
local hoko, native = ...

local open = { args = true, run = true, null = true }

local function guard(path, library)
  local meta = getmetatable(library) or {}
  function meta.__index(_, name)
    local near = type(name) == "string" and native.nearest(name, library)
    native.raise(("%s has no '%s'%s"):format(path, tostring(name),
      near and (", did you mean '%s'?"):format(near) or ""))
  end
  setmetatable(library, meta)
end

for name, value in next, hoko do
  if type(value) == "table" and not open[name] then guard("hoko." .. name, value) end
end
guard("hoko", hoko)

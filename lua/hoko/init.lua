-- The Lua half of the API, run once a state before the user's script.
local hoko, native, task = ...

local options = native.run("options.lua", native, hoko.null)
local sources = native.run("rows.lua", hoko, native, options)
local partners = native.run("partners.lua", native, options, task, native.run("map.lua", hoko, native, options))

hoko.partners = { upsert = partners.upsert, create = partners.create }
hoko.sync = partners.sync
hoko.args = task.args
hoko.run = { id = task.run, dry = task.dry_run, cause = task.cause }
arg = { table.unpack(task.args) }
arg[0] = task.script
native.run("surroundings.lua", hoko, native, options, task)
native.run("commands.lua", native, task)
local answers = native.run("answer.lua", hoko, native, options)
native.run("service.lua", hoko, native, options, answers, sources)
native.run("http.lua", hoko, native, options, answers)
hoko.partners.adopt = partners.adopter(hoko.partners.list, hoko.null)
if task.is_check then task.check = native.run("check.lua", native, options) end
if task.kind == "tests" then task.run_tests = native.run("test.lua", hoko, native, options, task) end
native.run("strict.lua", hoko, native)
if task.kind == "session" then
  native.seal()
  task.session = native.run("session.lua", native, hoko, native.run("look.lua", hoko, sources))
end
if task.kind == "code" then
  local inspect, look = native.run("inspect.lua", native, hoko.null), native.run("look.lua", hoko, sources)
  local function write(value) io.stdout:write(inspect.value(value, task.columns), "\n") end
  function task.print_values(...)
    local first = ...
    if look.is_source(first) then
      local rows, word = look.at(first)
      if #rows > 0 then write(rows) end
      if word then io.stderr:write(word, "\n") end
    else
      for i = 1, select("#", ...) do write((select(i, ...))) end
    end
  end
end

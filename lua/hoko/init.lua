-- The Lua half of the API, run once a state before the user's script.
local hoko, native, task = ...

local options = native.run("options.lua", native)
local partners = native.run("partners.lua", native, options, task)

hoko.partners = { upsert = partners.upsert, create = partners.create }
hoko.sync = partners.sync
hoko.args = task.args
hoko.run = { id = task.run, dry = task.dry_run }
arg = { table.unpack(task.args) }
arg[0] = task.script
native.run("surroundings.lua", hoko, native, options, task)
native.run("service.lua", hoko, native, options)
hoko.partners.adopt = partners.adopter(hoko.partners.list, hoko.null)
if task.is_check then task.check = native.run("check.lua", native, options) end

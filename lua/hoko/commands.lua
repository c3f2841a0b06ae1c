-- Commands, where the user allows them (run): the host starts them.
local native, task = ...

if not task.commands then return end

--- As in plain Lua; without a line, whether there is a shell.
function os.execute(line)
  if line == nil then return task.commands == "any" end
  if type(line) ~= "string" then native.raise("os.execute: a command is a string, got " .. type(line)) end
  io.stdout:flush()
  return native.execute(line)
end

--- As in plain Lua: a file that reads what the command prints ("r"), or is its input ("w").
function io.popen(line, mode)
  if type(line) ~= "string" then native.raise("io.popen: a command is a string, got " .. type(line)) end
  if mode ~= nil and mode ~= "r" and mode ~= "w" then
    native.raise("io.popen: the mode is r or w, got " .. tostring(mode))
  end
  return native.popen(line, mode or "r")
end

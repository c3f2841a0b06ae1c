std = "lua54"
max_line_length = 120
read_globals = { "hoko" }
exclude_files = { "lua/hoko/meta" } -- made, and not run
-- The Lua half makes the surroundings that scripts see.
files["lua/hoko"] = { globals = { "io", "os", "package", "arg", "hoko" } }
files["**/*_test.lua"] = { read_globals = { "test", "expect", "stub", "describe", "it", "assert" } }

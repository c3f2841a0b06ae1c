-- What a session sees in a text at a glance, and what it completes in any text.
local folder = "../../lua/hoko/"
local function run(file, ...) return assert(loadfile(folder .. file))(...) end

local scan = run("session_scan.lua")

-- A chunk, the names that are outermost, and what its last return is.
local chunks = {
  { "local a", "a" },
  { "local a, b = 1, 2", "a b" },
  { "local a <const>, b <close> = 1, nil", "a b" },
  { "local function f() local inner end", "f" },
  { "local a; local a", "a" },
  { "do local inner end local a", "a" },
  { "if x then local inner elseif y then local inner else local inner end", "" },
  { "for i = 1, 2 do local inner end while x do local inner end", "" },
  { "repeat local inner until inner local a", "a" },
  { "x = function() local inner return inner end local a = { function() local inner end }", "a" },
  { "f(function(...) local inner = ... end) local a", "a" },
  { "-- local no\nlocal a --[[ local no ]] --[==[ local\nno ]==]", "a" },
  { "s = 'local no' t = \"local \\\" no\" u = [[local no]] v = [=[ ]] local no]=] local a", "a" },
  { "t.local_ = 1 localx = 2 local a", "a" },
  { "local a return a", "a", "return a" },
  { "return 1", "", "return 1" },
  { "local f = function() return 1 end return f()", "f", "return f()" },
  { "do return 1 end", "" },
  { "s = 'return 1'", "" },
  { "local n = 0x1p4 + 3e-2 .. 'x' local a = 1 // 2 >> 3", "n a" },
  { "local a = x.y[1]:z'q' {1} (2)", "a" },
}

describe("the scan", function()
  for _, row in ipairs(chunks) do
    it("of " .. row[1]:gsub("\n", " "), function()
      assert(load(row[1]))
      local names, return_at = scan.outermost(row[1])
      assert.are.equal(row[2], table.concat(names, " "))
      assert.are.equal(row[3], return_at and row[1]:sub(return_at))
    end)
  end

  it("covers every byte but blanks of any text, in order", function()
    local pieces = { "local", "x", "'", '"', "[[", "]]", "[=[", "--", "--[[", "\n", "\\", "(", ")", "{", "}", "[", "]",
      ".", ":", "=", "1", "0x", " ", "end", "function", "\195\169", "\255", "return", "," }
    math.randomseed(1)
    for _ = 1, 5000 do
      local parts = {}
      for i = 1, math.random(0, 12) do parts[i] = pieces[math.random(#pieces)] end
      local text, last = table.concat(parts), 1
      for _, token, from, behind in scan.tokens(text) do
        assert.is_true(from >= last and behind > from)
        assert.is_nil(text:sub(last, from - 1):find("%S"))
        assert.are.equal(token, text:sub(from, behind - 1))
        last = behind
      end
      assert.is_nil(text:sub(last):find("%S"))
      scan.outermost(text)
    end
  end)
end)

describe("completion", function()
  local reference = run("reference.lua", run)
  local native = { run = run }
  local complete = run("session_complete.lua", native, reference, function() return nil end, function() end)

  it("answers any text, with words that begin as the text ends", function()
    local pieces = { "hoko", ".", ":", "partners", "upsert", "(", ")", "{", "}", "[", "]", "'", '"', "[[", "--", "\n",
      " ", "csv", "=", ",", "key", "send", "local", "x", "1", "string", "\\", "\255", "function", "end" }
    math.randomseed(2)
    for _ = 1, 5000 do
      local parts = {}
      for i = 1, math.random(0, 10) do parts[i] = pieces[math.random(#pieces)] end
      local text = table.concat(parts)
      local from, kind, words = complete(text)
      assert.is_true(from >= 0 and from <= #text, text)
      assert.is_true(kind == "word" or kind == "file", text)
      for _, word in ipairs(words) do assert.are.equal(text:sub(from + 1), word:sub(1, #text - from), text) end
    end
  end)
end)

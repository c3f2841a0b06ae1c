local function run(file) return assert(loadfile("../../lua/hoko/" .. file))() end
local parse = assert(loadfile("../../lua/hoko/parse.lua"))(run)

local function names(nodes)
  local list = {}
  for i, node in ipairs(nodes) do list[i] = node.name end
  return table.concat(list, " ")
end

local function reads(source) return names(parse.chunk(source).reads) end

-- The path that an index node spells, as far as it is written out.
local function path_of(node)
  if node.kind == "name" then return node.name end
  return path_of(node.object) .. "." .. tostring(node.key)
end

describe("names", function()
  it("are read where they are not local", function()
    assert.equal("print b", reads("local a = 1 print(a, b)"))
    assert.equal("a", reads("local a = a"))
    assert.equal("print", reads("local function f() return f end print(f)"))
    assert.equal("f", reads("local f = function() return f end"))
  end)

  it("end with their block", function()
    assert.equal("a", reads("do local a end a()"))
    assert.equal("f i", reads("for i = 1, 2 do f(i) end i()"))
    assert.equal("pairs k", reads("for k, v in pairs({}) do local _ = k, v end k()"))
    assert.equal("f", reads("repeat local done = f() until done"))
    assert.equal("p x", reads("local function f(a, ...) p(a, ...) end f(x)"))
    assert.equal("a c b", reads("if a then local b = c else b() end"))
  end)

  it("are set where they stand before an equals sign", function()
    local parsed = parse.chunk("a, b.c, d[1] = 1, 2, 3 function e() end function f.g() end")
    assert.same({ a = true, e = true }, parsed.sets)
    assert.equal("b d f", names(parsed.reads))
    assert.equal("e", names(parsed.functions))
  end)

  it("of fields and labels are none", function()
    assert.equal("x y", reads("local t = { a = x, ['b'] = y, 5 } ::again:: goto again"))
    assert.equal("x", reads("local t = {} t.a.b = x t:m()"))
  end)

  it("in strings and comments are none", function()
    assert.equal("", reads("-- a()\n--[[ b() ]] --[==[ c() ]] ]==] local s = 'd()' .. \"e()\" .. [[f()]]"))
    assert.equal("x", reads([==[local s = "\"" .. '\'' .. "a\z
      b" .. x]==]))
    assert.equal("p", reads("#!/usr/bin/env hoko a()\np()"))
  end)
end)

describe("values", function()
  it("of a local are known until it is assigned to", function()
    local known = parse.chunk("local a = 5").locals[1]
    assert.equal(5, known.value.value)
    assert.is_nil(parse.chunk("local a = 5 a = 6").locals[1].value)
    assert.is_true(parse.chunk("local a = {} a.b = 6").locals[1].is_extended)
  end)

  it("of a loop come from what it iterates over", function()
    local parsed = parse.chunk("for row in hoko.partners.list() do row() end for i = 1, 2 do i() end")
    assert.equal("call", parsed.locals[1].element_of.kind)
    assert.is_nil(parsed.locals[2].element_of)
  end)

  it("are strings and numbers as Lua reads them", function()
    local function value(text) return parse.chunk("local a = " .. text).locals[1].value.value end
    assert.equal("a\nb\65", value([["a\nb\x41"]]))
    assert.equal("x", value("[==[\nx]==]"))
    assert.equal(255, value("0xff"))
    assert.equal(1e3, value("1e3"))
  end)

  it("are counted by their use", function()
    local parsed = parse.chunk("local a, b = 1, 2 print(a, a)")
    assert.equal(2, parsed.locals[1].uses)
    assert.equal(0, parsed.locals[2].uses)
  end)
end)

describe("calls", function()
  it("have a callee, arguments and a line", function()
    local calls = parse.chunk("\nhoko.sync({ a = 1 })\nf 'x'\ng { 1 }\nh(1)(2)").calls
    assert.equal("hoko.sync", path_of(calls[1].callee))
    assert.equal(2, calls[1].line)
    assert.equal("a", calls[1].arguments[1].items[1].key)
    assert.equal("x", calls[2].arguments[1].value)
    assert.equal("table", calls[3].arguments[1].kind)
    assert.equal(2, calls[5].arguments[1].value)
  end)

  it("of methods stand apart", function()
    local parsed = parse.chunk("a.b:c(1):d(2)")
    assert.equal("c", parsed.methods[1].key)
    assert.equal("method", parsed.methods[2].object.kind)
  end)

  it("are found in every place", function()
    local source = "return f1(), -f2(), f3() + f4(), { f5(), [f6()] = f7(), a = f8() }, function() f9() end, (f10())"
    assert.equal(10, #parse.chunk(source).calls)
  end)
end)

describe("returns", function()
  it("belong to their function", function()
    local outer = parse.chunk("local function f() local g = function() return 1 end return 2, 3 end").locals[1].value
    assert.equal(1, #outer.returns)
    assert.equal(2, outer.returns[1][1].value)
  end)

  it("may be bare", function()
    local returns = parse.chunk("local function f(a) if a then return end return; end").locals[1].value.returns
    assert.same({ {}, {} }, returns)
  end)
end)

it("every script of ours is read to its end", function()
  local found = assert(io.popen("ls ../../lua/hoko/*.lua ../../scripts/*.lua *.lua hoko/*.lua"))
  local count = 0
  for path in found:lines() do
    local file = assert(io.open(path))
    local source = file:read("a")
    file:close()
    -- A name behind the end is read when nothing before it was misunderstood.
    if not source:find("\nreturn ") then
      local parsed = parse.chunk(source .. "\nlast_name()")
      assert.equal("last_name", parsed.reads[#parsed.reads].name, path)
      count = count + 1
    else
      assert.has_no.errors(function() parse.chunk(source) end)
    end
  end
  found:close()
  assert.is_true(count > 8)
end)

local function run(file) return assert(loadfile("../../lua/hoko/" .. file))(run) end
local reference = assert(loadfile("../../lua/hoko/reference.lua"))(run)

local option_types = { callable = 1, integer = 1, size = 1, string = 1, number = 1, boolean = 1, table = 1,
  character = 1, names = 1, duration = 1, userdata = 1, ["function"] = 1 }

local function types_of(spec) return type(spec.type) == "table" and spec.type or { spec.type } end

describe("each entry", function()
  for _, entry in ipairs(reference.entries) do
    it("is whole: " .. entry.name, function()
      assert.equal(entry, reference.find(entry.name))
      assert.truthy(entry.text:find("^%S.*[.]$"), "a sentence")
      local itself = entry.name:match("^hoko%.%w+")
      assert.truthy(entry.example and entry.example:find(itself, 1, true), "an example of itself")
      for _, param in ipairs(entry.params or {}) do
        assert.truthy(param[1]:find("^[%w_.]+%??$"), param[1])
        assert.equal("string", type(param[2]))
      end
    end)
  end
end)

describe("each option", function()
  for _, entry in ipairs(reference.entries) do
    for _, spec in ipairs(entry.options or {}) do
      it(("says what it may be: %s, %s"):format(entry.name, spec.name), function()
        assert.equal(spec, reference.option(entry.name, spec.name))
        assert.equal("string", type(spec.text))
        for _, kind in ipairs(types_of(spec)) do assert.truthy(option_types[kind], kind) end
        assert.equal(spec.min == nil, spec.max == nil)
      end)
    end
  end
end)

it("names are sorted and each is there once", function()
  local names = reference.names()
  assert.equal(#reference.entries, #names)
  for i = 2, #names do assert.is_true(names[i - 1] < names[i]) end
end)

it("a signature shows what may be left out", function()
  assert.equal("hoko.csv(path, options?)", reference.signature(reference.find("hoko.csv")))
  assert.equal("hoko.sync(options)", reference.signature(reference.find("hoko.sync")))
  assert.equal("hoko.text.phone(text?, country?)", reference.signature(reference.find("hoko.text.phone")))
  assert.equal("hoko.null", reference.signature(reference.find("hoko.null")))
end)

it("what is not there is nil", function()
  assert.is_nil(reference.find("hoko.cvs"))
  assert.is_nil(reference.help("hoko.cvs"))
  assert.is_nil(reference.option("hoko.csv", "heder"))
  assert.is_nil(reference.option("hoko.null", "x"))
  assert.is_nil(reference.class("hoko.Nothing"))
end)

it("a class shows its fields and methods", function()
  local page = reference.help("hoko.Rows")
  assert.truthy(page:find("^hoko%.Rows\n\nA source that can be filtered"))
  assert.truthy(page:find("\n  rows:take(count)  At most so many rows", 1, true))
  assert.truthy(reference.help("hoko.Result"):find("\n  created +integer\n"))
end)

it("help shows signature, meaning, arguments, options, result and example", function()
  assert.equal([[
hoko.ndjson(path, options?)

The objects of a file with one JSON value a line.

Arguments:
  path  string: a file of the project, or one named in the arguments; "-" is standard input

Options:
  on_error  what a malformed record does (one of "stop", "reject"; default "stop")

Returns:
  hoko.Source

Example:
  io.open("out.ndjson", "w"):write('{"name":"Al Noor"}\n'):close()
  hoko.ndjson("out.ndjson")().name --> "Al Noor"]], reference.help("hoko.ndjson"))
end)

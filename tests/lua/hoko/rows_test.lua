local path = "data/partners.csv"

local function names(rows)
  local list = {}
  for row in rows do list[#list + 1] = type(row) == "table" and row.name or row end
  return table.concat(list, " ")
end

local function counter(last)
  local n = 0
  return function()
    n = n + 1
    return n <= last and n or nil
  end
end

test("rows of an array, a function and a source are alike", function()
  expect(names(hoko.rows({ "a", "b" }))):equals("a b")
  expect(names(hoko.rows(counter(3)))):equals("1 2 3")
  expect(names(hoko.rows(hoko.csv(path)))):equals("Al Noor Al Amal Haddad")
  expect(names(hoko.rows(hoko.rows({ "a" })))):equals("a")
end)

test("stages compose in their order", function()
  local rows = hoko.rows(counter(10))
    :filter(function(n) return n % 2 == 0 end)
    :map(function(n) return n * 10 end)
    :take(3)
  expect(names(rows)):equals("20 40 60")
end)

test("a row for which map gives nil is left out", function()
  local rows = hoko.rows(counter(4)):map(function(n) return n ~= 2 and n or nil end)
  expect(names(rows)):equals("1 3 4")
end)

test("a stage asks for a row only when it is asked for one", function()
  local pulled = 0
  local rows = hoko.rows(function()
    pulled = pulled + 1
    return pulled
  end):take(2)
  expect(pulled):equals(0)
  expect(names(rows)):equals("1 2")
  expect(pulled):equals(2)
end)

test("what a for would close is closed: io.lines and the like", function()
  local closed = 0
  local closing = setmetatable({}, { __close = function() closed = closed + 1 end })
  for row in hoko.rows(counter(5), nil, nil, closing):take(2) do
    if row == 1 then break end
  end
  expect(closed):equals(1)
  local file = io.open(path)
  expect(hoko.rows(io.lines(path)):map(string.upper):take(1)()):equals("CODE,NAME,FIRST,LAST")
  for line in hoko.rows(file:lines()) do
    if line then break end
  end
  expect(io.type(file)):equals("file")
  file:close()
end)

test("an end stays the end", function()
  local answers = { "a", nil, "b" }
  local n = 0
  local rows = hoko.rows(function()
    n = n + 1
    return answers[n]
  end)
  expect({ rows(), rows(), rows() }):equals({ "a" })
end)

test("take and a loop that is left close the source", function()
  local csv = hoko.csv(path)
  expect(names(hoko.rows(csv):take(1))):equals("Al Noor")
  expect(csv):raises("is closed")
  csv = hoko.csv(path)
  for row in hoko.rows(csv):filter(function() return true end) do
    if row then break end
  end
  expect(csv):raises("is closed")
end)

test("mistakes name what came", function()
  expect(function() hoko.rows(nil) end):raises("hoko.rows: expected a source, a function or an array, got nil")
  expect(function() hoko.rows({}):filter("x") end):raises('hoko.rows(…):filter: expected a function, got "x"')
  expect(function() hoko.rows({}):take(1.5) end):raises("expected a whole number from 0, got 1.5")
  expect(function() hoko.rows({}):takes(1) end):raises("hoko.rows(…) has no 'takes', did you mean 'take'?")
end)

-- ---- hoko.pages --------------------------------------------------------------

test("pages follow their cursors, empty ones too", function()
  local pages = { { "a" }, {}, { "b", "c" } }
  local asked = {}
  local rows = hoko.pages(function(cursor)
    asked[#asked + 1] = cursor or "none"
    local number = cursor or 1
    return pages[number], number < 3 and number + 1 or nil
  end)
  expect(names(rows)):equals("a b c")
  expect(asked):equals({ "none", 2, 3 })
end)

test("a page can be a source, and null is no cursor", function()
  expect(names(hoko.pages(function() return hoko.csv(path), hoko.null end))):equals("Al Noor Al Amal Haddad")
end)

test("a loop that is left closes the page's source", function()
  local csv = hoko.csv(path)
  for row in hoko.pages(function() return csv end) do
    if row then break end
  end
  expect(csv):raises("is closed")
end)

test("a cursor that comes twice ends the loop", function()
  local rows = hoko.pages(function() return {}, "same" end)
  expect(rows):raises('hoko.pages: the cursor "same" came twice')
end)

test("a page that is none is told", function()
  expect(hoko.pages(function() return nil, 1 end)):raises("hoko.pages: a page must be an array or a source, got nil")
  expect(function() hoko.pages({}) end):raises("hoko.pages: expected a function, got table")
end)

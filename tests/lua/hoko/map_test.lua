local map = hoko.map

test("a field comes from a column, a number, a function or a part", function()
  local transform = map({ id = "uuid", name = map.join(" ", "first", "last"), email = function(row) return row.m end,
                          phone = map.value("+966") })
  expect(transform({ uuid = "u", first = "Huda", last = "Nasser", m = "x@y" }))
    :equals({ id = "u", name = "Huda Nasser", email = "x@y", phone = "+966" })
  expect(map({ name = 2 })({ "a", "b" })):equals({ name = "b" })
end)

test("what is missing, empty or null is left out of a join", function()
  local transform = map({ name = map.join("-", "a", "b", "c") })
  expect(transform({ a = "", b = hoko.null, c = 7 })):equals({ name = "7" })
  expect(transform({})):equals({})
end)

test("the first value that is there", function()
  local transform = map({ name = map.first("a", map.trim("b"), map.value("none")) })
  expect(transform({ b = "  " })):equals({ name = "none" })
  expect(transform({ b = " x " })):equals({ name = "x" })
  expect(transform({ a = hoko.null, b = "y" })):equals({ name = "y" })
end)

test("an empty cell clears where that is asked for", function()
  local transform = map({ email = map.or_null("mail") })
  expect(transform({})):equals({ email = hoko.null })
  expect(transform({ mail = "a@b" })):equals({ email = "a@b" })
end)

test("text parts nest and take numbers", function()
  local country = map.first("c", map.value("SA"))
  local transform = map({ name = map.squeeze(map.join(" ", "a", "b")), phone = map.phone("p", country) })
  expect(transform({ a = " x  y ", b = "z", p = 551234567 })):equals({ name = "x y z", phone = "+966551234567" })
  expect(transform({ p = "03 1234567", c = "AE" })):equals({ phone = "+97131234567" })
end)

test("a column's name is data, whatever is in it", function()
  for _, column in ipairs{ 'a"]b', "v1", "new\nline", "الاسم", "\\", "%d" } do
    expect(map({ name = column })({ [column] = "x" })):equals({ name = "x" })
    expect(map({ name = map.join(column, column, column) })({ [column] = "x" })):equals({ name = "x" .. column .. "x" })
  end
end)

test("mistakes name the field and the nearest name", function()
  expect(function() map({ nmae = "x" }) end):raises("hoko.map: a partner has no field 'nmae', did you mean 'name'?")
  expect(function() map({ name = true }) end):raises("hoko.map: field 'name': expected a column, a function of the row")
  expect(function() map({}) end):raises("hoko.map: there is no field")
  expect(function() map("x") end):raises('hoko.map: expected a table of fields, got "x"')
  expect(function() map({ name = map.join("first") }) end):raises("hoko.map.join: there is no column")
  expect(function() map.join(1, "first") end):raises("hoko.map.join: the separator must be a string, got 1")
  expect(function() map.phone("p", "XX") end):raises("no country 'XX' is known")
  expect(function() map.trim(nil) end):raises("hoko.map.trim: expected a column")
  expect(function() map.jion(" ", "a") end):raises("hoko.map has no 'jion', did you mean 'join'?")
end)

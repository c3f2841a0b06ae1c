local sync = hoko.transform("scripts/partners.lua")

test("blanks in a name are squeezed", function()
  local partner = sync.transform({ code = "C-1", name = "  Al  Noor " })
  expect(partner.name):equals("Al Noor")
end)

test("a local phone number gets its country", function()
  local partner = sync.transform({ code = "C-1", name = "Al Noor", phone = "055 123 4567" })
  expect(partner.phone):equals("+966551234567")
end)

test("a closed partner is skipped", function()
  expect(sync.transform({ code = "C-1", name = "Al Noor", status = "closed" })):equals(nil)
end)

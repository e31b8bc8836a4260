local sorted = require "tnt.sorted"

describe("sorted", function()
  it("iterates numbers, then strings, then booleans, each ascending", function()
    local seen = {}
    local t = { b = 1, a = 2, [10] = 3, [2] = 4, [-1.5] = 5, [true] = 6, [false] = 7 }
    for key, value in sorted(t) do
      seen[#seen + 1] = tostring(key) .. "=" .. value
    end
    assert.same({ "-1.5=5", "2=4", "10=3", "a=2", "b=1", "false=7", "true=6" }, seen)
  end)

  it("allows removing and adding in the body", function()
    local t, seen = { a = 1, b = 2, c = 3 }, {}
    for key in sorted(t) do
      seen[#seen + 1] = key
      t.b, t.z = nil, 1
    end
    assert.same({ "a", "c" }, seen)
  end)

  it("visits false values and works on empty tables", function()
    local n = 0
    for _, value in sorted { x = false } do
      assert.is_false(value)
      n = n + 1
    end
    for _ in sorted {} do n = n + 1 end
    assert.equal(1, n)
  end)

  it("refuses keys without an order", function()
    local ok, err = pcall(sorted, { [{}] = 1 })
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.matches("a key of type table has no order", err.message, 1, true)
  end)
end)

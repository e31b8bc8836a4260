local show = require "tnt.prompt.show"

describe("values at the prompt #tiny", function()
  it("are told apart by type", function()
    assert.equal('"1"', show.value "1")
    assert.equal("1", show.value(1))
    assert.equal("nil", show.value(nil))
    assert.equal("false", show.value(false))
    assert.equal([["a\"b\\c\t\1"]], show.value "a\"b\\c\t\1")
    assert.equal("two\nlines", show.value "two\nlines")
    assert.equal("3LL", show.value(3LL))
    assert.matches("^function: .*show_spec.lua:%d+$", show.value(function() end))
    assert.equal("function: builtin", show.value(print))
  end)

  it("stand side by side, or below each other when one has several lines", function()
    assert.equal("1\tnil\t2", show.values(3, 1, nil, 2))
    assert.equal("a\nb\n2", show.values(2, "a\nb", 2))
  end)

  it("are tables with sorted keys, lists first", function()
    assert.equal("{}", show.value {})
    assert.equal('{1, 2, "x"}', show.value { 1, 2, "x" })
    assert.equal('{[-1] = 0, 1, [3.5] = 1, a = {b = 1}, ["a b"] = 4, ["end"] = 3, [true] = 2}',
      show.value {
        1, [-1] = 0, [3.5] = 1, a = { b = 1 }, ["end"] = 3, [true] = 2, ["a b"] = 4,
      })
  end)

  it("go over lines when they are long", function()
    local text = show.value { name = ("x"):rep(60), other = { ("y"):rep(50), 2 }, n = 1 }
    assert.equal(([[{
  n = 1,
  name = "%s",
  other = {"%s", 2}
}]]):format(("x"):rep(60), ("y"):rep(50)), text)
  end)

  it("are limited in depth and length, and survive cycles", function()
    assert.equal("{{{{{...}}}}}", show.value { { { { { 1 } } } } })
    local long = {}
    for i = 1, 60 do long[i] = i end
    assert.matches("%.%.%. %(10 more%)", show.value(long))
    local cycle = { 1 }
    cycle.self = cycle
    assert.equal("{1, self = {cycle}}", show.value(cycle))
    local twice = { 1 }
    assert.equal("{{1}, {1}}", show.value { twice, twice })
  end)

  it("use __tostring where there is one, indented inside a table", function()
    local object = setmetatable({}, { __tostring = function() return "Net(\n  1\n)" end })
    assert.equal("Net(\n  1\n)", show.value(object))
    assert.equal("{\n  net = Net(\n    1\n  )\n}", show.value { net = object })
  end)
end)

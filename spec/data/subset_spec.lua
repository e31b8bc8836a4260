local tnt = require "tnt"

local function numbers(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

local function read(set)
  local list = {}
  for i = 1, set:size() do list[i] = set:get(i) end
  return list
end

local function raises(pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  assert.truthy(tostring(err):find(pattern), tostring(err))
end

describe("tnt.data.subset", function()
  it("is the chosen samples, in the order given", function()
    assert.same({ 3, 1, 3 }, read(tnt.data.subset({ 1, 2, 3 }, { 3, 1, 3 })))
    local inner = tnt.data.subset(tnt.data.subset(numbers(9), { 2, 4, 6, 8 }), { 3, 4 })
    assert.same({ 6, 8 }, read(inner))
  end)

  it("takes a first and a last position", function()
    assert.same({ 3, 4, 5 }, read(tnt.data.subset(numbers(9), 3, 5)))
    assert.same({}, read(tnt.data.subset(numbers(9), 3, 2)))
    raises("positions go from 1 to 9", tnt.data.subset, numbers(9), 8, 10)
    raises("got number and nil", tnt.data.subset, numbers(9), 8)
  end)

  it("reads whole batches where the data set below does", function()
    local set = tnt.data.subset(tnt.data.tensors { x = tnt.arange(5) }, { 5, 2 })
    assert.same({ 1, 4 }, set:get_many({ 2, 1 }).x:totable())
    assert.is_nil(tnt.data.subset(numbers(3), { 1 }).get_many)
  end)

  it("refuses positions out of range", function()
    raises("indices%[2%] is 4; positions go from 1 to 3", tnt.data.subset, numbers(3), { 1, 4 })
    raises("indices%[1%] is 0", tnt.data.subset, numbers(3), { 0 })
    local set = tnt.data.subset(numbers(3), { 1 })
    raises("sample 2 is out of range, there are 1", set.get, set, 2)
    raises("has only iterate", tnt.data.subset, { iterate = print }, { 1 })
  end)
end)

describe("tnt.data.split", function()
  it("gives every sample to exactly one part", function()
    local a, b, c = tnt.data.split(numbers(10), { 0.5, 0.25, 0.25 })
    assert.same({ 6, 2, 2 }, { a:size(), b:size(), c:size() }) -- the rounding goes to the first
    local all = {}
    for _, part in ipairs { a, b, c } do
      for _, i in ipairs(read(part)) do all[#all + 1] = i end
    end
    assert.not_same(numbers(10), all)
    table.sort(all)
    assert.same(numbers(10), all)
  end)

  it("is the same for the same seed, and in order when asked", function()
    local function first(options) return read((tnt.data.split(numbers(10), { 7, 3 }, options))) end
    assert.same(first(), first { seed = 0 })
    assert.not_same(first(), first { seed = 1 })
    assert.same(numbers(7), first { shuffle = false })
  end)

  it("refuses parts that do not sum to the whole", function()
    raises("must sum to the 10 samples, or as fractions to 1; they sum to 9", tnt.data.split,
      numbers(10), { 7, 2 })
    raises("they sum to 0.9", tnt.data.split, numbers(10), { 0.7, 0.2 })
    raises("part 2 is %-1", tnt.data.split, numbers(10), { 11, -1 })
    raises("did you mean 'shuffle'", tnt.data.split, numbers(10), { 10 }, { shufle = true })
  end)
end)

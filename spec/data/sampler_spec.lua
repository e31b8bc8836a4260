local sampler = require "tnt.data.sampler"

local function sorted_copy(list)
  local copy = { unpack(list) }
  table.sort(copy)
  return copy
end

local function raises(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind)
  assert.truthy(tostring(err):find(pattern), tostring(err))
end

local ten = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }

describe("samplers #tiny", function()
  it("SequentialSampler counts up, for a number or a data set", function()
    local s = sampler.SequentialSampler(4)
    assert.equal(4, s:size())
    assert.same({ 1, 2, 3, 4 }, s:order(3, 9))
    assert.same({ 1, 2 }, sampler.SequentialSampler({ size = function() return 2 end }, {}):order())
    raises("argument", "number of samples", sampler.SequentialSampler, "x")
    raises("argument", "number of samples", sampler.SequentialSampler, -1)
  end)

  it("RandomSampler permutes, differently in every epoch and for every seed", function()
    local s = sampler.RandomSampler(10)
    local a = s:order(0, 1)
    assert.same(ten, sorted_copy(a))
    assert.same(a, s:order(0, 1))
    assert.same(a, sampler.RandomSampler(10):order(0, 1))
    assert.not_same(a, s:order(1, 1))
    assert.not_same(a, s:order(0, 2))
    assert.same(s:order(5, 1), s:order(5, 1)) -- epoch 5 needs no other before it
  end)

  it("RandomSampler takes num_samples, with or without replacement", function()
    local some = sampler.RandomSampler(10, { num_samples = 4 })
    assert.equal(4, some:size())
    local order = some:order(0, 1)
    assert.equal(4, #order)
    for i = 2, 4 do assert.not_equal(sorted_copy(order)[i - 1], sorted_copy(order)[i]) end
    local many = sampler.RandomSampler(3, { replacement = true, num_samples = 3000 })
    local counts = { 0, 0, 0 }
    for _, i in ipairs(many:order(0, 4)) do counts[i] = counts[i] + 1 end
    for i = 1, 3 do assert.is_true(math.abs(counts[i] - 1000) < 130) end -- 5 standard deviations
    raises("argument", "replacement = true", sampler.RandomSampler, 3, { num_samples = 4 })
    raises("argument", "from none", sampler.RandomSampler, 0,
      { num_samples = 4, replacement = true })
  end)

  it("WeightedRandomSampler draws in proportion", function()
    local s = sampler.WeightedRandomSampler({ 1, 0, 3 }, { num_samples = 4000 })
    local counts = { 0, 0, 0 }
    for _, i in ipairs(s:order(2, 4)) do counts[i] = counts[i] + 1 end
    assert.equal(0, counts[2])
    assert.is_true(math.abs(counts[1] - 1000) < 137) -- 5 standard deviations
    assert.same(s:order(2, 4), s:order(2, 4))
    assert.not_same(s:order(2, 4), s:order(3, 4))
  end)

  it("WeightedRandomSampler without replacement takes each at most once", function()
    local s = sampler.WeightedRandomSampler({ 1, 0, 2, 5 },
      { num_samples = 3, replacement = false })
    local first = { 0, 0, 0, 0 }
    for epoch = 1, 4000 do
      local order = s:order(epoch, 1)
      assert.same({ 1, 3, 4 }, sorted_copy(order))
      first[order[1]] = first[order[1]] + 1
    end
    -- The first of them is drawn in proportion: 1/8, 2/8, 5/8 of 4,000.
    assert.is_true(math.abs(first[1] - 500) < 105)
    assert.is_true(math.abs(first[3] - 1000) < 137)
    raises("argument", "only 3 weights", sampler.WeightedRandomSampler, { 1, 0, 2, 5 },
      { num_samples = 4, replacement = false })
    raises("argument", "weights%[2%] is %-1", sampler.WeightedRandomSampler, { 1, -1 }, {})
    raises("argument", "weights%[1%] is nan", sampler.WeightedRandomSampler, { 0 / 0 }, {})
    raises("argument", "above 0", sampler.WeightedRandomSampler, { 0, 0 }, {})
  end)

  it("SubsetRandomSampler keeps to its positions", function()
    local s = sampler.SubsetRandomSampler({ 4, 8, 15, 16, 23, 42 }, {})
    assert.same({ 4, 8, 15, 16, 23, 42 }, sorted_copy(s:order(0, 1)))
    assert.not_same(s:order(0, 1), s:order(1, 1))
    assert.same({ 4, 2 }, sampler.SubsetRandomSampler({ 4, 2 }, { shuffle = false }):order(0, 1))
    raises("argument", "indices%[2%] is 0", sampler.SubsetRandomSampler, { 1, 0 }, {})
  end)

  it("BatchSampler cuts an order into lists", function()
    local b = sampler.BatchSampler({ 5, 6, 7, 8, 9 }, { batch_size = 2 })
    assert.equal(3, b:size())
    assert.same({ { 5, 6 }, { 7, 8 }, { 9 } }, b:batches(0, 0))
    local d = sampler.BatchSampler(sampler.SequentialSampler(5),
      { batch_size = 2, drop_last = true })
    assert.equal(2, d:size())
    assert.same({ { 1, 2 }, { 3, 4 } }, d:batches(0, 0))
    raises("argument", "batch_size", sampler.BatchSampler, { 1 }, { batch_size = 0 })
  end)
end)

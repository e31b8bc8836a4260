local tnt = require "tnt"
local DataLoader = require "tnt.data.loader"
local text_of = require "spec.data.text_of"

local function one_batch(list, options)
  options = options or {}
  options.batch_size = options.batch_size or #list
  return DataLoader(list, options):iterate()()
end

local function raises(kind, pattern, list, options)
  local ok, err = pcall(one_batch, list, options)
  assert.is_false(ok)
  assert.equal(kind, err.kind, tostring(err))
  assert.truthy(tostring(err):find(pattern), tostring(err))
end

describe("a batch of samples", function()
  it("makes f32 of numbers, bool of booleans, i64 of 64-bit integers, lists of strings", function()
    local batch = one_batch { { x = 1, ok = true, n = 2LL ^ 60, s = "a" },
      { x = 2.5, ok = false, n = 3LL, s = "b" } }
    assert.equal("f32", batch.x.dtype)
    assert.same({ 1, 2.5 }, batch.x:totable())
    assert.equal("bool", batch.ok.dtype)
    assert.same({ true, false }, batch.ok:totable())
    assert.equal("i64", batch.n.dtype)
    assert.equal(2LL ^ 60, batch.n[1]:item_int64())
    assert.same({ "a", "b" }, batch.s)
  end)

  it("takes dtypes by name, by path, and for samples that are one number", function()
    local list = { { label = 3, meta = { age = 4 }, pair = { 1, 2 } },
      { label = 5, meta = { age = 6 }, pair = { 3, 4 } } }
    local batch = one_batch(list,
      { dtypes = { label = "i64", ["meta.age"] = "f64", ["pair.2"] = "u8" } })
    assert.equal("i64", batch.label.dtype)
    assert.same({ 3, 5 }, batch.label:totable())
    assert.equal("f64", batch.meta.age.dtype)
    assert.equal("f32", batch.pair[1].dtype)
    assert.equal("u8", batch.pair[2].dtype)
    assert.same({ 2, 4 }, batch.pair[2]:totable())
    local plain = one_batch({ 7, 8, 9 }, { dtypes = "i32" })
    assert.equal("i32", plain.dtype)
    assert.same({ 7, 8, 9 }, plain:totable())
  end)

  it("stacks tensors, those without dims too, and casts them when told", function()
    local list = {}
    for i = 1, 3 do
      list[i] = { x = tnt.full({ 2, 2 }, i), y = tnt.tensor(i, { dtype = "i64" }) }
    end
    local batch = one_batch(list, { dtypes = { x = "f64" } })
    assert.same({ 3, 2, 2 }, batch.x.shape)
    assert.equal("f64", batch.x.dtype)
    assert.same({ { 2, 2 }, { 2, 2 } }, batch.x[2]:totable())
    assert.equal("i64", batch.y.dtype)
    assert.same({ 1, 2, 3 }, batch.y:totable())
  end)

  it("names the field, the shapes and the samples that differ", function()
    raises("shape", "field 'image' cannot be stacked: %[2, 3%] in sample 1, %[2, 4%] in sample 3",
      { { image = tnt.zeros(2, 3) }, { image = tnt.zeros(2, 3) }, { image = tnt.zeros(2, 4) } })
    raises("dtype", "field 'a.b' cannot be stacked: f32 in sample 1, i64 in sample 2",
      { { a = { b = tnt.zeros(2) } }, { a = { b = tnt.zeros(2, { dtype = "i64" }) } } })
    raises("argument", "field 'b' is in sample 1, but not in sample 2",
      { { a = 1, b = 2 }, { a = 1 } })
    raises("argument", "field 'b' is in sample 2, but not in sample 1",
      { { a = 1 }, { a = 1, b = 2 } })
    raises("argument", "field 'a' is a number in sample 1 and a string in sample 2",
      { { a = 1 }, { a = "x" } })
    raises("argument", "field 'f' is a function", { { f = print } })
    raises("dtype", "field 'label' is to be i64, but is 1.5 in sample 2",
      { { label = 1 }, { label = 1.5 } }, { dtypes = { label = "i64" } })
  end)

  it("refuses dtypes of fields that are not there", function()
    raises("argument", "unknown field in dtypes 'lable'; did you mean 'label'",
      { { label = 1, x = 2 } }, { dtypes = { lable = "i64" } })
    raises("argument", "unknown field in dtypes 'x'", { { x = { y = 1 } } },
      { dtypes = { x = "i64" } })
    raises("argument", "unknown dtype of field 'x' 'f23'; did you mean 'f32'", { { x = 1 } },
      { dtypes = { x = "f23" } })
  end)

  it("leaves the making of batches to collate", function()
    local seen
    local batch = one_batch({ { 1 }, { 2, 3 } }, { collate = function(samples)
      seen = samples
      return { longest = 2 }
    end })
    assert.same({ { 1 }, { 2, 3 } }, seen)
    assert.same({ longest = 2 }, batch)
    raises("argument", "collate returned nothing", { 1 }, { collate = function() end })
    assert.equal("{count=2", text_of(one_batch({ { i = 1 }, { i = 5 } },
      { collate = "spec.data.pair_up" })):match "^%S+")
    raises("argument", "cannot be required", { 1 }, { collate = "spec.data.no_such" })
  end)
end)

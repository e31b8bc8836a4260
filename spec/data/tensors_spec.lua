local tnt = require "tnt"

local function raises(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind, tostring(err))
  assert.truthy(tostring(err):find(pattern), tostring(err))
end

describe("tnt.data.tensors", function()
  local function made()
    return tnt.data.tensors { x = tnt.arange(12):view(4, 3):to "f32",
      more = { y = tnt.i64 { 5, 6, 7, 8 } } }
  end

  it("gives samples and whole batches", function()
    local set = made()
    assert.equal(4, set:size())
    local sample = set:get(2)
    assert.same({ 3, 4, 5 }, sample.x:totable())
    assert.equal(6, sample.more.y:item())
    local batch = set:get_many { 4, 1, 4 }
    assert.same({ { 9, 10, 11 }, { 0, 1, 2 }, { 9, 10, 11 } }, batch.x:totable())
    assert.same({ 8, 5, 8 }, batch.more.y:totable())
    assert.equal("f32", batch.x.dtype)
    assert.equal("i64", batch.more.y.dtype)
  end)

  it("takes one tensor alone", function()
    local loader = tnt.data.DataLoader(tnt.data.tensors(tnt.arange(5)), { batch_size = 2 })
    local got = {}
    for batch in loader:iterate() do got[#got + 1] = batch:totable() end
    assert.same({ { 0, 1 }, { 2, 3 }, { 4 } }, got)
  end)

  it("gives the loader's batches the loader's dtypes", function()
    local loader = tnt.data.DataLoader(made(), { dtypes = { x = "f64", ["more.y"] = "i32" } })
    local batch = loader:iterate()()
    assert.equal("f64", batch.x.dtype)
    assert.equal("i32", batch.more.y.dtype)
    raises("argument", "did you mean 'more.y'", function()
      tnt.data.DataLoader(made(), { dtypes = { ["more.z"] = "i32" } }):iterate()()
    end)
  end)

  it("outlives the scope it is made in", function()
    local set
    tnt.scope(function() set = made() end)
    assert.same({ 0, 1, 2 }, set:get(1).x:totable())
  end)

  it("refuses what does not fit together", function()
    raises("shape", "field 'b' holds 3 samples, the fields before it 2", tnt.data.tensors,
      { a = tnt.zeros(2), b = tnt.zeros(3) })
    raises("shape", "field 'a' has no dims", tnt.data.tensors, { a = tnt.tensor(1) })
    raises("argument", "field 'a' is a number", tnt.data.tensors, { a = 1 })
    raises("argument", "expected a table of tensors by name", tnt.data.tensors, {})
    local set = made()
    for _, bad in ipairs { 0, 5, 1.5, -1, "1" } do
      raises("argument", "out of range", set.get, set, bad)
      raises("argument", "out of range", set.get_many, set, { 1, bad })
    end
  end)
end)

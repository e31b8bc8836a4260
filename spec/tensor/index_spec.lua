-- x[...] and x[...] = v: views where a view can be, copies where masks and stored positions name
-- elements; gradients.
local tnt = require "tnt"
local build = require "spec.ops.build"

local function refused(kind, f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  assert.equal("table", type(err), tostring(err))
  assert.equal(kind, err.kind, err.message)
  return err.message
end

local function cube(dtype) return tnt.arange(24, { dtype = dtype or "i64" }):view(2, 3, 4) end

describe("reading", function()
  it("a number takes a slice, from 1 or from the end", function()
    local x = cube()
    assert.same({ { 0, 1, 2, 3 }, { 4, 5, 6, 7 }, { 8, 9, 10, 11 } }, x[1]:totable())
    assert.same(x[2]:totable(), x[-1]:totable())
    assert.equal(6, x[{ 1, 2, 3 }]:item())
    assert.same({}, x[{ 1, 2, 3 }].shape)
    assert.same({ 20, 21, 22, 23 }, x[2][3]:totable())
  end)

  it("a range has both ends, {} is all, a third number is the step", function()
    local x = tnt.arange(10)
    assert.same({ 1, 2, 3 }, x[{ { 2, 4 } }]:totable())
    assert.same({ 7, 8, 9 }, x[{ { -3, -1 } }]:totable())
    assert.same({ 1, 4, 7 }, x[{ { 2, 9, 3 } }]:totable())
    assert.same({ 0, 2, 4, 6, 8 }, x[{ { 1, -1, 2 } }]:totable())
    assert.same({ 4 }, x[{ { 5 } }]:totable())
    assert.same({}, x[{ { 3, 2 } }]:totable())
    assert.same({}, x[{ { 1, 0 } }]:totable())
    assert.same({}, x[{ { 11, 10 } }]:totable())
    local y = cube()
    assert.same({ { 4, 5 }, { 16, 17 } }, y[{ {}, 2, { 1, 2 } }]:totable())
    assert.same({ 2, 2, 4 }, y[{ {}, { 2, 3 } }].shape)
    assert.same({ 2, 3, 4 }, y[{}].shape)
    assert.same({ 2, 3, 2 }, y[{ {}, {}, { 1, 4, 2 } }].shape)
  end)

  it("numbers and ranges give views of the same memory", function()
    local x = tnt.zeros(3, 3)
    x[2]:fill_(5)
    x[{ {}, { 3, 3 } }]:fill_(7)
    assert.same({ { 0, 0, 7 }, { 5, 5, 7 }, { 0, 0, 7 } }, x:totable())
  end)

  it("stored positions count from 0 and copy", function()
    local x = cube()
    local ids = tnt.i64 { 1, 0, 1 }
    assert.same({ 3, 3, 4 }, x[ids].shape)
    assert.same(x[2]:totable(), x[ids][3]:totable())
    assert.same({ 2, 2, 3, 4 }, x[tnt.i64 { { 0, 1 }, { 1, 0 } }].shape)
    assert.same({ { { 8, 9, 10, 11 }, { 0, 1, 2, 3 } },
      { { 20, 21, 22, 23 }, { 12, 13, 14, 15 } } }, x[{ {}, tnt.i64 { 2, 0 } }]:totable())
    assert.same({ { 2, 0 }, { 6, 4 }, { 10, 8 } }, x[{ 1, {}, tnt.u8 { 2, 0 } }]:totable())
    assert.same(x[{ 1, 2 }]:totable(), x[{ tnt.i32(0), 2 }]:totable())
    local y = x[ids]
    y:zero_()
    assert.equal(276, x:sum():item())
    local best = tnt.f32 { 3, 9, 1 }
    assert.equal(9, best[best:argmax()]:item())
  end)

  it("a mask takes the elements, or slices, where it is true", function()
    local x = cube()
    assert.same({ 21, 22, 23 }, x[x:gt(20)]:totable())
    assert.same({ 1, 3, 4 }, x[tnt.tensor { false, true }].shape)
    assert.same({ { 0, 1, 2, 3 }, { 20, 21, 22, 23 } },
      x[tnt.tensor { { true, false, false }, { false, false, true } }]:totable())
    assert.same({ 0 }, x[x:gt(100)].shape)
    assert.same({ 24 }, x[x:ge(0)].shape)
    assert.same({ 5, 7 }, x[{ 1, 2, tnt.tensor { false, true, false, true } }]:totable())
    assert.same({ { 0, 1 }, { 8, 9 } }, x[{ 1, tnt.tensor { true, false, true },
      { 1, 2 } }]:totable())
    assert.same({ 21, 22, 23 }, x:masked_select(x:gt(20)):totable())
    assert.same({ 21, 22, 23 }, x:t()[x:t():gt(20)]:sort():totable())
  end)

  it("what is no index is refused", function()
    local x = cube()
    refused("argument", function() return x[0] end)
    refused("argument", function() return x[3] end)
    refused("argument", function() return x[-3] end)
    refused("argument", function() return x[1.5] end)
    refused("argument", function() return x[true] end)
    refused("argument", function() return x[{ { 2, 9 }, {} }] end)
    refused("argument", function() return x[{ { 0, 1 } }] end)
    refused("argument", function() return x[{ {}, { 3, 1 } }] end)
    refused("argument", function() return x[{ {}, { 1, 3, 0 } }] end)
    refused("argument", function() return x[{ {}, { 1, 2, 1, 1 } }] end)
    refused("argument", function() return x[{ "a" }] end)
    refused("shape", function() return x[{ 1, 1, 1, 1 }] end)
    refused("shape", function() return tnt.tensor(3)[1] end)
    refused("shape", function() return x[tnt.tensor { true, false, true }] end)
    refused("shape", function() return x[{ 1, tnt.tensor { true } }] end)
    refused("argument", function() return x[tnt.i64 { 2 }] end)
    refused("argument", function() return x[tnt.i64 { -1 }] end)
    refused("dtype", function() return x[tnt.f32 { 0 }] end)
    assert.truthy(refused("argument", function() return x.sumn end):find("sum", 1, true))
    refused("argument", function() x.name = 3 end)
  end)
end)

describe("writing", function()
  it("numbers, booleans and tensors into slices and ranges", function()
    local x = tnt.zeros(2, 3)
    x[1] = 5
    x[{ 2, { 2, 3 } }] = tnt.tensor { 7, 8 }
    x[{ {}, 1 }] = tnt.tensor { 1, 2 }
    assert.same({ { 1, 5, 5 }, { 2, 7, 8 } }, x:totable())
    x[{ {}, { 1, -1, 2 } }] = 0
    assert.same({ { 0, 5, 0 }, { 0, 7, 0 } }, x:totable())
    x[{ 1, 1 }] = true
    x[{}] = x * 2
    assert.same({ { 2, 10, 0 }, { 0, 14, 0 } }, x:totable())
    local ids = tnt.i64 { 0, 0 }
    ids[2] = tnt.f32(3.9) -- cut, as a conversion does
    assert.same({ 0, 3 }, ids:totable())
    x[2] = tnt.i64 { 1, 2, 3 }
    assert.same({ 1, 2, 3 }, x[2]:totable())
  end)

  it("at masks", function()
    local x = cube "f32"
    x[x:gt(20)] = 0
    assert.same({ 20, 0, 0, 0 }, x[{ 2, 3 }]:totable())
    x[x:lt(2)] = tnt.tensor { 50, 60 , 1, 2, 3 }
    assert.same({ 50, 60 }, x[{ 1, 1, { 1, 2 } }]:totable())
    assert.same({ 1, 2, 3 }, x[{ 2, 3, { 2, 4 } }]:totable())
    x[tnt.tensor { false, true }] = -1
    assert.equal(-12, x[2]:sum():item())
    x[tnt.tensor { true, false }] = tnt.tensor { 1, 2, 3, 4 }
    assert.same({ { 1, 2, 3, 4 }, { 1, 2, 3, 4 }, { 1, 2, 3, 4 } }, x[1]:totable())
    local y = tnt.zeros(2, 2):t() -- not dense
    y[tnt.tensor { { true, false }, { true, true } }] = tnt.tensor { 1, 2, 3 }
    assert.same({ { 1, 0 }, { 2, 3 } }, y:totable())
  end)

  it("at stored positions, alone and in lists", function()
    local x = tnt.zeros(3, 2)
    x[tnt.i64 { 2, 0 }] = tnt.tensor { { 1, 2 }, { 3, 4 } }
    assert.same({ { 3, 4 }, { 0, 0 }, { 1, 2 } }, x:totable())
    x[tnt.i64 { 1 }] = 9
    assert.same({ 9, 9 }, x[2]:totable())
    local y = cube()
    y[{ {}, tnt.i64 { 2, 0 } }] = 7
    assert.equal(7, y[{ 2, 3, 4 }]:item())
    assert.equal(4, y[{ 1, 2, 1 }]:item())
    y[{ 1, tnt.i64 { 0 }, { 2, 3 } }] = tnt.i64 { 8, 9 }
    assert.same({ 7, 8, 9, 7 }, y[{ 1, 1 }]:totable())
    y:transpose(1, 3)[tnt.i64 { 3 }] = 0 -- through a view that is not dense
    assert.equal(0, y[{ {}, {}, 4 }]:sum():item())
    refused("argument", function() x[tnt.i64 { 3 }] = 1 end)
    refused("argument", function() x[tnt.i64 { -1 }] = 1 end)
  end)

  it("what does not fit is refused", function()
    local x = tnt.zeros(2, 3)
    refused("shape", function() x[1] = tnt.ones(2) end)
    refused("shape", function() x[1] = tnt.ones(2, 3) end)
    refused("argument", function() x[1] = "a" end)
    refused("argument", function() x[1] = {} end)
    refused("shape", function() x[x:eq(0)] = tnt.ones(4) end)
    assert.equal(0, x:sum():item())
  end)
end)

describe("gradients", function()
  it("of what is read flow to its places, added up where one was read twice", function()
    local x = tnt.zeros(2, 3, { dtype = "f64", requires_grad = true })
    local function grad(y)
      return tnt.grad((y * (tnt.arange(y:numel(), { dtype = "f64" }):view(y.shape) + 1)):sum(),
        x):totable()
    end
    assert.same({ { 0, 0, 0 }, { 1, 2, 3 } }, grad(x[2]))
    assert.same({ { 0, 1, 2 }, { 0, 3, 4 } }, grad(x[{ {}, { 2, 3 } }]))
    assert.same({ { 1, 0, 2 }, { 3, 0, 4 } }, grad(x[{ {}, { 1, 3, 2 } }]))
    assert.same({ { 5, 7, 9 }, { 0, 0, 0 } }, grad(x[tnt.i64 { 0, 0 }]))
    assert.same({ { 0, 1, 0 }, { 0, 0, 2 } }, grad(x[tnt.tensor { { false, true, false },
      { false, false, true } }]))
  end)

  it("of what was written flow to the value, and no longer to what was there", function()
    local x = tnt.ones(2, 3, { dtype = "f64", requires_grad = true })
    local v = tnt.ones(2, { dtype = "f64", requires_grad = true })
    local function check(write)
      local y = x * 2
      write(y)
      local g = tnt.grad((y * tnt.f64 { { 1, 2, 3 }, { 4, 5, 6 } }):sum(), { x, v })
      return g[1]:totable(), g[2]:totable()
    end
    for _, key in ipairs { { 1, { 2, 3 } }, tnt.tensor { { false, true, true },
      { false, false, false } }, { 1, tnt.i64 { 1, 2 } } } do
      local gx, gv = check(function(y) y[key] = v end)
      assert.same({ { 2, 0, 0 }, { 8, 10, 12 } }, gx)
      assert.same({ 2, 3 }, gv)
    end
    local y = (x * 2):t() -- not dense
    y[tnt.i64 { 0 }] = v
    local g = tnt.grad(y:sum(), { x, v })
    assert.same({ { 0, 2, 2 }, { 0, 2, 2 } }, g[1]:totable())
    assert.same({ 1, 1 }, g[2]:totable())
    assert.is_true(build.same_bits(y[1]:detach(), v:detach()))
  end)
end)

-- How tensors look (tostring): like NumPy, with what the numbers do not tell behind them.
local balance = require "spec.balance"
local tnt = require "tnt"

local function shows(want, x) assert.equal(want, tostring(x)) end

describe("printing", function()
  it("whole floats end in a point, others have up to 4 digits, columns are aligned", function()
    shows("tensor([1., 2., 3.])", tnt.tensor { 1, 2, 3 })
    shows("tensor([ 1.500, -2.250,  0.001])", tnt.tensor { 1.5, -2.25, 1e-3 })
    shows("tensor(3.1416)", tnt.tensor(3.14159265))
    shows("tensor([  1, -20, 300])", tnt.i64 { 1, -20, 300 })
    shows("tensor([ true, false])", tnt.tensor { true, false })
    shows("tensor([[1., 2.],\n        [3., 4.]])", tnt.tensor { { 1, 2 }, { 3, 4 } })
    shows("tensor([[[0., 0.]],\n\n        [[0., 0.]]])", tnt.zeros(2, 1, 2))
    shows("tensor(true)", tnt.tensor(true))
  end)

  it("powers of ten where digits do not suffice", function()
    shows("tensor([1.0000e+10, 1.0000e+00])", tnt.tensor { 1e10, 1 })
    shows("tensor([1.0000e-05, 1.0000e+00])", tnt.tensor { 1e-5, 1 })
    shows("tensor([1.2346e+05, 1.0000e-03])", tnt.tensor { 123456.789, 0.001 })
  end)

  it("NaN, infinities and exact whole numbers", function()
    shows("tensor([ nan,  inf, -inf,   1.])", tnt.tensor { 0 / 0, math.huge, -math.huge, 1 })
    shows("tensor([    9007199254740993, -9223372036854775808])",
      tnt.i64 { 9007199254740993LL, -9223372036854775807LL - 1 })
    shows("tensor(9007199254740993)", tnt.i64(9007199254740993LL))
    shows("tensor([4503599627370496])", tnt.i64 { 4503599627370496 })
  end)

  it("dtype, shape and history where the numbers do not tell", function()
    shows("tensor([1.], f64)", tnt.f64 { 1 })
    shows("tensor([0.1], f16)", tnt.f16 { 0.1 })
    shows("tensor([1], u8)", tnt.u8 { 1 })
    shows("tensor([], shape {0})", tnt.zeros(0))
    shows("tensor([], shape {2, 0, 3})", tnt.zeros(2, 0, 3))
    local x = tnt.ones(2):requires_grad_()
    shows("tensor([1., 1.], requires_grad)", x)
    shows("tensor([2., 2.], with history)", x * 2)
    shows("tensor([1., 1.])", x:detach())
  end)

  it("the middle of long dims is left out, long rows go on below", function()
    shows("tensor([   0,    1,    2, ..., 1997, 1998, 1999])", tnt.arange(2000))
    local text = tostring(tnt.arange(1000000):view(1000, 1000))
    assert.is_true(#text < 800)
    assert.truthy(text:find("...", 1, true) and text:find("999999", 1, true))
    for line in tostring(tnt.arange(300)):gmatch "[^\n]+" do assert.is_true(#line <= 82) end
    assert.truthy(tostring(tnt.arange(300)):find("299])", 1, true))
  end)

  it("strided tensors, released ones, and values joined with text", function()
    shows("tensor([[1., 3.],\n        [2., 4.]])", tnt.tensor { { 1, 2 }, { 3, 4 } }:t())
    local x = tnt.ones(2)
    x:free()
    shows("tensor(released)", x)
    assert.equal("loss 0.5, n 3, true", "loss " .. tnt.tensor(0.5) .. ", n " .. tnt.i64(3) .. ", "
      .. tnt.tensor(true))
    local ok, err = pcall(function() return "x " .. tnt.ones(2) end)
    assert.is_false(ok)
    assert.equal("argument", err.kind)
  end)

  it("keeps nothing alive", function()
    balance.collect()
    local x = tnt.arange(5000):view(50, 100)
    local before = tnt.memory().live_tensors
    tostring(x)
    balance.collect()
    assert.equal(before, tnt.memory().live_tensors)
  end)
end)

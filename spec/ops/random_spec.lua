-- Random ops: the distributions they promise, the same numbers for any count of threads and any
-- vector width, streams that
-- go on where they were. The seeds are fixed, so nothing here is left to chance.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local random = require "tnt.random"
local build = require "spec.ops.build"

local N = 40000 -- beyond the size from which several threads work

local function moments(x)
  local mean, n, s2, s3 = 0, x:numel(), 0, 0
  local values = build.flat(x)
  for _, v in ipairs(values) do mean = mean + v / n end
  for _, v in ipairs(values) do
    s2 = s2 + (v - mean) ^ 2 / n
    s3 = s3 + (v - mean) ^ 3 / n
  end
  return mean, s2, s3
end

local function near(want, got, tolerance)
  assert.is_true(math.abs(got - want) <= tolerance, ("%g, not %g"):format(got, want))
end

local fills = {
  uniform_ = function(dtype) return tnt.zeros(N, { dtype = dtype }):uniform_(-1, 3) end,
  normal_ = function(dtype) return tnt.zeros(N, { dtype = dtype }):normal_(2, 0.5) end,
  bernoulli_ = function(dtype) return tnt.zeros(N, { dtype = dtype }):bernoulli_(0.3) end,
  randint_ = function(dtype) return tnt.zeros(N, { dtype = dtype }):randint_(0, 7) end,
  randperm_ = function() return tnt.randperm(N) end,
  dropout = function(dtype) return tnt.ones(N, { dtype = dtype }):dropout(0.3) end,
  multinomial = function(dtype) return tnt.f64 { 1, 2, 0, 5 }:to(dtype):multinomial(N) end,
}
local sorted = require "tnt.sorted"

describe("random numbers", function()
  local before = tnt.num_threads()
  teardown(function() tnt.set_num_threads(before) end)

  for name, fill in sorted(fills) do
    it(name .. " draws the same for any number of threads, and anew at every call", function()
      tnt.seed(11)
      tnt.set_num_threads(1)
      local first, second = fill "f32", fill "f32"
      tnt.seed(11)
      tnt.set_num_threads(3)
      assert.is_true(build.same_bits(first, fill "f32"))
      assert.is_true(build.same_bits(second, fill "f32"))
      assert.is_false(build.same_bits(first, second))
      tnt.seed(12)
      assert.is_false(build.same_bits(first, fill "f32"))
    end)
  end

  it("the stream's state is taken and put back", function()
    tnt.seed(3)
    tnt.rand(5)
    local state = random.state()
    local a, b = tnt.rand(5), tnt.randn(5)
    random.set_state(state)
    assert.is_true(build.same_bits(a, tnt.rand(5)))
    assert.is_true(build.same_bits(b, tnt.randn(5)))
    assert.equal("3", state.seed)
    assert.equal("1", state.calls)
  end)

  it("do not depend on the tensor's layout", function()
    tnt.seed(4)
    local a = tnt.zeros(6, 4):uniform_()
    tnt.seed(4)
    local b = build.layouts.transposed(tnt.zeros(6, 4))
    b:uniform_()
    assert.is_true(build.same_bits(a, b))
  end)

  it("uniform: mean, variance, range", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      tnt.seed(1)
      local x = fills.uniform_(dtype)
      local mean, variance, skew = moments(x)
      near(1, mean, 0.02)
      near(16 / 12, variance, 0.02)
      near(0, skew, 0.05)
      assert.is_true(x:amin():item() >= -1 and x:amin():item() < -0.99)
      assert.is_true(x:amax():item() > 2.96)
      local unit = tnt.rand(N, { dtype = dtype })
      assert.is_true(unit:amin():item() >= 0)
      assert.is_true(unit:amax():item() < 1, dtype .. " reaches 1")
    end
  end)

  it("normal: mean, variance, no skew, the share within one deviation", function()
    for _, dtype in ipairs { "f32", "f64" } do
      tnt.seed(1)
      local x = fills.normal_(dtype)
      local mean, variance, skew = moments(x)
      near(2, mean, 0.01)
      near(0.25, variance, 0.01)
      near(0, skew, 0.01)
      near(0.6827, ((x - 2):abs():lt(0.5)):to("f64"):mean():item(), 0.01)
    end
    tnt.seed(1)
    near(1, tnt.randn(N):std():item(), 0.02)
  end)

  it("bernoulli and dropout: the share", function()
    tnt.seed(1)
    near(0.3, fills.bernoulli_("f32"):mean():item(), 0.01)
    near(0.3, fills.bernoulli_("bool"):to("f32"):mean():item(), 0.01)
    local y = fills.dropout "f32"
    near(0.3, y:eq(0):to("f32"):mean():item(), 0.01)
    near(1, y:mean():item(), 0.02)
    assert.equal(0, y:ne(0):mul(y:ne(tnt.f32(1 / 0.7))):sum():item()) -- the others are scaled
    assert.is_true(build.same_bits(tnt.ones(9), tnt.ones(9):dropout(0)))
    assert.is_true(build.same_bits(tnt.zeros(9), tnt.ones(9):dropout(1)))
    for _, p in ipairs { -0.1, 1.5, 0 / 0 } do
      local ok, err = pcall(ops.dropout, tnt.ones(2), p)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
    end
  end)

  it("dropout's gradient drops the same elements", function()
    tnt.seed(8)
    local x = tnt.ones(N):requires_grad_()
    local y = x:dropout(0.4)
    assert.is_true(build.same_bits(y:detach(), tnt.grad(y:sum(), x)))
  end)

  it("randint: every number equally often, none else", function()
    tnt.seed(1)
    for _, dtype in ipairs { "i64", "i32", "u8", "f32" } do
      local x = fills.randint_(dtype)
      assert.equal(dtype, x.dtype)
      for v = 0, 6 do near(1 / 7, x:eq(v):to("f64"):mean():item(), 0.01) end
      assert.is_true(x:amax():item() == 6 and x:amin():item() == 0)
    end
    local y = tnt.randint(-3, 3, { 1000 })
    assert.is_true(y:amin():item() == -3 and y:amax():item() == 2)
    assert.equal("i64", y.dtype)
    assert.equal("argument", select(2, pcall(tnt.randint, 3, 3, { 2 })).kind)
    assert.equal("argument", select(2, pcall(tnt.randint, 0, 2.5, { 2 })).kind)
  end)

  it("randperm: every number once, every place equally likely", function()
    tnt.seed(1)
    local y = tnt.randperm(1000)
    assert.is_true(build.same_bits((y:sort()), tnt.arange(1000)))
    local counts = { 0, 0, 0 }
    for _ = 1, 3000 do
      local first = tnt.randperm(3)[1]:item()
      counts[first + 1] = counts[first + 1] + 1
    end
    for k = 1, 3 do near(1000, counts[k], 100) end
    assert.same({ 0 }, tnt.randperm(0).shape)
  end)

  it("multinomial: by weight, without replacement each once", function()
    tnt.seed(1)
    local y = fills.multinomial "f64"
    for k, share in ipairs { 1 / 8, 2 / 8, 0, 5 / 8 } do
      near(share, y:eq(k - 1):to("f64"):mean():item(), 0.01)
    end
    local rows = tnt.f32 { { 1, 0, 3 }, { 0, 1, 0 } }:multinomial(2, true)
    assert.same({ 2, 2 }, rows.shape)
    assert.same({ 1, 1 }, rows[2]:totable())
    for _ = 1, 20 do
      local z = tnt.ones(5):multinomial(5, false)
      assert.same({ 0, 1, 2, 3, 4 }, (z:sort()):totable())
      assert.same({ 0, 2 }, (tnt.f32 { 1, 0, 1e-6 }:multinomial(2, false):sort()):totable())
    end
    local function refused(kind, x, ...)
      assert.equal(kind, select(2, pcall(ops.multinomial, x, ...)).kind)
    end
    refused("argument", tnt.f32 { 1, 0 }, 2, false)
    refused("argument", tnt.f32 { 0, 0 }, 1)
    refused("argument", tnt.f32 { 1, -1 }, 1)
    refused("argument", tnt.f32 { 1, 0 / 0 }, 1)
    refused("argument", tnt.ones(2), 3, false)
    refused("dtype", tnt.i64 { 1, 2 }, 1)
    refused("shape", tnt.ones(2, 2, 2), 1)
  end)

  it("fill nothing that requires a gradient", function()
    local x = tnt.ones(3):requires_grad_()
    for _, name in ipairs { "uniform_", "normal_", "bernoulli_" } do
      assert.equal("state", select(2, pcall(x[name], x)).kind, name)
    end
    tnt.no_grad(function() x:normal_() end)
  end)
end)

-- Methods made of ops: values by their definitions, gradients by finite differences.
local ffi = require "ffi"
local tnt = require "tnt"
local build = require "spec.ops.build"

local STEP = 1e-6

local function check_gradient(f, x)
  x.requires_grad = true
  local y = f(x)
  local w = (tnt.arange(y:numel(), { dtype = "f64" }) % 5 - 1.5):view(y.shape)
  local got = build.flat(tnt.grad((y * w):sum(), x))
  local at, want = ffi.cast("double *", x:data_ptr()), {}
  tnt.no_grad(function()
    for i = 1, x:numel() do
      local v = at[i - 1]
      at[i - 1] = v + STEP
      local above = (f(x) * w):sum():item()
      at[i - 1] = v - STEP
      local below = (f(x) * w):sum():item()
      at[i - 1] = v
      want[i] = (above - below) / (2 * STEP)
    end
  end)
  assert.is_nil(build.difference(got, want, 1e-6, 1e-7))
end

local function sample() return tnt.f64 { { 0.5, -1.25, 2 }, { 1.75, 0.25, -0.75 } } end

describe("gradients of", function()
  local a = tnt.f64 { { 1, 2 }, { -1, 0.5 }, { 3, 1 } }
  local functions = {
    std = function(x) return x:std(2) end,
    std_of_all = function(x) return x:std() end,
    norm = function(x) return x:norm() end,
    norm_of_rows = function(x) return x:norm(2, 2) end,
    norm_1 = function(x) return x:norm(1, 1) end,
    norm_3 = function(x) return x:norm(3, 1, true) end,
    norm_inf = function(x) return x:norm(math.huge, 2) end,
    logsumexp = function(x) return x:logsumexp(2) end,
    logsumexp_of_all = function(x) return x:logsumexp() end,
    logsumexp_kept = function(x) return x:logsumexp({ 1, 2 }, true) end,
    matmul_vector = function(x) return x:matmul(tnt.f64 { 1, -2, 3 }) end,
    vector_matmul = function(x) return tnt.f64({ 1, -2 }):matmul(x) end,
    einsum = function(x) return tnt.einsum("ij,jk->ki", x, a) end,
    einsum_self = function(x) return tnt.einsum("ij,kj->ik", x, x) end,
    einsum_sum = function(x) return tnt.einsum("ij->i", x) end,
    einsum_outer = function(x) return tnt.einsum("ij,kl->ik", x, a) end,
    dot = function(x) return x[1]:dot(x[2]) end,
    max = function(x) return x:max() end,
    max_along = function(x) return (x:max(2)) end,
    max_of_two = function(x) return x:max(tnt.zeros(3, { dtype = "f64" }) + 0.1) end,
    min = function(x) return (x:min(1)) end,
    stack = function(x) return tnt.stack({ x, x * 2 }, -1) end,
    tile = function(x) return x:tile(2, 3) end,
    where = function(x) return tnt.where(x:gt(0), x * 3, 1) end,
    masked_select = function(x) return x:masked_select(x:detach():gt(0)) end,
    flatten = function(x) return x:t():flatten() * x:flatten() end,
    split = function(x)
      local first, second = x:split({ 1, 2 }, 2)
      return first * second
    end,
  }
  for name, f in require "tnt.sorted"(functions) do
    it(name, function() check_gradient(f, sample()) end)
  end
end)

describe("values of", function()
  local x = sample()
  it("std is the root of var, norm and logsumexp follow their definitions", function()
    assert.is_nil(build.difference(build.flat(x:std(1, 0)), build.flat(x:var(1, 0):sqrt()), 0, 0))
    local s = 0
    for _, v in ipairs(build.flat(x)) do s = s + math.exp(v) end
    assert.is_true(math.abs(x:logsumexp():item() - math.log(s)) < 1e-12)
    assert.same({ 2, 1 }, x:norm(2, 2, true).shape)
    assert.same({}, x:logsumexp().shape)
    assert.same({ 2 }, x:logsumexp(2).shape)
    assert.same({ 1, 1 }, x:logsumexp({ 1, 2 }, true).shape)
  end)

  it("max and min: of all, along a dim with places from 0, of two tensors", function()
    assert.equal(2, x:max():item())
    assert.equal(-1.25, x:min():item())
    local y, i = x:max(1)
    assert.same({ 1.75, 0.25, 2 }, y:totable())
    assert.same({ 1, 1, 0 }, i:totable())
    y, i = x:min(-1, true)
    assert.same({ { -1.25 }, { -0.75 } }, y:totable())
    assert.same({ { 1 }, { 2 } }, i:totable())
    assert.same({ { 0.5, 0, 2 }, { 1.75, 0.25, 0 } }, x:max(tnt.f64(0)):totable())
  end)

  it("operators are the methods", function()
    local a, b = tnt.f64 { 3, 4 }, tnt.f64 { 2, 5 }
    assert.same({ 5, 9 }, (a + b):totable())
    assert.same({ 1, -1 }, (a - b):totable())
    assert.same({ 6, 20 }, (a * b):totable())
    assert.same({ 1.5, 0.8 }, (a / b):totable())
    assert.same({ 9, 1024 }, (a ^ b):totable())
    assert.same({ 1, 4 }, (a % b):totable())
    assert.same({ -3, -4 }, (-a):totable())
    assert.same({ -1, -2 }, (2 - a):totable())
    assert.same({ 8, 16 }, (2 ^ a):totable())
    assert.same({ 2, 1.5 }, (6 / a):totable())
    assert.same({ 1, 3 }, (7 % a):totable())
    assert.is_true(tnt.tensor(1) < tnt.tensor(2) and tnt.tensor(1) <= 1 and tnt.tensor(3) > 2)
    assert.is_false(a == tnt.f64 { 3, 4 }) -- identity
    assert.is_true(a == a) -- luacheck: ignore
    local ok, err = pcall(function() return a > 0 end)
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    ok, err = pcall(function() return a + "x" end)
    assert.is_false(ok)
    assert.equal("argument", err.kind)
  end)
end)

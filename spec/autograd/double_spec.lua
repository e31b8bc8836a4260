-- Gradients of gradients: promised for elementwise ops, reductions, views, indexing, matmul,
-- linear, conv, softmax, log_softmax, layernorm and batchnorm (core.md section 5), refused by name
-- elsewhere. Reference: central differences of first gradients along random directions, in double.

local tnt = require "tnt"
local balance = require "spec.balance"

local f64 = { dtype = "f64" }

-- The gradient of f at xs, as values.
local function gradient(f, xs)
  local leaves = {}
  for i, x in ipairs(xs) do leaves[i] = x:detach():clone():requires_grad_() end
  return tnt.grad(f(unpack(leaves)), leaves)
end

local function dot(a, b)
  local sum = 0
  for i = 1, #a do sum = sum + (a[i] * b[i]):sum():item() end
  return sum
end

local function directions(xs)
  local list = {}
  for i, x in ipairs(xs) do list[i] = tnt.randn(x.shape, f64) end
  return list
end

local function check(f, ...)
  local xs = { ... }
  local u, v = directions(xs), directions(xs)
  local leaves = {}
  for i, x in ipairs(xs) do leaves[i] = x:detach():clone():requires_grad_() end
  local first = tnt.grad(f(unpack(leaves)), leaves, { create_graph = true })
  local along
  for i, g in ipairs(first) do
    local part = (g * v[i]):sum()
    along = along and along + part or part
  end
  local second = tnt.grad(along, leaves, { allow_unused = true })
  local hessian = 0
  for i, h in ipairs(second) do
    if h then hessian = hessian + (h * u[i]):sum():item() end
  end
  local eps, moved = 1e-5, {}
  local function at(sign)
    for i, x in ipairs(xs) do moved[i] = x + u[i] * (sign * eps) end
    return dot(gradient(f, moved), v)
  end
  local expected = (at(1) - at(-1)) / (2 * eps)
  assert.near(expected, hessian, 1e-5 * math.max(1, math.abs(expected)))
  return hessian
end

local function weigh(y) -- a loss with a curvature of its own
  local w = tnt.linspace(0.5, 1.5, y:numel()):to "f64"
  return (y:square():reshape(-1) * w):sum() + (y:reshape(-1) * w):sum()
end

describe("double backward", function()
  balance.file(setup, teardown)
  local seed = 11
  before_each(function() tnt.seed(seed) end)

  local function positive(...) return tnt.rand(..., f64) + 0.5 end
  local function normal(...) return tnt.randn(..., f64) end

  it("through elementwise ops", function()
    for _, name in ipairs {
      "exp", "log", "sqrt", "rsqrt", "tanh", "sigmoid", "gelu", "silu", "softplus", "sin", "cos",
        "square", "abs", "neg",
      "relu", "log1p", "expm1", "erf", "reciprocal",
    } do
      local ok, err = pcall(check, function(x) return weigh(x[name](x)) end, positive({ 2, 3 }))
      assert.is_true(ok, name .. ": " .. tostring(err))
    end
    check(function(a, b) return weigh(a * b / (b + 1) - b ^ 2 + a ^ b) end, positive({ 2, 3 }),
      positive({ 3 }))
    check(function(a, b) return weigh(tnt.where(a:gt(1), a * b, b * b)) end, positive({ 4 }),
      positive({ 4 }))
  end)

  it("through reductions", function()
    check(function(x) return weigh(x:sum(1)) + x:mean():square() end, normal({ 3, 4 }))
    check(function(x) return weigh(x:mean(2, true)) end, normal({ 3, 4 }))
    check(function(x) return weigh(x:var(2)) + weigh(x:std(1)) end, normal({ 3, 4 }))
    check(function(x) return weigh(x:norm(2)) end, normal({ 4 }))
    check(function(x) return weigh(x:prod(1)) end, positive({ 3, 2 }))
    check(function(x) return weigh(x:logsumexp(2)) end, normal({ 3, 4 }))
    check(function(x) return weigh((x:max(2))) end, normal({ 3, 4 }))
    check(function(x) return weigh(x:cumsum(1)) end, normal({ 3, 4 }))
  end)

  it("through views and writes in place", function()
    check(function(x) return weigh(x:transpose(1, 2):reshape(6):narrow(1, 2, 4)) end,
      normal({ 2, 3 }))
    check(function(x) return weigh(x:unsqueeze(1):expand(3, 2, 2):permute(3, 1, 2)) end,
      normal({ 2, 2 }))
    check(function(x) return weigh(tnt.cat({ x, x * x }, 2):flip(1)) end, normal({ 2, 2 }))
    check(function(x, w)
      local y = x * x
      y:narrow(1, 2, 2):mul_(w * w)
      y[1] = w:sum() ^ 2
      return weigh(y)
    end, normal({ 4 }), normal({ 2 }))
  end)

  it("through indexing", function()
    local ids = tnt.i64 { 2, 0, 2 }
    check(function(x) return weigh(x:index_select(1, ids)) end, normal({ 3, 2 }))
    check(function(x) return weigh(x:gather(1, tnt.i64 { { 0, 1 }, { 2, 2 } })) end,
      normal({ 3, 2 }))
    check(function(x) return weigh(x[{ 2, {} }]) end, normal({ 3, 2 }))
    check(function(w) return weigh(tnt.nn.functional.embedding(ids, w)) end, normal({ 3, 2 }))
  end)

  it("through matmul and linear", function()
    check(function(a, b) return weigh(a:matmul(b)) end, normal({ 2, 3 }), normal({ 3, 2 }))
    check(function(a, b) return weigh(a:matmul(b)) end, normal({ 2, 2, 3 }), normal({ 3, 2 }))
    check(function(x, w, b) return weigh(tnt.nn.functional.linear(x, w, b):tanh()) end,
      normal({ 2, 3 }), normal({ 4, 3 }), normal({ 4 }))
  end)

  it("through conv, with strides, padding, dilation and groups", function()
    local F = tnt.nn.functional
    for _, o in ipairs { {}, { stride = 2, padding = 1 }, { dilation = 2 },
      { groups = 2, padding = 1 } } do
      check(function(x, w, b) return weigh(F.conv2d(x, w, b, o):tanh()) end,
        normal({ 1, 2, 5, 5 }), normal({ 2, o.groups and 1 or 2, 3, 3 }), normal({ 2 }))
    end
  end)

  it("through softmax and log_softmax", function()
    check(function(x) return weigh(x:softmax(2)) end, normal({ 2, 4 }))
    check(function(x) return weigh(x:log_softmax(1)) end, normal({ 2, 4 }))
  end)

  it("through layernorm", function()
    check(function(x, w, b) return weigh((x:layernorm(w, b))) end, normal({ 3, 4 }), normal({ 4 }),
      normal({ 4 }))
  end)

  it("through batchnorm, in training and not", function()
    local F = tnt.nn.functional
    local mean, var = tnt.zeros(2, f64) + 0.3, tnt.ones(2, f64) * 1.4
    for _, training in ipairs { true, false } do
      check(function(x, w, b)
        return weigh(F.batch_norm(x, mean:clone(), var:clone(),
          { weight = w, bias = b, training = training }))
      end, normal({ 4, 2, 3 }), normal({ 2 }), normal({ 2 }))
    end
  end)

  it("WGAN-GP: the penalty's gradient is the one of central differences", function()
    local F = tnt.nn.functional
    local x = normal({ 2, 1, 5, 5 })
    local function penalty(w1, b1, w2)
      local input = x:clone():requires_grad_()
      local score = F.linear(F.conv2d(input, w1, b1, { padding = 1 }):tanh():reshape(2, -1),
        w2):sum()
      local g = tnt.grad(score, input, { create_graph = true })
      return (g:square():sum({ 2, 3, 4 }):sqrt() - 1):square():mean()
    end
    local ws = { normal({ 2, 1, 3, 3 }), normal({ 2 }), normal({ 1, 50 }) * 0.2 }
    local analytic = gradient(penalty, ws)
    local u = directions(ws)
    local function at(eps)
      local moved = {}
      for i, w in ipairs(ws) do moved[i] = (w + u[i] * eps):requires_grad_() end
      return penalty(unpack(moved)):item()
    end
    local expected = (at(1e-5) - at(-1e-5)) / 2e-5
    assert.near(expected, dot(analytic, u), 1e-5 * math.max(1, math.abs(expected)))
  end)

  it("elsewhere is an error that names the op", function()
    local x = normal({ 2, 3 }):requires_grad_()
    local loss = tnt.nn.functional.cross_entropy(x, tnt.i64 { 0, 2 })
    local ok, err = pcall(function()
      local g = tnt.grad(loss, x, { create_graph = true })
      return tnt.grad(g:square():sum(), x)
    end)
    assert.is_false(ok)
    assert.equal("state", err.kind)
    assert.truthy(tostring(err):find("cross_entropy", 1, true))
    assert.truthy(tostring(err):find("gradients of gradients", 1, true))
  end)
end)

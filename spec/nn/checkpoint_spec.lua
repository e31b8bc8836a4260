-- nn.checkpoint: the same gradients as without, computed by running the part again.

local tnt = require "tnt"
local balance = require "spec.balance"
local nn = tnt.nn

local function fails(kind, piece, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.is_table(err, tostring(err))
  assert.equal(kind, err.kind, tostring(err))
  assert.truthy(tostring(err):find(piece, 1, true),
    ("%q is not in: %s"):format(piece, tostring(err)))
end

local function net_of(seed)
  tnt.seed(seed)
  return nn.Sequential(nn.Linear(4, 6), nn.GELU {}, nn.Dropout { p = 0.5 }, nn.Linear(6, 4))
end

-- Loss, gradients of x and of all parameters.
local function outcome(net, part)
  local x = tnt.linspace(-1, 1, 8):reshape(2, 4):requires_grad_()
  tnt.seed(5)
  local loss = part(net, x):square():sum()
  loss:backward()
  local list = { loss:item(), x.grad:totable() }
  for _, p in ipairs(net:parameters()) do
    list[#list + 1] = p.grad:totable()
    p.grad = nil
  end
  list[#list + 1] = tnt.rand(1):item() -- the random stream goes on as without
  return list
end

describe("nn.checkpoint", function()
  balance.file(setup, teardown)

  it("gives the same results, bit for bit, with the same random numbers", function()
    balance.of(function()
      local net = net_of(1)
      local expected = outcome(net, function(n, x) return n(x) end)
      assert.same(expected, outcome(net, function(n, x) return nn.checkpoint(n, x) end))
      assert.same(expected, outcome(net,
        function(n, x) return nn.checkpoint(function(v) return n(v) end, x) end))
      assert.same(expected, outcome(net, function(n, x) -- one in another
        return nn.checkpoint(function(v) return n[4](
          nn.checkpoint(function(u) return n[3](n[2](n[1](u))) end, v)) end, x)
      end))
    end)
  end)

  it("shares parameters with what is outside", function()
    balance.of(function()
      local l = nn.Linear(3, 3)
      local function loss(part)
        local x = tnt.ones(2, 3)
        l(part(l(x))):sum():backward()
        local g = l.weight.grad
        l.weight.grad, l.bias.grad = nil, nil
        return g
      end
      local expected = loss(function(x) return l(x):tanh() end)
      local got = loss(function(x) return nn.checkpoint(function(v) return l(v):tanh() end, x) end)
      assert.is_true((expected - got):abs():max():item() < 1e-5) -- summed in another order
    end)
  end)

  it("trains parameters though no argument wants a gradient", function()
    balance.of(function()
      local l = nn.Linear(3, 1)
      nn.checkpoint(l, tnt.ones(1, 3)):backward()
      assert.same({ { 1, 1, 1 } }, l.weight.grad:totable())
    end)
  end)

  it("keeps less: inner results are gone after the forward", function()
    balance.of(function()
      local x = tnt.ones(100, 100):requires_grad_()
      local function deep(v)
        for _ = 1, 20 do v = v:tanh() end
        return v
      end
      local function held(part)
        local bytes
        for _ in tnt.steps { 1 } do
          local before = tnt.memory().live_bytes
          local y = part(x)
          bytes = tnt.memory().live_bytes - before
          y:sum():backward()
        end
        x.grad = nil
        return bytes
      end
      local with, without = held(function(v) return nn.checkpoint(deep, v) end), held(deep)
      assert.is_true(without >= 20 * 40000, without)
      assert.is_true(with <= 2 * 41000, with)
    end)
  end)

  it("several results and arguments that are no tensors", function()
    balance.of(function()
      local x = tnt.full({ 2 }, 3):requires_grad_()
      local a, b = nn.checkpoint(function(v, k, o) return v * k, v ^ o.power end, x, 4,
        { power = 2 })
      local both = a + b
      both:sum():backward()
      assert.same({ 10, 10 }, x.grad:totable())
    end)
  end)

  it("tensors among upvalues live until backward; one that needs a gradient is an error", function()
    balance.of(function()
      local x = tnt.full({ 2 }, 3):requires_grad_()
      local Net = nn.Module:extend "Net"
      function Net:forward(v)
        local mask = tnt.full({ 2 }, 5) -- goes with this call, were it not for the closure
        return nn.checkpoint(function(u) return u * mask end, v)
      end
      local net = Net()
      for _ in tnt.steps { 1 } do net(x):sum():backward() end
      assert.same({ 5, 5 }, x.grad:totable())
      local w = x * 2
      fails("state", "upvalue `w` needs a gradient", nn.checkpoint, function(u) return u * w end, x)
      local function scale(u) return u * w end
      fails("state", "upvalue `w` needs a gradient", nn.checkpoint, function(u) return scale(u) end,
        x)
      fails("state", "argument 2 is a table", nn.checkpoint, function(u, t) return u * t.w end, x,
        { w = w })
    end)
  end)

  it("refuses what it cannot do rightly", function()
    balance.of(function()
      local x = tnt.ones(2):requires_grad_()
      local function double(v) return v * 2 end
      fails("state", "only backward()", function() tnt.grad(nn.checkpoint(double, x):sum(), x) end)
      fails("state", "only backward()",
        function() nn.checkpoint(double, x):sum():backward { create_graph = true } end)
      fails("argument", "a function or a module", nn.checkpoint, 5, x)
      local inner = x * 1
      local y = nn.checkpoint(double, inner)
      inner:add_(1)
      fails("state", "changed in place", function() y:sum():backward() end)
      assert.is_false(tnt.no_grad(nn.checkpoint, double, x).requires_grad)
    end)
  end)

  it("steps flat", function()
    local net = net_of(2)
    local x = tnt.ones(2, 4)
    balance.flat(function()
      for _ in tnt.steps { 1 } do
        nn.checkpoint(function(v) return net(v) end, x):sum():backward()
        for _, p in ipairs(net:parameters()) do p.grad = nil end
      end
    end, 10, 200)
  end)
end)

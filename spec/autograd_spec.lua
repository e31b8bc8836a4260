-- Backward, tnt.grad and writing in place: what is right, and what is refused rather than wrong.
-- Numbers are closed forms.

local tnt = require "tnt"
local balance = require "spec.balance"

local function fails(kind, pieces, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.is_table(err, tostring(err))
  assert.equal(kind, err.kind, tostring(err))
  for _, piece in ipairs(pieces) do
    assert.truthy(tostring(err):find(piece, 1, true),
      ("%q is not in: %s"):format(piece, tostring(err)))
  end
end

local function leaf(...) return tnt.tensor({ ... }, { dtype = "f64" }):requires_grad_() end

describe("writing in place", function()
  balance.file(setup, teardown)

  it("is seen by gradients", function()
    local x = leaf(1, 2, 3)
    local y = x * 2
    y:mul_(3):add_(1)
    y:sum():backward()
    assert.same({ 6, 6, 6 }, x.grad:totable())
    assert.same({ 7, 13, 19 }, y:totable())
  end)

  it("of what a gradient has saved is an error with both versions", function()
    local x = leaf(1, 2)
    local y = x * 2
    local z = y:square()
    y:add_(1)
    fails("state", { "changed in place", "version 0, now 1", "clone()" },
      function() z:sum():backward() end)
    local e = (x * 1):exp()
    e:mul_(2)
    fails("state", { "changed in place" }, function() e:sum():backward() end)
  end)

  it("of what nobody saved is no error", function()
    local x = leaf(1, 2)
    local y = x * 2
    local z = y + 1
    y:zero_()
    z:sum():backward()
    assert.same({ 2, 2 }, x.grad:totable())
  end)

  it("through a view or detach() counts for all that share the memory", function()
    for _, change in ipairs {
      function(y) y:view(2, 1):add_(1) end,
      function(y) y:detach():add_(1) end,
      function(y) tnt.no_grad(function() y:narrow(1, 1, 1):add_(1) end) end,
      function(y) y[1] = 7 end,
    } do
      local x = leaf(1, 2)
      local y = x * 2
      local z = y:square():sum()
      change(y)
      fails("state", { "changed in place" }, function() z:backward() end)
    end
  end)

  it("through a view changes the base's history: the base is its old self with the part replaced",
    function()
    local x, w = leaf(1, 2, 3, 4), leaf(10, 20)
    local y = x * 2
    y:narrow(1, 2, 2):copy_(w * 3)
    local weighted = y * tnt.tensor({ 1, 10, 100, 1000 }, { dtype = "f64" })
    weighted:sum():backward()
    assert.same({ 2, 0, 0, 2000 }, x.grad:totable())
    assert.same({ 30, 300 }, w.grad:totable())
    assert.same({ 2, 30, 60, 8 }, y:totable())
  end)

  it("through a view of a view, transposed and strided", function()
    local x = tnt.arange(6, { dtype = "f64" }):reshape(2, 3):requires_grad_()
    local y = x * 1
    y:transpose(1, 2):select(1, 2):mul_(5) -- column 2
    y:sum():backward()
    assert.same({ { 1, 5, 1 }, { 1, 5, 1 } }, x.grad:totable())
  end)

  it("through one view is seen by another, taken before", function()
    local x = leaf(1, 2, 3)
    local y = x * 1
    local first, all = y:narrow(1, 1, 2), y:view(3, 1)
    first:mul_(10)
    assert.same({ { 10 }, { 20 }, { 3 } }, all:totable())
    all:sum():backward()
    assert.same({ 10, 10, 1 }, x.grad:totable())
  end)

  it("into a base without history gives it one", function()
    local w = leaf(1, 2)
    local buffer = tnt.zeros(4, { dtype = "f64" })
    buffer:narrow(1, 2, 2):copy_(w)
    buffer[4] = w[1] * 5
    assert.is_true(buffer.requires_grad)
    buffer:sum():backward()
    assert.same({ 6, 1 }, w.grad:totable())
  end)

  it("of a leaf that requires a gradient, or a view of one, is refused outside no_grad", function()
    local x = leaf(1, 2)
    fails("state", { "no_grad" }, function() x:add_(1) end)
    fails("state", { "no_grad" }, function() x:view(2, 1):add_(1) end)
    fails("state", { "no_grad" }, function() x[1] = 5 end)
    assert.same({ 1, 2 }, x:totable())
    tnt.no_grad(function() x:view(2, 1):add_(1) end)
    assert.same({ 2, 3 }, x:totable())
  end)

  it("of a view made under no_grad is refused where it would be recorded", function()
    local x = leaf(1, 2)
    local y = x * 2
    local v = tnt.no_grad(function() return y:view(2, 1) end)
    fails("state", { "made under no_grad" }, function() v:mul_(2) end)
    fails("state", { "made under no_grad" }, function() v:select(1, 1):mul_(2) end)
    tnt.no_grad(function() v:mul_(2) end)
    assert.same({ 4, 8 }, y:totable())
  end)

  it("in a loop over a buffer gives the gradient of every turn", function()
    local w = leaf(2)
    local buffer = tnt.zeros(5, { dtype = "f64" })
    buffer[1] = 1
    for i = 2, 5 do buffer:narrow(1, i, 1):copy_(buffer:narrow(1, i - 1, 1):clone() * w) end
    assert.same({ 1, 2, 4, 8, 16 }, buffer:totable())
    buffer[5]:backward() -- w^4
    assert.near(4 * 8, w.grad:item(), 1e-9)
  end)
end)

describe("backward", function()
  balance.file(setup, teardown)

  it("adds up in .grad, and a gradient that somebody looks at is not written over", function()
    local x = leaf(1, 2)
    x:sum():backward()
    local first = x.grad
    x.grad = nil
    local out = (x * 3):sum()
    out:backward()
    assert.same({ 1, 1 }, first:totable())
    assert.same({ 3, 3 }, x.grad:totable())
    local more = (x * 2):sum()
    more:backward()
    assert.same({ 5, 5 }, x.grad:totable())
  end)

  it("of more than one element wants a gradient of its shape", function()
    local x = leaf(1, 2)
    fails("shape", { "one element", "[2]" }, function() (x * 2):backward() end)
    fails("shape", { "[2]", "[3]" },
      function() (x * 2):backward(tnt.ones(3, { dtype = "f64" })) end)
    local out = (x * 2)
    out:backward(tnt.tensor({ 1, 10 }, { dtype = "f64" }))
    assert.same({ 2, 20 }, x.grad:totable())
  end)

  it("of a constant says so", function()
    fails("state", { "no history" }, function() tnt.ones(1):backward() end)
  end)

  it("a second time through a graph is an error unless retained", function()
    local x = leaf(2)
    local y = x:square()
    y:backward()
    fails("state", { "second time", "retain_graph" }, function() y:backward() end)
    x.grad = nil
    local z = x:square()
    z:backward { retain_graph = true }
    z:backward()
    assert.equal(8, x.grad:item())
    fails("argument", { "retain_graph" }, function() x:square():backward { retain = true } end)
  end)

  it("through 10^6 additions overflows no stack, nor does dropping the graph", function()
    local n = 1000000
    local x = leaf(1)
    local before = balance.now()
    local y = tnt.scope(function()
      local y = x
      for i = 1, n do
        local former = y
        y = y + 1
        if i > 1 then former:free() end
      end
      return y
    end)
    assert.is_true(tnt.memory().live_nodes >= n)
    y:backward()
    assert.equal(1, x.grad:item())
    y:free()
    x.grad = nil
    assert.is_true(tnt.memory().live_nodes <= before.live_nodes + 1)
    local z = tnt.scope(function()
      local z = x
      for i = 1, n do
        local former = z
        z = z + 1
        if i > 1 then former:free() end
      end
      return z
    end)
    z:free() -- dropped without backward
    assert.is_true(tnt.memory().live_nodes <= before.live_nodes + 1)
  end)

  it("works from inside another: a Lua gradient that runs a backward over the same leaves",
    function()
    local w = leaf(3)
    local f = tnt.Function {
      forward = function(ctx, x)
        ctx.x = x
        return x * 2
      end,
      backward = function(_, dy)
        tnt.enable_grad(function() (w * 5):sum():backward() end) -- w also waits in the outer walk
        return dy * 2
      end,
    }
    local y = f(w * 7) + w * 11
    y:backward()
    assert.equal(2 * 7 + 11 + 5, w.grad:item())
  end)

  it("a walk may run through nodes of the one around it", function()
    local w = leaf(3)
    local shared = w * 2
    local inner
    local f = tnt.Function {
      forward = function(_, x) return x * 1 end,
      backward = function(_, dy)
        inner = tnt.grad(shared, w, { retain_graph = true }):item()
        return dy
      end,
    }
    local out = (f(shared) + shared * 10)
    out:backward()
    assert.equal(2, inner)
    assert.equal(2 * 11, w.grad:item())
  end)

  it("that fails leaves no scope open, and the graph's other parts usable", function()
    local core = require "tnt.core"
    local w = leaf(3)
    local f = tnt.Function { forward = function(_, x) return x * 1 end,
      backward = function() error "no" end }
    local y = f(w)
    local ok, err = pcall(y.backward, y)
    assert.is_false(ok)
    assert.truthy(tostring(err):find("no", 1, true))
    assert.equal(0, core.context.depth)
    assert.equal(1, core.context.grad_mode)
    assert.is_nil(w.grad)
    local out = (w * 2)
    out:backward()
    assert.equal(2, w.grad:item())
  end)

  it("steps flat: 2,000 turns of forward, backward, update keep memory and system allocations",
    function()
    local w = tnt.randn(16, 16):requires_grad_()
    local b = tnt.zeros(16):requires_grad_()
    local x = tnt.randn(4, 16)
    local ballast = {} -- objects alive in Lua change nothing
    for i = 1, 50000 do ballast[i] = { i } end
    local function turn()
      for _ in tnt.steps { 1 } do
        local loss = x:matmul(w):add(b):tanh():square():mean()
        loss:backward()
        tnt.no_grad(function()
          w:sub_(w.grad * 0.01)
          b:sub_(b.grad * 0.01)
        end)
        w.grad, b.grad = nil, nil
      end
    end
    for _ = 1, 20 do turn() end
    local allocations, peak = tnt.memory().system_allocations, tnt.memory().peak_bytes
    balance.flat(turn, 20, 2000)
    if tnt.memory().cached_bytes > 0 then -- the sanitizers' build caches nothing
      assert.equal(allocations, tnt.memory().system_allocations)
    end
    assert.equal(peak, tnt.memory().peak_bytes)
    assert.equal(50000, #ballast)
  end)
end)

describe("tnt.grad", function()
  balance.file(setup, teardown)

  it("returns gradients and leaves .grad alone", function()
    local x, y = leaf(2), leaf(5)
    local g = tnt.grad(x * y, { x, y })
    assert.same({ 5, 2 }, { g[1]:item(), g[2]:item() })
    assert.is_nil(x.grad)
    assert.equal(9, tnt.grad(x * y + x * x, x):item())
  end)

  it("of inner results", function()
    local x = leaf(2)
    local y = x * 3
    assert.equal(2 * 6, tnt.grad(y * y, y):item())
  end)

  it("of several outputs, with grad_outputs", function()
    local x = leaf(1, 2)
    local a, b = x * 2, x:square()
    local seeds = { tnt.tensor({ 1, 1 }, { dtype = "f64" }),
      tnt.tensor({ 10, 100 }, { dtype = "f64" }) }
    assert.same({ 22, 402 }, tnt.grad({ a, b }, x, { grad_outputs = seeds }):totable())
  end)

  it("of an input that was not used: an error, or false with allow_unused", function()
    local x, y = leaf(2), leaf(5)
    fails("state", { "input 2", "allow_unused" }, function() tnt.grad(x * 2, { x, y }) end)
    local g = tnt.grad(x * 2, { x, y }, { allow_unused = true })
    assert.equal(2, g[1]:item())
    assert.is_false(g[2])
    assert.is_nil(tnt.grad(x * 2, y, { allow_unused = true }))
    fails("state", { "input 1", "requires_grad_" }, function() tnt.grad(x * 2, tnt.ones(1)) end)
    fails("argument", { "allow_unsed", "allow_unused" },
      function() tnt.grad(x, x, { allow_unsed = true }) end)
  end)

  it("frees the graph unless it is retained", function()
    local x = leaf(2)
    local y = x:square()
    tnt.grad(y, x)
    fails("state", { "second time" }, function() tnt.grad(y, x) end)
    local z = x:square()
    tnt.grad(z, x, { retain_graph = true })
    assert.equal(4, tnt.grad(z, x):item())
  end)

  it("to the fifth order", function()
    local x = leaf(2)
    local y = x ^ 5
    local expected = { 5 * 16, 20 * 8, 60 * 4, 120 * 2, 120 }
    for order = 1, 5 do
      y = tnt.grad(y, x, { create_graph = order < 5 })
      assert.near(expected[order], y:item(), 1e-6)
    end
  end)

  it("with create_graph goes on into a loss", function()
    local x, w = leaf(1, 2), leaf(3, 4)
    local g = tnt.grad((x:square() * w):sum(), x, { create_graph = true }) -- 2 x w
    g:square():sum():backward() -- 4 x^2 w^2
    assert.same({ 8 * 1 * 9, 8 * 2 * 16 }, x.grad:totable())
    assert.same({ 8 * 1 * 3, 8 * 4 * 4 }, w.grad:totable())
  end)

  it("backward with create_graph leaves gradients with a history", function()
    local x = leaf(3)
    x:square():square():backward { create_graph = true }
    assert.is_true(x.grad.requires_grad)
    local second = tnt.grad(x.grad, x)
    assert.near(12 * 9, second:item(), 1e-9)
    x.grad = nil
  end)
end)

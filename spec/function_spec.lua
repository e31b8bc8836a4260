-- tnt.Function: gradients written in Lua.

local tnt = require "tnt"
local balance = require "spec.balance"

local f64 = { dtype = "f64" }
local function leaf(...) return tnt.tensor({ ... }, f64):requires_grad_() end

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

describe("tnt.Function", function()
  balance.file(setup, teardown)

  local round_ste = tnt.Function { -- the one of the documentation
    name = "round_ste",
    forward = function(ctx, x, step)
      ctx:save(x)
      ctx.step = step
      return (x / step):round() * step
    end,
    backward = function(ctx, dy)
      local x = ctx:saved()
      return dy * x:abs():le(1):to(dy.dtype)
    end,
  }

  it("saves tensors and fields", function()
    balance.of(function()
      local x = leaf(0.26, -0.74, 3)
      local y = round_ste(x, 0.5)
      assert.same({ 0.5, -0.5, 3 }, y:totable())
      y:sum():backward()
      assert.same({ 1, 1, 0 }, x.grad:totable())
    end)
  end)

  it("without a gradient wanted runs forward only, and records nothing", function()
    balance.of(function()
      local y = round_ste(tnt.tensor({ 0.3 }, f64), 0.5)
      assert.is_false(y.requires_grad)
      local x = leaf(1)
      assert.is_false(tnt.no_grad(round_ste, x, 0.5).requires_grad)
    end)
  end)

  it("forward runs unrecorded, backward too unless create_graph is set", function()
    local modes = {}
    local core = require "tnt.core"
    local f = tnt.Function {
      forward = function(ctx, x)
        modes[#modes + 1] = core.context.grad_mode
        ctx.x = x
        return x * x
      end,
      backward = function(ctx, dy)
        modes[#modes + 1] = core.context.grad_mode
        local dx = dy * ctx.x * 2
        modes[#modes + 1] = dx.requires_grad
        return dx
      end,
    }
    local x = leaf(3)
    f(x):backward()
    tnt.grad(f(x), x, { create_graph = true })
    assert.same({ 0, 0, false, 0, 1, true }, modes)
  end)

  it("tells by ctx.needs which gradients are wanted; missing ones are none", function()
    balance.of(function()
      local seen
      local f = tnt.Function {
        forward = function(_, a, n, b, c) return a * n + b + c end,
        backward = function(ctx, dy)
          seen = { ctx.needs[1], ctx.needs[2], ctx.needs[3], ctx.needs[4] }
          return dy * 5, nil, nil, nil
        end,
      }
      local a, b, c = leaf(1), tnt.ones(1, f64), leaf(2)
      f(a, 5, b, c):backward()
      assert.same({ true, false, false, true }, seen)
      assert.equal(5, a.grad:item())
      assert.is_nil(c.grad)
    end)
  end)

  it("with several results gets zeros for those that were not used", function()
    balance.of(function()
      local f = tnt.Function {
        forward = function(_, x) return x * 2, x * 3, x:gt(0) end,
        backward = function(_, da, db) return da * 2 + db * 3 end,
      }
      local x = leaf(1, 2)
      local a, b, c = f(x)
      assert.is_false(c.requires_grad)
      assert.is_true(a.requires_grad)
      b:sum():backward()
      assert.same({ 3, 3 }, x.grad:totable())
    end)
  end)

  it("refuses a gradient of the wrong shape or type, and names it", function()
    balance.of(function()
      local function with(backward)
        return tnt.Function { name = "mine", forward = function(_, x) return x * 1 end,
          backward = backward }
      end
      local x = leaf(1, 2)
      fails("shape", { "argument 1", "[2]", "[3]" }, function()
        with(function() return tnt.ones(3, f64) end)(x):sum():backward()
      end)
      fails("argument", { "mine.backward", "result 1", "number" }, function()
        with(function() return 5 end)(x):sum():backward()
      end)
      fails("argument", { "mine.forward", "result 1", "number" }, function()
        tnt.Function { name = "mine", forward = function() return 5 end,
          backward = function() end }(x)
      end)
      fails("argument", { "backward", "function" }, tnt.Function, { forward = function() end })
      fails("argument", { "forwrad", "forward" }, tnt.Function, { forwrad = function() end })
      assert.is_nil(x.grad)
    end)
  end)

  it("an error of the user's passes through as it was", function()
    balance.of(function()
      local f = tnt.Function { forward = function(_, x) return x * 1 end,
        backward = function() error { mine = 7 } end }
      local ok, err = pcall(function() f(leaf(1)):backward() end)
      assert.is_false(ok)
      assert.equal(7, err.mine)
    end)
  end)

  it("a saved tensor that was changed in place is an error", function()
    balance.of(function()
      local x = leaf(0.1)
      local inner = x * 1
      local y = round_ste(inner, 0.5)
      inner:add_(1)
      fails("state", { "round_ste", "saved tensor 1", "changed in place" },
        function() y:backward() end)
    end)
  end)

  it("a result may be saved: no cycle, and gradients of gradients see it", function()
    local exp = tnt.Function {
      name = "exp",
      forward = function(ctx, x)
        local y = x:exp()
        ctx:save(y)
        return y
      end,
      backward = function(ctx, dy) return dy * ctx:saved() end,
    }
    balance.of(function()
      local x = leaf(2)
      local y = exp(x)
      for _ = 1, 4 do
        assert.near(math.exp(2), y:item(), 1e-9)
        y = tnt.grad(y, x, { create_graph = true })
      end
    end)
    balance.of(function() exp(leaf(2)) end) -- dropped
  end)

  it("a result that is an argument is another handle, and writing to it is refused", function()
    balance.of(function()
      local same = tnt.Function { forward = function(_, x) return x end,
        backward = function(_, dy) return dy * 10 end }
      local x = leaf(1, 2)
      local inner = x * 1
      local y = same(inner)
      assert.is_false(rawequal(y, inner))
      fails("state", { "clone()" }, function() y:mul_(2) end)
      fails("state", { "clone()" }, function() y:view(2, 1):mul_(2) end)
      y:sum():backward()
      assert.same({ 10, 10 }, x.grad:totable())
    end)
  end)

  it("writing into a result, also through a view, is seen by gradients", function()
    balance.of(function()
      local double = tnt.Function { forward = function(_, x) return x * 2 end,
        backward = function(_, dy) return dy * 2 end }
      local x = leaf(1, 2)
      local y = double(x)
      y:view(2, 1):select(1, 1):mul_(5)
      y:sum():backward()
      assert.same({ 10, 2 }, x.grad:totable())
    end)
  end)

  it("tables in ctx are copied: the caller's stay as they were", function()
    balance.of(function()
      local given = { w = tnt.ones(1, f64) * 3 }
      local f = tnt.Function {
        forward = function(ctx, x, t)
          ctx.t = t
          return x * t.w
        end,
        backward = function(ctx, dy) return dy * ctx.t.w end,
      }
      local x, before = leaf(2), given.w
      local y = f(x, given)
      assert.is_true(rawequal(before, given.w))
      given.w = nil
      y:backward()
      assert.equal(3, x.grad:item())
    end)
  end)

  it("dropped without backward, in a step or outside, leaves no Lua half and no tensor", function()
    balance.of(function()
      local x = leaf(1)
      for _ = 1, 20 do round_ste(x, 0.5) end
      for _ in tnt.steps { 1, 2, 3 } do round_ste(x, 0.5) end
      tnt.scope(function() round_ste(x, 0.5) end)
    end)
  end)

  it("many in a row keep memory flat", function()
    local x = leaf(1)
    balance.flat(function()
      for _ in tnt.steps { 1 } do
        round_ste(round_ste(x, 0.5), 0.25):backward()
        x.grad = nil
      end
    end, 10, 500)
  end)

  it("in modules: ctx holds what the module's scope releases", function()
    balance.of(function()
      local square = tnt.Function {
        forward = function(ctx, x)
          ctx.x = x
          return x * x
        end,
        backward = function(ctx, dy) return dy * ctx.x * 2 end,
      }
      local Net = tnt.nn.Module:extend "Net"
      function Net:forward(x) return square(x * 3) end -- x * 3 goes with the call
      local x, net = leaf(2), Net()
      for _ in tnt.steps { 1 } do net(x):backward() end
      assert.equal(2 * 6 * 3, x.grad:item())
    end)
  end)
end)

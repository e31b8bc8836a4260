-- The rules R1 and R3 to R10 of core.md section 1, one by one; R2 is in closing_spec.lua.

local tnt = require "tnt"
local balance = require "spec.balance"
local core = require "tnt.core"
local program = require "spec.ownership.program"
local scope = require "tnt.scope"
local nn = tnt.nn
local batches, unit_with, module_with = program.batches, program.unit_with, program.module_with
local context = core.context
local is_hard = core.C.tnt_hard() ~= 0

local function train(unit, steps, hooks)
  return program.train(unit, steps or 3, { hooks = hooks })
end

local function fails(kind, piece, fn, ...) program.refused(kind, { piece }, fn, ...) end

describe("the rules of ownership", function()
  balance.file(setup, teardown)
  after_each(function() assert.equal(0, context.depth) end)

  describe("R1, opening:", function()
    it("a step's scope is open from before the batch until after the step-end hooks", function()
      local depths = {}
      local function note(name) return function() depths[#depths + 1] = name
        .. context.depth end end
      local hook = {
        on_train_start = note "start ", on_train_epoch_start = note "epoch start ",
          on_train_get_next_batch_start = note "fetch ",
        on_train_step_start = note "step start ", on_train_step_end = note "step end ",
          on_train_epoch_end = note "epoch end ",
        on_train_end = note "end ",
      }
      train(unit_with { train_step = note "step " }, 1, { hook })
      assert.same({ "start 0", "epoch start 0", "fetch 1", "step start 1", "step 1", "step end 1",
        "fetch 1", "epoch end 0", "end 0" },
        depths)
    end)

    it("a failed step's scope closes after on_exception", function()
      local depth
      pcall(train, unit_with { train_step = function() error "no" end }, 1,
        { { on_exception = function() depth = context.depth end } })
      assert.equal(1, depth)
    end)

    it("turns of tnt.steps, tnt.scope and calls of modules open one each", function()
      local seen = {}
      local leaf = module_with { forward = function() seen.leaf = context.depth end,
        scoped = false }
      local net = module_with { forward = function() seen.module = context.depth leaf() end }
      for _ in tnt.steps { 1 } do
        seen.turn = context.depth
        tnt.scope(function()
          seen.scope = context.depth
          net()
        end)
      end
      assert.same({ turn = 1, scope = 2, module = 3, leaf = 3 }, seen)
      assert.is_false(nn.Linear(1, 1).scoped)
    end)

    it("each pull of a Lua gradient opens one", function()
      local depth
      local f = tnt.Function {
        forward = function(_, x) return x * 2 end,
        backward = function(_, dy) depth = context.depth return dy * 2 end,
      }
      local x = tnt.ones(2):requires_grad_()
      f(x):sum():backward()
      assert.equal(1, depth)
      assert.equal(0, context.depth)
    end)

    it("outside scopes handles own, and the collector frees", function()
      balance.of(function()
        for _ = 1, 100 do local _ = tnt.ones(10) + 1 end
      end)
    end)
  end)

  describe("R3, leaving:", function()
    it("results and plain tables of them to depth 4 leave, with cycles", function()
      balance.of(function()
        local a, nest, deep = tnt.scope(function()
          local cyclic = { b = tnt.ones(1) }
          cyclic.self = cyclic
          return tnt.ones(1), cyclic, { { { { { tnt.ones(1) } } } } }
        end)
        assert.is_true(a:is_alive() and nest.b:is_alive())
        assert.is_false(deep[1][1][1][1][1]:is_alive())
      end)
    end)

    it("keep keeps, free frees early, in any scope", function()
      balance.of(function()
        local kept, nest
        tnt.scope(function()
          kept, nest = tnt.ones(2):keep(), tnt.keep { a = { tnt.ones(2) } }
          local x = tnt.ones(2)
          x:free()
          assert.is_false(x:is_alive())
          fails("released", "released", function() x:sum() end)
        end)
        assert.is_true(kept:is_alive() and nest.a[1]:is_alive())
      end)
    end)

    it("an argument handed through does not outlive its own scope", function()
      balance.of(function()
        local outer
        for _ in tnt.steps { 1 } do
          outer = tnt.ones(2)
          local same = module_with { forward = function(_, x) return x end }(outer)
          assert.is_true(rawequal(same, outer))
        end
        assert.is_false(outer:is_alive())
      end)
    end)
  end)

  describe("R4, fields:", function()
    it("are raw: #, pairs and rawget work", function()
      local net = module_with { forward = function(self,
        x) self.h = x * 1 self[1] = x * 2 return x end }
      net(tnt.ones(1))
      assert.equal(1, #net)
      assert.equal(1, rawget(net, "h"):item())
      local names = {}
      for name in pairs(net) do names[#names + 1] = tostring(name) end
      table.sort(names)
      assert.same({ "1", "h", "training" }, names)
    end)

    it("a direct field of unit, hook, metric, state and module is kept", function()
      balance.of(function()
        local net = module_with { forward = function(self, x) self.h = x * 1 return x end }
        local metric = { update = function() end, compute = function() end }
        local hook = { on_train_step_end = function(self) self.seen = tnt.ones(1) end }
        local unit = unit_with {
          train_step = function(self, state, x)
            net(x)
            self.u, self.metric.m, state.mine = x * 1, x * 2, x * 3
          end,
        }
        unit.metric = metric
        local state
        hook.on_train_start = function(_, s) state = s end
        train(unit, 3, { hook })
        for _, t in ipairs { net.h, unit.u, metric.m, state.mine, hook.seen } do assert.is_true(
          t:is_alive()) end
        assert.equal(18, net.h:sum():item())
      end)
    end)

    it("a field that held a number, or nothing, or was not looked at before, is seen at every call",
      function()
      balance.of(function()
        local net = module_with {
          forward = function(self, x)
            self.calls = self.calls + 1
            if self.calls >= 3 then self.total = self.total + x:sum() end
            if self.calls == 5 then self.late = x * 1 end
            return x
          end,
        }
        net.calls, net.total = 0, 0
        for _, x in tnt.steps(batches(7)) do net(x) end
        assert.equal(6 * (3 + 4 + 5 + 6 + 7), net.total:item())
        assert.equal(30, net.late:sum():item())
      end)
    end)

    it("register_buffer, register_parameter and lazy optimizers keep at once", function()
      balance.of(function()
        local net = nn.Module:extend "Plain" ()
        tnt.scope(function()
          net:register_buffer("b", tnt.ones(1))
          net:register_parameter("p", tnt.ones(1))
        end)
        assert.is_true(net.b:is_alive() and net.p:is_alive())
      end)
    end)
  end)

  describe("R5, overwriting:", function()
    it("what a field held before lives to the end of the step, and no longer", function()
      balance.of(function()
        local net = module_with { forward = function(self, x) self.h = x * 1 return x end }
        local before
        for i, x in tnt.steps(batches(3)) do
          before = rawget(net, "h")
          net(x)
          if before then
            assert.equal(6 * (i - 1), before:sum():item())
            assert.equal(6, (net.h - before):sum():item())
          end
        end
        assert.is_false(before:is_alive())
      end)
    end)

    it("a tensor moved to another owner's field stays, in either order", function()
      for _, module_first in ipairs { true, false } do
        balance.of(function()
          local net = module_with { forward = function(self, x) self.h = x * 1 return x end }
          local unit = unit_with {
            train_step = function(self, _, x)
              if module_first then net(x) end
              local now = rawget(net, "h")
              self.last, self.older = now, self.last
              if not module_first then net(x) end
            end,
          }
          train(unit, 8)
          local at = module_first and 8 or 7
          assert.equal(6 * at, unit.last:sum():item())
          assert.equal(6 * (at - 1), unit.older:sum():item())
        end)
      end
    end)

    it("a tensor in two fields stays until both are overwritten", function()
      balance.of(function()
        local seen = setmetatable({}, {}) -- not searched
        local unit = unit_with {
          train_step = function(self, _, x)
            local n = self.train_progress.num_steps_completed
            if n == 0 then
              seen.first = x * 1
              self.a, self.b = seen.first, seen.first
            elseif n == 2 then self.a = nil
            elseif n == 4 then self.b = nil end
            assert.equal(n <= 4, seen.first:is_alive())
          end,
        }
        train(unit, 6)
      end)
    end)

    it("what was kept by name is not let go by a field", function()
      balance.of(function()
        local best = {}
        local unit = unit_with {
          train_step = function(self, _, x)
            if self.h then best[#best + 1] = self.h:keep() end
            self.h = x * 1
          end,
        }
        train(unit, 4)
        for i = 1, 3 do assert.equal(6 * i, best[i]:sum():item()) end
      end)
    end)

    it("a parameter replaced in a field is not released under other holders", function()
      balance.of(function()
        local net = nn.Linear(3, 3)
        local shared = net.weight
        local unit = unit_with {
          train_step = function(self, _, x) self.w = shared local _ = x:matmul(
            self.w) self.w = nil end,
        }
        train(unit, 3)
        assert.is_true(shared:is_alive())
      end)
    end)
  end)

  describe("R6, the tape ends with the step:", function()
    it("values outlive it, history does not, and no node stays", function()
      local w = tnt.ones(3):requires_grad_()
      local unit = train(unit_with { train_step = function(self, _, x) self.h = (x * w):sum() end },
        2)
      assert.equal(12, unit.h:item())
      fails("state", "detach() what is carried", function() unit.h:backward() end)
      assert.is_true(tnt.memory().live_nodes <= 3)
    end)

    it("tnt.scope keeps the graph of what it returns", function()
      balance.of(function()
        local w = tnt.ones(3):requires_grad_()
        local loss = tnt.scope(function() return (w * 2):sum() end)
        loss:backward()
        assert.same({ 2, 2, 2 }, w.grad:totable())
      end)
    end)

    it("a turn left by break keeps its graph: nothing is cut in doubt", function()
      balance.of(function()
        local w = tnt.ones(3):requires_grad_()
        local loss
        for _ in tnt.steps { 1, 2 } do -- luacheck: ignore 512
          loss = (w * 2):sum()
          break
        end
        scope.dissolve_all()
        loss:backward()
        assert.same({ 2, 2, 2 }, w.grad:totable())
      end)
    end)

    it("a step in a step ends its own part only", function()
      balance.of(function()
        local w = tnt.ones(3):requires_grad_()
        for _ in tnt.steps { 1 } do
          local outer = w * 2
          local inner
          for _ in tnt.steps { 1 } do inner = (w * 3):keep() end
          outer:sum():backward()
          fails("state", "made in step", function() inner:sum():backward() end)
        end
      end)
    end)
  end)

  describe("R7, the escape check:", function()
    it("looks at steps 1, 2, 4, 8, ...; in a TNT_HARD build at all", function()
      local at
      local unit = unit_with {
        train_step = function(self, _, x)
          local n = self.train_progress.num_steps_completed + 1
          if n == 5 then self.list = { x * 1 } end
        end,
        on_exception = function(self) at = self.train_progress.num_steps_completed end,
      }
      fails("released", "unit.list[1]", train, unit, 20)
      assert.equal(is_hard and 5 or 8, at)
    end)

    it("names hooks, modules, functions and where the tensor was made (TNT_HARD)", function()
      local hook = { on_train_step_end = function(self) self.all = { tnt.ones(1) } end }
      fails("released", "hooks[1]", train, unit_with { train_step = function() end }, 1, { hook })
      local memo = {} -- luacheck: ignore 241
      local unit = unit_with { train_step = function(_, _, x) memo.x = x * 1 end }
      fails("released", "upvalue `memo` of Program.train_step.x", train, unit, 1)
      memo.x = nil
      local net = module_with { forward = function(self, x) return x end }
      local owner = unit_with { train_step = function(self, _,
        x) self.net.set_from_outside = x * 1 end }
      owner.net = net
      fails("released", "unit.net.set_from_outside", train, owner, 1)
      if is_hard then
        local made = unit_with { train_step = function(self, _, x) self.list = { x * 1 } end }
        local line = debug.getinfo(1, "l").currentline - 1
        fails("released", ("rules_spec.lua:%d)"):format(line), train, made, 1)
      end
    end)

    it("what was released already is told too", function()
      local unit = unit_with {
        train_step = function(self, _, x)
          self.list = {}
          tnt.scope(function() self.list[1] = x * 1 end)
        end,
      }
      fails("released", "unit.list[1]", train, unit, 1)
    end)

    it("leaves alone what is kept, weak, or not a tensor", function()
      local unit = unit_with {
        train_step = function(self, _, x)
          self.weak = setmetatable({}, { __mode = "v" })
          self.weak[1] = x * 1
          self.kept = { (x * 2):keep(), require("ffi").new "int[2]", core.Handle }
        end,
      }
      train(unit, 2)
    end)
  end)

  it("R8: what a forward hook was given lives until the step ends", function()
    balance.of(function()
      local inner = module_with { forward = function(_, x) return x * 2 end }
      local net = module_with { forward = function(_, x) return inner(x + 1) + 1 end }
      local given = setmetatable({}, {})
      local handle = inner:register_forward_hook(function(_, inputs, y) given.x,
        given.y = inputs[1], y end)
      for _, x in tnt.steps(batches(2)) do
        net(x)
        assert.is_true(given.x:is_alive() and given.y:is_alive())
      end
      assert.is_false(given.x:is_alive() or given.y:is_alive())
      net(tnt.ones(2))
      assert.equal(8, given.y:sum():item())
      handle:remove()
    end)
  end)

  it("R9: adopt hands a loader's batch over to the step that consumes it", function()
    balance.of(function()
      local ahead = tnt.keep { x = tnt.ones(2) }
      for _ in tnt.steps { 1 } do scope.adopt(ahead) end
      assert.is_false(ahead.x:is_alive())
      local own = scope.adopt { x = tnt.ones(2) } -- outside scopes it stays as it is
      assert.is_true(own.x:is_alive())
    end)
  end)

  it("R10: the Lua half of a node goes with the node", function()
    local f = tnt.Function {
      forward = function(ctx, x)
        ctx.big = tnt.ones(1000)
        return x * 2
      end,
      backward = function(_, dy) return dy * 2 end,
    }
    local x = tnt.ones(1):requires_grad_()
    local before = balance.now().live_tensors
    f(x):backward()
    assert.equal(before, balance.now().live_tensors - 1) -- x.grad
    x.grad = nil
    before = balance.now().live_tensors
    local kept
    for _ in tnt.steps { 1 } do kept = f(x):keep() end
    assert.equal(before + 1, balance.now().live_tensors)
    kept:free()
    for _ = 1, 50 do local _ = f(x) end
    balance.now()
    local _ = f(x) -- outside scopes the next call drains
    assert.is_true(tnt.memory().live_tensors < before + 10)
  end)
end)

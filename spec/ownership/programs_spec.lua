-- The rest of the programs of core.md section 1: metrics, lists, loops, errors, functions, and what
-- is still to come.

local tnt = require "tnt"
local balance = require "spec.balance"
local program = require "spec.ownership.program"
local batches, unit_with, train, refused = program.batches, program.unit_with, program.train,
  program.refused
local module_with = program.module_with
local nn = tnt.nn

describe("a program, further:", function()
  balance.file(setup, teardown)
  after_each(function() assert.equal(0, require("tnt.core").context.depth) end)

  it("metric: self.correct = self.correct + ... works", function()
    balance.of(function()
      local metric = { correct = 0 }
      function metric:update(x) self.correct = self.correct + x:sum() end
      function metric:compute() return self.correct end
      local unit = unit_with { train_step = function(self, _, x) self.metric:update(x) end }
      unit.metric = metric
      train(unit, 10)
      assert.equal(6 * 55, metric.correct:item())
    end)
  end)

  it("metric: self.preds[#self.preds + 1] = p is an error at step 1", function()
    balance.of(function()
      local metric = { preds = {} }
      function metric:update(x) self.preds[#self.preds + 1] = x * 2 end
      function metric:compute() return 0 end
      local unit = unit_with { train_step = function(self, _, x) self.metric:update(x) end }
      unit.metric = metric
      refused("released", { "preds[1]", "Metric:collect" }, train, unit)
      assert.equal(1, #metric.preds)
    end)
  end)

  it("losses in a local list under tnt.steps: the first read tells; the remedies work", function()
    balance.of(function()
      local losses, kept, numbers = {}, {}, {}
      for _, x in tnt.steps(batches(3)) do
        local loss = x:sum()
        losses[#losses + 1], kept[#kept + 1], numbers[#numbers + 1] = loss, loss:detach():keep(),
          loss:item()
      end
      refused("released", { "released at the end of its scope", ":keep()" },
        function() return losses[1]:item() end)
      assert.same({ 6, 12, 18 }, numbers)
      assert.equal(6, kept[1]:item())
    end)
  end)

  it("step_output is there in step-end hooks; kept in a list of a predict hook it is an error",
    function()
    balance.of(function()
      local sum = 0
      local Unit = tnt.PredictUnit:extend "Predicts"
      function Unit:predict_step(_, x) return x * 2 end
      local options = { predict_dataloader = batches(3), bar = false }
      options.hooks = { { on_predict_step_end = function(_,
        state) sum = sum + state.step_output:sum():item() end } }
      tnt.predict(Unit(), options)
      assert.equal(2 * 6 * 6, sum)
      options.hooks = {
        { all = {}, on_predict_step_end = function(self,
          state) self.all[#self.all + 1] = state.step_output end },
      }
      refused("released", { "hooks[1]", "all[1]" }, tnt.predict, Unit(), options)
    end)
  end)

  it("state:log of a tensor is read one step later", function()
    balance.of(function()
      local seen = {}
      local w = tnt.ones(3):requires_grad_()
      local logger = { log = function(_, record) seen[#seen + 1] = record.values
        and record.values["train/loss"] end }
      train(unit_with { train_step = function(_, state, x) state:log("loss", (x * w):sum()) end },
        3,
        { loggers = { logger } })
      assert.is_true(#seen >= 3)
      assert.equal(6, seen[1])
    end)
  end)

  it("an error in a step: on_exception still sees the batch", function()
    balance.of(function()
      local sum
      local hook = { on_exception = function(_, state) sum = state.batch:sum():item() end }
      local ok = pcall(train, unit_with { train_step = function() error "broken" end }, 2,
        { hooks = { hook } })
      assert.is_false(ok)
      assert.equal(6, sum)
    end)
  end)

  it("pcall(net, x) inside a step works, and leaves nothing open or behind", function()
    balance.of(function()
      local net = module_with {
        forward = function(_, x)
          local y = x * 2
          if y:sum():item() > 13 then error "too large" end
          return y
        end,
      }
      local outcomes, live = {}, {}
      train(unit_with {
        train_step = function(_, _, x)
          local ok = pcall(net, x)
          outcomes[#outcomes + 1] = tostring(ok)
          assert.equal(4, (x:sum() * 0 + 4):item())
        end,
        on_train_step_start = function() live[#live + 1] = tnt.memory().live_tensors end,
      }, 20)
      assert.equal("true", outcomes[1])
      assert.equal("false", outcomes[2])
      assert.equal(live[2], live[20])
    end)
  end)

  local function helper(x) return x:tanh():sum() end
  it("a helper function at file level works", function()
    balance.of(function()
      local w = tnt.ones(3):requires_grad_()
      train(unit_with { train_step = function(_, _, x) helper(x * w):backward() end })
      assert.is_not_nil(w.grad)
    end)
  end)

  it("activation checkpointing: the closure is run again in backward", function()
    balance.of(function()
      local net, runs = nn.Linear(3, 3), 0
      train(unit_with {
        train_step = function(_, _, x)
          nn.checkpoint(function(v)
            runs = runs + 1
            return net(v):tanh()
          end, x):sum():backward()
        end,
      }, 3)
      assert.equal(6, runs)
      assert.is_not_nil(net.weight.grad)
    end)
  end)

  local keeps_x = tnt.Function {
    name = "keeps_x",
    forward = function(ctx, x)
      ctx.x = x
      return x * x
    end,
    backward = function(ctx, dy) return dy * ctx.x * 2 end,
  }

  it("tnt.Function with ctx.x = x works, though x's own handle is gone", function()
    balance.of(function()
      local w = tnt.full({ 3 }, 3):requires_grad_()
      -- x * w goes with the module's scope
      local net = module_with { forward = function(_, x) return keeps_x(x * w) end }
      train(unit_with { train_step = function(_, _, x) net(x * 0 + 1):sum():backward() end }, 1)
      assert.same({ 12, 12, 12 }, w.grad:totable())
    end)
  end)

  it("a graph with a Lua node dropped without backward leaves nothing", function()
    balance.of(function()
      local w = tnt.ones(100):requires_grad_()
      train(unit_with { train_step = function() keeps_x(w * 2) end }, 5)
    end)
  end)

  -- CUDA-graph replay, and a captured step with self.h = h or a number that changes:
  -- spec/cuda/graph_spec.lua

  it("a generation loop inside one predict_step nests tnt.steps", function()
    balance.of(function()
      local most = 0
      local Unit = tnt.PredictUnit:extend "Generates"
      function Unit:predict_step(_, x)
        local last = x:sum():keep()
        for _ in tnt.steps((function() local i = 0 return function() i = i + 1 return i <= 300
          and i or nil end end)) do
          local before = last
          last = (last * 0.5 + 1):keep()
          before:free()
          most = math.max(most, tnt.memory().scoped_tensors)
        end
        return last
      end
      local out = 0
      tnt.predict(Unit(), {
        predict_dataloader = batches(2), bar = false,
        hooks = { { on_predict_step_end = function(_, state) out = state.step_output:item() end } },
      })
      assert.near(2, out, 1e-6)
      assert.is_true(most < 20, "tensors of a turn live on: " .. most)
    end)
  end)

  it("break out of tnt.steps: what the turn made is usable", function()
    balance.of(function()
      local last
      for i, x in tnt.steps(batches(5)) do
        last = x * 2
        if i == 3 then break end
      end
      assert.equal(2 * 3 * 6, last:sum():item())
      require("tnt.scope").dissolve_all()
      last:free()
      local limbo = require "tnt.scope.limbo"
      local limit = limbo.max_tensors
      limbo.max_tensors = 1
      require("tnt.scope").dissolve_all()
      limbo.max_tensors = limit
    end)
  end)
end)

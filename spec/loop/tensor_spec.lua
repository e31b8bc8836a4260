-- The loops on real tensors: who owns what, and for how long (core.md section 1).

local ffi = require "ffi"
local tnt = require "tnt"
local message = require "tnt.loop.message"

message.sink = function() end

local Line = tnt.TrainUnit:extend "Line"
function Line:init() self.weight = tnt.zeros(3, 1):requires_grad_() end
function Line:loss(batch) return (batch.x:matmul(self.weight) - batch.y):square():mean() end
function Line:train_step(state, batch)
  local loss = self:loss(batch)
  loss:backward()
  tnt.no_grad(function() self.weight:sub_(self.weight.grad * 0.1) end)
  self.weight.grad = nil
  state:log("loss", loss)
  return loss
end
function Line:eval_step(state, batch)
  local loss = self:loss(batch)
  assert.is_false(loss.requires_grad)
  state:log("loss", loss)
end
function Line:predict_step(_, batch) return { y = batch.x:matmul(self.weight) } end

local truth = { { 1 }, { -2 }, { 3 } }

local function batch_of(seed)
  tnt.seed(seed)
  local x = tnt.randn(8, 3)
  return { x = x, y = x:matmul(tnt.tensor(truth)) }
end

-- Batches are made when they are asked for, within the step's scope.
local function generator(n)
  return function()
    local i = 0
    return function()
      i = i + 1
      if i <= n then return batch_of(i) end
    end
  end
end

local function run(unit, more, entry)
  local options = { train_dataloader = generator(10), max_epochs = 1, bar = false }
  for name, value in pairs(more or {}) do options[name] = value end -- order: free
  return (entry or tnt.train)(unit, options)
end

local function failure(unit, more, entry)
  local ok, err = pcall(run, unit, more, entry)
  assert.is_false(ok)
  return err
end

describe("the loops on tensors", function()
  it("train to the solution, log and evaluate", function()
    local options = { max_epochs = 20, eval_dataloader = { val = generator(2) } }
    local result = run(Line(), options, tnt.fit)
    assert.is_true(result.metrics["train/loss"] < 1e-6)
    assert.is_true(result.metrics["val/loss"] < 1e-6)
  end)

  it("hold no more tensors after each step than before, also with fetching ahead", function()
    for _, ahead in ipairs { false, true } do
      local unit, seen = Line(), {}
      unit.enable_prefetch = ahead
      run(unit, {
        max_epochs = 3, eval_dataloader = generator(2), evaluate_every_n_steps = 3,
        hooks = { { on_train_step_start = function()
          collectgarbage() -- what was made outside of steps, here and in other tests
          collectgarbage()
          local memory = tnt.memory()
          seen[#seen + 1] = { memory.live_tensors, memory.live_bytes }
        end } },
      }, tnt.fit)
      local function grows(i)
        return seen[i][1] > seen[i - 1][1] or seen[i][2] > seen[i - 1][2]
      end
      for i = 3, 9 do assert.is_false(grows(i)) end -- what other tests left behind may still go
      for i = 13, 19 do assert.is_false(grows(i)) end
    end
  end)

  it("leave a batch to who kept it, also when it is fetched ahead", function()
    for _, ahead in ipairs { false, true } do
      local unit, batch = Line(), tnt.keep(batch_of(1))
      unit.enable_prefetch = ahead
      run(unit, {
        train_dataloader = function()
          local i = 0
          return function()
            i = i + 1
            if i <= 5 then return batch end
          end
        end,
      })
      assert.equal(5, unit.train_progress.num_steps_completed)
      assert.is_true(batch.x:is_alive())
    end
  end)

  it("release the step's tensors when it ends, and keep what direct fields hold", function()
    local unit = Line()
    local seen = setmetatable({}, {}) -- what has a metatable is not searched
    local step = Line.train_step
    function unit.train_step(self, state, batch)
      self.state_of_rnn = batch.y * 2
      seen.kept, seen.let_go = self.state_of_rnn, batch.y * 3
      return step(self, state, batch)
    end
    run(unit, { hooks = { {
      on_train_step_end = function(self, state)
        assert.is_true(state.step_output:item() >= 0)
        self.last = state.step_output:detach()
      end,
      on_boundary_end = function(self)
        assert.is_true(seen.kept:is_alive())
        assert.is_true(self.last:is_alive())
        assert.is_false(seen.let_go:is_alive())
      end,
    } } })
    assert.is_true(seen.kept:is_alive())
  end)

  it("refuse at the first step what would be released while it is reachable", function()
    local unit = Line()
    unit.predictions = {}
    unit.in_step = function(self, batch)
      self.predictions[#self.predictions + 1] = batch.x:matmul(self.weight)
    end
    function unit.train_step(self, _, batch) self:in_step(batch) end
    local err = failure(unit)
    assert.equal("released", err.kind)
    assert.matches("unit.predictions[1]", err.message, 1, true)
    assert.equal(1, unit.train_progress.num_steps_completed)
    -- An evaluation's first step is looked at too, however many train steps came before.
    unit = Line()
    unit.predictions = {}
    unit.eval_step = function(self, _, batch)
      self.predictions[#self.predictions + 1] = batch.x:matmul(self.weight)
    end
    err = failure(unit, { eval_dataloader = generator(2), evaluate_every_n_steps = 3 }, tnt.fit)
    assert.matches("unit.predictions[1]", err.message, 1, true)
    assert.equal(1, unit.eval_progress.num_steps_completed)
    err = failure(Line(), { hooks = { {
      name = "gatherer", all = {},
      on_train_step_end = function(self, state) self.all[#self.all + 1] = state.step_output end,
    } } })
    assert.matches("hooks[1] (gatherer).all[1]", err.message, 1, true)
  end)

  it("leave the batch of a failed step to on_exception", function()
    local unit, sum = Line(), nil
    function unit.train_step() error("boom", 0) end
    local err = failure(unit, { hooks = { { on_exception = function(_, state)
      sum = state.batch.x:sum():item()
    end } } })
    assert.equal("boom", err)
    assert.equal(batch_of(1).x:sum():item(), sum)
  end)

  it("collect predictions that outlive everything", function()
    local outputs = run(Line(), {
      train_dataloader = nil, max_epochs = nil, predict_dataloader = generator(3), collect = true,
    }, function(unit, options)
      options.train_dataloader, options.max_epochs = nil, nil
      return tnt.predict(unit, options)
    end).outputs
    assert.equal(3, #outputs)
    assert.same({ 8, 1 }, outputs[3].y.shape)
    assert.equal(0, outputs[3].y:abs():sum():item())
  end)

  it("end at a real signal with the epoch open, and go on when they are called again", function()
    ffi.cdef "int raise(int signal);"
    local unit = Line()
    local err = failure(unit, { hooks = { { on_train_step_end = function(_, state)
      if state.progress.num_steps_completed == 3 then ffi.C.raise(15) end
    end } } })
    assert.equal("interrupted", err.kind)
    assert.equal("SIGTERM", err.signal)
    assert.equal(3, unit.train_progress.num_steps_completed_in_epoch)
    assert.equal("max_epochs", run(unit).reason)
    assert.equal(10, unit.train_progress.num_steps_completed)
  end)
end)

local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local LearningRate = require "tnt.hooks.learning_rate"
local log = require "tnt.log"
local train = require "tnt.train"

-- An optimizer as far as checkpoints and this hook look at one.
local function optimizer(groups)
  return {
    param_groups = groups, state_dict = function() return {} end, load_state_dict = function() end,
  }
end

local function run(hook, steps, epochs)
  local memory = log.Memory()
  local unit = rig.unit(nil, {
    g = optimizer { { lr = 1 } },
    d = optimizer { { lr = 10 }, { lr = 20, name = "bias" } },
    in_train_step = function(self) -- a schedule by steps
      self.g.param_groups[1].lr = self.g.param_groups[1].lr / 2
    end,
  })
  local r = train(unit, {
    train_dataloader = rig.batches(steps), max_epochs = epochs, hooks = { hook },
    loggers = { memory }, bar = false,
  })
  return memory, r
end

describe("LearningRate", function()
  it("logs the rate of every group at the start of each epoch", function()
    local memory, r = run(LearningRate(), 2, 2)
    assert.same({ 1, 0.25 }, (memory:series("train/lr/g", "epoch")))
    assert.same({ 10, 10 }, (memory:series("train/lr/d/1", "epoch")))
    assert.same({ 20, 20 }, (memory:series("train/lr/d/bias", "epoch")))
    assert.equal(0.25, r.metrics["train/lr/g"])
  end)

  it("logs it at steps: the one the step begins with", function()
    local values, steps = run(LearningRate { interval = "step" }, 4, 1):series("train/lr/g", "step")
    assert.same({ { 1, 0.5, 0.25, 0.125 }, { 1, 2, 3, 4 } }, { values, steps })
    values, steps = run(LearningRate { interval = "step", every = 3 }, 7, 1)
      :series("train/lr/g", "step")
    assert.same({ { 1, 0.125, 1 / 64 }, { 1, 4, 7 } }, { values, steps })
  end)

  it("names each of several optimizers in one field", function()
    local Set = require "tnt.auto_unit.set"
    local unit = rig.unit(nil, { optimizer = Set.by_name {
      g = optimizer { { lr = 1 } }, d = optimizer { { lr = 2 }, { lr = 3 } },
    } })
    local r = train(unit, { train_dataloader = rig.batches(2), max_epochs = 1,
      hooks = { LearningRate() }, bar = false })
    assert.same({ 1, 2, 3 }, { r.metrics["train/lr/optimizer/g"],
      r.metrics["train/lr/optimizer/d/1"], r.metrics["train/lr/optimizer/d/2"] })
  end)

  it("refuses options that make no sense", function()
    assert.equal("argument", scratch.failure(LearningRate, { interval = "batch" }).kind)
    assert.equal("argument", scratch.failure(LearningRate, { every = 0 }).kind)
  end)
end)

local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local IterationTimes = require "tnt.hooks.iteration_times"
local fit = require "tnt.fit"
local log = require "tnt.log"

-- Steps that take seconds[n], batches that take a second each; 2 epochs of the steps given.
local function run(hook, seconds, options)
  local n, memory = 0, log.Memory()
  local function step()
    n = n + 1
    scratch.time = scratch.time + (seconds[n] or 100)
  end
  local function loader(count)
    return function()
      local i = 0
      return function()
        i = i + 1
        if i > count then return nil end
        scratch.time = scratch.time + i
        return i
      end
    end
  end
  local given = {
    train_dataloader = loader(3), eval_dataloader = loader(1), evaluate_every_n_epochs = 0,
    max_epochs = 2, hooks = { hook }, loggers = { memory }, bar = false,
  }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  local r = fit(rig.unit(nil, { in_train_step = step, in_eval_step = step }), given)
  return memory, r.metrics
end

describe("IterationTimes", function()
  before_each(rig.reset)

  it("logs the time of every step under the step's own number, the last ones too", function()
    local memory, metrics = run(IterationTimes(), { 1, 2, 3, 4, 5, 9 })
    local values, steps = memory:series("train/iteration_time", "step")
    assert.same({ { 1, 2, 3, 4, 5, 9 }, { 1, 2, 3, 4, 5, 6 } }, { values, steps })
    assert.same({ 2, 6 }, (memory:series("train/iteration_time", "epoch")))
    assert.equal(6, metrics["train/iteration_time"])
    local epochs = {}
    for _, record in ipairs(memory.records) do
      if record.at == "step" then epochs[#epochs + 1] = record.epoch end
    end
    assert.same({ 0, 0, 0, 1, 1, 1 }, epochs)
  end)

  it("gives means of a window, at due steps, after warm-up", function()
    local values, steps = run(IterationTimes { window = 2, every = 2, warmup = 1 },
      { 50, 2, 4, 6, 8, 10 }):series("train/iteration_time", "step")
    -- Step 2 is the first that counts, so its window has one value.
    assert.same({ { 2, 5, 9 }, { 2, 4, 6 } }, { values, steps })
  end)

  it("keeps evaluations apart", function()
    local _, metrics = run(IterationTimes(), { 1, 70, 3, 80, 5, 90 }, {
      max_epochs = 1, evaluate_every_n_steps = 1 })
    assert.equal(3, metrics["train/iteration_time"])
    assert.equal(90, metrics["eval/iteration_time"])
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs { { window = 0 }, { every = 0 }, { warmup = -1 } } do
      assert.equal("argument", scratch.failure(IterationTimes, options).kind)
    end
  end)
end)

local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local DataWaitTime = require "tnt.hooks.data_wait_time"
local log = require "tnt.log"
local train = require "tnt.train"

-- 2 epochs of 3 steps whose batches take 1, 2 and 3 seconds.
local function run(hook)
  local memory = log.Memory()
  local function loader()
    local i = 0
    return function()
      i = i + 1
      if i > 3 then return nil end
      scratch.time = scratch.time + i
      return i
    end
  end
  local function step() scratch.time = scratch.time + 9 end
  local r = train(rig.unit(nil, { in_train_step = step }), {
    train_dataloader = loader, max_epochs = 2, hooks = { hook }, loggers = { memory }, bar = false,
  })
  return memory, r.metrics
end

describe("DataWaitTime", function()
  it("logs what each step waited, at due steps after warm-up", function()
    local memory, metrics = run(DataWaitTime())
    local values, steps = memory:series("train/data_wait_time", "step")
    assert.same({ { 1, 2, 3, 1, 2, 3 }, { 1, 2, 3, 4, 5, 6 } }, { values, steps })
    assert.equal(2, metrics["train/data_wait_time"])
    values, steps = run(DataWaitTime { every = 2, warmup = 2 })
      :series("train/data_wait_time", "step")
    assert.same({ { 1, 3 }, { 4, 6 } }, { values, steps })
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs { { every = 0 }, { warmup = -1 } } do
      assert.equal("argument", scratch.failure(DataWaitTime, options).kind)
    end
  end)
end)

local rig = require "spec.loop.rig"
local TrainProgress = require "tnt.hooks.train_progress"
local log = require "tnt.log"
local train = require "tnt.train"

describe("TrainProgress", function()
  it("logs the steps at the start and after each epoch: n + 1 points #tiny", function()
    local memory, unit = log.Memory(), rig.unit()
    local function run(epochs)
      return train(unit, { train_dataloader = rig.batches(3), max_epochs = epochs,
        hooks = { TrainProgress() }, loggers = { memory }, bar = false })
    end
    local r = run(2)
    local points = {}
    for _, record in ipairs(memory.records) do
      points[#points + 1] = { record.epoch, record.values["train/steps_completed"] }
    end
    assert.same({ { 0, 0 }, { 1, 3 }, { 2, 6 } }, points)
    assert.equal(6, r.metrics["train/steps_completed"])
    run(3) -- one that goes on begins where it stands
    local last = memory.records[#memory.records - 1]
    assert.same({ 2, 6 }, { last.epoch, last.values["train/steps_completed"] })
  end)
end)

local scratch = require "spec.log.scratch"
local clock = require "tnt.loop.clock"
local rig = require "spec.loop.rig"
local TimeLimit = require "tnt.hooks.time_limit"
local train = require "tnt.train"

-- Trains epochs of two steps, a step taking `seconds`; how many steps were done, and why.
local function run(options, seconds)
  local unit = rig.unit(nil, {
    in_train_step = function() scratch.time = scratch.time + seconds end,
  })
  local r = train(unit, {
    train_dataloader = rig.batches(2), max_epochs = 50, bar = false, hooks = { TimeLimit(options) },
  })
  return r.progress.num_steps_completed, r.reason, r.message
end

describe("TimeLimit", function()
  it("stops at the end of the epoch in which the time is over", function()
    local steps, reason, message = run({ seconds = 30 }, 10)
    assert.same({ 4, "stopped", "TimeLimit: 30 seconds are over" }, { steps, reason, message })
    assert.equal(2, (run({ seconds = 20 }, 10)))
    assert.equal(6, (run({ minutes = 0.5, seconds = 11 }, 8)))
    assert.equal(10, (run({ hours = 1 }, 360)))
  end)

  it("stops at a step when asked to, or at every n-th", function()
    assert.equal(3, (run({ seconds = 30, interval = "step" }, 10)))
    assert.equal(4, (run({ seconds = 30, interval = "step", every = 4 }, 10)))
    assert.equal(12, (run({ seconds = 31, every = 3 }, 5)))
  end)

  it("reads durations DD:HH:MM", function()
    assert.equal(93780, TimeLimit { duration = "01:02:03" }.limit)
    assert.equal(99 * 86400 + 23 * 3600 + 59 * 60, TimeLimit { duration = "99:23:59" }.limit)
    for _, wrong in ipairs { "1:02:03", "00:24:00", "00:00:60", "02:03", "00:00:5x", 90, "" } do
      assert.equal("argument", scratch.failure(TimeLimit, { duration = wrong }).kind)
    end
  end)

  it("stops at a time of day", function()
    local wall = clock.wall
    finally(function() clock.wall = wall end)
    clock.wall = function() return 1700000000 + scratch.time end
    local moment = clock.wall() + 30
    local steps, _, message = run({ timestamp = moment }, 10)
    assert.equal(4, steps)
    assert.truthy(message:find(os.date("%Y-%m-%d", moment), 1, true))
    assert.equal(2, (run({ timestamp = clock.wall() + 1000, seconds = 5 }, 10)))
  end)

  it("refuses what is no limit", function()
    for _, options in ipairs {
      {}, { seconds = -1 }, { minutes = "3" }, { seconds = 1, duration = "00:00:01" },
      { timestamp = "tomorrow" }, { seconds = 1, interval = "batch" }, { seconds = 1, every = 0 },
    } do
      assert.equal("argument", scratch.failure(TimeLimit, options).kind)
    end
  end)
end)

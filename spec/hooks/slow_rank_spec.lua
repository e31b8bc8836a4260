local dist = require "tnt.dist"
local rig = require "spec.loop.rig"
local scratch = require "spec.log.scratch"
local SlowRank = require "tnt.hooks.slow_rank"
local log = require "tnt.log"
local train = require "tnt.train"

local real = { barrier = dist.barrier, gather = dist.all_gather_object, size = dist.size }
after_each(function()
  dist.barrier, dist.all_gather_object, dist.size = real.barrier, real.gather, real.size
end)

local function run(options, epochs)
  local memory = log.Memory()
  local r = train(rig.unit(), { train_dataloader = rig.batches(5), max_epochs = epochs or 1,
    hooks = { SlowRank(options) }, loggers = { memory }, bar = false })
  return memory, r.metrics
end

describe("SlowRank", function()
  it("says of one process that nobody waits #tiny", function()
    local memory, metrics = run({ every_n_steps = 2 }, 2)
    local values, steps = memory:series("train/slow_rank/gap", "step")
    assert.same({ { 0, 0, 0, 0, 0 }, { 2, 4, 6, 8, 10 } }, { values, steps })
    assert.equal(0, metrics["train/slow_rank/gap"])
    assert.equal(0, metrics["train/slow_rank/slowest"])
  end)

  it("judges by who waited least at the barrier", function()
    local function one(waited, step, data) return { waited = waited, step = step, data = data } end
    assert.same({ 2, 3, "steps" },
      { SlowRank.judge { one(3, 1, 0.1), one(2, 1, 0.1), one(0, 4, 0.1), one(1, 1, 0.1) } })
    assert.same({ 0, 0.5, "batches" }, { SlowRank.judge { one(0, 1, 0.7), one(0.5, 1, 0.1) } })
    assert.same({ 0, 0, "steps" }, { SlowRank.judge { one(0, 1, 1) } })
  end)

  -- The other processes' parts are played: this version runs one.
  it("tells the slow one of several processes, by durations alone", function()
    dist.size = function() return 2 end
    dist.barrier = function() scratch.time = scratch.time + 2.5 end -- this one waits for the other
    dist.all_gather_object = function(mine)
      return { mine, { waited = 0.5, step = mine.step + 2, data = mine.data } }
    end
    local memory = run { every_n_steps = 5, every_n_epochs = 0, warn_after = 1 }
    assert.same({ 2 }, (memory:series("train/slow_rank/gap", "step")))
    assert.same({ 1 }, (memory:series("train/slow_rank/slowest", "step")))
    assert.matches("waited 2 s for rank 1, whose steps take longer",
      table.concat(scratch.warnings, "\n"), 1, true)
  end)

  it("refuses options that make no sense", function()
    assert.matches("never look",
      scratch.failure(SlowRank, { every_n_steps = 0, every_n_epochs = 0 }).message, 1, true)
    assert.equal("argument", scratch.failure(SlowRank, { every_n_steps = 1.5 }).kind)
    assert.equal("argument", scratch.failure(SlowRank, { warn_after = -1 }).kind)
    assert.matches("is called every_n_steps here",
      scratch.failure(SlowRank, { check_every_n_steps = 5 }).message, 1, true)
  end)
end)

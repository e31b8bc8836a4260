local dist = require "tnt.dist"
local PeriodicSync = require "tnt.hooks.periodic_sync"
local rig = require "spec.loop.rig"
local scratch = require "spec.log.scratch"
local tnt = require "tnt"

-- Where processes would wait is seen by counting: this version runs one.
local real = dist.barrier
local barriers
before_each(function()
  barriers = {}
  dist.barrier = function()
    local state = tnt.current()
    barriers[#barriers + 1] = state.active_phase .. " " .. state.progress.num_steps_completed
    return real()
  end
end)
after_each(function() dist.barrier = real end)

describe("PeriodicSync", function()
  it("lets processes meet every n steps of evaluations and predictions #tiny", function()
    local unit = rig.unit()
    tnt.fit(unit, { train_dataloader = rig.batches(6), eval_dataloader = rig.batches(5),
      max_epochs = 2, hooks = { PeriodicSync { every = 3 } }, bar = false })
    assert.same({ "eval 3", "eval 6", "eval 9" }, barriers) -- the total, not that of an epoch
    barriers = {}
    tnt.predict(unit, { predict_dataloader = rig.batches(4), hooks = { PeriodicSync { every = 2 } },
      bar = false })
    assert.same({ "predict 2", "predict 4" }, barriers)
  end)

  it("refuses options that make no sense", function()
    assert.equal("argument", scratch.failure(PeriodicSync, { every = 0 }).kind)
    assert.matches("is called every here",
      scratch.failure(PeriodicSync, { sync_every_n_steps = 5 }).message, 1, true)
  end)
end)

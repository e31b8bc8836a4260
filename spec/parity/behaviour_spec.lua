-- What TorchTNT's loops and checkpoints do where no spec of a part says so yet; the whole list is
-- spec/parity/torchtnt/behaviour.lua.

local lfs = require "lfs"
local plain = require "spec.parity.plain"
local tnt = require "tnt"

describe("as TorchTNT's loops", function()
  it("times every batch and step once, the step that runs not yet, a fetch at the end not at all",
    function()
      local seen, timer = {}, nil
      local function note(_, state)
        timer = state.iteration_timer
        seen[#seen + 1] = { timer.data_wait_time.count, timer.train_iteration_time.count }
      end
      tnt.train(plain.Unit(), {
        train_dataloader = plain.batches(3), max_epochs = 2, bar = false,
        hooks = { { on_train_step_end = note } },
      })
      assert.same({ { 1, 0 }, { 2, 1 }, { 3, 2 }, { 4, 3 }, { 5, 4 }, { 6, 5 } }, seen)
      assert.equal(6, timer.data_wait_time.count)
      assert.equal(6, timer.train_iteration_time.count)
    end)

  it("counts restored steps of an open epoch against its limit, without start events", function()
    local unit, started, steps = plain.Unit(), 0, 0
    unit.train_progress.num_steps_completed = 2
    unit.train_progress.num_steps_completed_in_epoch = 2
    tnt.train(unit, {
      train_dataloader = plain.batches(9), max_steps_per_epoch = 4, max_epochs = 1, bar = false,
      hooks = { {
        on_train_epoch_start = function() started = started + 1 end,
        on_train_step_end = function() steps = steps + 1 end,
      } },
    })
    assert.equal(0, started)
    assert.equal(2, steps)
    assert.equal(4, unit.train_progress.num_steps_completed)
    assert.equal(1, unit.train_progress.num_epochs_completed)
    assert.equal(4, unit.train_progress.num_steps_completed_in_prev_epoch)
  end)

  it("goes on towards the same total when it is called again", function()
    local unit = plain.Unit()
    local function train(epochs)
      tnt.train(unit, { train_dataloader = plain.batches(3), max_epochs = epochs, bar = false })
      return unit.train_progress.num_steps_completed
    end
    assert.equal(6, train(2))
    assert.equal(6, train(2))
    assert.equal(9, train(3))
  end)

  it("counts an epoch for each evaluation, and steps over all of them", function()
    local unit = plain.Unit()
    for _ = 1, 2 do tnt.evaluate(unit, { eval_dataloader = plain.batches(3), bar = false }) end
    assert.equal(2, unit.eval_progress.num_epochs_completed)
    assert.equal(6, unit.eval_progress.num_steps_completed)
    assert.equal(3, unit.eval_progress.num_steps_completed_in_prev_epoch)
  end)
end)

describe("as TorchTNT's checkpoints", function()
  it("an epoch cut short by max_steps is finished, and its loader's position still there (C-43)",
    function()
      local dir = os.tmpname()
      os.remove(dir)
      local function loader()
        return tnt.data.DataLoader({ 1, 2, 3, 4, 5, 6 },
          { batch_size = 1, shuffle = true, seed = 3 })
      end
      local function run(max_steps, resume)
        local unit, seen = plain.Unit(), {}
        unit.train_step = function(_, _, batch) seen[#seen + 1] = batch:item() end
        tnt.train(unit, {
          train_dataloader = loader(), max_steps = max_steps, bar = false, dir = dir,
          resume = resume, hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 2 } },
        })
        return seen, unit
      end
      local whole = {}
      for batch in loader():iterate() do whole[#whole + 1] = batch:item() end
      local seen, unit = run(3)
      assert.equal(1, unit.train_progress.num_epochs_completed)
      local found = {}
      for entry in lfs.dir(dir .. "/checkpoints") do
        if entry:find "^epoch_" then found[#found + 1] = entry end
      end
      table.sort(found)
      assert.same({ "epoch_0_train_step_2", "epoch_1_train_step_3" }, found)
      local rest = run(6, "auto")
      for _, value in ipairs(rest) do seen[#seen + 1] = value end
      assert.same(whole, seen)
      os.execute("rm -r '" .. dir .. "'")
    end)
end)

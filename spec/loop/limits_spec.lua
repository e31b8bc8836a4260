-- Minima, dry runs, overfitting and evaluations of unchanged weights.

local rig = require "spec.loop.rig"
local evaluate = require "tnt.evaluate"
local fit = require "tnt.fit"
local hook = require "tnt.hook"
local nest = require "tnt.loop.nest"
local predict = require "tnt.predict"
local snapshot = require "tnt.loop.snapshot"
local train = require "tnt.train"

local function with(options, more)
  options.bar = false
  for name, value in pairs(more or {}) do options[name] = value end -- order: free
  return options
end

local function refusal(entry, options)
  local ok, err = pcall(entry, rig.unit(), with(options))
  assert.is_false(ok)
  assert.equal("argument", err.kind, tostring(err))
  return err.message
end

-- Asks for a stop after a train step.
local function stopper(step)
  return { on_train_step_end = function(_, state)
    if state.progress.num_steps_completed == step then state:stop "enough" end
  end }
end

describe("min_steps and min_epochs", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("let a stop wait until they are reached, both of them", function()
    for _, case in ipairs {
      { { min_steps = 5 }, 5, 2 }, { { min_epochs = 2 }, 6, 2 }, { { min_steps = 2 }, 2, 1 },
      { { min_steps = 7, min_epochs = 2 }, 7, 3 }, { { min_steps = 4, min_epochs = 3 }, 9, 3 },
      { {}, 2, 1 },
    } do
      local unit = rig.unit()
      local result = train(unit, with({
        train_dataloader = rig.batches(3), max_epochs = 10, hooks = { stopper(2) },
      }, case[1]))
      assert.same({ case[2], case[3] }, { unit.train_progress.num_steps_completed,
        unit.train_progress.num_epochs_completed })
      assert.same({ "stopped", "enough" }, { result.reason, result.message })
    end
  end)

  it("show the stop that waits, and do not cut evaluations short", function()
    local seen, unit = {}, rig.unit()
    fit(unit, with {
      train_dataloader = rig.batches(2), eval_dataloader = rig.batches(3, "e"), max_epochs = 9,
      min_epochs = 2,
      hooks = { {
        on_eval_start = function(_, state) state:stop "within an evaluation" end,
        on_train_epoch_start = function(_, state)
          seen[#seen + 1] = { state.should_stop, state.stop_is_pending }
        end,
      } },
    })
    assert.same({ { false, false }, { false, true } }, seen)
    assert.equal(2, unit.train_progress.num_epochs_completed)
    assert.equal(3, unit.eval_progress.num_steps_completed) -- the second one was stopped in time
  end)

  it("give way to limits", function()
    local unit = rig.unit()
    local result = train(unit, with {
      train_dataloader = rig.batches(3), max_epochs = 1, min_steps = 100, hooks = { stopper(1) },
    })
    assert.equal("max_epochs", result.reason)
    assert.equal(3, unit.train_progress.num_steps_completed)
  end)

  it("are kept, with the stop that waits, by a checkpoint", function()
    local saved
    local function options(more)
      return with({ train_dataloader = rig.loader(3), max_epochs = 9, min_steps = 7 }, more)
    end
    package.loaded["tnt.checkpoint.run"] = {
      resolve = function() return "there" end,
      restore = function(_, state, unit) snapshot.restore(state, unit, saved) end,
    }
    train(rig.unit(), options { hooks = { stopper(2), { on_train_step_end = function(_, state)
      if state.progress.num_steps_completed == 4 then saved = nest.clone(state:snapshot()) end
    end } } })
    local unit = rig.unit()
    local result = train(unit, options { resume = "there" })
    assert.same({ "stopped", "enough", 7 }, { result.reason, result.message,
      unit.train_progress.num_steps_completed })
  end)

  it("are checked", function()
    assert.matches("min_epochs (3) is above max_epochs (2)",
      refusal(train, { train_dataloader = {}, max_epochs = 2, min_epochs = 3 }), 1, true)
    assert.matches("min_steps must be a whole number",
      refusal(train, { train_dataloader = {}, max_epochs = 2, min_steps = -1 }), 1, true)
  end)
end)

describe("evaluate_unchanged = false", function()
  before_each(rig.reset)

  it("leaves out an evaluation of what was just evaluated", function()
    local function evaluations(unchanged, more)
      local unit = rig.unit()
      fit(unit, with({
        train_dataloader = rig.batches(4), eval_dataloader = rig.batches(1, "e"), max_epochs = 3,
        evaluate_every_n_steps = 2, evaluate_unchanged = unchanged,
      }, more))
      return unit.eval_progress.num_epochs_completed
    end
    assert.equal(9, evaluations(nil))
    assert.equal(6, evaluations(false))
    assert.equal(7, evaluations(nil, { evaluate_every_n_steps = 3 })) -- 3 4 6 8 9 12 12
    assert.equal(6, evaluations(false, { evaluate_every_n_steps = 3 }))
  end)

  it("is remembered by a checkpoint", function()
    local saved
    local function options(more)
      return with({
        train_dataloader = rig.loader(2), eval_dataloader = rig.loader(1, "e"), max_epochs = 1,
        evaluate_every_n_steps = 2, evaluate_unchanged = false,
      }, more)
    end
    package.loaded["tnt.checkpoint.run"] = {
      resolve = function() return "there" end,
      restore = function(_, state, unit) snapshot.restore(state, unit, saved) end,
    }
    fit(rig.unit(), options { hooks = { { on_boundary_end = function(_, state)
      if state.progress.num_steps_completed_in_epoch == 2 then
        saved = nest.clone(state:snapshot())
      end
    end } } })
    local unit = rig.unit()
    fit(unit, options { resume = "there" })
    assert.same({ 1, 1 }, { unit.train_progress.num_epochs_completed,
      unit.eval_progress.num_epochs_completed })
  end)
end)

describe("dry_run", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("makes one batch of everything, and writes nothing", function()
    local trace, logged, Writer = {}, 0, hook.Hook:extend("Writer", {})
    Writer.in_dry_run = false
    local called = 0
    function Writer.on_train_step_end() called = called + 1 end
    local unit = rig.unit(trace)
    local result = fit(unit, with {
      train_dataloader = rig.batches(5), max_steps = 100, max_time = 1e9, resume = "nowhere",
      eval_dataloader = { a = rig.batches(3, "a"), b = rig.batches(3, "z") },
      evaluate_every_n_epochs = 7, sanity_eval_steps = 2, dry_run = true,
      hooks = { Writer(), { on_train_epoch_end = function() trace[#trace + 1] = "epoch end" end } },
      loggers = { { log = function() logged = logged + 1 end } },
    })
    assert.same({ "train_step(b1)", "epoch end", "eval_step(a1)", "eval_step(z1)" }, trace)
    assert.same({ "max_epochs", 0, 0 }, { result.reason, logged, called })
    assert.same({ 1, 1 }, { unit.train_progress.num_epochs_completed,
      unit.train_progress.num_steps_completed })
  end)

  it("of n makes n, also of a unit that has run before", function()
    local unit = rig.unit()
    for i = 1, 2 do
      train(unit, with { train_dataloader = rig.batches(5), max_epochs = 100, dry_run = 3 })
      assert.equal(3 * i, unit.train_progress.num_steps_completed)
    end
    evaluate(unit, with { eval_dataloader = rig.batches(5), dry_run = 2 })
    predict(unit, with { predict_dataloader = rig.batches(5), dry_run = true })
    assert.same({ 2, 1 }, { unit.eval_progress.num_steps_completed,
      unit.predict_progress.num_steps_completed })
  end)

  it("of 0 or false is none, and is checked", function()
    for _, off in ipairs { 0, false } do
      local unit = rig.unit()
      train(unit, with { train_dataloader = rig.batches(5), max_epochs = 1, dry_run = off })
      assert.equal(5, unit.train_progress.num_steps_completed)
    end
    assert.matches("dry_run is true or a number of batches from 1 on, got 1.5",
      refusal(train, { train_dataloader = {}, max_epochs = 1, dry_run = 1.5 }), 1, true)
    assert.matches("'fast_dev_run' is called dry_run here",
      refusal(train, { train_dataloader = {}, max_epochs = 1, fast_dev_run = true }), 1, true)
  end)

  it("leaves out checkpoints and early stops", function()
    local hooks = require "tnt.hooks"
    assert.is_false(hooks.Checkpoint.in_dry_run)
    assert.is_false(hooks.EarlyStop.in_dry_run)
    assert.is_nil(hooks.Throughput.in_dry_run)
  end)
end)

describe("overfit_batches", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  -- Another order in every epoch, and one number drawn for each.
  local function shuffled(n)
    return function()
      local shift = rig.random.draw()
      local i = 0
      return function()
        i = i + 1
        if i <= n then return "b" .. ((i + shift) % n) end
      end
    end
  end

  it("trains on the same batches in every epoch, and evaluates as many", function()
    local trace = {}
    local unit = rig.unit(trace)
    fit(unit, with {
      train_dataloader = shuffled(5), eval_dataloader = rig.batches(9, "e"), max_epochs = 3,
      overfit_batches = 2,
    })
    assert.equal(12, #trace)
    for i = 1, 4 do
      assert.equal(trace[i], trace[i + 4])
      assert.equal(trace[i], trace[i + 8])
    end
    assert.same({ "eval_step(e1)", "eval_step(e2)" }, { trace[3], trace[4] })
    assert.equal(0, rig.random.drawn) -- reading them changes nothing for the run
  end)

  it("takes what there is when there is less, and knows the last batch", function()
    local last = {}
    train(rig.unit(), with {
      train_dataloader = rig.batches(2), max_epochs = 1, overfit_batches = 5,
      hooks = { { on_train_step_end = function(_, state) last[#last + 1] = state.last_batch end } },
    })
    assert.same({ false, true }, last)
  end)

  it("goes on inside an epoch after a resume", function()
    local saved
    package.loaded["tnt.checkpoint.run"] = {
      resolve = function() return "there" end,
      restore = function(_, state, unit) snapshot.restore(state, unit, saved) end,
    }
    local function go(more)
      local trace = {}
      train(rig.unit(trace), with({
        train_dataloader = rig.loader(7), max_epochs = 2, overfit_batches = 3,
      }, more))
      return trace
    end
    go { hooks = { { on_train_step_end = function(_, state)
      if state.progress.num_steps_completed == 4 then saved = nest.clone(state:snapshot()) end
    end } } }
    assert.same({ "train_step(b2)", "train_step(b3)" }, go { resume = "there" })
    assert.equal(0, #rig.warnings)
  end)

  it("of 0 is none", function()
    local unit = rig.unit()
    train(unit, with { train_dataloader = rig.batches(4), max_epochs = 1, overfit_batches = 0 })
    assert.equal(4, unit.train_progress.num_steps_completed)
  end)
end)

describe("a limit below 1", function()
  before_each(rig.reset)

  it("is a part of the loader, at least one batch", function()
    for part, steps in pairs { [0.5] = 5, [0.29] = 2, [0.01] = 1, [0.99] = 9 } do -- order: free
      local unit = rig.unit()
      train(unit, with {
        train_dataloader = rig.batches(10), max_epochs = 2, max_steps_per_epoch = part,
      })
      assert.equal(2 * steps, unit.train_progress.num_steps_completed)
    end
  end)

  it("is taken of each loader of evaluation, and shows in the length of the epoch", function()
    local lengths, unit = {}, rig.unit()
    fit(unit, with {
      train_dataloader = rig.batches(8), max_epochs = 1, max_train_steps_per_epoch = 0.25,
      eval_dataloader = { a = rig.batches(10), b = rig.batches(4) }, max_eval_steps_per_epoch = 0.5,
      hooks = { { on_step_end = function(_, state)
        lengths[state.name] = state:steps_in_epoch()
      end } },
    })
    assert.same({ train = 2, a = 5, b = 2 }, lengths)
    assert.equal(7, unit.eval_progress.num_steps_completed)
  end)

  it("needs a size", function()
    assert.matches("train_dataloader: a limit of 0.5 of its batches needs a loader with a size",
      refusal(train, { max_epochs = 1, max_steps_per_epoch = 0.5, train_dataloader = function()
        return function() end
      end }), 1, true)
    for _, wrong in ipairs { 1.5, -0.5 } do
      assert.matches("must be a whole number from 0 on, a part of the loader (0.1), or math.huge",
        refusal(train, { max_epochs = 1, max_steps_per_epoch = wrong, train_dataloader = {} }), 1,
        true)
    end
  end)
end)

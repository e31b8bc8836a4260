local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local EarlyStop = require "tnt.hooks.early_stop"
local fit = require "tnt.fit"
local hook = require "tnt.hook"
local train = require "tnt.train"

local failure = scratch.failure
local nan, huge = 0 / 0, math.huge

-- Feeds values; the number of the one that ended it, or nil.
local function stops_at(options, values)
  options.monitor = "x"
  local stop = EarlyStop(options)
  for i, value in ipairs(values) do
    if stop.checker:check(value) then return i, stop end
  end
  return nil, stop
end

-- A run whose n-th evaluation logs values[n] as eval/loss, and whose train epoch n logs n.
local function run(values, hooks, options)
  local n = 0
  local unit = rig.unit(nil, {
    in_train_step = function(self, state)
      state:log("loss", self.train_progress.num_epochs_completed + 1)
    end,
    in_eval_step = function(_, state)
      if values[n + 1] then state:log("loss", values[n + 1]) end
    end,
    on_eval_epoch_end = function() n = n + 1 end,
  })
  local given = {
    train_dataloader = rig.batches(2), eval_dataloader = rig.batches(1), max_epochs = #values,
    hooks = hooks, bar = false,
  }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  return fit(unit, given), unit
end

describe("EarlyStop", function()
  before_each(rig.reset)

  it("waits for patience values without improvement, a tie being none", function()
    assert.equal(5, (stops_at({ patience = 3 }, { 3, 2, 2, 2.5, 4, 1 })))
    assert.is_nil((stops_at({ patience = 3 }, { 3, 2, 2, 2.5, 1.9, 2, 2 })))
    assert.equal(2, (stops_at({ patience = 1 }, { 3, 3 })))
    assert.equal(4, (stops_at({ patience = 2, mode = "max" }, { 1, 2, 2, 1.5, 3 })))
    assert.equal(6, (stops_at({}, { 1, 1, 1, 1, 1, 1 })))
  end)

  it("wants improvements beyond min_delta, absolute or relative to |best|", function()
    assert.equal(3, (stops_at({ patience = 2, min_delta = 0.5 }, { 3, 2.5, 2.6 })))
    assert.is_nil((stops_at({ patience = 2, min_delta = 0.5 }, { 3, 2.4, 2, 1.89 })))
    local relative = { patience = 1, min_delta = 0.1, threshold_mode = "rel" }
    local function rel(mode)
      return { patience = 1, min_delta = 0.1, threshold_mode = "rel", mode = mode }
    end
    assert.is_nil((stops_at(relative, { 10, 8.9 })))
    assert.equal(2, (stops_at(rel "min", { 10, 9.1 })))
    -- With a negative best, better is still further away than a tenth of it.
    assert.equal(2, (stops_at(rel "min", { -10, -9.5 })))
    assert.equal(2, (stops_at(rel "min", { -10, -10.9 })))
    assert.is_nil((stops_at(rel "min", { -10, -11.1 })))
    assert.equal(2, (stops_at(rel "max", { -10, -9.1 })))
    assert.is_nil((stops_at(rel "max", { -10, -8.9 })))
    assert.is_nil((stops_at(rel "max", { 10, 11.1 })))
  end)

  it("ends at what is not finite, unless told otherwise", function()
    for _, value in ipairs { nan, huge, -huge } do
      assert.equal(2, (stops_at({}, { 1, value })))
    end
    local at, stop = stops_at({ check_finite = false, patience = 3 }, { 2, nan, nan, 1, 5 })
    assert.is_nil(at)
    assert.equal(1, stop.checker.best)
    assert.equal(2, (stops_at({ check_finite = false, patience = 2 }, { nan, nan })))
  end)

  it("ends beyond a threshold, strictly, in TorchTNT's order of checks", function()
    assert.equal(3, (stops_at({ stopping_threshold = 0.5 }, { 1, 0.5, 0.4 })))
    assert.equal(3, (stops_at({ stopping_threshold = 9, mode = "max" }, { 1, 9, 9.5 })))
    assert.equal(3, (stops_at({ divergence_threshold = 5 }, { 1, 5, 5.1 })))
    assert.equal(3, (stops_at({ divergence_threshold = -5, mode = "max" }, { 1, -5, -5.1 })))
    local both = EarlyStop { monitor = "x", stopping_threshold = 1, divergence_threshold = -1 }
    assert.truthy(both.checker:check(0):find("stopping_threshold", 1, true))
    assert.truthy(both.checker:check(-huge):find("not finite", 1, true))
    both.checker.check_finite = false
    assert.truthy(both.checker:check(-huge):find("stopping_threshold", 1, true))
  end)

  it("stops fit by a metric of the evaluation, once per evaluation", function()
    local stop = EarlyStop { "eval_loss", patience = 2 }
    local r = run({ 5, 4, 4.5, 4.2, 1 }, { stop })
    assert.equal("stopped", r.reason)
    assert.equal(4, r.progress.num_epochs_completed)
    assert.equal("EarlyStop: eval_loss is 4.2: no improvement on 4 for 2 values", r.message)
    assert.same({ best = 4, waited = 2 }, hook.state_dict(stop))
    assert.same({}, rig.warnings)
  end)

  it("looks at every n-th epoch when asked to", function()
    local stop = EarlyStop { "eval_loss", patience = 2, every_n_epochs = 2 }
    local r = run({ 9, 5, 1, 5, 0, 6, 7 }, { stop })
    assert.equal(6, r.progress.num_epochs_completed) -- looked at: 5, 5, 6
    assert.same({ best = 5, waited = 2 }, hook.state_dict(stop))
  end)

  it("takes a name's unique last part, and refuses an ambiguous one", function()
    local err = failure(run, { 5, 4 }, { EarlyStop { "loss" } })
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find("eval/loss or train/loss", 1, true))
    local unit = rig.unit(nil, { in_train_step = function(_, state) state:log("loss", 1) end })
    local r = train(unit, {
      train_dataloader = rig.batches(1), max_epochs = 9, bar = false,
      hooks = { EarlyStop { "loss", patience = 2 } },
    })
    assert.equal(3, r.progress.num_epochs_completed)
  end)

  it("does not count an old value again when an evaluation logs none", function()
    local stop = EarlyStop { "eval/loss", patience = 2 }
    local r = run({ 5, false, false, false, 6 }, { stop })
    assert.equal("max_epochs", r.reason)
    assert.same({ 5, 1 }, { stop.checker.best, stop.checker.waited })
  end)

  it("looks at values of steps when asked to", function()
    local values = { 5, 4, 3, 3, 3, 3, 3, 3 }
    local unit = rig.unit(nil, {
      in_train_step = function(self, state)
        state:log("loss", values[self.train_progress.num_steps_completed + 1])
      end,
    })
    local r = train(unit, {
      train_dataloader = rig.batches(8), max_epochs = 1, bar = false,
      hooks = { EarlyStop { "train/loss", patience = 2, every_n_steps = 1 } },
    })
    -- The value of step n is there after step n + 1: best at 3, equal ones of 4 and 5, read at 6.
    assert.equal("stopped", r.reason)
    assert.equal(6, r.progress.num_steps_completed)
  end)

  it("takes no epoch's mean for the value of a step", function()
    local unit = rig.unit(nil, {
      in_train_step = function(self, state)
        state:log("loss", self.train_progress.num_steps_completed_in_epoch == 0 and 9 or 1)
      end,
    })
    local stop = EarlyStop { "train/loss", mode = "max", patience = 100, every_n_steps = 1 }
    train(unit, {
      train_dataloader = rig.batches(3), max_epochs = 2, bar = false, hooks = { stop },
    })
    -- Read after step 2 and 3 of each epoch: 9, 1, 9, 1.
    assert.same({ 9, 3 }, { stop.checker.best, stop.checker.waited })
  end)

  it("says when nobody logs the metric", function()
    local err = failure(run, { 5, 4, 3 }, { EarlyStop { "eval_los" } })
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find("did you mean 'eval/loss'?", 1, true))
    assert.truthy(tostring(err):find("eval/loss, train/loss", 1, true))
    err = failure(train, rig.unit(), {
      train_dataloader = rig.batches(1), max_epochs = 2, hooks = { EarlyStop "x" }, bar = false,
    })
    assert.truthy(tostring(err):find("there is none", 1, true))
    -- A run too short for an evaluation: a warning.
    rig.reset()
    run({ 5 }, { EarlyStop "eval/acc" }, { max_epochs = 1, evaluate_every_n_epochs = 2 })
    assert.truthy(table.concat(rig.warnings):find("eval/acc", 1, true))
    -- An evaluation inside the first epoch knows no train/loss yet, and that is no error.
    assert.equal("max_epochs", run({ 5, 4, 3 }, { EarlyStop "train_loss" },
      { max_epochs = 2, evaluate_every_n_steps = 1, evaluate_every_n_epochs = 0 }).reason)
  end)

  it("goes on from its state", function()
    local first = EarlyStop { "x", patience = 3 }
    for _, value in ipairs { 3, 4, 4 } do assert.is_nil(first.checker:check(value)) end
    local second = EarlyStop { "x", patience = 3 }
    hook.load_state_dict(second, hook.state_dict(first))
    assert.truthy(second.checker:check(3))
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs {
      { mode = "lower" }, { patience = 0 }, { patience = 1.5 }, { min_delta = -1 },
      { min_delta = nan }, { threshold_mode = "relative" }, { stopping_threshold = "1" },
      { every_n_steps = -1 }, { monitor = 3 },
    } do
      options.monitor = options.monitor or "x"
      assert.equal("argument", failure(EarlyStop, options).kind)
    end
    assert.truthy(tostring(failure(EarlyStop, { "x", patince = 3 })):find "did you mean 'patience'")
    assert.is_nil(EarlyStop { "x", every_n_steps = 0 }.every_n_steps)
  end)
end)

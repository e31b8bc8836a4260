local rig = require "spec.loop.rig"
local clock = require "tnt.loop.clock"
local fit = require "tnt.fit"
local State = require "tnt.state"
local train = require "tnt.train"

-- A tensor as far as `state:log` looks at one; counts who reads and frees.
local accounts
local Scalar = {}
Scalar.__index, Scalar.device = Scalar, "cpu"
local function scalar(value, n)
  return setmetatable({ value = value, n = n or 1 }, Scalar)
end
function Scalar:numel() return self.n end
function Scalar:clone() return scalar(self.value) end
function Scalar:detach()
  accounts.held = accounts.held + 1
  return scalar(self.value)
end
function Scalar:keep() return self end
function Scalar:free()
  assert(not self.freed)
  self.freed = true
  accounts.held = accounts.held - 1
end
function Scalar:item()
  accounts.reads[#accounts.reads + 1] = accounts.step
  return self.value
end

local function options(more)
  local all = { train_dataloader = rig.batches(4), max_epochs = 1, bar = false }
  for name, value in pairs(more or {}) do all[name] = value end -- order: free
  return all
end

describe("state:log", function()
  local real_wall = clock.wall
  before_each(function()
    rig.reset()
    accounts = { held = 0, reads = {}, step = 0 }
    clock.wall = function() return 1000 + accounts.step end
  end)
  after_each(function()
    clock.wall = real_wall
    rig.assert_clean()
    assert.equal(0, accounts.held)
  end)

  local function run(values, log_options, entry_options)
    local unit = rig.unit(nil, {
      in_train_step = function(_, state)
        accounts.step = accounts.step + 1
        local value = values[accounts.step]
        if value ~= nil then state:log("loss", value, log_options) end
      end,
    })
    return train(unit, options(entry_options))
  end

  it("gives the epoch's value by each reduction, weighted where it is a mean", function()
    local by_reduction = { mean = 2, sum = 8, max = 5, min = -1, last = -1 }
    for reduce, expected in pairs(by_reduction) do -- order: free
      accounts.step = 0
      assert.equal(expected, run({ 1, 3, 5, -1 }, { reduce = reduce }).metrics["train/loss"])
    end
    accounts.step = 0
    local step_weights = { 1, 1, 1, 5 }
    local unit = rig.unit(nil, {
      in_train_step = function(_, state)
        accounts.step = accounts.step + 1
        state:log("loss", accounts.step, { weight = step_weights[accounts.step] })
      end,
    })
    assert.equal((1 + 2 + 3 + 4 * 5) / 8, train(unit, options()).metrics["train/loss"])
  end)

  it("sums values as they are, in steps and epochs alike", function()
    local records = {}
    local unit = rig.unit(nil, { in_train_step = function(_, state)
      state:log("n", 2, { reduce = "sum", weight = 10 })
      state:log("n", 3, { reduce = "sum", weight = 10 })
    end })
    local result = train(unit, options { loggers = { { log = function(_, r)
      if r.at == "step" then records[#records + 1] = r.values["train/n"] end
    end } } })
    assert.equal(5, records[1])
    assert.equal(5 * #records, result.metrics["train/n"])
  end)

  it("keeps a name to one reduction and window", function()
    for _, other in ipairs { { reduce = "max" }, { window = 2 } } do
      local unit = rig.unit(nil, { in_train_step = function(_, state)
        state:log("n", 1, { reduce = "min" })
        state:log("n", 1, { weight = 5 })
        state:log("n", 1, other)
      end })
      local ok, err = pcall(train, unit, options())
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      assert.matches("train/n was logged with reduce = 'min', window = 1 before", err.message, 1,
        true)
    end
  end)

  it("reads tensors one step late, once, and frees them", function()
    assert.equal(2.5, run({ scalar(1), scalar(2), scalar(3), scalar(4) }).metrics["train/loss"])
    assert.same({ 2, 3, 4, 4 }, accounts.reads)
  end)

  it("hands records of steps to loggers one step late, then the epoch's", function()
    local records = {}
    run({ scalar(1), nil, scalar(3), scalar(4) }, nil, {
      loggers = { { log = function(_, record)
        record.seen_at = accounts.step
        records[#records + 1] = record
      end } },
    })
    local function record(step, seen_at, value, time)
      return {
        at = "step", phase = "train", step = step, update = 0, epoch = 0, time = time,
        names = { "train/loss" }, values = { ["train/loss"] = value }, seen_at = seen_at,
      }
    end
    assert.same({
      record(1, 2, 1, 1001), record(3, 4, 3, 1003), record(4, 4, 4, 1004),
      {
        at = "epoch", phase = "train", step = 4, update = 0, epoch = 1, time = 1004, seen_at = 4,
        names = { "train/loss" }, values = { ["train/loss"] = 8 / 3 },
      },
    }, records)
  end)

  it("gives loggers the mean of the last `window` steps, weighted", function()
    local seen = {}
    local unit = rig.unit(nil, {
      in_train_step = function(_, state)
        accounts.step = accounts.step + 1
        state:log("loss", accounts.step, { window = 2, weight = accounts.step })
      end,
    })
    train(unit, options {
      loggers = { { log = function(_, r)
        if r.at == "step" then seen[#seen + 1] = r.values["train/loss"] end
      end } },
    })
    assert.same({ 1, 5 / 3, 13 / 5, 25 / 7 }, seen)
  end)

  it("joins several values of one step", function()
    local seen = {}
    local unit = rig.unit(nil, {
      in_train_step = function(_, state)
        accounts.step = accounts.step + 1
        state:log("loss", accounts.step)
        state:log("loss", scalar(accounts.step + 1), { weight = 1 })
        state:log("correct", accounts.step % 2 == 0, { reduce = "sum" })
      end,
    })
    local result = train(unit, options {
      loggers = { { log = function(_, r) if r.at == "step" then seen[#seen + 1] = r end end } },
    })
    assert.same({ ["train/correct"] = 0, ["train/loss"] = 1.5 }, seen[1].values)
    assert.same({ "train/correct", "train/loss" }, seen[1].names)
    assert.equal(3, result.metrics["train/loss"])
    assert.equal(2, result.metrics["train/correct"])
  end)

  it("stands in state.metrics from the epoch-end events on; later values at once", function()
    local seen = {}
    local unit = rig.unit(nil, {
      in_train_step = function(_, state) state:log("loss", 2) end,
      in_eval_step = function(_, state) state:log("loss", scalar(4)) end,
    })
    local epoch_records = {}
    local result = fit(unit, options {
      eval_dataloader = rig.batches(2, "e"),
      loggers = { { log = function(_, r)
        if r.at == "epoch" then epoch_records[#epoch_records + 1] = r end
      end } },
      hooks = { {
        on_train_step_end = function(_, state) seen[1] = state.metrics["train/loss"] or "none" end,
        on_train_epoch_end = function(_, state)
          seen[2] = state.metrics["train/loss"]
          state:log("extra", scalar(7))
        end,
        on_eval_step_end = function(_, state) seen[3] = state.metrics["eval/loss"] or "none" end,
        on_eval_epoch_end = function(_, state) seen[4] = state.metrics["eval/loss"] end,
      } },
    })
    assert.same({ "none", 2, "none", 4 }, seen)
    assert.same({ ["train/loss"] = 2, ["eval/loss"] = 4, ["train/extra"] = 7 }, result.metrics)
    assert.same({ "train/extra", "train/loss" }, epoch_records[1].names)
    assert.same({ "eval/loss" }, epoch_records[2].names)
    assert.equal("eval", epoch_records[2].phase)
    assert.equal(4, epoch_records[2].step)
  end)

  it("begins each epoch anew", function()
    local unit = rig.unit(nil, {
      in_train_step = function(_, state) state:log("loss", state.progress.num_steps_completed) end,
    })
    local seen = {}
    train(unit, options {
      max_epochs = 2,
      hooks = { { on_train_epoch_end = function(_, state)
        seen[#seen + 1] = state.metrics["train/loss"]
      end } },
    })
    assert.same({ 1.5, 5.5 }, seen)
  end)

  it("refuses what is no value", function()
    for _, wrong in ipairs { "1", {}, scalar(1, 2) } do
      local ok, err = pcall(run, { wrong })
      assert.is_false(ok)
      assert.equal(type(wrong) == "table" and wrong.n and "shape" or "argument", err.kind)
      accounts.step = 0
    end
    for _, wrong in ipairs { { reduce = "average" }, { window = 0 }, { reduced = "mean" } } do
      local ok, err = pcall(run, { 1 }, wrong)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      accounts.step = 0
    end
  end)

  it("frees what it holds when the run fails", function()
    local ok = pcall(run, { scalar(1), scalar(2) }, nil, {
      hooks = { { on_train_step_end = function()
        if accounts.step == 2 then error "boom" end
      end } },
    })
    assert.is_false(ok)
  end)
end)

describe("state:metric", function()
  it("takes the full name, with _ for /, or a last part that is unique", function()
    local state = State("fit", {})
    state.metrics = {
      ["eval/loss"] = 1, ["train/loss"] = 2, ["eval/top/acc"] = 3, ["eval/top_5"] = 0,
    }
    local function value_and_name(name) return { state:metric(name) } end
    assert.same({ 1, "eval/loss" }, value_and_name "eval/loss")
    assert.same({ 1, "eval/loss" }, value_and_name "eval_loss")
    assert.same({ 3, "eval/top/acc" }, value_and_name "acc")
    assert.same({ 0, "eval/top_5" }, value_and_name "top_5")
    assert.is_nil(state:metric "nothing")
    local ok, err = pcall(state.metric, state, "loss")
    assert.is_false(ok)
    assert.matches("metric 'loss' may be eval/loss or train/loss", err.message, 1, true)
  end)
end)

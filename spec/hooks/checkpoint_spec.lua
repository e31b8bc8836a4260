local clock = require "tnt.loop.clock"
local folder = require "tnt.checkpoint.folder"
local index = require "tnt.checkpoint.index"
local lfs = require "lfs"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"

local real_now = clock.now
local dir
before_each(function() dir = scratch.folder() end)
after_each(function()
  clock.now = real_now
  scratch.clean()
end)

-- A module whose weights say which steps they have seen, random numbers included.
local function new_module()
  local module = { weight = tnt.zeros(4) }
  function module.parameters() return {} end
  function module.train(self) return self end
  function module.eval(self) return self end
  function module.state_dict(self) return { weight = self.weight } end
  function module.load_state_dict(self, state) self.weight:copy_(state.weight) end
  return module
end

local function new_unit(losses)
  local Unit = tnt.TrainUnit:extend "Unit"
  function Unit:train_step()
    self.module.weight:mul_(0.9):add_(tnt.randn(4))
    if self.in_step then self:in_step(self.train_progress.num_steps_completed + 1) end
  end
  function Unit:eval_step(state)
    if losses then state:log("loss", losses[self.train_progress.num_epochs_completed]) end
  end
  local unit = Unit()
  unit.module = new_module()
  return unit
end

local function names()
  local list = {}
  for i, entry in ipairs(folder.list(folder.of(dir))) do list[i] = entry.name.text end
  return list
end

local function target(link)
  return lfs.symlinkattributes(dir .. "/checkpoints/" .. link, "target")
end

local function train(unit, hook, options)
  local given = { train_dataloader = { 1, 2, 3, 4, 5 }, max_epochs = 2, dir = dir, bar = false,
    hooks = { hook } }
  for key, value in pairs(options or {}) do given[key] = value end -- order: free
  if given.eval_dataloader then return tnt.fit(unit, given) end
  return tnt.train(unit, given)
end

describe("tnt.hooks.Checkpoint", function()
  it("saves every n train steps, and at the end #tiny", function() -- C-29
    train(new_unit(), tnt.hooks.Checkpoint { save_every_n_train_steps = 2, keep_last_n = false })
    assert.same({ "epoch_0_train_step_2", "epoch_0_train_step_4", "epoch_1_train_step_6",
      "epoch_1_train_step_8", "epoch_1_train_step_10", "epoch_2_train_step_10" }, names())
    assert.equal("epoch_2_train_step_10", target "latest")
  end)

  it("does not save twice when the end adds nothing", function() -- C-33
    train(new_unit(), tnt.hooks.Checkpoint { save_every_n_epochs = 2, keep_last_n = false },
      { max_epochs = 6, eval_dataloader = { 1, 2, 3, 4, 5 } })
    assert.same({ "epoch_2_train_step_10_eval_step_5", "epoch_4_train_step_20_eval_step_15",
      "epoch_6_train_step_30_eval_step_25" }, names())
  end)

  it("keeps the last n", function() -- C-35
    train(new_unit(), tnt.hooks.Checkpoint { save_every_n_train_steps = 2, keep_last_n = 1 })
    assert.same({ "epoch_2_train_step_10" }, names())
  end)

  it("prunes what is too many when training starts again", function()
    local function again(keep, epochs)
      train(new_unit(), tnt.hooks.Checkpoint { keep_last_n = keep },
        { resume = "auto", max_epochs = epochs })
    end
    again(false, 4)
    assert.equal(4, #names())
    again(2, 4)
    assert.same({ "epoch_3_train_step_15", "epoch_4_train_step_20" }, names())
  end)

  it("keeps the best beside the last, and waits for the evaluation's value", function()
    train(new_unit { 0.5, 0.1, 0.3, 0.2 },
      tnt.hooks.Checkpoint { keep_last_n = 1, best = { monitor = "eval_loss" } },
      { max_epochs = 4, eval_dataloader = { 1 } })
    assert.same({ "epoch_2_train_step_10_eval_step_2_eval_loss=0.1",
      "epoch_4_train_step_20_eval_step_4_eval_loss=0.2" }, names())
    assert.equal(names()[1], target "best")
    assert.equal(names()[2], target "latest")
    local found = index.read(dir .. "/checkpoints/best")
    assert.same({ "eval/loss", 0.1 }, { found.metric, found.value })
  end)

  it("saves an evaluation that is the best so far, due or not", function()
    train(new_unit { 0.5, 0.1, 0.3, 0 },
      tnt.hooks.Checkpoint { save_every_n_epochs = 100, best = { monitor = "loss" } },
      { max_epochs = 4, eval_dataloader = { 1 } })
    assert.same({ "epoch_1_train_step_5_eval_step_1_eval_loss=0.5",
      "epoch_2_train_step_10_eval_step_2_eval_loss=0.1",
      "epoch_4_train_step_20_eval_step_4_eval_loss=0" }, names())
  end)

  it("keeps the best over a resume", function()
    local losses = { 0.5, 0.1, 0.3, 0.2, 0.15 }
    for epochs = 1, 5 do
      train(new_unit(losses),
        tnt.hooks.Checkpoint { keep_last_n = 1, best = { monitor = "eval/loss" } },
        { max_epochs = epochs, eval_dataloader = { 1 }, resume = "auto" })
    end
    assert.same({ "epoch_2_train_step_10_eval_step_2_eval_loss=0.1",
      "epoch_5_train_step_25_eval_step_5_eval_loss=0.15" }, names())
    assert.equal(names()[1], target "best")
  end)

  it("warns of a metric that is not finite, and of one that nobody logs", function()
    train(new_unit { 0 / 0 }, tnt.hooks.Checkpoint { best = { monitor = "eval_loss" } },
      { max_epochs = 1, eval_dataloader = { 1 } })
    assert.same({ "epoch_1_train_step_5_eval_step_1" }, names())
    assert(scratch.warnings[1]:find("eval/loss is nan", 1, true), scratch.warnings[1])
    scratch.warnings = {}
    train(new_unit { 1 }, tnt.hooks.Checkpoint { best = { monitor = "acc" } },
      { max_epochs = 1, eval_dataloader = { 1 }, dir = dir .. "/other" })
    assert(scratch.warnings[1]:find("nothing has logged the metric 'acc'", 1, true))
    assert(scratch.warnings[1]:find("there is eval/loss", 1, true))
  end)

  it("saves by the clock", function()
    local time = 0
    clock.now = function() return time end
    local unit = new_unit()
    function unit:in_step() time = time + 25 end
    train(unit, tnt.hooks.Checkpoint { save_every_minutes = 1, keep_last_n = false },
      { max_epochs = 1, train_dataloader = { 1, 2, 3, 4, 5, 6, 7 } })
    assert.same({ "epoch_0_train_step_3", "epoch_0_train_step_6", "epoch_1_train_step_7" }, names())
  end)

  it("announces only what is durable, and lets older ones go only then", function()
    local hook = tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = 1 }
    local heard = {}
    train(new_unit(), nil, { hooks = { hook, { on_checkpoint_save = function(_, _, _, path)
      assert(folder.is_checkpoint(path))
      index.verify(index.read(path))
      assert.is_nil(tnt.current().batch)
      heard[#heard + 1] = path:match "[^/]*$"
    end } } })
    assert.equal(11, #heard)
    assert.equal("epoch_0_train_step_1", heard[1])
    assert.equal("epoch_2_train_step_10", heard[11])
  end)

  it("neither counts nor deletes what other runs left, and says so", function()
    train(new_unit(), tnt.hooks.Checkpoint { keep_last_n = false })
    assert.same({}, scratch.warnings)
    train(new_unit(), tnt.hooks.Checkpoint { keep_last_n = 1 })
    assert.same({ "epoch_1_train_step_5", "epoch_2_train_step_10", "epoch_2_train_step_10..2" },
      names())
    assert.equal("epoch_2_train_step_10..2", target "latest")
    assert(scratch.warnings[1]:find("holds 2 of other runs", 1, true), scratch.warnings[1])
    assert(index.read(dir .. "/checkpoints/epoch_2_train_step_10").run
      ~= index.read(dir .. "/checkpoints/latest").run)
  end)

  it("ends bit-equal when a run is cut off after any step", function()
    local function run(at, where)
      local unit = new_unit()
      function unit:in_step(step) if step == at then error("cut off", 0) end end
      local options = { dir = where, resume = "auto", eval_dataloader = { 1, 2 },
        evaluate_every_n_steps = 3 }
      local ok = pcall(train, unit,
        tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = 2 }, options)
      assert.equal(at == nil, ok)
      return scratch.bytes(unit.module.weight)
    end
    tnt.seed(5)
    local whole = run(nil, dir .. "/whole")
    for at = 1, 10 do
      local where = dir .. "/" .. at
      tnt.seed(5)
      run(at, where)
      if at > 1 then tnt.seed(77) end -- before the first checkpoint nothing can restore the stream
      if at == 1 then tnt.seed(5) end
      assert(run(nil, where) == whole, "cut off in step " .. at)
    end
  end)

  it("saves when a signal comes, with the epoch open", function()
    local unit = new_unit()
    function unit:in_step(step)
      if step == 3 then require("tnt.core").C.tnt_interrupt_raise(15) end
    end
    local ok, err = pcall(train, unit, tnt.hooks.Checkpoint {})
    assert(not ok and err.kind == "interrupted", tostring(err))
    assert.same({ "epoch_0_train_step_3" }, names())
    unit = new_unit()
    local steps = {}
    function unit:in_step(step) steps[#steps + 1] = step end
    train(unit, tnt.hooks.Checkpoint {}, { resume = "auto" })
    assert.same({ 4, 5, 6, 7, 8, 9, 10 }, steps)
  end)

  it("saves what was done when something raises, beside the others", function()
    local unit = new_unit()
    function unit:in_step(step) if step == 4 then error("cut off", 0) end end
    local saver = { save_every_n_train_steps = 2, keep_last_n = 1 }
    local ok, err = pcall(train, unit, tnt.hooks.Checkpoint(saver))
    assert.same({ false, "cut off" }, { ok, err })
    assert.same({ "epoch_0_train_step_2" }, names())
    assert.equal("epoch_0_train_step_2", target "latest")
    local aside = folder.list(dir .. "/exception/checkpoints")
    assert.same({ 1, "epoch_0_train_step_3" }, { #aside, aside[1].name.text })
    assert.matches("resume = '" .. dir .. "/exception'", scratch.warnings[#scratch.warnings], 1,
      true)

    local steps, other = {}, new_unit() -- the batch of step 4 counts as read
    function other:in_step(step) steps[#steps + 1] = step end
    train(other, tnt.hooks.Checkpoint(saver),
      { resume = dir .. "/exception", max_epochs = 1 })
    assert.same({ 4 }, steps)

    local third = new_unit() -- only the newest stays
    function third:in_step(step) if step == 6 then error("cut off", 0) end end
    pcall(train, third, tnt.hooks.Checkpoint { save_every_n_epochs = 100 })
    aside = folder.list(dir .. "/exception/checkpoints")
    assert.same({ 1, "epoch_1_train_step_5" }, { #aside, aside[1].name.text })
  end)

  it("saves nothing for an error before the first step, or when told not to", function()
    local unit = new_unit()
    function unit:in_step(step) if step == unit.fails_at then error("cut off", 0) end end
    unit.fails_at = 1
    pcall(train, unit, tnt.hooks.Checkpoint {})
    unit.fails_at = 3
    pcall(train, unit, tnt.hooks.Checkpoint { save_on_exception = false })
    assert.is_nil(lfs.attributes(dir .. "/exception", "mode"))
  end)

  it("keeps an error itself when the save after it fails", function()
    local unit = new_unit()
    scratch.write(dir .. "/exception", "no folder")
    function unit:in_step(step) if step == 3 then error("cut off", 0) end end
    local ok, err = pcall(train, unit, tnt.hooks.Checkpoint {})
    assert.same({ false, "cut off" }, { ok, err })
    assert.matches("on_exception of Checkpoint failed too",
      table.concat(scratch.warnings, "\n"), 1, true)
  end)

  it("raises a failed write at the next boundary, and touches nothing else", function()
    local unit = new_unit()
    local path, saved = dir .. "/checkpoints", dir .. "/saved"
    function unit:in_step(step)
      if step == 5 then -- as if the disk had failed
        assert(os.rename(path, saved))
        scratch.write(path, "no folder")
      end
    end
    local ok, err = pcall(train, unit, tnt.hooks.Checkpoint { save_every_n_train_steps = 2,
      keep_last_n = 1, async = false })
    assert(not ok and err.kind == "io", tostring(err))
    assert(err.message:find("was not written", 1, true), err.message)
    assert.equal(6, unit.train_progress.num_steps_completed)
    os.remove(path)
    assert(os.rename(saved, path))
    assert.same({ "epoch_0_train_step_4" }, names())
  end)

  it("says which options are wrong", function()
    for text, options in pairs { -- order: free
      ["save_every_n_train_steps"] = { save_every_n_steps = 5 },
      ["keep_last_n must be a whole number from 1"] = { keep_last_n = 0 },
      ["best.mode must be 'min' or 'max'"] = { best = { monitor = "a", mode = "up" } },
      ["'monitor' is missing"] = { best = {} }, ["did you mean 'async'"] = { asnc = true },
      ["save_every_n_epochs must be a whole number"] = { save_every_n_epochs = 1.5 },
    } do
      local ok, err = pcall(tnt.hooks.Checkpoint, options)
      assert(not ok and err.kind == "argument" and err.message:find(text, 1, true), tostring(err))
    end
    local ok, err = pcall(tnt.train, new_unit(), { train_dataloader = { 1 }, max_epochs = 1,
      bar = false, hooks = { tnt.hooks.Checkpoint {} } })
    assert(not ok and err.kind == "argument" and err.message:find("dir = '...'", 1, true))
  end)

  it("saves nothing in evaluate and predict", function()
    tnt.evaluate(new_unit { [0] = 1 }, { eval_dataloader = { 1 }, dir = dir, bar = false,
      hooks = { tnt.hooks.Checkpoint {} } })
    assert.same({}, names())
    assert(scratch.warnings[1]:find("nothing is saved", 1, true))
  end)
end)

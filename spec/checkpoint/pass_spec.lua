-- Checkpoints of evaluations and predictions: what they are named, what they hold, and that one
-- that was cut off goes on where it stood.

local folder = require "tnt.checkpoint.folder"
local lfs = require "lfs"
local run = require "tnt.checkpoint.run"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local dir
before_each(function() dir = scratch.folder() end)
after_each(scratch.clean)

local function names(where)
  local list = {}
  for i, entry in ipairs(folder.list(folder.of(where))) do list[i] = entry.name.text end
  return list
end

local function ten()
  local list = {}
  for i = 1, 10 do list[i] = { x = tnt.ones(2, 3):mul_(i):keep(), y = tnt.i64 { 0, 1 }:keep() } end
  return list
end

local function new_unit(metrics)
  local net = nn.Linear(3, 2)
  local optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1 })
  return tnt.AutoUnit {
    module = net, optimizer = optimizer, metrics = metrics,
    schedule = tnt.optim.schedule.Cosine(optimizer, { T_max = 20, by = "update" }),
    compute_loss = function(self, _, batch)
      local logits = self.module(batch.x)
      return F.cross_entropy(logits, batch.y), logits
    end,
  }
end

describe("checkpoints of an evaluation", function()
  it("are taken every n steps, none at the end, and hold no weights #tiny", function() -- C-31
    tnt.seed(1)
    tnt.evaluate(new_unit { tnt.metrics.Accuracy {} }, { eval_dataloader = ten(), dir = dir,
      bar = false, hooks = { tnt.hooks.Checkpoint { save_every_n_eval_steps = 2, keep_last_n = 1,
        best = { monitor = "loss" } } } })
    assert.same({ "epoch_0_eval_step_2", "epoch_0_eval_step_4", "epoch_0_eval_step_6",
      "epoch_0_eval_step_8", "epoch_0_eval_step_10" }, names(dir .. "/evaluate"))
    assert.same({}, names(dir))
    assert.equal(1, #scratch.warnings)
    assert.matches("keep_last_n and best have no meaning", scratch.warnings[1], 1, true)
    local contents = run.read(dir .. "/evaluate/checkpoints/epoch_0_eval_step_4")
    assert.same({ "eval_progress", "metrics", "predict_progress", "train_progress" },
      tnt.sorted.keys(contents.app))
    assert.equal(4, contents.app.eval_progress.num_steps_completed)
    assert.is_nil(lfs.symlinkattributes(dir .. "/evaluate/checkpoints/latest", "mode"))
  end)

  it("let one that was cut off go on, with the weights of training", function()
    tnt.seed(1)
    local unit = new_unit { tnt.metrics.Accuracy {} }
    tnt.train(unit, { train_dataloader = ten(), max_epochs = 1, dir = dir, bar = false,
      hooks = { tnt.hooks.Checkpoint {} } })
    local function evaluate(who, where, resume, cut)
      return tnt.evaluate(who, { eval_dataloader = { a = ten(), b = ten() }, dir = where,
        resume = resume, bar = false,
        hooks = { tnt.hooks.Checkpoint { save_every_n_eval_steps = 1 }, cut } })
    end
    local whole = evaluate(unit, dir .. "/whole")
    for _, at in ipairs { 3, 10, 14 } do
      local where = dir .. "/cut" .. at
      local done = 0
      local first = new_unit { tnt.metrics.Accuracy {} }
      assert(lfs.mkdir(where))
      assert(lfs.link(dir .. "/checkpoints", where .. "/checkpoints", true))
      local ok = pcall(evaluate, first, where, dir, { on_eval_step_start = function()
        if done == at then error("cut off", 0) end
        done = done + 1
      end })
      assert.is_false(ok)
      local steps = 0
      local result = evaluate(new_unit { tnt.metrics.Accuracy {} }, where, "auto",
        { on_eval_step_end = function() steps = steps + 1 end })
      assert.equal(20 - at, steps)
      for _, name in ipairs { "a/loss", "a/accuracy", "b/loss", "b/accuracy" } do
        assert.equal(whole.metrics[name], result.metrics[name], name .. " after " .. at)
      end
    end
  end)

  it("are taken when a signal comes, with no interval due", function()
    local unit = new_unit()
    local function evaluate(hooks)
      return tnt.evaluate(unit, { eval_dataloader = ten(), dir = dir, resume = "auto", bar = false,
        hooks = { tnt.hooks.Checkpoint { save_every_n_eval_steps = 100 }, hooks } })
    end
    local ok, err = pcall(evaluate, { on_eval_step_end = function(_, state)
      if state.progress.num_steps_completed == 3 then
        require("tnt.core").C.tnt_interrupt_raise(15)
      end
    end })
    assert(not ok and err.kind == "interrupted", tostring(err))
    assert.same({ "epoch_0_eval_step_3" }, names(dir .. "/evaluate"))
    unit = new_unit()
    local steps = 0
    evaluate { on_eval_step_end = function() steps = steps + 1 end }
    assert.equal(7, steps)
  end)

  it("are of a whole evaluation: the next one begins anew", function()
    local unit = new_unit()
    local function evaluate()
      return tnt.evaluate(unit, { eval_dataloader = ten(), dir = dir, resume = "auto", bar = false,
        hooks = { tnt.hooks.Checkpoint { save_every_n_eval_steps = 3 } } }).progress
    end
    assert.equal(10, evaluate().num_steps_completed)
    assert.equal(20, evaluate().num_steps_completed)
  end)
end)

describe("checkpoints of a prediction", function()
  local function predict(unit, where, given)
    local inputs = {}
    for i, batch in ipairs(ten()) do inputs[i] = batch.x end
    local options = { predict_dataloader = inputs, dir = where, bar = false,
      hooks = { tnt.hooks.Checkpoint { save_every_n_predict_steps = 1 } } }
    for key, value in pairs(given or {}) do options[key] = value end -- order: free
    return tnt.predict(unit, options)
  end

  it("are taken every n steps and at its end", function() -- C-31
    predict(new_unit(), dir)
    local expected = {}
    for i = 1, 10 do expected[i] = "epoch_0_predict_step_" .. i end
    expected[11] = "epoch_1_predict_step_10"
    assert.same(expected, names(dir .. "/predict"))
    assert.same({ "eval_progress", "predict_progress", "train_progress" }, tnt.sorted.keys(
      run.read(dir .. "/predict").app))
  end)

  it("let it go on, and leave a whole one as it is", function()
    local unit, steps = new_unit(), 0
    local count = { on_predict_step_end = function() steps = steps + 1 end }
    local cut = { on_predict_step_start = function(_, state)
      if state.progress.num_steps_completed == 7 then error("cut off", 0) end
    end }
    local saver = tnt.hooks.Checkpoint { save_every_n_predict_steps = 2 }
    assert.is_false((pcall(predict, unit, dir, { hooks = { saver, cut } })))
    predict(new_unit(), dir, { resume = "auto", hooks = { saver, count } })
    assert.equal(4, steps) -- the newest stood at step 6
    predict(new_unit(), dir, { resume = "auto", hooks = { saver, count } })
    assert.equal(4, steps)
    assert.matches("nothing to do", scratch.warnings[#scratch.warnings], 1, true)
  end)
end)

describe("checkpoints within fit's evaluations", function()
  local function fit(hook, given, unit)
    local options = { train_dataloader = { unpack(ten(), 1, 5) },
      eval_dataloader = { unpack(ten(), 1, 5) }, max_epochs = 6, dir = dir, bar = false,
      hooks = { hook } }
    for key, value in pairs(given or {}) do options[key] = value end -- order: free
    return tnt.fit(unit or new_unit(), options)
  end

  it("are taken every n eval epochs, and make none at the end necessary", function() -- C-33
    fit(tnt.hooks.Checkpoint { save_every_n_epochs = 2, save_every_n_eval_epochs = 2,
      keep_last_n = false })
    assert.same({
      "epoch_2_train_step_10_eval_step_5", "epoch_2_train_step_10_eval_step_10",
      "epoch_4_train_step_20_eval_step_15", "epoch_4_train_step_20_eval_step_20",
      "epoch_6_train_step_30_eval_step_25", "epoch_6_train_step_30_eval_step_30",
    }, names(dir))
    assert.is_table(run.read(dir).app.module)
  end)

  it("let the run go on inside the evaluation, bit-equal", function()
    local saver = { save_every_n_eval_steps = 1, save_every_n_eval_epochs = 1, keep_last_n = 2 }
    tnt.seed(1)
    local unit = new_unit { tnt.metrics.Accuracy {} }
    local whole = fit(tnt.hooks.Checkpoint(saver), { max_epochs = 2, dir = dir .. "/whole" }, unit)
    for at = 1, 9 do
      local where, evaluated = dir .. "/" .. at, 0
      tnt.seed(1)
      assert.is_false((pcall(fit, nil, { max_epochs = 2, dir = where,
        hooks = { tnt.hooks.Checkpoint(saver), { on_eval_step_start = function(_, state)
          if state.progress.num_steps_completed == at then error("cut off", 0) end
        end } } }, new_unit { tnt.metrics.Accuracy {} })))
      local other = new_unit { tnt.metrics.Accuracy {} }
      local result = fit(nil, { max_epochs = 2, dir = where, resume = "auto",
        hooks = { tnt.hooks.Checkpoint(saver), { on_eval_step_end = function()
          evaluated = evaluated + 1
        end } } }, other)
      assert.equal(10 - at, evaluated)
      assert.same(whole.metrics, result.metrics)
      scratch.same(unit.module:state_dict(), other.module:state_dict(), "weights")
    end
  end)
end)

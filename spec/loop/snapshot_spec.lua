local rig = require "spec.loop.rig"
local fit = require "tnt.fit"
local nest = require "tnt.loop.nest"
local predict = require "tnt.predict"
local snapshot = require "tnt.loop.snapshot"
local train = require "tnt.train"

-- The checkpoint writer's place is taken by a table: what matters here is what is saved and
-- applied.
local saved = {}
package.loaded["tnt.checkpoint.run"] = {
  resolve = function(_, resume) return saved[resume] and resume end,
  restore = function(path, state, unit) snapshot.restore(state, unit, nest.copy(saved[path])) end,
  load = function(path, _, unit) unit.net.weight = saved[path].app.net.weight end,
}

-- A unit whose weight depends on every batch, on the order, on random numbers and on the epoch.
local function new_unit(trace, fields)
  local unit = rig.unit(nil, {
    net = rig.module(),
    in_train_step = function(self, state, batch)
      trace[#trace + 1] = "train " .. batch .. " epoch " .. state.progress.num_epochs_completed
      self.net.weight = (self.net.weight * 31 + batch:byte(2) + rig.random.draw()) % 1000003
      state:log("weight", self.net.weight)
    end,
    in_eval_step = function(self, state, batch)
      trace[#trace + 1] = "eval " .. state.name .. " " .. batch
      state:log("weight", self.net.weight + rig.random.draw())
    end,
    on_train_epoch_end = function(self) self.net.weight = self.net.weight + 7 end,
  })
  for name, value in pairs(fields or {}) do unit[name] = value end -- order: free
  return unit
end

local function position_of(state)
  local train_progress = state.loop.phases.train.progress
  return ("%s %d.%d"):format(state.active_phase, train_progress.num_steps_completed,
    state.active_phase == "eval" and state.progress.num_steps_completed_in_epoch or 0)
end

-- Saves at each of the places where checkpoints are taken.
local function saver(events)
  local hook = { name = "saver", runs_last = true }
  for _, event in ipairs(events) do
    hook[event] = function(_, state)
      saved[event .. " " .. position_of(state)] = nest.copy(state:snapshot())
    end
  end
  return hook
end

local function without_skips(list)
  local rest = {}
  for _, text in ipairs(list) do
    if not text:match "skipping the" then rest[#rest + 1] = text end
  end
  return rest
end

describe("a run resumed from a snapshot", function()
  before_each(function()
    rig.reset()
    saved = {}
  end)
  after_each(rig.assert_clean)

  local loaders = {
    list = function() return rig.batches(4) end,
    ["with a state"] = function() return rig.loader(4) end,
    ["with a state, of unknown size"] = function()
      local loader = rig.loader(4)
      loader.known_size = nil
      return loader
    end,
    ["without a state"] = function()
      local loader = rig.loader(4)
      loader.state_dict, loader.load_state_dict = nil, nil
      return loader
    end,
  }

  for title, new_loader in pairs(loaders) do -- order: free
    for _, prefetch in ipairs { true, false } do
      it(("does the rest as if it had never ended (loader %s, prefetch %s)"):format(title,
        tostring(prefetch)), function()
        local function options(more)
          local all = {
            train_dataloader = new_loader(), max_steps = 10, bar = false,
            evaluate_every_n_steps = 3,
            eval_dataloader = { a = rig.batches(2, "x"), b = rig.batches(2, "y") },
          }
          for name, value in pairs(more) do all[name] = value end -- order: free
          return all
        end
        local function go(more)
          local trace = {}
          local unit = new_unit(trace, { enable_prefetch = prefetch })
          local result = fit(unit, options(more))
          return trace, unit, result
        end
        local whole, whole_unit, whole_result = go { hooks = { saver {
          "on_train_step_end", "on_train_epoch_end", "on_boundary_before_evaluation",
          "on_boundary_end", "on_eval_step_end",
        } } }
        local places = 0
        for place in require("tnt.sorted")(saved) do
          places = places + 1
          rig.random.drawn = 9999
          local rest, unit, result = go {
            resume = place,
            hooks = { { on_train_start = function() rig.random.draw() end } },
          }
          assert.same(whole_unit.net.weight, unit.net.weight, place)
          assert.same(whole_unit.train_progress, unit.train_progress, place)
          assert.same(whole_unit.eval_progress, unit.eval_progress, place)
          assert.same(whole_result.metrics, result.metrics, place)
          local tail = {}
          for i = #whole - #rest + 1, #whole do tail[#tail + 1] = whole[i] end
          assert.same(tail, rest, place)
          assert.same({}, without_skips(rig.warnings))
          if title ~= "without a state" then assert.same({}, rig.warnings) end
          rig.warnings = {}
        end
        assert.is_true(places > 30)
      end)
    end
  end

  it("calls no epoch-start events inside an epoch, nor for one resumed at its end", function()
    local function options(more)
      local all = { train_dataloader = rig.batches(2), max_epochs = 2, bar = false }
      for name, value in pairs(more) do all[name] = value end -- order: free
      return all
    end
    train(new_unit {}, options { hooks = { saver { "on_train_step_end" } } })
    for step, starts in pairs { 1, 1, 0, 0 } do -- order: free
      local seen, unit = 0, new_unit {}
      train(unit, options {
        resume = "on_train_step_end train " .. step .. ".0",
        hooks = { { on_train_epoch_start = function() seen = seen + 1 end } },
      })
      assert.equal(starts, seen)
      assert.same({ 2, 4, 2 }, { unit.train_progress.num_epochs_completed,
        unit.train_progress.num_steps_completed,
        unit.train_progress.num_steps_completed_in_prev_epoch })
    end
    assert.same({}, rig.warnings)
  end)

  it("with a larger limit goes on in the epoch that was cut short", function()
    local function go(more)
      local trace = {}
      local unit = new_unit(trace)
      local options = { train_dataloader = rig.loader(4), bar = false }
      for name, value in pairs(more) do options[name] = value end -- order: free
      train(unit, options)
      return unit, trace
    end
    local whole = go { max_steps = 7 }
    saved = {}
    local cut = go { max_steps = 3, hooks = { saver { "on_train_end" } } }
    assert.same({ 1, 3, 0 }, { cut.train_progress.num_epochs_completed,
      cut.train_progress.num_steps_completed, cut.train_progress.num_steps_completed_in_epoch })
    local contents = saved["on_train_end train 3.0"]
    assert.equal(3, contents.open.app.train_progress.num_steps_completed_in_epoch)
    assert.is_nil(contents.open.app.net)
    -- What closing the epoch did to the weights stays; the counters and the data go on.
    local unit, trace = go { resume = "on_train_end train 3.0", max_steps = 7 }
    assert.same(whole.train_progress, unit.train_progress)
    assert.same({ "train b4 epoch 0", "train b1 epoch 1", "train b2 epoch 1", "train b3 epoch 1" },
      trace)
    -- The same limit: nothing is left to do, the closed epoch stands.
    unit, trace = go { resume = "on_train_end train 3.0", max_steps = 3 }
    assert.equal(1, unit.train_progress.num_epochs_completed)
    assert.same({}, trace)
  end)

  it("after a signal within an evaluation finishes that first", function()
    local function go(more, fields)
      local trace = {}
      local unit = new_unit(trace, fields)
      local options = {
        train_dataloader = rig.loader(4), bar = false, max_steps = 4, evaluate_every_n_steps = 2,
        eval_dataloader = { a = rig.loader(2, "x"), b = rig.loader(3, "y") },
      }
      for name, value in pairs(more) do options[name] = value end -- order: free
      local ok, err = pcall(fit, unit, options)
      assert(ok or err.kind == "interrupted", tostring(err))
      return unit, trace
    end
    local whole, whole_trace = go {}
    rig.random.drawn = 0
    local signal = { on_eval_step_end = function(_, state)
      if state.name == "b" and state.batch == "y1" then rig.interrupt.signal = "SIGTERM" end
    end }
    local _, first = go { hooks = { saver { "on_interrupt" }, signal } }
    local unit, rest = go { resume = "on_interrupt eval 2.1" }
    for _, entry in ipairs(rest) do first[#first + 1] = entry end
    assert.same(whole_trace, first)
    assert.equal(whole.net.weight, unit.net.weight)
  end)

  it("takes the states of hooks under their names, and info", function()
    local Early = require("tnt.hook").Hook:extend("Early", { patience = 1 })
    Early.saved = { "bad" }
    local options = { train_dataloader = rig.batches(2), max_epochs = 1, bar = false }
    local a, b = Early {}, Early { name = "mine" }
    a.bad, b.bad = 3, 4
    local unit = new_unit {}
    unit.info.note = { lr = 0.5 }
    local gone = saver { "on_train_end" }
    gone.saved = { "name" }
    options.hooks = { a, b, gone }
    train(unit, options)
    local c, d, e = Early {}, Early { name = "mine" }, Early { name = "new" }
    unit = new_unit {}
    options.hooks, options.resume = { e, c, d }, "on_train_end train 2.0"
    train(unit, options)
    assert.same({ 3, 4 }, { c.bad, d.bad })
    assert.is_nil(e.bad)
    assert.same({ note = { lr = 0.5 } }, unit.info)
    assert.same({
      "resume: the hook 'new' is new, the checkpoint has no state for it",
      "resume: the checkpoint has a state for the hook 'saver', which is gone",
    }, rig.warnings)
  end)

  it("lists optimizer settings that differ from the saved ones in one warning", function()
    local function optimizer(lr)
      return {
        param_groups = { { lr = lr, beta = 0.9 }, { lr = lr, beta = 0.9 } },
        state_dict = function(self) return nest.copy(self.param_groups) end,
        load_state_dict = function(self, state) self.param_groups = nest.copy(state) end,
      }
    end
    local options = { train_dataloader = rig.batches(1), max_epochs = 1, bar = false }
    options.hooks = { saver { "on_train_end" } }
    train(new_unit({}, { optimizer = optimizer(0.1) }), options)
    options.resume = "on_train_end train 1.0"
    local unit = new_unit({}, { optimizer = optimizer(0.2) })
    train(unit, options)
    assert.equal(0.1, unit.optimizer.param_groups[2].lr)
    assert.same({ "resume: hyper-parameters differ from the saved ones:\n"
      .. "  optimizer group 1 lr: saved 0.1, now 0.2 (the saved one holds)\n"
      .. "  optimizer group 2 lr: saved 0.1, now 0.2 (the saved one holds)" }, rig.warnings)
  end)

  it("warns of fields that came or went, and refuses without a module's weights", function()
    local options = { train_dataloader = rig.batches(1), max_epochs = 1, bar = false }
    options.hooks = { saver { "on_train_end" } }
    train(new_unit({}, { old = rig.loader(1) }), options)
    options.resume = "on_train_end train 1.0"
    train(new_unit({}, { new = rig.loader(1) }), options)
    assert.same({
      "resume: the checkpoint has nothing for unit.new; it stays as it is",
      "resume: the checkpoint holds 'old', which the unit lacks; it is left out",
    }, rig.warnings)
    local ok, err = pcall(train, new_unit({}, { head = rig.module() }), options)
    assert.is_false(ok)
    assert.equal("format", err.kind)
    assert.matches("no weights for unit.head", err.message, 1, true)
  end)

  it("is not begun from what is no checkpoint", function()
    for _, wrong in ipairs { {}, { format = 2, app = {} }, { format = 1 } } do
      saved.wrong = wrong
      local ok, err = pcall(train, new_unit {},
        { train_dataloader = rig.batches(1), max_epochs = 1, resume = "wrong", bar = false })
      assert.is_false(ok)
      assert.equal("format", err.kind)
    end
  end)

  it("comes after on_run_start and before the first phase event, through the hooks", function()
    local options = { train_dataloader = rig.batches(2), max_epochs = 2, bar = false }
    options.hooks = { saver { "on_train_epoch_end" }, {
      on_checkpoint_snapshot = function(_, _, _, contents) contents.extra = "kept" end,
    } }
    train(new_unit {}, options)
    local trace = {}
    local tracer = rig.tracer(trace)
    tracer.on_checkpoint_load = function(_, _, _, contents)
      trace[#trace + 1] = "load " .. contents.extra
      contents.app.net.weight = 5
    end
    local unit = new_unit({}, {
      on_train_start = function(self) trace[#trace + 1] = self.net.weight end,
    })
    options.hooks, options.resume = { tracer }, "on_train_epoch_end train 2.0"
    train(unit, options)
    assert.same({ "on_run_start", "load kept", 5, "on_train_start" },
      { trace[1], trace[2], trace[3], trace[4] })
  end)

  it("is a fresh start when there is nothing, which `load` then begins", function()
    local options = { train_dataloader = rig.batches(1), max_epochs = 1, bar = false }
    saved.weights = { app = { net = { weight = 41 } } }
    options.dir, options.resume, options.load = "runs/x", "auto", "weights"
    local unit = new_unit({}, {
      in_train_step = function(self) self.net.weight = self.net.weight + 1 end,
    })
    train(unit, options)
    assert.equal(49, unit.net.weight) -- 41, one step, and 7 of the epoch's end
    assert.equal(1, unit.train_progress.num_epochs_completed)
    options.dir = nil
    local ok, err = pcall(train, unit, options)
    assert.is_false(ok)
    assert.matches("resume = 'auto' looks in dir", err.message, 1, true)
  end)
end)

describe("a prediction resumed", function()
  before_each(function()
    rig.reset()
    saved = {}
  end)
  after_each(rig.assert_clean)

  it("when complete warns and does nothing (C-13)", function()
    local options = { predict_dataloader = rig.batches(3, "p"), bar = false }
    options.hooks = { {
      name = "saver", on_predict_end = function(_, state) saved.done = state:snapshot() end,
    } }
    predict(rig.unit(), options)
    local trace = {}
    local unit = rig.unit(trace)
    options.resume, options.hooks = "done", { rig.tracer(trace) }
    predict(unit, options)
    assert.same({ "on_run_start", "on_checkpoint_load", "on_run_end" }, trace)
    assert.equal(3, unit.predict_progress.num_steps_completed)
    assert.matches("nothing to do", rig.warnings[#rig.warnings], 1, true)
  end)

  it("goes on at the next batch", function()
    local options = { predict_dataloader = rig.loader(4, "p"), bar = false }
    options.hooks = { { name = "saver", on_predict_step_end = function(_, state)
      saved[state.batch] = nest.copy(state:snapshot())
    end } }
    predict(rig.unit(), options)
    local seen = {}
    options.resume, options.hooks = "p3", nil
    local unit = rig.unit(nil, {
      in_predict_step = function(_, _, batch) seen[#seen + 1] = batch end,
    })
    predict(unit, options)
    assert.same({ "p4" }, seen)
  end)
end)

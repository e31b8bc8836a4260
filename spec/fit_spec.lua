local rig = require "spec.loop.rig"
local fit = require "tnt.fit"
local hook = require "tnt.hook"

local function counters(progress)
  return { progress.num_epochs_completed, progress.num_steps_completed,
    progress.num_steps_completed_in_epoch }
end

local function options(more)
  local all = {
    train_dataloader = rig.batches(2), eval_dataloader = rig.batches(1, "e"), max_epochs = 1,
    bar = false,
  }
  for name, value in pairs(more or {}) do all[name] = value end -- order: free
  return all
end

describe("fit", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("calls unit and hooks in TorchTNT's order (the trace of 2.6)", function()
    local trace = {}
    local unit_tracer, hook_tracer = rig.tracer(trace, "U."), rig.tracer(trace, "C.")
    local unit = rig.unit(trace)
    -- TorchTNT's units have these events only.
    for _, phase in ipairs { "train", "eval" } do
      for _, event in ipairs { "start", "epoch_start", "epoch_end", "end" } do
        local name = "on_" .. phase .. "_" .. event
        unit[name] = unit_tracer[name]
      end
    end
    for _, entry in ipairs(hook.run_events) do hook_tracer[entry[1]] = nil end -- ours
    fit(unit, options { evaluate_every_n_steps = 2, hooks = { hook_tracer } })
    local function both(...)
      local list = {}
      for _, event in ipairs { ... } do
        list[#list + 1], list[#list + 2] = "U.on_" .. event, "C.on_" .. event
      end
      return unpack(list)
    end
    local function hooks_only(prefix, ...)
      local list = {}
      for _, event in ipairs { ... } do list[#list + 1] = "C.on_" .. prefix .. "_" .. event end
      return unpack(list)
    end
    local expected = {}
    local function add(...)
      for _, event in ipairs { ... } do expected[#expected + 1] = event end
    end
    local function evaluation()
      add(both("eval_start", "eval_epoch_start"))
      add(hooks_only("eval", "dataloader_iter_creation_start", "dataloader_iter_creation_end",
        "get_next_batch_start", "get_next_batch_end", "step_start"))
      add("eval_step(e1)")
      add(hooks_only("eval", "step_end", "get_next_batch_start"))
      add(both("eval_epoch_end", "eval_end"))
    end
    add(both("train_start", "train_epoch_start"))
    add(hooks_only("train", "dataloader_iter_creation_start", "dataloader_iter_creation_end"))
    for i = 1, 2 do
      add(hooks_only("train", "get_next_batch_start", "get_next_batch_end", "step_start"))
      add("train_step(b" .. i .. ")")
      add(hooks_only("train", "step_end"))
    end
    evaluation()
    add(hooks_only("train", "get_next_batch_start"))
    add(both "train_epoch_end")
    evaluation()
    add(both "train_end")
    assert.same(expected, trace)
    assert.same({ 1, 2, 0 }, counters(unit.train_progress))
    assert.same({ 2, 2, 0 }, counters(unit.eval_progress))
  end)

  it("evaluates every n steps of the total (C-9)", function()
    local unit = rig.unit()
    fit(unit, options {
      train_dataloader = rig.batches(12), eval_dataloader = rig.batches(2, "e"), max_epochs = 2,
      evaluate_every_n_steps = 5, evaluate_every_n_epochs = 0,
    })
    assert.same({ 2, 24, 0 }, counters(unit.train_progress))
    assert.same({ 4, 8, 0 }, counters(unit.eval_progress))
  end)

  it("evaluates every n epochs, by default each", function()
    for n, evaluations in pairs { [1] = 6, [2] = 3, [4] = 1, [7] = 0, [0] = 0 } do -- order: free
      local unit = rig.unit()
      fit(unit, options { max_epochs = 6, evaluate_every_n_epochs = n })
      assert.same({ evaluations, evaluations, 0 }, counters(unit.eval_progress))
    end
    local unit = rig.unit()
    fit(unit, options { max_epochs = 3 })
    assert.same({ 3, 3, 0 }, counters(unit.eval_progress))
  end)

  it("gives every evaluation all its batches under max_eval_steps_per_epoch (D1)", function()
    for _, prefetch in ipairs { true, false } do
      local unknown = rig.loader(4, "e")
      unknown.known_size = nil
      for _, loader in ipairs { rig.batches(4, "e"), rig.loader(4, "e"), unknown } do
        local lengths = {}
        local unit = rig.unit(nil, { enable_prefetch = prefetch })
        fit(unit, options {
          eval_dataloader = loader, max_epochs = 3, max_eval_steps_per_epoch = 4,
          hooks = { { on_eval_epoch_end = function(_, state)
            lengths[#lengths + 1] = state.progress.num_steps_completed_in_prev_epoch
          end } },
        })
        assert.same({ 4, 4, 4 }, lengths)
      end
    end
  end)

  it("keeps last_batch of evaluations out of training (D4)", function()
    local flags = {}
    local unit = rig.unit(nil, {
      enable_prefetch = true,
      in_train_step = function(_, state) flags[#flags + 1] = state.last_batch end,
    })
    fit(unit, options {
      train_dataloader = rig.batches(6), eval_dataloader = rig.batches(2, "e"),
      evaluate_every_n_steps = 2, max_eval_steps_per_epoch = 2,
    })
    assert.same({ false, false, false, false, false, true }, flags)
    assert.same({ 4, 8, 0 }, counters(unit.eval_progress))
  end)

  it("switches modes and gradients for evaluations and back", function()
    local module, seen = rig.module(), {}
    local function note(_, state)
      seen[#seen + 1] = { state.active_phase, state.name, module.training, rig.grad_mode.on }
    end
    fit(rig.unit(nil, { net = module }), options {
      hooks = { { on_train_step_end = note, on_eval_step_end = note, on_train_end = note } },
    })
    local train, eval = { "train", "train", true, true }, { "eval", "eval", false, false }
    assert.same({ train, train, eval, train }, seen)
    assert.is_false(module.training)
  end)

  it("evaluates each loader of a set in sorted order, under its name", function()
    local names = {}
    local unit = rig.unit(nil, {
      in_eval_step = function(_, state, batch)
        names[#names + 1] = state.name .. ":" .. batch
        state:log("n", 1, { reduce = "sum" })
      end,
    })
    local result = fit(unit, options {
      eval_dataloader = { val = rig.batches(2, "v"), ood = rig.loader(1, "o") },
    })
    assert.same({ "ood:o1", "val:v1", "val:v2" }, names)
    assert.same({ 2, 3, 0 }, counters(unit.eval_progress))
    assert.same({ ["ood/n"] = 1, ["val/n"] = 2 }, result.metrics)
  end)

  it("asks evaluate_when after each step and each epoch, once", function()
    local asked = {}
    local unit = rig.unit()
    fit(unit, options {
      max_epochs = 2,
      evaluate_when = function(state, at)
        asked[#asked + 1] = at .. state.progress.num_steps_completed
        return at == "step" and state:every(3)
      end,
      hooks = { { on_boundary_before_evaluation = function(_, state) state:evaluation_due() end } },
    })
    assert.same({ "step1", "step2", "epoch2", "step3", "step4", "epoch4" }, asked)
    assert.same({ 1, 1, 0 }, counters(unit.eval_progress))
  end)

  it("takes intervals that a hook sets from the next epoch on", function()
    local at = {}
    fit(rig.unit(), options {
      max_epochs = 3, evaluate_every_n_epochs = 0, train_dataloader = rig.batches(4),
      hooks = { {
        on_train_epoch_start = function(_, state)
          if state.progress.num_epochs_completed == 0 then state.evaluate_every_n_steps = 2 end
          if state.progress.num_epochs_completed == 1 then state.evaluate_every_n_steps = nil end
        end,
        on_boundary_end = function(_, state)
          if state.loop.phases.eval.progress.num_epochs_completed > #at then
            at[#at + 1] = state.progress.num_steps_completed
          end
        end,
      } },
    })
    assert.same({ 6, 8 }, at)
  end)

  it("shows boundary events around evaluations, with what is due", function()
    local trace = {}
    local function note(event)
      return function(_, state)
        trace[#trace + 1] = event .. (state.boundary and " " .. state.boundary or "")
          .. (event == "before" and (state:evaluation_due() and " due" or "") or "")
      end
    end
    fit(rig.unit(), options {
      evaluate_every_n_steps = 2,
      hooks = { {
        on_train_step_end = note "step_end", on_train_epoch_end = note "epoch_end",
        on_boundary_before_evaluation = note "before", on_eval_start = note "eval",
        on_boundary_end = note "end",
      } },
    })
    assert.same({
      "step_end step", "before step", "end",
      "step_end step", "before step due", "eval step", "end",
      "epoch_end epoch", "before epoch due", "eval epoch", "end",
    }, trace)
  end)

  it("refuses units without eval_step, evaluate_when beside intervals, and wrong limits", function()
    local function refused(unit, more)
      local ok, err = pcall(fit, unit, options(more))
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      return err.message
    end
    local OnlyTrain = require("tnt.unit").TrainUnit:extend "OnlyTrain"
    function OnlyTrain.train_step() error "not reached" end
    assert.matches("has no eval_step(state, batch)", refused(OnlyTrain()), 1, true)
    assert.matches("evaluate_when decides alone",
      refused(rig.unit(), { evaluate_when = print, evaluate_every_n_steps = 1 }), 1, true)
    for _, name in ipairs { "max_train_steps_per_epoch", "max_eval_steps_per_epoch",
      "evaluate_every_n_steps", "evaluate_every_n_epochs" } do
      assert.matches(name .. " must be a whole number",
        refused(rig.unit(), { [name] = -1 }), 1, true)
    end
    assert.matches("option 'val_dataloader' is called eval_dataloader here",
      refused(rig.unit(), { val_dataloader = {} }), 1, true)
    assert.matches("eval_dataloader.val: expected a loader",
      refused(rig.unit(), { eval_dataloader = { val = 5 } }), 1, true)
  end)
end)

describe("state:stop", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("closes the epoch as if done, and enters a due evaluation without steps", function()
    local trace = {}
    local unit = rig.unit(nil, {
      in_train_step = function(_, state)
        if state.progress.num_steps_completed == 1 then state:stop "enough" end
      end,
    })
    local tracer = {}
    local events = {
      "on_train_step_end", "on_train_epoch_end", "on_eval_start", "on_eval_epoch_start",
      "on_eval_step_start", "on_eval_epoch_end", "on_eval_end", "on_train_end",
    }
    for _, event in ipairs(events) do
      tracer[event] = function() trace[#trace + 1] = event end
    end
    local result = fit(unit, options {
      train_dataloader = rig.batches(4), max_epochs = 5, hooks = { tracer },
    })
    assert.same({
      "on_train_step_end", "on_train_step_end", "on_train_epoch_end", "on_eval_start",
      "on_eval_epoch_start", "on_eval_epoch_end", "on_eval_end", "on_train_end",
    }, trace)
    assert.same({ 1, 2, 0 }, counters(unit.train_progress))
    assert.same({ 1, 0, 0 }, counters(unit.eval_progress))
    assert.equal("stopped", result.reason)
    assert.equal("enough", result.message)
    assert.same({}, rig.warnings)
  end)

  it("within an evaluation ends that, the epoch, and enters one more that is due", function()
    local unit = rig.unit(nil, { in_eval_step = function(_, state) state:stop() end })
    fit(unit, options {
      train_dataloader = rig.batches(4), eval_dataloader = rig.batches(3, "e"), max_epochs = 5,
      evaluate_every_n_steps = 2,
    })
    assert.same({ 1, 2, 0 }, counters(unit.train_progress))
    assert.same({ 2, 1, 0 }, counters(unit.eval_progress))
  end)

  it("in on_train_start means no epoch; in an epoch-start event one without steps", function()
    for event, epochs in pairs { on_train_start = 0, on_train_epoch_start = 1 } do -- order: free
      local unit = rig.unit()
      local result = fit(unit, options {
        max_epochs = 3, hooks = { { [event] = function(_, state) state:stop() end } },
      })
      assert.same({ epochs, 0, 0 }, counters(unit.train_progress))
      assert.equal("stopped", result.reason)
    end
  end)

  it("leaves an evaluation that had no steps without metrics", function()
    local unit = rig.unit(nil, {
      in_eval_step = function(_, state) state:log("accuracy", 0.5) end,
      in_train_step = function(_, state)
        if state.progress.num_steps_completed == 2 then state:stop() end
      end,
    })
    local result = fit(unit, options { max_epochs = 3 })
    assert.same({ 2, 1, 0 }, counters(unit.eval_progress))
    assert.is_nil(result.metrics["eval/accuracy"])
  end)
end)

local rig = require "spec.loop.rig"
local train = require "tnt.train"
local fit = require "tnt.fit"
local hook = require "tnt.hook"
local State = require "tnt.state"

local function counters(progress)
  return { progress.num_epochs_completed, progress.num_steps_completed,
    progress.num_steps_completed_in_epoch }
end

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return err
end

-- The pseudocode over `train`: blocks by indentation. Gives the events in the order it promises,
-- asked of a world that answers its conditions.
local function read_program()
  local path = package.searchpath("tnt.train", package.path)
  local lines = {}
  for line in io.lines(path) do
    local indent, text = line:match "^%-%-%-     ( *)(%S.*)$"
    if indent then lines[#lines + 1] = { depth = #indent, text = text } end
  end
  assert(#lines > 40)
  return lines
end

local function block_end(lines, at)
  local last = at
  while lines[last + 1] and lines[last + 1].depth > lines[at].depth do last = last + 1 end
  return last
end

local function interpret(lines, world, trace)
  local parts = {}
  for i, line in ipairs(lines) do
    if line.depth == 0 and line.text:match "^evaluate, once" then parts.evaluate = i end
  end
  local run
  -- Returns true when the enclosing loop is to be left.
  local function block(from, to)
    local at = from
    while at <= to do
      local line, last = lines[at], block_end(lines, at)
      local condition = line.text:match "^if (.*):$"
      local loop = line.text:match "^while (.*):$"
      if condition then
        if world(condition) and block(at + 1, last) then return true end
      elseif loop then
        while not world(loop) do
          if block(at + 1, last) then break end
        end
      elseif line.text == "leave" then
        return true
      elseif line.text == "evaluate" then
        world "enter evaluation"
        block(parts.evaluate + 1, block_end(lines, parts.evaluate))
        world "leave evaluation"
      elseif line.text:match "^on_" then
        trace[#trace + 1] = line.text
      elseif line.text:match "^unit:" then
        trace[#trace + 1] = line.text:match "^unit:([%w_]+)"
      elseif line.text:match "^count the step" then
        world "count step"
      elseif line.text:match "^count the epoch" then
        world "count epoch"
      end
      at = last + 1
    end
  end
  run = block
  run(1, parts.evaluate - 1)
end

describe("the loop that the docstring of train shows", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  -- Two epochs of two batches, evaluations of one batch after every second step and every epoch.
  local function world_of(has_eval)
    local train_phase = { epochs = 0, steps = 0, in_epoch = 0, batches = 2, at = 0 }
    local eval_phase = { epochs = 0, steps = 0, in_epoch = 0, batches = 1, at = 0 }
    local phase, boundary = train_phase, nil
    return function(word)
      if word == "the run is not done" then return phase.epochs >= 2 end
      if word == "the epoch is not done" then return false end -- ended by its data
      if word == "no epoch is open" then
        phase.at = 0
        return true
      end
      if word == "there is no batch" then
        phase.at = phase.at + 1
        return phase.at > phase.batches
      end
      if word == "an evaluation is due" then
        return has_eval and (boundary == "epoch" or phase.steps % 2 == 0)
      end
      if word == "count step" then
        phase.steps, boundary = phase.steps + 1, "step"
      elseif word == "count epoch" then
        phase.epochs, boundary = phase.epochs + 1, "epoch"
      elseif word == "enter evaluation" then
        phase = eval_phase
      elseif word == "leave evaluation" then
        phase = train_phase
      else
        error("the docstring says something the spec does not know: " .. word)
      end
    end
  end

  -- What really happens, for hooks; the unit's own calls between them.
  local function really(entry, options)
    local trace = {}
    local unit = rig.unit()
    for _, phase in ipairs { "train", "eval" } do
      local fetch, step = "get_next_" .. phase .. "_batch", phase .. "_step"
      unit[fetch] = function(_, _, iterator)
        trace[#trace + 1] = fetch
        return iterator()
      end
      unit[step] = function() trace[#trace + 1] = step end
    end
    options.hooks, options.bar = { rig.tracer(trace) }, false
    entry(unit, options)
    return trace
  end

  it("is the loop of train", function()
    local promised = {}
    interpret(read_program(), world_of(false), promised)
    assert.same(promised, really(train, { train_dataloader = rig.batches(2), max_epochs = 2 }))
  end)

  it("is the loop of fit", function()
    local promised = {}
    interpret(read_program(), world_of(true), promised)
    assert.is_true(#promised > 100)
    assert.same(promised, really(fit, {
      train_dataloader = rig.batches(2), eval_dataloader = rig.batches(1, "e"), max_epochs = 2,
      evaluate_every_n_steps = 2, evaluate_every_n_epochs = 1,
    }))
  end)

  it("names every event of training and evaluation", function()
    local named = {}
    for _, line in ipairs(read_program()) do named[line.text:match "^on_[%w_]+" or ""] = true end
    for _, phase in ipairs { "train", "eval" } do
      for _, event in ipairs(hook.phase_events) do
        assert.is_true(named["on_" .. phase .. "_" .. event], phase .. event)
      end
    end
  end)
end)

describe("train", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("counts epochs and steps, and puts modules back into the mode they had (C-1)", function()
    for _, former in ipairs { true, false } do
      local module, seen = rig.module(), {}
      module.training = former
      local unit = rig.unit(nil, {
        net = module,
        in_train_step = function(_, state)
          seen[#seen + 1] = module.training
          assert.is_true(rig.grad_mode.on)
          assert.equal(#seen - 1, state.progress.num_steps_completed)
        end,
      })
      local result = train(unit, { train_dataloader = rig.batches(4), max_epochs = 3, bar = false })
      assert.same({ 3, 12, 0 }, counters(unit.train_progress))
      assert.same(unit.train_progress, result.progress)
      assert.equal("max_epochs", result.reason)
      assert.equal(12, #seen)
      assert.is_true(seen[1] and seen[12])
      assert.equal(former, module.training)
    end
  end)

  it("ends at max_steps, or at max_epochs before it (C-3)", function()
    local unit = rig.unit()
    assert.equal("max_steps", train(unit,
      { train_dataloader = rig.batches(4), max_steps = 3, bar = false }).reason)
    assert.same({ 1, 3, 0 }, counters(unit.train_progress))
    unit = rig.unit()
    train(unit,
      { train_dataloader = rig.batches(4), max_epochs = 3, max_steps = 100000, bar = false })
    assert.same({ 3, 12, 0 }, counters(unit.train_progress))
    for max_steps, epochs in pairs { [3] = 1, [4] = 1, [5] = 2, [8] = 2 } do -- order: free
      unit = rig.unit()
      train(unit, { train_dataloader = rig.batches(4), max_steps = max_steps, bar = false })
      assert.same({ epochs, max_steps, 0 }, counters(unit.train_progress))
    end
  end)

  it("calls each hook as often as TorchTNT does (C-5)", function()
    local calls = {}
    local counting = {}
    for _, event in ipairs(hook.names()) do
      if hook.is_event(event) then
        counting[event] = function() calls[event] = (calls[event] or 0) + 1 end
      end
    end
    train(rig.unit(), {
      train_dataloader = rig.batches(5), max_steps_per_epoch = 6, max_epochs = 3,
      hooks = { counting }, bar = false,
    })
    assert.equal(1, calls.on_train_start)
    assert.equal(3, calls.on_train_epoch_start)
    assert.equal(15, calls.on_train_step_start)
    assert.equal(15, calls.on_train_step_end)
    assert.equal(18, calls.on_train_get_next_batch_start)
    assert.equal(15, calls.on_train_get_next_batch_end)
    assert.equal(3, calls.on_train_epoch_end)
    assert.equal(1, calls.on_train_end)
    assert.is_nil(calls.on_exception)
    assert.equal(1, calls.on_run_start)
    assert.equal(1, calls.on_run_end)
  end)

  it("shows hooks the counters and the step's output where TorchTNT does", function()
    local seen = {}
    local unit = rig.unit(nil, { in_train_step = function(_, _, batch) return "out " .. batch end })
    train(unit, {
      train_dataloader = rig.batches(2), max_epochs = 1, bar = false,
      hooks = { {
        on_train_step_start = function(_, state)
          seen[#seen + 1] = { state.batch, state.step_output, state.progress.num_steps_completed }
        end,
        on_train_step_end = function(_, state)
          seen[#seen + 1] = { state.batch, state.step_output, state.progress.num_steps_completed,
            state.iteration_timer.data_wait_time.count,
            state.iteration_timer.train_iteration_time.count }
        end,
        on_boundary_end = function(_, state)
          assert.is_nil(state.batch)
          assert.is_nil(state.step_output)
        end,
        on_train_epoch_end = function(_, state)
          local p = state.progress
          seen[#seen + 1] = { p.num_epochs_completed, p.num_steps_completed_in_epoch,
            p.num_steps_completed_in_prev_epoch }
        end,
      } },
    })
    assert.same({
      { "b1", nil, 0 }, { "b1", "out b1", 1, 1, 0 }, { "b2", nil, 1 }, { "b2", "out b2", 2, 2, 1 },
      { 1, 0, 2 },
    }, seen)
  end)

  it("runs no epoch when the limit is reached before, but start and end hooks", function()
    local trace = {}
    train(rig.unit(trace), {
      train_dataloader = rig.batches(2), max_epochs = 0, hooks = { rig.tracer(trace) }, bar = false,
    })
    assert.same({ "on_run_start", "on_train_start", "on_train_end", "on_run_end" }, trace)
  end)

  it("sees the same batches in each epoch under max_steps_per_epoch (D2, D3)", function()
    for _, prefetch in ipairs { true, false } do
      local unknown = rig.loader(4)
      unknown.known_size = nil
      for _, loader in ipairs { rig.batches(4), rig.loader(4), unknown } do
        for limit, per_epoch in pairs { [2] = "b1 b2", [4] = "b1 b2 b3 b4" } do -- order: free
          local seen = {}
          local unit = rig.unit(nil, {
            enable_prefetch = prefetch,
            in_train_step = function(_, _, batch) seen[#seen + 1] = batch end,
          })
          train(unit, {
            train_dataloader = loader, max_steps_per_epoch = limit, max_epochs = 3, bar = false,
          })
          assert.equal(table.concat({ per_epoch, per_epoch, per_epoch }, " "),
            table.concat(seen, " "))
          assert.same({ 3, 3 * limit, 0 }, counters(unit.train_progress))
        end
      end
    end
  end)

  it("knows the last batch by the loader's size, limits, or fetching ahead (C-23)", function()
    local function flags(loader, fields, limits)
      local seen = {}
      fields.in_train_step = function(_, state) seen[#seen + 1] = state.last_batch end
      limits.train_dataloader, limits.bar = loader, false
      train(rig.unit(nil, fields), limits)
      return seen
    end
    local known = { false, false, false, true }
    local unknown = rig.loader(4)
    unknown.known_size = nil
    assert.same(known, flags(rig.batches(4), {}, { max_epochs = 1 }))
    assert.same(known, flags(rig.loader(4), {}, { max_epochs = 1 }))
    assert.same(known, flags(unknown, { enable_prefetch = true }, { max_epochs = 1 }))
    assert.same({ false, false, false, false }, flags(unknown, {}, { max_epochs = 1 }))
    assert.same({ false, true, false, true },
      flags(rig.batches(4), {}, { max_epochs = 2, max_steps_per_epoch = 2 }))
    assert.same({ false, false, true }, flags(rig.batches(4), {}, { max_steps = 3 }))
  end)

  it("ends an epoch by nil only: an error of the user's code is one (D8)", function()
    for _, stray in ipairs { "StopIteration", "end of data" } do
      local unit = rig.unit(nil, { in_train_step = function() error(stray, 0) end })
      assert.equal(stray, failure(train, unit,
        { train_dataloader = rig.batches(2), max_epochs = 1, bar = false }))
      assert.same({ 0, 0, 0 }, counters(unit.train_progress))
    end
  end)

  it("refuses to spin over an empty loader when only max_steps could end it (D9)", function()
    for _, options in ipairs {
      { train_dataloader = {}, max_steps = 5 },
      { train_dataloader = {}, max_steps = 5, max_epochs = math.huge },
      { train_dataloader = rig.batches(2), max_steps = 5, max_steps_per_epoch = 0 },
    } do
      options.bar = false
      local err = failure(train, rig.unit(), options)
      assert.equal("state", err.kind)
      assert.matches("train epoch 1 had no step", err.message, 1, true)
    end
  end)

  it("warns when one object stands in two fields, as checkpoints would hold it twice", function()
    local module = rig.module()
    train(rig.unit(nil, { a = module, b = module, c = rig.module() }), {
      train_dataloader = { "b1" }, max_epochs = 1, bar = false,
    })
    assert.equal(1, #rig.warnings)
    assert.matches("unit.a and unit.b are one object", rig.warnings[1], 1, true)
  end)

  it("warns for each epoch without steps", function()
    local unit = rig.unit()
    train(unit, { train_dataloader = {}, max_epochs = 2, bar = false })
    assert.same({ 2, 0, 0 }, counters(unit.train_progress))
    assert.same({ "tnt.train: train epoch 1 had no step", "tnt.train: train epoch 2 had no step" },
      rig.warnings)
    rig.reset()
    train(unit, {
      train_dataloader = rig.batches(1), max_epochs = 4, max_steps_per_epoch = 0, bar = false,
    })
    assert.equal(2, #rig.warnings)
  end)

  it("gives a step that wants it the iterator, the same each time (C-15)", function()
    for _, takes in ipairs { true, { train = true } } do
      local seen, iterators = {}, {}
      local unit = rig.unit(nil, {
        takes_iterator = takes,
        in_train_step = function(_, _, iterator)
          iterators[iterator] = true
          local batch = iterator()
          if batch == nil then return end
          seen[#seen + 1] = batch
        end,
      })
      train(unit, { train_dataloader = rig.batches(5), max_epochs = 1, bar = false })
      assert.same({ "b1", "b2", "b3", "b4", "b5" }, seen)
      assert.same({ 1, 5, 0 }, counters(unit.train_progress))
      local n = 0
      for _ in pairs(iterators) do n = n + 1 end -- order: free
      assert.equal(1, n)
    end
  end)

  it("counts a step that got some of its batches before the end", function()
    local unit = rig.unit(nil, {
      takes_iterator = true,
      in_train_step = function(_, _, iterator) return { iterator(), iterator() } end,
    })
    train(unit, { train_dataloader = rig.batches(5), max_epochs = 1, bar = false })
    assert.same({ 1, 3, 0 }, counters(unit.train_progress))
  end)

  it("remarks why an epoch ended (C-19)", function()
    train(rig.unit(), {
      train_dataloader = rig.batches(9), max_epochs = 3, max_steps_per_epoch = 5, bar = false,
    })
    assert.equal("Train epoch 3 ended as max steps per epoch reached: 5", rig.infos[3])
  end)

  it("tells the loader the epoch, and takes its own get_next_train_batch", function()
    local loader, epochs = rig.loader(3), {}
    local unit = rig.unit(nil, {
      get_next_train_batch = function(_, _, iterator)
        local a, b = iterator(), iterator()
        epochs[#epochs + 1] = loader.epoch
        return a and { a, b }
      end,
    })
    train(unit, { train_dataloader = loader, max_epochs = 2, bar = false })
    assert.same({ 0, 0, 0, 1, 1, 1 }, epochs)
    assert.same({ 2, 4, 0 }, counters(unit.train_progress))
  end)

  it("takes a function that returns an iterator", function()
    local unit = rig.unit()
    train(unit, {
      train_dataloader = function()
        local i = 0
        return function()
          i = i + 1
          if i <= 3 then return i end
        end
      end,
      max_epochs = 2, bar = false,
    })
    assert.same({ 2, 6, 0 }, counters(unit.train_progress))
  end)

  it("opens a scope for each step, around fetching the batch and all hooks", function()
    local depths = {}
    local function note(where) return function() depths[where] = rig.scope.depth end end
    local unit = rig.unit(nil, {
      get_next_train_batch = function(_, _, iterator)
        depths.fetch = rig.scope.depth
        return iterator()
      end,
    })
    train(unit, {
      train_dataloader = rig.batches(2), max_epochs = 1, bar = false,
      hooks = { {
        on_train_start = note "start", on_train_epoch_start = note "epoch_start",
        on_train_step_end = note "step_end", on_boundary_end = note "boundary",
        on_train_epoch_end = note "epoch_end",
      } },
    })
    assert.same({
      start = 0, epoch_start = 0, fetch = 1, step_end = 1, boundary = 0, epoch_end = 0,
    }, depths)
    assert.equal(4, rig.scope.opened) -- two steps, the fetch that found the end, the epoch's close
    assert.equal(0, rig.scope.dissolved)
  end)

  it("makes its state current, also when loops are nested", function()
    local seen = {}
    local inner = rig.unit(nil, {
      in_train_step = function(_, state) seen[2] = State.current() == state end,
    })
    local outer = rig.unit(nil, {
      in_train_step = function(_, state)
        train(inner, { train_dataloader = { 1 }, max_epochs = 1, bar = false })
        seen[1] = State.current() == state
        inner.train_progress.num_epochs_completed = 0
      end,
    })
    train(outer, { train_dataloader = { 1 }, max_epochs = 1, bar = false })
    assert.same({ true, true }, seen)
    assert.is_nil(State.current())
  end)

  describe("refuses before any hook runs:", function()
    local function refused(unit, options)
      local trace = {}
      if type(options) == "table" and not getmetatable(options) and #options == 0 then
        options.hooks, options.bar = options.hooks or { rig.tracer(trace) }, false
      end
      local err = failure(train, unit, options)
      assert.equal("argument", err.kind)
      assert.same({}, trace)
      return err.message
    end

    it("wrong limits", function()
      for _, name in ipairs { "max_epochs", "max_steps", "max_steps_per_epoch" } do
        for _, wrong in ipairs { -1, 1.5, "3", 0 / 0 } do
          local options = { train_dataloader = {}, max_epochs = 1 }
          options[name] = wrong
          assert.matches("tnt.train: " .. name .. " must be a whole number from 0 on",
            refused(rig.unit(), options), 1, true)
        end
      end
      assert.matches("max_time is a number of seconds",
        refused(rig.unit(), { train_dataloader = {}, max_time = -1 }), 1, true)
      assert.matches("a limit is missing", refused(rig.unit(), { train_dataloader = {} }), 1, true)
    end)

    it("unknown options, with the nearest or ours", function()
      assert.matches("unknown option 'max_epoch'; did you mean 'max_epochs'?",
        refused(rig.unit(), { train_dataloader = {}, max_epoch = 1 }), 1, true)
      assert.matches("option 'callbacks' is called hooks here",
        refused(rig.unit(), { train_dataloader = {}, max_epochs = 1, callbacks = {} }), 1, true)
    end)

    it("loaders that are none", function()
      assert.matches("'train_dataloader' is missing",
        refused(rig.unit(), { max_epochs = 1 }), 1, true)
      assert.matches("train_dataloader: expected a loader",
        refused(rig.unit(), { train_dataloader = 5, max_epochs = 1 }), 1, true)
      assert.matches("train_dataloader: a set of loaders with names as keys is for evaluation",
        refused(rig.unit(), { train_dataloader = { a = {}, b = {} }, max_epochs = 1 }), 1, true)
    end)

    it("units that are none, or lack the step", function()
      local only_eval = require("tnt.unit").EvalUnit:extend "OnlyEval"
      function only_eval.eval_step() end
      assert.matches("the unit OnlyEval has no train_step(state, batch)",
        refused(only_eval(), { train_dataloader = {}, max_epochs = 1 }), 1, true)
      assert.matches("the class OnlyEval; call it to make a unit",
        refused(only_eval, { train_dataloader = {}, max_epochs = 1 }), 1, true)
      assert.matches("expected a unit",
        refused({}, { train_dataloader = {}, max_epochs = 1 }), 1, true)
      assert.matches("the form is tnt.train(unit, {train_dataloader = ",
        refused(rig.unit(), 5), 1, true)
    end)

    it("hooks with misspelt events", function()
      assert.matches("unknown event 'on_train_stepend'", refused(rig.unit(), {
        train_dataloader = {}, max_epochs = 1, hooks = { { on_train_stepend = print } },
      }), 1, true)
      assert.matches("unknown event 'on_epochend'",
        refused(rig.unit(nil, { on_epochend = print }), { train_dataloader = {}, max_epochs = 1 }),
        1, true)
    end)
  end)
end)

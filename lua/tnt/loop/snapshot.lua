-- What a checkpoint holds: `take` collects it as one nested table of tensors, numbers, strings and
-- booleans, `restore` applies such a table. A checkpoint writer only writes and reads the table.

local errors = require "tnt.errors"
local hook = require "tnt.hook"
local message = require "tnt.loop.message"
local nest = require "tnt.loop.nest"
local random = require "tnt.random"
local sorted = require "tnt.sorted"

--[[ THE CONTRACT with the writer (lua/tnt/checkpoint/)

  local contents = snapshot.take(state, unit)       also state:snapshot()
  snapshot.restore(state, unit, contents)

Keys are strings or 1, 2, ... (lists); values: tensors, numbers, strings, booleans or such tables.
Tensors in `contents` are the live ones (parameters, optimizer state): the writer copies what it
writes later than at once. The table itself is the writer's to keep.

  contents.format       1
  contents.entry_point  "train", "evaluate", "predict" or "fit"
  contents.active_phase "train", "eval" or "predict"
  contents.app          name of a unit's field -> its state_dict(): progress, modules, optimizers
  contents.boundary     nil, or {at = "step"|"epoch", evaluation_due = boolean, passed = {names}}:
                        the loop stood at the end of a train step or epoch, its evaluation not done
  contents.loaders      phase -> {name, delivered, ended, state}: positions of open epochs
  contents.running      phase -> sums of `state:log` of open epochs
  contents.metrics      state.metrics
  contents.stop         nil, or what `state:stop` was given below min_steps or min_epochs
  contents.evaluated    nil, or {step, update} of training at the evaluation before
  contents.hooks        name of a hook -> its state
  contents.random       tnt.random.state()
  contents.info         unit.info
  contents.hyper        plain options of the unit, for one warning about those that differ
  contents.unit         what the unit's class keeps beside (gradients of an open window)
  contents.is_partial   nil, or true: what the unit has and app lacks is no mistake (checkpoints of
                        evaluations and predictions; a choice, checkpoint/choice.lua)
  contents.passed       nil, or of an evaluation or prediction: names of loaders that are done
  contents.open         nil, or for an epoch that was cut short (max_steps, stop) what it was before
                        it was closed: app (without modules and optimizers), groups (numbers of
                        optimizers' parameter groups), loaders, running; used by a resume that has
                        steps left to do

The engine calls, with what `resume`, `load` and `dir` of train and fit say:
  local checkpoint = require "tnt.checkpoint.run"
  checkpoint.resolve(dir, resume) -> path, or nil when there is nothing ("auto" in a fresh dir)
  checkpoint.restore(path, state, unit)   reads the table and calls snapshot.restore
  checkpoint.load(path, state, unit)      weights only
between on_run_start and the first phase event; `state.loop.run_options` are the call's options.
]]
local snapshot = {}

snapshot.random_state = random.state
snapshot.set_random_state = random.set_state

local function is_module(object) return type(object.parameters) == "function" end

-- The parameter groups of an optimizer, or of several in one field; nil for another object.
local function groups_of(object)
  if type(object.param_groups) == "table" then return object.param_groups end
  local groups = type(object.groups) == "function" and object:groups()
  return groups and #groups > 0 and groups or nil
end

local function positions(run)
  local found = {}
  for name, phase in sorted(run.phases) do
    local cursor = phase.cursor or #phase.cursors == 1 and phase.cursors[1] or nil
    local position = cursor and cursor:position()
    if position then
      position.name = cursor.name
      found[name] = position
    end
  end
  return found
end

local function running_sums(run)
  local found = {}
  for name, phase in sorted(run.phases) do
    if phase.open_running then
      phase.running:flush(name, phase.progress)
      found[name] = phase.running:state_dict()
    end
  end
  return found
end

-- The numbers in an optimizer's parameter groups, by group.
local function group_numbers(optimizer)
  local groups = {}
  for i, group in ipairs(groups_of(optimizer)) do
    groups[i] = {}
    for key, value in sorted(group) do
      if type(value) == "number" then groups[i][key] = value end
    end
  end
  return groups
end

local function passed_of(phase)
  local passed = {}
  for name in sorted(phase.passed) do passed[#passed + 1] = name end
  return passed
end

local function boundary_of(run)
  local state = run.state
  if not state.boundary then return nil end
  return {
    at = state.boundary, evaluation_due = state:evaluation_due(),
    passed = run.evaluating and passed_of(run.phases.eval) or {},
  }
end

--- Everything a checkpoint holds, at the place where the loop stands. Hooks may change it
--- (on_checkpoint_snapshot).
---@param state tnt.State
---@param unit table
---@return table contents
function snapshot.take(state, unit)
  local run, contents = state.loop, { format = 1 }
  contents.entry_point, contents.active_phase = state.entry_point, state.active_phase
  contents.boundary = boundary_of(run)
  if not run.phases.train then
    contents.passed = passed_of(run.phases.eval or run.phases.predict)
  end
  contents.running = running_sums(run)
  -- A resume does not log these steps again: a process that is killed must have written them.
  run.loggers:flush()
  contents.loaders = positions(run)
  contents.app = {}
  -- Averaged weights that are swapped in give way to the raw ones while these are copied.
  local engine = unit.engine or {}
  local must_copy = engine.before_snapshot and engine.before_snapshot(unit)
  for name, object in sorted(unit:app_state()) do
    contents.app[name] = must_copy and nest.clone(object:state_dict()) or object:state_dict()
  end
  if engine.after_snapshot then engine.after_snapshot(unit) end
  contents.unit = engine.save and engine.save(unit)
  contents.hyper = engine.hyper and engine.hyper(unit)
  contents.info = nest.copy(unit.info or {})
  contents.metrics = nest.copy(state.metrics)
  contents.hooks = {}
  for i, object in ipairs(run.hooks) do
    contents.hooks[run.saved_as[i]] = hook.state_dict(object)
  end
  contents.random = random.state()
  contents.open = run.cut_open
  contents.stop = state.stop_is_pending and (state.stop_message or true) or nil
  contents.evaluated = run.evaluated_at
  hook.call(run.dispatch.on_checkpoint_snapshot, state, unit, contents)
  return contents
end

--- For the engine: an epoch is about to be closed although it is not over.
---@param run table
---@return table open
function snapshot.open_epoch(run)
  local open = { app = {}, groups = {}, running = running_sums(run), loaders = positions(run) }
  for name, object in sorted(run.unit:app_state()) do
    if groups_of(object) then
      open.groups[name] = group_numbers(object)
    elseif not is_module(object) then
      open.app[name] = nest.clone(object:state_dict())
    end
  end
  return open
end

-- The part of a checkpoint that holds: the open epoch, when this run has something left to do in
-- it.
local function effective(run, contents)
  local open, train = contents.open, run.phases.train
  local progress = open and open.app.train_progress
  if not train or not progress then return contents end
  if train.max_steps and progress.num_steps_completed >= train.max_steps
    or train.max_epochs and progress.num_epochs_completed >= train.max_epochs then
    return contents
  end
  local merged, app = {}, {}
  for key, value in sorted(contents) do merged[key] = value end
  for name, value in sorted(contents.app) do app[name] = open.app[name] or value end
  merged.app, merged.loaders, merged.running, merged.groups = app, open.loaders, open.running,
    open.groups
  merged.boundary, merged.active_phase = nil, "train"
  return merged
end

local function plain(value)
  return type(value) == "number" and ("%.10g"):format(value) or tostring(value)
end

-- What a group was set up with: a rate that a schedule moves is that from which it started.
local function as_set_up(numbers)
  if not numbers.initial_lr then return numbers end
  local copy = nest.copy(numbers)
  copy.lr, copy.initial_lr = numbers.initial_lr, nil
  return copy
end

local function differing(saved, present, prefix, verdict, lines)
  for name, value in sorted(present) do
    local before = saved[name]
    if before ~= nil and before ~= value then
      lines[#lines + 1] = ("%s%s: saved %s, now %s (%s)"):format(prefix, name, plain(before),
        plain(value), verdict)
    end
  end
end

local function load_app(unit, contents, lines)
  local objects = unit:app_state()
  for name, object in sorted(objects) do
    local saved = contents.app[name]
    if saved == nil then
      if is_module(object) and not contents.is_partial then
        errors.raise("format", "resume: the checkpoint has no weights for unit.%s", name)
      elseif not contents.is_partial then
        message.warn("resume: the checkpoint has nothing for unit.%s; it stays as it is", name)
      end
    else
      local before = groups_of(object) and group_numbers(object)
      object:load_state_dict(saved)
      if before then
        for i, group in ipairs(contents.groups and contents.groups[name] or {}) do
          for key, value in sorted(group) do groups_of(object)[i][key] = value end
        end
        for i, group in ipairs(group_numbers(object)) do
          differing(as_set_up(group), as_set_up(before[i] or {}), ("%s group %d "):format(name, i),
            "the saved one holds", lines)
        end
      end
    end
  end
  for name in sorted(contents.app) do
    if not objects[name] then
      message.warn("resume: the checkpoint holds '%s', which the unit lacks; it is left out", name)
    end
  end
end

local function load_hooks(run, contents)
  local present = {}
  for i, object in ipairs(run.hooks) do
    local name = run.saved_as[i]
    present[name] = true
    local saved = contents.hooks[name]
    if saved ~= nil then
      hook.load_state_dict(object, saved)
    elseif object.state_dict or object.saved then
      message.warn("resume: the hook '%s' is new, the checkpoint has no state for it", name)
    end
  end
  for name in sorted(contents.hooks) do
    if not present[name] then
      message.warn("resume: the checkpoint has a state for the hook '%s', which is gone", name)
    end
  end
end

local function load_boundary(run, contents)
  local boundary, eval = contents.boundary, run.phases.eval
  local pass = not run.phases.train and run.state.entry_point == contents.entry_point
    and (eval or run.phases.predict)
  -- One whose last loader was done has nothing open: the next call is a new pass.
  if pass and contents.passed and #contents.passed < #pass.cursors then
    for _, name in ipairs(contents.passed) do pass.passed[name] = true end
  end
  if not boundary or not eval or not run.phases.train then return end
  run.state.boundary, run.due = boundary.at, boundary.evaluation_due
  for _, name in ipairs(boundary.passed or {}) do eval.passed[name] = true end
end

--- Applies what `take` gave, also to a fresh process: the next steps are those the run would have
--- done.
--- Errors: format, when contents are no such table or lack a module's weights.
---@param state tnt.State
---@param unit table
---@param contents table
function snapshot.restore(state, unit, contents)
  local run = state.loop
  hook.call(run.dispatch.on_checkpoint_load, state, unit, contents)
  if type(contents) ~= "table" or contents.format ~= 1 or type(contents.app) ~= "table" then
    errors.raise("format", "resume: not the contents of a checkpoint of this version (format %s)",
      tostring(type(contents) == "table" and contents.format))
  end
  contents = effective(run, contents)
  local engine, lines = unit.engine or {}, {}
  if engine.hyper and contents.hyper then
    differing(contents.hyper, engine.hyper(unit), "", "the present one holds", lines)
  end
  load_app(unit, contents, lines)
  if #lines > 0 then
    message.warn("resume: hyper-parameters differ from the saved ones:\n  %s",
      table.concat(lines, "\n  "))
  end
  if engine.load then engine.load(unit, contents.unit) end
  unit.info = nest.copy(contents.info or {})
  for full, value in sorted(contents.metrics or {}) do state.metrics[full] = value end
  load_hooks(run, contents)
  load_boundary(run, contents)
  for name, phase in sorted(run.phases) do
    phase.resume_position = contents.loaders and contents.loaders[name]
    local sums = contents.running and contents.running[name]
    if sums then phase.running:load_state_dict(sums) end
  end
  if contents.stop then
    state.stop_is_pending = true
    state.stop_message = contents.stop ~= true and contents.stop or nil
  end
  run.evaluated_at = contents.evaluated
  run.resumed, run.resumed_entry = true, contents.entry_point
  run.random = contents.random
  if run.random ~= nil then random.set_state(run.random) end
end

--- For the engine: the start events may have drawn random numbers; the run goes on with its own.
---@param run table
function snapshot.after_start(run)
  if run.random ~= nil then
    random.set_state(run.random)
    run.random = nil
  end
end

return snapshot

-- The one loop of the program: train, evaluate, predict and fit are this engine with other phases.
-- The order of events is shown as pseudocode over `train`. Dispatch tables are built once; a step
-- makes no closure, no string and no pcall: one xpcall stands around the run, and what must be put
-- back on every exit path is noted in the run.

local scope = require "tnt.scope"
local grad_mode = require "tnt.grad_mode"
local interrupt = require "tnt.interrupt"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local length = require "tnt.loop.length"
local message = require "tnt.loop.message"
local modes = require "tnt.loop.modes"
local sanity = require "tnt.loop.sanity"
local snapshot = require "tnt.loop.snapshot"
local sorted = require "tnt.sorted"
local State = require "tnt.state"
local Timer = require "tnt.loop.timer"

local engine = {}
local call = hook.call
local function now() return clock.now() end
-- A batch fetched ahead is kept beyond its step, and then belongs to the step that consumes it.
local hold, hand_over = scope.hold, scope.adopt

--[[ What a unit's class may have in its table `engine`, all optional, called with the unit first:
  start(unit, state)                 before on_<phase>_start of the run's own phase
  enter_evaluation(unit, state)      before, and leave_evaluation after, every evaluation
  wrap_step(unit, step) -> step      what is called instead of train_step, eval_step, predict_step
  after_train_step(unit, state)      before the step-end events
  close_train_epoch(unit, state)     before the epoch's values are taken: flush, epoch schedules
  begin_epoch(unit, state, phase)    an epoch begins; finish_epoch(unit, state, phase) its end
  after_boundary(unit, state, was_evaluated)  what waited for metrics: plateau schedules
  before_snapshot / after_snapshot(unit)   around the taking of the app state
  save(unit) -> table|nil            what a checkpoint holds beside the app state; load(unit, table)
  hyper(unit) -> table               plain options, compared at resume for a warning
]]
local function own(run, name, ...)
  local fn = run.unit.engine and run.unit.engine[name]
  if fn then return fn(run.unit, ...) end
end
engine.own = own

-- ---- ends ---------------------------------------------------------------------------------------

local function run_is_done(phase)
  local progress = phase.progress
  return phase.max_steps and progress.num_steps_completed >= phase.max_steps and "max_steps"
    or phase.max_epochs and progress.num_epochs_completed >= phase.max_epochs and "max_epochs"
    or nil
end
engine.run_is_done = run_is_done

-- Between steps: a signal leaves everything open, is told to the hooks, and ends the run as an
-- error. A loop within a step of another one leaves it to that one, which can save.
local function leave_if_interrupted(run)
  local signal = run.is_outermost and interrupt.pending()
  if not signal then return end
  call(run.dispatch.on_interrupt, run.state, run.unit)
  local err = errors.new("interrupted", ("tnt.%s: %s came; the step was finished and the epoch "
    .. "left open (%s)"):format(run.state.entry_point, signal, tostring(run.state.progress)))
  err.signal = signal
  error(err, 0)
end

local function is_out_of_time(run)
  return run.deadline ~= nil and now() >= run.deadline
end

-- ---- phases -------------------------------------------------------------------------------------

-- Makes a phase the active one; returns what `leave_phase` needs.
local function enter_phase(run, phase, name, mode, with_gradients)
  local state = run.state
  local former = {
    phase = run.phase, active_phase = state.active_phase, name = state.name,
    progress = state.progress, modes = modes.set(run.unit, mode),
    gradients = grad_mode.set(with_gradients),
  }
  run.former[#run.former + 1] = former
  run.phase = phase
  state.active_phase, state.name, state.progress = phase.name, name, phase.progress
  return former
end

local function leave_phase(run)
  local former = table.remove(run.former)
  modes.restore(former.modes)
  grad_mode.set(former.gradients)
  local state = run.state
  run.phase = former.phase
  if former.phase then
    state.active_phase, state.name, state.progress = former.active_phase, former.name,
      former.progress
  end
end

local function skip_in_scope(fetch)
  local token = scope.open "step"
  fetch()
  scope.close(token)
end

-- Opens the epoch of a phase, or goes on in the one a checkpoint left open.
local function open_epoch(run, phase, cursor)
  local state, unit, progress, on = run.state, run.unit, phase.progress, phase.on
  local is_resumed = progress.num_steps_completed_in_epoch > 0
  phase.cursor = cursor
  phase.open_running = phase.running
  if not is_resumed then
    phase.running:clear()
    phase.running.prefix = state.name
    own(run, "begin_epoch", state, phase.name)
    call(on.epoch_start, state, unit)
  end
  call(on.dataloader_iter_creation_start, state, unit)
  local position = phase.resume_position
  phase.resume_position = nil
  if position and position.name ~= cursor.name then
    message.warn("resume: the checkpoint stood in the loader '%s', not in '%s'; it starts afresh",
      tostring(position.name), tostring(cursor.name))
    position = nil
  end
  if is_resumed and not position and not cursor.is_stateful then
    position = { delivered = progress.num_steps_completed_in_epoch }
  end
  -- Going on inside an epoch must not draw random numbers that the first run drew before.
  local random = is_resumed and snapshot.random_state() or nil
  cursor:open(progress.num_epochs_completed, position, skip_in_scope)
  if random then snapshot.set_random_state(random) end
  phase.max_steps_per_epoch = length.limit(cursor.who, phase.limit, cursor.size)
  call(on.dataloader_iter_creation_end, state, unit)
end

-- Takes the epoch's values: from here on they stand in state.metrics.
local function finish_values(run, phase)
  local state, running = run.state, phase.running
  if #running.entries > 0 then
    running:flush(phase.name, phase.progress)
    run.epoch_record = running:finish()
    for full, value in pairs(run.epoch_record) do -- order: free
      state.metrics[full], state.latest[full] = value, value
    end
  else
    run.epoch_record = {}
  end
  if phase.progress.num_steps_completed_in_prev_epoch == 0 then -- without steps there is no value
    local prefix = running.prefix .. "/"
    for full in sorted(state.metrics) do
      if full:sub(1, #prefix) == prefix then state.metrics[full] = nil end
    end
  end
  running:clear()
  phase.open_running = nil
  own(run, "finish_epoch", state, phase.name)
end

local function deliver_epoch(run, phase)
  local values = run.epoch_record
  run.epoch_record = nil
  if #run.loggers == 0 or next(values) == nil or phase.is_sanity then return end
  local names = {}
  for full in pairs(values) do names[#names + 1] = full end -- order: free
  table.sort(names)
  local counted = run.phases.train and run.phases.train.progress or phase.progress
  run.loggers:log {
    at = "epoch", phase = phase.name, step = counted.num_steps_completed,
    update = counted.num_updates_completed, epoch = counted.num_epochs_completed,
    time = clock.wall(), names = names, values = values,
  }
end

-- The steps of an open epoch. Returns why it ended: "data", "max_steps", "max_steps_per_epoch" or
-- "stopped"; or "max_time", which leaves it open. `after_step` may end it too.
local function run_steps(run, phase, after_step)
  local state, unit, progress, on = run.state, run.unit, phase.progress, phase.on
  local cursor, running, timer = phase.cursor, phase.running, state.iteration_timer
  local step, fetch, looks_ahead = phase.step, phase.fetch, phase.looks_ahead
  local takes_iterator = phase.takes_iterator
  looks_ahead = looks_ahead and cursor.size == nil -- else the last batch is known without
  local max_steps, max_in_epoch = phase.max_steps or math.huge,
    phase.max_steps_per_epoch or math.huge
  local waits, times, owners = timer.data_wait_time, phase.times, phase.owners
  while true do
    if state.should_stop then return "stopped" end
    if progress.num_steps_completed >= max_steps then return "max_steps" end
    if progress.num_steps_completed_in_epoch >= max_in_epoch then return "max_steps_per_epoch" end

    local began = now()
    local token = scope.open "step"
    run.token = token
    call(on.get_next_batch_start, state, unit)
    local batch
    if takes_iterator then
      batch = cursor.iterator
      if cursor.ended then batch = nil end
    elseif looks_ahead then
      batch = cursor:next_ahead(fetch, unit, state, hold, hand_over)
    else
      batch = fetch(unit, state, cursor.iterator)
    end
    if batch == nil then
      run.token = nil
      scope.close_step(token, owners)
      return "data"
    end
    call(on.get_next_batch_end, state, unit)
    local fetched = now()
    Timer.add(waits, fetched - began)

    state.batch = batch
    state.last_batch = not takes_iterator and cursor:is_last()
      or progress.num_steps_completed + 1 >= max_steps
      or progress.num_steps_completed_in_epoch + 1 >= max_in_epoch
    call(on.step_start, state, unit)
    local delivered = cursor.delivered
    state.step_output = step(unit, state, batch)
    if takes_iterator and cursor.ended and cursor.delivered == delivered then
      state.batch, state.step_output = nil, nil
      run.token = nil
      scope.close_step(token, owners)
      return "data"
    end
    progress:increment_step()
    if phase.marks_boundary then
      own(run, "after_train_step", state)
      state.boundary, run.due = "step", nil
    end
    call(on.step_end, state, unit)
    running:end_step(phase.name, progress)
    state.batch, state.step_output = nil, nil
    run.token = nil
    scope.close_step(token, owners)
    Timer.add(times, now() - fetched)

    leave_if_interrupted(run)
    if after_step then
      local why = after_step(run)
      if why then return why end
    end
  end
end

local function warn_if_empty(run, phase)
  if phase.progress.num_steps_completed_in_epoch == 0 and not run.state.should_stop then
    message.warn("%s: %s epoch %d had no step", "tnt." .. run.state.entry_point, phase.name,
      phase.progress.num_epochs_completed + 1)
  end
end

-- ---- evaluation and prediction ------------------------------------------------------------------

-- One pass over one loader, events and all.
local function one_pass(run, phase, cursor)
  local state, unit, progress, on = run.state, run.unit, phase.progress, phase.on
  local former = enter_phase(run, phase, cursor.name or phase.default_name, "eval", false)
  former.is_evaluation = true
  own(run, "enter_evaluation", state)
  call(on.start, state, unit)
  open_epoch(run, phase, cursor)
  local why = run_steps(run, phase)
  warn_if_empty(run, phase)
  progress:increment_epoch()
  cursor:clear()
  finish_values(run, phase)
  phase.passed[state.name] = true -- for a checkpoint that is taken at its end
  call(on.epoch_end, state, unit)
  deliver_epoch(run, phase)
  call(on["end"], state, unit)
  own(run, "leave_evaluation", state)
  leave_phase(run)
  return why
end

-- A pass over each loader of a phase, those in `phase.passed` (names, from a checkpoint) excepted.
local function all_passes(run, phase)
  local why
  for _, cursor in ipairs(phase.cursors) do
    local name = cursor.name or phase.default_name
    if not phase.passed[name] then
      why = one_pass(run, phase, cursor)
    end
  end
  phase.passed = {}
  return why
end

-- ---- training -----------------------------------------------------------------------------------

-- The rest of a boundary: the evaluation that is due, then what waited for its values.
local function finish_boundary(run)
  local state, is_due = run.state, run:evaluation_due()
  if is_due then
    run.evaluating = true
    all_passes(run, run.phases.eval)
    run.evaluating = false
    if not state.should_stop then run:note_evaluation() end
  end
  own(run, "after_boundary", state, is_due)
  state.boundary, run.due = nil, nil
  call(run.dispatch.on_boundary_end, state, run.unit)
end

local function boundary(run)
  if is_out_of_time(run) then return "max_time" end
  call(run.dispatch.on_boundary_before_evaluation, run.state, run.unit)
  finish_boundary(run)
  leave_if_interrupted(run)
  -- A stop that came too early is one now; after the evaluation, which is not to be cut short.
  if run.state.stop_is_pending then run.state:stop() end
end

local why_texts = {
  data = "reached end of data",
  max_steps = "max steps reached: %d",
  max_steps_per_epoch = "max steps per epoch reached: %d",
  stopped = "stop was asked for",
}

local function close_train_epoch(run, phase, why)
  local state, unit, progress, on = run.state, run.unit, phase.progress, phase.on
  warn_if_empty(run, phase)
  local number = progress.num_epochs_completed + 1
  message.info("Train epoch %d ended as " .. why_texts[why], number, phase[why])
  local is_empty = progress.num_steps_completed_in_epoch == 0
  if is_empty and not state.should_stop and not run.deadline
    and (phase.max_epochs or math.huge) == math.huge then
    errors.raise("state", "tnt.%s: train epoch %d had no step (%s), and only max_steps could end "
      .. "the run; give a loader with batches, or max_epochs", state.entry_point, number,
      why == "data" and "the loader gave no batch" or "max_steps_per_epoch is 0")
  end
  if (why == "max_steps" or why == "stopped") and not is_empty and not phase.cursor:is_last() then
    run.cut_open = snapshot.open_epoch(run)
  end
  local token = scope.open "step"
  run.token = token
  own(run, "close_train_epoch", state)
  run.token = nil
  scope.close_step(token, phase.owners)
  progress:increment_epoch()
  phase.cursor:clear()
  finish_values(run, phase)
  state.boundary, run.due = "epoch", nil
  call(on.epoch_end, state, unit)
  deliver_epoch(run, phase)
  return boundary(run)
end

local function train_epochs(run, phase)
  local state = run.state
  if state.boundary then -- a checkpoint was taken before its evaluation, or within
    finish_boundary(run)
    leave_if_interrupted(run)
  end
  while true do
    if state.should_stop then return "stopped" end
    local done = run_is_done(phase)
    -- A checkpoint of the last step of all left an epoch open that is still to be closed.
    local must_close = done == "max_steps" and phase.progress.num_steps_completed_in_epoch > 0
    if done and not must_close then return done end
    if is_out_of_time(run) then return "max_time" end
    run.every_n_steps, run.every_n_epochs = state.evaluate_every_n_steps,
      state.evaluate_every_n_epochs
    open_epoch(run, phase, phase.cursors[1])
    local why = run_steps(run, phase, boundary)
    if why == "max_time" then return why end
    run.cut_open = nil
    if close_train_epoch(run, phase, why) == "max_time" then return "max_time" end
  end
end

local function training(run)
  local phase = run.phases.train
  local state, unit, on = run.state, run.unit, phase.on
  enter_phase(run, phase, "train", "train", true)
  own(run, "start", state)
  call(on.start, state, unit)
  local sanity_steps = run.run_options.sanity_eval_steps
  if sanity_steps and not run.resumed then sanity(run, sanity_steps, all_passes) end
  snapshot.after_start(run)
  local why = train_epochs(run, phase)
  call(on["end"], state, unit)
  phase.running:clear()
  leave_phase(run)
  return why
end

local function passing(run, phase)
  own(run, "start", run.state)
  if run.resumed_entry == "predict" and phase.name == "predict"
    and phase.progress.num_epochs_completed >= #phase.cursors
    and phase.progress.num_steps_completed_in_epoch == 0 then
    message.warn("tnt.%s: the checkpoint's run was complete; nothing to do", run.state.entry_point)
    return "data"
  end
  snapshot.after_start(run)
  local why = all_passes(run, phase)
  return why == "max_steps_per_epoch" and "max_steps" or why
end

-- ---- the run ------------------------------------------------------------------------------------

local function body(run)
  local state, unit = run.state, run.unit
  call(run.dispatch.on_run_start, state, unit)
  run.restore(run)
  run.loggers:open(state, unit)
  if run.phases.train then return training(run) end
  return passing(run, run.phases.eval or run.phases.predict)
end

local cli = package.preload["tnt.cli"] and require "tnt.cli" -- only where tntlua is the program

local function with_traceback(err)
  local state = State.current()
  if state then state.traceback = debug.traceback(tostring(err), 2) end
  if cli then cli.keep_traceback(err) end
  return err
end

-- An error's way out: the log, on_exception for everyone in order, then the step's scope.
local function tell_exception(run, err)
  local state, unit = run.state, run.unit
  if type(err) ~= "table" or err.kind ~= "interrupted" then
    local lines = {}
    for _, name in ipairs { "train", "eval", "predict" } do
      local phase = run.phases[name]
      if phase then lines[#lines + 1] = name .. ": " .. tostring(phase.progress) end
    end
    message.warn("Exception during %s after the following progress: %s\n%s", state.entry_point,
      table.concat(lines, "; "), tostring(err))
  end
  -- One that fails in on_exception must not keep the others (a last checkpoint) from it, nor hide
  -- the error itself.
  local listeners = run.dispatch.on_exception
  for i = 1, listeners.n do
    local ok, second = pcall(listeners.fns[i], listeners.selfs[i], state, unit, err)
    if not ok then
      message.warn("on_exception of %s failed too: %s", listeners.selfs[i] == unit
        and tostring(class.of(unit)) or hook.title(listeners.selfs[i]), tostring(second))
    end
  end
  state.batch, state.step_output = nil, nil
  if run.token then
    scope.dissolve(run.token)
    run.token = nil
  end
end

local function put_back(run, keeps_open)
  while #run.former > 0 do
    if run.former[#run.former].is_evaluation then own(run, "leave_evaluation", run.state) end
    leave_phase(run)
  end
  for _, phase in pairs(run.phases) do -- order: free
    phase.running:settle "held" -- what finished steps logged and nobody has read yet
    phase.running:clear()
    for _, cursor in ipairs(phase.cursors) do
      -- An epoch left open goes on at its next batch, also when the caller calls again.
      local position = keeps_open and cursor.iterator and cursor.is_stateful and cursor:position()
      if position and position.state then cursor.loader:load_state_dict(position.state) end
      cursor:clear()
    end
  end
end

--- Runs what `run` describes; see loop/run.lua for its making.
--- Errors: whatever a step, a hook or a loader raises; interrupted after a signal.
---@param run table
---@return string reason
function engine.run(run)
  local state = run.state
  run.is_outermost = State.current() == nil
  State.push(state)
  if run.is_outermost then interrupt.begin() end
  local ok, result = xpcall(body, with_traceback, run)
  if not ok then tell_exception(run, result) end
  local listeners = run.dispatch.on_run_end
  local ended, second = pcall(call, listeners, state, run.unit)
  local is_back, third = pcall(put_back, run,
    ok or type(result) == "table" and result.kind == "interrupted")
  run.loggers:close()
  if run.is_outermost then interrupt.finish() end
  State.pop()
  if not ok then
    if not ended then message.warn("on_run_end failed too: %s", tostring(second)) end
    if not is_back then message.warn("clearing up failed too: %s", tostring(third)) end
    error(result, 0)
  end
  if not ended then error(second, 0) end
  if not is_back then error(third, 0) end
  return result
end

return engine

-- The evaluation before training (`sanity_eval_steps`): a few batches of each loader, so that what
-- is wrong with an evaluation shows in seconds and not after the first epoch. It leaves no trace:
-- counters, metrics, random numbers and loaders are then what they were; only the unit is called.

local hook = require "tnt.hook"
local Progress = require "tnt.progress"
local random = require "tnt.random"
local Running = require "tnt.loop.running"
local Timer = require "tnt.loop.timer"

-- A phase like that of evaluation, with everything of its own that a pass changes.
local function phase_of(run, n)
  local eval, on = run.phases.eval, {}
  local dispatch = hook.dispatch(run.unit, {})
  for _, event in ipairs(hook.phase_events) do on[event] = dispatch["on_eval_" .. event] end
  local phase = {}
  for key, value in pairs(eval) do phase[key] = value end -- order: free
  phase.on, phase.progress, phase.passed, phase.is_sanity = on, Progress(), {}, true
  phase.limit = math.min(n, eval.limit and math.ceil(eval.limit) or math.huge)
  phase.running = Running(eval.default_name, nil, {})
  return phase
end

--- Evaluates the first n batches of each loader of evaluation.
---@param run table
---@param n integer
---@param all_passes fun(run: table, phase: table)  the engine's
return function(run, n, all_passes)
  local state, drawn, positions = run.state, random.state(), {}
  local phase = phase_of(run, n)
  for i, cursor in ipairs(phase.cursors) do
    positions[i] = cursor.is_stateful and cursor.loader:state_dict() or nil
  end
  local metrics, latest, timer = state.metrics, state.latest, state.iteration_timer
  state.metrics, state.latest, state.iteration_timer = {}, {}, Timer()
  phase.times = state.iteration_timer.eval_iteration_time
  state.is_sanity_check = true
  all_passes(run, phase)
  state.is_sanity_check = false
  local begin = run.unit.engine and run.unit.engine.begin_epoch
  if begin then begin(run.unit, state, "eval") end -- metrics are empty again
  state.metrics, state.latest, state.iteration_timer = metrics, latest, timer
  for i, cursor in ipairs(phase.cursors) do
    if positions[i] then cursor.loader:load_state_dict(positions[i]) end
  end
  random.set_state(drawn)
end

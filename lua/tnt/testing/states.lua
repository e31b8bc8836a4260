-- States as a loop's hooks and units see them, without a loop: what a test of one event needs. They
-- are made by what makes a run's; nothing has been called and no step is done.

local Run = require "tnt.loop.run"
local options = require "tnt.loop.options"
local units = require "tnt.testing.units"

local states = {}

local DATA = { 1, 2, 3, 4 }

-- Stands inside the first epoch of a phase.
local function inside(run, name)
  local state, phase = run.state, run.phases[name]
  run.phase, phase.cursor, phase.open_running = phase, phase.cursors[1], phase.running
  state.active_phase, state.name, state.progress = name, phase.default_name, phase.progress
  return state, run.unit
end

local function with(given, defaults)
  local all = { bar = false }
  for name, value in pairs(defaults) do all[name] = value end -- order: free
  for name, value in pairs(given or {}) do all[name] = value end -- order: free
  return all
end

local function make(entry, Unit, phase, defaults, unit, given)
  unit = unit or Unit()
  return inside(Run(entry, unit, options.read(entry, unit, with(given, defaults))), phase)
end

--- A state inside the first epoch of training.
---@param unit table|nil     default: a tnt.testing.TrainUnit
---@param given table|nil    options of tnt.train; default: a list of 4 batches, one epoch
---@return tnt.State state
---@return table unit
function states.train_state(unit, given)
  return make("train", units.TrainUnit, "train", { train_dataloader = DATA, max_epochs = 1 }, unit,
    given)
end

--- A state inside an evaluation.
---@param unit table|nil     default: a tnt.testing.EvalUnit
---@param given table|nil    options of tnt.evaluate; default: a list of 4 batches
---@return tnt.State state
---@return table unit
function states.eval_state(unit, given)
  return make("evaluate", units.EvalUnit, "eval", { eval_dataloader = DATA }, unit, given)
end

--- A state inside a prediction.
---@param unit table|nil     default: a tnt.testing.PredictUnit
---@param given table|nil    options of tnt.predict; default: a list of 4 batches
---@return tnt.State state
---@return table unit
function states.predict_state(unit, given)
  return make("predict", units.PredictUnit, "predict", { predict_dataloader = DATA }, unit, given)
end

--- A state inside the first train epoch of fit.
---@param unit table|nil     default: a tnt.testing.FitUnit
---@param given table|nil    options of tnt.fit; default: lists of 4 batches, one epoch
---@return tnt.State state
---@return table unit
function states.fit_state(unit, given)
  return make("fit", units.FitUnit, "train", {
    train_dataloader = DATA, eval_dataloader = DATA, max_epochs = 1,
  }, unit, given)
end

return states

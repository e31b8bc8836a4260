-- Units: what a user extends to say how a step is done. A unit holds modules, optimizers, schedules
-- and metrics in plain fields; `app_state` collects those that have a state, for checkpoints. Work
-- of the loops themselves stands in the table `engine` of a class, never in a method that users
-- override.

local class = require "tnt.class"
local Progress = require "tnt.progress"
local sorted = require "tnt.sorted"

local unit = {}

---@class tnt.Unit
---@field train_progress tnt.Progress
---@field eval_progress tnt.Progress
---@field predict_progress tnt.Progress
---@field info table  plain data (numbers, strings, booleans, tables of them) that checkpoints carry
---@field takes_iterator boolean|table<string, boolean>|nil  true, or {train = true}: the step is
---  given the iterator and pulls its own batches; a step that gets none is not counted
---@field enable_prefetch boolean|nil  the loops fetch one batch ahead, where that is the only way
---  to know the last batch of an epoch
---@field engine table|nil  what the loops call beside events; see loop/engine.lua
local Unit = class.new "Unit"
unit.Unit = Unit

--- Makes the counters and `info`, before `init`.
function Unit:construct()
  self.train_progress = Progress()
  self.eval_progress = Progress()
  self.predict_progress = Progress()
  self.info = {}
end

--- Whether a value is stateful: has both state_dict and load_state_dict, and is no class.
---@param value any
---@return boolean
function unit.is_stateful(value)
  if type(value) ~= "table" or class.is_class(value) then return false end
  return type(value.state_dict) == "function" and type(value.load_state_dict) == "function"
end

--- Name -> stateful object, for checkpoints and for switching modules between train and eval mode:
--- the unit's direct fields that have `state_dict` and `load_state_dict`. May be overridden.
---@return table<string, table>
function Unit:app_state()
  local found = {}
  for name, value in sorted(self) do
    if type(name) == "string" and unit.is_stateful(value) then found[name] = value end
  end
  return found
end

--- Gives the next batch of training, or nil at the end. May be overridden.
---@param state tnt.State
---@param iterator function  gives the loader's next batch, or nil at the end
---@return any batch
function Unit.get_next_train_batch(_, _, iterator) return iterator() end

--- As `get_next_train_batch`, for evaluation.
---@param state tnt.State
---@param iterator function
---@return any batch
function Unit.get_next_eval_batch(_, _, iterator) return iterator() end

--- As `get_next_train_batch`, for prediction.
---@param state tnt.State
---@param iterator function
---@return any batch
function Unit.get_next_predict_batch(_, _, iterator) return iterator() end

--- Extend it with `train_step(state, batch)`; what that returns is `state.step_output`.
unit.TrainUnit = Unit:extend "TrainUnit"

--- Extend it with `eval_step(state, batch)`.
unit.EvalUnit = Unit:extend "EvalUnit"

--- Extend it with `predict_step(state, batch)`; one class may define all three steps.
unit.PredictUnit = Unit:extend "PredictUnit"

return unit

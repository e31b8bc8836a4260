-- tnt.predict: one pass of a unit's predict_step over each given loader, without gradients.

local Run = require "tnt.loop.run"

--- Predicts: one pass over each loader, each time it is called. The events are those of an
--- evaluation (see `tnt.train`) with predict for eval. Resumed from a checkpoint of a prediction
--- that was complete, it warns and does nothing.
---
--- Errors: argument, before any hook runs; interrupted; whatever a step, a hook or the loader
--- raises.
---@param unit tnt.Unit  with predict_step(state, batch)
---@param options tnt.PredictOptions
---@return tnt.Result  with `outputs` when `collect` is set
local function predict(unit, options) return Run.start("predict", unit, options) end

---@class tnt.PredictOptions
---@field predict_dataloader any  a loader, or a set of loaders with names as keys
---@field collect boolean|nil     keep what the steps return: result.outputs, on the CPU
---@field name string|nil         prefix of what is logged; default "predict"
---@field max_steps_per_epoch number|nil  or a part of the loader, such as 0.1
---@field dry_run boolean|integer|nil  one batch of each loader, or so many, without loggers
---@field timer tnt.Timer|nil  gets the durations of steps, batches and hooks
---@field hooks table[]|nil
---@field loggers table[]|nil
---@field dir string|nil
---@field resume string|nil
---@field load string|nil
---@field restore tnt.checkpoint.RestoreOptions|nil  what of them is taken
---@field bar boolean|nil

return predict

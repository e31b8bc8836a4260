-- tnt.evaluate: one pass of a unit over each given loader, without gradients.

local Run = require "tnt.loop.run"

--- Evaluates a unit: one pass over each loader, in the sorted order of their names. The order of
--- events stands over `tnt.train`; on_run_start and on_run_end are around all.
---
--- Errors: argument, before any hook runs; interrupted; whatever a step, a hook or the loader
--- raises.
---@param unit tnt.Unit  with eval_step(state, batch)
---@param options tnt.EvaluateOptions
---@return tnt.Result
local function evaluate(unit, options) return Run.start("evaluate", unit, options) end

---@class tnt.EvaluateOptions
---@field eval_dataloader any  a loader, or a set of loaders with names as keys
---@field name string|nil      prefix of the metrics where the loader has none; default "eval"
---@field max_steps_per_epoch number|nil  for each loader; or a part of it, such as 0.1
---@field dry_run boolean|integer|nil  one batch of each loader, or so many, without loggers
---@field timer tnt.Timer|nil  gets the durations of steps, batches and hooks
---@field hooks table[]|nil
---@field loggers table[]|nil
---@field dir string|nil
---@field resume string|nil
---@field load string|nil      a path: the weights to evaluate
---@field restore tnt.checkpoint.RestoreOptions|nil  what of them is taken
---@field bar boolean|nil

return evaluate

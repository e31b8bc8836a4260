-- tnt.fit: training with evaluations in between.

local Run = require "tnt.loop.run"

--- Trains a unit and evaluates it after steps or epochs. The loop stands over `tnt.train`.
---
--- Evaluations are due after a step when the total of train steps is a multiple of
--- evaluate_every_n_steps, and after an epoch when that of epochs is one of evaluate_every_n_epochs
--- (default 1; 0 is off); or when evaluate_when(state, at) says so, at = "step" or "epoch". If both
--- fall due together both are done, unless evaluate_unchanged is false. When the loop is stopped,
--- one that is due is entered without steps.
---
--- With sanity_eval_steps a fresh run begins with so many batches of each evaluation, right after
--- on_train_start. They leave no trace: counters, metrics, random numbers and positions of loaders
--- are put back, loggers and hooks hear nothing; of the unit all is called as in an evaluation
--- (`state.is_sanity_check` is true). A loader that can be read but once lacks these batches then.
---
--- Errors: as tnt.train.
---@param unit tnt.Unit  with train_step(state, batch) and eval_step(state, batch)
---@param options tnt.FitOptions
---@return tnt.Result
local function fit(unit, options) return Run.start("fit", unit, options) end

---@class tnt.FitOptions
---@field train_dataloader any
---@field eval_dataloader any   a loader, or a set of loaders: each is evaluated, in sorted order
---@field max_epochs integer|nil  one of max_epochs, max_steps, max_time is needed
---@field max_steps integer|nil
---@field max_time number|nil   seconds
---@field max_train_steps_per_epoch number|nil  or a part of the loader, such as 0.1
---@field max_eval_steps_per_epoch number|nil   likewise, for each loader
---@field evaluate_every_n_steps integer|nil
---@field evaluate_every_n_epochs integer|nil  default 1
---@field evaluate_when (fun(state: tnt.State, at: string): boolean)|nil  instead of the two above
---@field evaluate_unchanged boolean|nil  default true; false: no evaluation where no step was
---  made since the one before
---@field sanity_eval_steps integer|nil  batches of each evaluation before training begins
---@field min_epochs integer|nil       as in tnt.TrainOptions, like the next four
---@field min_steps integer|nil
---@field overfit_batches integer|nil  evaluations take the first so many batches of their loaders
---@field dry_run boolean|integer|nil
---@field timer tnt.Timer|nil
---@field hooks table[]|nil
---@field loggers table[]|nil
---@field dir string|nil
---@field resume string|nil
---@field load string|nil
---@field restore tnt.checkpoint.RestoreOptions|nil  what of them is taken
---@field bar boolean|nil

return fit

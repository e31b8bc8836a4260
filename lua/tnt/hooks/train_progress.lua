-- Logs the total of train steps at the start of training and at the end of each train epoch: steps
-- against epochs, the first point at where the run began.

local clock = require "tnt.loop.clock"
local hook = require "tnt.hook"

local NAME = "train/steps_completed"

--- Every record says "train/steps_completed", beside the epochs completed: a run of n epochs gives
--- n + 1 of them.
---@class tnt.hooks.TrainProgress: tnt.Hook
---@overload fun(): tnt.hooks.TrainProgress
local TrainProgress = hook.Hook:extend("TrainProgress", {})

function TrainProgress:on_train_start(state)
  local progress = state.progress
  local steps = progress.num_steps_completed
  state.metrics[NAME] = steps
  -- Outside an epoch nobody collects: the record is this hook's own.
  state.loop.loggers:log {
    at = "epoch", phase = "train", step = steps, update = progress.num_updates_completed,
    epoch = progress.num_epochs_completed, time = clock.wall(), names = { NAME },
    values = { [NAME] = steps },
  }
end

function TrainProgress:on_train_epoch_end(state)
  state:log("steps_completed", state.progress.num_steps_completed)
end

return TrainProgress

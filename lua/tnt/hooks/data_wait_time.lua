-- Logs how long each step waited for its batch, in seconds: "train/data_wait_time".

local check = require "tnt.check_option"
local class = require "tnt.class"
local hook = require "tnt.hook"

---@class tnt.hooks.DataWaitTime.Options
---@field every integer|nil   of the steps whose number is a multiple; default 1
---@field warmup integer|nil  steps at the beginning of the run that do not count; default 0

--- The epoch's value is the mean of what was logged in it.
---@class tnt.hooks.DataWaitTime: tnt.Hook
---@overload fun(options: tnt.hooks.DataWaitTime.Options|nil): tnt.hooks.DataWaitTime
local DataWaitTime = hook.Hook:extend("DataWaitTime", { every = 1, warmup = 0 })

class.rename(DataWaitTime, { log_every_n_steps = "every", warmup_steps = "warmup" })

function DataWaitTime:init()
  check.count("DataWaitTime", "every", self.every, 1)
  check.count("DataWaitTime", "warmup", self.warmup, 0)
end

function DataWaitTime:on_run_start() self.seen = { train = 0, eval = 0, predict = 0 } end

function DataWaitTime:on_step_end(state)
  local phase = state.active_phase
  self.seen[phase] = self.seen[phase] + 1
  if self.seen[phase] > self.warmup and state:every(self.every) then
    state:log("data_wait_time", state.iteration_timer.data_wait_time.last)
  end
end

return DataWaitTime

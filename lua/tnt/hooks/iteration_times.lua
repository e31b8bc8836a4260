-- Logs how long steps take, in seconds, without the wait for their batches: "train/iteration_time".
-- A step's time is known only after its end events, so its record is written one step later, but
-- under the step's own number; the last one's at the end of its epoch.

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local hook = require "tnt.hook"

---@class tnt.hooks.IterationTimes.Options
---@field window integer|nil  log the mean of the newest so many steps; default 1, at most 1024
---@field every integer|nil   of the steps whose number is a multiple; default 1
---@field warmup integer|nil  steps at the beginning of the run that do not count; default 0

--- Records of steps are those of training; every phase's epochs get the mean over their steps.
---@class tnt.hooks.IterationTimes: tnt.Hook
---@overload fun(options: tnt.hooks.IterationTimes.Options|nil): tnt.hooks.IterationTimes
local IterationTimes = hook.Hook:extend("IterationTimes", { window = 1, every = 1, warmup = 0 })

class.rename(IterationTimes, {
  moving_avg_window = "window", log_every_n_steps = "every", warmup_steps = "warmup",
})

function IterationTimes:init()
  for name, least in pairs { window = 1, every = 1, warmup = 0 } do -- order: free
    check.count("IterationTimes", name, self[name], least)
  end
end

function IterationTimes:on_run_start() self.accounts = {} end

function IterationTimes:on_epoch_start(state)
  local account = self.accounts[state.active_phase] or { seen = 0 }
  account.steps, account.seconds, account.open = 0, 0, nil
  self.accounts[state.active_phase] = account
end

-- The account of a phase; an epoch that a checkpoint left open had its start in another process.
local function account_of(self, state)
  if not self.accounts[state.active_phase] then self:on_epoch_start(state) end
  return self.accounts[state.active_phase]
end

-- Takes the step before into account: the timer has its time now.
local function settle(self, state, account)
  local step = account.open
  account.open = nil
  if not step then return end
  local name = state.active_phase .. "_iteration_time"
  account.seen = account.seen + 1
  if account.seen <= self.warmup then return end
  account.steps = account.steps + 1
  account.seconds = account.seconds + state.iteration_timer[name].last
  if state.active_phase ~= "train" or step.number % self.every ~= 0 then return end
  local full = state.name .. "/iteration_time"
  local window = math.min(self.window, account.seen - self.warmup)
  local value = state.iteration_timer:mean(name, window)
  state.latest[full] = value
  state.loop.loggers:log {
    at = "step", phase = "train", step = step.number, update = step.update, epoch = step.epoch,
    time = clock.wall(), names = { full }, values = { [full] = value },
  }
end

function IterationTimes:on_step_end(state)
  local account, progress = account_of(self, state), state.progress
  settle(self, state, account)
  account.open = {
    number = progress.num_steps_completed, update = progress.num_updates_completed,
    epoch = progress.num_epochs_completed,
  }
end

function IterationTimes:on_epoch_end(state)
  local account = account_of(self, state)
  settle(self, state, account)
  if account.steps > 0 then state:log("iteration_time", account.seconds / account.steps) end
end

return IterationTimes

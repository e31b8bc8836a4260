-- Stops training when a metric is not finite, has reached a goal, is hopeless, or has not improved
-- for a while (tnt.EarlyStopChecker says so). It looks whenever an epoch has given the metric a new
-- value, so a metric of the evaluation is looked at once per evaluation.

local check = require "tnt.check_option"
local Checker = require "tnt.early_stop_checker"
local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local message = require "tnt.loop.message"
local sorted = require "tnt.sorted"
local State = require "tnt.state"

local NONE = class.NONE

---@class tnt.hooks.EarlyStop.Options: tnt.EarlyStopChecker.Options
---@field monitor string              full name, with _ for / too, or a last part that is unique
---@field every_n_epochs integer|nil  look at every n-th epoch of the phase that logs it; default 1
---@field every_n_steps integer|nil   look at the newest value of train steps instead, every n steps

--- The checker's best value and patience are in checkpoints.
--- Errors: argument, for an option out of range, and when every phase has had an epoch and
--- none logged the metric.
---@class tnt.hooks.EarlyStop: tnt.Hook
---@field checker tnt.EarlyStopChecker
---@overload fun(options: tnt.hooks.EarlyStop.Options): tnt.hooks.EarlyStop
local EarlyStop = hook.Hook:extend("EarlyStop", {
  "monitor", mode = "min", patience = 5, min_delta = 0, threshold_mode = "abs", check_finite = true,
  stopping_threshold = NONE, divergence_threshold = NONE, every_n_steps = NONE,
  every_n_epochs = 1,
  priority = "very_low", -- other hooks may log the metric at the same event
})

class.rename(EarlyStop, {
  monitored_attr = "monitor", interval_freq = "every_n_epochs or every_n_steps",
  early_stop_checker = "patience, min_delta, ... (the checker's own options)",
})

EarlyStop.in_dry_run = false -- an epoch of one batch shows nothing

function EarlyStop:init()
  if type(self.monitor) ~= "string" then
    errors.raise("argument", "EarlyStop: monitor must be a metric's name, got %s",
      type(self.monitor))
  end
  if self.every_n_steps == 0 then self.every_n_steps = nil end
  if self.every_n_steps then check.count("EarlyStop", "every_n_steps", self.every_n_steps, 1) end
  check.count("EarlyStop", "every_n_epochs", self.every_n_epochs, 1)
  local options = {}
  for _, name in ipairs(class.declared(Checker).names) do options[name] = self[name] end
  self.checker = Checker(options)
end

--- For checkpoints: the checker's state.
---@return table
function EarlyStop:state_dict() return self.checker:state_dict() end

---@param state table
function EarlyStop:load_state_dict(state) self.checker:load_state_dict(state) end

local function take(self, state, value)
  self.has_seen = true
  local reason = self.checker:check(value)
  if reason then state:stop(("EarlyStop: %s is %s"):format(self.monitor, reason)) end
end

local function is_training(state)
  return state.entry_point == "train" or state.entry_point == "fit"
end

function EarlyStop:on_run_start()
  self.has_seen, self.has_trained, self.has_evaluated = false, false, false
end

-- The values an epoch has just given stand in the loop's record of it; those in state.metrics may
-- be of an earlier epoch.
function EarlyStop:on_epoch_end(state)
  if state.active_phase == "train" then self.has_trained = true end
  if self.every_n_steps or not is_training(state) then return end
  local value, full = state:metric(self.monitor)
  local fresh = state.loop.epoch_record
  if not (full and fresh and fresh[full] ~= nil) then return end
  self.has_seen = true
  local epochs = state.progress.num_epochs_completed
  if epochs % self.every_n_epochs == 0 then take(self, state, value) end
end

function EarlyStop:on_eval_end() self.has_evaluated = true end

local function missing(self, state)
  local known = sorted.keys(self.every_n_steps and state.latest or state.metrics)
  local near = errors.nearest(self.monitor, known)
  return ("EarlyStop: nothing has logged the metric '%s'%s; there is %s"):format(self.monitor,
    near and (" (did you mean '%s'?)"):format(near) or "",
    #known > 0 and table.concat(known, ", ") or "none")
end

-- After a train step its predecessor's values are known; the first one of an epoch has none.
local function look_at_step(self, state)
  local in_epoch = state.progress.num_steps_completed_in_epoch
  if in_epoch < 2 or not state:every(self.every_n_steps) then return end
  -- The rules for names are those of metrics, applied to the values of steps.
  local value = State.metric({ metrics = state.latest }, self.monitor)
  if value then take(self, state, value) end
end

function EarlyStop:on_boundary_end(state)
  if self.every_n_steps then return look_at_step(self, state) end
  -- Nobody logs the metric: an error as soon as every phase of the run has had an epoch.
  if self.has_seen or not self.has_trained then return end
  if state.entry_point == "train" or self.has_evaluated then
    errors.raise("argument", "%s", missing(self, state))
  end
end

function EarlyStop:on_train_end(state)
  if not self.has_seen and self.has_trained then message.warn("%s", missing(self, state)) end
end

return EarlyStop

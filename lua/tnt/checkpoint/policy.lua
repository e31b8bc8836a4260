-- When to save and what stays: the decisions of tnt.hooks.Checkpoint. They are four functions, of
-- which a table given as the hook's option `policy` may bring its own; how a checkpoint is written
-- is the writer's business (writer.lua).

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local dist = require "tnt.dist"
local errors = require "tnt.errors"
local name = require "tnt.checkpoint.name"
local retention = require "tnt.checkpoint.retention"

local NONE = class.NONE

---@class tnt.checkpoint.Policy.Options
---@field save_every_n_train_steps integer|nil
---@field save_every_n_epochs integer|nil        of training
---@field save_every_n_eval_steps integer|nil
---@field save_every_n_eval_epochs integer|nil   an evaluation of one loader is an epoch
---@field save_every_n_predict_steps integer|nil
---@field save_every_minutes number|nil  since the last one; the first process' clock decides
---@field keep_last_n integer|false|nil  default 3; false: all
---@field best table|nil                 {monitor = "eval_loss", mode = "min", keep_n = 1}

--- The policy that the options of tnt.hooks.Checkpoint describe. One's own is a table with any of
--- these functions; those it lacks are as here:
---
--- - `due(self, at, state, unit)`: whether to save now. `at` is "train_step" or "train_epoch" (its
---   end events are over, no evaluation yet), "eval_step", "eval_epoch" or "predict_step" (at these
---   end events).
--- - `surplus(self, list)`: which of the run's durable checkpoints (oldest first) may be deleted.
--- - `ranked(self, list)`: those judged by a metric, the best first: the link `best` goes to [1].
--- - `saved(self, state)`: a checkpoint has been started.
---
--- ```lua
--- local tnt = require "tnt"
--- local powers = {due = function(self, at, state)
---   local n = state.progress.num_steps_completed
---   return at == "train_step" and bit.band(n, n - 1) == 0
--- end}
--- local hook = tnt.hooks.Checkpoint {policy = powers, keep_last_n = 5}
--- ```
---@class tnt.checkpoint.Policy
---@field best {monitor: string, mode: string, keep_n: integer, full: string|nil}|nil  full: the
---  metric's full name, once something has logged it
---@overload fun(options: tnt.checkpoint.Policy.Options|nil): tnt.checkpoint.Policy
local Policy = class.new("Policy", {
  save_every_n_train_steps = NONE, save_every_n_epochs = NONE, save_every_n_eval_steps = NONE,
  save_every_n_eval_epochs = NONE, save_every_n_predict_steps = NONE, save_every_minutes = NONE,
  keep_last_n = NONE, best = NONE,
})

local interval_of = {
  train_step = "save_every_n_train_steps", train_epoch = "save_every_n_epochs",
  eval_step = "save_every_n_eval_steps", eval_epoch = "save_every_n_eval_epochs",
  predict_step = "save_every_n_predict_steps",
}

local best_options = class.declaration("Checkpoint: best", { "monitor", mode = "min", keep_n = 1 })

local function read_best(given)
  local best = class.read("Checkpoint: best", best_options, given)
  if type(best.monitor) ~= "string" then
    errors.raise("argument", "Checkpoint: best.monitor must be a metric's name, got %s",
      type(best.monitor))
  end
  check.word("Checkpoint", "best.mode", best.mode, { "min", "max" })
  check.count("Checkpoint", "best.keep_n", best.keep_n, 1)
  return best
end

--- Errors: argument.
function Policy:init(o)
  local has_interval = false
  for at, option in pairs(interval_of) do -- order: free
    local n = o[option]
    if n == 0 or n == false then n = nil end
    if n ~= nil then check.count("Checkpoint", option, n, 1) end
    self[at], has_interval = n, has_interval or n ~= nil
  end
  local minutes = o.save_every_minutes
  if minutes == 0 or minutes == false then minutes = nil end
  if minutes ~= nil then check.number("Checkpoint", "save_every_minutes", minutes, 0) end
  self.minutes = minutes
  if not has_interval and not minutes then self.train_epoch = 1 end
  local keep = o.keep_last_n
  if keep == nil then keep = 3 end
  if keep ~= false then check.count("Checkpoint", "keep_last_n", keep, 1) end
  self.keep_last_n = keep or nil
  self.best = o.best and read_best(o.best) or nil
  self.saved_at = clock.now()
end

local count_of = {
  train_step = "num_steps_completed", train_epoch = "num_epochs_completed",
  eval_step = "num_steps_completed", eval_epoch = "num_epochs_completed",
  predict_step = "num_steps_completed",
}

--- Whether a checkpoint is to be taken at this place of the run.
---@param at string
---@param state tnt.State
---@return boolean
function Policy:due(at, state)
  local n = self[at]
  if n and state.progress[count_of[at]] % n == 0 then return true end
  -- Evaluations within training leave the clock to the train steps around them.
  if not self.minutes or at == "eval_epoch" then return false end
  if at == "eval_step" and state.entry_point == "fit" then return false end
  return dist.sync_bool(clock.now() - self.saved_at >= 60 * self.minutes, "rank_zero")
end

--- A checkpoint has been started: the clock begins anew.
function Policy:saved() self.saved_at = clock.now() end

local function judged(self)
  local best = self.best
  if not best or not best.full then return nil end
  return { monitor = best.full, mode = best.mode, keep_n = best.keep_n }
end

--- Which of the checkpoints there are may go.
---@param list tnt.checkpoint.Kept[]  oldest first
---@return tnt.checkpoint.Kept[]
function Policy:surplus(list) return retention.surplus(list, self.keep_last_n, judged(self)) end

--- Those that a metric judges, or none.
---@param list tnt.checkpoint.Kept[]
---@return tnt.checkpoint.Kept[]  the best first
function Policy:ranked(list)
  local best = judged(self)
  return best and retention.ranked(list, best.monitor, best.mode) or {}
end

--- Whether a value would be among the best that are kept.
---@param list tnt.checkpoint.Kept[]
---@param fresh {full: string, value: number}|nil  what was measured just now
---@return boolean
function Policy:is_new_best(list, fresh)
  if not self.best or not fresh or not name.is_metric(fresh.value) then return false end
  local all, present = {}, { metric = fresh.full, value = fresh.value }
  for i, entry in ipairs(list) do all[i] = entry end
  all[#all + 1] = present
  local ranked = self:ranked(all)
  for i = 1, math.min(self.best.keep_n, #ranked) do
    if ranked[i] == present then return true end
  end
  return false
end

local replaceable = { "due", "ranked", "saved", "surplus" }

--- A policy of options in which the functions of a table stand for its own.
--- Errors: argument, when the table has a function that no policy has.
---@param options table
---@param own table|nil
---@return tnt.checkpoint.Policy
function Policy.of(options, own)
  local policy = Policy(options)
  if own == nil then return policy end
  if type(own) ~= "table" or class.is_class(own) then
    errors.raise("argument", "Checkpoint: policy must be a table with some of the functions %s, "
      .. "got %s", table.concat(replaceable, ", "),
      class.is_class(own) and "the class " .. tostring(own) or type(own))
  end
  for key, value in pairs(own) do -- order: free
    if type(value) == "function" then
      local is_known = false
      for _, other in ipairs(replaceable) do is_known = is_known or other == key end
      if not is_known then errors.unknown("Checkpoint: policy", "function", key, replaceable) end
    end
  end
  for _, key in ipairs(replaceable) do
    local fn = own[key]
    if fn then policy[key] = function(_, ...) return fn(own, ...) end end
  end
  return policy
end

return Policy

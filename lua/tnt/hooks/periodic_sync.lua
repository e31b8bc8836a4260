-- Lets the processes of a run wait for each other now and then in evaluations and predictions. In
-- training every update does; where nothing is exchanged, a process that is far ahead may sit in
-- its next collective until that gives up.

local check = require "tnt.check_option"
local class = require "tnt.class"
local dist = require "tnt.dist"
local hook = require "tnt.hook"

---@class tnt.hooks.PeriodicSync.Options
---@field every integer|nil  steps of evaluations and of predictions; default 1000

--- With one process there is nobody to wait for, and nothing happens.
---@class tnt.hooks.PeriodicSync: tnt.Hook
---@overload fun(options: tnt.hooks.PeriodicSync.Options|nil): tnt.hooks.PeriodicSync
local PeriodicSync = hook.Hook:extend("PeriodicSync", { every = 1000 })

class.rename(PeriodicSync, { sync_every_n_steps = "every" })

function PeriodicSync:init() check.count("PeriodicSync", "every", self.every, 1) end

local function wait(self, state)
  if state:every(self.every) then dist.barrier() end
end

PeriodicSync.on_eval_step_end, PeriodicSync.on_predict_step_end = wait, wait

return PeriodicSync

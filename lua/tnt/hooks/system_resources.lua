-- Logs how busy the machine is: "train/system/cpu_percent" and the other numbers of
-- tnt.system.stats.

local check = require "tnt.check_option"
local class = require "tnt.class"
local hook = require "tnt.hook"
local sorted = require "tnt.sorted"
local system = require "tnt.system"

---@class tnt.hooks.SystemResources.Options
---@field interval string|nil  "epoch" (default): at the start of each epoch; "step"
---@field every integer|nil    with "step": every n steps; default 1

--- Logs in every phase what stands at tnt.system.Stats, under system/. Where there is a card each
--- time takes about a tenth of a second: see tnt.system.gpu.
---@class tnt.hooks.SystemResources: tnt.Hook
---@overload fun(options: tnt.hooks.SystemResources.Options|nil): tnt.hooks.SystemResources
local SystemResources = hook.Hook:extend("SystemResources", { interval = "epoch", every = 1 })

class.rename(SystemResources, { logging_interval = "interval" })

function SystemResources:init()
  check.word("SystemResources", "interval", self.interval, { "epoch", "step" })
  check.count("SystemResources", "every", self.every, 1)
end

local last_value = { reduce = "last" }

local function log_all(state)
  for name, value in sorted((system.stats())) do
    state:log("system/" .. name, value, last_value)
  end
end

function SystemResources:on_epoch_start(state)
  if self.interval == "epoch" then log_all(state) end
end

function SystemResources:on_step_start(state)
  if self.interval ~= "step" then return end
  if state.progress.num_steps_completed % self.every == 0 then log_all(state) end
end

return SystemResources

-- Logs how busy the machine is: "train/system/cpu_percent" and others, from tnt.system. Only what
-- this program can know without asking the card's driver; the card's use is not in it yet.

local check = require "tnt.check_option"
local hook = require "tnt.hook"
local system = require "tnt.system"

---@class tnt.hooks.SystemResources.Options
---@field interval string|nil  "epoch" (default): at the start of each epoch; "step"
---@field every integer|nil    with "step": every n steps; default 1

--- Logs system/ cpu_percent, process_percent (from the second time on), load1, memory_percent,
--- swap_percent, rss_bytes and tensor_bytes in every phase.
---@class tnt.hooks.SystemResources: tnt.Hook
---@overload fun(options: tnt.hooks.SystemResources.Options|nil): tnt.hooks.SystemResources
local SystemResources = hook.Hook:extend("SystemResources", { interval = "epoch", every = 1 })

function SystemResources:init()
  check.word("SystemResources", "interval", self.interval, { "epoch", "step" })
  check.count("SystemResources", "every", self.every, 1)
end

local last_value = { reduce = "last" }

local function log_all(state)
  local cpu, memory = system.cpu(), system.memory()
  local function log(name, value)
    if value then state:log("system/" .. name, value, last_value) end
  end
  log("cpu_percent", cpu.percent)
  log("process_percent", cpu.process_percent)
  log("load1", cpu.load1)
  log("memory_percent", memory.percent)
  log("swap_percent", memory.swap_percent)
  log("rss_bytes", memory.rss)
  if package.loaded["tnt.tensor"] then -- a run without tensors has no core
    log("tensor_bytes", require "tnt.memory"().live_bytes)
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

-- tnt.hooks: the hooks that come with the program; any table with functions named after events is
-- one, too. Classes are loaded when they are first named.

local errors = require "tnt.errors"

---@class tnt.hooks
---@field Checkpoint tnt.hooks.Checkpoint
---@field EarlyStop tnt.hooks.EarlyStop
---@field EmptyLoader tnt.hooks.EmptyLoader
---@field LearningRate tnt.hooks.LearningRate
---@field ProgressBar tnt.hooks.ProgressBar
---@field Throughput tnt.hooks.Throughput
---@field TimeLimit tnt.hooks.TimeLimit
local hooks = {}

local modules = {
  Checkpoint = "checkpoint", EarlyStop = "early_stop", EmptyLoader = "empty_loader",
  LearningRate = "learning_rate", ProgressBar = "progress_bar", Throughput = "throughput",
  TimeLimit = "time_limit",
}
local names = {
  "Checkpoint", "EarlyStop", "EmptyLoader", "LearningRate", "ProgressBar", "Throughput",
  "TimeLimit",
}

return setmetatable(hooks, {
  __index = function(_, name)
    local module = modules[name]
    if not module then errors.unknown("tnt.hooks", "hook", name, names) end
    local Class = require("tnt.hooks." .. module)
    hooks[name] = Class
    return Class
  end,
})

-- Logs the learning rate of every parameter group of every optimizer: "train/lr/optimizer" for an
-- optimizer with one group, "train/lr/optimizer/1", ... (or the groups' names) for several.

local check = require "tnt.check_option"
local hook = require "tnt.hook"
local sorted = require "tnt.sorted"

---@class tnt.hooks.LearningRate.Options
---@field interval string|nil  "epoch" (default): at the start of each train epoch; "step"
---@field every integer|nil    with "step": every n steps; default 1

--- The rate logged is the one the epoch or step begins with.
---@class tnt.hooks.LearningRate: tnt.Hook
---@overload fun(options: tnt.hooks.LearningRate.Options): tnt.hooks.LearningRate
local LearningRate = hook.Hook:extend("LearningRate", { interval = "epoch", every = 1 })

function LearningRate:init()
  check.word("LearningRate", "interval", self.interval, { "epoch", "step" })
  check.count("LearningRate", "every", self.every, 1)
end

-- The groups of all optimizers of the unit. Looked up each time: a unit may replace an optimizer.
local function named_groups(unit)
  local found = {}
  for name, object in sorted(unit:app_state()) do
    local groups = object.param_groups
    if type(groups) == "table" then
      for i, group in ipairs(groups) do
        local full = "lr/" .. name
        if #groups > 1 then full = full .. "/" .. (group.name or i) end
        found[#found + 1] = { name = full, group = group }
      end
    end
  end
  return found
end

local last_value = { reduce = "last" }

local function log_all(groups, state)
  for _, entry in ipairs(groups) do
    local lr = entry.group.lr
    if lr ~= nil then state:log(entry.name, lr, last_value) end
  end
end

function LearningRate:on_train_epoch_start(state, unit)
  if self.interval == "epoch" then log_all(named_groups(unit), state) end
end

function LearningRate:on_train_step_start(state, unit)
  if self.interval ~= "step" then return end
  if state.progress.num_steps_completed % self.every ~= 0 then return end
  log_all(named_groups(unit), state)
end

return LearningRate

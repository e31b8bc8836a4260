-- Logs the learning rate of every parameter group of every optimizer: "train/lr/optimizer" for an
-- optimizer with one group, "train/lr/optimizer/1", ... (or the groups' names) for several groups,
-- and "train/lr/optimizer/g" for several optimizers by name.

local check = require "tnt.check_option"
local class = require "tnt.class"
local hook = require "tnt.hook"
local rates = require "tnt.optim.rates"
local sorted = require "tnt.sorted"

---@class tnt.hooks.LearningRate.Options
---@field interval string|nil  "epoch" (default): at the start of each train epoch; "step"
---@field every integer|nil    with "step": every n steps; default 1

--- The rate logged is the one the epoch or step begins with.
---@class tnt.hooks.LearningRate: tnt.Hook
---@overload fun(options: tnt.hooks.LearningRate.Options): tnt.hooks.LearningRate
local LearningRate = hook.Hook:extend("LearningRate", { interval = "epoch", every = 1 })

class.rename(LearningRate, { logging_interval = "interval" })

function LearningRate:init()
  check.word("LearningRate", "interval", self.interval, { "epoch", "step" })
  check.count("LearningRate", "every", self.every, 1)
end

local last_value = { reduce = "last" }

local function log_rates(state, name, object)
  if type(object.param_groups) == "table" then
    for _, rate in ipairs(rates.of(object, name)) do state:log(rate.name, rate.lr, last_value) end
  elseif type(object.names) == "table" then -- several in one field
    for i, member in ipairs(object) do
      log_rates(state, name .. "/" .. object.names[i], member)
    end
  end
end

-- Looked up each time: a unit may replace an optimizer.
local function log_all(state, unit)
  for name, object in sorted(unit:app_state()) do log_rates(state, "lr/" .. name, object) end
end

function LearningRate:on_train_epoch_start(state, unit)
  if self.interval == "epoch" then log_all(state, unit) end
end

function LearningRate:on_train_step_start(state, unit)
  if self.interval ~= "step" then return end
  if state.progress.num_steps_completed % self.every ~= 0 then return end
  log_all(state, unit)
end

return LearningRate

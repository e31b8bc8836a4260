-- Writes the distribution of every parameter's values for TensorBoard at the end of train epochs,
-- under "parameters/<field of the unit>/<state name>".

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local sorted = require "tnt.sorted"

---@class tnt.hooks.ParameterHistograms.Options
---@field logger tnt.log.TensorBoard|nil  default: those among the run's loggers
---@field every integer|nil               epochs; default 1

--- Reads every element of every parameter: large networks want a large `every`.
--- Errors: argument, at the start of training, when no logger writes histograms.
---@class tnt.hooks.ParameterHistograms: tnt.Hook
---@overload fun(options: tnt.hooks.ParameterHistograms.Options|nil): tnt.hooks.ParameterHistograms
local ParameterHistograms = hook.Hook:extend("ParameterHistograms", {
  logger = class.NONE, every = 1,
})

function ParameterHistograms:init()
  check.count("ParameterHistograms", "every", self.every, 1)
  local logger = self.logger
  if logger ~= nil and (type(logger) ~= "table" or type(logger.histogram) ~= "function") then
    errors.raise("argument", "ParameterHistograms: logger must have a function histogram(self, "
      .. "tag, values, step), as tnt.log.TensorBoard has, got %s", type(logger))
  end
end

local function writers(self, state)
  if self.logger then return { self.logger } end
  local list = {}
  for _, logger in ipairs(state.loop.loggers) do
    if type(logger.histogram) == "function" then list[#list + 1] = logger end
  end
  return list
end

function ParameterHistograms:on_train_start(state)
  if #writers(self, state) > 0 then return end
  errors.raise("argument", "ParameterHistograms: none of the run's loggers writes histograms; add "
    .. "tnt.log.TensorBoard {} to loggers")
end

function ParameterHistograms:on_train_epoch_end(state, unit)
  if state.progress.num_epochs_completed % self.every ~= 0 then return end
  local list = writers(self, state)
  for field, module in sorted(unit:app_state()) do
    if type(module.named_parameters) == "function" then
      for name, parameter in module:named_parameters() do
        for _, logger in ipairs(list) do
          logger:histogram(("parameters/%s/%s"):format(field, name), parameter,
            state.progress.num_steps_completed)
        end
      end
    end
  end
end

return ParameterHistograms

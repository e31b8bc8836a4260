-- tnt.testing: units, loaders and states ready to use, for tests of one's own hooks, loggers,
-- loaders and units. Small, without files, and the same in every run after tnt.seed.

local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

-- Name -> {module, field}.
local NAMES = {
  TrainUnit = { "tnt.testing.units", "TrainUnit" },
  EvalUnit = { "tnt.testing.units", "EvalUnit" },
  PredictUnit = { "tnt.testing.units", "PredictUnit" },
  FitUnit = { "tnt.testing.units", "FitUnit" },
  AutoUnit = { "tnt.testing.units", "AutoUnit" },
  TwoOptimizers = { "tnt.testing.units", "TwoOptimizers" },
  random_dataset = { "tnt.testing.loaders", "random_dataset" },
  random_loader = { "tnt.testing.loaders", "random_loader" },
  random_iterable_loader = { "tnt.testing.loaders", "random_iterable_loader" },
  CountingLoader = { "tnt.testing.loaders", "CountingLoader" },
  train_state = { "tnt.testing.states", "train_state" },
  eval_state = { "tnt.testing.states", "eval_state" },
  predict_state = { "tnt.testing.states", "predict_state" },
  fit_state = { "tnt.testing.states", "fit_state" },
  messages = { "tnt.testing.messages" },
}

---@class tnt.testing
---@field TrainUnit tnt.testing.TrainUnit
---@field EvalUnit tnt.testing.EvalUnit
---@field PredictUnit tnt.testing.PredictUnit
---@field FitUnit tnt.testing.FitUnit
---@field AutoUnit tnt.testing.AutoUnit
---@field TwoOptimizers tnt.testing.TwoOptimizers
---@field random_dataset fun(n: integer, dim: integer): tnt.data.Tensors
---@field random_loader fun(n: integer, dim: integer, batch_size: integer): tnt.data.DataLoader
---@field random_iterable_loader fun(n: integer, dim: integer, batch_size: integer): table
---@field CountingLoader tnt.testing.CountingLoader
---@field train_state fun(unit: table|nil, options: table|nil): tnt.State, table
---@field eval_state fun(unit: table|nil, options: table|nil): tnt.State, table
---@field predict_state fun(unit: table|nil, options: table|nil): tnt.State, table
---@field fit_state fun(unit: table|nil, options: table|nil): tnt.State, table
---@field messages fun(fn: function, ...): tnt.testing.Message[]
local testing = {}

return setmetatable(testing, {
  __index = function(_, name)
    local place = NAMES[name]
    if not place then errors.unknown("tnt.testing", "name", name, sorted.keys(NAMES)) end
    local value = require(place[1])
    if place[2] then value = value[place[2]] end
    testing[name] = value
    return value
  end,
})

-- Units that classify {x = [N, input_dim], y = [N]} into two classes with one linear layer; steps
-- return the loss and the layer's outputs, [N, 2].

local auto_unit = require "tnt.auto_unit"
local tnt = require "tnt"
local unit = require "tnt.unit"

local nn, optim = tnt.nn, tnt.optim

local function forward(self, batch)
  local outputs = self.module(batch.x)
  return nn.functional.cross_entropy(outputs, batch.y), outputs
end

local function train_step(self, state, batch)
  local loss, outputs = forward(self, batch)
  loss:backward()
  self.optimizer:step()
  self.optimizer:zero_grad()
  self.train_progress:increment_update()
  state:log("loss", loss)
  return { loss = loss:detach(), outputs = outputs:detach() }
end

local function eval_step(self, state, batch)
  local loss, outputs = forward(self, batch)
  state:log("loss", loss)
  return { loss = loss, outputs = outputs }
end

local function with_module(self, o) self.module = nn.Linear(o.input_dim, 2) end

local function with_optimizer(self, o)
  with_module(self, o)
  self.optimizer = optim.SGD(self.module:parameters(), { lr = 0.01 })
end

local units = {}

--- Trains with SGD.
---@class tnt.testing.TrainUnit: tnt.TrainUnit
---@field module tnt.nn.Linear
---@field optimizer tnt.optim.SGD
---@overload fun(options: {input_dim: integer|nil}|nil): tnt.testing.TrainUnit
units.TrainUnit = unit.TrainUnit:extend("TestTrainUnit", { input_dim = 2 })
units.TrainUnit.init, units.TrainUnit.train_step = with_optimizer, train_step

--- Evaluates.
---@class tnt.testing.EvalUnit: tnt.EvalUnit
---@field module tnt.nn.Linear
---@overload fun(options: {input_dim: integer|nil}|nil): tnt.testing.EvalUnit
units.EvalUnit = unit.EvalUnit:extend("TestEvalUnit", { input_dim = 2 })
units.EvalUnit.init, units.EvalUnit.eval_step = with_module, eval_step

--- Predicts: its step returns the outputs alone.
---@class tnt.testing.PredictUnit: tnt.PredictUnit
---@field module tnt.nn.Linear
---@overload fun(options: {input_dim: integer|nil}|nil): tnt.testing.PredictUnit
units.PredictUnit = unit.PredictUnit:extend("TestPredictUnit", { input_dim = 2 })
units.PredictUnit.init = with_module

--- The outputs of a batch.
---@param batch {x: tnt.Tensor}
---@return tnt.Tensor
function units.PredictUnit:predict_step(_, batch) return self.module(batch.x) end

--- All three.
---@class tnt.testing.FitUnit: tnt.Unit
---@field module tnt.nn.Linear
---@field optimizer tnt.optim.SGD
---@overload fun(options: {input_dim: integer|nil}|nil): tnt.testing.FitUnit
units.FitUnit = unit.Unit:extend("TestFitUnit", { input_dim = 2 })
units.FitUnit.init, units.FitUnit.train_step = with_optimizer, train_step
units.FitUnit.eval_step, units.FitUnit.predict_step = eval_step, units.PredictUnit.predict_step

--- An AutoUnit with SGD and a schedule that multiplies the rate by 0.9 in every epoch. It takes
--- AutoUnit's options; without `module` it has a layer of two inputs.
---@class tnt.testing.AutoUnit: tnt.AutoUnit
---@overload fun(options: table|nil): tnt.testing.AutoUnit
units.AutoUnit = auto_unit:extend "TestAutoUnit"

local instantiate = getmetatable(units.AutoUnit).__call
getmetatable(units.AutoUnit).__call = function(Class, options)
  local given = {}
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  given.module = given.module or nn.Linear(2, 2)
  return instantiate(Class, given)
end

--- SGD and an exponential schedule.
---@param module tnt.nn.Module
---@return tnt.optim.SGD optimizer
---@return table schedule
function units.AutoUnit.configure_optimizers_and_lr_scheduler(_, module)
  local optimizer = optim.SGD(module:parameters(), { lr = 0.01 })
  return optimizer, optim.schedule.Exponential(optimizer, { gamma = 0.9 })
end

--- Cross-entropy and the outputs.
---@param batch {x: tnt.Tensor, y: tnt.Tensor}
---@return tnt.Tensor loss
---@return tnt.Tensor outputs
function units.AutoUnit:compute_loss(_, batch) return forward(self, batch) end

--- Two layers with an optimizer each, stepped in turn: `first` in odd steps, `second` in even ones.
---@class tnt.testing.TwoOptimizers: tnt.TrainUnit
---@field first tnt.nn.Linear
---@field second tnt.nn.Linear
---@overload fun(options: {input_dim: integer|nil}|nil): tnt.testing.TwoOptimizers
units.TwoOptimizers = unit.TrainUnit:extend("TestTwoOptimizers", { input_dim = 2 })

--- For the class.
---@param o table
function units.TwoOptimizers:init(o)
  self.first, self.second = nn.Linear(o.input_dim, 4), nn.Linear(4, 2)
  self.first_optimizer = optim.SGD(self.first:parameters(), { lr = 0.01 })
  self.second_optimizer = optim.AdamW(self.second:parameters(), { lr = 0.01 })
end

--- One step of one of the two.
---@param state tnt.State
---@param batch {x: tnt.Tensor, y: tnt.Tensor}
---@return {loss: tnt.Tensor}
function units.TwoOptimizers:train_step(state, batch)
  local outputs = self.second(self.first(batch.x):relu())
  local loss = nn.functional.cross_entropy(outputs, batch.y)
  loss:backward()
  local is_odd = self.train_progress.num_steps_completed % 2 == 0
  local turn = is_odd and self.first_optimizer or self.second_optimizer
  turn:step()
  self.first_optimizer:zero_grad()
  self.second_optimizer:zero_grad()
  self.train_progress:increment_update()
  state:log("loss", loss)
  return { loss = loss:detach() }
end

return units

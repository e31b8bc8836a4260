-- Stochastic gradient descent, with momentum as PyTorch has it: b = momentum b + (1 - dampening) g,
-- p = p - lr b.
local check = require "tnt.check_option"
local errors = require "tnt.errors"
local Optimizer = require "tnt.optim.optimizer"
local ops = require "tnt.ops_gen"

--- Gradient descent, with momentum, Nesterov's too, and weight decay.
---@class tnt.optim.SGD: tnt.optim.Optimizer
local SGD = Optimizer:extend("SGD", {
  "params", lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0, nesterov = false,
    maximize = false, stochastic_rounding = false,
})
SGD.state_names = { "momentum_buffer" }

function SGD:check_group(who, group)
  Optimizer.check_group(self, who, group)
  for _, name in ipairs { "momentum", "weight_decay" } do
    check.number(who, name, group[name], 0)
  end
  if type(group.dampening) ~= "number" then
    errors.raise("argument", "%s: dampening must be a number, got %s", who,
      tostring(group.dampening))
  end
  if group.nesterov and (group.momentum == 0 or group.dampening ~= 0) then
    errors.raise("argument", "%s: nesterov wants a momentum above 0 and no dampening", who)
  end
end

function SGD:uses(group) return group.momentum ~= 0 end
function SGD:wants_state() return self.current_group.momentum ~= 0 end

--- The numbers of the op for a step.
---@param group tnt.optim.Group
function SGD.numbers(_, group)
  return group.lr, group.momentum, group.dampening, group.weight_decay
end

--- The step of one bucket.
---@param group tnt.optim.Group
---@param bucket table
function SGD:update(group, bucket)
  local lr, momentum, dampening, weight_decay = self:numbers(group, bucket.step)
  local lists = bucket.lists
  ops.sgd_(bucket.list, lists.master, lists.momentum_buffer, bucket.row, self.skip, lr, momentum,
    dampening, weight_decay, bucket.stochastic, group.nesterov, group.maximize, bucket.step == 1)
end

return SGD

-- Adam and AdamW, which differ in where the weight decay goes: to the gradient, or straight to the
-- parameter.
local check = require "tnt.check_option"
local errors = require "tnt.errors"
local Optimizer = require "tnt.optim.optimizer"
local ops = require "tnt.ops_gen"

local function is_beta(value) return type(value) == "number" and value >= 0 and value < 1 end

local function check_group(self, who, group)
  Optimizer.check_group(self, who, group)
  local betas = group.betas
  if type(betas) ~= "table" or #betas ~= 2 or not is_beta(betas[1]) or not is_beta(betas[2]) then
    errors.raise("argument", "%s: betas must be two numbers in [0, 1), got %s", who,
      type(betas) == "table" and ("{%s, %s}"):format(tostring(betas[1]), tostring(betas[2]))
        or tostring(betas))
  end
  for _, name in ipairs { "eps", "weight_decay" } do
    check.number(who, name, group[name], 0)
  end
end

local function define(name, weight_decay, op)
  local Class = Optimizer:extend(name, {
    "params", lr = 1e-3, betas = { 0.9, 0.999 }, eps = 1e-8, weight_decay = weight_decay,
      stochastic_rounding = false,
  })
  Class.state_names = { "exp_avg", "exp_avg_sq" }
  Class.check_group = check_group
  --- The numbers of the op for a step.
  ---@param group tnt.optim.Group
  ---@param step integer  from 1
  function Class.numbers(_, group, step)
    local betas = group.betas
    return group.lr, betas[1], betas[2], group.eps, group.weight_decay, step
  end
  --- One step of a bucket's tensors.
  ---@param group table   the parameter group
  ---@param bucket table  lists of tensors of one device
  function Class:update(group, bucket)
    local lists = bucket.lists
    local lr, beta1, beta2, eps, decay, step = self:numbers(group, bucket.step)
    op(bucket.list, lists.master, lists.exp_avg, lists.exp_avg_sq, bucket.row, self.skip, lr, beta1,
      beta2, eps, decay, step, bucket.stochastic)
  end
  return Class
end

--- Adam; weight decay is added to the gradient.
---@class tnt.optim.Adam: tnt.optim.Optimizer
local Adam = define("Adam", 0, ops.adam_)
--- Adam whose weight decay acts on the parameters directly.
---@class tnt.optim.AdamW: tnt.optim.Optimizer
local AdamW = define("AdamW", 0.01, ops.adamw_)

return { Adam = Adam, AdamW = AdamW }

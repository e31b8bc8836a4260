-- Losses as modules: loss(prediction, target). What they compute stands in loss_functions.lua.
local class = require "tnt.class"
local errors = require "tnt.errors"
local losses = require "tnt.nn.loss_functions"
local Module = require "tnt.nn.module"
local size = require "tnt.nn.size"
local tensor = require "tnt.tensor"

local loss = {}
local NONE = class.NONE

-- Tensors among the options (class weights) are buffers that state dicts leave out.
local function define(name, fn, declared)
  declared.reduction = "mean"
  local Class = Module:extend(name, declared)
  Class.scoped, Class.stateless = false, true
  function Class:init(o)
    for option in pairs(declared) do -- order: free
      local value = o[option]
      if option:find "weight" and value ~= nil then
        if not tensor.is_tensor(value) then
          errors.raise("argument", "%s: %s must be a tensor, got %s", name, option, type(value))
        end
        self:register_buffer(option, value, { persistent = false })
      else
        self[option] = value
      end
    end
    if o.reduction ~= "mean" and o.reduction ~= "sum" and o.reduction ~= "none" then
      errors.unknown(name, "reduction", o.reduction, { "mean", "none", "sum" })
    end
    if o.label_smoothing then size.fraction(name, "label_smoothing", o.label_smoothing, 0, 1) end
    self.options = { reduction = o.reduction }
    for option in pairs(declared) do -- order: free
      if o[option] ~= nil then self.options[option] = o[option] end
    end
  end
  function Class:forward(x, t) return fn(x, t, self.options) end
  loss[name] = Class
end

--- Of scores [N, K] (or [N, K, ...]) and class ids from 0, or shares of classes.
---@class tnt.nn.CrossEntropyLoss: tnt.nn.Module
define("CrossEntropyLoss", losses.cross_entropy,
  { weight = NONE, ignore_index = -100, label_smoothing = 0 })
--- Of logarithms of probabilities [N, K] and class ids from 0.
---@class tnt.nn.NLLLoss: tnt.nn.Module
define("NLLLoss", losses.nll_loss, { weight = NONE, ignore_index = -100 })
--- The square of the difference.
---@class tnt.nn.MSELoss: tnt.nn.Module
define("MSELoss", losses.mse_loss, {})
--- The absolute difference.
---@class tnt.nn.L1Loss: tnt.nn.Module
define("L1Loss", losses.l1_loss, {})
--- The binary cross entropy of scores, before a sigmoid, and targets from 0 to 1.
---@class tnt.nn.BCEWithLogitsLoss: tnt.nn.Module
define("BCEWithLogitsLoss", losses.binary_cross_entropy_with_logits,
  { weight = NONE, pos_weight = NONE })

return loss

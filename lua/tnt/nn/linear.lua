-- Linear: y = x w^T + b.
local class = require "tnt.class"
local init = require "tnt.nn.initialisation"
local make = require("tnt.tensor").make
local Module = require "tnt.nn.module"
local ops = require "tnt.ops_gen"
local parameter = require "tnt.nn.parameter"
local shown = require "tnt.nn.print"
local size = require "tnt.nn.size"

--- x times the transposed weight, plus the bias: [..., in_features] gives [..., out_features].
---@class tnt.nn.Linear: tnt.nn.Module
---@field weight tnt.Tensor  [out_features, in_features]
---@field bias tnt.Tensor|nil  [out_features]
local Linear = Module:extend("Linear", { "in_features", "out_features", bias = true,
  dtype = class.NONE })
Linear.scoped, Linear.stateless = false, true

function Linear:init(o)
  self.in_features = size.count("Linear", "in_features", o.in_features, 0)
  self.out_features = size.count("Linear", "out_features", o.out_features, 0)
  local options = { dtype = o.dtype }
  self.weight = parameter.new(make.empty(o.out_features, o.in_features, options))
  if o.bias then self.bias = parameter.new(make.empty(o.out_features, options)) end
  self:reset_parameters()
end

--- Draws weight and bias anew: uniform within 1 / sqrt(in_features).
function Linear:reset_parameters()
  local bound = self.in_features > 0 and 1 / math.sqrt(self.in_features) or 0
  init.uniform_(self.weight, -bound, bound) -- Kaiming with a = sqrt(5)
  if self.bias then init.uniform_(self.bias, -bound, bound) end
end

local linear = ops.linear
function Linear:forward(x) return linear(x, self.weight, self.bias) end

function Linear:extra_repr()
  return ("in_features=%d, out_features=%d, bias=%s"):format(self.in_features, self.out_features,
    shown(self.bias ~= nil))
end

return { Linear = Linear }

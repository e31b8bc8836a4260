-- Activations and other layers without parameters, each a function of its input.
local errors = require "tnt.errors"
local Module = require "tnt.nn.module"
local ops = require "tnt.ops_gen"
local shown = require "tnt.nn.print"

local activations = {}

local function define(name, declared, forward, extra_repr)
  local Class = Module:extend(name, declared)
  Class.scoped, Class.stateless = false, true
  Class.forward = forward
  function Class:init(o)
    for option in pairs(declared) do self[option] = o[option] end -- order: free
  end
  if extra_repr then Class.extra_repr = extra_repr end
  activations[name] = Class
  return Class
end

local function of_op(name, op) define(name, {}, function(_, x) return op(x) end) end

--- max(x, 0).
---@class tnt.nn.ReLU: tnt.nn.Module
of_op("ReLU", ops.relu)
--- x times the logistic function of x, also called swish.
---@class tnt.nn.SiLU: tnt.nn.Module
of_op("SiLU", ops.silu)
--- The hyperbolic tangent.
---@class tnt.nn.Tanh: tnt.nn.Module
of_op("Tanh", ops.tanh)
--- The logistic function, 1 / (1 + exp(-x)).
---@class tnt.nn.Sigmoid: tnt.nn.Module
of_op("Sigmoid", ops.sigmoid)

local gelu, gelu_tanh = ops.gelu, ops.gelu_tanh
--- x times the normal distribution's function of x; approximate = "tanh" by a hyperbolic tangent.
---@class tnt.nn.GELU: tnt.nn.Module
local GELU = define("GELU", { approximate = "none" }, function(self, x)
  if self.is_tanh then return gelu_tanh(x) end
  return gelu(x)
end, function(self) return "approximate='" .. self.approximate .. "'" end)
function GELU:init(o)
  if o.approximate ~= "none" and o.approximate ~= "tanh" then
    errors.unknown("GELU", "approximation", o.approximate, { "none", "tanh" })
  end
  self.approximate, self.is_tanh = o.approximate, o.approximate == "tanh"
end

--- x, and negative_slope times it below 0.
---@class tnt.nn.LeakyReLU: tnt.nn.Module
define("LeakyReLU", { negative_slope = 0.01 },
  function(self, x) return ops.leaky_relu(x, self.negative_slope) end,
  function(self) return "negative_slope=" .. shown(self.negative_slope) end)
--- x, and alpha (exp(x) - 1) below 0.
---@class tnt.nn.ELU: tnt.nn.Module
define("ELU", { alpha = 1 }, function(self, x) return ops.elu(x, self.alpha) end,
  function(self) return ("alpha=%.1f"):format(self.alpha) end)
--- log(1 + exp(x)), a smooth ReLU.
---@class tnt.nn.Softplus: tnt.nn.Module
define("Softplus", {}, function(_, x) return ops.softplus(x) end)

--- Shares that add up to 1 along dim, which counts from 1; -1, the last, is the default.
---@class tnt.nn.Softmax: tnt.nn.Module
define("Softmax", { dim = -1 }, function(self, x) return ops.softmax(x, self.dim) end,
  function(self) return "dim=" .. self.dim end)
--- The logarithms of what Softmax gives, without its loss of digits.
---@class tnt.nn.LogSoftmax: tnt.nn.Module
define("LogSoftmax", { dim = -1 }, function(self, x) return ops.log_softmax(x, self.dim) end,
  function(self) return "dim=" .. self.dim end)

--- Dims from start_dim to end_dim in one. They count from 1: by default the first one, the batch,
--- is left as it is.
---@class tnt.nn.Flatten: tnt.nn.Module
define("Flatten", { start_dim = 2, end_dim = -1 },
  function(self, x) return x:flatten(self.start_dim, self.end_dim) end,
  function(self) return ("start_dim=%d, end_dim=%d"):format(self.start_dim, self.end_dim) end)

--- Gives back what it is given; its arguments are ignored.
---@class tnt.nn.Identity: tnt.nn.Module
local Identity = Module:extend "Identity"
Identity.scoped, Identity.stateless = false, true
function Identity:forward(...) return ... end
activations.Identity = Identity

return activations

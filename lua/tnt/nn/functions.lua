-- Modules without parameters: activations, dropout, pooling, flatten, losses. Each is its function with its options.
local errors = require "tnt.errors"
local F = require "tnt.nn.functional"
local Module = require "tnt.nn.module"
local ops = require "tnt.ops_gen"

local functions = {}

local function leaf(name, declared, forward, describe)
  local Class = Module:extend(name, declared)
  Class.scoped, Class.stateless = false, true
  function Class:init(o) rawset(self, "options", declared and o or nil) end
  Class.forward = forward
  if describe then Class.describe = describe end
  functions[name] = Class
  return Class
end

leaf("Identity", nil, function(_, x) return x end)
leaf("ReLU", nil, function(_, x) return ops.relu(x) end)
leaf("SiLU", nil, function(_, x) return ops.silu(x) end)
leaf("Tanh", nil, function(_, x) return ops.tanh(x) end)
leaf("Sigmoid", nil, function(_, x) return ops.sigmoid(x) end)
leaf("Softplus", nil, function(_, x) return ops.softplus(x) end)
leaf("GELU", { approximate = "none" }, function(self, x) return F.gelu(x, self.options) end,
  function(self) return ("approximate=%s"):format(self.options.approximate) end)
leaf("LeakyReLU", { negative_slope = 0.01 }, function(self, x) return ops.leaky_relu(x, self.options.negative_slope) end,
  function(self) return ("negative_slope=%g"):format(self.options.negative_slope) end)
leaf("ELU", { alpha = 1 }, function(self, x) return ops.elu(x, self.options.alpha) end,
  function(self) return ("alpha=%g"):format(self.options.alpha) end)
leaf("Softmax", { dim = -1 }, function(self, x) return ops.softmax(x, self.options.dim) end,
  function(self) return ("dim=%d"):format(self.options.dim) end)
leaf("LogSoftmax", { dim = -1 }, function(self, x) return ops.log_softmax(x, self.options.dim) end,
  function(self) return ("dim=%d"):format(self.options.dim) end)
leaf("Flatten", { start_dim = 2, end_dim = -1 }, function(self, x) return x:flatten(self.options.start_dim, self.options.end_dim) end,
  function(self) return ("start_dim=%d, end_dim=%d"):format(self.options.start_dim, self.options.end_dim) end)

-- Dropout(0.1) is the customary form, Dropout {p = 0.1} the general one, Dropout() drops half.
local Dropout = leaf("Dropout", nil, function(self, x) return F.dropout(x, self.p, self.training) end,
  function(self) return ("p=%g"):format(self.p) end)
function Dropout:init(p)
  if type(p) == "table" then
    for key in pairs(p) do -- order: free
      if key ~= "p" then errors.unknown("Dropout", "option", key, { "p" }) end
    end
    p = p.p
  end
  p = p or 0.5
  if type(p) ~= "number" or p < 0 or p > 1 then errors.raise("argument", "Dropout: p must be in 0..1, got %s", tostring(p)) end
  self.p = p
end

local function window(value)
  if type(value) == "table" then return ("(%s)"):format(table.concat(value, ", ")) end
  return tostring(value)
end

local function pool(name, declared, fn)
  local Class = leaf(name, declared, function(self, x) return fn(x, self.kernel_size, self.options) end)
  function Class:init(o)
    self.kernel_size = o.kernel_size
    local options = {}
    for key, value in pairs(o) do -- order: free
      if key ~= "kernel_size" then options[key] = value end
    end
    rawset(self, "options", options)
  end
  function Class:describe()
    return ("kernel_size=%s, stride=%s, padding=%s"):format(window(self.kernel_size), window(self.options.stride or self.kernel_size),
      window(self.options.padding))
  end
end
local NONE = require("tnt.class").NONE
pool("MaxPool2d", { "kernel_size", stride = NONE, padding = 0 }, F.max_pool2d)
pool("AvgPool2d", { "kernel_size", stride = NONE, padding = 0, count_include_pad = true }, F.avg_pool2d)
leaf("AdaptiveAvgPool2d", { "output_size" }, function(self, x) return F.adaptive_avg_pool2d(x, self.options.output_size) end,
  function(self) return "output_size=" .. window(self.options.output_size) end)

-- -- losses -----------------------------------------------------------------------------------------------------------------
leaf("CrossEntropyLoss", { weight = NONE, ignore_index = -100, label_smoothing = 0, reduction = "mean" },
  function(self, x, target) return F.cross_entropy(x, target, self.options) end)
for name, fn in pairs { -- order: free
  MSELoss = F.mse_loss, L1Loss = F.l1_loss, SmoothL1Loss = F.smooth_l1_loss, NLLLoss = F.nll_loss,
  BCEWithLogitsLoss = F.binary_cross_entropy_with_logits,
} do
  leaf(name, { reduction = "mean" }, function(self, x, target) return fn(x, target, self.options) end)
end

return functions

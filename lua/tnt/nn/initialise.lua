-- nn.init: functions that fill parameters, without a record. Each returns its tensor.
local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local tensor = require "tnt.tensor"

local init = {}

local function filling(fn)
  return function(t, ...)
    if not tensor.is_tensor(t) then errors.raise("argument", "init: a tensor was expected, got %s", type(t)) end
    grad_mode.no_grad(fn, t, ...)
    return t
  end
end

--- Uniform in [a, b), default [0, 1).
init.uniform_ = filling(function(t, a, b) t:uniform_(a or 0, b or 1) end)
--- Normal, default mean 0 and standard deviation 1.
init.normal_ = filling(function(t, mean, std) t:normal_(mean or 0, std or 1) end)
--- One value.
init.constant_ = filling(function(t, value) t:fill_(value) end)
init.zeros_ = filling(function(t) t:fill_(0) end)
init.ones_ = filling(function(t) t:fill_(1) end)
--- The identity in a matrix.
init.eye_ = filling(function(t)
  t:fill_(0)
  t:diagonal():fill_(1)
end)

--- How many inputs and outputs an element of a weight [O, I, ...] serves.
---@return integer fan_in
---@return integer fan_out
function init.fans(t)
  local n = t:dim()
  if n < 2 then errors.raise("shape", "init: a weight of at least 2 dims was expected, got %d", n) end
  local field = 1
  for d = 3, n do field = field * t:size(d) end
  return t:size(2) * field, t:size(1) * field
end

local gains = { linear = 1, sigmoid = 1, conv2d = 1, tanh = 5 / 3, relu = math.sqrt(2) }

--- The recommended gain of a nonlinearity.
---@param name string  linear conv2d sigmoid tanh relu leaky_relu
---@param slope? number  of leaky_relu, default 0.01
function init.gain(name, slope)
  if name == "leaky_relu" then return math.sqrt(2 / (1 + (slope or 0.01) ^ 2)) end
  if not gains[name] then errors.unknown("gain", "nonlinearity", name, { "conv2d", "leaky_relu", "linear", "relu", "sigmoid", "tanh" }) end
  return gains[name]
end

local function fan_of(t, mode)
  local fan_in, fan_out = init.fans(t)
  if mode == nil or mode == "fan_in" then return fan_in end
  if mode == "fan_out" then return fan_out end
  errors.unknown("init", "mode", mode, { "fan_in", "fan_out" })
end

---@class tnt.nn.KaimingOptions
---@field a? number  slope of the leaky_relu, default 0
---@field mode? "fan_in"|"fan_out"
---@field nonlinearity? string  default "leaky_relu"

--- Source: He, Zhang, Ren and Sun 2015.
---@param t tnt.Tensor
---@param options? tnt.nn.KaimingOptions
init.kaiming_uniform_ = filling(function(t, options)
  local o = options or {}
  local bound = init.gain(o.nonlinearity or "leaky_relu", o.a or 0) * math.sqrt(3 / fan_of(t, o.mode))
  t:uniform_(-bound, bound)
end)
init.kaiming_normal_ = filling(function(t, options)
  local o = options or {}
  t:normal_(0, init.gain(o.nonlinearity or "leaky_relu", o.a or 0) / math.sqrt(fan_of(t, o.mode)))
end)

--- Source: Glorot and Bengio 2010.
---@param t tnt.Tensor
---@param gain? number
init.xavier_uniform_ = filling(function(t, gain)
  local fan_in, fan_out = init.fans(t)
  local bound = (gain or 1) * math.sqrt(6 / (fan_in + fan_out))
  t:uniform_(-bound, bound)
end)
init.xavier_normal_ = filling(function(t, gain)
  local fan_in, fan_out = init.fans(t)
  t:normal_(0, (gain or 1) * math.sqrt(2 / (fan_in + fan_out)))
end)

return init

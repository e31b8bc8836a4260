-- nn.init: functions that fill a tensor in place and return it, without recording. Names, defaults
-- and distributions are PyTorch's.

local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local ops = require "tnt.ops_gen"

local init = {}

local function quietly(fn, ...)
  local before = grad_mode.set(false)
  local ok, err = pcall(fn, ...)
  grad_mode.set(before)
  if not ok then error(err, 0) end
  return (...)
end

--- Numbers uniform in [lo, hi).
---@param t tnt.Tensor
---@param lo? number  default 0
---@param hi? number  default 1
function init.uniform_(t, lo, hi) return quietly(ops.uniform_, t, lo or 0, hi or 1) end

--- Normal numbers.
---@param t tnt.Tensor
---@param mean? number  default 0
---@param std? number   default 1
function init.normal_(t, mean, std) return quietly(ops.normal_, t, mean or 0, std or 1) end

--- Normal numbers within [lo, hi]: drawn again where they fall outside.
---@param t tnt.Tensor
---@param mean? number  default 0
---@param std? number   default 1
---@param lo? number    default -2
---@param hi? number    default 2
function init.trunc_normal_(t, mean, std, lo, hi)
  mean, std, lo, hi = mean or 0, std or 1, lo or -2, hi or 2
  if lo >= hi or (mean - 2 * std > hi) or (mean + 2 * std < lo) then
    errors.raise("argument", "trunc_normal_: [%g, %g] must hold something near %g +- %g", lo, hi,
      mean, std)
  end
  return quietly(function(x)
    ops.normal_(x, mean, std)
    while true do
      local outside = ops.logical_or(ops.lt(x, lo), ops.gt(x, hi))
      if ops.sum(outside):item() == 0 then return end
      x:copy_(ops.where(outside, ops.normal_(x:clone(), mean, std), x))
    end
  end, t)
end

--- One value everywhere.
---@param t tnt.Tensor
---@param value number
function init.constant_(t, value) return quietly(ops.fill_, t, value) end

--- Zeros.
---@param t tnt.Tensor
function init.zeros_(t) return init.constant_(t, 0) end

--- Ones.
---@param t tnt.Tensor
function init.ones_(t) return init.constant_(t, 1) end

--- The identity matrix.
---@param t tnt.Tensor
function init.eye_(t)
  if t:dim() ~= 2 then
    errors.raise("shape", "eye_: a matrix was expected, got %d dims", t:dim())
  end
  return quietly(function(x)
    ops.fill_(x, 0)
    ops.fill_(x:diagonal(), 1)
  end, t)
end

--- How many inputs and outputs an element of a weight serves: [O, I, ...].
---@param t tnt.Tensor
---@return integer fan_in
---@return integer fan_out
function init.fans(t)
  local shape = t.shape
  if #shape < 2 then
    errors.raise("shape", "a weight of at least 2 dims was expected, got %d", #shape)
  end
  local field = 1
  for d = 3, #shape do field = field * shape[d] end
  return shape[2] * field, shape[1] * field
end

local gains = {
  linear = 1, conv2d = 1, sigmoid = 1, tanh = 5 / 3, relu = math.sqrt(2), selu = 3 / 4,
}
local gain_names = { "linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu" }

--- The factor by which a nonlinearity wants its weights wider.
---@param nonlinearity string
---@param slope? number  of leaky_relu, default 0.01
---@return number
function init.calculate_gain(nonlinearity, slope)
  if nonlinearity == "leaky_relu" then return math.sqrt(2 / (1 + (slope or 0.01) ^ 2)) end
  if not gains[nonlinearity] then
    errors.unknown("calculate_gain", "nonlinearity", nonlinearity, gain_names)
  end
  return gains[nonlinearity]
end

---@class tnt.nn.KaimingOptions
---@field a? number             slope of leaky_relu, default 0
---@field mode? "fan_in"|"fan_out"
---@field nonlinearity? string  default "leaky_relu"

local kaiming_names = { "a", "mode", "nonlinearity" }

local function kaiming_std(who, t, o)
  o = o or {}
  for name in pairs(o) do -- order: free
    if name ~= "a" and name ~= "mode" and name ~= "nonlinearity" then
      errors.unknown(who, "option", name, kaiming_names)
    end
  end
  local fan_in, fan_out = init.fans(t)
  if o.mode ~= nil and o.mode ~= "fan_in" and o.mode ~= "fan_out" then
    errors.unknown(who, "mode", o.mode, { "fan_in", "fan_out" })
  end
  local gain = init.calculate_gain(o.nonlinearity or "leaky_relu", o.a or 0)
  return gain / math.sqrt(o.mode == "fan_out" and fan_out or fan_in)
end

--- Uniform numbers whose variance keeps that of the signal. Source: He et al. 2015.
---@param t tnt.Tensor
---@param options? tnt.nn.KaimingOptions
function init.kaiming_uniform_(t, options)
  local bound = math.sqrt(3) * kaiming_std("kaiming_uniform_", t, options)
  return init.uniform_(t, -bound, bound)
end

--- Normal numbers whose variance keeps that of the signal. Source: He et al. 2015.
---@param t tnt.Tensor
---@param options? tnt.nn.KaimingOptions
function init.kaiming_normal_(t, options) return init.normal_(t, 0,
  kaiming_std("kaiming_normal_", t, options)) end

--- Uniform numbers by both fans. Source: Glorot and Bengio 2010.
---@param t tnt.Tensor
---@param gain? number  default 1
function init.xavier_uniform_(t, gain)
  local fan_in, fan_out = init.fans(t)
  local bound = (gain or 1) * math.sqrt(6 / (fan_in + fan_out))
  return init.uniform_(t, -bound, bound)
end

--- Normal numbers by both fans. Source: Glorot and Bengio 2010.
---@param t tnt.Tensor
---@param gain? number  default 1
function init.xavier_normal_(t, gain)
  local fan_in, fan_out = init.fans(t)
  return init.normal_(t, 0, (gain or 1) * math.sqrt(2 / (fan_in + fan_out)))
end

return init

-- Clipping of gradients: one call over all parameters.
local core = require "tnt.core"
local errors = require "tnt.errors"
local ops = require "tnt.ops_gen"

local clip = {}

-- Lists are made once for a table of parameters.
local lists = setmetatable({}, { __mode = "k" })
local function list_of(parameters)
  if type(parameters) == "cdata" then return core.list { parameters } end
  local entry = lists[parameters]
  if not entry or entry.n ~= #parameters then
    entry = core.list(parameters)
    lists[parameters] = entry
  end
  return entry
end

--- Scales all gradients together so that their norm is at most max_norm. Reads the norm.
---@param parameters tnt.Tensor[]
---@param max_norm number  math.huge only measures
---@param kind? number  2 (default) or math.huge
---@return number norm  before clipping
function clip.clip_grad_norm_(parameters, max_norm, kind)
  if type(max_norm) ~= "number" or max_norm <= 0 then
    errors.raise("argument", "clip_grad_norm_: max_norm must be a number above 0, got %s", tostring(max_norm))
  end
  local list = list_of(parameters)
  local y = ops.grad_norm(list, kind or 2)
  local norm = y:item()
  y:free()
  local factor = max_norm / (norm + 1e-6)
  if factor < 1 then ops.grad_scale_(list, factor, math.huge) end
  return norm
end

--- Brings every element of every gradient into [-value, value].
---@param parameters tnt.Tensor[]
---@param value number
function clip.clip_grad_value_(parameters, value)
  if type(value) ~= "number" or value <= 0 then
    errors.raise("argument", "clip_grad_value_: a number above 0 was expected, got %s", tostring(value))
  end
  ops.grad_scale_(list_of(parameters), 1, value)
end

return clip

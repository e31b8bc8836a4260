-- Clipping the gradients of many parameters at once, in one call each.
local check = require "tnt.check_option"
local core = require "tnt.core"
local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"

local clip = {}

--- Lists of the parameters with a gradient, f64 for itself and by device: ops over lists compute in
--- one dtype on one device.
---@param who string
---@param parameters tnt.Tensor[]|tnt.Tensor
---@return tnt.List[] lists
---@return string[] devices  of each
function clip.with_gradient(who, parameters)
  if tensor.is_tensor(parameters) then parameters = { parameters } end
  if type(parameters) ~= "table" then
    errors.raise("argument",
      "%s: a list of parameters was expected, got %s (net:parameters() gives one)", who,
      type(parameters))
  end
  local groups, order, devices = {}, {}, {}
  for i = 1, #parameters do
    local info = tensor.describe(parameters[i])
    if info.has_grad ~= 0 then
      local key = (info.dtype == core.C.TNT_F64 and 1 or 0)
        + 2 * (info.device + info.device_index)
      if not groups[key] then
        groups[key] = {}
        order[#order + 1], devices[#devices + 1] = key, parameters[i].device
      end
      table.insert(groups[key], parameters[i])
    end
  end
  local lists = {}
  for i, key in ipairs(order) do lists[i] = core.list(groups[key]) end
  return lists, devices
end

-- On the first list's device.
local function norm_of(lists, devices, kind)
  if #lists == 0 then return tensor.make.zeros {} end
  local total
  for i, list in ipairs(lists) do
    local norm = ops.grad_norm(list, kind)
    if devices[i] ~= devices[1] then norm = norm:to(devices[1]) end
    if #lists > 1 then norm = norm:to "f64" end
    if not total then total = norm
    elseif kind == math.huge then total = ops.maximum(total, norm)
    else total = ops.sqrt(total * total + norm * norm) end
  end
  return total
end

--- The numbers of grad_scale_ as a tensor, so that nothing on a device is waited for: a factor, and
--- no clamp.
---@param factor tnt.Tensor  0-dim, f64
---@return tnt.Tensor  [2]
function clip.scale_row(factor)
  local row = tensor.make.full({ 2 }, math.huge, { dtype = "f64", device = factor.device })
  row:narrow(1, 1, 1):copy_(factor:view(1))
  return row
end

---@class tnt.nn.ClipOptions
---@field norm_type? number            2 (default) or math.huge
---@field error_if_nonfinite? boolean  raise kind state instead of scaling by NaN or 0

--- Scales all gradients together so that their norm is at most `max_norm`, and returns what it was.
--- math.huge only measures. Source: Pascanu et al. 2013; the factor is max_norm / (norm + 1e-6) as
--- in PyTorch.
---@param parameters tnt.Tensor[]
---@param max_norm number
---@param options? tnt.nn.ClipOptions
---@return tnt.Tensor norm  0-dim
function clip.clip_grad_norm_(parameters, max_norm, options)
  options = options or {}
  if type(max_norm) ~= "number" or max_norm ~= max_norm or max_norm <= 0 then
    errors.raise("argument", "clip_grad_norm_: max_norm must be above 0, got %s",
      tostring(max_norm))
  end
  for name in pairs(options) do -- order: free
    if name ~= "norm_type" and name ~= "error_if_nonfinite" then
      errors.unknown("clip_grad_norm_", "option", name, { "error_if_nonfinite", "norm_type" })
    end
  end
  local kind = options.norm_type or 2
  if kind ~= 2 and kind ~= math.huge then
    errors.raise("argument", "clip_grad_norm_: norm_type must be 2 or math.huge, got %s",
      tostring(kind))
  end
  local before = grad_mode.set(false)
  local lists, devices = clip.with_gradient("clip_grad_norm_", parameters)
  local norm = norm_of(lists, devices, kind)
  if options.error_if_nonfinite then
    local value = norm:item()
    if value ~= value or value == math.huge then
      grad_mode.set(before)
      errors.raise("state", "clip_grad_norm_: the norm of the gradients is %s", tostring(value))
    end
  end
  if max_norm < math.huge and #lists > 0 then
    local row = clip.scale_row(ops.clamp(max_norm / (norm:to "f64" + 1e-6), -math.huge, 1))
    for i, list in ipairs(lists) do
      ops.grad_scale_(list, row:to(devices[i]), nil, 1, math.huge)
    end
  end
  grad_mode.set(before)
  return norm
end

--- Brings every element of every gradient into [-limit, limit].
---@param parameters tnt.Tensor[]
---@param limit number
function clip.clip_grad_value_(parameters, limit)
  check.number("clip_grad_value_", "the limit", limit, 0)
  local before = grad_mode.set(false)
  for _, list in ipairs((clip.with_gradient("clip_grad_value_", parameters))) do
    ops.grad_scale_(list, nil, nil, 1, limit)
  end
  grad_mode.set(before)
end

return clip

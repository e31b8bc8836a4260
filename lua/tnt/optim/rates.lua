-- Learning rates as numbers: those of an optimizer's groups by name, and one scaled to a batch.

local check = require "tnt.check_option"
local errors = require "tnt.errors"

local rates = {}

---@class tnt.optim.Rate
---@field name string
---@field lr number

--- The learning rates of an optimizer's groups. One group gets the name that is given, several get
--- "NAME/1", "NAME/2", ... or the groups' own names ("NAME/decay"); groups of one name are told
--- apart by ":2", ":3" behind it.
---
---     for _, rate in ipairs(tnt.optim.rates(optimizer, "lr")) do print(rate.name, rate.lr) end
---
--- Errors: argument, for what is no optimizer.
---@param optimizer tnt.optim.Optimizer
---@param name string|nil  default "lr"
---@return tnt.optim.Rate[]  in the order of the groups
function rates.of(optimizer, name)
  name = name or "lr"
  local groups = type(optimizer) == "table" and optimizer.param_groups
  if type(groups) ~= "table" or type(name) ~= "string" then
    errors.raise("argument", "rates: an optimizer and a name were expected, got %s and %s",
      type(optimizer), type(name))
  end
  local list, seen = {}, {}
  for i, group in ipairs(groups) do
    if group.lr ~= nil then
      local full = name
      if #groups > 1 then full = name .. "/" .. tostring(group.name or i) end
      seen[full] = (seen[full] or 0) + 1
      if seen[full] > 1 then full = full .. ":" .. seen[full] end
      list[#list + 1] = { name = full, lr = group.lr }
    end
  end
  return list
end

---@class tnt.optim.ScaleOptions
---@field batch_size integer       samples in a batch of one process
---@field base_batch_size integer  samples in a batch of the run that the rate was found with
---@field accumulation integer|nil  batches for one update; default 1
---@field rule string|nil          "linear" (default): with the batch; "sqrt": with its square root

local NAMES = { "batch_size", "base_batch_size", "accumulation", "rule" }

--- A learning rate found with one batch size, for another: that of an update, which is batch_size
--- times accumulation times the number of processes.
---
---     tnt.optim.scale_lr(0.1, {batch_size = 1024, base_batch_size = 256})  -- 0.4
---
--- Errors: argument.
--- Source: linear: Goyal et al. 2017, arXiv:1706.02677, section 2.1 (begin with a warm-up); sqrt:
--- Krizhevsky 2014, arXiv:1404.5997, section 5.
---@param lr number
---@param options tnt.optim.ScaleOptions
---@return number
function rates.scale(lr, options)
  check.number("scale_lr", "lr", lr, 0)
  if type(options) ~= "table" then
    errors.raise("argument", "scale_lr: {batch_size = ..., base_batch_size = ...} was expected, "
      .. "got %s", type(options))
  end
  errors.check_options("scale_lr", options, NAMES)
  check.count("scale_lr", "batch_size", options.batch_size, 1)
  check.count("scale_lr", "base_batch_size", options.base_batch_size, 1)
  local accumulation, rule = options.accumulation or 1, options.rule or "linear"
  check.count("scale_lr", "accumulation", accumulation, 1)
  check.word("scale_lr", "rule", rule, { "linear", "sqrt" })
  local factor = options.batch_size * accumulation * require("tnt.dist").size()
    / options.base_batch_size
  return lr * (rule == "sqrt" and math.sqrt(factor) or factor)
end

return rates

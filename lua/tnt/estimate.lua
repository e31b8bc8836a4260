-- tnt.estimate: how many steps an epoch, a loop and a fit will have, before they run: for bars, and
-- for schedules that need to know their end. From loaders' sizes and limits alone; what a stop or
-- an error changes is not in it.

local Cursor = require "tnt.data.cursor"
local errors = require "tnt.errors"
local length = require "tnt.loop.length"

local estimate = {}

-- A limit as it is given to the loops: 0 and nil are none here, as in TorchTNT. Those of an epoch
-- may be a part of the loader, below 1.
local function limit(who, options, name)
  local value = options[name]
  if value == nil or value == 0 then return nil end
  local is_part = type(value) == "number" and value > 0 and value < 1
    and name:find "steps_per_epoch$"
  if type(value) ~= "number" or value < 0
    or value % 1 ~= 0 and value ~= math.huge and not is_part then
    errors.raise("argument", "%s: %s must be a whole number from 0 on, got %s", who, name,
      tostring(value))
  end
  if value < math.huge then return value end
end

local function read(who, options, names)
  options = options or {}
  if type(options) ~= "table" then
    errors.raise("argument", "%s: options were expected as last argument, got %s", who,
      type(options))
  end
  errors.check_options(who, options, names)
  local o = {}
  for _, name in ipairs(names) do o[name] = limit(who, options, name) end
  return o
end

-- Steps of the next epoch; nil: not known.
local function in_epoch(who, loader, o)
  local size = Cursor(who, loader):known_size()
  return length.of_epoch(size, {
    max_steps = o.max_steps,
    max_steps_per_epoch = length.limit(who, o.max_steps_per_epoch, size),
  }, o.num_steps_completed or 0)
end

local function in_loop(who, loader, o)
  local each = o.max_epochs and in_epoch(who, loader, o)
  if not each or each == 0 then return o.max_steps end
  return math.min(each * o.max_epochs, o.max_steps or math.huge)
end

---@class tnt.estimate.EpochOptions
---@field max_steps integer|nil
---@field max_steps_per_epoch integer|nil
---@field num_steps_completed integer|nil  of the loop so far

--- Steps of the next epoch.
--- Errors: argument.
---@param loader any  what the loops take
---@param options tnt.estimate.EpochOptions|nil
---@return number steps  math.huge where nothing tells
function estimate.epoch(loader, options)
  local o = read("estimate.epoch", options,
    { "max_steps", "max_steps_per_epoch", "num_steps_completed" })
  return in_epoch("estimate.epoch", loader, o) or math.huge
end

---@class tnt.estimate.LoopOptions
---@field max_epochs integer|nil
---@field max_steps integer|nil
---@field max_steps_per_epoch integer|nil

--- Steps of a whole `tnt.train`.
---
---     local schedule = tnt.optim.schedule.Cosine(optimizer, {
---       T_max = tnt.estimate.loop(loader, {max_epochs = 3}), by = "update"})
---
--- Errors: argument.
---@param loader any
---@param options tnt.estimate.LoopOptions|nil
---@return integer|nil steps  nil where nothing tells
function estimate.loop(loader, options)
  local o = read("estimate.loop", options, { "max_epochs", "max_steps", "max_steps_per_epoch" })
  return in_loop("estimate.loop", loader, o)
end

---@class tnt.estimate.FitOptions
---@field max_epochs integer|nil
---@field max_steps integer|nil
---@field max_train_steps_per_epoch integer|nil
---@field max_eval_steps_per_epoch integer|nil
---@field evaluate_every_n_steps integer|nil   default: off
---@field evaluate_every_n_epochs integer|nil  default: off, other than in tnt.fit

--- Steps of a whole `tnt.fit`, those of evaluations among them. Where both max_steps and max_epochs
--- are given it takes all epochs for run, so it may be a few evaluations too many.
--- Errors: argument. Source: TorchTNT, estimated_steps_in_fit.
---@param train_loader any
---@param eval_loader any
---@param options tnt.estimate.FitOptions|nil
---@return integer|nil steps  nil where nothing tells
function estimate.fit(train_loader, eval_loader, options)
  local o = read("estimate.fit", options, {
    "max_epochs", "max_steps", "max_train_steps_per_epoch", "max_eval_steps_per_epoch",
    "evaluate_every_n_steps", "evaluate_every_n_epochs",
  })
  local train = in_loop("estimate.fit", train_loader, {
    max_epochs = o.max_epochs, max_steps = o.max_steps,
    max_steps_per_epoch = o.max_train_steps_per_epoch,
  })
  if not train then return nil end
  if not o.evaluate_every_n_steps and not o.evaluate_every_n_epochs then return train end
  local each = in_loop("estimate.fit", eval_loader, {
    max_epochs = 1, max_steps_per_epoch = o.max_eval_steps_per_epoch,
  })
  if not each then return nil end
  local evaluations = math.floor((o.max_epochs or 0) / (o.evaluate_every_n_epochs or math.huge))
    + math.floor(train / (o.evaluate_every_n_steps or math.huge))
  return train + evaluations * each
end

return estimate

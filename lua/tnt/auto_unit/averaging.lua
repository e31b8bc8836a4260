-- Averaged weights in an AutoUnit: the option `ema` read, when the averages step, the schedule that
-- takes over from the others once averaging has begun, and which weights an evaluation uses.

local AveragedModel = require "tnt.optim.averaged_model"
local class = require "tnt.class"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local averaging = {}

---@class tnt.AutoUnit.Ema: tnt.optim.AveragedModel.Options
---@field by "update"|"epoch"|nil  what `begin` and `every` count; default "update", an optimizer's
---  step
---@field optimizer string|nil  with several: whose updates count; default: those of all
---@field evaluate boolean|nil  default true: evaluations and predictions use the averaged weights
---@field anneal table|nil      {lr = 0.05, steps = 10, strategy = "cos" or "linear"}: from `begin`
---  on this moves the learning rate, and the unit's schedules stand still

local anneal_names = { "lr", "steps", "strategy" }

local function check(who, given)
  if type(given) ~= "table" or getmetatable(given) ~= nil then
    errors.raise("argument", "%s: ema is a table such as {decay = 0.999}, got %s", who, type(given))
  elseif given.by ~= nil and given.by ~= "update" and given.by ~= "epoch" then
    errors.unknown(who .. ": ema", "value of by", given.by, { "epoch", "update" })
  elseif given.module ~= nil then
    errors.raise("argument", "%s: ema averages the unit's module; leave ema.module out", who)
  end
  local anneal = given.anneal
  if anneal == nil then return end
  if type(anneal) ~= "table" then
    errors.raise("argument", "%s: ema.anneal is a table {lr = ..., steps = ...}, got %s", who,
      type(anneal))
  end
  errors.check_options(who .. ": ema.anneal", anneal, anneal_names)
end

--- Reads the option.
--- Errors: argument.
---@param unit tnt.AutoUnit
---@param given tnt.AutoUnit.Ema
function averaging.open(unit, given)
  check(tostring(class.of(unit)), given)
  local options = { module = unit.module }
  for name, value in sorted(given) do options[name] = value end
  local plan = {
    by = options.by or "update", optimizer = options.optimizer,
    evaluate = options.evaluate ~= false, anneal = options.anneal,
  }
  options.by, options.optimizer, options.evaluate, options.anneal = nil, nil, nil, nil
  unit.averaged = AveragedModel(options)
  unit.averaging = plan
end

--- The schedule that anneals the rate, or nil.
--- Errors: argument, for `optimizer` naming none, and for `anneal` with several.
---@param unit tnt.AutoUnit
---@return tnt.optim.SWA|nil
function averaging.schedule(unit)
  local plan = unit.averaging
  if not plan then return nil end
  local who, windows = tostring(class.of(unit)) .. ": ema", unit.windows
  if plan.optimizer ~= nil and not windows[plan.optimizer] then
    errors.unknown(who, "optimizer", plan.optimizer, unit.optimizer.names or {})
  end
  if not plan.anneal then return nil end
  if #windows > 1 then
    errors.raise("argument", "%s.anneal moves the rate of one optimizer, and there are %d (%s); "
      .. "give each its schedule.SWA", who, #windows, table.concat(unit.optimizer.names, ", "))
  end
  return require "tnt.optim.schedule.swa" {
    windows[1].optimizer, by = plan.by, begin = unit.averaged.begin, lr = plan.anneal.lr,
    anneal_steps = plan.anneal.steps, anneal = plan.anneal.strategy,
  }
end

--- Whether the unit's own schedules stand still now.
---@param unit tnt.AutoUnit
---@return boolean
function averaging.has_taken_over(unit)
  local plan, averaged = unit.averaging, unit.averaged
  return plan ~= nil and plan.anneal ~= nil and averaged.seen >= averaged.begin
end

--- An optimizer has stepped.
---@param unit tnt.AutoUnit
---@param name string|nil  its name, where there are several
function averaging.after_update(unit, name)
  local plan = unit.averaging
  if plan and plan.by == "update" and (plan.optimizer == nil or plan.optimizer == name) then
    unit.averaged:step()
  end
end

--- A train epoch is over.
---@param unit tnt.AutoUnit
function averaging.after_epoch(unit)
  if unit.averaging and unit.averaging.by == "epoch" then unit.averaged:step() end
end

--- An evaluation or prediction begins: it uses the averaged weights.
---@param unit tnt.AutoUnit
function averaging.enter_evaluation(unit)
  if unit.averaging and unit.averaging.evaluate then unit.averaged:swap() end
end

--- The raw weights are back.
---@param unit tnt.AutoUnit
function averaging.leave_evaluation(unit)
  if unit.averaged and unit.averaged.swapped then unit.averaged:swap() end
end

--- Checkpoints hold the raw weights: they are put back while a snapshot is taken.
---@param unit tnt.AutoUnit
---@return boolean must_copy  the snapshot may not hold the module's tensors themselves
function averaging.before_snapshot(unit)
  if not unit.averaged or not unit.averaged.swapped then return false end
  unit.averaged:swap()
  unit.averaging.was_swapped = true
  return true
end

--- The averaged ones are back, where they were.
---@param unit tnt.AutoUnit
function averaging.after_snapshot(unit)
  if unit.averaging and unit.averaging.was_swapped then
    unit.averaging.was_swapped = nil
    unit.averaged:swap()
  end
end

return averaging

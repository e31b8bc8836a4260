-- The schedules of an AutoUnit and when they step: by "update" at their optimizer's steps, by
-- "batch" at every train step, by "epoch" at the end of a train epoch; those with `monitor` after
-- an evaluation. Where averaging anneals the rate itself, the others stand still from then on.

local averaging = require "tnt.auto_unit.averaging"
local class = require "tnt.class"
local errors = require "tnt.errors"
local message = require "tnt.loop.message"
local Set = require "tnt.auto_unit.set"
local sorted = require "tnt.sorted"

local schedules = {}

---@class tnt.ScheduleSet: tnt.Set
---@field owners table<integer, string|false>  position -> name of the optimizer it belongs to
local ScheduleSet = Set:extend "ScheduleSet"

local function is_schedule(value)
  return type(value) == "table" and type(value.step) == "function"
end

local valid_by = { epoch = true, update = true, batch = true }

local function append(set, name, schedule, owner)
  if not is_schedule(schedule) then
    errors.raise("argument", "schedule '%s': expected an object with step(), got %s", name,
      class.is_class(schedule) and "the class " .. tostring(schedule) or type(schedule))
  end
  local by = schedule.by or "epoch"
  if not valid_by[by] then
    errors.unknown("schedule '" .. name .. "'", "value of by", by, { "batch", "epoch", "update" })
  end
  set:append(name, schedule)
  set.owners[#set.names] = owner or false
end

-- Whether a list can be one chain: formulas of the position, of one optimizer, going by the same
-- unit.
local function is_chain(list)
  local Schedule = package.loaded["tnt.optim.schedule.schedule"]
  for _, schedule in ipairs(list) do
    if not Schedule or not class.is(schedule, Schedule) or schedule.stands_alone
      or schedule.by ~= list[1].by or schedule.optimizer ~= list[1].optimizer then
      return false
    end
  end
  return #list > 1
end

local function append_all(set, prefix, given, owner)
  if type(given) ~= "table" or is_schedule(given) or getmetatable(given) ~= nil then
    append(set, prefix, given, owner)
  elseif is_chain(given) then
    append(set, prefix, require "tnt.optim.schedule.chain"(given), owner)
  else
    for i, schedule in ipairs(given) do append(set, prefix .. "_" .. i, schedule, owner) end
  end
end

-- The name of the optimizer that a schedule names itself, where there are several.
local function owner_of(schedule, optimizers)
  for i, name in ipairs(optimizers.names) do
    if schedule.optimizer == optimizers[i] then return name end
  end
end

--- The schedules in one set, or nil.
--- Errors: argument, when something in it is no schedule or belongs to no optimizer.
---@param given table|nil  one, a list, or a table of these by optimizers' names
---@param optimizer table
---@param anneal tnt.optim.SWA|nil  that of averaged weights
---@return tnt.ScheduleSet|nil
function schedules.set(given, optimizer, anneal)
  if not given and not anneal then return nil end
  local set = ScheduleSet()
  set.owners = {}
  local by_name = class.is(optimizer, Set) and type(given) == "table" and not is_schedule(given)
    and #given == 0
  if given and not by_name then
    append_all(set, "schedule", given)
  elseif given then
    for name, member in sorted(given) do
      if type(name) ~= "string" or optimizer[name] == nil then
        errors.unknown("schedule", "optimizer", name, optimizer.names)
      end
      append_all(set, name, member, name)
    end
  end
  if class.is(optimizer, Set) then
    for i, schedule in ipairs(set) do
      set.owners[i] = set.owners[i] or owner_of(schedule, optimizer) or false
    end
  end
  if anneal then -- last: at a resume, too, its rate is the one that holds
    append(set, "anneal", anneal)
    set.takes_over = anneal
  end
  return set
end

-- Steps those that go by `by` and belong to this optimizer (nil: whichever). The one that anneals
-- steps last: it begins with the rate that the others leave.
local function step_by(unit, by, owner)
  local set = unit.schedule
  if not set then return end
  local stand_still = averaging.has_taken_over(unit)
  for i, schedule in ipairs(set) do
    if (schedule.by or "epoch") == by and not schedule.monitor and schedule ~= set.takes_over
      and not stand_still and (owner == nil or not set.owners[i] or set.owners[i] == owner) then
      schedule:step()
    end
  end
  if set.takes_over and set.takes_over.by == by then set.takes_over:step() end
end

--- An optimizer has stepped.
---@param unit tnt.AutoUnit
---@param owner string|nil  its name where there are several
function schedules.after_update(unit, owner) step_by(unit, "update", owner) end

--- A train step is done: schedules by "batch".
function schedules.after_train_step(unit)
  step_by(unit, "batch")
end

--- A train epoch is done: schedules by "epoch".
function schedules.after_train_epoch(unit)
  step_by(unit, "epoch")
end

--- Schedules that watch a metric get its value: one of training when an epoch ended, another one
--- when an evaluation was made at this boundary.
---@param unit tnt.AutoUnit
---@param state tnt.State
---@param was_evaluated boolean
function schedules.after_boundary(unit, state, was_evaluated)
  if not unit.schedule or averaging.has_taken_over(unit) then return end
  for i, schedule in ipairs(unit.schedule) do
    if schedule.monitor then
      local value, full = state:metric(schedule.monitor)
      local is_of_training = full and full:sub(1, 6) == "train/"
      if value ~= nil and (was_evaluated and not is_of_training
        or is_of_training and state.boundary == "epoch") then
        schedule:step(value)
      elseif value == nil and was_evaluated and not state.should_stop then
        message.warn("schedule '%s': there is no metric '%s' after this evaluation",
          unit.schedule.names[i], schedule.monitor)
      end
    end
  end
end

return schedules

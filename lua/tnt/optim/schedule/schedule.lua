-- What schedules share. A schedule is a function from a position (how often step() was called) to a
-- learning rate, so a resumed run continues exactly. It writes within [begin, stop] only: before
-- and after, other schedules may.

local class = require "tnt.class"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

--- The base of schedules whose rate is a function of the position.
---@class tnt.optim.Schedule
---@field optimizer tnt.optim.Optimizer
---@field position integer  steps done
---@field by "epoch"|"update"|"batch"  what a step is: loops call step() then
---@field begin integer     the position at which it starts to write
---@field stop number       the position at which it writes for the last time
---@field warmup integer    so many steps rise to the rate itself, from 1 / (warmup + 1) of it
local Schedule = class.new("Schedule", {
  "optimizer", by = "epoch", begin = 0, stop = class.NONE, warmup = 0,
})

local function count(who, name, value, least)
  if type(value) ~= "number" or value < least or (value % 1 ~= 0 and value ~= math.huge) then
    errors.raise("argument", "%s: %s must be a whole number from %d on, got %s", who, name, least,
      tostring(value))
  end
end

--- Checks a number among the options.
---@param name string
---@param lo? number  the least value allowed
---@param hi? number  the largest one
function Schedule:check_number(name, lo, hi)
  local value = self[name]
  if type(value) ~= "number" or value ~= value or value < (lo or -math.huge)
    or value > (hi or math.huge) then
    errors.raise("argument", "%s: %s must be a number in [%g, %g], got %s",
      tostring(class.of(self)), name, lo or -math.huge,
      hi or math.huge, tostring(value))
  end
end

--- Checks a whole number among the options.
---@param name string
---@param least integer
function Schedule:check_count(name, least) count(tostring(class.of(self)), name, self[name],
  least) end

-- Options become fields. What a class adds to this stands in its `prepare`.
function Schedule:init(o)
  local who = tostring(class.of(self))
  for name, value in sorted(o) do self[name] = value end
  if type(o.optimizer) ~= "table" or type(o.optimizer.param_groups) ~= "table" then
    errors.raise("argument", "%s: an optimizer was expected, got %s", who, type(o.optimizer))
  end
  if o.by ~= "epoch" and o.by ~= "update" and o.by ~= "batch" then
    errors.unknown(who, "value of by", o.by, { "batch", "epoch", "update" })
  end
  count(who, "begin", o.begin, 0)
  count(who, "warmup", o.warmup, 0)
  self.position = 0
  self:prepare()
  self.stop = self.stop or math.huge
  count(who, "stop", self.stop, self.begin)
  for _, group in ipairs(o.optimizer.param_groups) do
    group.initial_lr = group.initial_lr or group.lr
  end
  self:write()
end

--- Checks a class's own options, and sets what follows from them.
function Schedule:prepare() end

--- The learning rate t steps after `begin` (and after the warm-up); every class defines it.
---@param _base number   the group's rate as it was given to the optimizer
---@param _t integer     from 0 on
---@param _index integer the group
---@return number
function Schedule:value(_base, _t, _index)
  errors.raise("state", "%s defines no value(base, t, index)", tostring(class.of(self)))
end

--- The rate of a group at a position.
---@param base number
---@param position integer
---@param index integer
---@return number
function Schedule:at(base, position, index)
  if position < self.begin then return base end
  local t = math.min(position, self.stop) - self.begin
  if t < self.warmup then return self:value(base, 0, index) * (t + 1) / (self.warmup + 1) end
  return self:value(base, t - self.warmup, index)
end

--- Writes the rates of this position, where it lies within [begin, stop].
function Schedule:write()
  if self.position < self.begin or self.position > self.stop then return end
  for index, group in ipairs(self.optimizer.param_groups) do
    group.initial_lr = group.initial_lr or group.lr -- groups may come later
    group.lr = self:at(group.initial_lr, self.position, index)
  end
end

--- One position further.
function Schedule:step()
  self.position = self.position + 1
  self:write()
end

--- The rates of the positions 0, 1, ... n - 1 of one parameter group, nothing changes.
---@param n integer
---@param index? integer  the group, default 1
---@return number[]
function Schedule:preview(n, index)
  index = index or 1
  local group = self.optimizer.param_groups[index]
  if not group then
    errors.raise("argument", "preview: there is no parameter group %s", tostring(index))
  end
  local list = {}
  for position = 0, n - 1 do list[position + 1] = self:at(group.initial_lr, position, index) end
  return list
end

--- The rates as they are, one for each group.
---@return number[]
function Schedule:get_last_lr()
  local list = {}
  for i, group in ipairs(self.optimizer.param_groups) do list[i] = group.lr end
  return list
end

--- The position; options are not saved.
function Schedule:state_dict() return { position = self.position } end

--- Errors: format, when the state is not a schedule's.
---@param state {position: integer}
function Schedule:load_state_dict(state)
  if type(state) ~= "table" or type(state.position) ~= "number" then
    errors.raise("format", "%s: a state is {position = ...}, got %s", tostring(class.of(self)),
      type(state))
  end
  self.position = state.position
  self:write()
end

return Schedule

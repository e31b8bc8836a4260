-- Several schedules as one: the factors by which they change the rate are multiplied, and before
-- its `begin` and after its `stop` each counts with what it begins or ended with. A warm-up and a
-- decay are so a chain, whether they overlap or not.

local class = require "tnt.class"
local errors = require "tnt.errors"
local Schedule = require "tnt.optim.schedule.schedule"

--- Several schedules of one optimizer, each with its own begin and stop, stepped as one.
---@class tnt.optim.Chain: tnt.optim.Schedule
local Chain = class.new "Chain"

--- Chain {warmup, cosine}: of one optimizer and going by the same unit.
---@param schedules tnt.optim.Schedule[]
function Chain:init(schedules)
  if type(schedules) ~= "table" or getmetatable(schedules) or #schedules == 0 then
    errors.raise("argument", "Chain: a list of schedules was expected: Chain {a, b}, got %s",
      type(schedules))
  end
  for i, schedule in ipairs(schedules) do
    if not class.is(schedule, Schedule) then
      errors.raise("argument",
        "Chain: entry %d is no schedule that is a formula of the position, got %s", i,
        tostring(class.of(schedule) or type(schedule)))
    elseif schedule.stands_alone then
      errors.raise("argument", "Chain: entry %d, %s, writes rates, not factors; let the chain end "
        .. "(stop) where it begins", i, tostring(class.of(schedule)))
    elseif schedule.optimizer ~= schedules[1].optimizer then
      errors.raise("argument", "Chain: entry %d belongs to another optimizer than the first", i)
    elseif schedule.by ~= schedules[1].by then
      errors.raise("argument", "Chain: entry %d goes by %s, the first by %s", i, schedule.by,
        schedules[1].by)
    end
  end
  self.schedules, self.optimizer, self.by, self.position = schedules, schedules[1].optimizer,
    schedules[1].by, 0
  self.begin, self.stop = 0, math.huge
  self:write()
end

--- The rate of a group at a position.
---@param base number
---@param position integer
---@param index integer
---@return number
function Chain:at(base, position, index)
  local lr = base
  for _, schedule in ipairs(self.schedules) do
    -- from `base` on each time: a rate of 0 has no factors, and the last schedule then decides
    local own = schedule:at(base, position, index)
    if base == 0 then lr = own else lr = lr * (own / base) end
  end
  return lr
end

Chain.write, Chain.step, Chain.preview = Schedule.write, Schedule.step, Schedule.preview
Chain.get_last_lr = Schedule.get_last_lr
Chain.state_dict, Chain.load_state_dict = Schedule.state_dict, Schedule.load_state_dict

return Chain

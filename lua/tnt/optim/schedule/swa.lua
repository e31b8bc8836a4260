-- The schedule that stochastic weight averaging goes with: from the rate that is found at `begin`
-- to a constant one. It begins where others left the rate, so that rate is part of its state.

local check = require "tnt.check_option"
local errors = require "tnt.errors"
local Schedule = require "tnt.optim.schedule.schedule"

--- From the rate there is at `begin` to `lr` in `anneal_steps` steps; then it stays there. `lr` may
--- be a list, one for each group. What else writes the rate must stop by then (their `stop`).
--- Errors: argument.
--- Source: PyTorch's SWALR, in closed form.
---@class tnt.optim.SWA: tnt.optim.Schedule
---@field lr number[]
---@field anneal_steps integer
---@field anneal "linear"|"cos"
local SWA = Schedule:extend("SWA", { lr = 0.05, anneal_steps = 10, anneal = "cos" })
SWA.stands_alone = true -- its rate is no factor of the base, so a chain cannot hold it

local shapes = {
  linear = function(part) return part end,
  cos = function(part) return (1 - math.cos(math.pi * part)) / 2 end,
}

function SWA:prepare()
  self:check_count("anneal_steps", 0)
  if self.warmup > 0 then
    errors.raise("argument", "SWA: it anneals from the rate it finds; leave warmup out")
  end
  check.word("SWA", "anneal", self.anneal, { "cos", "linear" })
  local groups, lr = #self.optimizer.param_groups, self.lr
  if type(lr) == "number" then
    self.lr = {}
    for i = 1, groups do self.lr[i] = lr end
  end
  if type(self.lr) ~= "table" or #self.lr ~= groups then
    errors.raise("argument", "SWA: lr must be a number or a list of %d, one for each parameter "
      .. "group, got %s", groups, type(lr) == "table" and "a list of " .. #lr or type(lr))
  end
  for i, rate in ipairs(self.lr) do check.number("SWA", ("lr[%d]"):format(i), rate, 0) end
  self.from = {}
end

function SWA:value(base, t, index)
  local part = self.anneal_steps == 0 and 1 or math.min(t / self.anneal_steps, 1)
  part = shapes[self.anneal](part)
  return (1 - part) * (self.from[index] or base) + part * self.lr[index]
end

--- Notes the rates it begins with, then writes as every schedule does.
function SWA:write()
  if self.position == self.begin then
    for i, group in ipairs(self.optimizer.param_groups) do self.from[i] = group.lr end
    return
  end
  Schedule.write(self)
end

--- The position, and the rates it began with.
function SWA:state_dict() return { position = self.position, from = { unpack(self.from) } } end

--- Errors: format, when the state is not that of a SWA.
---@param state {position: integer, from: number[]}
function SWA:load_state_dict(state)
  if type(state) ~= "table" or type(state.position) ~= "number" or type(state.from) ~= "table" then
    errors.raise("format", "SWA: a state is {position = ..., from = {...}}, got %s", type(state))
  end
  self.position, self.from = state.position, { unpack(state.from) }
  if self.position > self.begin then Schedule.write(self) end
end

return SWA

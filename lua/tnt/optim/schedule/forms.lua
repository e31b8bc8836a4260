-- Schedules that are one formula of the position. Names and defaults are PyTorch's where it has
-- them, without LR.
local errors = require "tnt.errors"
local Schedule = require "tnt.optim.schedule.schedule"

local forms = {}

local function define(name, declared, prepare, value)
  local Class = Schedule:extend(name, declared)
  Class.prepare, Class.value = prepare, value
  forms[name] = Class
end

--- base * factor for `total_iters` steps, then base.
---@class tnt.optim.schedule.Constant: tnt.optim.Schedule
define("Constant", { factor = 1 / 3, total_iters = 5 }, function(self)
  self:check_number("factor", 0)
  self:check_count("total_iters", 0)
end, function(self, base, t) return t < self.total_iters and base * self.factor or base end)

--- From base * start_factor to base * end_factor in `total_iters` steps.
---@class tnt.optim.schedule.Linear: tnt.optim.Schedule
define("Linear", { start_factor = 1 / 3, end_factor = 1, total_iters = 5 }, function(self)
  self:check_number("start_factor", 0)
  self:check_number("end_factor", 0)
  self:check_count("total_iters", 0)
end, function(self, base, t)
  local part = self.total_iters == 0 and 1 or math.min(t / self.total_iters, 1)
  return base * (self.start_factor + (self.end_factor - self.start_factor) * part)
end)

--- base * gamma ^ floor(t / step_size).
---@class tnt.optim.schedule.Step: tnt.optim.Schedule
define("Step", { "step_size", gamma = 0.1 }, function(self)
  self:check_count("step_size", 1)
  self:check_number("gamma", 0)
end, function(self, base, t) return base * self.gamma ^ math.floor(t / self.step_size) end)

--- Times gamma at each milestone, a position after `begin`.
---@class tnt.optim.schedule.MultiStep: tnt.optim.Schedule
define("MultiStep", { "milestones", gamma = 0.1 }, function(self)
  if type(self.milestones) ~= "table" or #self.milestones == 0 then
    errors.raise("argument", "MultiStep: milestones must be a list of positions, got %s",
      type(self.milestones))
  end
  for i, m in ipairs(self.milestones) do
    if type(m) ~= "number" or m % 1 ~= 0 or m < 0 then
      errors.raise("argument", "MultiStep: milestones[%d] must be a whole number from 0 on, got %s",
        i, tostring(m))
    end
  end
  self:check_number("gamma", 0)
end, function(self, base, t)
  local passed = 0
  for _, m in ipairs(self.milestones) do passed = passed + (t >= m and 1 or 0) end
  return base * self.gamma ^ passed
end)

--- base * gamma ^ t.
---@class tnt.optim.schedule.Exponential: tnt.optim.Schedule
define("Exponential", { "gamma" }, function(self) self:check_number("gamma", 0) end,
  function(self, base, t) return base * self.gamma ^ t end)

--- Half a cosine from base down to `min` in T_max steps, the warm-up among them; then it stays
--- there.
--- Source: Loshchilov and Hutter 2017, without restarts.
---@class tnt.optim.schedule.Cosine: tnt.optim.Schedule
define("Cosine", { "T_max", min = 0 }, function(self)
  self:check_count("T_max", 1)
  self:check_number("min", 0)
  if self.T_max <= self.warmup then
    errors.raise("argument",
      "Cosine: T_max counts the warm-up too and must be above it, got %s and %s", self.T_max,
        self.warmup)
  end
end, function(self, base, t)
  local part = math.min(t / (self.T_max - self.warmup), 1)
  return self.min + (base - self.min) * (1 + math.cos(math.pi * part)) / 2
end)

--- base * (1 - t / total_iters) ^ power.
---@class tnt.optim.schedule.Polynomial: tnt.optim.Schedule
define("Polynomial", { total_iters = 5, power = 1 }, function(self)
  self:check_count("total_iters", 1)
  self:check_number("power", 0)
end, function(self, base, t) return base * (1 - math.min(t,
  self.total_iters) / self.total_iters) ^ self.power end)

--- base * fn(t); fn may be a list, one for each group. Functions are not saved.
---@class tnt.optim.schedule.Lambda: tnt.optim.Schedule
define("Lambda", { "fn" }, function(self)
  local list = type(self.fn) == "table" and self.fn or { self.fn }
  local groups = #self.optimizer.param_groups
  if type(self.fn) == "table" and #list ~= groups then
    errors.raise("argument", "Lambda: %d functions were given for %d parameter groups", #list,
      groups)
  end
  for i = 1, math.max(#list, 1) do
    if type(list[i]) ~= "function" then
      errors.raise("argument", "Lambda: a function position -> factor was expected, got %s",
        type(list[i]))
    end
  end
end, function(self, base, t, index)
  local fn = type(self.fn) == "table" and self.fn[index] or self.fn
  return base * fn(t)
end)

local shapes = {
  cos = function(from, to, part) return to + (from - to) / 2 * (math.cos(math.pi * part) + 1) end,
  linear = function(from, to, part) return from + (to - from) * part end,
}

--- Up from max_lr / div_factor to max_lr in the first `pct_start` of total_steps, then down to a
--- final_div_factor-th of where it began. max_lr may be a list, one for each group. Source: Smith
--- and Topin 2018. Momentum is left alone.
---@class tnt.optim.schedule.OneCycle: tnt.optim.Schedule
define("OneCycle", {
  "max_lr", "total_steps", pct_start = 0.3, anneal = "cos", div_factor = 25, final_div_factor = 1e4,
    three_phase = false,
}, function(self)
  self:check_count("total_steps", 2)
  self:check_number("pct_start", 0, 1)
  self:check_number("div_factor", 0)
  self:check_number("final_div_factor", 0)
  if not shapes[self.anneal] then
    errors.unknown("OneCycle", "anneal", self.anneal, { "cos", "linear" })
  end
  local groups = #self.optimizer.param_groups
  if type(self.max_lr) == "number" then
    local one = self.max_lr
    self.max_lr = {}
    for i = 1, groups do self.max_lr[i] = one end
  elseif type(self.max_lr) ~= "table" or #self.max_lr ~= groups then
    errors.raise("argument",
      "OneCycle: max_lr must be a number or a list of %d, one for each parameter group", groups)
  end
end, function(self, _, t, index)
  local top = self.max_lr[index]
  local first = top / self.div_factor
  local last, n, peak = first / self.final_div_factor, self.total_steps - 1,
    self.pct_start * self.total_steps - 1
  local phases = { { 0, peak, first, top }, { peak, n, top, last } }
  if self.three_phase then
    local back = 2 * self.pct_start * self.total_steps - 2
    phases = { { 0, peak, first, top }, { peak, back, top, first }, { back, n, first, last } }
  end
  t = math.min(t, n)
  for i, phase in ipairs(phases) do
    if t <= phase[2] or i == #phases then
      return shapes[self.anneal](phase[3], phase[4], (t - phase[1]) / (phase[2] - phase[1]))
    end
  end
end)

return forms

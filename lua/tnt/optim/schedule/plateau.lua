-- Plateau: times `factor` when a metric has not become better for more than `patience` steps. Not a
-- formula of the position, so its whole state is saved.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

--- Lowers the rate when a metric has not improved for a while.
---@class tnt.optim.Plateau
---@field monitor string|nil  the metric that the loops give to step()
local Plateau = class.new("Plateau", {
  "optimizer", monitor = class.NONE, mode = "min", factor = 0.1, patience = 10, threshold = 1e-4,
    threshold_mode = "rel",
  cooldown = 0, min = 0, eps = 1e-8, by = "epoch",
})

local function check_options(o)
  if type(o.optimizer) ~= "table" or type(o.optimizer.param_groups) ~= "table" then
    errors.raise("argument", "Plateau: an optimizer was expected, got %s", type(o.optimizer))
  elseif o.mode ~= "min" and o.mode ~= "max" then
    errors.unknown("Plateau", "mode", o.mode, { "max", "min" })
  elseif o.threshold_mode ~= "rel" and o.threshold_mode ~= "abs" then
    errors.unknown("Plateau", "threshold_mode", o.threshold_mode, { "abs", "rel" })
  elseif type(o.factor) ~= "number" or not (o.factor >= 0 and o.factor < 1) then
    errors.raise("argument", "Plateau: factor must be in [0, 1), got %s", tostring(o.factor))
  end
  for _, name in ipairs { "patience", "cooldown", "threshold", "min", "eps" } do
    check.number("Plateau", name, o[name], 0)
  end
end

function Plateau:init(o)
  check_options(o)
  for name, value in sorted(o) do self[name] = value end
  self.position, self.num_bad, self.cooling = 0, 0, 0
  self.best = o.mode == "min" and math.huge or -math.huge
  for _, group in ipairs(o.optimizer.param_groups) do
    group.initial_lr = group.initial_lr or group.lr
  end
end

local function is_better(self, value)
  local margin, best = self.threshold, self.best
  if best == math.huge or best == -math.huge then
    return self.mode == "min" and value < best or self.mode == "max" and value > best
  end
  if self.threshold_mode == "rel" then -- as PyTorch: a factor on best itself
    if self.mode == "min" then return value < best * (1 - margin) end
    return value > best * (1 + margin)
  end
  if self.mode == "min" then return value < best - margin end
  return value > best + margin
end

--- Looks at a value of the metric; NaN is never better.
--- Errors: argument, without a number.
---@param metric number|tnt.Tensor
function Plateau:step(metric)
  if type(metric) == "cdata" then metric = metric:item() end
  if type(metric) ~= "number" then
    errors.raise("argument", "Plateau: step(metric) wants the metric's value, got %s", type(metric))
  end
  self.position = self.position + 1
  if is_better(self, metric) then
    self.best, self.num_bad = metric, 0
  else
    self.num_bad = self.num_bad + 1
  end
  if self.cooling > 0 then self.cooling, self.num_bad = self.cooling - 1, 0 end
  if self.num_bad <= self.patience then return end
  for _, group in ipairs(self.optimizer.param_groups) do
    local lr = math.max(group.lr * self.factor, self.min)
    if group.lr - lr > self.eps then group.lr = lr end
  end
  self.cooling, self.num_bad = self.cooldown, 0
end

--- The rates as they are, one for each group.
---@return number[]
function Plateau:get_last_lr()
  local list = {}
  for i, group in ipairs(self.optimizer.param_groups) do list[i] = group.lr end
  return list
end

local saved = { "position", "best", "num_bad", "cooling" }

--- The best value, what was counted, and the rates, which follow from no formula.
function Plateau:state_dict()
  local state = { lrs = self:get_last_lr() }
  for _, name in ipairs(saved) do state[name] = self[name] end
  return state
end

--- Errors: format, when the state is not a Plateau's.
---@param state table
function Plateau:load_state_dict(state)
  for _, name in ipairs(saved) do
    if type(state) ~= "table" or type(state[name]) ~= "number" then
      errors.raise("format", "Plateau: '%s' is missing in the state", name)
    end
  end
  if type(state.lrs) ~= "table" or #state.lrs ~= #self.optimizer.param_groups then
    errors.raise("format", "Plateau: the state has rates of other parameter groups than these")
  end
  for _, name in ipairs(saved) do self[name] = state[name] end
  for i, group in ipairs(self.optimizer.param_groups) do group.lr = state.lrs[i] end
end

return Plateau

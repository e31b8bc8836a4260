-- tnt.EarlyStopChecker: says when a series of numbers tells that going on is no use. The hook
-- EarlyStop feeds it from a run; a loop of one's own calls `check`. Order of the checks: TorchTNT,
-- EarlyStopChecker.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local nest = require "tnt.loop.nest"

local NONE = class.NONE

---@class tnt.EarlyStopChecker.Options
---@field mode string|nil             "min" (default): smaller is better; "max"
---@field patience integer|nil        values in a row without improvement that end it; default 5
---@field min_delta number|nil        what counts as improvement, from 0 on; default 0
---@field threshold_mode string|nil   min_delta is "abs" (default), or "rel": a part of |best|
---@field check_finite boolean|nil    NaN or infinity ends it; default true
---@field stopping_threshold number|nil    better than this: reached, it ends
---@field divergence_threshold number|nil  worse than this: hopeless, it ends

--- All comparisons are strict: a tie is no improvement, and a threshold that is met exactly is not
--- passed.
---
---     local checker = tnt.EarlyStopChecker {mode = "min", patience = 3}
---     if checker:check(loss) then break end
---
--- Errors: argument, for an option out of range.
---@class tnt.EarlyStopChecker
---@field best number|nil   the best value so far
---@field waited integer    values since then
---@overload fun(options: tnt.EarlyStopChecker.Options|nil): tnt.EarlyStopChecker
local Checker = class.new("EarlyStopChecker", {
  mode = "min", patience = 5, min_delta = 0, threshold_mode = "abs", check_finite = true,
  stopping_threshold = NONE, divergence_threshold = NONE,
})

---@param o tnt.EarlyStopChecker.Options
function Checker:init(o)
  check.word("EarlyStopChecker", "mode", o.mode, { "min", "max" })
  check.word("EarlyStopChecker", "threshold_mode", o.threshold_mode, { "abs", "rel" })
  check.count("EarlyStopChecker", "patience", o.patience, 1)
  check.number("EarlyStopChecker", "min_delta", o.min_delta, 0)
  for _, name in ipairs { "stopping_threshold", "divergence_threshold" } do
    if o[name] ~= nil then check.number("EarlyStopChecker", name, o[name], -math.huge) end
  end
  for _, name in ipairs(class.declared(Checker).names) do self[name] = o[name] end
  self:reset()
end

--- Forgets what it has seen.
function Checker:reset() self.best, self.waited = nil, 0 end

local function better(mode, a, b)
  if mode == "min" then return a < b end
  return a > b
end

local function has_improved(self, value)
  local mode, best = self.mode, self.best
  if best == nil then return better(mode, value, mode == "min" and math.huge or -math.huge) end
  local delta = self.min_delta
  -- |best|: with a negative best a factor of (1 - delta) would accept worse values.
  if self.threshold_mode == "rel" then delta = delta * math.abs(best) end
  return better(mode, value, mode == "min" and best - delta or best + delta)
end

local function number_of(value)
  if type(value) == "number" then return value end
  if nest.is_tensor(value) then
    if value:numel() == 1 then return value:item() end
    errors.raise("shape", "EarlyStopChecker: check: one element was expected, got a tensor of %d",
      tonumber(value:numel()))
  end
  errors.raise("argument", "EarlyStopChecker: check: a number was expected, got %s", type(value))
end

--- Takes a value in: why to stop, or nil to go on.
--- Errors: argument; shape, for a tensor of several elements.
---@param value number|tnt.Tensor  one element
---@return string|nil reason
function Checker:check(value)
  value = number_of(value)
  local shown = ("%.6g"):format(value)
  if self.check_finite and value - value ~= 0 then return shown .. ": not finite" end
  local goal, limit = self.stopping_threshold, self.divergence_threshold
  if goal and better(self.mode, value, goal) then
    return ("%s: better than stopping_threshold %.6g"):format(shown, goal)
  elseif limit and better(self.mode, limit, value) then
    return ("%s: worse than divergence_threshold %.6g"):format(shown, limit)
  elseif has_improved(self, value) then
    self.best, self.waited = value, 0
    return nil
  end
  self.waited = self.waited + 1
  if self.waited < self.patience then return nil end
  return ("%s: no improvement on %s for %d %s"):format(shown,
    self.best and ("%.6g"):format(self.best) or "nothing", self.waited,
    self.waited == 1 and "value" or "values")
end

---@return {best: number|nil, waited: integer} state
function Checker:state_dict() return { best = self.best, waited = self.waited } end

--- Errors: format, when it is no such state.
---@param state table
function Checker:load_state_dict(state)
  if type(state) ~= "table" or type(state.waited) ~= "number"
    or state.best ~= nil and type(state.best) ~= "number" then
    errors.raise("format", "EarlyStopChecker: load_state_dict expected {best = ..., waited = ...}")
  end
  self.best, self.waited = state.best, state.waited
end

return Checker

-- Looks for NaN and infinity in gradients before each optimizer step, and names the first parameter
-- that has one. The norm of all gradients is one number; only when it is not finite are they looked
-- at one by one. Which operation made the first NaN, tnt.detect_anomaly tells.

local check = require "tnt.check_option"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local message = require "tnt.loop.message"
local sorted = require "tnt.sorted"

---@class tnt.hooks.FiniteCheck.Options
---@field every integer|nil  train steps; default 1. Each look waits for the device
---@field action string|nil  "error" (default) ends the run before the parameters are spoilt; "warn"

--- With f16 and loss scaling a gradient that is not finite now and then is in order: take "warn".
--- Units that step optimizers without `self:update` are looked at when their step ends.
--- Errors: state, with action "error", in the step that has such a gradient.
---@class tnt.hooks.FiniteCheck: tnt.Hook
---@overload fun(options: tnt.hooks.FiniteCheck.Options|nil): tnt.hooks.FiniteCheck
local FiniteCheck = hook.Hook:extend("FiniteCheck", {
  every = 1, action = "error", priority = "highest",
})

function FiniteCheck:init()
  check.count("FiniteCheck", "every", self.every, 1)
  check.word("FiniteCheck", "action", self.action, { "error", "warn" })
end

local function is_finite(number) return number - number == 0 end

local function count_of(mask) return mask:sum():item() end

local function describe(name, p, gradient)
  local nan, infinite = count_of(gradient:isnan()), count_of(gradient:isinf())
  local value = p:detach()
  local bad = value:numel() - count_of(value:isfinite())
  return ("the gradient of %s holds %d NaN and %d infinite elements of %d%s"):format(name, nan,
    infinite, gradient:numel(),
    bad > 0 and ("; %d elements of the parameter itself are not finite"):format(bad) or "")
end

-- What is wrong with the first gradient that is not finite, in the order of the parameters.
local function first_bad(unit)
  for field, module in sorted(unit:app_state()) do
    if type(module.named_parameters) == "function" then
      for name, p in module:named_parameters() do
        local gradient = p.grad
        if gradient and count_of(gradient:isfinite()) < gradient:numel() then
          return describe(field .. "." .. name, p, gradient)
        end
      end
    end
  end
end

local function are_finite(unit)
  local clip = require "tnt.nn.clip"
  for _, module in sorted(unit:app_state()) do
    if type(module.named_parameters) == "function" then
      -- math.huge scales nothing: the norm alone.
      local norm = clip.clip_grad_norm_(module:parameters(), math.huge):item()
      if not is_finite(norm) then return false end
    end
  end
  return true
end

-- `number` is that of the step under way.
local function look(self, unit, number)
  self.looked_at = number
  if number % self.every ~= 0 or are_finite(unit) then return end
  local what = first_bad(unit)
  if not what then return end -- only the norm was too large for its dtype
  local text = ("FiniteCheck: in train step %d %s"):format(number, what)
  if self.action == "error" then
    errors.raise("state", "%s; lower the learning rate, clip gradients, or look at the batch", text)
  end
  message.warn("%s", text)
end

function FiniteCheck:on_train_start() self.looked_at = nil end

function FiniteCheck:on_train_optimizer_step_start(state, unit)
  look(self, unit, state.progress.num_steps_completed + 1)
end

function FiniteCheck:on_train_step_end(state, unit)
  local number = state.progress.num_steps_completed
  if self.looked_at ~= number then look(self, unit, number) end
end

return FiniteCheck

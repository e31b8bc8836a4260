-- tnt.find_lr: a short training whose rate rises from one update to the next, to see where the loss
-- falls fastest. The unit is then as it was.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local nest = require "tnt.loop.nest"
local random = require "tnt.random"
local sorted = require "tnt.sorted"
local train = require "tnt.train"

local NONE = class.NONE

---@class tnt.FindLrOptions
---@field train_dataloader any
---@field min_lr number|nil     the first rate; default 1e-7
---@field max_lr number|nil     the last one; default 1
---@field updates integer|nil   how many rates; default 100
---@field spacing "exponential"|"linear"|nil  how they rise; default "exponential"
---@field smoothing number|nil  of the losses, from 0 on, below 1; default 0.98
---@field divergence number|nil  it ends where the loss is so many times the least; default 4
---@field hooks table[]|nil

local declaration = class.declaration("tnt.find_lr", {
  "train_dataloader", min_lr = 1e-7, max_lr = 1, updates = 100, spacing = "exponential",
  smoothing = 0.98, divergence = 4, hooks = NONE,
})

local function read(options)
  local o = class.read("tnt.find_lr", declaration, options)
  check.number("tnt.find_lr", "min_lr", o.min_lr, 0)
  check.number("tnt.find_lr", "divergence", o.divergence, 1)
  check.count("tnt.find_lr", "updates", o.updates, 3)
  check.word("tnt.find_lr", "spacing", o.spacing, { "exponential", "linear" })
  check.number("tnt.find_lr", "max_lr", o.max_lr, 0)
  if o.max_lr <= o.min_lr or o.spacing == "exponential" and o.min_lr == 0 then
    errors.raise("argument", "tnt.find_lr: min_lr is to be below max_lr%s, got %s and %s",
      o.spacing == "exponential" and " and above 0" or "", tostring(o.min_lr), tostring(o.max_lr))
  elseif type(o.smoothing) ~= "number" or not (o.smoothing >= 0 and o.smoothing < 1) then
    errors.raise("argument", "tnt.find_lr: smoothing is from 0 on and below 1, got %s",
      tostring(o.smoothing))
  end
  return o
end

local function rate_at(o, i)
  local part = i / (o.updates - 1)
  if o.spacing == "linear" then return o.min_lr + (o.max_lr - o.min_lr) * part end
  return o.min_lr * (o.max_lr / o.min_lr) ^ part
end

-- The hook that sets each update's rate and notes the mean loss of its window.
local function sweep(o, optimizer, result)
  local hook, sum, n, mean, least = { name = "find_lr" }, 0, 0, 0, math.huge
  local updates = 0
  function hook.on_train_optimizer_step_start()
    for _, group in ipairs(optimizer.param_groups) do group.lr = rate_at(o, #result.rates) end
    updates = updates + 1
  end
  function hook.on_train_step_end(_, state)
    local loss = type(state.step_output) == "table" and state.step_output.loss
    if not loss then
      errors.raise("argument", "tnt.find_lr: the step's output holds no loss; train_step is to "
        .. "return {loss = ...}")
    end
    sum, n = sum + loss:item(), n + 1
    if updates == #result.rates then return end
    local i = #result.rates + 1
    result.rates[i] = rate_at(o, i - 1)
    mean = o.smoothing * mean + (1 - o.smoothing) * (sum / n)
    result.losses[i] = mean / (1 - o.smoothing ^ i) -- as in Adam: it began with 0
    sum, n, least = 0, 0, math.min(least, result.losses[i])
    local is_finite = result.losses[i] < math.huge -- nan is not
    if not is_finite or result.losses[i] > o.divergence * least or i == o.updates then
      state:stop()
    end
  end
  return hook
end

-- The rate where the smoothed loss falls fastest from one update to the next; the first tenth, in
-- which the mean settles, is left out, and the last one too, where it may be rising.
local function steepest(result)
  local losses, best, least = result.losses, nil, 0
  for i = math.floor(#losses / 10) + 2, #losses - 1 do
    local slope = (losses[i + 1] - losses[i - 1]) / 2
    if slope < least then best, least = i, slope end
  end
  return best and result.rates[best]
end

---@class tnt.FoundLr
---@field suggestion number|nil  where the loss falls fastest; nil: it never falls
---@field rates number[]   of the updates
---@field losses number[]  smoothed, of each update's window

--- Finds a learning rate for a unit with one optimizer: it trains with rates that rise, and
--- suggests the one at which the loss falls fastest. Weights, optimizer, schedules, counters,
--- random numbers and the loader's position are put back. All parameter groups get the same rate.
---
--- ```lua
--- local tnt = require "tnt"
--- local net = tnt.nn.Linear(3, 1)
--- local unit = tnt.AutoUnit {net, optimizer = tnt.optim.SGD(net:parameters(), {lr = 1}),
---   compute_loss = function(self, _, x) return self.module(x):square():mean() end}
--- local found = tnt.find_lr(unit, {train_dataloader = {tnt.randn(8, 3), tnt.randn(8, 3)}})
--- found.suggestion > 1e-3 -- true
--- ```
---
--- Errors: argument, also for a unit with several optimizers or none; what a step raises.
--- Source: Smith 2017, the range test; the rule of the steepest fall is fastai's.
---@param unit tnt.AutoUnit
---@param options tnt.FindLrOptions
---@return tnt.FoundLr
local function find_lr(unit, options)
  local o = read(options)
  local optimizer = type(unit) == "table" and unit.optimizer
  if type(optimizer) ~= "table" or type(optimizer.param_groups) ~= "table" then
    errors.raise("argument", "tnt.find_lr: a unit with one optimizer in its field `optimizer` was "
      .. "expected")
  end
  local saved, drawn, loader = {}, random.state(), o.train_dataloader
  for name, object in sorted(unit:app_state()) do saved[name] = nest.clone(object:state_dict()) end
  local position = type(loader) == "table" and type(loader.state_dict) == "function"
    and type(loader.load_state_dict) == "function" and loader:state_dict() or nil
  local result = { rates = {}, losses = {} }
  local hooks = { sweep(o, optimizer, result) }
  for _, hook in ipairs(o.hooks or {}) do hooks[#hooks + 1] = hook end
  local ok, err = pcall(train, unit, {
    train_dataloader = loader, max_epochs = math.huge, hooks = hooks, bar = false,
  })
  for name, object in sorted(unit:app_state()) do
    if saved[name] ~= nil then object:load_state_dict(saved[name]) end
  end
  if position then loader:load_state_dict(position) end
  random.set_state(drawn)
  if not ok then error(err, 0) end
  result.suggestion = steepest(result)
  return result
end

return find_lr

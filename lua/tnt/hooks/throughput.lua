-- Logs how fast a phase goes: "train/steps_per_second", "train/items_per_second" and
-- "train/data_wait", the share of the time that was spent waiting for batches. Times are those of
-- the loop's own timer, so evaluations within training do not count, and no clock is read.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"

local NONE = class.NONE

---@class tnt.hooks.Throughput.Options
---@field items nil|string|number|fun(batch: any, state: tnt.State): number  how many items a batch
---  holds: a number, the name of a field of the batch (its first dimension), or a function
---@field every integer|nil    log the mean of so many steps; default 10
---@field warmup integer|nil   steps at the beginning of the run that do not count; default 0

--- A step is accounted for when the next one ends, because only then its time is known. The epoch's
--- value is that of all its steps.
---@class tnt.hooks.Throughput: tnt.Hook
---@overload fun(options: tnt.hooks.Throughput.Options): tnt.hooks.Throughput
local Throughput = hook.Hook:extend("Throughput", { items = NONE, every = 10, warmup = 0 })

-- The length of a batch's field: a tensor's first dimension, a list's length.
local function length(batch, name)
  local field = type(batch) == "table" and batch[name] or nil
  if field == nil then
    errors.raise("argument", "Throughput: the batch has no field '%s'; give items a function that "
      .. "counts", name)
  end
  if type(field) == "table" and getmetatable(field) == nil then return #field end
  return field:size(1)
end

function Throughput:init()
  check.count("Throughput", "every", self.every, 1)
  check.count("Throughput", "warmup", self.warmup, 0)
  local items = self.items
  if items == nil or type(items) == "function" then
    self.count = items
  elseif type(items) == "number" then
    self.count = function() return items end
  elseif type(items) == "string" then
    self.count = function(batch) return length(batch, items) end
  else
    errors.raise("argument", "Throughput: items must be a number, the name of a field of the "
      .. "batch, or a function (batch), got %s", type(items))
  end
end

local function new_sums() return { steps = 0, seconds = 0, waited = 0, items = 0 } end

local function new_account() return { window = new_sums(), epoch = new_sums() } end

function Throughput:on_run_start() self.accounts, self.skip = {}, self.warmup end

local function add(sums, step, seconds)
  sums.steps, sums.seconds = sums.steps + 1, sums.seconds + step.waited + seconds
  sums.waited, sums.items = sums.waited + step.waited, sums.items + step.items
end

-- Takes the step before into account, now that the timer has its time.
local function settle(self, account, seconds)
  local step = account.open
  account.open = nil
  if not step then return end
  if self.skip > 0 then
    self.skip = self.skip - 1
    return
  end
  add(account.window, step, seconds)
  add(account.epoch, step, seconds)
end

local function log(self, state, sums)
  if sums.steps == 0 or sums.seconds <= 0 then return end
  state:log("steps_per_second", sums.steps / sums.seconds)
  if self.count then state:log("items_per_second", sums.items / sums.seconds) end
  state:log("data_wait", sums.waited / sums.seconds)
end

function Throughput:on_step_end(state)
  local phase, timer = state.active_phase, state.iteration_timer
  local account = self.accounts[phase] or new_account()
  self.accounts[phase] = account
  settle(self, account, timer[phase .. "_iteration_time"].last)
  if account.window.steps >= self.every then
    log(self, state, account.window)
    account.window = new_sums()
  end
  account.open = {
    waited = timer.data_wait_time.last or 0,
    items = self.count and self.count(state.batch, state) or 0,
  }
end

function Throughput:on_epoch_end(state)
  local account = self.accounts[state.active_phase]
  if not account then return end
  settle(self, account, state.iteration_timer[state.active_phase .. "_iteration_time"].last)
  log(self, state, account.epoch)
  account.window, account.epoch = new_sums(), new_sums()
end

return Throughput

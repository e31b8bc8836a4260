-- Logs how fast a phase goes: "train/steps_per_second", "train/items_per_second" (or one for each
-- kind of item, "train/tokens_per_second") and "train/data_wait", the share of the time that was
-- spent waiting for batches. Times are those of the loop's own timer, so evaluations within
-- training do not count, and no clock is read.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local sorted = require "tnt.sorted"

local NONE = class.NONE

---@class tnt.hooks.Throughput.Options
---@field items nil|string|number|(fun(batch: any, state: tnt.State): number)|table  how many items
---  a batch holds: a number, the name of a field of the batch (its first dimension), or a function;
---  or a table of these by name: {images = "x", tokens = function(batch) ... end}
---@field every integer|nil    log the mean of so many steps; default 10
---@field warmup integer|nil   steps at the beginning of the run that do not count; default 0

--- A step is accounted for when the next one ends, because only then its time is known. The epoch's
--- value is that of all its steps.
---@class tnt.hooks.Throughput: tnt.Hook
---@overload fun(options: tnt.hooks.Throughput.Options): tnt.hooks.Throughput
local Throughput = hook.Hook:extend("Throughput", { items = NONE, every = 10, warmup = 0 })

class.rename(Throughput, {
  throughput_per_batch = "items", log_every_n_steps = "every", warmup_steps = "warmup",
})

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

-- How many items of one kind a batch holds, as a function.
local function counter(items)
  if type(items) == "function" then return items end
  if type(items) == "number" then return function() return items end end
  if type(items) == "string" then return function(batch) return length(batch, items) end end
  errors.raise("argument", "Throughput: items must be a number, the name of a field of the "
    .. "batch, a function (batch), or a table of these by name, got %s", type(items))
end

function Throughput:init()
  check.count("Throughput", "every", self.every, 1)
  check.count("Throughput", "warmup", self.warmup, 0)
  local items, kinds = self.items, {}
  self.kinds = kinds
  if type(items) == "table" and getmetatable(items) == nil then
    for name, count in sorted(items) do
      kinds[#kinds + 1] = { name = tostring(name) .. "_per_second", count = counter(count) }
    end
  elseif items ~= nil then
    kinds[1] = { name = "items_per_second", count = counter(items) }
  end
end

local function new_sums(kinds)
  local sums = { steps = 0, seconds = 0, waited = 0 }
  for i = 1, #kinds do sums[i] = 0 end
  return sums
end

local function new_account(kinds) return { window = new_sums(kinds), epoch = new_sums(kinds) } end

function Throughput:on_run_start() self.accounts, self.skip = {}, self.warmup end

local function add(sums, step, seconds)
  sums.steps, sums.seconds = sums.steps + 1, sums.seconds + step.waited + seconds
  sums.waited = sums.waited + step.waited
  for i = 1, #step do sums[i] = sums[i] + step[i] end
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
  for i, kind in ipairs(self.kinds) do state:log(kind.name, sums[i] / sums.seconds) end
  state:log("data_wait", sums.waited / sums.seconds)
end

function Throughput:on_step_end(state)
  local phase, timer = state.active_phase, state.iteration_timer
  local account = self.accounts[phase] or new_account(self.kinds)
  self.accounts[phase] = account
  settle(self, account, timer[phase .. "_iteration_time"].last)
  if account.window.steps >= self.every then
    log(self, state, account.window)
    account.window = new_sums(self.kinds)
  end
  account.open = { waited = timer.data_wait_time.last or 0 }
  for i, kind in ipairs(self.kinds) do account.open[i] = kind.count(state.batch, state) end
end

function Throughput:on_epoch_end(state)
  local account = self.accounts[state.active_phase]
  if not account then return end
  settle(self, account, state.iteration_timer[state.active_phase .. "_iteration_time"].last)
  log(self, state, account.epoch)
  account.window, account.epoch = new_sums(self.kinds), new_sums(self.kinds)
end

return Throughput

-- Running values of an open epoch: what `state:log` collects. A tensor given in a step is held
-- detached and read one step later, from a card by a copy begun at the step's end, so that no work
-- under way is waited for; sums are kept as Lua numbers. An epoch's value is weighted over its
-- steps, and over all processes once, when the epoch ends.

local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"

local C = core.C
local reading_type, reading_at = ffi.typeof "tnt_reading *", ffi.new "tnt_reading *[1]"
local number_at = ffi.new "double[1]"

---@class tnt.Running
---@field prefix string  "train", "eval", or the name of an evaluation
local Running = class.new "Running"

--- Sums a list of numbers over all processes: a function (list, op) with op "sum", "max" or "min"
--- that changes the list in place. Set by tnt.dist when there is more than one process.
Running.all_reduce = nil

---@param prefix string
---@param deliver fun(record: table)|nil  gets the records of steps; nil: nobody wants them
---@param latest table<string, number>    full name -> newest value, kept up to date
function Running:init(prefix, deliver, latest)
  self.prefix, self.deliver, self.latest = prefix, deliver, latest
  self.by_name, self.entries = {}, {}
  self.meta_now, self.meta_held = {}, {}
end

local function is_number(value) return type(value) == "number" or type(value) == "boolean" end

local function number_of(value)
  if type(value) == "number" then return value end
  return value and 1 or 0
end

-- A value as it is kept until it is read: a tensor without history, in no scope.
local function held(full, value)
  if is_number(value) then return number_of(value) end
  if type(value) ~= "cdata" and type(value) ~= "table" or type(value.detach) ~= "function" then
    errors.raise("argument", "state:log: %s must be a number or a tensor with one element, got %s",
      full, type(value))
  elseif value:numel() ~= 1 then
    errors.raise("shape", "state:log: %s must have one element, got %d; log its mean() or sum()",
      full, tonumber(value:numel()))
  end
  return value:detach():keep()
end

-- A step ends: what lies on a card goes to the host behind the step's work.
local function begin_reading(box)
  for i = 1, box.n do
    local value = box[i]
    if type(value) ~= "number" and value.device ~= "cpu" then
      core.check(C.tnt_reading_begin(reading_at, value))
      value:free()
      box[i] = ffi.gc(reading_at[0], C.tnt_reading_drop)
    end
  end
end

local function forget(value)
  if ffi.istype(reading_type, value) then
    C.tnt_reading_drop(ffi.gc(value, nil))
  elseif type(value) ~= "number" then
    value:free()
  end
end

local function read(value)
  if type(value) == "number" then return value end
  if ffi.istype(reading_type, value) then
    core.check(C.tnt_reading_finish(number_at, 1, ffi.gc(value, nil)))
    return number_at[0]
  end
  local number = value:item()
  value:free()
  return number_of(number)
end

local reductions = { mean = true, sum = true, max = true, min = true, last = true }

local option_names = { "reduce", "weight", "window" }

local function new_entry(full, options)
  local reduce = options and options.reduce or "mean"
  if not reductions[reduce] then
    errors.unknown("state:log", "reduction", reduce, { "last", "max", "mean", "min", "sum" })
  end
  local window = options and options.window or 1
  if type(window) ~= "number" or window < 1 or window % 1 ~= 0 then
    errors.raise("argument", "state:log: window of %s must be a whole number of steps from 1 on, "
      .. "got %s", full, tostring(window))
  end
  return {
    full = full, reduce = reduce, window = window,
    count = 0, sum = 0, weight = 0, extreme = nil,     -- of the epoch
    ring_values = {}, ring_weights = {}, ring_at = 0,  -- of the last `window` steps
    now = { n = 0, weights = {} }, held = { n = 0, weights = {} },
  }
end

--- Adds a value to the open epoch and to this step.
--- Errors: argument, also for another reduction or window than the name had before; shape.
---@param name string
---@param value number|boolean|tnt.Tensor  one element
---@param options table|nil  {reduce = "mean"|"sum"|"max"|"min"|"last", weight = 1, window = 1}
function Running:log(name, value, options)
  local entry = self.by_name[name]
  if not entry then
    if options then errors.check_options("state:log", options, option_names) end
    entry = new_entry(self.prefix .. "/" .. name, options)
    self.by_name[name] = entry
    self.entries[#self.entries + 1] = entry
    table.sort(self.entries, function(a, b) return a.full < b.full end)
  elseif options and (options.reduce or entry.reduce) ~= entry.reduce
    or options and (options.window or entry.window) ~= entry.window then
    errors.raise("argument", "state:log: %s was logged with reduce = '%s', window = %d before, now "
      .. "with '%s', %s; give it another name", entry.full, entry.reduce, entry.window,
      options.reduce or entry.reduce, tostring(options.window or entry.window))
  end
  local kept, now = held(entry.full, value), entry.now
  now.n = now.n + 1
  now[now.n], now.weights[now.n] = kept, options and options.weight or 1
end

--- How many values this step has logged so far, for `rollback`.
---@return table<table, integer> mark
function Running:mark()
  local mark = {}
  for _, entry in ipairs(self.entries) do mark[entry] = entry.now.n end
  return mark
end

--- Forgets what this step has logged since `mark`: the step is made again.
---@param mark table<table, integer>
function Running:rollback(mark)
  for _, entry in ipairs(self.entries) do
    local now, n = entry.now, mark[entry] or 0
    for i = n + 1, now.n do forget(now[i]) end
    now.n = n
  end
end

local function combine(reduce, a, b)
  if a == nil then return b end
  if reduce == "max" then return math.max(a, b) end
  if reduce == "min" then return math.min(a, b) end
  return b
end

local function account(entry, value, weight)
  entry.count = entry.count + 1
  entry.sum = entry.sum + (entry.reduce == "mean" and value * weight or value)
  entry.weight = entry.weight + weight
  entry.extreme = combine(entry.reduce, entry.extreme, value)
end

-- One number out of several of one step or window.
local function reduced(entry, values, weights, n)
  local sum, weight, extreme = 0, 0, nil
  for i = 1, n do
    sum, weight = sum + values[i] * weights[i], weight + weights[i]
    extreme = combine(entry.reduce, extreme, values[i])
  end
  if entry.reduce == "mean" then return sum / weight, weight end
  if entry.reduce == "sum" then
    sum = 0
    for i = 1, n do sum = sum + values[i] end
    return sum, weight
  end
  return extreme, weight
end

-- Reads what one step logged under a name; the value of its window, or nil when it logged nothing.
local function settle(entry, box)
  local n = box.n
  if n == 0 then return nil end
  for i = 1, n do
    local value = box[i]
    box[i] = 0 / 0 -- reading takes it away, also when it raises
    box[i] = read(value)
    account(entry, box[i], box.weights[i])
  end
  local value, weight = reduced(entry, box, box.weights, n)
  box.n = 0
  if entry.window == 1 then return value end
  entry.ring_at = entry.ring_at % entry.window + 1
  entry.ring_values[entry.ring_at], entry.ring_weights[entry.ring_at] = value, weight
  return (reduced(entry, entry.ring_values, entry.ring_weights, #entry.ring_values))
end

--- For `end_step`: reads the values of one step, and delivers its record.
function Running:settle(which)
  local meta, names, values = which == "now" and self.meta_now or self.meta_held, nil, nil
  for _, entry in ipairs(self.entries) do
    local value = settle(entry, entry[which])
    if value ~= nil then
      self.latest[entry.full] = value
      if self.deliver then
        names, values = names or {}, values or {}
        names[#names + 1], values[entry.full] = entry.full, value
      end
    end
  end
  if names then
    self.deliver {
      at = "step", phase = meta.phase, step = meta.step, update = meta.update, epoch = meta.epoch,
      time = meta.time, names = names, values = values,
    }
  end
end

--- Ends a step: the values of the step before are read now and delivered.
---@param phase string
---@param progress tnt.Progress
function Running:end_step(phase, progress)
  if #self.entries == 0 then return end
  self:settle "held"
  for _, entry in ipairs(self.entries) do
    begin_reading(entry.now)
    entry.now, entry.held = entry.held, entry.now
  end
  self.meta_now, self.meta_held = self.meta_held, self.meta_now
  local meta = self.meta_held
  meta.phase, meta.step, meta.update = phase, progress.num_steps_completed,
    progress.num_updates_completed
  meta.epoch = progress.num_epochs_completed
  if self.deliver then meta.time = clock.wall() end
end

--- Reads everything that was not read yet, e.g. at the end of an epoch or for a snapshot.
---@param phase string
---@param progress tnt.Progress
function Running:flush(phase, progress)
  self:end_step(phase, progress)
  self:settle "held"
end

--- The epoch's values over all steps and processes. Nothing when nothing was logged.
---@return table<string, number> values  by full name
function Running:finish()
  local sums, maxima, minima, values = {}, {}, {}, {}
  for _, entry in ipairs(self.entries) do
    sums[#sums + 1], sums[#sums + 2] = entry.sum, entry.weight
    maxima[#maxima + 1] = entry.reduce == "max" and entry.extreme or -math.huge
    minima[#minima + 1] = entry.reduce == "min" and entry.extreme or math.huge
  end
  local all_reduce = Running.all_reduce
  if all_reduce then
    all_reduce(sums, "sum")
    all_reduce(maxima, "max")
    all_reduce(minima, "min")
  end
  for i, entry in ipairs(self.entries) do
    local reduce, weight = entry.reduce, sums[2 * i]
    if reduce == "mean" then
      if weight ~= 0 then values[entry.full] = sums[2 * i - 1] / weight end
    elseif weight ~= 0 or entry.count > 0 then
      values[entry.full] = reduce == "sum" and sums[2 * i - 1] or reduce == "max" and maxima[i]
        or reduce == "min" and minima[i] or entry.extreme
    end
  end
  return values
end

--- Forgets the epoch and frees what is still held.
function Running:clear()
  for _, entry in ipairs(self.entries) do
    for _, box in ipairs { entry.now, entry.held } do
      for i = 1, box.n do forget(box[i]) end
      box.n = 0
    end
  end
  self.by_name, self.entries = {}, {}
end

--- The sums of the open epoch as plain data. Call `flush` before.
---@return table state
function Running:state_dict()
  local list = {}
  for i, entry in ipairs(self.entries) do
    local copy = { full = entry.full, reduce = entry.reduce, window = entry.window }
    copy.count, copy.sum, copy.weight, copy.extreme = entry.count, entry.sum, entry.weight,
      entry.extreme
    copy.ring_at, copy.ring_values, copy.ring_weights = entry.ring_at, {}, {}
    for k = 1, #entry.ring_values do
      copy.ring_values[k], copy.ring_weights[k] = entry.ring_values[k], entry.ring_weights[k]
    end
    list[i] = copy
  end
  return { prefix = self.prefix, entries = list }
end

---@param state table
function Running:load_state_dict(state)
  self:clear()
  self.prefix = state.prefix
  for i, saved in ipairs(state.entries) do
    local entry = new_entry(saved.full, saved)
    entry.count, entry.sum, entry.weight, entry.extreme = saved.count, saved.sum, saved.weight,
      saved.extreme
    entry.ring_at = saved.ring_at
    for k = 1, #saved.ring_values do
      entry.ring_values[k], entry.ring_weights[k] = saved.ring_values[k], saved.ring_weights[k]
    end
    self.entries[i] = entry
    self.by_name[saved.full:sub(#state.prefix + 2)] = entry
  end
end

return Running

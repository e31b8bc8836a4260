-- Averaged weights: a shadow of a module's parameters and buffers that follows them, exponentially
-- (EMA) or as a plain mean (SWA). It lies beside the module, in no module of its own: `swap` lets
-- the two change places.

local class = require "tnt.class"
local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local sorted = require "tnt.sorted"

---@class tnt.optim.AveragedModel.Options
---@field module tnt.nn.Module
---@field method "ema"|"swa"|nil  a <- decay a + (1 - decay) p, the default; or the mean of all p
---@field decay number|nil    of "ema"; default 0.999
---@field warmup boolean|nil  of "ema": decay k is min(decay, (1 + k) / (10 + k)); the first
---  copy is k = 1
---@field begin integer|nil   so many calls of `step` average nothing; default 0
---@field every integer|nil   of those after them, each n-th does; default 1
---@field buffers boolean|nil  default true: the module's buffers are averaged too; false: copied

--- Follows a module's weights; `step` after each update of the optimizer, `swap` around what is to
--- use the averages. The first averaging copies. What is no floating-point tensor is copied always.
---
--- ```lua
--- local tnt = require "tnt"
--- local net = tnt.nn.Linear(2, 1)
--- local averaged = tnt.optim.AveragedModel(net, {decay = 0.9})
--- for _ = 1, 3 do averaged:step() end -- beside optimizer:step()
--- averaged:swap()                     -- net computes with averaged weights
--- averaged:swap()                     -- and with its own again
--- averaged.count -- 3
--- ```
---
--- Errors: argument, for a decay outside [0, 1], an unknown method, a warmup of "swa".
--- Source: TorchTNT's AveragedModel (torchtnt/utils/swa.py); SWA: Izmailov et al. 2018.
---@class tnt.optim.AveragedModel
---@field module tnt.nn.Module
---@field count integer    averagings done, the first copy included
---@field seen integer     calls of `step`
---@field swapped boolean  the module holds the averaged weights now
local AveragedModel = class.new("AveragedModel", {
  "module", method = "ema", decay = 0.999, warmup = false, begin = 0, every = 1, buffers = true,
})

class.rename(AveragedModel, {
  averaging_method = "method", ema_decay = "decay", use_lit = "warmup", use_buffers = "buffers",
  momentum = "decay (1 - momentum)", update_buffers = "buffers", interval = "every",
  step_or_epoch_update_freq = "every", warmup_steps_or_epochs = "begin",
})

local function is_count(value, least)
  return type(value) == "number" and value >= least and value % 1 == 0
end

function AveragedModel:init(o)
  if type(o.module) ~= "table" or type(o.module.named_parameters) ~= "function" then
    errors.raise("argument", "AveragedModel: an nn.Module was expected, got %s", type(o.module))
  elseif type(o.decay) ~= "number" or not (o.decay >= 0 and o.decay <= 1) then
    errors.raise("argument", "AveragedModel: decay must be from 0 to 1, got %s", tostring(o.decay))
  elseif o.method ~= "ema" and o.method ~= "swa" then
    errors.unknown("AveragedModel", "method", o.method, { "ema", "swa" })
  elseif o.warmup and o.method == "swa" then
    errors.raise("argument", "AveragedModel: warmup is of the decay, and method = 'swa' has none")
  elseif not is_count(o.begin, 0) or not is_count(o.every, 1) then
    errors.raise("argument", "AveragedModel: begin is a whole number from 0 on, every one from 1 "
      .. "on; got %s and %s", tostring(o.begin), tostring(o.every))
  end
  for name, value in sorted(o) do self[name] = value end
  self.count, self.seen, self.swapped = 0, 0, false
  self.shadow = {} -- {name, tensor of the module, its average, is_buffer}
end

--- For `step`: mixes one tensor into its average. May be overridden by other ways to average.
---@param entry table  {value, average, is_buffer}
function AveragedModel:average(entry)
  local value, shadow = entry.value, entry.average
  if entry.is_buffer and not self.buffers then
    shadow:copy_(value)
  elseif shadow.dtype:sub(1, 1) ~= "f" and shadow.dtype ~= "bf16" then
    shadow:copy_(value) -- counters and masks have no mean
  else
    local weight
    if self.method == "swa" then
      weight = 1 / (self.count + 1)
    else
      local decay = self.decay
      if self.warmup then decay = math.min(decay, (2 + self.count) / (11 + self.count)) end
      weight = 1 - decay
    end
    shadow:add_((value - shadow) * weight)
  end
end

--- For `step`: the module's parameters and buffers by name.
function AveragedModel:tensors()
  local list = {}
  for name, parameter in self.module:named_parameters() do
    list[#list + 1] = { name = name, value = parameter, is_buffer = false }
  end
  if self.module.named_buffers then
    for name, buffer in self.module:named_buffers() do
      list[#list + 1] = { name = name, value = buffer, is_buffer = true }
    end
  end
  return list
end

--- An update (or epoch, or whatever the averages go by) is done: averages when it is due.
function AveragedModel:step()
  local index = self.seen
  self.seen = index + 1
  if index < self.begin or (index - self.begin) % self.every ~= 0 then return end
  local former = grad_mode.set(false)
  if #self.shadow == 0 then
    self.shadow = self:tensors()
    for _, entry in ipairs(self.shadow) do entry.average = entry.value:detach():clone():keep() end
  elseif self.count == 0 then
    for _, entry in ipairs(self.shadow) do entry.average:copy_(entry.value) end
  else
    for _, entry in ipairs(self.shadow) do self:average(entry) end
  end
  grad_mode.set(former)
  self.count = self.count + 1
end

--- Puts the averaged weights into the module, and the raw ones aside; a second call puts them back.
--- Nothing happens before the first averaging.
---@return boolean swapped  the module holds averaged weights now
function AveragedModel:swap()
  if self.count == 0 then return false end
  local former = grad_mode.set(false)
  for _, entry in ipairs(self.shadow) do
    local raw = entry.value:detach():clone()
    entry.value:copy_(entry.average)
    entry.average:copy_(raw)
    raw:free()
  end
  grad_mode.set(former)
  self.swapped = not self.swapped
  return self.swapped
end

function AveragedModel:state_dict()
  local averages = {}
  for _, entry in ipairs(self.shadow) do averages[entry.name] = entry.average end
  return { count = self.count, seen = self.seen, averages = averages }
end

--- Errors: format, when an average is missing or has another shape.
---@param state table
function AveragedModel:load_state_dict(state)
  self.count, self.seen = state.count, state.seen
  if next(state.averages) == nil then return end
  local former = grad_mode.set(false)
  self.shadow = self:tensors()
  for _, entry in ipairs(self.shadow) do
    local saved = state.averages[entry.name]
    if saved == nil then
      grad_mode.set(former)
      errors.raise("format", "AveragedModel: the saved state has no average of %s", entry.name)
    end
    entry.average = entry.value:detach():clone():keep()
    entry.average:copy_(saved)
  end
  grad_mode.set(former)
end

return AveragedModel

-- Averaged weights: a shadow of a module's parameters that follows them, exponentially or as a
-- mean. For an evaluation the two change places.

local class = require "tnt.class"
local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local sorted = require "tnt.sorted"

---@class tnt.Ema
---@field count integer  averagings done, the first copy included
---@field swapped boolean  the module holds the averaged weights now
local Ema = class.new("Ema", {
  "module",
  decay = 0.999,          -- a <- decay a + (1 - decay) p
  method = "ema",         -- or "mean": a <- a + (p - a) / (n + 1)
  by = "update",          -- when: "update" (an optimizer step) or "epoch"
  begin = 0,              -- updates or epochs before the first
  every = 1,              -- of them, each n-th
  warmup = false,         -- decay k is min(decay, (1 + k) / (10 + k))
  buffers = true,         -- average the module's buffers too; false: they are copied
  evaluate = true,        -- evaluations use the averaged weights
})

local function is_count(value, least)
  return type(value) == "number" and value >= least and value % 1 == 0
end

function Ema:init(o)
  if type(o.decay) ~= "number" or not (o.decay >= 0 and o.decay <= 1) then
    errors.raise("argument", "ema: decay must be from 0 to 1, got %s", tostring(o.decay))
  elseif o.method ~= "ema" and o.method ~= "mean" then
    errors.unknown("ema", "method", o.method, { "ema", "mean" })
  elseif o.warmup and o.method == "mean" then
    errors.raise("argument", "ema: warmup is of the decay, and method = 'mean' has none")
  elseif o.by ~= "update" and o.by ~= "epoch" then
    errors.unknown("ema", "by", o.by, { "epoch", "update" })
  elseif not is_count(o.begin, 0) or not is_count(o.every, 1) then
    errors.raise("argument", "ema: begin is a whole number from 0 on, every one from 1 on; got %s "
      .. "and %s",
      tostring(o.begin), tostring(o.every))
  end
  for name, value in sorted(o) do self[name] = value end
  self.count, self.seen, self.swapped = 0, 0, false
  self.shadow = {} -- {name, tensor of the module, its average, is_buffer}
end

-- Source: TorchTNT's AveragedModel: the first averaging copies, later ones mix.
function Ema:average(entry)
  local value, shadow = entry.value, entry.average
  if entry.is_buffer and not self.buffers then
    shadow:copy_(value)
  elseif shadow.dtype:sub(1, 1) ~= "f" and shadow.dtype ~= "bf16" then
    shadow:copy_(value) -- counters and masks have no mean
  else
    local weight
    if self.method == "mean" then
      weight = 1 / (self.count + 1)
    else
      local decay = self.decay
      if self.warmup then decay = math.min(decay, (1 + self.count) / (10 + self.count)) end
      weight = 1 - decay
    end
    shadow:add_((value - shadow) * weight)
  end
end

--- For `step`: the module's parameters and buffers by name.
function Ema:tensors()
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

--- An update or epoch is done: averages when it is due.
function Ema:step()
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
function Ema:swap()
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

function Ema:state_dict()
  local averages = {}
  for _, entry in ipairs(self.shadow) do averages[entry.name] = entry.average end
  return { count = self.count, seen = self.seen, averages = averages }
end

--- Errors: format, when an average is missing or has another shape.
---@param state table
function Ema:load_state_dict(state)
  self.count, self.seen = state.count, state.seen
  if next(state.averages) == nil then return end
  local former = grad_mode.set(false)
  self.shadow = self:tensors()
  for _, entry in ipairs(self.shadow) do
    local saved = state.averages[entry.name]
    if saved == nil then
      grad_mode.set(former)
      errors.raise("format", "ema: the checkpoint has no average of %s", entry.name)
    end
    entry.average = entry.value:detach():clone():keep()
    entry.average:copy_(saved)
  end
  grad_mode.set(former)
end

return Ema

-- Loss scaling for f16: gradients too small for f16 are computed from a loss times a scale, and
-- divided by it before the step. The scale, whether a gradient is NaN or infinite, and the decision
-- to skip the step all stay on the device; the host learns of a skip one step later.
local check = require "tnt.check_option"
local class = require "tnt.class"
local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"
local grad_mode = require "tnt.grad_mode"
local gradients = require "tnt.nn.clip"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"

local C, make = core.C, tensor.make

---@class tnt.GradScaler.Options
---@field init_scale number       default 65536
---@field growth_factor number    default 2: the scale grows by it ...
---@field growth_interval integer default 2000: ... after so many steps without a skip
---@field backoff_factor number   default 0.5: a skipped step shrinks the scale by it
---@field enabled boolean         default true; false: everything passes through

--- Scales losses, so that small gradients do not vanish in f16, and leaves out steps that overflow:
---
---     local scaler = tnt.optim.GradScaler {}
---     scaler:scale(loss):backward()
---     scaler:unscale_(optimizer)  -- only to clip, or to look at gradients
---     scaler:step(optimizer)
---     scaler:update()
---
--- Source: Micikevicius et al. 2018; the rules are those of PyTorch's GradScaler.
---@class tnt.GradScaler
local GradScaler = class.new("GradScaler", {
  init_scale = 65536, growth_factor = 2, growth_interval = 2000, backoff_factor = 0.5,
  enabled = true,
})

function GradScaler:init(o)
  check.number("GradScaler", "init_scale", o.init_scale, 0)
  if not (type(o.growth_factor) == "number" and o.growth_factor > 1) then
    errors.raise("argument", "GradScaler: growth_factor must be above 1, got %s",
      tostring(o.growth_factor))
  end
  if not (type(o.backoff_factor) == "number" and o.backoff_factor > 0 and o.backoff_factor < 1) then
    errors.raise("argument", "GradScaler: backoff_factor must be between 0 and 1, got %s",
      tostring(o.backoff_factor))
  end
  if type(o.growth_interval) ~= "number" or o.growth_interval < 1 or o.growth_interval % 1 ~= 0 then
    errors.raise("argument", "GradScaler: growth_interval must be a whole number from 1 on, got %s",
      tostring(o.growth_interval))
  end
  self.options = o
  self.waiting = {} -- optimizers whose last skip the host does not know yet -> the reading
  self.found = {}   -- per optimizer, between unscale_ and update: f32 of one element
  self.stepped = {} -- optimizers that had their step since update
  self.flags = setmetatable({}, { __mode = "k" }) -- optimizer -> its tensor in `found`, kept
end

-- The tensors live where the losses do: made by the first.
local function settle_on(self, device)
  if self.scale_ then return end
  local at = { device = device, dtype = "f32" }
  local from = self.loaded or { scale = self.options.init_scale, growth_tracker = 0 }
  self.scale_ = make.full({}, from.scale, at):keep()
  self.good = make.full({}, from.growth_tracker, at):keep()
  self.loaded = nil
end

--- The loss times the scale.
---@param loss tnt.Tensor
---@return tnt.Tensor
function GradScaler:scale(loss)
  if not self.options.enabled then return loss end
  settle_on(self, loss.device)
  return loss * self.scale_
end

local function parameters_of(optimizer)
  local list = {}
  for _, group in ipairs(optimizer.param_groups) do
    for _, p in ipairs(group.params) do list[#list + 1] = p end
  end
  return list
end

--- Divides the gradients of an optimizer's parameters by the scale, once a step.
--- Errors: state, before any loss was scaled, or a second time before update.
---@param optimizer tnt.optim.Optimizer
function GradScaler:unscale_(optimizer)
  if not self.options.enabled then return end
  if not self.scale_ then
    errors.raise("state", "GradScaler:unscale_: no loss was scaled yet; backward goes through "
      .. "scaler:scale(loss)")
  end
  if self.found[optimizer] then
    errors.raise("state", "GradScaler:unscale_: the gradients of this optimizer were unscaled "
      .. "already; call update after each step")
  end
  local before = grad_mode.set(false)
  local lists, devices = gradients.with_gradient("GradScaler:unscale_", parameters_of(optimizer))
  local found = make.zeros({}, { dtype = "f32", device = self.scale_.device })
  local row = gradients.scale_row(1 / self.scale_:to "f64")
  for i, list in ipairs(lists) do
    local largest = ops.grad_norm(list, math.huge):to(found.device)
    found = ops.maximum(found, ops.logical_not(ops.isfinite(largest)):to "f32")
    ops.grad_scale_(list, row:to(devices[i]), nil, 1, math.huge)
  end
  local flag = self.flags[optimizer]
  if flag then
    flag:copy_(found)
  else
    flag = found:keep()
    self.flags[optimizer] = flag
  end
  self.found[optimizer] = flag
  grad_mode.set(before)
end

-- Learns whether the last step of an optimizer was skipped, and takes it back from its counts.
local one = ffi.new "double[1]"
local function learn(self, optimizer)
  local reading = self.waiting[optimizer]
  if not reading then return end
  self.waiting[optimizer], optimizer.settle = nil, nil
  core.check(C.tnt_reading_finish(one, 1, ffi.gc(reading, nil)))
  if one[0] ~= 0 then
    self.skipped = (self.skipped or 0) + 1
    optimizer:take_back_step()
  end
end

--- The optimizer's step, which its kernels leave out where a gradient is NaN or infinite.
--- Errors: state, before any loss was scaled, or a second time before update.
---@param optimizer tnt.optim.Optimizer
function GradScaler:step(optimizer)
  if not self.options.enabled then return optimizer:step() end
  if self.stepped[optimizer] then
    errors.raise("state", "GradScaler:step: this optimizer had its step already; call update "
      .. "after each step")
  end
  if not self.found[optimizer] then self:unscale_(optimizer) end
  learn(self, optimizer)
  optimizer.skip = self.found[optimizer]
  local ok, why = pcall(optimizer.step, optimizer)
  optimizer.skip = nil
  if not ok then error(why, 0) end
  local at = ffi.new "tnt_reading *[1]"
  core.check(C.tnt_reading_begin(at, self.found[optimizer]))
  self.waiting[optimizer] = ffi.gc(at[0], C.tnt_reading_drop)
  self.stepped[optimizer] = true
  optimizer.settle = function() learn(self, optimizer) end -- its state dict waits for it
end

--- The next scale: smaller after a skip, larger after growth_interval steps without one, as long as
--- f32 holds it.
--- Errors: state, when no gradient was looked at since the last update.
function GradScaler:update()
  if not self.options.enabled then return end
  if next(self.found) == nil then
    errors.raise("state", "GradScaler:update: no step was taken since the last update; call "
      .. "scaler:step(optimizer) before it")
  end
  local o, before = self.options, grad_mode.set(false)
  local found
  for _, one_found in pairs(self.found) do -- order: free, a maximum
    found = found and ops.maximum(found, one_found) or one_found
  end
  local good = (self.good + 1) * (1 - found)
  local grow = ops.ge(good, o.growth_interval):to "f32"
  local factor = found * o.backoff_factor + (1 - found) * (grow * (o.growth_factor - 1) + 1)
  local scale = self.scale_ * factor
  self.scale_:copy_(ops.where(ops.isfinite(scale), scale, self.scale_))
  self.good:copy_(good * (1 - grow))
  self.found, self.stepped = {}, {}
  grad_mode.set(before)
end

--- The scale as a number. Waits for the device.
---@return number
function GradScaler:get_scale()
  if not self.options.enabled then return 1 end
  return self.scale_ and self.scale_:item() or (self.loaded and self.loaded.scale)
    or self.options.init_scale
end

--- How many steps were skipped; the last one counts from the next step on.
---@return integer
function GradScaler:num_skipped() return self.skipped or 0 end

--- Waits until it is known whether the last steps were skipped.
function GradScaler:settle()
  for optimizer in pairs(self.waiting) do learn(self, optimizer) end -- order: free
end

--- The scale, how many good steps it has seen, and how many were skipped. Waits for the device.
---@return table
function GradScaler:state_dict()
  self:settle()
  return {
    scale = self:get_scale(), skipped = self:num_skipped(),
    growth_tracker = self.good and self.good:item() or self.loaded and self.loaded.growth_tracker
      or 0,
  }
end

--- Goes on with the scale of a `state_dict`.
--- Errors: argument, for a scale that is none.
---@param state table
function GradScaler:load_state_dict(state)
  check.number("GradScaler:load_state_dict", "scale", state.scale, 0)
  self:settle()
  self.skipped = state.skipped
  if self.scale_ then
    self.scale_:fill_(state.scale)
    self.good:fill_(state.growth_tracker)
  else
    self.loaded = { scale = state.scale, growth_tracker = state.growth_tracker }
  end
end

return GradScaler

-- AutoUnit: a unit that needs only `compute_loss` and an optimizer. It owns what follows a loss:
-- backward, accumulation, clipping, the optimizer's step, schedules, averaged weights, logging.
-- `update` is that part, for a train_step of one's own.

local class = require "tnt.class"
local Ema = require "tnt.auto_unit.ema"
local errors = require "tnt.errors"
local losses = require "tnt.auto_unit.losses"
local nest = require "tnt.loop.nest"
local schedules = require "tnt.auto_unit.schedules"
local Set = require "tnt.auto_unit.set"
local sorted = require "tnt.sorted"
local State = require "tnt.state"
local unit = require "tnt.unit"
local window = require "tnt.auto_unit.window"

local NONE = class.NONE

---@class tnt.AutoUnit.Options
---@field module tnt.nn.Module
---@field optimizer table|nil   or several by name; else configure_optimizers_and_... makes it
---@field schedule table|nil    one, a list (a chain), or by optimizers' names
---@field compute_loss function|nil  (self, state, batch) -> loss, outputs; for use without a class
---@field metrics table[]|nil   updated in eval steps, logged at the end of an evaluation
---@field device string|nil     "cpu", "cuda", ...; default: where the module is
---@field precision string|nil  "f32"; "bf16" and "f16" where autocast exists
---@field gradient_accumulation_steps integer  losses for one update; an epoch's end closes a window
---@field clip_grad_norm number|nil   0 is off
---@field clip_grad_value number|nil  0 is off
---@field ema table|nil         averaged weights, e.g. {decay = 0.999}; see auto_unit/ema.lua
---@field zero_grad_at_train_step_start boolean  gradients stay readable until the next step
---@field enable_prefetch boolean  fetch a batch ahead where the loader's size is unknown
---@field training boolean      false: no optimizer is made

--- Extend it with `compute_loss(state, batch)` and, unless an optimizer is given,
--- `configure_optimizers_and_lr_scheduler(module)`; `init` needs no super call.
---@class tnt.AutoUnit: tnt.Unit
---@field module tnt.nn.Module
---@field optimizer table|tnt.Set|nil  several: by name
---@field schedule tnt.Set|nil
local AutoUnit = unit.Unit:extend("AutoUnit", {
  "module",
  optimizer = NONE, schedule = NONE, compute_loss = NONE, metrics = NONE, device = NONE,
  precision = NONE, gradient_accumulation_steps = 1, clip_grad_norm = NONE,
  clip_grad_value = NONE, ema = NONE, zero_grad_at_train_step_start = false,
  enable_prefetch = true, training = true,
})

class.rename(AutoUnit, {
  lr_scheduler = "schedule", scheduler = "schedule", param_scheduler = "schedule",
  swa_params = "ema", max_norm = "clip_grad_norm", model = "module",
  step_lr_interval = "the schedule's own option `by` ('epoch', 'update' or 'batch')",
  accumulative_counts = "gradient_accumulation_steps",
})

local precisions = { f32 = true, bf16 = true, f16 = true }

local function check_options(self, o)
  local who = tostring(class.of(self))
  local steps = o.gradient_accumulation_steps
  if type(steps) ~= "number" or steps < 1 or steps % 1 ~= 0 then
    errors.raise("argument", "%s: gradient_accumulation_steps must be a whole number from 1 on, "
      .. "got %s", who, tostring(steps))
  end
  for _, name in ipairs { "clip_grad_norm", "clip_grad_value" } do
    local value = o[name]
    if value == false then value = nil end
    if value ~= nil and not (type(value) == "number" and value >= 0) then
      errors.raise("argument", "%s: %s must be a number from 0 (off) on, got %s", who, name,
        tostring(value))
    end
    self[name] = value ~= 0 and value or nil
  end
  if o.precision and not precisions[o.precision] then
    errors.unknown(who, "precision", o.precision, { "bf16", "f16", "f32" })
  elseif o.precision and o.precision ~= "f32" then
    errors.raise("argument", "%s: precision '%s' needs autocast, which this version does not have; "
      .. "leave it out, or convert the module with module:to('%s')", who, o.precision, o.precision)
  end
  if type(o.module) ~= "table" or type(o.module.parameters) ~= "function" then
    errors.raise("argument", "%s: module must be an nn.Module, got %s", who, type(o.module))
  end
end

local function metric_set(list)
  local set, numbers = Set(), {}
  for i, metric in ipairs(list) do
    if type(metric) ~= "table" or type(metric.update) ~= "function"
      or type(metric.compute) ~= "function" then
      errors.raise("argument", "metrics[%d]: expected an object with update and compute, got %s", i,
        type(metric))
    end
    local name = type(metric.name) == "string" and metric.name
      or tostring(class.of(metric) or "metric"):lower()
    numbers[name] = (numbers[name] or 0) + 1
    set:append(numbers[name] == 1 and name or name .. "_" .. numbers[name], metric)
  end
  return set
end

--- Checks and keeps the options, before `init`.
function AutoUnit:construct(o)
  check_options(self, o)
  self.module, self.device, self.given_device = o.module, o.device, o.device
  if o.device then o.module:to(o.device) end
  self.precision = o.precision or "f32"
  self.gradient_accumulation_steps = o.gradient_accumulation_steps
  self.zero_grad_at_train_step_start = o.zero_grad_at_train_step_start
  self.enable_prefetch = o.enable_prefetch
  if o.compute_loss then self.compute_loss = o.compute_loss end
  if o.metrics then self.metrics = metric_set(o.metrics) end
  if o.ema then
    local options = { module = o.module }
    for name, value in sorted(o.ema) do options[name] = value end
    self.ema = Ema(options)
  end
end

-- After the last constructor: `configure_...` may use what `init` made.
function AutoUnit:complete(o)
  if not o.training then return end
  local optimizer, schedule = o.optimizer, o.schedule
  local configure = self.configure_optimizers_and_lr_scheduler
  if optimizer == nil and configure then
    optimizer, schedule = configure(self, self.module)
    if optimizer == nil then
      errors.raise("argument", "%s: configure_optimizers_and_lr_scheduler must return an optimizer",
        tostring(class.of(self)))
    end
  end
  if optimizer == nil then return end
  window.open(self, optimizer)
  self.schedule = schedules.set(schedule, self.optimizer)
end

--- The loss of a batch. To be defined; or given as the option compute_loss. Returns a tensor, or a
--- table of named terms (those whose name contains "loss" are summed), and as second value whatever
--- metrics and hooks want.
function AutoUnit:compute_loss()
  errors.raise("state", "%s: define compute_loss(state, batch), or give the option compute_loss",
    tostring(class.of(self)))
end

--- Brings a batch to the unit's device. May be overridden.
---@param state tnt.State
---@param batch any
---@return any
function AutoUnit:move_data_to_device(_, batch)
  local device = self.device
  if not device or device == "cpu" then return batch end
  return nest.map(batch, function(tensor) return tensor:to(device) end)
end

local function first_tensor(batch, depth)
  if nest.is_tensor(batch) then return batch end
  if type(batch) ~= "table" or getmetatable(batch) ~= nil or depth == 0 then return nil end
  if batch[1] ~= nil then return first_tensor(batch[1], depth - 1) end
  for _, value in sorted(batch) do
    local found = first_tensor(value, depth - 1)
    if found then return found end
  end
end

--- How many samples a batch has: the weight of its values in an epoch's mean. May be overridden.
--- The first size of the first tensor in it, or 1.
---@param batch any
---@return integer
function AutoUnit.batch_size(_, batch)
  local tensor = first_tensor(batch, 4)
  return tensor and tensor:dim() > 0 and tensor:size(1) or 1
end

local weighted = {} -- options of state:log, the same table at each step

local function log_losses(self, state, total, terms, batch)
  weighted.weight = self:batch_size(batch)
  state:log("loss", total, weighted)
  if not terms then return end
  for _, name in ipairs(terms.names) do state:log(name, terms.values[name], weighted) end
end

--- One training step: the loss of the batch, logged undivided, and its update. May be overridden;
--- `self:update(loss)` then does what follows a loss.
---@return table step_output  {loss, outputs}
function AutoUnit:train_step(state, batch)
  batch = self:move_data_to_device(state, batch)
  window.before_loss(self)
  local loss, outputs = self:compute_loss(state, batch)
  local total, terms = losses.total(loss)
  log_losses(self, state, total, terms, batch)
  self:update(total)
  return { loss = total:detach(), outputs = outputs }
end

--- What follows a loss: backward, and where a window of accumulation is full (or the epoch's last
--- batch is there) clip, step, clear, schedules, averaged weights. `num_updates_completed` counts
--- the steps of every optimizer.
--- Errors: state, outside a loop or without an optimizer; argument, for a name no optimizer has, or
--- none where there are several.
---@param loss tnt.Tensor  one element, not divided by gradient_accumulation_steps
---@param name string|nil  with several optimizers: whose; only its parameters get gradients
function AutoUnit:update(loss, name)
  local state = State.current()
  if not state then
    errors.raise("state", "%s:update belongs into a step of tnt.train or tnt.fit",
      tostring(class.of(self)))
  end
  window.update(self, state, loss, name)
end

--- One evaluation step: the loss is logged and metrics are updated. May be overridden.
---@return table step_output  {loss, outputs}
function AutoUnit:eval_step(state, batch)
  batch = self:move_data_to_device(state, batch)
  local loss, outputs = self:compute_loss(state, batch)
  local total, terms = losses.total(loss)
  log_losses(self, state, total, terms, batch)
  if self.metrics then self:update_metrics(state, batch, outputs) end
  return { loss = total, outputs = outputs }
end

local target_names = { "target", "targets", "label", "labels", "y" }

--- Updates the metrics with a step's outputs. May be overridden. A list as outputs is the metrics'
--- arguments, {prediction, target}; else they are the prediction and the target is the batch's
--- second value or its field target, label or y.
---@param state tnt.State
---@param batch any
---@param outputs any  the second value of compute_loss
function AutoUnit:update_metrics(_, batch, outputs)
  local prediction, target = outputs, nil
  if type(outputs) == "table" and getmetatable(outputs) == nil and outputs[1] ~= nil then
    prediction, target = outputs[1], outputs[2]
  elseif type(batch) == "table" and getmetatable(batch) == nil then
    target = batch[2]
    for _, name in ipairs(target_names) do
      if target == nil then target = batch[name] end
    end
  end
  if prediction == nil or target == nil then
    errors.raise("argument", "%s: metrics want a prediction and a target: return loss, "
      .. "{prediction, target} from compute_loss, or define update_metrics(state, batch, outputs)",
      tostring(class.of(self)))
  end
  for _, metric in ipairs(self.metrics) do metric:update(prediction, target) end
end

--- One prediction step: the module's output for the batch. May be overridden.
function AutoUnit:predict_step(state, batch)
  return self.module(self:move_data_to_device(state, batch))
end

-- ---- the loops' side ----------------------------------------------------------------------------

local engine = {}
AutoUnit.engine = engine

--- Without the option `device` batches go where the module is when a loop starts.
function engine.start(self)
  if self.given_device then return end
  local parameter = self.module:parameters()[1]
  self.device = nest.is_tensor(parameter) and parameter.device or nil
end

engine.after_train_step = schedules.after_train_step
engine.close_train_epoch = function(self, state)
  window.flush(self, state)
  schedules.after_train_epoch(self)
  if self.ema and self.ema.by == "epoch" then self.ema:step() end
end
engine.after_boundary = schedules.after_boundary

--- Evaluations use the averaged weights.
function engine.enter_evaluation(self)
  if self.ema and self.ema.evaluate then self.ema:swap() end
end

--- The raw weights are back.
function engine.leave_evaluation(self)
  if self.ema and self.ema.swapped then self.ema:swap() end
end

-- Checkpoints hold the raw weights.
function engine.before_snapshot(self)
  if not self.ema or not self.ema.swapped then return false end
  self.ema:swap()
  self.ema.was_swapped = true
  return true
end

--- The averaged ones are back, where they were.
function engine.after_snapshot(self)
  if self.ema and self.ema.was_swapped then
    self.ema.was_swapped = nil
    self.ema:swap()
  end
end

--- Metrics begin anew with each evaluation.
function engine.begin_epoch(self, _, phase)
  if phase ~= "eval" or not self.metrics then return end
  for _, metric in ipairs(self.metrics) do
    if metric.reset then metric:reset() end
  end
end

local function log_metric(state, name, value)
  if type(value) == "table" and getmetatable(value) == nil then
    for key, inner in sorted(value) do state:log(tostring(key), inner) end
  elseif value ~= nil then
    state:log(name, value)
  end
end

--- Metrics are logged at the end of each evaluation.
function engine.finish_epoch(self, state, phase)
  if phase ~= "eval" or not self.metrics
    or state.progress.num_steps_completed_in_prev_epoch == 0 then
    return
  end
  for i, metric in ipairs(self.metrics) do
    log_metric(state, self.metrics.names[i], metric:compute())
  end
end

engine.save = window.save
engine.load = window.load

--- The options a resume compares with the saved ones.
function engine.hyper(self)
  return {
    gradient_accumulation_steps = self.gradient_accumulation_steps,
    clip_grad_norm = self.clip_grad_norm or 0, clip_grad_value = self.clip_grad_value or 0,
    precision = self.precision,
  }
end

return AutoUnit

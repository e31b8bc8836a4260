-- AutoUnit: a unit that needs only `compute_loss` and an optimizer. It owns what follows a loss:
-- backward, accumulation, clipping, the optimizer's step, schedules, averaged weights, logging.
-- `update` is that part, for a train_step of one's own.

local AutoPredictUnit = require "tnt.auto_predict_unit"
local averaging = require "tnt.auto_unit.averaging"
local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local losses = require "tnt.auto_unit.losses"
local nest = require "tnt.loop.nest"
local schedules = require "tnt.auto_unit.schedules"
local Set = require "tnt.auto_unit.set"
local sorted = require "tnt.sorted"
local State = require "tnt.state"
local window = require "tnt.auto_unit.window"

local NONE = class.NONE

---@class tnt.AutoUnit.Options: tnt.AutoPredictUnit.Options
---@field optimizer table|nil   or several by name; else configure_optimizers_and_... makes it
---@field schedule table|nil    one, a list (a chain), or by optimizers' names
---@field compute_loss function|nil  (self, state, batch) -> loss, outputs; instead of a class
---@field metrics table[]|nil   updated in eval steps, logged at the end of an evaluation
---@field gradient_accumulation_steps integer  losses for one update, a window
---@field flush "step"|"mean"|"discard"  what an epoch's end does with a window that is not full:
---  "step" (default) takes the sum of its losses' shares as it is; "mean" scales it up to the mean
---  of the losses there are; "discard" drops the gradients
---@field clip_grad_norm number|nil   0 is off
---@field clip_grad_value number|nil  0 is off; after clip_grad_norm
---@field ema tnt.AutoUnit.Ema|nil    averaged weights, e.g. {decay = 0.999} or {method = "swa"}
---@field activation_checkpoint any   modules whose inner results backward computes again: true (the
---  blocks), a function (module, name) -> boolean, or a list of classes; nn.checkpoint_modules
---@field out_of_memory "raise"|"halve"  "halve": a step for which memory does not suffice is made
---  again in parts of half the batch, and so on; their gradients add up to those of the whole,
---  where the loss is a mean over samples (`batch_size`). Batch norms see the parts. For one
---  optimizer, and the train_step that AutoUnit has
---@field zero_grad_at_train_step_start boolean  gradients stay readable until the next step
---@field retain_graph boolean  backward keeps the graph, for another one from the same step
---@field training boolean      false: no optimizer is made, nothing is averaged

--- Extend it with `compute_loss(state, batch)` and, unless an optimizer is given,
--- `configure_optimizers_and_lr_scheduler(module)`; `init` needs no super call.
---
--- With several optimizers `configure_...` returns them by name, and a train_step of one's own says
--- which of them a loss is for. Each has its own accumulation window, rate and norm in the logs;
--- an `update` gives gradients to its own parameters alone. Steps may alternate as they like:
---
--- ```lua
--- local tnt = require "tnt"
--- local nn, optim = tnt.nn, tnt.optim
--- local Gan = tnt.AutoUnit:extend("Gan", {"d", d_steps = 2})
--- function Gan:init(o) self.d, self.d_steps = o.d, o.d_steps end
--- function Gan:configure_optimizers_and_lr_scheduler(g)
---   return {g = optim.Adam(g:parameters(), {lr = 1e-3}),
---     d = optim.Adam(self.d:parameters(), {lr = 1e-3})}
--- end
--- function Gan:train_step(state, real)
---   local fake = self.module(tnt.randn(real:size(1), 2))
---   self:update((self.d(fake:detach()) - self.d(real)):mean(), "d")
---   if (state.progress.num_steps_completed + 1) % self.d_steps == 0 then
---     self:update(-self.d(fake):mean(), "g")
---   end
--- end
--- local unit = Gan {nn.Linear(2, 2), nn.Linear(2, 1)}
--- local batches = {tnt.randn(4, 2), tnt.randn(4, 2), tnt.randn(4, 2)}
--- tnt.train(unit, {train_dataloader = batches, max_epochs = 2, bar = false})
--- unit.train_progress.num_updates_completed -- 9
--- ```
---@class tnt.AutoUnit: tnt.AutoPredictUnit
---@field optimizer table|tnt.Set|nil  several: by name
---@field schedule tnt.Set|nil
---@field averaged tnt.optim.AveragedModel|nil
---@field micro_batch_size integer|nil  the largest part of a batch that fitted, once one did not
local AutoUnit = AutoPredictUnit:extend("AutoUnit", {
  optimizer = NONE, schedule = NONE, compute_loss = NONE, metrics = NONE,
  gradient_accumulation_steps = 1, flush = "step", clip_grad_norm = NONE, clip_grad_value = NONE,
  ema = NONE, activation_checkpoint = NONE, out_of_memory = "raise", retain_graph = false,
  zero_grad_at_train_step_start = false, enable_prefetch = true, training = true,
})

class.rename(AutoUnit, {
  lr_scheduler = "schedule", scheduler = "schedule", param_scheduler = "schedule",
  swa_params = "ema", swa = "ema = {method = 'swa'}", max_norm = "clip_grad_norm",
  model = "module", loss_backward_retain_graph = "retain_graph", oom = "out_of_memory",
  activation_checkpoint_params = "activation_checkpoint", torch_compile_params = "cuda_graph",
  step_lr_interval = "the schedule's own option `by` ('epoch', 'update' or 'batch')",
  accumulative_counts = "gradient_accumulation_steps",
})

local function check_options(self, o)
  local who = tostring(class.of(self))
  check.count(who, "gradient_accumulation_steps", o.gradient_accumulation_steps, 1)
  for _, name in ipairs { "clip_grad_norm", "clip_grad_value" } do
    local value = o[name]
    if value == false then value = nil end
    if value ~= nil then check.number(who, name, value, 0) end
    self[name] = value ~= 0 and value or nil
  end
  check.word(who, "flush", o.flush, { "discard", "mean", "step" })
  check.word(who, "out_of_memory", o.out_of_memory, { "halve", "raise" })
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
  for _, name in ipairs {
    "gradient_accumulation_steps", "flush", "out_of_memory", "retain_graph",
    "zero_grad_at_train_step_start",
  } do
    self[name] = o[name]
  end
  if o.compute_loss then self.compute_loss = o.compute_loss end
  if o.metrics then self.metrics = metric_set(o.metrics) end
  if o.activation_checkpoint and o.training then
    require("tnt.nn").checkpoint_modules(o.module, o.activation_checkpoint)
  end
  if o.ema and o.training then averaging.open(self, o.ema) end
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
  if self.precision == "f16" then self.grad_scaler = require("tnt.optim").GradScaler() end
  if self.cuda_graph then require("tnt.auto_unit.captured").check(self) end
  self.schedule = schedules.set(schedule, self.optimizer, averaging.schedule(self))
  if #self.windows == 1 then return end
  if self.out_of_memory == "halve" then
    errors.raise("argument", "%s: out_of_memory = 'halve' makes a step again whose one loss it "
      .. "knows; with several optimizers train_step is yours, and so is this",
      tostring(class.of(self)))
  elseif o.activation_checkpoint then
    errors.raise("argument", "%s: activation_checkpoint is for one optimizer: with several each "
      .. "gets its own gradients, which recomputed parts cannot tell apart",
      tostring(class.of(self)))
  end
end

--- The loss of a batch. To be defined; or given as the option compute_loss. Returns a tensor, or a
--- table of named terms (those whose name contains "loss" are summed), and as second value whatever
--- metrics and hooks want.
function AutoUnit:compute_loss()
  errors.raise("state", "%s: define compute_loss(state, batch), or give the option compute_loss",
    tostring(class.of(self)))
end

--- How many samples a batch has: the weight of its values in an epoch's mean. May be overridden.
--- The first size of the first tensor in it that has one, or 1.
---@param batch any
---@return integer
function AutoUnit.batch_size(_, batch) return nest.first_size(batch) or 1 end

local weighted = {} -- options of state:log, the same table at each step

local function log_losses(state, total, terms, weight)
  weighted.weight = weight
  state:log("loss", total, weighted)
  if not terms then return end
  for _, name in ipairs(terms.names) do state:log(name, terms.values[name], weighted) end
end

--- One training step: the loss of the batch, logged undivided, and its update. May be overridden;
--- `self:update(loss)` then does what follows a loss.
---@param state tnt.State
---@param batch any
---@return table step_output  {loss, outputs}
function AutoUnit:train_step(state, batch)
  if self.cuda_graph then return require("tnt.auto_unit.captured").step(self, state, batch) end
  window.before_loss(self)
  if self.out_of_memory == "halve" then
    return require("tnt.auto_unit.micro").step(self, state, batch, function(part)
      log_losses(state, part.total, part.terms, part.weight)
    end)
  end
  batch = self:move_data_to_device(state, batch)
  local loss, outputs = state:time("compute_loss", self.in_precision, self, self.compute_loss, self,
    state, batch)
  local total, terms = losses.total(loss)
  log_losses(state, total, terms, self:batch_size(batch))
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
  window.backward(self, state, loss, name)
  window.close_if_due(self, state, name)
end

--- One evaluation step: the loss is logged and metrics are updated. May be overridden.
---@param state tnt.State
---@param batch any
---@return table step_output  {loss, outputs}
function AutoUnit:eval_step(state, batch)
  batch = self:move_data_to_device(state, batch)
  local loss, outputs = state:time("compute_loss", self.in_precision, self, self.compute_loss, self,
    state, batch)
  local total, terms = losses.total(loss)
  log_losses(state, total, terms, self:batch_size(batch))
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

-- ---- the loops' side ----------------------------------------------------------------------------

local engine = {}
for name, fn in pairs(AutoPredictUnit.engine) do engine[name] = fn end -- order: free
AutoUnit.engine = engine

engine.after_train_step = schedules.after_train_step
engine.close_train_epoch = function(self, state)
  window.flush(self, state)
  schedules.after_train_epoch(self)
  averaging.after_epoch(self)
end
engine.after_boundary = schedules.after_boundary
engine.enter_evaluation = averaging.enter_evaluation
engine.leave_evaluation = averaging.leave_evaluation
engine.before_snapshot = averaging.before_snapshot
engine.after_snapshot = averaging.after_snapshot

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

--- Beside the app state: open windows, and the size of parts that memory has taught.
function engine.save(self)
  return {
    windows = window.save(self), micro_batch_size = self.micro_batch_size,
    grad_scaler = self.grad_scaler and self.grad_scaler:state_dict(),
  }
end

--- The inverse of save.
function engine.load(self, saved)
  saved = saved or {}
  window.load(self, saved.windows)
  self.micro_batch_size = saved.micro_batch_size
  if self.grad_scaler and saved.grad_scaler then
    self.grad_scaler:load_state_dict(saved.grad_scaler)
  end
end

--- The options a resume compares with the saved ones.
function engine.hyper(self)
  return {
    gradient_accumulation_steps = self.gradient_accumulation_steps,
    clip_grad_norm = self.clip_grad_norm or 0, clip_grad_value = self.clip_grad_value or 0,
    precision = self.precision, flush = self.flush,
  }
end

return AutoUnit

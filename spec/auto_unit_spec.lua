-- The bookkeeping of AutoUnit on numbers that look like tensors; spec/auto_unit/tensor_spec.lua has
-- the real ones.

local rig = require "spec.loop.rig"

-- A number with the gradients of what it came from: enough for losses that are linear.
local Scalar = {}
Scalar.__index, Scalar.device = Scalar, "cpu"
local function scalar(value, slopes, n)
  return setmetatable({ value = value, slopes = slopes or {}, n = n or 1 }, Scalar)
end
function Scalar:numel() return self.n end
function Scalar.dim() return 0 end
function Scalar:mean() return scalar(self.value / self.n, self.slopes) end
function Scalar:detach() return scalar(self.value) end
function Scalar:clone() return scalar(self.value, self.slopes) end
function Scalar:keep() return self end
function Scalar.free() end
function Scalar:item() return self.value end
function Scalar.__div(a, b)
  local slopes = {}
  for parameter, slope in pairs(a.slopes) do slopes[parameter] = slope / b end -- order: free
  return scalar(a.value / b, slopes)
end
function Scalar.__add(a, b)
  local slopes = {}
  for _, x in ipairs { a, b } do
    for parameter, slope in pairs(x.slopes) do -- order: free
      slopes[parameter] = (slopes[parameter] or 0) + slope
    end
  end
  return scalar(a.value + b.value, slopes)
end
function Scalar:add_(other) self.value = self.value + other.value return self end
function Scalar:backward()
  for parameter, slope in pairs(self.slopes) do -- order: free
    parameter.grad = scalar((parameter.grad and parameter.grad.value or 0) + slope)
  end
end

local function parameter(value)
  local p = scalar(value)
  p.requires_grad = true
  p.slopes[p] = 1
  return p
end

local calls
package.loaded["tnt.autograd"] = {
  grad = function(loss, parameters)
    local gradients = {}
    for i, p in ipairs(parameters) do
      gradients[i] = loss.slopes[p] and scalar(loss.slopes[p]) or nil
    end
    return gradients
  end,
}
package.loaded["tnt.nn"] = {
  clip_grad_norm_ = function(parameters, max)
    local norm = 0
    for _, p in ipairs(parameters) do norm = norm + (p.grad and math.abs(p.grad.value) or 0) end
    if norm > max then
      for _, p in ipairs(parameters) do p.grad.value = p.grad.value * max / norm end
    end
    calls[#calls + 1] = "clip_norm " .. max
    return scalar(norm)
  end,
  clip_grad_value_ = function(parameters, max)
    for _, p in ipairs(parameters) do
      p.grad.value = math.max(-max, math.min(max, p.grad.value))
    end
    calls[#calls + 1] = "clip_value " .. max
  end,
}

local AutoUnit = require "tnt.auto_unit"
local nest = require "tnt.loop.nest"
local snapshot = require "tnt.loop.snapshot"
local fit = require "tnt.fit"
local train = require "tnt.train"
local evaluate = require "tnt.evaluate"

local function sgd(parameters, lr)
  local optimizer = { param_groups = { { params = parameters, lr = lr or 1 } }, steps = 0 }
  function optimizer.step(self)
    self.steps = self.steps + 1
    calls[#calls + 1] = "step"
    for _, p in ipairs(self.param_groups[1].params) do
      if p.grad then p.value = p.value - self.param_groups[1].lr * p.grad.value end
    end
  end
  function optimizer.zero_grad(self)
    for _, p in ipairs(self.param_groups[1].params) do p.grad = nil end
  end
  function optimizer.state_dict(self)
    return { steps = self.steps, lr = self.param_groups[1].lr }
  end
  function optimizer.load_state_dict(self, state)
    self.steps, self.param_groups[1].lr = state.steps, state.lr
  end
  return optimizer
end

local function schedule(by, monitor)
  return {
    by = by, monitor = monitor, values = {}, n = 0,
    step = function(self, value)
      self.n = self.n + 1
      self.values[self.n] = value or true
    end,
    state_dict = function(self) return { n = self.n } end,
    load_state_dict = function(self, state) self.n = state.n end,
  }
end

local function module_of(w)
  local module = rig.module()
  module.parameters = function() return { w } end
  function module.state_dict() return { w = scalar(w.value) } end
  function module.load_state_dict(_, state) w.value = state.w.value end
  return module
end

-- One weight; the loss of a batch x is w x, so its gradient is x.
local function auto(options, Class)
  local w = parameter(100)
  local given = {
    module = module_of(w), optimizer = sgd { w },
    compute_loss = function(_, _, x) return scalar(w.value * x, { [w] = x }), x end,
  }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  local unit = (Class or AutoUnit)(given)
  unit.w = nil
  return unit, w
end

-- The steps (counted over the run) after which the weight was new.
local function updates(unit, w, options, entry)
  local at, before = {}, w.value
  local hooks = options.hooks or {}
  table.insert(hooks, 1, {
    on_train_step_end = function(_, state)
      if w.value ~= before then at[#at + 1] = state.progress.num_steps_completed end
      before = w.value
    end,
  })
  options.hooks, options.bar = hooks, false
  local result = (entry or train)(unit, options)
  if w.value ~= before then at[#at + 1] = "epoch end" end
  return at, result
end

local function message(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  return err.message
end

describe("AutoUnit", function()
  before_each(function()
    rig.reset()
    calls = {}
  end)
  after_each(rig.assert_clean)

  it("steps after each batch, logs the undivided loss, lr and the gradients' norm", function()
    local unit, w = auto { optimizer = nil }
    local records = {}
    local at, result = updates(unit, w, {
      train_dataloader = { 1, 2, 3 }, max_epochs = 1,
      loggers = { { log = function(_, r) records[#records + 1] = r end } },
    })
    assert.same({ 1, 2, 3 }, at)
    assert.equal(94, w.value)
    assert.is_nil(w.grad)
    assert.same({ ["train/grad_norm"] = 1, ["train/loss"] = 100, ["train/lr"] = 1 },
      records[1].values)
    assert.same({ ["train/grad_norm"] = 2, ["train/loss"] = 198, ["train/lr"] = 1 },
      records[2].values)
    assert.same({ 1, 2 }, { records[1].update, records[2].update })
    assert.equal((100 + 198 + 291) / 3, result.metrics["train/loss"])
    assert.equal(3, unit.train_progress.num_updates_completed)
  end)

  it("accumulates, and the last batch of an epoch closes its window", function()
    local unit, w = auto { gradient_accumulation_steps = 3 }
    local at, result = updates(unit, w, { train_dataloader = { 3, 3, 3, 6 }, max_epochs = 2 })
    assert.same({ 3, 4, 7, 8 }, at) -- TorchTNT: updates at steps 3 and 4
    assert.equal(100 - 2 * ((3 + 3 + 3) / 3 + 6 / 3), w.value)
    assert.equal(4, unit.train_progress.num_updates_completed)
    assert.is_true(result.metrics["train/loss"] > 200) -- undivided
  end)

  it("keeps evaluations out of the windows (D4)", function()
    local unit, w = auto { gradient_accumulation_steps = 4 }
    local at = updates(unit, w, {
      train_dataloader = { 1, 1, 1, 1, 1, 1 }, eval_dataloader = { 1, 1 }, max_epochs = 1,
      evaluate_every_n_steps = 2, max_eval_steps_per_epoch = 2,
    }, fit)
    assert.same({ 4, 6 }, at)
    assert.equal(8, unit.eval_progress.num_steps_completed)
  end)

  it("closes windows at every epoch's end, however it ends (D5, D6)", function()
    local ones = { 1, 1, 1, 1, 1 }
    local unit, w = auto { gradient_accumulation_steps = 3 }
    assert.same({ 3, 4, 7, 8 },
      updates(unit, w, { train_dataloader = ones, max_epochs = 2, max_steps_per_epoch = 4 }))
    assert.is_nil(w.grad)
    for _, prefetch in ipairs { true, false } do
      unit, w = auto { gradient_accumulation_steps = 3, enable_prefetch = prefetch }
      assert.same({ 3, 4 }, updates(unit, w, { train_dataloader = { 1, 1, 1, 1 }, max_epochs = 1 }))
    end
    -- Of unknown size: known ahead by fetching ahead, else when the epoch is over.
    local function unknown()
      local i = 0
      return function()
        i = i + 1
        if i <= 4 then return 1 end
      end
    end
    unit, w = auto { gradient_accumulation_steps = 3 }
    assert.same({ 3, 4 }, updates(unit, w, { train_dataloader = unknown, max_epochs = 1 }))
    unit, w = auto { gradient_accumulation_steps = 3, enable_prefetch = false }
    assert.same({ 3, "epoch end" },
      updates(unit, w, { train_dataloader = unknown, max_epochs = 1 }))
    assert.equal(2, unit.train_progress.num_updates_completed)
    -- Stopped in the middle of a window.
    unit, w = auto { gradient_accumulation_steps = 3 }
    assert.same({ "epoch end" }, updates(unit, w, {
      train_dataloader = ones, max_epochs = 1,
      hooks = { { on_train_step_end = function(_, state) state:stop() end } },
    }))
  end)

  it("clips by norm, then by value, between the optimizer-step events", function()
    local unit, w = auto { clip_grad_norm = 2, clip_grad_value = 1.5 }
    local function note(event)
      return function() calls[#calls + 1] = event .. " " .. tostring(w.grad and w.grad.value) end
    end
    updates(unit, w, {
      train_dataloader = { 4 }, max_epochs = 1,
      hooks = { {
        on_train_optimizer_step_start = note "start", on_train_optimizer_step_end = note "end",
        on_train_step_end = note "step_end",
      } },
    })
    assert.same({ "start 4", "clip_norm 2", "clip_value 1.5", "step", "end 1.5", "step_end nil" },
      calls)
    calls = {}
    unit, w = auto { clip_grad_norm = 0, clip_grad_value = 0, zero_grad_at_train_step_start = true }
    local grads = {}
    updates(unit, w, {
      train_dataloader = { 4, 5 }, max_epochs = 1,
      hooks = { { on_train_step_end = function() grads[#grads + 1] = w.grad.value end } },
    })
    assert.same({ "clip_norm inf", "step", "clip_norm inf", "step" }, calls)
    assert.same({ 4, 5 }, grads) -- readable after the step, not summed
    assert.equal(91, w.value)
  end)

  it("sums the terms whose names contain loss, each averaged, and logs all", function()
    local w = parameter(1)
    local seen
    local unit = AutoUnit {
      module = module_of(w), optimizer = sgd { w },
      compute_loss = function()
        return {
          loss_a = scalar(6, { [w] = 1 }, 3), aux_loss = { scalar(1, { [w] = 1 }), scalar(2) },
          acc = scalar(0.5),
        }
      end,
    }
    local _, result = updates(unit, w, { train_dataloader = { 1 }, max_epochs = 1 })
    assert.same({
      ["train/acc"] = 0.5, ["train/aux_loss"] = 3, ["train/loss_a"] = 2, ["train/loss"] = 5,
      ["train/lr"] = 1, ["train/grad_norm"] = 2,
    }, result.metrics)
    local function refused(loss)
      unit.compute_loss = function() return loss end
      seen = message(train, unit, { train_dataloader = { 1 }, max_epochs = 9, bar = false })
      return seen
    end
    assert.matches("would hide their sum",
      refused { loss = scalar(1), loss_b = scalar(2) }, 1, true)
    assert.matches("none of the terms (acc)", refused { acc = scalar(1) }, 1, true)
    assert.matches("got nothing", refused(nil), 1, true)
    assert.matches("must be a tensor or a list of tensors, got string",
      refused { loss = "x" }, 1, true)
  end)

  it("steps schedules by update, batch and epoch (C-21)", function()
    local by_update, by_batch, by_epoch = schedule "update", schedule "batch", schedule "epoch"
    local unit, w = auto {
      gradient_accumulation_steps = 2, schedule = { by_update, by_batch, by_epoch },
    }
    updates(unit, w, { train_dataloader = { 1, 1, 1, 1 }, max_epochs = 3 })
    assert.same({ 6, 12, 3 }, { by_update.n, by_batch.n, by_epoch.n })
    by_update, by_epoch = schedule "update", schedule()
    unit, w = auto { schedule = by_update }
    updates(unit, w, { train_dataloader = { 1, 1, 1, 1 }, max_epochs = 3 })
    unit, w = auto { schedule = by_epoch }
    updates(unit, w, { train_dataloader = { 1, 1, 1, 1 }, max_epochs = 3 })
    assert.same({ 12, 3 }, { by_update.n, by_epoch.n })
    assert.matches("unknown value of by 'epcoh'; did you mean 'epoch'",
      message(auto, { schedule = schedule "epcoh" }), 1, true)
  end)

  it("steps schedules that watch a metric where it is new", function()
    local on_eval, on_train, missing = schedule(nil, "eval_loss"), schedule(nil, "train/loss"),
      schedule(nil, "eval/nothing")
    local unit, w = auto { schedule = { on_eval, on_train, missing } }
    updates(unit, w, {
      train_dataloader = { 1, 1 }, eval_dataloader = { 1 }, max_epochs = 2,
      evaluate_every_n_epochs = 2,
    }, fit)
    assert.same({ 96 }, on_eval.values)
    assert.same({ 99.5, 97.5 }, on_train.values)
    assert.equal(0, missing.n)
    assert.equal(1, #rig.warnings)
  end)

  it("configures its optimizer once, after the last constructor", function()
    local w, n = parameter(1), 0
    local Base = AutoUnit:extend "Base"
    function Base.configure_optimizers_and_lr_scheduler(self, module)
      n = n + 1
      assert.equal(self.module, module)
      return sgd({ w }, self.lr), schedule "update"
    end
    function Base.compute_loss(_, _, x) return scalar(x, { [w] = x }) end
    local Mine = Base:extend("Mine", { "extra" })
    function Mine:init(o) self.lr = o.extra end
    local unit = Mine { module_of(w), 0.5 }
    assert.equal(1, n)
    assert.equal(0.5, unit.optimizer.param_groups[1].lr)
    train(unit, { train_dataloader = { 1, 1 }, max_epochs = 1, bar = false })
    assert.equal(0, w.value)
    assert.equal(2, unit.schedule[1].n)
    assert.equal(1, n)
    assert.is_nil(Mine({ module = module_of(w), extra = 1, training = false }).optimizer)
  end)

  it("trains with several optimizers, each with its own gradients only", function()
    local g, d = parameter(0), parameter(0)
    local Gan = AutoUnit:extend "Gan"
    function Gan.configure_optimizers_and_lr_scheduler()
      return { g = sgd({ g }, 1), d = sgd({ d }, 10) }, { d = schedule "update" }
    end
    function Gan:train_step(_, x)
      self:update(scalar(1, { [g] = x, [d] = x }), "d")
      assert.is_nil(g.grad)
      self:update(scalar(1, { [g] = x, [d] = x }), "g")
    end
    local unit = Gan { module = module_of(g) }
    local result = train(unit, { train_dataloader = { 1, 2 }, max_epochs = 1, bar = false })
    assert.same({ -3, -30 }, { g.value, d.value })
    assert.equal(4, unit.train_progress.num_updates_completed)
    assert.same({ 1, 10 }, { result.metrics["train/lr/g"], result.metrics["train/lr/d"] })
    assert.equal(2, unit.schedule.d.n)
    assert.equal(unit.optimizer.g, unit.optimizer[2])
    local function refused(name)
      Gan.train_step = function(self) self:update(scalar(1), name) end
      return message(train, unit, { train_dataloader = { 1 }, max_epochs = 9, bar = false })
    end
    assert.matches("there are several optimizers (d, g); say whose", refused(nil), 1, true)
    assert.matches("unknown optimizer 'e'", refused "e", 1, true)
  end)

  it("says what is missing", function()
    local w = parameter(1)
    local unit = AutoUnit { module = module_of(w) }
    local function failure(u)
      local ok, err = pcall(train, u, { train_dataloader = { 1 }, max_epochs = 1, bar = false })
      assert.is_false(ok)
      return err
    end
    local err = failure(unit)
    assert.equal("state", err.kind)
    assert.matches("define compute_loss(state, batch)", err.message, 1, true)
    unit.compute_loss = function() return scalar(1) end
    assert.matches("AutoUnit has no optimizer: give optimizer = ...",
      failure(unit).message, 1, true)
    local ok, outside = pcall(unit.update, unit, scalar(1))
    assert.is_false(ok)
    assert.equal("state", outside.kind)
  end)

  it("refuses wrong options at construction (C-25)", function()
    assert.matches("unknown precision 'fp8'", message(auto, { precision = "fp8" }), 1, true)
    assert.matches("for f64 throughout convert the module: module:to('f64')",
      message(auto, { precision = "f64" }), 1, true)
    for _, wrong in ipairs { 0, -1, 1.5, "2" } do
      assert.matches("gradient_accumulation_steps must be a whole number from 1 on",
        message(auto, { gradient_accumulation_steps = wrong }), 1, true)
    end
    for _, name in ipairs { "clip_grad_norm", "clip_grad_value" } do
      assert.matches(name .. " must be a number", message(auto, { [name] = -1 }), 1, true)
    end
    assert.matches("option 'lr_scheduler' is called schedule here",
      message(auto, { lr_scheduler = 1 }), 1, true)
    assert.matches("module must be an nn.Module, got number",
      message(auto, { module = 5 }), 1, true)
    assert.matches("optimizer must be an optimizer", message(auto, { optimizer = 5 }), 1, true)
    assert.matches("optimizer.g is not an optimizer",
      message(auto, { optimizer = { g = 5 } }), 1, true)
    assert.matches("schedule 'schedule': expected an object with step()",
      message(auto, { schedule = 5 }), 1, true)
    assert.matches("metrics[1]: expected an object with update and compute",
      message(auto, { metrics = { {} } }), 1, true)
  end)

  it("weights an epoch's mean by the sizes of batches", function()
    local unit = auto()
    function unit.batch_size(_, x) return x end
    local result = evaluate(unit, { eval_dataloader = { 1, 3 }, bar = false })
    assert.equal((100 * 1 + 300 * 3) / 4, result.metrics["eval/loss"])
  end)

  it("updates metrics in eval steps, resets and logs them for each evaluation", function()
    local metric = {
      name = "sum", total = 0,
      reset = function(self) self.total = 0 end,
      update = function(self, prediction, target) self.total = self.total + prediction * target end,
      compute = function(self) return self.total end,
    }
    local several = {
      update = function() end, compute = function() return { top1 = 0.5, top5 = scalar(0.75) } end,
    }
    local unit, w = auto { metrics = { metric, several } }
    unit.compute_loss = function(_, _, batch) return scalar(1, { [w] = 0 }), batch.x end
    local options = { eval_dataloader = { { x = 2, y = 3 }, { x = 1, label = 1 } }, bar = false }
    for _ = 1, 2 do
      local metrics = evaluate(unit, options).metrics
      assert.same({
        ["eval/loss"] = 1, ["eval/sum"] = 7, ["eval/top1"] = 0.5, ["eval/top5"] = 0.75,
      }, metrics)
    end
    unit.compute_loss = function(_, _, batch) return scalar(1), { batch.x, 10 } end
    assert.equal(30, evaluate(unit, options).metrics["eval/sum"])
    unit.compute_loss = function() return scalar(1) end
    assert.matches("metrics want a prediction and a target",
      message(evaluate, unit, options), 1, true)
  end)

  it("resumes inside a window of accumulation as if it had never ended", function()
    local saved = {}
    package.loaded["tnt.checkpoint.run"] = {
      resolve = function(_, resume) return saved[resume] and resume end,
      restore = function(path, state, unit)
        snapshot.restore(state, unit, nest.clone(saved[path]))
      end,
    }
    local function go(more)
      local by_update = schedule "update"
      local unit, w = auto { gradient_accumulation_steps = 3, schedule = by_update }
      local options = { train_dataloader = { 1, 2, 4, 8, 16 }, max_epochs = 2, bar = false }
      for name, value in pairs(more) do options[name] = value end -- order: free
      train(unit, options)
      return w.value, unit.train_progress, by_update.n
    end
    local whole, progress, stepped = go { hooks = { { on_train_step_end = function(_, state)
      saved["step " .. state.progress.num_steps_completed] = nest.clone(state:snapshot())
    end } } }
    for step = 1, 10 do
      local value, resumed_progress, resumed_stepped = go { resume = "step " .. step }
      assert.equal(whole, value, "step " .. step)
      assert.same(progress, resumed_progress)
      assert.equal(stepped, resumed_stepped)
    end
    assert.same({ count = 2, gradients = { ["1"] = scalar(1) } }, saved["step 2"].unit.windows["1"])
    assert.same({}, saved["step 3"].unit.windows)
    local unit = auto { gradient_accumulation_steps = 2 }
    train(unit, { train_dataloader = { 1 }, max_epochs = 1, resume = "step 4", bar = false })
    assert.matches("gradient_accumulation_steps: saved 3, now 2 (the present one holds)",
      rig.warnings[2], 1, true)
  end)
end)

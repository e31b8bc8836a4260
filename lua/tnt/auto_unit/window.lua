-- Windows of gradient accumulation, one for each optimizer: how many losses went backward since its
-- last step, and the step that closes the window. Every epoch's end closes what is open, as the
-- option `flush` says.

local averaging = require "tnt.auto_unit.averaging"
local errors = require "tnt.errors"
local class = require "tnt.class"
local schedules = require "tnt.auto_unit.schedules"
local Set = require "tnt.auto_unit.set"
local sorted = require "tnt.sorted"

local window = {}

local function is_optimizer(value)
  return type(value) == "table" and type(value.step) == "function"
    and type(value.param_groups) == "table"
end

-- All parameters of an optimizer; the same table as long as they are the same, because clipping
-- remembers lists by it.
local function parameters_of(w)
  local list, groups, n, is_same = w.parameters, w.optimizer.param_groups, 0, true
  for i = 1, #groups do
    local params = groups[i].params
    for k = 1, #params do
      n = n + 1
      is_same = is_same and rawequal(list[n], params[k])
    end
  end
  if is_same and #list == n then return list end
  list = {}
  for i = 1, #groups do
    local params = groups[i].params
    for k = 1, #params do list[#list + 1] = params[k] end
  end
  w.parameters = list
  return list
end

local function new_window(optimizer, name)
  local suffix = name and "/" .. name or ""
  return {
    optimizer = optimizer, name = name, count = 0, must_zero = false, parameters = {},
    lr_name = "lr" .. suffix, norm_name = "grad_norm" .. suffix,
  }
end

--- Gives a unit its optimizer, or several by name.
--- Errors: argument, when a value is no optimizer.
---@param unit tnt.AutoUnit
---@param optimizer table
function window.open(unit, optimizer)
  unit.windows = {}
  if is_optimizer(optimizer) then
    unit.optimizer = optimizer
    unit.windows[1] = new_window(optimizer)
    return
  end
  local who = tostring(class.of(unit))
  if type(optimizer) ~= "table" or getmetatable(optimizer) ~= nil or next(optimizer) == nil then
    errors.raise("argument", "%s: optimizer must be an optimizer or a table of several by name, "
      .. "got %s", who, type(optimizer))
  end
  for name, member in sorted(optimizer) do
    if type(name) ~= "string" or not is_optimizer(member) then
      errors.raise("argument", "%s: optimizer.%s is not an optimizer (step, param_groups)", who,
        tostring(name))
    end
  end
  unit.optimizer = Set.by_name(optimizer)
  for i, name in ipairs(unit.optimizer.names) do
    unit.windows[i] = new_window(unit.optimizer[i], name)
    unit.windows[name] = unit.windows[i]
  end
end

--- Gives each window its GradScaler: a scale may change only where no window of its gradients is
--- open. With several optimizers unit.grad_scaler has them by the optimizers' names.
---@param unit tnt.AutoUnit
function window.scale(unit)
  local GradScaler = require("tnt.optim").GradScaler
  local by_name = {}
  for _, w in ipairs(unit.windows) do
    w.scaler = GradScaler()
    if w.name then by_name[w.name] = w.scaler end
  end
  unit.grad_scaler = next(by_name) and Set.by_name(by_name) or unit.windows[1].scaler
end

local function find(unit, name)
  local windows = unit.windows
  if not windows then
    errors.raise("state", "%s has no optimizer: give optimizer = ..., or define "
      .. "configure_optimizers_and_lr_scheduler(module)", tostring(class.of(unit)))
  end
  if name == nil and #windows == 1 then return windows[1] end
  local found = name ~= nil and windows[name] or nil
  if not found then
    local names = unit.optimizer.names or {}
    if name == nil then
      errors.raise("argument", "%s:update: there are several optimizers (%s); say whose: "
        .. "self:update(loss, '%s')", tostring(class.of(unit)), table.concat(names, ", "), names[1])
    end
    errors.unknown(tostring(class.of(unit)) .. ":update", "optimizer", name, names)
  end
  return found
end

--- Before a step's forward: gradients that were left readable are cleared now.
---@param unit tnt.AutoUnit
function window.before_loss(unit)
  for _, w in ipairs(unit.windows or {}) do
    if w.must_zero then
      w.optimizer:zero_grad()
      w.must_zero = false
    end
  end
end

-- Gradients of one optimizer's parameters only: the others' stay untouched.
local function backward_into(loss, parameters, retain_graph)
  local wanted = {}
  for _, parameter in ipairs(parameters) do
    if parameter.requires_grad then wanted[#wanted + 1] = parameter end
  end
  local gradients = require("tnt.autograd").grad(loss, wanted,
    { allow_unused = true, retain_graph = retain_graph })
  for i, parameter in ipairs(wanted) do
    local gradient = gradients[i]
    if gradient then
      local before = parameter.grad
      if before then before:add_(gradient) else parameter.grad = gradient end
    end
  end
end

local last, retained = { reduce = "last" }, { retain_graph = true }

-- The gradients' sum over a window that is not full, as the mean of its own losses.
local function scale_up(parameters, factor)
  for _, parameter in ipairs(parameters) do
    if parameter.grad then parameter.grad:mul_(factor) end
  end
end

-- What the device does in an update: clipping, the optimizer's step. Returns the gradients' norm.
local function clip_and_step(unit, state, w)
  local parameters, scaler = parameters_of(w), w.scaler
  local nn = require "tnt.nn"
  if scaler then scaler:unscale_(w.optimizer) end
  local norm = state:time("clip_grad_norm", nn.clip_grad_norm_, parameters,
    unit.clip_grad_norm or math.huge)
  if unit.clip_grad_value then
    state:time("clip_grad_value", nn.clip_grad_value_, parameters, unit.clip_grad_value)
  end
  if scaler then
    state:time("optimizer_step", scaler.step, scaler, w.optimizer)
    scaler:update()
  else
    state:time("optimizer_step", w.optimizer.step, w.optimizer)
  end
  return norm
end

-- What the host does with it.
local function after_step(unit, state, w, norm)
  state:log(w.norm_name, norm)
  w.count = 0
  unit.train_progress:increment_update()
  state:time("lr_scheduler_step", schedules.after_update, unit, w.name)
  state:time("weight_averaging", averaging.after_update, unit, w.name)
  state:emit "on_train_optimizer_step_end"
  if unit.zero_grad_at_train_step_start then
    w.must_zero = true
  else
    state:time("optimizer_zero_grad", w.optimizer.zero_grad, w.optimizer)
  end
end

local function step(unit, state, w)
  local missing = unit.gradient_accumulation_steps - w.count
  if missing > 0 and unit.flush == "discard" then
    w.count = 0
    w.optimizer:zero_grad()
    return
  elseif missing > 0 and unit.flush == "mean" then
    scale_up(parameters_of(w), unit.gradient_accumulation_steps / w.count)
  end
  state:emit "on_train_optimizer_step_start"
  after_step(unit, state, w, clip_and_step(unit, state, w))
end

--- Backward from a loss, divided by the length of a window.
---@param unit tnt.AutoUnit
---@param state tnt.State
---@param loss tnt.Tensor
---@param name string|nil
function window.backward(unit, state, loss, name)
  local w, n = find(unit, name), unit.gradient_accumulation_steps
  if w.must_zero then
    w.optimizer:zero_grad()
    w.must_zero = false
  end
  local part = n == 1 and loss or loss / n
  if w.scaler then part = w.scaler:scale(part) end
  if #unit.windows > 1 then
    state:time("backward", backward_into, part, parameters_of(w), unit.retain_graph)
  elseif unit.retain_graph then
    state:time("backward", part.backward, part, retained)
  else
    state:time("backward", part.backward, part)
  end
end

--- One more loss went backward: the optimizer's step where its window is full or the epoch ends.
---@param unit tnt.AutoUnit
---@param state tnt.State
---@param name string|nil
function window.close_if_due(unit, state, name)
  local w = find(unit, name)
  state:log(w.lr_name, w.optimizer.param_groups[1].lr, last)
  w.count = w.count + 1
  if w.count >= unit.gradient_accumulation_steps or state.last_batch then step(unit, state, w) end
end

--- The parameters of a unit's only optimizer.
---@param unit tnt.AutoUnit
---@return tnt.Tensor[]
function window.parameters(unit) return parameters_of(find(unit)) end

--- At an epoch's end: windows that are open get their step.
---@param unit tnt.AutoUnit
---@param state tnt.State
function window.flush(unit, state)
  for _, w in ipairs(unit.windows or {}) do
    if w.count > 0 then step(unit, state, w) end
  end
end

--- What a checkpoint needs of open windows: counts and gradients.
---@param unit tnt.AutoUnit
---@return table|nil
function window.save(unit)
  local saved = {}
  for i, w in ipairs(unit.windows or {}) do
    if w.count > 0 then
      local gradients = {}
      for k, parameter in ipairs(parameters_of(w)) do
        gradients[tostring(k)] = parameter.grad
      end
      saved[w.name or tostring(i)] = { count = w.count, gradients = gradients }
    end
  end
  return saved
end

---@param unit tnt.AutoUnit
---@param saved table|nil
function window.load(unit, saved)
  for i, w in ipairs(unit.windows or {}) do
    local state = saved and saved[w.name or tostring(i)]
    w.count, w.must_zero = state and state.count or 0, false
    w.optimizer:zero_grad()
    if state then
      local parameters = parameters_of(w)
      for key, gradient in sorted(state.gradients) do
        parameters[tonumber(key)].grad = gradient:detach():clone():keep()
      end
    end
  end
end

--- The halves of an update, for steps whose device part is captured:
--- `clip_and_step(unit, state, w)` gives the norm that `after_step(unit, state, w, norm)` wants.
window.clip_and_step, window.after_step = clip_and_step, after_step

return window

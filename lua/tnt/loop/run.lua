-- Makes a run out of an entry point, a unit and options, hands it to the engine, and makes the
-- result.

local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local Cursor = require "tnt.data.cursor"
local engine = require "tnt.loop.engine"
local ffi = require "ffi"
local hook = require "tnt.hook"
local Loggers = require "tnt.loop.loggers"
local message = require "tnt.loop.message"
local nest = require "tnt.loop.nest"
local options = require "tnt.loop.options"
local Overfit = require "tnt.loop.overfit"
local Running = require "tnt.loop.running"
local sorted = require "tnt.sorted"
local State = require "tnt.state"
local timing = require "tnt.loop.timing"

ffi.cdef [[int tnt_loop_isatty(int fd) asm("isatty");]]

local Run = class.new "Run"

-- Whose direct fields hold tensors beyond a step (R4), with their names in messages: a list of each
-- phase's own, because the search for tensors that escape is made at its first, second, fourth
-- step.
local function owners_of(run, cursors)
  local owners = { { run.unit, "unit" }, { run.state, "state" } }
  for i, object in ipairs(run.hooks) do
    owners[#owners + 1] = { object, ("hooks[%d] (%s)"):format(i, hook.title(object)) }
  end
  local function add_metric(value, path)
    if type(value) == "table" and type(value.update) == "function"
      and type(value.compute) == "function" then
      owners[#owners + 1] = { value, path }
    end
  end
  for name, value in sorted(run.unit) do
    add_metric(value, "unit." .. tostring(name))
    if name == "metrics" and type(value) == "table" then
      for i, metric in ipairs(value) do add_metric(metric, "unit.metrics[" .. i .. "]") end
    end
  end
  owners.searched = {} -- not owners: loaders own what they fetch ahead by themselves
  for i, cursor in ipairs(cursors) do owners.searched[i] = { cursor.loader, cursor.who } end
  return owners
end

local function takes_iterator(unit, phase)
  local takes = unit.takes_iterator
  if type(takes) == "table" then return takes[phase] == true end
  return takes == true
end

-- A phase's step, as the unit's class wants it called.
local function step_of(unit, name)
  local step, wrap = unit[name .. "_step"], unit.engine and unit.engine.wrap_step
  return wrap and wrap(unit, step) or step
end

-- The record of a phase: what the engine needs of it, looked up once.
local function new_phase(run, name, default_name, cursors, limits)
  local state, unit = run.state, run.unit
  local on = {}
  for _, event in ipairs(hook.phase_events) do
    on[event] = run.dispatch["on_" .. name .. "_" .. event]
  end
  local delivers = name == "train" and #run.loggers > 0
  local phase = {
    name = name, default_name = default_name, cursors = cursors, passed = {}, on = on,
    step = step_of(unit, name), fetch = unit["get_next_" .. name .. "_batch"],
    takes_iterator = takes_iterator(unit, name), looks_ahead = unit.enable_prefetch == true,
    progress = unit[name .. "_progress"], times = state.iteration_timer[name .. "_iteration_time"],
    max_steps = limits.max_steps, max_epochs = limits.max_epochs,
    limit = limits.max_steps_per_epoch, marks_boundary = name == "train",
    owners = owners_of(run, cursors),
    running = Running(default_name,
      delivers and function(record) run.loggers:log(record) end or nil, state.latest),
  }
  run.phases[name] = phase
end

local function wants_bar(given)
  if given.bar ~= nil then return given.bar end
  return ffi.C.tnt_loop_isatty(2) == 1
end

local function with_bar(given)
  if not wants_bar(given) then return given.hooks end
  local list = {}
  for i = 1, given.hooks and table.maxn(given.hooks) or 0 do list[i] = given.hooks[i] end
  list[#list + 1] = require "tnt.hooks.progress_bar"()
  return list
end

-- A dry run does without the hooks that have no place in one (`in_dry_run = false`).
local function leave_out(given)
  if not given.dry_run then return end
  local list = {}
  for i = 1, table.maxn(given.hooks) do
    local object = given.hooks[i]
    if type(object) == "table" and object.in_dry_run == false then object = false end
    list[i] = object
  end
  given.hooks = list
end

local function limit_eval(given)
  local limit, n = given.max_eval_steps_per_epoch, given.overfit_batches
  if not n then return limit end
  return limit and limit < n and limit or n
end

-- One object in two fields would be saved twice, and restored from whichever comes last.
local function warn_of_doubles(unit)
  local names = {}
  for name, object in sorted(unit:app_state()) do
    if names[object] then
      message.warn("unit.%s and unit.%s are one object, which checkpoints would hold twice; keep "
        .. "it in one field", names[object], name)
    end
    names[object] = names[object] or name
  end
end

function Run:init(entry, unit, given)
  self.entry, self.unit, self.run_options = entry, unit, given
  self.phases, self.former = {}, {}
  if type(given.hooks) == "table" then leave_out(given) end
  self.hooks, self.saved_as = hook.order(given.hooks)
  if given.bar ~= false then self.hooks, self.saved_as = hook.order(with_bar(given)) end
  self.dispatch = hook.dispatch(unit, self.hooks)
  self.loggers = Loggers(given.loggers)
  self.state = State(entry, self)
  warn_of_doubles(unit)
  local state = self.state
  state.dir = given.dir
  if given.train_dataloader ~= nil then
    local loader = given.train_dataloader
    if given.overfit_batches then
      loader = Overfit("train_dataloader", loader, given.overfit_batches)
    end
    new_phase(self, "train", "train", { Cursor("train_dataloader", loader) }, given)
    state.evaluate_every_n_steps = given.evaluate_every_n_steps
    state.evaluate_every_n_epochs = given.evaluate_every_n_epochs
    self.every_n_steps = given.evaluate_every_n_steps
    self.every_n_epochs = given.evaluate_every_n_epochs
  end
  if given.eval_dataloader ~= nil then
    new_phase(self, "eval", given.name or "eval",
      Cursor.set("eval_dataloader", given.eval_dataloader),
      { max_steps_per_epoch = given.max_eval_steps_per_epoch or given.max_steps_per_epoch })
    if entry == "fit" then
      self.phases.eval.limit = limit_eval(given)
    end
  end
  if given.predict_dataloader ~= nil then
    new_phase(self, "predict", given.name or "predict",
      Cursor.set("predict_dataloader", given.predict_dataloader),
      { max_steps_per_epoch = given.max_steps_per_epoch })
  end
  if given.max_time then self.deadline = clock.now() + given.max_time end
  if given.collect then self:collect_outputs() end
  if given.timer then timing(self, given.timer) end
end

--- Whether min_steps or min_epochs keep training from being stopped.
---@return boolean
function Run:is_below_minimum()
  local given, train = self.run_options, self.phases.train
  if not train then return false end
  local progress = train.progress
  return progress.num_steps_completed < (given.min_steps or 0)
    or progress.num_epochs_completed < (given.min_epochs or 0)
end

-- predict {collect = true}: step outputs, moved to the CPU, in a list.
function Run:collect_outputs()
  local outputs = {}
  self.outputs = outputs
  local function to_cpu(tensor)
    local detached = tensor:detach()
    local moved = detached:cpu()
    if moved == detached then moved = detached:clone() end
    return moved:keep()
  end
  local listeners = self.dispatch.on_predict_step_end
  table.insert(listeners.fns, 1, function(_, state)
    outputs[#outputs + 1] = nest.map(state.step_output, to_cpu)
  end)
  table.insert(listeners.selfs, 1, { name = "collect" })
  listeners.n = listeners.n + 1
end

--- Whether an evaluation is due at this boundary; asked once.
---@return boolean
function Run:evaluation_due()
  if self.due ~= nil then return self.due end
  local state = self.state
  self.due = false
  if not self.phases.eval or not self.phases.train or not state.boundary then return false end
  local progress = self.phases.train.progress
  local when = self.run_options.evaluate_when
  if when then
    self.due = when(state, state.boundary) and true or false
  elseif state.boundary == "step" then
    local n = self.every_n_steps
    self.due = n ~= nil and n > 0 and progress.num_steps_completed % n == 0
  else
    local n = self.every_n_epochs
    self.due = n ~= nil and n > 0 and progress.num_epochs_completed % n == 0
  end
  if self.due and self.run_options.evaluate_unchanged == false and self.evaluated_at then
    local at = self.evaluated_at
    self.due = progress.num_steps_completed ~= at.step
      or progress.num_updates_completed ~= at.update
  end
  return self.due
end

--- Notes that the present weights were evaluated.
function Run:note_evaluation()
  local progress = self.phases.train.progress
  self.evaluated_at = {
    step = progress.num_steps_completed, update = progress.num_updates_completed,
  }
end

function Run:restore()
  local given, state, unit = self.run_options, self.state, self.unit
  if not given.resume and not given.load then return end
  local checkpoint = require "tnt.checkpoint.run"
  local path = given.resume and checkpoint.resolve(given.dir, given.resume, state)
  if path then
    checkpoint.restore(path, state, unit)
  elseif given.load then
    checkpoint.load(given.load, state, unit)
  end
end

---@class tnt.Result
---@field reason string   "max_epochs", "max_steps", "max_time", "data" or "stopped"
---@field message string|nil  what `state:stop` was given
---@field progress tnt.Progress  of training, or of the evaluation or prediction
---@field metrics table<string, number>  by full name: "eval/accuracy"
---@field outputs any[]|nil  predict {collect = true}: what the steps returned, on the CPU

--- What train, evaluate, predict and fit have in common.
---@param entry string
---@param unit table
---@param given table
---@return tnt.Result
function Run.start(entry, unit, given)
  local run = Run(entry, unit, options.read(entry, unit, given))
  local reason = engine.run(run)
  local state = run.state
  if run.run_options.timer then message.info("%s", run.run_options.timer:summary()) end
  if state.should_stop and reason ~= "max_time" then reason = "stopped" end
  local phase = run.phases.train or run.phases.eval or run.phases.predict
  return {
    reason = reason, message = state.stop_message, progress = phase.progress,
    metrics = state.metrics, outputs = run.outputs,
  }
end

return Run

-- Makes a run out of an entry point, a unit and options, hands it to the engine, and makes the
-- result.

local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local Cursor = require "tnt.loop.cursor"
local engine = require "tnt.loop.engine"
local ffi = require "ffi"
local hook = require "tnt.hook"
local Loggers = require "tnt.loop.loggers"
local nest = require "tnt.loop.nest"
local options = require "tnt.loop.options"
local Running = require "tnt.loop.running"
local sorted = require "tnt.sorted"
local State = require "tnt.state"

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
    step = unit[name .. "_step"], fetch = unit["get_next_" .. name .. "_batch"],
    takes_iterator = takes_iterator(unit, name), looks_ahead = unit.enable_prefetch == true,
    progress = unit[name .. "_progress"], times = state.iteration_timer[name .. "_iteration_time"],
    max_steps = limits.max_steps, max_epochs = limits.max_epochs,
    max_steps_per_epoch = limits.max_steps_per_epoch, marks_boundary = name == "train",
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

function Run:init(entry, unit, given)
  self.entry, self.unit, self.run_options = entry, unit, given
  self.phases, self.former = {}, {}
  self.hooks, self.saved_as = hook.order(given.hooks)
  if given.bar ~= false then self.hooks, self.saved_as = hook.order(with_bar(given)) end
  self.dispatch = hook.dispatch(unit, self.hooks)
  self.loggers = Loggers(given.loggers)
  self.state = State(entry, self)
  local state = self.state
  state.dir = given.dir
  if given.train_dataloader ~= nil then
    new_phase(self, "train", "train", { Cursor("train_dataloader", given.train_dataloader) }, given)
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
      self.phases.eval.max_steps_per_epoch = given.max_eval_steps_per_epoch
    end
  end
  if given.predict_dataloader ~= nil then
    new_phase(self, "predict", given.name or "predict",
      Cursor.set("predict_dataloader", given.predict_dataloader),
      { max_steps_per_epoch = given.max_steps_per_epoch })
  end
  if given.max_time then self.deadline = clock.now() + given.max_time end
  if given.collect then self:collect_outputs() end
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
  return self.due
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
  if state.should_stop and reason ~= "max_time" then reason = "stopped" end
  local phase = run.phases.train or run.phases.eval or run.phases.predict
  return {
    reason = reason, message = state.stop_message, progress = phase.progress,
    metrics = state.metrics, outputs = run.outputs,
  }
end

return Run

-- What a running loop shows to units and hooks: where it is, what the step gave, the metrics, and
-- what may be asked of it. A state is made fresh by each call of train, evaluate, predict or fit.

local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local length = require "tnt.loop.length"
local sorted = require "tnt.sorted"
local Timer = require "tnt.loop.timer"

---@class tnt.State
---@field entry_point string   "train", "evaluate", "predict" or "fit"
---@field active_phase string  "train", "eval" or "predict"
---@field name string          of the active phase: prefix of its metrics ("train", "eval", "val")
---@field dir string|nil       where the run writes
---@field batch any            of the step that runs; nil between steps
---@field step_output any      what the step returned; seen by step-end events only
---@field last_batch boolean   the step's batch is known to be the last of its epoch
---@field progress tnt.Progress  of the active phase
---@field metrics table<string, number>  values of finished epochs by full name ("train/loss")
---@field latest table<string, number>   newest values of steps by full name, one step late
---@field iteration_timer tnt.loop.Timer
---@field evaluate_every_n_steps integer|nil   may be set; read when a train epoch begins
---@field evaluate_every_n_epochs integer|nil  may be set; read when a train epoch begins
---@field boundary string|nil  "step" or "epoch" from the end events on until its evaluation is done
---@field should_stop boolean
---@field stop_is_pending boolean  it was asked for, and min_steps or min_epochs are not reached
---@field is_sanity_check boolean  the evaluation that runs is that of sanity_eval_steps
---@field timer tnt.Timer|nil     the option `timer`
---@field stop_message string|nil
---@field traceback string|nil  of the error, from on_exception on
---@field loop table  the engine's record of the run
local State = class.new "State"

-- The engine's record is no field: the search for tensors that escape (core.md R7) walks fields,
-- and would find all of the loaders' data. It lives as long as its run.
local loops = setmetatable({}, { __mode = "kv" })

function State.__index(self, key)
  if key == "loop" then return loops[self] end
  return State[key]
end

-- The states of running loops, the innermost last.
local running = {}

function State:init(entry_point, run)
  self.entry_point, loops[self] = entry_point, run
  self.metrics, self.latest = {}, {}
  self.should_stop, self.last_batch = false, false
  self.stop_is_pending, self.is_sanity_check = false, false
  self.iteration_timer = Timer()
end

--- The state of the loop that is running, the innermost of nested ones, or nil.
---@return tnt.State|nil
function State.current() return running[#running] end

-- For the loops.
function State.push(state) running[#running + 1] = state end
--- For the loops.
function State.pop() running[#running] = nil end

--- Asks the loop to end: the step that runs is finished, the epoch closes as if it were done, and
--- the result's reason is "stopped". Below min_steps or min_epochs the loop goes on until they are
--- reached.
---@param message string|nil  stands in the result
function State:stop(message)
  self.stop_message = self.stop_message or message
  local run = self.loop -- nil when its run is over
  self.stop_is_pending = run ~= nil and run:is_below_minimum()
  self.should_stop = not self.stop_is_pending
end

--- Calls fn(...) and records how long it took, where the run has a `timer`, under the name of the
--- unit's class and this one: "Digits.backward".
---@param name string
---@param fn function
---@return any ...  what fn returns
function State:time(name, fn, ...)
  local timer = self.timer
  if not timer then return fn(...) end
  return timer:time(tostring(class.of(self.loop.unit)) .. "." .. name, fn, ...)
end

--- Whether the completed steps of the active phase are a multiple of n. 0 and nil are never.
---@param n integer|nil
---@return boolean
function State:every(n)
  if not n or n == 0 then return false end
  local steps = self.progress.num_steps_completed
  return steps > 0 and steps % n == 0
end

--- The steps that the open epoch will have by its loader's size and its limits, or nil.
---@return integer|nil
function State:steps_in_epoch()
  local phase, progress = self.loop.phase, self.progress
  -- A step that pulls its own batches may take several.
  local size = not phase.takes_iterator and phase.cursor and phase.cursor.size or nil
  return length.of_epoch(size, phase,
    progress.num_steps_completed - progress.num_steps_completed_in_epoch)
end

--- Logs a value under the name of the active phase: "train/loss", "eval/loss". In an open epoch it
--- goes into the epoch's value; afterwards (epoch-end events on) it is the value itself. Errors:
--- argument, when it is neither a number nor a tensor; shape, when it has more than one element.
---@param name string
---@param value number|boolean|tnt.Tensor  one element; a tensor is held detached, read a step later
---@param options table|nil  reduce = "mean" ("sum", "max", "min", "last"), weight = 1, window = 1
function State:log(name, value, options)
  local epoch = self.loop.phase and self.loop.phase.open_running
  if epoch then return epoch:log(name, value, options) end
  if type(value) == "boolean" then value = value and 1 or 0 end
  if type(value) ~= "number" then value = value:item() end
  local full = (self.name or self.entry_point) .. "/" .. name
  self.metrics[full], self.latest[full] = value, value
  local record = self.loop.epoch_record
  if record then record[full] = value end
end

--- A metric by its full name ("eval/loss"), with _ for / ("eval_loss"), or by a last part that is
--- unique ("loss"). Never communicates.
--- Errors: argument, when the last part stands for several.
---@param name string
---@return number|nil value
---@return string|nil full_name
function State:metric(name)
  local metrics = self.metrics
  if metrics[name] ~= nil then return metrics[name], name end
  local found = {}
  for full in sorted(metrics) do
    if (full:gsub("/", "_")) == name then return metrics[full], full end
    if full:sub(-#name - 1) == "/" .. name then found[#found + 1] = full end
  end
  if #found > 1 then
    errors.raise("argument", "metric '%s' may be %s; give the full name", name,
      table.concat(found, " or "))
  end
  return found[1] and metrics[found[1]], found[1]
end

--- Calls the hooks that listen to an event.
--- Errors: argument, when nobody declared it (tnt.event).
---@param event string
function State:emit(event, ...)
  local listeners = self.loop.dispatch[event]
  if listeners then return hook.call(listeners, self, self.loop.unit, ...) end
  if not hook.is_event(event) then
    errors.raise("argument", "state:emit: unknown event '%s'; declare it with tnt.event", event)
  end
end

--- Prints who is called when: one line for each event that somebody listens to.
---@return string text  the same
function State:hooks()
  local lines = {}
  for _, event in ipairs(hook.names()) do
    local listeners = self.loop.dispatch[event]
    if listeners and listeners.n > 0 then
      local titles = {}
      for i, object in ipairs(listeners.selfs) do
        titles[i] = object == self.loop.unit and tostring(class.of(object)) or hook.title(object)
      end
      lines[#lines + 1] = event .. ": " .. table.concat(titles, ", ")
    end
  end
  local text = table.concat(lines, "\n")
  print(text)
  return text
end

--- Whether an evaluation is due at the boundary where the loop stands; asked once per boundary.
---@return boolean
function State:evaluation_due() return self.loop:evaluation_due() end

--- Everything a checkpoint holds, as a nested table; see loop/snapshot.lua.
---@return table contents
function State:snapshot()
  return require("tnt.loop.snapshot").take(self, self.loop.unit)
end

function State:__tostring()
  local parts = { self.entry_point }
  if self.active_phase then
    parts[2] = "phase " .. self.active_phase
    parts[3] = tostring(self.progress)
  end
  return "State(" .. table.concat(parts, "; ") .. ")"
end

return State

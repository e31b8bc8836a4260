-- Writes what a run spends its time on as a trace for Perfetto (ui.perfetto.dev) and
-- chrome://tracing, everything in one row, within each other: phases, epochs, waits for data,
-- steps, their named parts, what the unit and every other hook do at events, gradients, operations,
-- kernels.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local place = require "tnt.log.place"
local profile = require "tnt.profile"
local rank = require "tnt.loop.rank"
local recorder = require "tnt.profile.recorder"
local schedule = require "tnt.profile.schedule"
local sorted = require "tnt.sorted"
local trace = require "tnt.profile.trace"

---@class tnt.hooks.Profiler.Options
---@field path string|nil         default: trace.json in the run's dir; with several processes the
---  rank stands before the ending
---@field skip_first integer|nil  steps before the first cycle, of training where there is any;
---  default 0
---@field wait integer|nil        steps of a cycle that are not looked at; default 1, as the first
---  step makes what later ones find made
---@field warmup integer|nil      steps of a cycle that are recorded and forgotten; default 0
---@field active integer|nil      steps of a cycle that are kept; default 20
---@field cycles integer|nil      how many; 0: to the end of the run; default 1
---@field hooks boolean|nil       also what each hook and the unit do at events; default true
---@field ops boolean|nil         also operations, gradients and kernels; default true
---@field max_ops integer|nil     how many of them are kept; default 500,000 (60 MB)
---@field ready nil|fun(profile: tnt.Profile)  called when a cycle is over and written;
---  `profile:table()` is the summary by operation

--- Phases and epochs are shown throughout, all else in active steps, evaluations between them
--- included. The file holds all cycles so far; it is written when one is over, and again at the
--- run's end, on every exit path. `profiler.profile` is then the tnt.Profile of the whole.
--- Work on a card goes on behind the host's and has rows of its own, one for each stream; cards are
--- waited for when the active steps begin and end, not in them.
--- Errors: argument, when no path is known; state, within a profile that is being taken; io.
--- Source of the schedule: torch.profiler.schedule, whose `repeat` is `cycles`.
---@class tnt.hooks.Profiler: tnt.Hook
---@field profile tnt.Profile|nil
---@overload fun(options: tnt.hooks.Profiler.Options|nil): tnt.hooks.Profiler
local Profiler = hook.Hook:extend("Profiler", {
  path = class.NONE, skip_first = 0, wait = 1, warmup = 0, active = 20, cycles = 1, hooks = true,
  ops = true, max_ops = 500000, ready = class.NONE, priority = "highest",
})

class.rename(Profiler, { ["repeat"] = "cycles", on_trace_ready = "ready" })

function Profiler:init()
  for name, least in sorted { skip_first = 0, wait = 0, warmup = 0, active = 1, cycles = 0,
    max_ops = 1 }
  do
    check.count("Profiler", name, self[name], least)
  end
  if self.path ~= nil and (type(self.path) ~= "string" or self.path == "") then
    errors.raise("argument", "Profiler: path must be a string that is not empty, got %s",
      tostring(self.path))
  end
  if self.ready ~= nil and type(self.ready) ~= "function" then
    errors.raise("argument", "Profiler: ready must be a function (profile), got %s",
      type(self.ready))
  end
end

-- ---- what is recorded ---------------------------------------------------------------------------

-- Puts a stop-watch around what every other listener does.
local function watch(self, listeners)
  for i = 1, listeners.n do
    local object, fn = listeners.selfs[i], listeners.fns[i]
    if object ~= self then
      local name = ("%s: %s"):format(hook.title(object), listeners.event)
      listeners.fns[i] = function(owner, state, unit, a, b, c)
        if not self.is_active then return fn(owner, state, unit, a, b, c) end
        self.recorder:call("hook", name, fn, owner, state, unit, a, b, c)
      end
    end
  end
end

-- What units time by `state:time` becomes spans, beside the run's timer where there is one.
local function watch_parts(self, state)
  local timer = state.timer
  self.timer = timer
  state.timer = setmetatable({
    time = function(_, name, fn, ...)
      if timer then return timer:time(name, self.part, name, fn, ...) end
      return self.part(name, fn, ...)
    end,
  }, { __index = timer })
end

local function switch(self, on)
  self.is_active = on
  if not self.ops or on == self.recorder:is_on() then return end
  if on then self.recorder:start() else self.recorder:stop() end
end

local function is_lasting(span) return span.kind == "phase" or span.kind == "epoch" end

-- The schedule's word for the step about to begin.
local function follow(self)
  local action = schedule.at(self, self.done)
  if self.action == "warmup" and (action == "record" or action == "save") then
    self.recorder:forget(self.warm_from, is_lasting)
  elseif action == "warmup" and self.action ~= "warmup" then
    self.warm_from = #self.recorder.spans
  end
  self.action = action
  switch(self, action ~= "none")
end

local function write(self) trace.write(self.recorder, self.file_name, (rank())) end

local function path_of(self, state)
  if not self.path and not state.dir then
    errors.raise("argument", "Profiler: where to write is missing: give it path = '...', or give "
      .. "the run dir = '...' (it then writes to dir/trace.json)")
  end
  local path = self.path or state.dir .. "/trace.json"
  local mine, processes = rank()
  if processes == 1 then return path end
  local stem, extension = path:match "^(.*[^/])(%.[^./]+)$"
  return ("%s.%d%s"):format(stem or path, mine, extension or "")
end

-- ---- events -------------------------------------------------------------------------------------

function Profiler:on_run_start(state)
  self.file_name = nil
  self.file_name = path_of(self, state)
  place.make_parent(self.file_name)
  place.move_aside(self.file_name)
  self.recorder = recorder.new(self.max_ops)
  self.profile = profile.of(self.recorder)
  self.done, self.action, self.is_active = 0, "none", false
  self.counted = state.loop.phases.train and "train" -- nil: the phase there is
  self.part = function(name, fn, ...)
    if not self.is_active then return fn(...) end
    return self.recorder:call("part", name, fn, ...)
  end
  watch_parts(self, state)
  if self.hooks then
    for _, listeners in sorted(state.loop.dispatch) do watch(self, listeners) end
  end
end

function Profiler:on_start(state)
  self.recorder:begin("1 " .. state.active_phase, state.name .. " phase")
end

function Profiler:on_end(state) self.recorder:finish("1 " .. state.active_phase, "phase") end

function Profiler:on_epoch_start(state)
  self.recorder:begin("2 " .. state.active_phase,
    ("%s epoch %d"):format(state.name, state.progress.num_epochs_completed + 1))
end

function Profiler:on_epoch_end(state)
  self.recorder.open["3 " .. state.active_phase] = nil -- the wait that found no batch
  self.recorder:finish("2 " .. state.active_phase, "epoch")
end

function Profiler:on_dataloader_iter_creation_start(state)
  self.recorder:begin("3 " .. state.active_phase, "open the loader")
end

function Profiler:on_dataloader_iter_creation_end(state)
  self.recorder:finish("3 " .. state.active_phase, "data")
end

function Profiler:on_get_next_batch_start(state)
  if not self.counted or state.active_phase == self.counted then follow(self) end
  if self.is_active then self.recorder:begin("3 " .. state.active_phase, "wait for data") end
end

function Profiler:on_get_next_batch_end(state)
  self.recorder:finish("3 " .. state.active_phase, "data")
end

function Profiler:on_step_start(state)
  if not self.is_active then return end
  self.recorder:begin("4 " .. state.active_phase,
    ("%s step %d"):format(state.name, state.progress.num_steps_completed + 1))
end

function Profiler:on_train_optimizer_step_start()
  if self.is_active then self.recorder:begin("5 optimizer", "optimizer step") end
end

function Profiler:on_train_optimizer_step_end() self.recorder:finish("5 optimizer", "optimizer") end

function Profiler:on_step_end(state)
  self.recorder:finish("4 " .. state.active_phase, "step")
  if self.counted and state.active_phase ~= self.counted then return end
  self.done = self.done + 1
  if self.action ~= "save" then return end
  self.recorder:stop() -- other hooks' turn at this event is still shown
  write(self)
  if self.ready then self.ready(self.profile) end
end

function Profiler:on_boundary_before_evaluation()
  if self.action ~= "save" then return end
  self.action, self.is_active = "none", false
end

function Profiler:on_run_end(state)
  if not self.file_name then return end
  switch(self, false)
  state.timer = self.timer
  write(self)
end

return Profiler

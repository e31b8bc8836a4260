-- Writes what a run spends its time on as a trace for Perfetto (ui.perfetto.dev) and
-- chrome://tracing: phases, epochs, waits for data, steps, optimizer steps, and every other hook's
-- events. Single operations are not in it: the core offers no ranges yet.
-- Source of the form: Google, "Trace Event Format", complete events ("X") in a JSON array.

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local json_text = require "tnt.log.json_text"
local place = require "tnt.log.place"
local rank = require "tnt.loop.rank"
local sorted = require "tnt.sorted"

---@class tnt.hooks.Profiler.Options
---@field path string|nil         default: trace.json in the run's dir; with several processes the
---  rank stands before the ending
---@field start_step integer|nil  first step of the run in detail, of training where there is any;
---  default 2, as the first one makes what later ones find made
---@field steps integer|nil       how many are shown in detail; default 20
---@field hooks boolean|nil       also what each hook and the unit do at events; default true

--- Phases and epochs are shown throughout, all else within `start_step` and `steps`. The file is
--- written when these are over, and again, with everything, at the run's end, on every exit path.
--- Times are the host's: work on a card goes on behind them.
--- Errors: argument, when no path is known; io.
---@class tnt.hooks.Profiler: tnt.Hook
---@overload fun(options: tnt.hooks.Profiler.Options|nil): tnt.hooks.Profiler
local Profiler = hook.Hook:extend("Profiler", {
  path = class.NONE, start_step = 2, steps = 20, hooks = true, priority = "highest",
})

local LOOP, HOOKS = 1, 2 -- rows of the picture

function Profiler:init()
  check.count("Profiler", "start_step", self.start_step, 1)
  check.count("Profiler", "steps", self.steps, 1)
  if self.path ~= nil and (type(self.path) ~= "string" or self.path == "") then
    errors.raise("argument", "Profiler: path must be a string that is not empty, got %s",
      tostring(self.path))
  end
end

-- ---- spans --------------------------------------------------------------------------------------

local function add(self, row, kind, name, began, ended)
  self.n = self.n + 1
  self.spans[self.n] = { row = row, kind = kind, name = name, began = began, ended = ended }
end

-- Opens a span; what stands open under the same key was left, and is forgotten.
local function begin(self, key, name)
  self.open[key] = { name = name or key, began = clock.now() }
end

local function finish(self, key, kind)
  local span = self.open[key]
  if not span then return end
  self.open[key] = nil
  add(self, LOOP, kind, span.name, span.began, clock.now())
end

-- Puts a stop-watch around what every other listener does.
local function watch(self, listeners)
  for i = 1, listeners.n do
    local object, fn = listeners.selfs[i], listeners.fns[i]
    if object ~= self then
      local name = ("%s: %s"):format(hook.title(object), listeners.event)
      listeners.fns[i] = function(owner, state, unit, a, b, c)
        if not self.is_active then return fn(owner, state, unit, a, b, c) end
        local began = clock.now()
        fn(owner, state, unit, a, b, c)
        add(self, HOOKS, "hook", name, began, clock.now())
      end
    end
  end
end

-- ---- the file -----------------------------------------------------------------------------------

local function microseconds(seconds) return ("%.3f"):format(seconds * 1e6) end

local function lines_of(self)
  local process = rank()
  local function named(what, row, name)
    return ('{"name":"%s","ph":"M","pid":%d,"tid":%d,"args":{"name":"%s"}}'):format(what, process,
      row, name)
  end
  local lines = {
    named("process_name", LOOP, "rank " .. process), named("thread_name", LOOP, "loop"),
    named("thread_name", HOOKS, "hooks"),
  }
  local now = clock.now()
  local function line(row, kind, name, began, ended)
    lines[#lines + 1] = ('{"name":%s,"cat":"%s","ph":"X","ts":%s,"dur":%s,"pid":%d,"tid":%d}')
      :format(json_text.quote(name), kind, microseconds(began - self.origin),
        microseconds(ended - began), process, row)
  end
  for i = 1, self.n do
    local span = self.spans[i]
    line(span.row, span.kind, span.name, span.began, span.ended)
  end
  for _, span in sorted(self.open) do line(LOOP, "open", span.name, span.began, now) end
  return lines
end

local function write(self)
  local file, why = io.open(self.file_name, "wb")
  local ok = file
  if ok then ok, why = file:write("[\n", table.concat(lines_of(self), ",\n"), "\n]\n") end
  if ok then ok, why = file:close() end
  if not ok then errors.raise("io", "cannot write %s: %s", self.file_name, tostring(why)) end
end

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
  self.file_name = path_of(self, state)
  place.make_parent(self.file_name)
  place.move_aside(self.file_name)
  self.origin, self.spans, self.n, self.open = clock.now(), {}, 0, {}
  self.done, self.is_active = 0, false
  self.counted = state.loop.phases.train and "train" -- nil: the phase there is
  if self.hooks then
    for _, listeners in sorted(state.loop.dispatch) do watch(self, listeners) end
  end
end

function Profiler:on_start(state)
  begin(self, "1 " .. state.active_phase, state.name .. " phase")
end

function Profiler:on_end(state) finish(self, "1 " .. state.active_phase, "phase") end

function Profiler:on_epoch_start(state)
  begin(self, "2 " .. state.active_phase,
    ("%s epoch %d"):format(state.name, state.progress.num_epochs_completed + 1))
end

function Profiler:on_epoch_end(state) finish(self, "2 " .. state.active_phase, "epoch") end

function Profiler:on_dataloader_iter_creation_start(state)
  begin(self, "3 " .. state.active_phase, "open the loader")
end

function Profiler:on_dataloader_iter_creation_end(state)
  finish(self, "3 " .. state.active_phase, "data")
end

function Profiler:on_get_next_batch_start(state)
  if not self.counted or state.active_phase == self.counted then
    local number = self.done + 1
    self.is_active = number >= self.start_step and number < self.start_step + self.steps
  end
  if self.is_active then begin(self, "3 " .. state.active_phase, "wait for data") end
end

function Profiler:on_get_next_batch_end(state) finish(self, "3 " .. state.active_phase, "data") end

function Profiler:on_step_start(state)
  if not self.is_active then return end
  begin(self, "4 " .. state.active_phase,
    ("%s step %d"):format(state.name, state.progress.num_steps_completed + 1))
end

function Profiler:on_train_optimizer_step_start()
  if self.is_active then begin(self, "5 optimizer", "optimizer step") end
end

function Profiler:on_train_optimizer_step_end() finish(self, "5 optimizer", "optimizer") end

function Profiler:on_step_end(state)
  finish(self, "4 " .. state.active_phase, "step")
  if self.counted and state.active_phase ~= self.counted then return end
  self.done = self.done + 1
  if self.done == self.start_step + self.steps - 1 then write(self) end
end

function Profiler:on_run_end()
  self.is_active = false
  if self.file_name then write(self) end
end

return Profiler

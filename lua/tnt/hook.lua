-- Events, the Hook base class, and the dispatch tables. A hook is any table with functions named
-- after events; tables are built once per run and hold, for each event, only the hooks that define
-- it, so an event nobody listens to costs one comparison.

local class = require "tnt.class"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local hook = {}

--- Events of each phase, in the order of a phase; their names are on_<phase>_<event>, and
--- on_<event> serves every phase that has no special one.
hook.phase_events = {
  "start", "epoch_start", "dataloader_iter_creation_start", "dataloader_iter_creation_end",
  "get_next_batch_start", "get_next_batch_end", "step_start", "step_end", "epoch_end", "end",
}
hook.phases = { "train", "eval", "predict" }

--- Every other event, with what it is called for. All get (self, state, unit, ...).
hook.run_events = {
  { "on_run_start", "first of all, before restoring" },
  { "on_run_end", "last of all, on every exit path" },
  { "on_exception", "(..., err): something in the run raised; the step's scope is still open" },
  { "on_interrupt", "a signal came and its step is done; the epoch stays open, save now" },
  { "on_checkpoint_load", "(..., contents): before a checkpoint's contents are applied" },
  { "on_checkpoint_snapshot", "(..., contents): a snapshot was taken; may change the table" },
  { "on_checkpoint_save", "(..., path): a checkpoint is durable; delivered between train steps" },
  { "on_train_optimizer_step_start", "gradients are summed and unscaled, not yet clipped" },
  { "on_train_optimizer_step_end", "parameters are new, gradients still there" },
  { "on_boundary_before_evaluation", "after the end events of a train step or train epoch" },
  { "on_boundary_end", "after the evaluation that was due there, if any, and its schedules" },
}

local is_event, event_names = {}, {}
local general_of = {} -- "on_train_step_end" -> "on_step_end"

local function declare(name)
  if not is_event[name] then
    is_event[name] = true
    event_names[#event_names + 1] = name
  end
end

for _, entry in ipairs(hook.run_events) do declare(entry[1]) end
for _, phase in ipairs(hook.phases) do
  for _, event in ipairs(hook.phase_events) do
    declare("on_" .. phase .. "_" .. event)
    general_of["on_" .. phase .. "_" .. event] = "on_" .. event
  end
end
local is_general = {}
for _, event in ipairs(hook.phase_events) do is_general["on_" .. event] = true end

-- MMEngine's words, answered with ours. Source: mmengine/hooks/hook.py, the stages of Hook.
local foreign = {
  before_run = "on_run_start", after_run = "on_run_end",
  before_save_checkpoint = "on_checkpoint_snapshot", after_load_checkpoint = "on_checkpoint_load",
}
for theirs, ours in sorted { train = "train", val = "eval", test = "eval" } do
  foreign["before_" .. theirs], foreign["after_" .. theirs] =
    "on_" .. ours .. "_start", "on_" .. ours .. "_end"
  foreign["before_" .. theirs .. "_epoch"] = "on_" .. ours .. "_epoch_start"
  foreign["after_" .. theirs .. "_epoch"] = "on_" .. ours .. "_epoch_end"
  foreign["before_" .. theirs .. "_iter"] = "on_" .. ours .. "_step_start"
  foreign["after_" .. theirs .. "_iter"] = "on_" .. ours .. "_step_end"
end

--- All names a hook may define: the events, then those without phase.
---@return string[]
function hook.names()
  local list = {}
  for i, name in ipairs(event_names) do list[i] = name end
  for _, event in ipairs(hook.phase_events) do list[#list + 1] = "on_" .. event end
  return list
end

--- Whether a name is an event (one without phase is none: it stands for three).
---@param name string
---@return boolean
function hook.is_event(name) return is_event[name] == true end

--- Declares an event of one's own, called by `state:emit(name, ...)`. Doing so again changes
--- nothing.
--- Errors: argument, when the name does not begin with on_ or stands for a phase's event.
---@param name string
---@return string name
function hook.event(name)
  if type(name) ~= "string" or not name:match "^on_%w" then
    errors.raise("argument", "tnt.event: the name of an event begins with on_, got %s",
      tostring(name))
  elseif is_general[name] then
    errors.raise("argument", "tnt.event: %s is taken, it stands for on_train%s, on_eval%s and "
      .. "on_predict%s", name, name:sub(3), name:sub(3), name:sub(3))
  end
  declare(name)
  return name
end

--- A hook is a table with functions named after events; each is called as (self, state, unit), and
--- what it wants to remember stands in itself:
---
--- ```lua
--- local tnt = require "tnt"
--- local best = {value = math.huge}
--- function best:on_eval_epoch_end(state, unit)
---   self.value = math.min(self.value, state.metrics["eval/loss"])
---   if unit.train_progress.num_epochs_completed == 2 then state:stop "seen enough" end
--- end
---
--- local unit = tnt.TrainUnit:extend "Unit" ()
--- function unit:train_step(state, batch) end
--- function unit:eval_step(state, batch) state:log("loss", batch) end
--- local result = tnt.fit(unit, {train_dataloader = {1}, eval_dataloader = {4, 2}, max_epochs = 9,
---   hooks = {best}, bar = false})
--- result.message -- seen enough
--- best.value -- 3
--- ```
---
--- This is the base of classes of hooks: options declared by a sub-class become fields of the
--- instance; `name` (under which its state is saved) and `priority` are options of every one.
---@class tnt.Hook
---@field name string|nil
---@field priority integer|string|nil  0 (first) to 100, or a word; default 50
---@field in_dry_run boolean|nil  false: a dry run (the loops' option dry_run) leaves it out
---@field saved string[]|nil  names of the fields that checkpoints carry
local Hook = class.new "Hook"
hook.Hook = Hook

function Hook:extend(name, declared)
  if declared and not class.declared(self) then
    local with = { name = class.NONE, priority = class.NONE }
    for key, value in sorted(declared) do with[key] = value end
    declared = with
  end
  return class.extend(self, name, declared)
end

--- Makes declared options fields, before `init`.
function Hook:construct(options)
  if class.declared(getmetatable(self)) then
    for name, value in sorted(options) do self[name] = value end
  end
end

-- Source: mmengine/hooks/priority.py
local words = {
  HIGHEST = 0, VERY_HIGH = 10, HIGH = 30, ABOVE_NORMAL = 40, NORMAL = 50, BELOW_NORMAL = 60,
  LOW = 70, VERY_LOW = 90, LOWEST = 100,
}

--- A priority as a number: smaller ones are called first.
--- Errors: argument, when it is neither a number from 0 to 100 nor one of the words.
---@param value number|string|nil  nil: 50
---@return number
function hook.priority(value)
  if value == nil then return 50 end
  if type(value) == "string" then
    local number = words[value:upper()]
    if number then return number end
    errors.unknown("priority", "word", value, {
      "highest", "very_high", "high", "above_normal", "normal", "below_normal", "low", "very_low",
      "lowest",
    })
  elseif type(value) ~= "number" or not (value >= 0 and value <= 100) then
    errors.raise("argument", "priority: expected a number from 0 to 100 or a word such as 'low', "
      .. "got %s", tostring(value))
  end
  return value
end

local function check_key(who, key, value)
  if type(key) ~= "string" then return end
  if key:sub(1, 3) == "on_" then
    if not is_event[key] and not is_general[key] then
      local near = errors.nearest(key, hook.names())
      errors.raise("argument", "%s: unknown event '%s'%s", who, key,
        near and ("; did you mean '%s'?"):format(near)
          or "; tnt.event declares events of one's own")
    elseif value and type(value) ~= "function" then
      errors.raise("argument", "%s: %s must be a function, got %s", who, key, type(value))
    end
  elseif foreign[key] and type(value) == "function" then
    errors.raise("argument", "%s: the event %s is called %s here", who, key, foreign[key])
  end
end

-- Every key beginning on_ of the object itself and of its classes must be an event.
local function check_keys(who, object)
  local at = object
  while type(at) == "table" do
    for key, value in sorted.pairs(at) do check_key(who, key, value) end
    if at == object then at = class.of(object) else at = rawget(at, "__base") end
  end
end

--- What a hook is called in messages and in `state:hooks()`.
---@param object table
---@return string
function hook.title(object)
  local Class = class.of(object)
  local name = object.name
  if type(name) == "string" then return name end
  return Class and tostring(Class) or "hook"
end

--- Checks a list of hooks and puts it in the order of calls: by priority, equal ones in list order,
--- those with `runs_last` (checkpoints) at the end. `false` entries are skipped.
--- Errors: argument.
---@param list table[]|nil
---@return table[] ordered
---@return string[] saved_as  for each, the name its state has in checkpoints
function hook.order(list)
  local entries, n, largest = {}, 0, 0
  if list ~= nil and (type(list) ~= "table" or class.of(list)) then
    local Class = class.of(list)
    errors.raise("argument", "hooks: expected a list of hooks, got %s",
      Class and "one " .. tostring(Class) .. "; write hooks = {...}" or type(list))
  end
  for key in sorted(list or {}) do
    if type(key) ~= "number" then
      errors.raise("argument", "hooks: expected a list, found the key '%s'; a hook's functions "
        .. "stand in a table of their own: hooks = {{%s = ...}}", tostring(key), tostring(key))
    end
    largest = math.max(largest, key)
  end
  for i = 1, largest do
    local object = list[i]
    if object ~= false then
      if type(object) ~= "table" or class.is_class(object) then
        errors.raise("argument", "hooks[%d]: expected a table with functions named after events, "
          .. "got %s", i, class.is_class(object) and "the class " .. tostring(object)
          .. "; call it to make a hook" or type(object))
      end
      check_keys("hooks[" .. i .. "] (" .. hook.title(object) .. ")", object)
      n = n + 1
      entries[n] = {
        object = object, index = n,
        rank = object.runs_last and 101 or hook.priority(object.priority),
      }
    end
  end
  local numbers, taken, saved_as = {}, {}, {}
  for i, entry in ipairs(entries) do -- numbers follow the list, not the priorities
    local name = hook.title(entry.object)
    if type(entry.object.name) ~= "string" then
      numbers[name] = (numbers[name] or 0) + 1
      name = name .. " " .. numbers[name]
    end
    if taken[name] then
      errors.raise("argument", "hooks[%d]: a second hook named '%s'; give each its own name", i,
        name)
    end
    taken[name], entry.saved_as = true, name
  end
  table.sort(entries, function(a, b)
    if a.rank ~= b.rank then return a.rank < b.rank end
    return a.index < b.index
  end)
  local ordered = {}
  for i, entry in ipairs(entries) do
    ordered[i], saved_as[i] = entry.object, entry.saved_as
  end
  return ordered, saved_as
end

---@class tnt.Listeners
---@field n integer       how many
---@field event string
---@field fns function[]
---@field selfs table[]

--- The dispatch tables of a run: event -> listeners. The unit is the first hook.
---@param unit table
---@param hooks table[]  in order, as `hook.order` gives them
---@return table<string, tnt.Listeners>
function hook.dispatch(unit, hooks)
  check_keys(tostring(class.of(unit) or "unit"), unit)
  local tables = {}
  for _, event in ipairs(event_names) do
    local listeners = { n = 0, event = event, fns = {}, selfs = {} }
    local general = general_of[event]
    for i = 0, #hooks do
      local object = i == 0 and unit or hooks[i]
      local fn = object[event]
      if fn == nil and general then fn = object[general] end
      if fn then
        listeners.n = listeners.n + 1
        listeners.fns[listeners.n], listeners.selfs[listeners.n] = fn, object
      end
    end
    tables[event] = listeners
  end
  return tables
end

-- Calls for 1, 2, ... listeners, without a loop: functions that follow each other compile into one
-- trace, where a loop over different ones leaves it at each turn (a quarter of ten hooks' cost).
local in_a_row = {}
for n = 1, 16 do
  local lines = { "return function(fns, selfs, state, unit, a, b, c)" }
  for i = 1, n do lines[i + 1] = ("fns[%d](selfs[%d], state, unit, a, b, c)"):format(i, i) end
  lines[n + 2] = "end"
  -- Under this file's name: errors point to the user's line, not to these.
  in_a_row[n] = loadstring(table.concat(lines, "\n"), debug.getinfo(1, "S").source)()
end

--- Calls the listeners of an event in order. An error in one ends the run as an error in a step
--- does.
---@param listeners tnt.Listeners
---@param state tnt.State
---@param unit table
---@param a any  what the event hands over beside state and unit, if anything
function hook.call(listeners, state, unit, a, b, c)
  local n = listeners.n
  if n == 0 then return end
  local fns, selfs = listeners.fns, listeners.selfs
  local call = in_a_row[n]
  if call then return call(fns, selfs, state, unit, a, b, c) end
  for i = 1, n do fns[i](selfs[i], state, unit, a, b, c) end
end

--- A hook's state for checkpoints: its own state_dict(), or the fields named by `saved`; nil: none.
---@param object table
---@return table|nil
function hook.state_dict(object)
  if object.state_dict then return object:state_dict() end
  if not object.saved then return nil end
  local state = {}
  for _, name in ipairs(object.saved) do state[name] = object[name] end
  return state
end

--- The inverse of `hook.state_dict`.
---@param object table
---@param state table
function hook.load_state_dict(object, state)
  if object.load_state_dict then return object:load_state_dict(state) end
  for _, name in ipairs(object.saved or {}) do object[name] = state[name] end
end

return hook

-- Keeps the history of memory over some steps and writes it as JSON, and, when memory runs out,
-- what led there. tnt.memory_snapshot is the same for a function.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local place = require "tnt.log.place"
local rank = require "tnt.loop.rank"
local snapshot = require "tnt.memory.snapshot"

---@class tnt.hooks.MemorySnapshot.Options
---@field dir string|nil           where to write; default: the run's dir
---@field start_step integer|nil   the history begins when so many steps are done, of all phases;
---  without it there is none but that of an error
---@field stop_step integer|false|nil  it is written when so many are done, and nothing is kept
---  afterwards; default 2; false: to the end of the run
---@field max_entries integer|nil  events that are kept, the newest; default 100,000
---@field oom boolean|nil          keep the history from the run's beginning (until stop_step), and
---  write it when memory runs out; default true

--- Writes memory_step_2.json after step 2, memory_oom.json when memory runs out, the host's or a
--- card's, with the rank in the name where there are several processes. The fields are those of
--- tnt.MemorySnapshot.
--- Errors: argument; state, within another snapshot; io.
--- Source of the options: torchtnt.utils.memory_snapshot_profiler.MemorySnapshotParams.
---@class tnt.hooks.MemorySnapshot: tnt.Hook
---@overload fun(options: tnt.hooks.MemorySnapshot.Options|nil): tnt.hooks.MemorySnapshot
local MemorySnapshot = hook.Hook:extend("MemorySnapshot", {
  dir = class.NONE, start_step = class.NONE, stop_step = 2, max_entries = 100000, oom = true,
  priority = "lowest", -- what other hooks hold is then in it
})

class.rename(MemorySnapshot, {
  enable_oom_observer = "oom", output_dir = "dir", memory_snapshot_profiler = "its options",
})

function MemorySnapshot:init()
  local function refuse(...) errors.raise("argument", "MemorySnapshot: " .. ...) end
  check.count("MemorySnapshot", "max_entries", self.max_entries, 1)
  if self.stop_step == false then self.stop_step = nil end
  if self.start_step ~= nil then
    check.count("MemorySnapshot", "start_step", self.start_step, 0)
    if not self.stop_step then refuse "start_step wants a stop_step, when it is written" end
    check.count("MemorySnapshot", "stop_step", self.stop_step, self.start_step + 1)
  elseif not self.oom then
    refuse "without start_step and with oom = false there is nothing to do"
  end
  if self.stop_step then check.count("MemorySnapshot", "stop_step", self.stop_step, 1) end
  if self.dir ~= nil and (type(self.dir) ~= "string" or self.dir == "") then
    refuse(("dir must be a string that is not empty, got %s"):format(tostring(self.dir)))
  end
end

local function path_of(self, what)
  local mine, processes = rank()
  local name = processes > 1 and ("memory_%s.rank%d.json"):format(what, mine)
    or ("memory_%s.json"):format(what)
  return self.folder .. "/" .. name
end

local function start(self)
  if snapshot.is_on() and not self.is_on then
    errors.raise("state", "MemorySnapshot: another snapshot is being taken; they do not nest")
  end
  snapshot.start(self.max_entries, true)
  self.is_on = true
end

local function stop(self)
  if not self.is_on then return end
  self.is_on = false
  return snapshot.stop()
end

local function write(self, taken, what)
  local path = path_of(self, what)
  place.make_parent(path)
  place.move_aside(path)
  taken:save(path)
end

function MemorySnapshot:on_run_start(state)
  self.folder = self.dir or state.dir
  if not self.folder then
    errors.raise("argument", "MemorySnapshot: where to write is missing: give it dir = '...', or "
      .. "give the run dir = '...'")
  end
  self.steps, self.is_on = 0, false
  if self.oom or self.start_step == 0 then start(self) end
end

function MemorySnapshot:on_step_end()
  self.steps = self.steps + 1
  if self.steps == self.start_step then start(self) end
  if self.steps ~= self.stop_step then return end
  local taken = stop(self)
  if self.start_step then write(self, taken, "step_" .. self.steps) end
end

function MemorySnapshot:on_exception(_, _, err)
  if self.is_on and self.oom and errors.is_out_of_memory(err) then
    write(self, stop(self), "oom")
  end
end

function MemorySnapshot:on_run_end() stop(self) end

return MemorySnapshot

-- Writes what tensors hold, step by step, as a table: to find where memory grows. When memory runs
-- out, a last row tells what there was. The core keeps no history of single allocations.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local place = require "tnt.log.place"

---@class tnt.hooks.MemorySnapshot.Options
---@field path string|nil         default: memory.csv in the run's dir
---@field start_step integer|nil  first step that is looked at, evaluations' steps counted too; 1
---@field stop_step integer|nil   last one; default: none
---@field every integer|nil       of these, each n-th; default 1

--- Columns: at ("step", "epoch" or "error"), phase, step of the phase, then the fields of
--- tnt.memory(). A file that is there is moved aside.
--- Errors: argument; io.
---@class tnt.hooks.MemorySnapshot: tnt.Hook
---@overload fun(options: tnt.hooks.MemorySnapshot.Options|nil): tnt.hooks.MemorySnapshot
local MemorySnapshot = hook.Hook:extend("MemorySnapshot", {
  path = class.NONE, start_step = 1, stop_step = class.NONE, every = 1,
  priority = "lowest", -- what other hooks hold is then counted
})

local fields = {
  "live_bytes", "peak_bytes", "cached_bytes", "system_allocations", "live_tensors", "live_nodes",
  "scoped_tensors", "orphaned_tensors",
}

function MemorySnapshot:init()
  check.count("MemorySnapshot", "start_step", self.start_step, 1)
  check.count("MemorySnapshot", "every", self.every, 1)
  if self.stop_step ~= nil then
    check.count("MemorySnapshot", "stop_step", self.stop_step, self.start_step)
  end
  if self.path ~= nil and (type(self.path) ~= "string" or self.path == "") then
    errors.raise("argument", "MemorySnapshot: path must be a string that is not empty, got %s",
      tostring(self.path))
  end
end

local function write(self, text)
  local ok, why = self.file:write(text, "\n")
  if ok then ok, why = self.file:flush() end
  if not ok then errors.raise("io", "cannot write %s: %s", self.file_name, why) end
end

local function add(self, state, at)
  local memory = require "tnt.memory"()
  local cells = {
    at, state.active_phase or "",
    tostring(state.progress and state.progress.num_steps_completed or 0),
  }
  for _, name in ipairs(fields) do cells[#cells + 1] = ("%d"):format(memory[name]) end
  write(self, table.concat(cells, ","))
end

function MemorySnapshot:on_run_start(state)
  if not self.path and not state.dir then
    errors.raise("argument", "MemorySnapshot: where to write is missing: give it path = '...', or "
      .. "give the run dir = '...' (it then writes to dir/memory.csv)")
  end
  self.file_name, self.steps = self.path or state.dir .. "/memory.csv", 0
  place.make_parent(self.file_name)
  place.move_aside(self.file_name)
  local file, why = io.open(self.file_name, "wb")
  if not file then errors.raise("io", "cannot write %s: %s", self.file_name, why) end
  self.file = file
  write(self, "at,phase,step," .. table.concat(fields, ","))
end

local function is_within(self)
  return self.steps >= self.start_step and self.steps <= (self.stop_step or math.huge)
end

function MemorySnapshot:on_step_end(state)
  self.steps = self.steps + 1
  if is_within(self) and (self.steps - self.start_step) % self.every == 0 then
    add(self, state, "step")
  end
end

function MemorySnapshot:on_epoch_end(state)
  if is_within(self) then add(self, state, "epoch") end
end

function MemorySnapshot:on_exception(state, _, err)
  if self.file and type(err) == "table" and err.kind == "memory" then add(self, state, "error") end
end

function MemorySnapshot:on_run_end()
  local file = self.file
  self.file = nil
  if file then file:close() end
end

return MemorySnapshot

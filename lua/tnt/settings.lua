-- Settings of the whole process.
local core = require "tnt.core"
local errors = require "tnt.errors"

local settings = {}

--- How many threads kernels of this thread of Lua use.
---@param n integer
function settings.set_num_threads(n) core.check(core.C.tnt_set_num_threads(n)) end

--- The number that set_num_threads gave, else the machine's.
---@return integer
function settings.num_threads() return core.C.tnt_num_threads() end

local level = "default"

-- TorchTNT's and PyTorch's ways to say it. 0 is true in Lua, so numbers are words of their own.
local LEVELS = {
  [false] = "default", default = "default", [0] = "default",
  warn = "warn", [1] = "warn",
  [true] = "error", error = "error", [2] = "error",
}

--- How much it matters that a run repeats to the bit on one machine: false or "default" takes the
--- fastest kernels, "warn" takes repeatable ones and tells where there is none, true or "error"
--- makes that an error.
---
--- On the CPU it changes nothing, because there is nothing to change: every kernel's sums are cut
--- into pieces that do not depend on the number of threads, so two runs of one build on one machine
--- with one seed are equal to the bit, always. Another kind of processor takes other kernels. What
--- it decides are kernels of other devices.
--- Errors: argument.
---@param value boolean|"default"|"warn"|"error"|0|1|2
---@return "default"|"warn"|"error" former  what it was before
function settings.use_deterministic(value)
  if LEVELS[value] == nil then
    errors.raise("argument", "use_deterministic: true (or 'error'), 'warn' or false (or 'default') "
      .. "was expected, got %s", tostring(value))
  end
  local former = level
  level = LEVELS[value]
  core.C.tnt_set_deterministic(level == "default" and 0 or 1)
  return former
end

--- What `use_deterministic` was told last.
---@return "default"|"warn"|"error"
function settings.deterministic() return level end

return settings

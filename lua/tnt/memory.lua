-- tnt.memory(): what is alive, in bytes and tensors.
local ffi = require "ffi"
local core = require "tnt.core"

local out = ffi.new "tnt_memory_info"

---@class tnt.Memory
---@field live_bytes integer      bytes of tensors
---@field peak_bytes integer      the most there were at once
---@field cached_bytes integer    free, waiting to be used again
---@field system_allocations integer  how often the system was asked
---@field live_tensors integer
---@field live_nodes integer      of the tape
---@field scoped_tensors integer  to be released by a scope
---@field orphaned_tensors integer  left by scopes that dissolved with none outside, so far

local Memory = {}
function Memory.__tostring(m)
  local text = "%.1f MB live in %d tensors (%d in scopes), peak %.1f MB, cached %.1f MB"
  return text:format(m.live_bytes / 1e6, m.live_tensors, m.scoped_tensors, m.peak_bytes / 1e6,
    m.cached_bytes / 1e6)
end

--- What this process holds for tensors.
---@return tnt.Memory
return function()
  core.check(core.C.tnt_memory(out))
  local m = {}
  for _, name in ipairs {
    "live_bytes", "peak_bytes", "cached_bytes", "system_allocations", "live_tensors", "live_nodes",
      "scoped_tensors", "orphaned_tensors",
  } do
    m[name] = tonumber(out[name])
  end
  return setmetatable(m, Memory)
end

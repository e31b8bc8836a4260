-- tnt.system: how busy the machine is and how much memory there is, from Linux' /proc, what its
-- card does, and all of it as one flat table. Shares are percentages of the whole machine; sizes
-- are bytes.

local check = require "tnt.check_option"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local ffi = require "ffi"
local sorted = require "tnt.sorted"

ffi.cdef [[long tnt_system_sysconf(int name) asm("sysconf");]]

local system = {}

-- Source: <bits/confname.h> of the GNU C library.
local SC_CLK_TCK, SC_PAGESIZE = 2, 30

--- Reads a file under /proc; a field, so that a spec can put its own in its place.
---@param path string
---@return string
function system.read(path)
  local file, why = io.open(path, "r")
  if not file then
    errors.raise("io", "tnt.system: cannot read %s: %s (it is there on Linux only)", path, why)
  end
  local text = file:read "*a"
  file:close()
  return text
end

-- Busy and all time of the machine since it started, in ticks, and its processors.
-- Source: proc(5), /proc/stat: user nice system idle iowait irq softirq steal; guest is in user.
local function ticks()
  local text = system.read "/proc/stat"
  local line, n, values = text:match "^cpu +([^\n]*)", 0, {}
  for value in line:gmatch "%d+" do
    values[#values + 1] = tonumber(value)
    if #values == 8 then break end
  end
  for _ in text:gmatch "\ncpu%d+ " do n = n + 1 end
  local all = 0
  for _, value in ipairs(values) do all = all + value end
  return all - values[4] - (values[5] or 0), all, n
end

-- The process' own times in seconds. Its name, in parentheses, may hold spaces.
-- Source: proc(5), /proc/[pid]/stat, fields 14 and 15.
local function own_times()
  local rest = system.read "/proc/self/stat":match "^.*%) (.*)$"
  local fields = {}
  for field in rest:gmatch "%S+" do fields[#fields + 1] = field end
  local second = tonumber(ffi.C.tnt_system_sysconf(SC_CLK_TCK))
  return tonumber(fields[12]) / second, tonumber(fields[13]) / second
end

local former -- what the call before saw: busy, all, process' seconds, time

---@class tnt.system.Cpu
---@field percent number  of the machine's processors that was busy since the call before (the
---  first call: since the machine started)
---@field process_percent number|nil  of one processor that this process used since the call before
---  (two threads at work: 200); nil at the first call
---@field user_seconds number    this process' time in programs so far
---@field system_seconds number  and in the kernel
---@field count integer          processors
---@field load1 number           tasks that wanted to run, mean of the last minute
---@field load5 number
---@field load15 number

--- How busy the processors are.
--- Errors: io, where there is no /proc.
---@return tnt.system.Cpu
function system.cpu()
  local busy, all, count = ticks()
  local user, kernel = own_times()
  local now = clock.now()
  local cpu = { user_seconds = user, system_seconds = kernel, count = count }
  local since_busy, since_all = busy, all
  if former then
    since_busy, since_all = busy - former.busy, all - former.all
    local seconds = now - former.time
    if seconds > 0 then cpu.process_percent = 100 * (user + kernel - former.own) / seconds end
  end
  -- A kernel may set counters of a processor back when it is switched off.
  cpu.percent = since_all > 0 and math.max(0, math.min(100, 100 * since_busy / since_all)) or 0
  local one, five, fifteen = system.read "/proc/loadavg":match "^(%S+) (%S+) (%S+)"
  cpu.load1, cpu.load5, cpu.load15 = tonumber(one), tonumber(five), tonumber(fifteen)
  former = { busy = busy, all = all, own = user + kernel, time = now }
  return cpu
end

---@class tnt.system.Memory
---@field total integer
---@field available integer  that a new program could have without swapping
---@field percent number     of the total that is not available
---@field swap_total integer
---@field swap_used integer
---@field swap_percent number  0 where there is no swap
---@field rss integer        what this process holds in memory
---@field peak_rss integer   the most it held

--- How much memory there is, and what this process holds. tnt.memory() tells what of it is tensors.
--- Errors: io, where there is no /proc.
---@return tnt.system.Memory
function system.memory()
  local text, of = system.read "/proc/meminfo", {}
  for name, kib in text:gmatch "(%w+): +(%d+) kB" do of[name] = tonumber(kib) * 1024 end
  local pages = tonumber(system.read "/proc/self/statm":match "^%d+ (%d+)")
  local rss = pages * tonumber(ffi.C.tnt_system_sysconf(SC_PAGESIZE))
  local peak = tonumber(system.read "/proc/self/status":match "VmHWM:%s*(%d+)")
  local swap = of.SwapTotal - of.SwapFree
  return {
    total = of.MemTotal, available = of.MemAvailable,
    percent = 100 * (of.MemTotal - of.MemAvailable) / of.MemTotal,
    swap_total = of.SwapTotal, swap_used = swap,
    swap_percent = of.SwapTotal > 0 and 100 * swap / of.SwapTotal or 0,
    -- The peak is counted by threads and summed late: it may lag behind.
    rss = rss, peak_rss = math.max(rss, peak and peak * 1024 or 0),
  }
end

--- What a card is doing, as NVIDIA's driver tells it.
--- Errors: argument.
---@param index integer|nil  as in "cuda:0"; default: this process' own
---@return tnt.system.Gpu|nil
---@return string|nil why  there is nothing to tell: no driver, no such card
function system.gpu(index)
  if index == nil then index = require("tnt.dist").local_rank() end
  check.count("tnt.system.gpu", "index", index, 0)
  return require("tnt.system.gpu").read(index)
end

---@class tnt.system.Stats
---@field cpu_percent number         see tnt.system.Cpu, here and below
---@field process_percent number|nil  nil at the first call
---@field load1 number
---@field user_seconds number
---@field system_seconds number
---@field memory_percent number      see tnt.system.Memory, here and below
---@field swap_percent number
---@field rss_bytes integer
---@field peak_rss_bytes integer
---@field tensor_bytes integer|nil   bytes of tensors; nil in a program without them
---@field gpu_utilization_percent number|nil  with "gpu_" in front: the fields of tnt.system.Gpu

--- Everything there is, as numbers by name.
--- Errors: io, where there is no /proc.
---@return tnt.system.Stats
---@return string|nil no_gpu  why nothing of a card is among them
function system.stats()
  local cpu, memory = system.cpu(), system.memory()
  local stats = {
    cpu_percent = cpu.percent, process_percent = cpu.process_percent, load1 = cpu.load1,
    user_seconds = cpu.user_seconds, system_seconds = cpu.system_seconds,
    memory_percent = memory.percent, swap_percent = memory.swap_percent, rss_bytes = memory.rss,
    peak_rss_bytes = memory.peak_rss,
  }
  if package.loaded["tnt.tensor"] then -- a run without tensors has no core
    stats.tensor_bytes = require "tnt.memory"().live_bytes
  end
  local card, why = system.gpu()
  for name, value in sorted(card or {}) do stats["gpu_" .. name] = value end
  return stats, why
end

return system

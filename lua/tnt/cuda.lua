-- tnt.cuda: cards. Their library is opened on first use; without it everything else works, and what
-- is missing is said by is_available(). Cards are named "cuda" (the first, or the one that
-- set_device chose), "cuda:1", or by their number from 0.
local ffi = require "ffi"
local core = require "tnt.core"
local device = require "tnt.device"
local errors = require "tnt.errors"
local C = core.C

local cuda = {}

--- Whether tensors can live on a card, and if not, why.
---@return boolean available
---@return string|nil reason
function cuda.is_available()
  if C.tnt_device_open(C.TNT_CUDA) ~= 0 then return false, ffi.string(C.tnt_message()) end
  if C.tnt_device_count(C.TNT_CUDA) == 0 then
    return false, "no card is visible (CUDA_VISIBLE_DEVICES?)"
  end
  return true
end

--- How many cards there are; 0 where cuda is not available.
---@return integer
function cuda.device_count() return cuda.is_available() and C.tnt_device_count(C.TNT_CUDA) or 0 end

local function number_of(which, who)
  if type(which) == "number" then which = "cuda:" .. which end
  local number = device.number(which or "cuda", who)
  if number == 0 then
    errors.raise("device", "%s: a card was expected ('cuda' or 'cuda:N'), got cpu", who)
  end
  return number
end

--- Lets "cuda" stand for another card from now on, in this Lua state.
--- Errors: device, for a card that is not there.
---@param which string|integer
function cuda.set_device(which)
  if which == nil then
    errors.raise("argument", "cuda.set_device: a card was expected ('cuda:N' or N), got nil")
  end
  device.choose(number_of(which, "cuda.set_device"))
end

--- The number, from 0, of the card that "cuda" stands for.
---@return integer
function cuda.current_device() return device.chosen() end

--- The card's own name, as "NVIDIA H100 80GB HBM3".
---@param which? string|integer  default the current card
---@return string
function cuda.name(which)
  local text = ffi.new "char[128]"
  core.check(C.tnt_device_name(text, 128, number_of(which, "cuda.name")))
  return ffi.string(text)
end

---@class tnt.CudaProperties
---@field name string
---@field capability string  as "9.0": which machine code it runs
---@field processors integer  multiprocessors
---@field total_memory integer  bytes
---@field l2_bytes integer  of its second-level cache
---@field shared_bytes integer  the most shared memory that one block of threads can have
---@field bus string         its place on the PCI bus, by which nvidia-smi knows it

--- What kind of card it is.
---@param which? string|integer  default the current card
---@return tnt.CudaProperties
function cuda.properties(which)
  local p = ffi.new "tnt_device_properties_info"
  core.check(C.tnt_device_properties(p, number_of(which, "cuda.properties")))
  return {
    name = ffi.string(p.name), capability = ("%d.%d"):format(p.major, p.minor),
    processors = p.processors, total_memory = tonumber(p.total_bytes),
    l2_bytes = tonumber(p.l2_bytes), shared_bytes = tonumber(p.shared_bytes),
    bus = ffi.string(p.bus),
  }
end

--- A card's compute capability: 9, 0 for an H100. bf16 and TF32 products are fast from 8, 0 on.
---@param which? string|integer  default the current card
---@return integer major
---@return integer minor
function cuda.capability(which)
  local p = ffi.new "tnt_device_properties_info"
  core.check(C.tnt_device_properties(p, number_of(which, "cuda.capability")))
  return p.major, p.minor
end

local function dotted(number, first, second, rest)
  if number == 0 then return nil end
  number = tonumber(number)
  local major, minor = math.floor(number / first), math.floor(number % first / second)
  local text = ("%d.%d"):format(major, minor)
  return rest and ("%s.%d"):format(text, number % second) or text
end

--- The versions of what cards are used with: "runtime" (CUDA's, as built), "driver" (the newest
--- CUDA it knows), "cublas", "cudnn", "nccl"; nil for those that are not there.
--- Errors: device, where cuda is not available.
---@return table<string, string> versions
function cuda.versions()
  local v = ffi.new "tnt_device_versions_info"
  core.check(C.tnt_device_versions(v))
  return {
    runtime = dotted(v.runtime, 1000, 10), driver = dotted(v.driver, 1000, 10),
    cublas = dotted(v.cublas, 10000, 100, true), cudnn = dotted(v.cudnn, 10000, 100, true),
    nccl = dotted(v.nccl, 10000, 100, true),
  }
end

--- The most operations a second a card can do in dense products of bf16, as its maker says; nil for
--- a card whose figure is not known here. A run's share of it is its MFU.
---@param which? string|integer  default the current card
---@return number|nil flops_per_second
function cuda.peak_flops(which) return require("tnt.cuda.peak").of(cuda.name(which)) end

local function check_switch(on, who)
  if on ~= nil and type(on) ~= "boolean" then
    errors.raise("argument", "%s: true, false or nil was expected, got %s", who, tostring(on))
  end
end

--- Lets products and convolutions of f32 round their factors to TF32 (10 bits of fraction), which a
--- card multiplies several times as fast; off until it is allowed.
--- Errors: argument.
---@param on? boolean  nil only asks
---@return boolean former  what it was before
function cuda.allow_tf32(on)
  check_switch(on, "cuda.allow_tf32")
  return C.tnt_set_tf32(on == nil and -1 or on and 1 or 0) ~= 0
end

--- Lets cuDNN's candidates be timed: the first call of each convolution or attention (of a shape,
--- dtype and layout) runs a few of them and the quickest is kept; off until it is asked for. That
--- call waits for the card. It pays where shapes stay the same. Two runs of a program may keep
--- different ones, which differ in the last bits; under tnt.use_deterministic nothing is timed.
--- Errors: argument.
---@param on? boolean  nil only asks
---@return boolean former  what it was before
function cuda.benchmark(on)
  check_switch(on, "cuda.benchmark")
  return C.tnt_set_benchmark(on == nil and -1 or on and 1 or 0) ~= 0
end

--- Waits until a card has done all its work; without one it does nothing.
--- Errors: cuda, for a fault in that work.
---@param which? string|integer  default the current card
function cuda.synchronize(which)
  if which == nil and not cuda.is_available() then return end
  core.check(C.tnt_device_synchronize(number_of(which, "cuda.synchronize")))
end

---@class tnt.CudaMemory
---@field live integer      bytes that tensors hold, and captured steps for the tensors in them
---@field peak integer      the most they held since the start or reset_peak_memory
---@field cached integer    bytes the allocator keeps for later
---@field captured integer  bytes of `live` that captured steps hold
---@field fragmentation number  the part of the cached bytes outside the largest free block, 0..1
---@field segments integer  pieces of memory taken from the driver
---@field allocations integer  how often the driver was asked, all told
---@field pinned integer    bytes of the host's memory in use that cards read directly
---@field total integer     bytes of the card
---@field free integer      bytes that nobody holds

--- The memory of a card, as the caching allocator sees it.
---@param which? string|integer  default the current card
---@return tnt.CudaMemory
function cuda.memory(which)
  local info = ffi.new "tnt_device_memory_info"
  core.check(C.tnt_device_memory(info, number_of(which, "cuda.memory")))
  local cached = tonumber(info.cached_bytes)
  return {
    live = tonumber(info.live_bytes), peak = tonumber(info.peak_bytes), cached = cached,
    captured = tonumber(info.captured_bytes),
    fragmentation = cached > 0 and 1 - tonumber(info.largest_cached_bytes) / cached or 0,
    segments = tonumber(info.segments), allocations = tonumber(info.system_allocations),
    pinned = tonumber(info.pinned_bytes), total = tonumber(info.total_bytes),
    free = tonumber(info.free_bytes),
  }
end

--- The memory of a card in words: who holds what. tnt.memory_snapshot tells which operation and
--- line took it.
---@param which? string|integer  default the current card
---@return string
function cuda.memory_summary(which)
  local number = number_of(which, "cuda.memory_summary")
  local m = cuda.memory(device.name(number))
  local others = m.total - m.free - m.live - m.cached
  local lines = { ("%s (%s), %.1f MB"):format(device.name(number), cuda.name(device.name(number)),
    m.total / 1e6) }
  local function line(bytes, what, ...)
    lines[#lines + 1] = ("%10.1f MB %s"):format(bytes / 1e6, what:format(...))
  end
  line(m.live - m.captured, "tensors; %d are alive, on all devices",
    require "tnt.memory"().live_tensors)
  line(m.captured, "captured steps (with tensors at most %.1f MB so far)", m.peak / 1e6)
  line(m.cached, "kept for later, of %d segments (fragmentation %.2f; %d were ever asked for)",
    m.segments, m.fragmentation, m.allocations)
  line(others, "others: CUDA itself, libraries, other programs")
  line(m.free, "free")
  line(m.pinned, "of the host's memory in use, pinned")
  return table.concat(lines, "\n")
end

--- Lets the peak of `memory` begin anew.
---@param which? string|integer  default the current card
function cuda.reset_peak_memory(which)
  core.check(C.tnt_device_memory_reset_peak(number_of(which, "cuda.reset_peak_memory")))
end

--- Gives cached memory that no tensor uses back to the driver. Waits for the card.
---@param which? string|integer  default the current card
function cuda.empty_cache(which)
  core.check(C.tnt_device_empty_cache(number_of(which, "cuda.empty_cache")))
end

--- A mark in the work of a card.
---@class tnt.CudaEvent
local Event = {}
Event.__index = Event

--- A mark in the work of a card, for timing on it.
---@param which? string|integer  default the current card
---@return tnt.CudaEvent
function cuda.Event(which)
  return setmetatable({ number = number_of(which, "cuda.Event"), at = ffi.new "tnt_event *[1]" },
    Event)
end

--- Puts the mark behind the work given so far.
---@return tnt.CudaEvent self
function Event:record()
  core.check(C.tnt_event_record(self.at, self.number))
  self.guard = self.guard or ffi.gc(self.at[0], C.tnt_event_free)
  return self
end

--- Seconds from this mark to a later one. Waits for the later one.
--- Errors: argument, when one of them was not recorded.
---@param later tnt.CudaEvent
---@return number seconds
function Event:elapsed(later)
  local ms = ffi.new "double[1]"
  core.check(C.tnt_event_milliseconds(ms, self.at[0], later.at[0]))
  return ms[0] / 1e3
end

return cuda

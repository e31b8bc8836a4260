-- Two clocks: `now` never jumps and is for durations, `wall` is the time of day and is for records.
-- Both in seconds. They are fields of a table so that a spec can drive the time.

local ffi = require "ffi"

ffi.cdef [[
struct tnt_loop_timespec { long seconds; long nanoseconds; };
int tnt_loop_clock(int clock, struct tnt_loop_timespec *time) asm("clock_gettime");
]]

local clock = {}

-- Source: <time.h> on Linux, CLOCK_REALTIME and CLOCK_MONOTONIC.
local REALTIME, MONOTONIC = 0, 1
local time = ffi.new "struct tnt_loop_timespec"
local C = ffi.C

--- Seconds since some moment in the past.
---@return number
function clock.now()
  C.tnt_loop_clock(MONOTONIC, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) * 1e-9
end

--- Seconds since 1970-01-01 UTC.
---@return number
function clock.wall()
  C.tnt_loop_clock(REALTIME, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) * 1e-9
end

return clock

-- Time in seconds, and the resident memory of this process.
local ffi = require "ffi"
ffi.cdef "typedef struct { long s, ns; } bench_timespec; int clock_gettime(int, bench_timespec *);"
local t = ffi.new "bench_timespec"
local clock = {}
function clock.now()
  ffi.C.clock_gettime(1, t)
  return tonumber(t.s) + tonumber(t.ns) * 1e-9
end
--- Resident megabytes: now, and the most so far.
function clock.memory()
  local now, peak
  for line in io.lines "/proc/self/status" do
    now = now or line:match "^VmRSS:%s+(%d+)"
    peak = peak or line:match "^VmHWM:%s+(%d+)"
  end
  return now / 1024, peak / 1024
end
--- The median time of a call in seconds, of `rounds` rounds of n calls.
function clock.time(n, rounds, fn)
  local times = {}
  for r = 1, rounds do
    local start = clock.now()
    fn(n)
    times[r] = (clock.now() - start) / n
  end
  table.sort(times)
  return times[math.ceil(rounds / 2)]
end
return clock

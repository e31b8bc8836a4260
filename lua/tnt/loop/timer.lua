-- The iteration timer: the last samples of named durations, always on. A ring of fixed length, so
-- that a long run neither grows nor moves memory.

local class = require "tnt.class"

---@class tnt.loop.Timer
local Timer = class.new "Timer"

local LENGTH = 1024 -- samples kept of each name

local function new_ring() return { count = 0, at = 0, last = nil } end

--- `timer.data_wait_time`, `timer.train_iteration_time`, `timer.eval_iteration_time` and
--- `timer.predict_iteration_time` are rings: `count` samples were recorded in all, `last` is the
--- newest (seconds), the ring's list part holds the newest 1024.
function Timer:init()
  self.data_wait_time = new_ring()
  self.train_iteration_time = new_ring()
  self.eval_iteration_time = new_ring()
  self.predict_iteration_time = new_ring()
end

--- Records a duration.
---@param ring table   one of the timer's rings
---@param seconds number
function Timer.add(ring, seconds)
  local at = ring.at % LENGTH + 1
  ring.at, ring.count, ring.last = at, ring.count + 1, seconds
  ring[at] = seconds
end

--- The mean of the newest samples in seconds, or nil when there is none.
---@param name string
---@param n integer|nil  how many; default all that are kept
---@return number|nil
function Timer:mean(name, n)
  local ring = self[name]
  local have = math.min(ring.count, LENGTH)
  n = math.min(n or have, have)
  if n == 0 then return nil end
  local sum = 0
  for back = 0, n - 1 do sum = sum + ring[(ring.at - back - 1) % LENGTH + 1] end
  return sum / n
end

return Timer

-- tnt.PeriodicTimer: whether some seconds have passed, with one answer for all processes. Rank 0
-- decides, and everybody learns it one call late, so that no step waits for a message: what
-- time-based work that all processes do together (a checkpoint) asks.

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local dist = require "tnt.dist"

---@class tnt.PeriodicTimer.Options
---@field seconds number  how long a period is, above 0

--- Asked in every step: `if timer:check() then save() end`. A period begins when the answer was
--- true. Source: TorchTNT, FullSyncPeriodicTimer.
--- Errors: argument.
---@class tnt.PeriodicTimer
---@overload fun(options: tnt.PeriodicTimer.Options): tnt.PeriodicTimer
local PeriodicTimer = class.new("PeriodicTimer", { "seconds" })

class.rename(PeriodicTimer, { interval = "seconds" })

---@param o tnt.PeriodicTimer.Options
function PeriodicTimer:init(o)
  check.number("PeriodicTimer", "seconds", o.seconds, 0)
  self.seconds, self.began, self.answer = o.seconds, clock.now(), false
end

--- Whether the period was over at the call before this one; of the first call false. All processes
--- call it equally often.
---@return boolean
function PeriodicTimer:check()
  local now, answer = clock.now(), self.answer
  if answer then self.began = now end
  self.answer = dist.sync_bool(now - self.began >= self.seconds, "rank_zero")
  return answer
end

return PeriodicTimer

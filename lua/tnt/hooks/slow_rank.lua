-- Finds the process the others wait for. All meet at a barrier; who waited least there came last.
-- Only durations are compared, never the clocks of different machines, which agree on nothing.

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local dist = require "tnt.dist"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local message = require "tnt.loop.message"

---@class tnt.hooks.SlowRank.Options
---@field every_n_steps integer|nil   of training; default 100; 0: not at steps
---@field every_n_epochs integer|nil  of training; default 1; 0: not at epochs
---@field warn_after number|nil  a warning for a gap of so many seconds; default: none

--- Logs "train/slow_rank/gap", the seconds the first process waited for the last, and
--- "train/slow_rank/slowest", the rank of the last. The warning adds whether the slowest one's
--- steps or its batches take longer than the others'. With one process both are 0.
---
--- Each look holds all processes until the last is there.
--- Errors: argument, when neither steps nor epochs are looked at.
---@class tnt.hooks.SlowRank: tnt.Hook
---@overload fun(options: tnt.hooks.SlowRank.Options|nil): tnt.hooks.SlowRank
local SlowRank = hook.Hook:extend("SlowRank", {
  every_n_steps = 100, every_n_epochs = 1, warn_after = class.NONE,
})

class.rename(SlowRank, {
  check_every_n_steps = "every_n_steps", check_every_n_epochs = "every_n_epochs",
})

function SlowRank:init()
  for _, name in ipairs { "every_n_steps", "every_n_epochs" } do
    if self[name] == false or self[name] == 0 then self[name] = nil end
    if self[name] ~= nil then check.count("SlowRank", name, self[name], 1) end
  end
  if not (self.every_n_steps or self.every_n_epochs) then
    errors.raise("argument", "SlowRank: it would never look; give every_n_steps or every_n_epochs")
  end
  if self.warn_after ~= nil then check.number("SlowRank", "warn_after", self.warn_after, 0) end
end

--- Who came last, from what each process measured.
---@param seen {waited: number, step: number, data: number}[]  by rank + 1: seconds at the barrier,
---  means of a step and of the wait for its batch
---@return integer slowest  rank
---@return number gap       seconds between the first and the last to come
---@return string cause     "steps" or "batches": where the slowest one's time goes, beside the mean
function SlowRank.judge(seen)
  local last, first, step, data = 1, 1, 0, 0
  for i, one in ipairs(seen) do
    if one.waited < seen[last].waited then last = i end
    if one.waited > seen[first].waited then first = i end
    step, data = step + one.step / #seen, data + one.data / #seen
  end
  local slowest = seen[last]
  return last - 1, seen[first].waited - slowest.waited,
    slowest.data - data > slowest.step - step and "batches" or "steps"
end

-- Means over what the loop's timer keeps since the last look.
local function look(self, state)
  local timer, steps = state.iteration_timer, state.progress.num_steps_completed
  local n = math.max(1, steps - (self.looked_at or 0))
  self.looked_at = steps
  local arrived = clock.now()
  dist.barrier()
  local seen = dist.all_gather_object {
    waited = dist.size() > 1 and clock.now() - arrived or 0,
    step = timer:mean("train_iteration_time", n) or 0, data = timer:mean("data_wait_time", n) or 0,
  }
  local slowest, gap, cause = SlowRank.judge(seen)
  state:log("slow_rank/gap", gap, { reduce = "max" })
  state:log("slow_rank/slowest", slowest, { reduce = "last" })
  if self.warn_after and gap >= self.warn_after and dist.is_main() then
    message.warn("SlowRank: after train step %d the others waited %.3g s for rank %d, whose %s "
      .. "take longer (%.3g s a step, %.3g s a batch)", steps, gap, slowest, cause,
      seen[slowest + 1].step, seen[slowest + 1].data)
  end
end

function SlowRank:on_train_start(state) self.looked_at = state.progress.num_steps_completed end

function SlowRank:on_train_step_end(state)
  if state:every(self.every_n_steps) then look(self, state) end
end

function SlowRank:on_train_epoch_end(state)
  local n = self.every_n_epochs
  if n and state.progress.num_epochs_completed % n == 0 then look(self, state) end
end

return SlowRank

-- Stops training after some time, or at a time of day: for clusters that give a job so many hours.
-- It closes the epoch as `state:stop()` does; fit's `max_time` leaves it open instead.

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local dist = require "tnt.dist"
local errors = require "tnt.errors"
local hook = require "tnt.hook"

local NONE = class.NONE

---@class tnt.hooks.TimeLimit.Options
---@field seconds number|nil    these three add up; from the start of training in this process
---@field minutes number|nil
---@field hours number|nil
---@field duration string|nil   instead: "DD:HH:MM", two digits each, at most 23 hours, 59 minutes
---@field timestamp number|nil  seconds since 1970: stop at this moment, whichever comes first
---@field interval string|nil   look at the end of each "epoch" (default) or "step"
---@field every integer|nil     of every n-th epoch or step; default 1

--- Errors: argument, when no limit is given or one cannot be read.
---@class tnt.hooks.TimeLimit: tnt.Hook
---@overload fun(options: tnt.hooks.TimeLimit.Options): tnt.hooks.TimeLimit
local TimeLimit = hook.Hook:extend("TimeLimit", {
  seconds = NONE, minutes = NONE, hours = NONE, duration = NONE, timestamp = NONE,
  interval = "epoch", every = 1,
})

class.rename(TimeLimit, { interval_freq = "every" })

local function seconds_of(duration)
  local days, hours, minutes
  if type(duration) == "string" then
    days, hours, minutes = duration:match "^(%d%d):(%d%d):(%d%d)$"
  end
  if not days or tonumber(hours) > 23 or tonumber(minutes) > 59 then
    errors.raise("argument", "TimeLimit: duration must be 'DD:HH:MM' with at most 23 hours and 59 "
      .. "minutes, such as '01:12:30', got %s", tostring(duration))
  end
  return ((days * 24 + hours) * 60 + minutes) * 60
end

function TimeLimit:init()
  local limit
  for name, unit in pairs { seconds = 1, minutes = 60, hours = 3600 } do -- order: free
    local value = self[name]
    if value ~= nil then
      check.number("TimeLimit", name, value, 0)
      limit = (limit or 0) + value * unit
    end
  end
  if self.duration ~= nil then
    if limit then
      errors.raise("argument", "TimeLimit: give duration, or seconds, minutes and hours, not both")
    end
    limit = seconds_of(self.duration)
  end
  self.limit = limit
  if self.timestamp ~= nil then
    check.number("TimeLimit", "timestamp", self.timestamp, 0)
  elseif not limit then
    errors.raise("argument", "TimeLimit: a limit is missing: seconds, minutes, hours, duration or "
      .. "timestamp")
  end
  check.word("TimeLimit", "interval", self.interval, { "epoch", "step" })
  check.count("TimeLimit", "every", self.every, 1)
end

function TimeLimit:on_train_start() self.began = clock.now() end

-- The first process' clock decides for all.
local function look(self, state)
  local is_over = self.limit ~= nil and clock.now() - self.began >= self.limit
  local is_late = self.timestamp ~= nil and clock.wall() >= self.timestamp
  if dist.sync_bool(is_over, "rank_zero") then
    state:stop(("TimeLimit: %g seconds are over"):format(self.limit))
  elseif dist.sync_bool(is_late, "rank_zero") then
    state:stop("TimeLimit: it is " .. os.date("%Y-%m-%d %H:%M:%S", self.timestamp))
  end
end

function TimeLimit:on_train_step_end(state)
  if self.interval == "step" and state:every(self.every) then look(self, state) end
end

function TimeLimit:on_train_epoch_end(state)
  local epochs = state.progress.num_epochs_completed
  if self.interval == "epoch" and epochs % self.every == 0 then look(self, state) end
end

return TimeLimit

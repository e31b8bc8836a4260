-- tnt.Timer: named durations, measured with a clock that never jumps. Scopes nest; one that an
-- error leaves is not recorded. Tables of what was recorded are in timer/report.lua.

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local device = require "tnt.timer.device"
local dist = require "tnt.dist"
local errors = require "tnt.errors"
local message = require "tnt.loop.message"
local report = require "tnt.timer.report"
local sorted = require "tnt.sorted"

---@class tnt.Timer.Options
---@field kind string|nil  "all" (default): every duration is kept; "aggregated": count, total and
---  mean alone; "bounded": the newest ones, between lower_bound and upper_bound of each name
---@field lower_bound integer|nil  "bounded": how many stay when upper_bound is reached; default 512
---@field upper_bound integer|nil  "bounded": default 1024
---@field sync boolean|nil     wait for the device at both ends; default: where there is one
---@field verbose boolean|nil  tell each duration (TNT_LOG=info); default false

--- `timer:time("load", fn, ...)` gives what fn gives; `timer:begin "load"` and `timer:stop "load"`
--- stand around code that is no function. `tostring(timer)` is the summary.
--- Errors: argument, for sync = true without a device, or bounds that are none.
---@class tnt.Timer
---@field recorded table<string, number[]>  name -> durations in seconds, oldest first
---@overload fun(options: tnt.Timer.Options|nil): tnt.Timer
local Timer = class.new("Timer", {
  kind = "all", lower_bound = 512, upper_bound = 1024, sync = class.NONE, verbose = false,
})

class.rename(Timer, { cuda_sync = "sync", size_bounds = "lower_bound and upper_bound" })

function Timer:init(o)
  check.word("Timer", "kind", o.kind, { "all", "aggregated", "bounded" })
  check.count("Timer", "lower_bound", o.lower_bound, 1)
  check.count("Timer", "upper_bound", o.upper_bound, 2)
  if o.lower_bound >= o.upper_bound then
    errors.raise("argument", "Timer: lower_bound must be below upper_bound, got %d and %d",
      o.lower_bound, o.upper_bound)
  end
  if o.sync ~= false then
    local cuda, why = device()
    if o.sync and not cuda then
      errors.raise("argument", "Timer: sync = true wants a device to wait for: %s", why or "none")
    end
    self.device = cuda
  end
  self.kind, self.lower_bound, self.upper_bound = o.kind, o.lower_bound, o.upper_bound
  self.verbose = o.verbose
  self:reset()
end

--- Forgets everything, open scopes too.
function Timer:reset() self.recorded, self.names, self.sums, self.open = {}, {}, {}, {} end

local function now(self)
  if self.device then self.device.synchronize() end
  return clock.now()
end

-- Keeps the newest `lower_bound` of a list that has reached `upper_bound`.
local function bound(self, list)
  local n, keep = #list, self.lower_bound
  if n < self.upper_bound then return end
  for i = 1, n do list[i] = i <= keep and list[n - keep + i] or nil end
end

--- Records a duration measured elsewhere.
---@param name string
---@param seconds number
function Timer:add(name, seconds)
  local sums = self.sums[name]
  if not sums then
    sums = { calls = 0, total = 0 }
    self.sums[name], self.names[#self.names + 1] = sums, name
    if self.kind ~= "aggregated" then self.recorded[name] = {} end
  end
  sums.calls, sums.total = sums.calls + 1, sums.total + seconds
  local list = self.recorded[name]
  if list then
    list[#list + 1] = seconds
    if self.kind == "bounded" then bound(self, list) end
  end
  if self.verbose then message.info("%s took %.6g seconds", name, seconds) end
end

local function check_name(name)
  if type(name) == "string" then return end
  errors.raise("argument", "Timer: the name of a scope is a string, got %s", type(name))
end

local function finish(self, name, began, ...)
  self:add(name, now(self) - began)
  return ...
end

--- Calls fn(...) and records how long it took; nothing when it raises.
---@param name string
---@param fn function
---@return any ...  what fn returns
function Timer:time(name, fn, ...)
  check_name(name)
  return finish(self, name, now(self), fn(...))
end

--- Opens a scope. Scopes nest, also within one of the same name.
---@param name string
function Timer:begin(name)
  check_name(name)
  self.open[#self.open + 1] = { name = name, began = now(self) }
end

--- Closes the innermost scope of that name and records it. Those opened within it and still open
--- were left by an error: they are forgotten.
--- Errors: state, when no such scope is open.
---@param name string
---@return number seconds
function Timer:stop(name)
  local at = #self.open
  while at > 0 and self.open[at].name ~= name do at = at - 1 end
  if at == 0 then
    local names = {}
    for i, scope in ipairs(self.open) do names[i] = "'" .. scope.name .. "'" end
    errors.raise("state", "Timer: no scope '%s' is open (open: %s); begin it first", tostring(name),
      #names > 0 and table.concat(names, ", ") or "none")
  end
  local seconds = now(self) - self.open[at].began
  for i = #self.open, at, -1 do self.open[i] = nil end
  self:add(name, seconds)
  return seconds
end

---@class tnt.Timer.Row
---@field name string
---@field mean number     seconds
---@field calls integer
---@field total number    seconds
---@field percent number  of the total of all names

--- One row for each name, the largest share first. Also of "bounded" timers they are of all
--- durations, not only of those that were kept.
---@return tnt.Timer.Row[]
function Timer:rows() return report.rows(self.names, self.sums) end

--- The rows as a table of text.
---@return string
function Timer:summary() return report.summary(self:rows()) end

-- The durations kept, of this process or one process' after the other's.
local function durations(self, options)
  if self.kind == "aggregated" then
    errors.raise("state", "Timer: an aggregated timer keeps no durations, so it knows no "
      .. "percentiles; make it with kind = 'bounded'")
  end
  options = options or {}
  errors.check_options("Timer: percentiles", options, { "all_ranks" })
  if not options.all_ranks then return self.recorded end
  local merged = {}
  for _, recorded in ipairs((dist.all_gather_object(self.recorded))) do
    for name, list in sorted(recorded) do
      local into = merged[name] or {}
      for _, seconds in ipairs(list) do into[#into + 1] = seconds end
      merged[name] = into
    end
  end
  return merged
end

---@class tnt.Timer.PercentileOptions
---@field all_ranks boolean|nil  over the durations of all processes, which all have to ask

--- Percentiles of the durations kept of each name, each a duration that was recorded (the next
--- lower one), and their mean "avg": {load = {p50 = 0.1, p99 = 0.4, avg = 0.12}}.
--- Errors: argument, for one that is not within 0 and 100; state, when a timer keeps none.
---@param percentiles number[]
---@param options tnt.Timer.PercentileOptions|nil
---@return table<string, table<string, number>>
function Timer:percentiles(percentiles, options)
  return report.percentiles(durations(self, options), percentiles)
end

--- The percentiles as a table of text, with | between columns, names in the order in which they
--- were first recorded here. Errors: as percentiles().
---@param percentiles number[]
---@param options tnt.Timer.PercentileOptions|nil
---@return string
function Timer:percentile_table(percentiles, options)
  local found, names, is_here = self:percentiles(percentiles, options), {}, {}
  for i, name in ipairs(self.names) do names[i], is_here[name] = name, true end
  for name in sorted(found) do
    if not is_here[name] then names[#names + 1] = name end
  end
  return report.percentile_table(names, found, percentiles)
end

function Timer:__tostring() return self:summary() end

return Timer

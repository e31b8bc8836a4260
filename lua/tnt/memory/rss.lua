-- tnt.measure_rss_deltas: how what the process holds in memory changes while a function runs. A
-- thread of the core looks (core/rss.c), so the function runs undisturbed.

local check = require "tnt.check_option"
local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"

local C = core.C

local samples_out, n_out = ffi.new "int64_t *[1]", ffi.new "int64_t[1]"

local function finish(ok, ...)
  core.check(C.tnt_rss_stop(samples_out, n_out))
  local samples, deltas = samples_out[0], {}
  for i = 1, tonumber(n_out[0]) - 1 do deltas[i] = tonumber(samples[i] - samples[0]) end
  ffi.C.free(samples)
  if not ok then error((...), 0) end
  return deltas, ...
end

---@class tnt.RssOptions
---@field interval? number  seconds between two looks; default 0.1

--- Calls fn(...) and notes every `interval` seconds, and once when fn is done, how many bytes more
--- than before the process holds in memory (its resident set).
--- Errors: argument; state, within another measurement; what fn raises.
--- Source: torchtnt.utils.memory.measure_rss_deltas.
---
--- ```lua
--- local deltas = tnt.measure_rss_deltas(function() return tnt.ones(1000, 1000):sum() end)
--- #deltas >= 1 -- true
--- ```
---@param options_or_fn tnt.RssOptions|function
---@param ... any  after options: fn and its arguments; else fn's arguments
---@return integer[] deltas  bytes, at least one
---@return any ...  what fn returns
return function(options_or_fn, ...)
  local function run(interval, fn, ...)
    if type(fn) ~= "function" then
      errors.raise("argument", "measure_rss_deltas: a function was expected, got %s", type(fn))
    end
    core.check(C.tnt_rss_start(interval))
    return finish(pcall(fn, ...))
  end
  if type(options_or_fn) ~= "table" then return run(0.1, options_or_fn, ...) end
  errors.check_options("measure_rss_deltas", options_or_fn, { "interval" })
  local interval = options_or_fn.interval or 0.1
  check.number("measure_rss_deltas", "interval", interval, 1e-4)
  return run(interval, ...)
end

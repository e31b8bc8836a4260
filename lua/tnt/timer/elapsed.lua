-- tnt.log_elapsed_time: how long something took, as a remark (TNT_LOG=info).

local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local message = require "tnt.loop.message"
local device = require "tnt.timer.device"

local function finish(name, cuda, began, ok, ...)
  if cuda then cuda.synchronize() end
  message.info("%s took %.6g seconds%s", name, clock.now() - began, ok and "" or " and failed")
  if not ok then error((...), 0) end
  return ...
end

--- Calls fn(...) and tells how long it took, also when it raises. Where there is a device its work
--- is waited for at both ends.
---
---     local batch = tnt.log_elapsed_time("reading", read, path)
---
--- Errors: argument; what fn raises.
---@param name string
---@param fn function
---@return any ...  what fn returns
return function(name, fn, ...)
  if type(name) ~= "string" or type(fn) ~= "function" then
    errors.raise("argument", "log_elapsed_time: a name and a function were expected, got %s and %s",
      type(name), type(fn))
  end
  local cuda = device()
  if cuda then cuda.synchronize() end
  return finish(name, cuda, clock.now(), pcall(fn, ...))
end

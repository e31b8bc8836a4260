-- tnt.testing.messages: what the program says in words while a function runs.

local message = require "tnt.loop.message"

---@class tnt.testing.Message
---@field level string  "error", "warning", "info" or "debug"
---@field text string

--- Calls fn(...) and returns the warnings, errors and remarks that were told meanwhile, instead of
--- printing them.
---
---     local said = tnt.testing.messages(tnt.train, unit, options)
---
--- Errors: what fn raises.
---@param fn function
---@return tnt.testing.Message[]
---@return any ...  what fn returns
return function(fn, ...)
  local list, former = {}, message.sink
  message.sink = function(level, text) list[#list + 1] = { level = level, text = text } end
  local function finish(ok, ...)
    message.sink = former
    if not ok then error((...), 0) end
    return list, ...
  end
  return finish(pcall(fn, ...))
end

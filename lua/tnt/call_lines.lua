-- From which line of the program each operation was called. While somebody wants to know, the core
-- lets every entry come back to Lua once more (core.finish), which walks the stack and remembers
-- the line by the call's number; nodes of the tape and events of memory keep that number.

local core = require "tnt.core"
local errors = require "tnt.errors"

local context = core.context
-- How many of the newest calls are remembered, or up to twice as many.
local call_lines = { generation = 2 ^ 18 }
local newer, older, last, users = {}, {}, 0, 0

local function note()
  newer[last] = errors.where(2)
  last = last % (2 ^ 32 - 1) + 1 -- the core's field is an uint32; 0 stands for none
  if last % call_lines.generation == 0 then older, newer = newer, {} end
  context.call = last
end

--- "file:line" of a call, or nil when it is not known (any more).
---@param number integer
---@return string|nil
function call_lines.at(number) return newer[number] or older[number] end

--- What `at` gives for calls so far, also after the last `stop`.
---@return fun(number: integer): string|nil
function call_lines.reader()
  local first, second = newer, older
  return function(number) return first[number] or second[number] end
end

local function named(number)
  local line = call_lines.at(tonumber(number))
  return line and (" (made at %s)"):format(line) or ""
end

local function name(text) return (text:gsub(" %(made at call #(%d+)%)", named)) end

--- Notes lines from now on, until as many `stop` as `start` were called.
function call_lines.start()
  users = users + 1
  if users > 1 then return end
  last = last + 1
  context.call = last
  core.set_lines(note, name)
end

--- Ends what one start began.
function call_lines.stop()
  users = users - 1
  if users > 0 then return end
  core.set_lines(nil)
  context.call = 0
  newer, older = {}, {}
end

return call_lines

-- tnt.events: what happens in a program, told to whoever registered: start and end of loading,
-- saving, restoring, for a company's own monitoring. Nothing listens by default, and a listener's
-- error never reaches the program. Not the events of loops, which hooks are for.

local clock = require "tnt.loop.clock"
local dist = require "tnt.dist"
local errors = require "tnt.errors"
local message = require "tnt.loop.message"

local events = {}

---@class tnt.Event
---@field name string
---@field time number     seconds since 1970
---@field rank integer    of the process
---@field metadata table<string, any>  plain data; of an interval also `action` ("start" or "end"),
---  `id` (the same at both ends, another one for each interval of the process), and at its end
---  `seconds` and, where it failed, `error`

---@alias tnt.EventHandler fun(event: tnt.Event)

local handlers = {} -- in the order in which they were registered

--- Lets a function know of every event from now on.
--- Errors: argument, when it is none; state, when it is registered already.
---@param handler tnt.EventHandler|{handle_event: fun(self: table, event: tnt.Event)}
function events.register(handler)
  local is_object = type(handler) == "table" and type(handler.handle_event) == "function"
  if type(handler) ~= "function" and not is_object then
    errors.raise("argument", "tnt.events.register: a function (event), or an object with "
      .. "handle_event, was expected, got %s", type(handler))
  end
  for _, other in ipairs(handlers) do
    if other == handler then
      errors.raise("state", "tnt.events.register: this handler is registered already")
    end
  end
  handlers[#handlers + 1] = handler
end

--- The inverse of `register`.
---@param handler any
---@return boolean was  whether it was registered
function events.unregister(handler)
  for i, other in ipairs(handlers) do
    if other == handler then
      table.remove(handlers, i)
      return true
    end
  end
  return false
end

local function tell(name, metadata)
  if #handlers == 0 then return end
  local event = { name = name, time = clock.wall(), rank = dist.rank(), metadata = metadata }
  -- A copy: a handler may take itself off the list.
  for _, handler in ipairs({ unpack(handlers) }) do
    local ok, err
    if type(handler) == "function" then
      ok, err = pcall(handler, event)
    else
      ok, err = pcall(handler.handle_event, handler, event)
    end
    if not ok then message.warn("tnt.events: a handler of '%s' failed: %s", name, tostring(err)) end
  end
end

local function check(who, name, metadata)
  if type(name) ~= "string" or metadata ~= nil and type(metadata) ~= "table" then
    errors.raise("argument", "tnt.events.%s: a name and a table of metadata were expected, got %s "
      .. "and %s", who, type(name), type(metadata))
  end
end

local function copied(metadata)
  local copy = {}
  for key, value in pairs(metadata or {}) do copy[key] = value end -- order: free
  return copy
end

--- Tells an event. Errors: argument.
---@param name string
---@param metadata table<string, any>|nil
function events.log(name, metadata)
  check("log", name, metadata)
  tell(name, copied(metadata))
end

local intervals = 0

local function finish(name, metadata, id, began, ok, ...)
  metadata = copied(metadata)
  metadata.action, metadata.id, metadata.seconds = "end", id, clock.now() - began
  if not ok then metadata.error = tostring((...)) end
  tell(name, metadata)
  if not ok then error((...), 0) end
  return ...
end

--- Calls fn(...) between two events, its start and its end; the end is told when it raises, too.
---
---     local net = tnt.events.interval("load_model", {path = path}, load, path)
---
--- Errors: argument; what fn raises.
---@param name string
---@param metadata table<string, any>|nil
---@param fn function
---@return any ...  what fn returns
function events.interval(name, metadata, fn, ...)
  check("interval", name, metadata)
  if type(fn) ~= "function" then
    errors.raise("argument", "tnt.events.interval: a function was expected as third argument, got "
      .. "%s; write interval(name, nil, fn) without metadata", type(fn))
  end
  intervals = intervals + 1
  local id, start = intervals, copied(metadata)
  start.action, start.id = "start", id
  tell(name, start)
  return finish(name, metadata, id, clock.now(), pcall(fn, ...))
end

return events

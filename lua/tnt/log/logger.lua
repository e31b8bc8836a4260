-- The base of logger classes: options become fields, and a logger serves plain loops too. Whoever
-- writes one needs only `log(self, record)`; `open`, `flush` and `close` where there is a use.

local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

---@class tnt.log.Logger
local Logger = class.new "Logger"

--- Options become fields.
---@param options table
function Logger:construct(options)
  if class.declared(getmetatable(self)) then
    for name, value in sorted(options) do self[name] = value end
  end
end

--- Logs numbers in a loop of one's own: `logger:log_values({loss = 0.3}, step)`. The loops of tnt
--- call `log` with complete records instead.
--- Errors: argument, when a value is no number; io.
---@param values table<string, number>  by name
---@param step integer
function Logger:log_values(values, step)
  local names = sorted.keys(values)
  for _, name in ipairs(names) do
    if type(name) ~= "string" or type(values[name]) ~= "number" then
      errors.raise("argument", "%s: log_values: expected numbers by name, got %s = %s",
        class.of(self).__name, tostring(name), tostring(values[name]))
    end
  end
  self:log {
    at = "step", phase = "train", step = step, update = step, epoch = 0, time = clock.wall(),
    names = names, values = values,
  }
end

return Logger

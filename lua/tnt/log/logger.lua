-- The base of logger classes: options become fields, and a logger serves plain loops too. Whoever
-- writes one needs only `log(self, record)`; `open`, `flush` and `close` where there is a use.

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local nest = require "tnt.loop.nest"
local sorted = require "tnt.sorted"

--- The base of loggers; extend it with log(self, record).
---@class tnt.log.Logger
local Logger = class.new "Logger"

--- Options become fields.
---@param options table
function Logger:construct(options)
  if class.declared(getmetatable(self)) then
    for name, value in sorted(options) do self[name] = value end
  end
end

-- A number of a number, a boolean or a tensor of one element.
local function scalar(self, name, value)
  if type(value) == "boolean" then return value and 1 or 0 end
  if type(value) == "number" and type(name) == "string" then return value end
  if type(name) == "string" and nest.is_tensor(value) then
    if value:numel() == 1 then
      value = value:item()
      return type(value) == "boolean" and (value and 1 or 0) or value
    end
    errors.raise("shape", "%s: log_values: expected one element by name, got %s = a tensor of %d",
      class.of(self).__name, name, tonumber(value:numel()))
  end
  errors.raise("argument", "%s: log_values: expected numbers, booleans and tensors of one element "
    .. "by name, got %s = %s", class.of(self).__name, tostring(name), tostring(value))
end

--- Logs numbers in a loop of one's own: `logger:log_values({loss = 0.3}, step)`. The loops of tnt
--- call `log` with complete records instead. Of several processes only rank 0 does it, but with
--- `all_ranks`.
--- Errors: argument, when a value is no number; shape, for a tensor of several elements; io.
---@param values table<string, number|boolean|tnt.Tensor>  by name
---@param step integer
function Logger:log_values(values, step)
  if not self.all_ranks and require("tnt.dist").rank() ~= 0 then return end
  if type(values) ~= "table" or getmetatable(values) ~= nil then
    errors.raise("argument", "%s: log_values: expected numbers by name, {loss = 0.3}, got %s",
      class.of(self).__name, type(values))
  end
  check.count(class.of(self).__name .. ": log_values", "step", step, 0)
  local names, numbers = sorted.keys(values), {}
  for _, name in ipairs(names) do numbers[name] = scalar(self, name, values[name]) end
  self:log {
    at = "step", phase = "train", step = step, update = step, epoch = 0, time = clock.wall(),
    names = names, values = numbers,
  }
end

--- Logs one number: `logger:log_value("loss", 0.3, step)`. Errors: as `log_values`.
---@param name string
---@param value number|boolean|tnt.Tensor  one element
---@param step integer
function Logger:log_value(name, value, step)
  if type(name) ~= "string" then
    errors.raise("argument", "%s: log_value: expected a name, got %s", class.of(self).__name,
      type(name))
  end
  self:log_values({ [name] = value }, step)
end

return Logger

-- Watches the numbers that go by: a logger that writes nothing, but warns and calls a function when
-- a metric that it tracks is not as it should be. What is anomalous is for evaluators to say.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local Logger = require "tnt.log.logger"
local message = require "tnt.loop.message"

---@class tnt.log.Tracked
---@field name string            full: "train/loss"
---@field evaluators tnt.log.Evaluator[]
---@field warmup integer|nil     steps at whose values evaluators only look; default 0
---@field every integer|nil      of the later ones, ask at steps that are a multiple; default 1

---@class tnt.log.Anomaly.Options
---@field tracked tnt.log.Tracked[]
---@field on_anomaly nil|fun(name: string, value: number, step: integer, evaluator: table)
---  called beside the warning; an error in it becomes a warning

--- In the list of loggers: tnt.log.Anomaly {tracked = {{name = "train/loss", evaluators =
--- {tnt.log.IsNaN(), tnt.log.Threshold {max = 10}}, warmup = 100}}}. Its evaluators see every
--- value, those of steps and of epochs.
--- Errors: argument, for a metric that is listed twice, or an evaluator that is none.
---@class tnt.log.Anomaly: tnt.log.Logger
---@overload fun(options: tnt.log.Anomaly.Options): tnt.log.Anomaly
local Anomaly = Logger:extend("Anomaly", { "tracked", on_anomaly = class.NONE })

local of_tracked = class.declaration("tnt.log.Anomaly: tracked", {
  "name", "evaluators", warmup = 0, every = 1,
})

local function is_evaluator(value)
  return type(value) == "table" and not class.is_class(value)
    and type(value.update) == "function" and type(value.is_anomaly) == "function"
end

local function read_tracked(i, given)
  local who = ("tnt.log.Anomaly: tracked[%d]"):format(i)
  if type(given) ~= "table" then
    errors.raise("argument", "%s must be {name = ..., evaluators = {...}}, got %s", who,
      type(given))
  end
  local tracked = class.read(who, of_tracked, given)
  check.count(who, "warmup", tracked.warmup, 0)
  check.count(who, "every", tracked.every, 1)
  if type(tracked.name) ~= "string" then
    errors.raise("argument", "%s: name must be a metric's full name, got %s", who,
      type(tracked.name))
  elseif type(tracked.evaluators) ~= "table" or #tracked.evaluators == 0 then
    errors.raise("argument", "%s: evaluators must be a list such as {tnt.log.IsNaN()}", who)
  end
  for k, evaluator in ipairs(tracked.evaluators) do
    if not is_evaluator(evaluator) then
      errors.raise("argument", "%s: evaluators[%d] must have the functions update(self, value) and "
        .. "is_anomaly(self), got %s", who, k, class.is_class(evaluator)
        and "the class " .. tostring(evaluator) .. "; call it to make one" or type(evaluator))
    end
  end
  return tracked
end

function Anomaly:init()
  if type(self.tracked) ~= "table" or #self.tracked == 0 then
    errors.raise("argument", "tnt.log.Anomaly: tracked must be a list of {name = ..., evaluators "
      .. "= {...}} that is not empty, got %s", type(self.tracked) == "table" and "no entry"
      or type(self.tracked))
  elseif self.on_anomaly ~= nil and type(self.on_anomaly) ~= "function" then
    errors.raise("argument", "tnt.log.Anomaly: on_anomaly must be a function (name, value, step, "
      .. "evaluator), got %s", type(self.on_anomaly))
  end
  self.by_name = {}
  for i, given in ipairs(self.tracked) do
    local tracked = read_tracked(i, given)
    if self.by_name[tracked.name] then
      errors.raise("argument", "tnt.log.Anomaly: '%s' is tracked twice; give one entry all of its "
        .. "evaluators", tracked.name)
    end
    self.by_name[tracked.name] = tracked
  end
end

local function tell(self, name, value, step, evaluator)
  message.warn("anomaly: %s is %.6g at step %d (%s)", name, value, step, tostring(evaluator))
  if not self.on_anomaly then return end
  local ok, err = pcall(self.on_anomaly, name, value, step, evaluator)
  if not ok then message.warn("tnt.log.Anomaly: on_anomaly failed: %s", tostring(err)) end
end

---@param record tnt.Record
function Anomaly:log(record)
  local step = record.step
  for _, name in ipairs(record.names) do
    local tracked = self.by_name[name]
    if tracked then
      local value = record.values[name]
      local is_due = step > tracked.warmup and step % tracked.every == 0
      for _, evaluator in ipairs(tracked.evaluators) do
        evaluator:update(value)
        if is_due and evaluator:is_anomaly() then tell(self, name, value, step, evaluator) end
      end
    end
  end
end

return Anomaly

-- Evaluators for tnt.log.Anomaly: what is anomalous about a metric's values. Any table with the two
-- functions is one; it may look at more than the last value.

local check = require "tnt.check_option"
local class = require "tnt.class"

---@class tnt.log.Evaluator  any table with these two
---@field update fun(self: table, value: number)
---@field is_anomaly fun(self: table): boolean  of what it was given last

--- Takes a value for anomalous that lies outside min and max, or is NaN.
---@class tnt.log.Threshold: tnt.log.Evaluator
---@overload fun(options: {min: number|nil, max: number|nil}): tnt.log.Threshold
local Threshold = class.new("Threshold", { min = -math.huge, max = math.huge })

function Threshold:init(o)
  check.number("tnt.log.Threshold", "min", o.min, -math.huge)
  check.number("tnt.log.Threshold", "max", o.max, o.min)
  self.min, self.max = o.min, o.max
end

--- Takes a value in.
---@param value number
function Threshold:update(value) self.value = value end

--- Whether the last value lies outside.
---@return boolean
function Threshold:is_anomaly()
  local value = self.value
  return value ~= nil and not (value >= self.min and value <= self.max)
end

function Threshold:__tostring() return ("Threshold(%g to %g)"):format(self.min, self.max) end

--- Takes NaN for anomalous.
---@class tnt.log.IsNaN: tnt.log.Evaluator
---@overload fun(): tnt.log.IsNaN
local IsNaN = class.new("IsNaN", {})

--- Takes a value in.
---@param value number
function IsNaN:update(value) self.value = value end

--- Whether the last value was NaN.
---@return boolean
function IsNaN:is_anomaly() return self.value ~= self.value end

function IsNaN:__tostring() return "IsNaN" end

return { Threshold = Threshold, IsNaN = IsNaN }

-- Metric: gathers values over the steps of an evaluation and computes one number, or several, at its end.
local class = require "tnt.class"
local scope = require "tnt.scope"

---@class tnt.metrics.Metric
---@field name string  under which compute()'s number is logged
local Metric = class.new "Metric"

--- Starts anew.
function Metric:reset() self.collected = nil end

--- Takes a step's predictions and targets.
---@param prediction any
---@param target any
function Metric:update(prediction, target) end -- luacheck: ignore

--- The result: a number, or a table of numbers by name.
function Metric:compute() end

--- Keeps a value in the metric's list beyond the step; tensors are cut from their history.
---@param v any
function Metric:collect(v)
  local list = rawget(self, "collected")
  if not list then
    list = {}
    rawset(self, "collected", list)
  end
  if require("tnt.tensor").is_tensor(v) then v = v:detach() end
  list[#list + 1] = scope.keep(v)
end

return Metric

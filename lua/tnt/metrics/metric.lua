-- Metric: gathers values over the steps of an evaluation and computes one number, or several, at
-- its end.
local class = require "tnt.class"
local nest = require "tnt.loop.nest"
local scope = require "tnt.scope"
local sorted = require "tnt.sorted"

--- The base of metrics: reset, update(prediction, target) and compute.
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

--- What has been gathered so far, for a checkpoint inside an evaluation: all fields but the
--- declared options and functions.
---@return table state
function Metric:state_dict()
  local declared, state = class.declared(class.of(self)), {}
  for key, value in sorted(self) do
    if type(value) ~= "function" and not (declared and declared.is_known[key]) then
      state[key] = nest.copy(value)
    end
  end
  return state
end

--- Goes on from what state_dict() gave.
---@param state table
function Metric:load_state_dict(state)
  self:reset()
  for key, value in sorted(state) do self[key] = nest.clone(value) end
end

return Metric

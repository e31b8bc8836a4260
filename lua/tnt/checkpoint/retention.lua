-- Which checkpoints stay: the last n and the best n, each kept without regard to the other. Pure:
-- it is told what there is, in the order in which it was written.

local name = require "tnt.checkpoint.name"

local retention = {}

---@class tnt.checkpoint.Kept
---@field name tnt.checkpoint.Name
---@field metric string|nil  full name of the metric it was judged by
---@field value number|nil

--- The best of a list, best first.
---@param list tnt.checkpoint.Kept[]  in the order of writing
---@param metric string  full name
---@param mode string    "min" or "max"
---@return tnt.checkpoint.Kept[]
function retention.ranked(list, metric, mode)
  local ranked, position = {}, {}
  for i, entry in ipairs(list) do
    if entry.metric == metric and name.is_metric(entry.value) then
      ranked[#ranked + 1] = entry
      position[entry] = i
    end
  end
  table.sort(ranked, function(a, b)
    if a.value ~= b.value then
      if mode == "min" then return a.value < b.value end
      return a.value > b.value
    end
    -- Source: TorchTNT inserts to the right of equals in a list that is worst first under "max".
    if mode == "min" then return position[a] < position[b] end
    return position[a] > position[b]
  end)
  return ranked
end

--- Those that may go.
---@param list tnt.checkpoint.Kept[]  in the order of writing
---@param keep_last_n integer|nil  nil: all stay
---@param best {monitor: string, mode: string, keep_n: integer}|nil  monitor: the full name
---@return tnt.checkpoint.Kept[] surplus  oldest first
function retention.surplus(list, keep_last_n, best)
  if not keep_last_n then return {} end
  local stays = {}
  for i = math.max(1, #list - keep_last_n + 1), #list do stays[list[i]] = true end
  if best then
    local ranked = retention.ranked(list, best.monitor, best.mode)
    for i = 1, math.min(best.keep_n, #ranked) do stays[ranked[i]] = true end
  end
  local surplus = {}
  for _, entry in ipairs(list) do
    if not stays[entry] then surplus[#surplus + 1] = entry end
  end
  return surplus
end

return retention

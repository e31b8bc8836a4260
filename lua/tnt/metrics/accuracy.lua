-- Accuracy: the share of rows whose target is among the k classes of the highest scores. Counts
-- stay tensors, so that no device is waited for in a step.
local errors = require "tnt.errors"
local Metric = require "tnt.metrics.metric"

---@class tnt.metrics.Accuracy.Options
---@field topk? integer[]  which k, default {1}; several give "accuracy" and "accuracy_top<k>"
---@field name? string     default "accuracy"

--- The share of rows whose target is the best score, or among the k best.
---@class tnt.metrics.Accuracy: tnt.metrics.Metric
local Accuracy = Metric:extend("Accuracy", { topk = { 1 }, name = "accuracy" })

function Accuracy:init(o)
  local topk = type(o.topk) == "number" and { o.topk } or o.topk
  for _, k in ipairs(topk) do
    if type(k) ~= "number" or k < 1 or k % 1 ~= 0 then
      errors.raise("argument", "Accuracy: topk holds whole numbers >= 1, got %s", tostring(k))
    end
  end
  self.topk, self.name = topk, o.name
  self:reset()
end

function Accuracy:reset()
  self.rows = 0
  for i = 1, #self.topk do self["correct_" .. i] = 0 end
end

--- Adds a batch.
---@param prediction tnt.Tensor  [N, C] scores, or [N] class ids
---@param target tnt.Tensor      [N] class ids from 0
function Accuracy:update(prediction, target)
  prediction, target = prediction:detach(), target:detach()
  local n = target:size(1)
  if prediction:size(1) ~= n then
    errors.raise("shape", "Accuracy: %d predictions for %d targets", prediction:size(1), n)
  end
  self.rows = self.rows + n
  for i, k in ipairs(self.topk) do
    local hits
    if prediction:dim() == 1 then hits = prediction:to "i64":eq(target)
    elseif k == 1 then hits = prediction:argmax(2):eq(target)
    else
      local _, places = prediction:topk(math.min(k, prediction:size(2)), 2)
      hits = places:eq(target:unsqueeze(2))
    end
    self["correct_" .. i] = self["correct_" .. i] + hits:sum()
  end
end

--- The share of hits, a number; with several k a table of numbers by name. nil when nothing was
--- added.
function Accuracy:compute()
  if self.rows == 0 then return nil end
  local values = {}
  for i, k in ipairs(self.topk) do
    local correct = self["correct_" .. i]
    local name = k == 1 and self.name or self.name .. "_top" .. k
    values[name] = (type(correct) == "number" and correct or correct:item()) / self.rows
  end
  if #self.topk == 1 then return values[next(values)] end
  return values
end

return Accuracy

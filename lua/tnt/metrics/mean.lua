-- Mean: the mean of a value over all rows.
local Metric = require "tnt.metrics.metric"

--- The mean of a number of each row over all rows.
---@class tnt.metrics.Mean: tnt.metrics.Metric
---@field fn fun(prediction: any, target: any): tnt.Tensor|number  for each row, or one for all
local Mean = Metric:extend("Mean", { "fn", name = "mean" })

function Mean:init(o)
  self.fn, self.name = o.fn, o.name
  self:reset()
end

function Mean:reset() self.sum, self.count = 0, 0 end

function Mean:update(prediction, target)
  local v = self.fn(prediction, target)
  if type(v) == "number" then
    self.sum, self.count = self.sum + v, self.count + 1
  else
    self.sum, self.count = self.sum + v:detach():sum(), self.count + v:numel()
  end
end

--- The mean, or nil when nothing was added.
function Mean:compute()
  if self.count == 0 then return nil end
  return (type(self.sum) == "number" and self.sum or self.sum:item()) / self.count
end

return Mean

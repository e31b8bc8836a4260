-- tnt.metrics: what evaluations measure. A metric has reset, update(prediction, target) and
-- compute.

---@class tnt.metrics
---@field Accuracy tnt.metrics.Accuracy
---@field Mean tnt.metrics.Mean
---@field Metric tnt.metrics.Metric
local metrics = {}
local places = { Metric = "tnt.metrics.metric", Accuracy = "tnt.metrics.accuracy",
  Mean = "tnt.metrics.mean" }
metrics.places = places
return setmetatable(metrics, {
  __index = function(self, name)
    if not places[name] then
      require("tnt.errors").unknown("tnt.metrics", "metric", name, { "Accuracy", "Mean", "Metric" })
    end
    self[name] = require(places[name])
    return self[name]
  end,
})

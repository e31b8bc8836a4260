-- tnt.log: what writes a run's numbers down. A logger is any table with `log(self, record)`;
-- records are described at tnt.Record in loop/loggers.lua. Classes are loaded when they are first
-- named.

local errors = require "tnt.errors"

---@class tnt.log
---@field Anomaly tnt.log.Anomaly
---@field Logger tnt.log.Logger
---@field Console tnt.log.Console
---@field CSV tnt.log.CSV
---@field IsNaN tnt.log.IsNaN
---@field JSON tnt.log.JSON
---@field JSONL tnt.log.JSONL
---@field Memory tnt.log.Memory
---@field TensorBoard tnt.log.TensorBoard
---@field Threshold tnt.log.Threshold
local log = {}

local modules = {
  Anomaly = "anomaly", Console = "console", CSV = "csv", JSON = "json", JSONL = "jsonl",
  Logger = "logger", Memory = "memory", TensorBoard = "tensorboard",
  IsNaN = { "evaluator", "IsNaN" }, Threshold = { "evaluator", "Threshold" },
}
local names = {
  "Anomaly", "CSV", "Console", "IsNaN", "JSON", "JSONL", "Logger", "Memory", "TensorBoard",
  "Threshold",
}

-- TorchTNT's names, answered with ours.
local foreign = {
  AnomalyLogger = "Anomaly", CSVLogger = "CSV", InMemoryLogger = "Memory",
  IsNaNEvaluator = "IsNaN", JSONLogger = "JSON", StdoutLogger = "Console",
  TensorBoardLogger = "TensorBoard", ThresholdEvaluator = "Threshold",
}

return setmetatable(log, {
  __index = function(_, name)
    local module = modules[name]
    if foreign[name] then
      errors.raise("argument", "tnt.log: %s is called %s here", name, foreign[name])
    end
    if not module then errors.unknown("tnt.log", "name", name, names) end
    local is_field = type(module) == "table"
    local Class = require("tnt.log." .. (is_field and module[1] or module))
    if is_field then Class = Class[module[2]] end
    log[name] = Class
    return Class
  end,
})

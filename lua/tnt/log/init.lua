-- tnt.log: what writes a run's numbers down. A logger is any table with `log(self, record)`;
-- records are described at tnt.Record in loop/loggers.lua. Classes are loaded when they are first
-- named.

local errors = require "tnt.errors"

---@class tnt.log
---@field Logger tnt.log.Logger
---@field Console tnt.log.Console
---@field CSV tnt.log.CSV
---@field JSONL tnt.log.JSONL
---@field Memory tnt.log.Memory
---@field TensorBoard tnt.log.TensorBoard
local log = {}

local modules = {
  Console = "console", CSV = "csv", JSONL = "jsonl", Logger = "logger", Memory = "memory",
  TensorBoard = "tensorboard",
}
local names = { "Console", "CSV", "JSONL", "Logger", "Memory", "TensorBoard" }

return setmetatable(log, {
  __index = function(_, name)
    local module = modules[name]
    if not module then errors.unknown("tnt.log", "name", name, names) end
    local Class = require("tnt.log." .. module)
    log[name] = Class
    return Class
  end,
})

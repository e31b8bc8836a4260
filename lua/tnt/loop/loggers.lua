-- Hands records to a run's loggers. A logger is a table with `log(self, record)` and, where it has
-- a use for them, `open(self, state, unit)`, `flush(self)` and `close(self)`. Records are tables of
-- numbers by name; see tnt.Record. Loggers are flushed and closed on every exit path. Of several
-- processes only rank 0 logs; a logger with `all_ranks = true` logs in each.

local class = require "tnt.class"
local errors = require "tnt.errors"
local message = require "tnt.loop.message"

---@class tnt.Record
---@field at string      "step": the mean of the last `window` steps; "epoch": the value of an epoch
---@field phase string   "train", "eval" or "predict"
---@field step integer   train steps completed when it was logged (steps of the phase in a run
---  without training)
---@field update integer optimizer steps completed
---@field epoch integer  train epochs completed (of the phase in a run without training)
---@field time number    seconds since 1970
---@field names string[] sorted, full: "train/loss"
---@field values table<string, number>

local Loggers = class.new "Loggers"

--- `false` entries are skipped.
--- Errors: argument, when an entry has no log function; as tnt.dist.init.
---@param list table[]|nil
function Loggers:init(list)
  if list ~= nil and (type(list) ~= "table" or class.of(list)) then
    errors.raise("argument", "loggers: expected a list of loggers, got %s",
      class.of(list) and "one " .. tostring(class.of(list)) .. "; write loggers = {...}"
      or type(list))
  end
  local is_main = require("tnt.dist").rank() == 0
  for i = 1, list and table.maxn(list) or 0 do
    local logger = list[i]
    if logger ~= false then
      if type(logger) ~= "table" or class.is_class(logger) or type(logger.log) ~= "function" then
        errors.raise("argument", "loggers[%d]: expected an object with a function "
          .. "log(self, record), got %s", i,
          class.is_class(logger) and "the class " .. tostring(logger) .. "; call it to make one"
          or type(logger))
      end
      if is_main or logger.all_ranks then self[#self + 1] = logger end
    end
  end
end

function Loggers:open(state, unit)
  self.is_open = true
  for _, logger in ipairs(self) do
    if logger.open then logger:open(state, unit) end
  end
end

---@param record tnt.Record
function Loggers:log(record)
  for _, logger in ipairs(self) do logger:log(record) end
end

--- Writes out what loggers hold back.
function Loggers:flush()
  for _, logger in ipairs(self) do
    if logger.flush then logger:flush() end
  end
end

-- Every logger is closed, whatever the others do; what one raises is told, not raised, because a
-- run that failed has its own error.
function Loggers:close()
  if not self.is_open then return end
  self.is_open = false
  for i, logger in ipairs(self) do
    for _, name in ipairs { "flush", "close" } do
      if logger[name] then
        local ok, err = pcall(logger[name], logger)
        if not ok then message.warn("loggers[%d]: %s failed: %s", i, name, tostring(err)) end
      end
    end
  end
end

return Loggers

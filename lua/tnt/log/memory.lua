-- Records in a list: for tests and for looking at a run at the prompt.

local Logger = require "tnt.log.logger"

--- `logger.records` is the list, oldest first; a run adds to it, none clears it.
---@class tnt.log.Memory: tnt.log.Logger
---@field records tnt.Record[]
---@field is_open boolean  between open and close
---@overload fun(): tnt.log.Memory
local Memory = Logger:extend("Memory", {})

function Memory:init() self.records, self.is_open = {}, false end

--- Called by the loops.
function Memory:open() self.is_open = true end

---@param record tnt.Record
function Memory:log(record)
  local values = {}
  for _, name in ipairs(record.names) do values[name] = record.values[name] end
  local copy = { values = values, names = {} }
  for i, name in ipairs(record.names) do copy.names[i] = name end
  for _, field in ipairs { "at", "phase", "step", "update", "epoch", "time" } do
    copy[field] = record[field]
  end
  self.records[#self.records + 1] = copy
end

function Memory:close() self.is_open = false end

--- The values of one metric in the order they came.
---@param name string  full: "train/loss"
---@param at string|nil  only records "step" or "epoch"
---@return number[] values
---@return integer[] steps
function Memory:series(name, at)
  local values, steps = {}, {}
  for _, record in ipairs(self.records) do
    local value = record.values[name]
    if value ~= nil and (at == nil or record.at == at) then
      values[#values + 1], steps[#steps + 1] = value, record.step
    end
  end
  return values, steps
end

return Memory

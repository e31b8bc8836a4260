-- Records as lines on stdout, for people. It takes the progress bar off the terminal first, so that
-- the two do not run into each other.

local errors = require "tnt.errors"
local Logger = require "tnt.log.logger"
local terminal = require "tnt.log.terminal"

---@class tnt.log.Console.Options
---@field precision integer|nil  significant digits; default 4
---@field every integer|nil      of the records of steps, those whose step is a multiple; default 1

--- Prints "step 100 epoch 0 train/loss=0.6931 train/lr=0.001" for a step, and for a finished epoch
--- the same with "epoch 1 train" or "epoch 1 eval" in front.
---@class tnt.log.Console: tnt.log.Logger
---@overload fun(options: tnt.log.Console.Options): tnt.log.Console
local Console = Logger:extend("Console", { precision = 4, every = 1 })

local function is_whole(value, least)
  return type(value) == "number" and value % 1 == 0 and value >= least
end

function Console:init()
  if not is_whole(self.precision, 1) then
    errors.raise("argument", "tnt.log.Console: precision is a number of digits from 1 on, got %s",
      tostring(self.precision))
  elseif not is_whole(self.every, 1) then
    errors.raise("argument", "tnt.log.Console: every is a number of steps from 1 on, got %s",
      tostring(self.every))
  end
  self.format = ("%%.%dg"):format(self.precision)
end

---@param record tnt.Record
function Console:log(record)
  local parts
  if record.at == "epoch" then
    parts = { ("epoch %d %s step %d"):format(record.epoch, record.phase, record.step) }
  elseif record.step % self.every == 0 then
    parts = { ("step %d epoch %d"):format(record.step, record.epoch) }
  else
    return
  end
  for i, name in ipairs(record.names) do
    parts[i + 1] = name .. "=" .. self.format:format(record.values[name])
  end
  terminal.clear()
  io.stdout:write(table.concat(parts, " "), "\n")
end

function Console:flush() io.stdout:flush() end

function Console:close() io.stdout:flush() end

return Console

-- Records as lines on stdout, for people. It takes the progress bar off the terminal first, so that
-- the two do not run into each other.

local check = require "tnt.check_option"
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

function Console:init()
  check.count("tnt.log.Console", "precision", self.precision, 1)
  check.count("tnt.log.Console", "every", self.every, 1)
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

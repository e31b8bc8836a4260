-- What the loops tell the user in words: warnings and remarks. They go to the sink, where one is
-- set (a run's own log file); without one warnings go to stderr, remarks only under TNT_LOG=info.

local terminal = require "tnt.log.terminal"

local message = {}

--- Where the words go: a function (level, text), level "warning" or "info"; nil: stderr.
message.sink = nil

local function tell(level, fmt, ...)
  local text = select("#", ...) > 0 and fmt:format(...) or fmt
  if message.sink then return message.sink(level, text) end
  if level == "info" and os.getenv "TNT_LOG" ~= "info" then return end
  terminal.clear() -- the progress bar's line, if there is one
  io.stderr:write(level == "warning" and "warning: " or "", text, "\n")
end

--- Something is probably not as the user means it.
---@param fmt string  as in string.format
function message.warn(fmt, ...) tell("warning", fmt, ...) end

--- A remark worth a line in the log.
---@param fmt string  as in string.format
function message.info(fmt, ...) tell("info", fmt, ...) end

return message

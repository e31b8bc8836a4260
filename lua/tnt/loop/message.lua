-- What the program tells the user in words. It goes to the sink, where one is set (a run's own log
-- file); without one errors and warnings go to stderr, remarks only under TNT_LOG=info, and what
-- helps to find mistakes only under TNT_LOG=debug.

local terminal = require "tnt.log.terminal"

local message = {}

--- Where the words go: a function (level, text), level "error", "warning", "info" or "debug"; nil:
--- stderr.
message.sink = nil

-- The values of TNT_LOG that show a level; those that are not here always show.
local shown_under = {
  info = { info = true, debug = true },
  debug = { debug = true },
}
local prefix = { error = "error: ", warning = "warning: ", info = "", debug = "debug: " }

local function tell(level, fmt, ...)
  local text = select("#", ...) > 0 and fmt:format(...) or fmt
  if message.sink then return message.sink(level, text) end
  local under = shown_under[level]
  if under and not under[os.getenv "TNT_LOG"] then return end
  terminal.clear() -- the progress bar's line, if there is one
  io.stderr:write(prefix[level], text, "\n")
end

--- Something has gone wrong, and the program goes on.
---@param fmt string  as in string.format
function message.error(fmt, ...) tell("error", fmt, ...) end

--- Something is probably not as the user means it.
---@param fmt string  as in string.format
function message.warn(fmt, ...) tell("warning", fmt, ...) end

--- A remark worth a line in the log.
---@param fmt string  as in string.format
function message.info(fmt, ...) tell("info", fmt, ...) end

--- What only helps to find a mistake.
---@param fmt string  as in string.format
function message.debug(fmt, ...) tell("debug", fmt, ...) end

return message

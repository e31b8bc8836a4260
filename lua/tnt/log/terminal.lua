-- The terminal behind stderr, and the one line of it that is redrawn in place (the progress bar's).
-- The line is drawn as wide as the terminal: its cursor then waits in the last column, and what
-- anybody else prints begins on a line of its own instead of inside the bar. Source: DEC VT100's
-- autowrap, "last column flag", which every terminal emulator keeps.

local ffi = require "ffi"

ffi.cdef [[
struct tnt_log_winsize { unsigned short rows, columns, x_pixels, y_pixels; };
int tnt_log_isatty(int fd) asm("isatty");
int tnt_log_ioctl(int fd, unsigned long request, ...) asm("ioctl");
]]

local TIOCGWINSZ = 0x5413 -- Source: <asm-generic/ioctls.h>
local STDERR = 2
local size = ffi.new "struct tnt_log_winsize"

local terminal = {}

local is_shown = false

-- Fields, so that a spec can put its own in their place.

--- Whether stderr is a terminal that understands cursor movement.
---@return boolean
function terminal.is_terminal()
  return ffi.C.tnt_log_isatty(STDERR) == 1 and os.getenv "TERM" ~= "dumb"
end

--- The terminal's width; nil when it does not say.
---@return integer|nil columns
function terminal.columns()
  if ffi.C.tnt_log_ioctl(STDERR, TIOCGWINSZ, size) ~= 0 or size.columns == 0 then return nil end
  return size.columns
end

--- Whether colours are wanted. Source: no-color.org.
---@return boolean
function terminal.has_colours()
  local no_color = os.getenv "NO_COLOR"
  return no_color == nil or no_color == ""
end

--- Whether the user's locale is UTF-8, by the variables' precedence in POSIX.
---@return boolean
function terminal.is_utf8()
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = os.getenv(name)
    if value and value ~= "" then return value:lower():find "utf%-?8" ~= nil end
  end
  return false
end

--- What everything here is written by.
---@param text string
function terminal.write(text)
  io.stdout:flush()
  io.stderr:write(text)
end

--- How many columns a text takes; colour codes take none. Every character is taken as one column
--- wide.
---@param text string  UTF-8
---@return integer
function terminal.width(text)
  text = text:gsub("\27%[[%d;]*m", "")
  local _, continuing = text:gsub("[\128-\191]", "")
  return #text - continuing
end

--- Draws the line in place of what it held.
---@param text string
---@param columns integer|nil  the terminal's width; nil: not known
function terminal.draw(text, columns)
  local padding = columns and columns - terminal.width(text) or 0
  if columns and padding >= 0 then
    terminal.write("\r" .. text .. (" "):rep(padding))
  else
    terminal.write("\r\27[K" .. text)
  end
  is_shown = true
end

--- Takes the line off the terminal; what is printed next begins at its place. Nothing happens when
--- there is none.
function terminal.clear()
  if not is_shown then return end
  is_shown = false
  terminal.write "\r\27[K"
end

--- Writes a line that stays, in place of the one that is redrawn.
---@param text string
function terminal.line(text)
  terminal.clear()
  terminal.write(text .. "\n")
end

return terminal

-- tnt.Bar: the progress line of the loops for work of one's own. On a terminal one line that is
-- redrawn, elsewhere a line now and then; in rank 0 alone.

local bar_line = require "tnt.hooks.bar_line"
local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"
local terminal = require "tnt.log.terminal"

---@class tnt.Bar.Options
---@field title string
---@field total integer|nil          steps in all; nil: not known
---@field done integer|nil           steps that are done before it begins; default 0
---@field interval number|nil        seconds between redraws on a terminal; default 0.1
---@field file_interval number|nil   seconds between lines elsewhere; default 30
---@field form string|nil            "terminal" or "file"; default: what stderr is

--- A line of progress:
---
---     local bar = tnt.Bar {"reading", total = #files}
---     for i, file in ipairs(files) do read(file); bar:update(i) end
---     bar:close()
---
--- Errors: argument.
---@class tnt.Bar
---@field done integer
---@overload fun(options: tnt.Bar.Options): tnt.Bar
local Bar = class.new("Bar", {
  "title", total = class.NONE, done = 0, interval = 0.1, file_interval = 30, form = class.NONE,
})

class.rename(Bar, { desc = "title", initial = "done", mininterval = "interval" })

function Bar:init(o)
  if type(o.title) ~= "string" then
    errors.raise("argument", "Bar: title must be a string, got %s", type(o.title))
  end
  if o.total ~= nil then check.count("Bar", "total", o.total, 0) end
  check.count("Bar", "done", o.done, 0)
  check.number("Bar", "interval", o.interval, 0)
  check.number("Bar", "file_interval", o.file_interval, 0)
  if o.form ~= nil then check.word("Bar", "form", o.form, { "terminal", "file" }) end
  self.title, self.total, self.done, self.from = o.title, o.total, o.done, o.done
  self.is_terminal = o.form == "terminal" or o.form == nil and terminal.is_terminal()
  self.least = self.is_terminal and o.interval or o.file_interval
  self.is_quiet = require("tnt.dist").rank() ~= 0
  self.began, self.metrics = clock.now(), {}
  self.shown_at = self.began
  if self.is_terminal then self:draw() end
end

-- The line's numbers, with the mean rate so far.
local function info_of(self, now)
  local elapsed = now - self.began
  return {
    title = self.title, done = self.done, total = self.total, elapsed = elapsed,
    rate = elapsed > 0 and (self.done - self.from) / elapsed or nil, metrics = self.metrics,
  }
end

local function style(is_final)
  return { utf8 = terminal.is_utf8(), colours = terminal.has_colours(), final = is_final }
end

--- Draws the line now.
function Bar:draw()
  if self.is_quiet or self.is_closed then return end
  self.shown_at = clock.now()
  local info = info_of(self, self.shown_at)
  if self.is_terminal then
    local columns = terminal.columns()
    local text = bar_line.drawn(info, columns or 79, style(false))
    terminal.draw(text, columns)
  else
    terminal.write(bar_line.plain(info) .. "\n")
  end
end

--- Says how many steps are done; it is drawn when the last time is long enough ago.
--- Errors: argument; state, when it is closed.
---@param done integer  over all, not since the last call
---@param metrics table<string, number>|nil  shown behind it, in sorted order
function Bar:update(done, metrics)
  if self.is_closed then errors.raise("state", "Bar: it is closed; make another one") end
  check.count("Bar: update", "done", done, 0)
  self.done = done
  if metrics then
    self.metrics = {}
    for name, value in sorted(metrics) do self.metrics[#self.metrics + 1] = { name, value } end
  end
  if clock.now() - self.shown_at >= self.least then self:draw() end
end

--- Leaves the line as it stands, with the time it took. A second call does nothing.
function Bar:close()
  if self.is_closed then return end
  local info = info_of(self, clock.now())
  self.is_closed, info.is_over = true, true
  if self.is_quiet then return end
  if self.is_terminal then
    terminal.line(bar_line.drawn(info, (terminal.columns() or 80) - 1, style(true)))
  else
    terminal.write(bar_line.plain(info) .. "\n")
  end
end

return Bar

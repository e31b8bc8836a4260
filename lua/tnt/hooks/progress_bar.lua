-- The progress bar. On a terminal one line on stderr that is redrawn in place, in other files now
-- and then a complete line. Between two redraws a step costs a few reads of the loop's own timer;
-- no clock is read. A finished epoch leaves its line.

local bar_line = require "tnt.hooks.bar_line"
local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local sorted = require "tnt.sorted"
local terminal = require "tnt.log.terminal"

---@class tnt.hooks.ProgressBar.Options
---@field metrics string[]|nil    which of the phase's metrics to show, without "train/"; default:
---  all, those that begin with loss first
---@field interval number|nil     seconds between redraws on a terminal; default 0.1
---@field file_interval number|nil  least seconds between lines in a file; default 30
---@field leave boolean|nil       keep the line of a finished epoch on the terminal; default true
---@field form string|nil         "terminal" or "file"; default: what stderr is

--- train, evaluate, predict and fit add one themselves where stderr is a terminal; in the list of
--- hooks it stands when options are wanted, and the one they add keeps quiet. Values of steps come
--- late, as everywhere. What is printed meanwhile begins on a line of its own; a program that wants
--- the bar gone before it prints calls `tnt.hooks.ProgressBar.clear()`, as tnt.log.Console does.
--- NO_COLOR switches colours off; a locale that is not UTF-8 gives a bar of ASCII.
---@class tnt.hooks.ProgressBar: tnt.Hook
---@overload fun(options: tnt.hooks.ProgressBar.Options): tnt.hooks.ProgressBar
local ProgressBar = hook.Hook:extend("ProgressBar", {
  metrics = class.NONE, interval = 0.1, file_interval = 30, leave = true, form = class.NONE,
  priority = "lowest", -- what the other hooks log is then there
})

class.rename(ProgressBar, { refresh_rate = "interval (seconds)", mininterval = "interval" })

--- Takes the bar off the terminal; it comes back with its next redraw.
function ProgressBar.clear() terminal.clear() end

function ProgressBar:init()
  for _, name in ipairs { "interval", "file_interval" } do
    check.number("ProgressBar", name, self[name], 0)
  end
  if self.form ~= nil then
    check.word("ProgressBar", "form", self.form, { "terminal", "file" })
  end
  if self.metrics ~= nil and type(self.metrics) ~= "table" then
    errors.raise("argument", "ProgressBar: metrics must be a list of names, got %s",
      type(self.metrics))
  end
end

-- ---- what is known about an epoch ---------------------------------------------------------------

local function title_of(state)
  local title, train = state.name or state.active_phase, state.loop.phases.train
  if state.active_phase ~= "train" then
    -- Inside training: which evaluation it is.
    return train and ("%s at %d"):format(title, train.progress.num_steps_completed) or title
  end
  local of = state.loop.phase.max_epochs
  title = ("%s %d"):format(title, state.progress.num_epochs_completed + 1)
  return of and of < math.huge and title .. "/" .. of or title
end

local function comes_first(name) return name:find "^loss" ~= nil end

-- The phase's metrics as {name, value}, as they are shown.
local function values_of(self, state, from)
  local prefix = (state.name or "") .. "/"
  local list = {}
  if self.metrics then
    for _, name in ipairs(self.metrics) do
      local value = from[prefix .. name]
      if value ~= nil then list[#list + 1] = { name, value } end
    end
    return list
  end
  for pass = 1, 2 do
    for full, value in sorted(from) do
      if full:sub(1, #prefix) == prefix then
        local name = full:sub(#prefix + 1)
        if comes_first(name) == (pass == 1) then list[#list + 1] = { name, value } end
      end
    end
  end
  return list
end

-- ---- one bar a running epoch: `self.bars`, the innermost last -----------------------------------

local TAU = 5 -- seconds over which the rate is smoothed

-- Moves the smoothed rate on to `now`.
local function measure(bar, done, now)
  local steps, seconds = done - bar.measured_done, now - bar.measured_at
  if steps <= 0 or seconds <= 0 then return end
  local fresh = steps / seconds
  local weight = 1 - math.exp(-seconds / TAU)
  bar.weight = bar.weight + weight * (1 - bar.weight)
  bar.rate = bar.rate and bar.rate + weight / bar.weight * (fresh - bar.rate) or fresh
  bar.measured_done, bar.measured_at = done, now
end

local function style(is_final)
  return { utf8 = terminal.is_utf8(), colours = terminal.has_colours(), final = is_final }
end

local function draw(self, bar, info, now)
  if self.is_terminal then
    local columns = terminal.columns()
    -- It only becomes narrower, or it would tremble with every digit behind it.
    info.widest = columns == bar.columns and bar.width or nil
    local text, width = bar_line.drawn(info, columns or 79, style(false))
    bar.columns, bar.width = columns, width
    terminal.draw(text, columns)
  elseif now - bar.line_at >= self.file_interval then
    -- In a long epoch a line per percent is enough.
    local has_moved = not info.total or (info.done - bar.line_done) * 100 >= info.total
    if has_moved or now - bar.line_at >= 10 * self.file_interval then
      bar.line_at, bar.line_done = now, info.done
      terminal.write(bar_line.plain(info) .. "\n")
    end
  end
end

-- A bar's numbers for the line.
local function info_of(bar, done, now, metrics)
  return {
    title = bar.title, done = done, total = bar.total, rate = bar.rate, elapsed = now - bar.began,
    metrics = metrics,
  }
end

local function update(self, state)
  local bar, now = self.bars[#self.bars], clock.now()
  local done = state.progress.num_steps_completed_in_epoch
  self.since = 0
  measure(bar, done, now)
  draw(self, bar, info_of(bar, done, now, values_of(self, state, state.latest)), now)
  bar.done = done
end

-- Writes the line that stays, with the rate of the whole epoch.
local function finish(self, state, done, from)
  local bar = table.remove(self.bars)
  local now = clock.now()
  local info = info_of(bar, done, now, from and values_of(self, state, from) or {})
  info.is_over = true
  info.rate = now > bar.began and (done - bar.from) / (now - bar.began) or nil
  if not self.is_terminal then
    terminal.write(bar_line.plain(info) .. "\n")
  elseif self.leave or not from then
    terminal.line(bar_line.drawn(info, (terminal.columns() or 80) - 1, style(true)))
  else
    terminal.clear()
  end
  local outer = self.bars[#self.bars]
  if outer then -- the time of an evaluation is not that of the training around it
    local away = now - bar.began
    outer.began, outer.measured_at = outer.began + away, outer.measured_at + away
  end
end

-- ---- events -------------------------------------------------------------------------------------

function ProgressBar:on_run_start(state)
  for _, other in ipairs(state.loop.hooks) do
    if class.is(other, ProgressBar) then -- the first one shows, in rank 0
      self.is_quiet = other ~= self or require("tnt.dist").rank() ~= 0
      break
    end
  end
  self.bars, self.since = {}, 0
  self.is_terminal = self.form == "terminal" or self.form == nil and terminal.is_terminal()
end

-- Here the loader is open and its length known, also in an epoch that a checkpoint left open.
function ProgressBar:on_dataloader_iter_creation_end(state)
  if self.is_quiet then return end
  local now, done = clock.now(), state.progress.num_steps_completed_in_epoch
  local timer = state.iteration_timer
  self.waits, self.times = timer.data_wait_time, timer[state.active_phase .. "_iteration_time"]
  self.least = self.is_terminal and self.interval or math.min(1, self.file_interval)
  self.bars[#self.bars + 1] = {
    title = title_of(state), total = state:steps_in_epoch(), from = done, done = done, began = now,
    measured_done = done, measured_at = now, weight = 0, line_at = now, line_done = done,
  }
  if self.is_terminal then update(self, state) end
  self.since = math.huge -- the first step is shown at once
end

function ProgressBar:on_step_end(state)
  if self.is_quiet then return end
  -- The time of the step that ends is not known yet: that of the one before stands for it.
  local since = self.since + (self.waits.last or 0) + (self.times.last or 0)
  if since >= self.least then
    update(self, state)
  else
    self.since = since
  end
  -- What units and hooks print at the end of the epoch begins on an empty line.
  if state.last_batch then terminal.clear() end
end

function ProgressBar:on_epoch_end(state)
  if self.is_quiet then return end
  finish(self, state, state.progress.num_steps_completed_in_prev_epoch, state.metrics)
  if #self.bars > 0 then -- after an evaluation the steps of the training around it go on
    self.times, self.since = state.iteration_timer.train_iteration_time, 0
  end
end

-- Epochs that were left open, by an error or by max_time, leave a line that says how far they came.
function ProgressBar:on_run_end(state)
  local progress = state.progress
  while self.bars and #self.bars > 0 do
    local done = progress.num_steps_completed_in_epoch
    finish(self, state, done > 0 and done or self.bars[#self.bars].done, nil)
    local train = state.loop.phases.train
    progress = train and train.progress or progress
  end
end

return ProgressBar

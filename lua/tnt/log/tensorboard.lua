-- Records as event files for TensorBoard: `tensorboard --logdir runs`. Each run writes a file of
-- its own; one that goes on at step k begins with a mark that voids what an earlier file says of
-- the steps after k, one that begins at step 0 voids all that is there (the files themselves stay).

local Appender = require "tnt.log.appender"
local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local event = require "tnt.log.event"
local ffi = require "ffi"
local lfs = require "lfs"
local Logger = require "tnt.log.logger"
local place = require "tnt.log.place"
local sorted = require "tnt.sorted"

ffi.cdef [[
int tnt_log_getpid(void) asm("getpid");
int tnt_log_gethostname(char *name, size_t bytes) asm("gethostname");
]]

---@class tnt.log.TensorBoard.Options
---@field path string|nil           a directory; default: tensorboard/ in the run's dir
---@field flush_seconds number|nil  how long an event may be held back; default 1

--- Writes each metric as a scalar under its full name; the value of a whole train epoch gets the
--- name with "_epoch" behind, so that it does not fall among those of steps. `text`,
--- `histogram`, `image`, `images`, `audio`, `scalars` and `hparams` write what the loops do not
--- log.
---@class tnt.log.TensorBoard: tnt.log.Logger
---@overload fun(options: tnt.log.TensorBoard.Options): tnt.log.TensorBoard
local TensorBoard = Logger:extend("TensorBoard", { path = class.NONE, flush_seconds = 1 })

local files_made = 0

-- All processes may call; one writes.
local function is_elsewhere() return require("tnt.dist").rank() ~= 0 end

local function host_name()
  local buffer = ffi.new "char[256]"
  if ffi.C.tnt_log_gethostname(buffer, 255) ~= 0 then return "localhost" end
  return ffi.string(buffer)
end

-- TensorBoard reads the files in the order of their names, and the second in it comes first: a file
-- must be younger by name than those that are there. Returns that second and whether there are any.
local function second_for(path)
  local second, has_files = math.floor(clock.wall()), false
  for name in lfs.dir(path) do
    local other = tonumber(name:match "^events%.out%.tfevents%.(%d+)%.")
    if other then
      has_files = true
      second = math.max(second, other + 1)
    end
  end
  return second, has_files
end

--- Called by the loops. Errors: argument, when no path is known; io.
---@param state tnt.State|nil
---@param unit table|nil
function TensorBoard:open(state, unit)
  local path = place.path(self, state, "tensorboard")
  place.make_directory(path)
  local second, has_files = second_for(path)
  files_made = files_made + 1
  self.file_name = ("%s/events.out.tfevents.%010d.%s.%d.%d"):format(path, second, host_name(),
    ffi.C.tnt_log_getpid(), files_made)
  self.file, self.directory, self.curves = Appender(self.file_name, self.flush_seconds), path, {}
  self:add(event.version(clock.wall()))
  local from = place.continuation(state, unit)
  if has_files and from ~= "append" then
    self:add(event.restart(clock.wall(), from == "fresh" and 0 or from + 1))
  end
  self:flush()
end

--- Writes a message of log/event.lua, in rank 0. Errors: io.
---@param data string
function TensorBoard:add(data)
  if is_elsewhere() then return end
  if not self.file then self:open() end
  self.file:add(event.record(data))
end

---@param record tnt.Record
function TensorBoard:log(record)
  local values = {}
  local suffix = record.at == "epoch" and record.phase == "train" and "_epoch" or ""
  for i, name in ipairs(record.names) do
    values[i] = event.scalar(name .. suffix, record.values[name])
  end
  self:add(event.summary(record.time, record.step, values))
end

--- A text under a tag, shown as Markdown. Errors: io.
---@param tag string
---@param text string
---@param step integer
function TensorBoard:text(tag, text, step)
  self:add(event.summary(clock.wall(), step, { event.text(tag, text) }))
end

--- The distribution of a tensor's elements, or of a list of numbers. Reads every element: not for
--- every step. Errors: io.
---@param tag string
---@param values tnt.Tensor|number[]
---@param step integer
function TensorBoard:histogram(tag, values, step)
  if class.of(values) or type(values) == "cdata" or getmetatable(values) then
    values = values:detach():reshape(-1):totable()
  end
  self:add(event.summary(clock.wall(), step, { event.histogram(tag, values) }))
end

--- What the run was set up with: a line in TensorBoard's table of hyper-parameters, beside the
--- run's scalars. Once in a run.
--- Errors: argument, for a value that is no number, string or boolean; io.
---@param values table<string, number|string|boolean>  by name
---@param metrics table<string, number|tnt.Tensor>|nil  what came of it, as scalars beside it: for
---  a run that logs none
function TensorBoard:hparams(values, metrics)
  local names = sorted.keys(values)
  for _, name in ipairs(names) do
    local kind = type(values[name])
    if type(name) ~= "string" or kind ~= "number" and kind ~= "string" and kind ~= "boolean" then
      errors.raise("argument", "tnt.log.TensorBoard: hparams: expected numbers, strings and "
        .. "booleans by name, got %s = %s", tostring(name),
        kind == "table" and "a table" or tostring(values[name]))
    end
  end
  local time = clock.wall()
  self:add(event.summary(time, 0, { event.hparams(time, names, values) }))
  if metrics then self:log_values(metrics, 0) end
end

local HISTOGRAM = { "min", "max", "num", "sum", "sum_squares", "limits", "counts" }

--- A distribution that was counted elsewhere: {min =, max =, num =, sum =, sum_squares =, limits =
--- {upper ends, ascending}, counts = {values in each}}.
--- Errors: argument, when something is missing or the lists do not match; io.
---@param tag string
---@param histogram tnt.log.Histogram
---@param step integer
function TensorBoard:histogram_raw(tag, histogram, step)
  local who = "tnt.log.TensorBoard: histogram_raw"
  errors.check_options(who, histogram, HISTOGRAM)
  for i = 1, 5 do check.number(who, HISTOGRAM[i], histogram[HISTOGRAM[i]], -math.huge) end
  local limits, counts = histogram.limits, histogram.counts
  if type(limits) ~= "table" or type(counts) ~= "table" or #limits ~= #counts or #limits == 0 then
    errors.raise("argument", "%s: limits and counts must be lists of one length, got %s and %s",
      who, type(limits) == "table" and #limits or type(limits),
      type(counts) == "table" and #counts or type(counts))
  end
  for i, limit in ipairs(limits) do
    check.number(who, ("limits[%d]"):format(i), limit, limits[i - 1] or -math.huge)
    check.number(who, ("counts[%d]"):format(i), counts[i], 0)
  end
  self:add(event.summary(clock.wall(), step, { event.histogram_raw(tag, histogram) }))
end

--- Several curves in one plot: each has a run of its own beside this one, "TAG_NAME", that holds
--- the value under TAG. Errors: argument, when a value is no number; io.
---@param tag string
---@param values table<string, number|tnt.Tensor>  by the curve's name
---@param step integer
function TensorBoard:scalars(tag, values, step)
  if is_elsewhere() then return end
  if not self.file then self:open() end
  for name, value in sorted(values) do
    local title = (tag .. "_" .. tostring(name)):gsub("/", "_")
    local curve = self.curves[title]
    if not curve then
      curve = TensorBoard { path = self.directory .. "/" .. title,
        flush_seconds = self.flush_seconds }
      self.curves[title] = curve
    end
    curve:log_value(tag, value, step)
  end
end

--- A picture. Reads every element: not for every step.
--- Errors: argument, shape, dtype, when it is no picture; io, where zlib is missing.
---@param tag string
---@param picture tnt.Tensor  [C, H, W] with C = 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA), or
---  [H, W]; u8 from 0 to 255, floats from 0 to 1
---@param step integer
function TensorBoard:image(tag, picture, step)
  local made = require("tnt.log.picture").of("tnt.log.TensorBoard: image", picture)
  self:add(event.summary(clock.wall(), step, { event.image(tag, made) }))
end

--- Several pictures in rows, as one. Errors: as `image`.
---@param tag string
---@param pictures tnt.Tensor  [N, C, H, W], as for `image`
---@param step integer
---@param columns integer|nil  pictures in a row; default 8
function TensorBoard:images(tag, pictures, step, columns)
  local who = "tnt.log.TensorBoard: images"
  columns = columns or 8
  check.count(who, "columns", columns, 1)
  local made = require("tnt.log.picture").grid(who, pictures, columns)
  self:add(event.summary(clock.wall(), step, { event.image(tag, made) }))
end

--- A sound. Reads every element: not for every step.
--- Errors: argument, shape, dtype, when it is none; io.
---@param tag string
---@param sound tnt.Tensor    [T] or [C, T], floats from -1 to 1; what lies beyond is cut off
---@param step integer
---@param rate integer|nil    samples a second; default 44100
function TensorBoard:audio(tag, sound, step, rate)
  local who = "tnt.log.TensorBoard: audio"
  rate = rate or 44100
  check.count(who, "rate", rate, 1)
  local made = require("tnt.log.wav").of(who, sound, rate)
  self:add(event.summary(clock.wall(), step, { event.audio(tag, rate, made) }))
end

--- Writes what is held back. Errors: io.
function TensorBoard:flush()
  if not self.file then return end
  self.file:flush()
  for _, curve in sorted(self.curves) do curve:flush() end
end

function TensorBoard:close()
  local file = self.file
  self.file = nil
  if not file then return end
  file:close()
  for _, curve in sorted(self.curves) do curve:close() end
end

return TensorBoard

-- Records as event files for TensorBoard: `tensorboard --logdir runs`. Each run writes a file of
-- its own; one that goes on at step k begins with a mark that voids what an earlier file says of
-- the steps after k, one that begins at step 0 voids all that is there (the files themselves stay).

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
--- `histogram`, `image` and `hparams` write what the loops do not log.
---@class tnt.log.TensorBoard: tnt.log.Logger
---@overload fun(options: tnt.log.TensorBoard.Options): tnt.log.TensorBoard
local TensorBoard = Logger:extend("TensorBoard", { path = class.NONE, flush_seconds = 1 })

local files_made = 0

-- Loggers work without the core; who has a tensor has loaded it.
local function is_tensor(value)
  local tensor = package.loaded["tnt.tensor"]
  return tensor ~= nil and tensor.is_tensor(value)
end

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
  local file, why = io.open(self.file_name, "wb")
  if not file then errors.raise("io", "cannot write %s: %s", self.file_name, why) end
  self.file, self.held, self.n, self.written_at = file, {}, 0, clock.now()
  self:add(event.version(clock.wall()))
  local from = place.continuation(state, unit)
  if has_files and from ~= "append" then
    self:add(event.restart(clock.wall(), from == "fresh" and 0 or from + 1))
  end
  self:flush()
end

--- Writes a message of log/event.lua. Errors: io.
---@param data string
function TensorBoard:add(data)
  if not self.file then self:open() end
  local n = self.n + 1
  self.held[n], self.n = event.record(data), n
  if clock.now() - self.written_at >= self.flush_seconds then self:flush() end
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
function TensorBoard:hparams(values)
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
end

-- The picture's rows as bytes, channels together. Floats go from 0 (dark) to 1, what lies beyond is
-- cut off, NaN is dark.
local function rows_of(picture, channels, height, width)
  local values = picture:permute(2, 3, 1):reshape(-1):totable()
  local scale = picture.dtype == "u8" and 1 or 255
  local rows, across = {}, width * channels
  for y = 1, height do
    local bytes = {}
    for x = 1, across do
      local value = values[(y - 1) * across + x] * scale
      bytes[x] = string.char(value > 0 and math.min(math.floor(value + 0.5), 255) or 0)
    end
    rows[y] = table.concat(bytes)
  end
  return rows
end

--- A picture. Reads every element: not for every step.
--- Errors: shape, dtype, when it is no picture; io, where zlib is missing.
---@param tag string
---@param picture tnt.Tensor  [C, H, W] with C = 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA), or
---  [H, W]; u8 from 0 to 255, floats from 0 to 1
---@param step integer
function TensorBoard:image(tag, picture, step)
  if not is_tensor(picture) then
    errors.raise("argument", "tnt.log.TensorBoard: image: a tensor [C, H, W] was expected, got %s",
      type(picture))
  end
  picture = picture:detach()
  if picture:dim() == 2 then picture = picture:unsqueeze(1) end
  local shape, dtype = picture.shape, picture.dtype
  if #shape ~= 3 or shape[1] < 1 or shape[1] > 4 or picture:numel() == 0 then
    errors.raise("shape", "tnt.log.TensorBoard: image: expected [C, H, W] with C from 1 to 4, or "
      .. "[H, W], got [%s]", table.concat(shape, ", "))
  elseif dtype ~= "u8" and not dtype:match "f%d" then
    errors.raise("dtype", "tnt.log.TensorBoard: image: expected u8 from 0 to 255 or floats from 0 "
      .. "to 1, got %s", dtype)
  end
  local channels, height, width = unpack(shape)
  local png = require("tnt.log.png").encode(width, height, channels,
    rows_of(picture, channels, height, width))
  self:add(event.summary(clock.wall(), step, { event.image(tag, height, width, channels, png) }))
end

--- Writes what is held back. Errors: io.
function TensorBoard:flush()
  if not self.file or self.n == 0 then return end
  self.written_at = clock.now()
  local ok, why = self.file:write(table.concat(self.held, "", 1, self.n))
  for i = 1, self.n do self.held[i] = nil end
  self.n = 0
  if ok then ok, why = self.file:flush() end
  if not ok then errors.raise("io", "cannot write %s: %s", self.file_name, tostring(why)) end
end

function TensorBoard:close()
  if not self.file then return end
  self:flush()
  local file = self.file
  self.file = nil
  local ok, why = file:close()
  if not ok then errors.raise("io", "cannot close %s: %s", self.file_name, tostring(why)) end
end

return TensorBoard

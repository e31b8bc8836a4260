-- What TensorBoard's event files are made of: protobuf messages framed as TFRecords. Messages are
-- built field by field, in ascending field number, as protobuf's own encoder orders them; a field
-- with its default value is left out, as proto3 says. Sources:
-- tensorboard/compat/proto/event.proto, summary.proto, tensor.proto; TensorFlow's record_writer.h;
-- protobuf.dev, "Encoding".

local bit = require "bit"
local C = require("tnt.core").C
local ffi = require "ffi"

local event = {}

local VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
local double, float, word = ffi.new "double[1]", ffi.new "float[1]", ffi.new "uint32_t[1]"

-- Seven bits a byte, the lowest first. Division, because steps may be beyond 32 bits.
local function varint(value)
  local bytes = ""
  while value >= 128 do
    bytes = bytes .. string.char(value % 128 + 128)
    value = math.floor(value / 128)
  end
  return bytes .. string.char(value)
end

local function key(field, wire) return varint(field * 8 + wire) end

local function double_bytes(value)
  double[0] = value
  return ffi.string(double, 8)
end

local function double_field(field, value) return key(field, FIXED64) .. double_bytes(value) end

local function float_field(field, value)
  float[0] = value
  return key(field, FIXED32) .. ffi.string(float, 4)
end

local function bytes_field(field, value) return key(field, BYTES) .. varint(#value) .. value end

local function integer_field(field, value)
  if value == 0 then return "" end
  return key(field, VARINT) .. varint(value)
end

local function packed_doubles(field, list)
  local parts = {}
  for i, value in ipairs(list) do parts[i] = double_bytes(value) end
  return bytes_field(field, table.concat(parts))
end

local function word_bytes(value)
  word[0] = value
  return ffi.string(word, 4)
end

-- A checksum that is itself data of a checksummed stream is rotated and shifted.
-- Source: TensorFlow, lib/hash/crc32c.h, "Mask".
local function masked(data)
  local sum = C.tnt_crc32c(data, #data, 0)
  local rotated = bit.bor(bit.rshift(sum, 15), bit.lshift(sum, 17)) % 2 ^ 32
  return word_bytes((rotated + 0xA282EAD8) % 2 ^ 32)
end

--- A TFRecord: length, its checksum, the data, its checksum.
---@param data string  less than 4 GiB
---@return string
function event.record(data)
  local length = word_bytes(#data) .. "\0\0\0\0"
  return length .. masked(length) .. data .. masked(data)
end

local function message(time, step, rest)
  return double_field(1, time) .. integer_field(2, step) .. rest
end

--- The event a file begins with.
---@param time number  seconds since 1970
---@return string
function event.version(time) return message(time, 0, bytes_field(3, "brain.Event:2")) end

--- A restart: what was logged for `step` and later is void. TensorBoard shows it no more.
---@param time number
---@param step integer
---@return string
function event.restart(time, step)
  local START = 1
  return message(time, step, bytes_field(7, integer_field(1, START)))
end

--- Values of one step, made by `event.scalar`, `event.text`, `event.histogram`, `event.image` and
--- `event.audio`.
---@param time number
---@param step integer
---@param values string[]
---@return string
function event.summary(time, step, values)
  local parts = {}
  for i, value in ipairs(values) do parts[i] = bytes_field(1, value) end
  return message(time, step, bytes_field(5, table.concat(parts)))
end

--- A number, kept as a float.
---@param tag string
---@param value number
---@return string
function event.scalar(tag, value) return bytes_field(1, tag) .. float_field(2, value) end

--- A text, which TensorBoard reads as Markdown.
---@param tag string
---@param text string
---@return string
function event.text(tag, text)
  local DT_STRING = 7
  local shape = bytes_field(2, integer_field(1, 1)) -- one dimension of size 1
  local tensor = integer_field(1, DT_STRING) .. bytes_field(2, shape) .. bytes_field(8, text)
  local metadata = bytes_field(1, bytes_field(1, "text"))
  return bytes_field(1, tag) .. bytes_field(8, tensor) .. bytes_field(9, metadata)
end

--- A picture.
---@param tag string
---@param picture tnt.log.Picture
---@return string
function event.image(tag, picture)
  local image = integer_field(1, picture.height) .. integer_field(2, picture.width)
    .. integer_field(3, picture.channels) .. bytes_field(4, picture.png)
  return bytes_field(1, tag) .. bytes_field(4, image)
end

--- A sound.
---@param tag string
---@param rate integer  samples a second
---@param sound tnt.log.Sound
---@return string
function event.audio(tag, rate, sound)
  local audio = float_field(1, rate) .. integer_field(2, sound.channels)
    .. integer_field(3, sound.frames) .. bytes_field(4, sound.wav) .. bytes_field(5, "audio/wav")
  return bytes_field(1, tag) .. bytes_field(6, audio)
end

-- A google.protobuf.Value: one of several fields, written also where it has its default.
local function variant(value)
  if type(value) == "number" then return double_field(2, value) end
  if type(value) == "string" then return bytes_field(3, value) end
  return key(4, VARINT) .. varint(value and 1 or 0)
end

--- What a run was set up with, for TensorBoard's table of hyper-parameters.
--- Source: tensorboard/plugins/hparams, plugin_data.proto, and summary_v2.py, hparams_pb.
---@param time number  when the run began, seconds since 1970
---@param names string[]
---@param values table<string, number|string|boolean>
---@return string
function event.hparams(time, names, values)
  local DT_FLOAT = 1
  local entries = {}
  for i, name in ipairs(names) do
    entries[i] = bytes_field(1, bytes_field(1, name) .. bytes_field(2, variant(values[name])))
  end
  local session = table.concat(entries) .. double_field(5, time)
  local plugin = bytes_field(1, "hparams") .. bytes_field(2, bytes_field(3, session))
  local empty = integer_field(1, DT_FLOAT) .. bytes_field(2, bytes_field(2, ""))
  return bytes_field(1, "_hparams_/session_start_info") .. bytes_field(8, empty)
    .. bytes_field(9, bytes_field(1, plugin))
end

-- Upper ends of a histogram's buckets: +-1e-12 * 1.1^k up to 1e20, and 0.
-- Source: TensorFlow, lib/histogram/histogram.cc, InitDefaultBucketsInner and EncodeToProto.
local limits

local function default_limits()
  local positive, at = {}, 1e-12
  while at < 1e20 do
    positive[#positive + 1] = at
    at = at * 1.1
  end
  positive[#positive + 1] = math.huge
  local list = {}
  for i = #positive - 1, 1, -1 do list[#list + 1] = -positive[i] end
  list[#list + 1] = 0
  for _, limit in ipairs(positive) do list[#list + 1] = limit end
  -- Infinity is no limit that TensorBoard can draw.
  list[#list] = 1.7976931348623157e308
  return list
end

-- The first limit that is greater than the value.
local function bucket_of(value)
  local low, high = 1, #limits
  while low < high do
    local middle = math.floor((low + high) / 2)
    if limits[middle] > value then high = middle else low = middle + 1 end
  end
  return low
end

---@class tnt.log.Histogram
---@field min number
---@field max number
---@field num number          how many values
---@field sum number
---@field sum_squares number
---@field limits number[]     upper ends of the buckets, ascending
---@field counts number[]     values in each

--- A distribution that is counted already.
---@param tag string
---@param h tnt.log.Histogram
---@return string
function event.histogram_raw(tag, h)
  local histogram = double_field(1, h.min) .. double_field(2, h.max) .. double_field(3, h.num)
    .. double_field(4, h.sum) .. double_field(5, h.sum_squares) .. packed_doubles(6, h.limits)
    .. packed_doubles(7, h.counts)
  return bytes_field(1, tag) .. bytes_field(5, histogram)
end

--- A distribution. NaN and infinities are left out of it.
---@param tag string
---@param numbers number[]
---@return string
function event.histogram(tag, numbers)
  limits = limits or default_limits()
  local counts, least, greatest, n, sum, squares = {}, math.huge, -math.huge, 0, 0, 0
  local first, last = #limits, 1
  for _, value in ipairs(numbers) do
    if value - value == 0 then
      local at = bucket_of(value)
      counts[at] = (counts[at] or 0) + 1
      first, last = math.min(first, at), math.max(last, at)
      least, greatest = math.min(least, value), math.max(greatest, value)
      n, sum, squares = n + 1, sum + value, squares + value * value
    end
  end
  if n == 0 then least, greatest, first, last = 0, 0, 1, 1 end
  local ends, filled = {}, {}
  -- One empty bucket in front gives the first filled one a lower end.
  for at = math.max(first - 1, 1), last do
    -- Of a run of empty buckets only the last is written: it takes in the others.
    if counts[at] or counts[at + 1] or at == last then
      ends[#ends + 1], filled[#filled + 1] = limits[at], counts[at] or 0
    end
  end
  return event.histogram_raw(tag, {
    min = least, max = greatest, num = n, sum = sum, sum_squares = squares, limits = ends,
    counts = filled,
  })
end

return event

-- CIFAR-10's binary files: records of 3,073 bytes, a label from 0 to 9 and a 32 x 32 image of three
-- planes. A batch is one pass over bytes, which for training also moves each image by up to 4
-- pixels and mirrors half of them, at random: the crop of the padded image.
-- Source: https://www.cs.toronto.edu/~kriz/cifar.html; augmentation as in He et al. 2016, 4.2.

local ffi = require "ffi"
local tnt = require "tnt"
local class = require "tnt.class"
local errors = require "tnt.errors"
local Bytes = require "tnt.data.bytes"

local SIZE, CHANNELS, CLASSES = 32, 3, 10
local PLANE = SIZE * SIZE
local RECORD = 1 + CHANNELS * PLANE
-- Of the 50,000 training images, in [0, 1]: mean and deviation of each channel.
local MEAN, STD = { 0.4914, 0.4822, 0.4465 }, { 0.2470, 0.2435, 0.2616 }

local FILES = {
  train = { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
    "data_batch_5.bin" },
  test = { "test_batch.bin" },
}

---@class Cifar
local Cifar = class.new("Cifar", { "dir", split = "train", augment = false, pad = 4 })

local function length(path)
  local file, problem = io.open(path, "rb")
  if not file then
    errors.raise("io", "cifar: %s; get cifar-10-binary.tar.gz, unpack it, and give its folder",
      problem)
  end
  local bytes = file:seek "end"
  file:close()
  if not bytes or bytes == 0 or bytes % RECORD ~= 0 then
    errors.raise("format", "cifar: %s has %s bytes, expected a whole number of records of %d", path,
      tostring(bytes), RECORD)
  end
  return bytes
end

--- Errors: io, when a file cannot be read; format, when one is no whole number of records, or a
--- label is beyond 9, naming its place; argument.
function Cifar:init(o)
  local names = FILES[o.split]
  if not names then errors.unknown("cifar", "part", o.split, { "test", "train" }) end
  if type(o.pad) ~= "number" or o.pad < 0 or o.pad >= SIZE or o.pad % 1 ~= 0 then
    errors.raise("argument", "cifar: pad is a whole number from 0 to %d, got %s", SIZE - 1,
      tostring(o.pad))
  end
  self.augment, self.pad = o.augment, o.pad
  local sizes, total = {}, 0
  for i, name in ipairs(names) do
    sizes[i] = length(o.dir .. "/" .. name)
    total = total + sizes[i]
  end
  self.records = tnt.empty({ total }, { dtype = "u8" }):keep()
  self.n = total / RECORD
  local at = ffi.cast("uint8_t *", self.records:data_ptr())
  for i, name in ipairs(names) do
    local bytes = Bytes.open(o.dir .. "/" .. name)
    bytes:fill(at, sizes[i], "the records")
    bytes:finish "the records"
    for k = 0, sizes[i] / RECORD - 1 do
      local label = at[k * RECORD]
      if label >= CLASSES then
        errors.raise("format", "cifar: %s/%s: record %d has the label %d, expected 0 to %d", o.dir,
          name, k + 1, label, CLASSES - 1)
      end
    end
    at = at + sizes[i]
  end
end

--- How many images.
function Cifar:size() return self.n end

-- What a byte of a channel becomes.
local values = {}
for c = 1, CHANNELS do
  values[c] = ffi.new "float[256]"
  for v = 0, 255 do values[c][v] = (v / 255 - MEAN[c]) / STD[c] end
end

-- One image, moved down by dy and right by dx; what comes in from outside is 0, the mean.
local function place(to, from, dy, dx, is_mirrored)
  for c = 1, CHANNELS do
    local value = values[c]
    for y = 0, SIZE - 1 do
      local row, source = to + (c - 1) * PLANE + y * SIZE, y - dy
      local line = from + (c - 1) * PLANE + source * SIZE
      local is_inside = source >= 0 and source < SIZE
      for x = 0, SIZE - 1 do
        local column = (is_mirrored and SIZE - 1 - x or x) - dx
        row[x] = is_inside and column >= 0 and column < SIZE and value[line[column]] or 0
      end
    end
  end
end

--- Several images as one batch.
--- Errors: argument, when there is no such image.
---@param positions integer[]  from 1
---@return {x: tnt.Tensor, y: tnt.Tensor} batch  f32 [#positions, 3, 32, 32], each channel of mean 0
---and variance 1; i64 labels
function Cifar:get_many(positions)
  local x = tnt.empty { #positions, CHANNELS, SIZE, SIZE }
  local y = tnt.empty({ #positions }, { dtype = "i64" })
  local to, label = ffi.cast("float *", x:data_ptr()), ffi.cast("int64_t *", y:data_ptr())
  local records = ffi.cast("const uint8_t *", self.records:data_ptr())
  local random = self.augment and tnt.data.rng()
  local span = 2 * self.pad + 1
  for k = 1, #positions do
    local i = positions[k]
    if type(i) ~= "number" or i < 1 or i > self.n or i % 1 ~= 0 then
      errors.raise("argument", "cifar: image %s is out of range, there are %d (from 1)",
        tostring(i), self.n)
    end
    local record = records + (i - 1) * RECORD
    local dy, dx, is_mirrored = 0, 0, false
    if random then
      dy, dx = random:int(span) - self.pad - 1, random:int(span) - self.pad - 1
      is_mirrored = random:int(2) == 1
    end
    label[k - 1] = record[0]
    place(to + (k - 1) * CHANNELS * PLANE, record + 1, dy, dx, is_mirrored)
  end
  return { x = x, y = y }
end

--- One image; see get_many.
function Cifar:get(i)
  local batch = self:get_many { i }
  return { x = batch.x:select(1, 1), y = batch.y:select(1, 1) }
end

return Cifar

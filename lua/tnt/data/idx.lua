-- IDX, the format of MNIST: a magic number with the type and the number of dims, the sizes, the
-- elements; all big-endian. Source: http://yann.lecun.com/exdb/mnist, "the IDX file format".

local ffi = require "ffi"
local bit = require "bit"
local class = require "tnt.class"
local errors = require "tnt.errors"
local Bytes = require "tnt.data.bytes"
local Tensors = require "tnt.data.tensors"
local tnt = require "tnt"

local idx = {}

-- Type byte -> its name, bytes an element, the dtype it becomes, and the pointer to write that.
local TYPES = {
  [0x08] = { name = "u8", bytes = 1, dtype = "u8" },
  [0x09] = { name = "i8", bytes = 1, dtype = "i32", signed = ffi.typeof "int8_t *" },
  [0x0B] = { name = "i16", bytes = 2, dtype = "i32", signed = ffi.typeof "int16_t *" },
  [0x0C] = { name = "i32", bytes = 4, dtype = "i32" },
  [0x0D] = { name = "f32", bytes = 4, dtype = "f32" },
  [0x0E] = { name = "f64", bytes = 8, dtype = "f64" },
}

local MAX_DIMS = 8

local header_type = ffi.typeof "uint8_t[32]"
local i32_pointer, byte_pointer = ffi.typeof "int32_t *", ffi.typeof "uint8_t *"

local function big_endian(at)
  return ((at[0] * 256 + at[1]) * 256 + at[2]) * 256 + at[3]
end

-- Turns n elements of `bytes` bytes each around, in place.
local function swap(at, n, bytes)
  if bytes == 1 or ffi.abi "be" then return end
  for _ = 1, n do
    for k = 0, bit.rshift(bytes, 1) - 1 do
      at[k], at[bytes - 1 - k] = at[bytes - 1 - k], at[k]
    end
    at = at + bytes
  end
end

local function read_header(bytes)
  local header = header_type()
  bytes:fill(header, 4, "the magic number")
  local kind, dims = TYPES[header[2]], header[3]
  if header[0] ~= 0 or header[1] ~= 0 or not kind or dims < 1 or dims > MAX_DIMS then
    bytes:refuse("not an IDX file: expected the bytes 0, 0, a type (8, 9, 11 to 14) and 1 to %d "
      .. "dims, found %d, %d, %d, %d", MAX_DIMS, header[0], header[1], header[2], header[3])
  end
  bytes:fill(header, 4 * dims, "the sizes")
  local sizes, n = {}, 1
  for k = 1, dims do
    sizes[k] = big_endian(header + 4 * (k - 1))
    n = n * sizes[k]
  end
  if not bytes:may_hold(n * kind.bytes) then
    bytes:refuse("its header promises [%s] of %s, more than a file of this size can hold",
      table.concat(sizes, ", "), kind.name)
  end
  return kind, sizes, n
end

-- 8- and 16-bit integers become 32-bit ones; from the end, because they grow in place.
local function widen(data, n, kind)
  local from, to = ffi.cast(kind.signed, data), ffi.cast(i32_pointer, data)
  for i = n - 1, 0, -1 do to[i] = from[i] end
end

--- Reads an IDX file, plain or gzipped.
--- Errors: io, when it cannot be opened; format, when it is not what it should be.
---@param path string
---@return tnt.Tensor x  with the file's sizes: u8 as u8, i8, i16 and i32 as i32, f32, f64
function idx.read(path)
  local bytes = Bytes.open(path)
  local kind, sizes, n = read_header(bytes)
  local x = tnt.empty(sizes, { dtype = kind.dtype })
  local data = ffi.cast(byte_pointer, x:data_ptr())
  bytes:fill(data, n * kind.bytes, "the elements")
  swap(data, n, kind.bytes)
  if kind.signed then widen(data, n, kind) end
  bytes:finish "the elements"
  return x
end

local declared = class.declaration("idx", { scale = 1, channel = false })

--- A data set of images and labels from two IDX files.
--- Errors: io and format, as for reading one; format, when the two do not fit together.
---@param images string  path of a file [N, ...]
---@param labels string  path of a file [N]
---@param options {scale: number, channel: boolean}|nil  scale: what pixels are multiplied by
---(default 1); channel: images [N, H, W] become [N, 1, H, W]
---@return tnt.data.Tensors dataset  image: f32 [...], label: i64
function idx.dataset(images, labels, options)
  local o = class.read("idx", declared, options or {})
  local image, label = idx.read(images), idx.read(labels)
  if image:dim() < 2 then
    errors.raise("format", "%s: images have at least 2 dims, these have %d; were images and labels "
      .. "exchanged?", images, image:dim())
  elseif label:dim() ~= 1 then
    errors.raise("format", "%s: labels have 1 dim, these have %d", labels, label:dim())
  elseif label:size(1) ~= image:size(1) then
    errors.raise("format", "%s holds %d images, but %s %d labels", images, image:size(1), labels,
      label:size(1))
  elseif label.dtype == "f32" or label.dtype == "f64" then
    errors.raise("format", "%s: labels are whole numbers, these are %s", labels, label.dtype)
  end
  image = image:to "f32"
  if o.scale ~= 1 then image = image * o.scale end
  if o.channel then image = image:unsqueeze(2) end
  return Tensors { image = image, label = label:to "i64" }
end

return idx

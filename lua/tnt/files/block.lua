-- Tensors as blocks of bytes: their memory for writing, and new ones to read into.

local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"
local tensor = require "tnt.tensor"

local C = core.C

local block = {}

block.bytes_of = core.dtype_bytes
block.dtypes = core.dtypes

block.is_tensor = tensor.is_tensor

local sizes = ffi.new "int64_t[8]"

--- A new tensor, its elements not yet set.
--- Errors: memory.
---@param dtype integer  number of the dtype
---@param shape ffi.cdata*|number[]  int64_t * or a list
---@param ndim integer
---@return tnt.Tensor x
---@return ffi.cdata* data  void *
---@return integer bytes
function block.new(dtype, shape, ndim)
  if type(shape) == "table" then
    for d = 1, ndim do sizes[d - 1] = shape[d] end
    shape = sizes
  end
  local x = core.new()
  local status = C.tnt_empty(x, C.TNT_CPU, dtype, shape, ndim)
  if status ~= 0 then x = core.finish(status, x) end
  local info = tensor.describe(x)
  return x, info.data, tonumber(info.numel) * block.bytes_of[dtype]
end

--- The elements of a tensor side by side in memory: the tensor's own, which lives as long as it
--- does, or a copy, which lives as long as `data`.
---@param x tnt.Tensor
---@return ffi.cdata* data
---@return integer bytes
function block.data(x)
  local info = tensor.describe(x)
  local bytes = tonumber(info.numel) * block.bytes_of[info.dtype]
  if info.device == 0 and info.contiguous ~= 0 then return info.data, bytes end
  local copy = ffi.gc(ffi.cast("char *", ffi.C.malloc(math.max(bytes, 1))), ffi.C.free)
  if copy == nil then errors.raise("memory", "save: no memory for %d bytes", bytes) end
  core.check(C.tnt_read(copy, info.dtype, info.numel, x))
  return copy, bytes
end

--- Number and shape of a tensor's dtype.
---@param x tnt.Tensor
---@return integer dtype
---@return number[] shape
function block.layout(x)
  local info, shape = tensor.describe(x), {}
  for d = 1, info.ndim do shape[d] = tonumber(info.size[d - 1]) end
  return info.dtype, shape
end

return block

-- Elements of types the program does not compute with, read into the next wider one it does:
-- 8- and 16-bit integers into i32, unsigned 32-bit ones into i64.

local ffi = require "ffi"

local widen = {}

---@class tnt.files.Width
---@field dtype integer   number of the dtype it becomes
---@field bytes integer   of an element in the file
---@field from ffi.ctype*
---@field to ffi.ctype*

local I64, I32 = 4, 5 -- ORDER DTYPE

widen.types = {
  int8 = { dtype = I32, bytes = 1, from = ffi.typeof "int8_t *", to = ffi.typeof "int32_t *" },
  int16 = { dtype = I32, bytes = 2, from = ffi.typeof "int16_t *", to = ffi.typeof "int32_t *" },
  uint16 = { dtype = I32, bytes = 2, from = ffi.typeof "uint16_t *", to = ffi.typeof "int32_t *" },
  uint32 = { dtype = I64, bytes = 4, from = ffi.typeof "uint32_t *", to = ffi.typeof "int64_t *" },
}

--- Widens n elements that lie packed at the beginning of their memory, which has room for the wide
--- ones. From the back, so none is overwritten before it was read.
---@param width tnt.files.Width
---@param data ffi.cdata*  void *
---@param n integer
function widen.in_place(width, data, n)
  local from, to = ffi.cast(width.from, data), ffi.cast(width.to, data)
  for i = n - 1, 0, -1 do to[i] = from[i] end
end

return widen

-- Writing to an open file by C's own functions. The io library's write and flush, once compiled,
-- are made a second time when they fail (LuaJIT leaves the compiled code and repeats the call), and
-- the second flush of a full disk has nothing left to write and succeeds: the error would be lost.
local ffi = require "ffi"

ffi.cdef [[
size_t tnt_stream_write(const char *bytes, size_t size, size_t n, void *file) asm("fwrite");
int tnt_stream_flush(void *file) asm("fflush");
char *tnt_stream_error(int code) asm("strerror");
]]
local C = ffi.C

local stream = {}

local function reason() return ffi.string(C.tnt_stream_error(ffi.errno())) end

--- Writes bytes, as far as C's buffer has room without the disk.
---@param file file*
---@param bytes string
---@return boolean|nil ok
---@return string|nil why
function stream.write(file, bytes)
  local n = #bytes
  if C.tnt_stream_write(bytes, 1, n, file) == n then return true end
  return nil, reason()
end

--- Hands what C's buffer holds to the system.
---@param file file*
---@return boolean|nil ok
---@return string|nil why
function stream.flush(file)
  if C.tnt_stream_flush(file) == 0 then return true end
  return nil, reason()
end

return stream

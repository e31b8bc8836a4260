-- Files of bytes: reading at any place with every length checked, and writing that replaces a file
-- at once: a temporary one beside it, fsync, rename, fsync of the folder.

local errors = require "tnt.errors"
local ffi = require "ffi"

ffi.cdef [[
int tnt_files_open(const char *path, int flags, int mode) asm("open");
int tnt_files_close(int fd) asm("close");
int64_t tnt_files_pread(int fd, void *data, size_t bytes, int64_t offset) asm("pread");
int64_t tnt_files_write(int fd, const void *data, size_t bytes) asm("write");
int64_t tnt_files_lseek(int fd, int64_t offset, int whence) asm("lseek");
int tnt_files_fsync(int fd) asm("fsync");
int tnt_files_getpid(void) asm("getpid");
char *tnt_files_strerror(int code) asm("strerror");
]]

local C = ffi.C
local disk = {}

-- Source: <fcntl.h>, <errno.h> on Linux.
local O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_CLOEXEC = 0, 1, 64, 128, 524288
local EINTR, EINVAL = 4, 22
local MOST = 2 ^ 30 -- bytes in a call

local function raise_errno(path, what)
  errors.raise("io", "%s: %s: %s", path, what, ffi.string(C.tnt_files_strerror(ffi.errno())))
end

---@class tnt.files.Reader
---@field path string
---@field size integer  bytes
local Reader = {}
Reader.__index = Reader

--- Opens a file for reading.
--- Errors: io.
---@param path string
---@return tnt.files.Reader
function disk.open(path)
  local fd = C.tnt_files_open(path, O_RDONLY + O_CLOEXEC, 0)
  if fd < 0 then raise_errno(path, "opening") end
  local size = tonumber(C.tnt_files_lseek(fd, 0, 2))
  if size < 0 or size >= 2 ^ 53 then -- a folder seeks to the largest offset there is
    C.tnt_files_close(fd)
    errors.raise("io", "%s: it is no file of bytes (a folder?)", path)
  end
  return setmetatable({ path = path, size = size, fd = fd }, Reader)
end

--- Raises kind `format`, naming the file.
---@param fmt string
function Reader:refuse(fmt, ...)
  errors.raise("format", "%s: %s", self.path, select("#", ...) > 0 and fmt:format(...) or fmt)
end

--- Reads exactly n bytes at an offset.
--- Errors: format, when they are not there; io.
---@param to ffi.cdata*
---@param n integer
---@param offset integer  from 0
---@param what string  for the message
function Reader:fill(to, n, offset, what)
  if offset < 0 or n < 0 or offset + n > self.size then
    self:refuse("%s should be at bytes %.0f to %.0f, and the file has %.0f", what, offset,
      offset + n - 1, self.size)
  end
  local at, done = ffi.cast("char *", to), 0
  while done < n do
    local got = tonumber(C.tnt_files_pread(self.fd, at + done, math.min(n - done, MOST),
      offset + done))
    if got == 0 then self:refuse("%s: the file became shorter while it was read", what) end
    if got < 0 and ffi.errno() ~= EINTR then raise_errno(self.path, "reading") end
    if got > 0 then done = done + got end
  end
end

--- Reads exactly n bytes as a string. Errors: as `fill`.
---@param n integer
---@param offset integer
---@param what string
---@return string
function Reader:text(n, offset, what)
  if n == 0 then return "" end
  if offset < 0 or n < 0 or offset + n > self.size then self:fill(nil, n, offset, what) end
  local buffer = ffi.cast("char *", C.malloc(n))
  if buffer == nil then errors.raise("memory", "%s: no memory for %d bytes", self.path, n) end
  buffer = ffi.gc(buffer, C.free)
  self:fill(buffer, n, offset, what)
  return ffi.string(buffer, n)
end

--- Closes the file; may be called twice.
function Reader:close()
  if self.fd then C.tnt_files_close(self.fd) end
  self.fd = nil
end

--- Opens a file, calls fn(reader), closes it on every path.
---@param path string
---@param fn fun(reader: tnt.files.Reader): any
---@return any  what fn returns
function disk.read(path, fn)
  local reader = disk.open(path)
  local ok, result = pcall(fn, reader)
  reader:close()
  if not ok then error(result, 0) end
  return result
end

---@class tnt.files.Writer
---@field path string
---@field offset integer  bytes written
local Writer = {}
Writer.__index = Writer

--- Writes bytes at the end.
--- Errors: io.
---@param data string|ffi.cdata*
---@param n integer|nil  default: of the string
function Writer:write(data, n)
  n = n or #data
  self.source = data -- alive until it was written
  local at = ffi.cast("const char *", data)
  local done = 0
  while done < n do
    local got = tonumber(C.tnt_files_write(self.fd, at + done, math.min(n - done, MOST)))
    if got < 0 and ffi.errno() ~= EINTR then raise_errno(self.path, "writing") end
    if got > 0 then done = done + got end
  end
  self.offset = self.offset + n
end

local function sync_parent(path)
  local parent = path:match "^(.*)/[^/]*$" or "."
  local fd = C.tnt_files_open(parent == "" and "/" or parent, O_RDONLY + O_CLOEXEC, 0)
  if fd < 0 then raise_errno(parent, "opening") end
  local status = C.tnt_files_fsync(fd)
  local code = ffi.errno()
  C.tnt_files_close(fd)
  if status < 0 and code ~= EINVAL then -- some file systems cannot sync folders
    ffi.errno(code)
    raise_errno(parent, "writing the folder to the disk (fsync)")
  end
end

--- Writes a file by fn(writer). It takes its name when it is whole and on the disk; after an error
--- nothing of it is left, and what was there before still is.
--- Errors: io; what fn raises.
---@param path string
---@param fn fun(writer: tnt.files.Writer)
function disk.replace(path, fn)
  local temporary = ("%s.tmp-%d"):format(path, C.tnt_files_getpid())
  os.remove(temporary)
  local fd = C.tnt_files_open(temporary, O_WRONLY + O_CREAT + O_EXCL + O_CLOEXEC, 438) -- rw-rw-rw-
  if fd < 0 then raise_errno(path, "making the file") end
  local writer = setmetatable({ path = path, fd = fd, offset = 0 }, Writer)
  local ok, err = pcall(function()
    fn(writer)
    if C.tnt_files_fsync(fd) < 0 then raise_errno(path, "writing to the disk (fsync)") end
  end)
  if C.tnt_files_close(fd) < 0 and ok then ok, err = pcall(raise_errno, path, "closing") end
  if ok then
    local renamed, why = os.rename(temporary, path)
    if not renamed then ok, err = pcall(errors.raise, "io", "%s: %s", path, tostring(why)) end
  end
  if not ok then
    os.remove(temporary)
    error(err, 0)
  end
  sync_parent(path)
end

return disk

-- A file of bytes read front to back, plain or compressed by gzip (told by its first two bytes).
-- zlib is opened when the first compressed file is. Every read is checked against what is left.

local ffi = require "ffi"
local errors = require "tnt.errors"

-- Under names of our own, so that nobody else's declarations of zlib are in the way.
ffi.cdef [[
typedef struct tnt_gz tnt_gz;
tnt_gz *tnt_gzopen(const char *path, const char *mode) __asm__("gzopen");
int tnt_gzread(tnt_gz *file, void *buffer, unsigned length) __asm__("gzread");
int tnt_gzclose(tnt_gz *file) __asm__("gzclose");
]]

---@class tnt.data.Bytes
local Bytes = {}
Bytes.__index = Bytes

local zlib

local function open_zlib(path)
  if zlib then return zlib end
  for _, name in ipairs { "z", "libz.so.1" } do
    local ok, library = pcall(ffi.load, name)
    if ok then
      zlib = library
      return zlib
    end
  end
  errors.raise("io", "%s: it is compressed, and zlib cannot be opened; install the package zlib1g, "
    .. "or decompress the file (gunzip)", path)
end

-- No deflate stream is more than 1032 times smaller than what it stands for (zlib, technical
-- details), so a header that promises more is wrong.
local MAX_RATIO = 1032

--- Opens a file.
--- Errors: io, when it cannot be opened.
---@param path string
---@return tnt.data.Bytes
function Bytes.open(path)
  local file, problem = io.open(path, "rb")
  if not file then errors.raise("io", "%s", problem) end
  local head
  head, problem = file:read(2)
  if not head and problem then
    file:close()
    errors.raise("io", "%s: %s", path, problem)
  end
  local size = file:seek "end"
  file:seek "set"
  local self = setmetatable({ path = path, limit = size, read = 0 }, Bytes)
  if head ~= "\31\139" then
    self.file = file
    return self
  end
  file:close()
  self.limit = size * MAX_RATIO
  local handle = open_zlib(path).tnt_gzopen(path, "rb")
  if handle == nil then errors.raise("io", "%s: it cannot be opened", path) end
  self.gz = ffi.gc(handle, zlib.tnt_gzclose)
  return self
end

--- Raises kind `format`, naming the file.
---@param fmt string
function Bytes:refuse(fmt, ...)
  self:close()
  errors.raise("format", "%s: %s", self.path, fmt:format(...))
end

--- Whether n more bytes can be there, judged by the size of the file.
---@param n number
---@return boolean
function Bytes:may_hold(n) return n <= self.limit - self.read end

local function fill_plain(self, at, n)
  local done = 0
  while done < n do
    local text = self.file:read(math.min(n - done, 1048576))
    if not text then return done end
    ffi.copy(at + done, text, #text)
    done = done + #text
  end
  return done
end

local function fill_compressed(self, at, n)
  local done = 0
  while done < n do
    local got = zlib.tnt_gzread(self.gz, at + done, math.min(n - done, 1048576))
    if got < 0 then
      self:refuse("the compressed data is damaged (after %d bytes)", self.read + done)
    end
    if got == 0 then return done end
    done = done + got
  end
  return done
end

--- Reads exactly n bytes.
--- Errors: format, when there are fewer, or the compressed data is damaged.
---@param to ffi.cdata*  room for n bytes
---@param n integer
---@param what string  for the message
function Bytes:fill(to, n, what)
  local at = ffi.cast("uint8_t *", to)
  local done = self.gz and fill_compressed(self, at, n) or not self.gz and fill_plain(self, at, n)
  self.read = self.read + done
  if done < n then
    self:refuse("it ends within %s: expected %d bytes there, found %d", what, n, done)
  end
end

local one_byte = ffi.typeof "uint8_t[1]"

--- Reads to the end, which must be here: only then has gzip's own checksum been compared.
--- Errors: format, when there is more, or the checksum is wrong.
---@param what string  what should have been the last
function Bytes:finish(what)
  local probe = one_byte()
  local more
  if self.gz then more = fill_compressed(self, probe, 1) else more = fill_plain(self, probe, 1) end
  if more > 0 then self:refuse("there are bytes left behind %s", what) end
  if self.gz and zlib.tnt_gzclose(ffi.gc(self.gz, nil)) ~= 0 then
    self.gz = nil
    self:refuse("the compressed data is cut off")
  end
  self.gz = nil
  self:close()
end

--- Closes the file.
function Bytes:close()
  if self.file then self.file:close() end
  if self.gz then zlib.tnt_gzclose(ffi.gc(self.gz, nil)) end
  self.file, self.gz = nil, nil
end

return Bytes

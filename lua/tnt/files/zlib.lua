-- zlib through the FFI, opened when first needed: raw deflate streams and CRC-32, as zip has them.

local errors = require "tnt.errors"
local ffi = require "ffi"

ffi.cdef [[
typedef struct tnt_z_stream {
  const uint8_t *next_in; unsigned avail_in; unsigned long total_in;
  uint8_t *next_out; unsigned avail_out; unsigned long total_out;
  const char *msg; void *state; void *zalloc; void *zfree; void *opaque;
  int data_type; unsigned long adler; unsigned long reserved;
} tnt_z_stream;
int inflateInit2_(tnt_z_stream *stream, int window_bits, const char *version, int stream_size);
int inflate(tnt_z_stream *stream, int flush);
int inflateEnd(tnt_z_stream *stream);
const char *zlibVersion(void);
unsigned long crc32(unsigned long crc, const void *data, unsigned length);
]]

local zlib = {}

local opened

local function open()
  if opened then return opened end
  for _, name in ipairs { "libz.so.1", "z" } do
    local ok, library = pcall(ffi.load, name)
    if ok then
      opened = library
      return opened
    end
  end
  errors.raise("io", "zlib cannot be opened; .npz files and pictures need it: install the package "
    .. "zlib1g")
end

--- The library itself, for functions that are declared elsewhere. Errors: io, where it is missing.
---@return ffi.namespace*
function zlib.library() return open() end

local MOST = 2 ^ 30 -- bytes in a call
local OK, STREAM_END = 0, 1

--- CRC-32 of some bytes, going on from `crc` (0 at the start).
---@param crc integer
---@param data ffi.cdata*
---@param n integer
---@return integer
function zlib.crc32(crc, data, n)
  local library, at, done = open(), ffi.cast("const uint8_t *", data), 0
  while done < n do
    local more = math.min(n - done, MOST)
    crc = tonumber(library.crc32(crc, at + done, more))
    done = done + more
  end
  return crc
end

--- Unpacks a raw deflate stream that must give exactly n_out bytes and use up all of its input.
---@param from ffi.cdata*
---@param n_in integer
---@param to ffi.cdata*
---@param n_out integer
---@return boolean ok
function zlib.inflate(from, n_in, to, n_out)
  local library = open()
  local stream = ffi.new "tnt_z_stream"
  if library.inflateInit2_(stream, -15, library.zlibVersion(), ffi.sizeof(stream)) ~= OK then
    errors.raise("memory", "zlib: no memory to unpack")
  end
  local source, target = ffi.cast("const uint8_t *", from), ffi.cast("uint8_t *", to)
  local taken, given, status = 0, 0, OK
  local spare = ffi.new "uint8_t[1]" -- a stream that gives more is found out by one byte of room
  while status == OK do
    local more_in, more_out = math.min(n_in - taken, MOST), math.min(n_out - given, MOST)
    stream.next_in, stream.avail_in = source + taken, more_in
    if more_out > 0 then
      stream.next_out, stream.avail_out = target + given, more_out
    else
      stream.next_out, stream.avail_out = spare, 1
    end
    status = library.inflate(stream, 0)
    local got = (more_out > 0 and more_out or 1) - stream.avail_out
    local used = more_in - stream.avail_in
    taken = taken + used
    if more_out > 0 then
      given = given + got
    elseif got > 0 then
      break
    end
    if used == 0 and got == 0 and status == OK then break end
  end
  library.inflateEnd(stream)
  return status == STREAM_END and taken == n_in and given == n_out
end

return zlib

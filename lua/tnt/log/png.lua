-- Pictures as PNG: eight bits a channel, every row with the filter that changes nothing, packed by
-- zlib. Source: W3C, Portable Network Graphics (third edition).

local errors = require "tnt.errors"
local ffi = require "ffi"
local zlib = require "tnt.files.zlib"

local png = {}

ffi.cdef [[
unsigned long tnt_png_bound(unsigned long bytes) asm("compressBound");
int tnt_png_compress(uint8_t *to, unsigned long *n, const uint8_t *from, unsigned long bytes,
  int level) asm("compress2");
void *tnt_png_malloc(size_t bytes) asm("malloc");
void tnt_png_free(void *block) asm("free");
]]

local COLOUR_TYPES = { 0, 4, 2, 6 } -- grey, grey and alpha, RGB, RGBA
local SIGNATURE = "\137PNG\r\n\26\n"

local function big_endian(value)
  return string.char(math.floor(value / 2 ^ 24) % 256, math.floor(value / 2 ^ 16) % 256,
    math.floor(value / 2 ^ 8) % 256, value % 256)
end

local function chunk(kind, data)
  local body = kind .. data
  return big_endian(#data) .. body .. big_endian(zlib.crc32(0, body, #body))
end

local function packed(bytes)
  local library = zlib.library()
  local room = ffi.new("unsigned long[1]", library.tnt_png_bound(#bytes))
  local block = ffi.C.tnt_png_malloc(room[0])
  if block == nil then errors.raise("memory", "png: no memory to pack a picture") end
  block = ffi.gc(block, ffi.C.tnt_png_free)
  local status = library.tnt_png_compress(block, room, bytes, #bytes, 6)
  if status ~= 0 then errors.raise("memory", "png: zlib could not pack a picture (%d)", status) end
  return ffi.string(block, room[0])
end

--- A PNG file's bytes.
--- Errors: io, where zlib is missing; memory.
---@param width integer
---@param height integer
---@param channels integer  1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA)
---@param rows string[]     from the top, each of width * channels bytes, channels together
---@return string
function png.encode(width, height, channels, rows)
  local header = big_endian(width) .. big_endian(height)
    .. string.char(8, COLOUR_TYPES[channels], 0, 0, 0)
  local bytes = "\0" .. table.concat(rows, "\0")
  return SIGNATURE .. chunk("IHDR", header) .. chunk("IDAT", packed(bytes)) .. chunk("IEND", "")
end

return png

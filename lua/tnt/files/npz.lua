-- NumPy's .npz: a zip archive of .npy files, a table of tensors by name. Written without
-- compression, as numpy.savez does; read with or without (deflate). Every entry's sizes, place and
-- CRC-32 are checked; names never become paths. Source: PKWARE's APPNOTE.TXT 6.3, sections 4.3-4.5.

local block = require "tnt.files.block"
local class = require "tnt.class"
local disk = require "tnt.files.disk"
local errors = require "tnt.errors"
local ffi = require "ffi"
local npy = require "tnt.files.npy"
local sorted = require "tnt.sorted"
local zlib = require "tnt.files.zlib"

local npz = {}

local NO_SIZE = 0xffffffff -- "see the 64-bit field"
-- No deflate stream is more than 1032 times smaller than what it stands for (zlib, technical
-- details), so a size that promises more is wrong.
local MAX_RATIO = 1032

local function little(n, bytes)
  local parts = {}
  for i = 1, bytes do
    parts[i] = string.char(n % 256)
    n = math.floor(n / 256)
  end
  return table.concat(parts)
end

local function number_at(text, at, bytes)
  local n = 0
  for i = bytes, 1, -1 do n = n * 256 + text:byte(at + i - 1) end
  return n
end

-- ---- writing ------------------------------------------------------------------------------------

local DATE = little(0x21, 2) -- 1980-01-01, so that equal contents give equal files

local function entry_header(entry, is_central)
  local is_large = entry.size >= NO_SIZE or is_central and entry.offset >= NO_SIZE
  local extra = ""
  if is_large then
    local fields = little(entry.size, 8) .. little(entry.size, 8)
    if is_central then fields = fields .. little(entry.offset, 8) end
    extra = little(1, 2) .. little(#fields, 2) .. fields
  end
  local size = is_large and NO_SIZE or entry.size
  local common = little(is_large and 45 or 20, 2) .. little(0x800, 2) .. little(0, 2)
    .. little(0, 2) .. DATE .. little(entry.crc, 4) .. little(size, 4) .. little(size, 4)
    .. little(#entry.file, 2) .. little(#extra, 2)
  if not is_central then return "PK\3\4" .. common .. entry.file .. extra end
  return "PK\1\2" .. little(45, 2) .. common .. little(0, 2) .. little(0, 2) .. little(0, 2)
    .. little(0, 4) .. little(is_large and NO_SIZE or entry.offset, 4) .. entry.file .. extra
end

local function write_end(out, entries)
  local start = out.offset
  for _, entry in ipairs(entries) do out:write(entry_header(entry, true)) end
  local size, n = out.offset - start, #entries
  if start >= NO_SIZE or n >= 0xffff then
    local at = out.offset
    out:write("PK\6\6" .. little(44, 8) .. little(45, 2) .. little(45, 2) .. little(0, 4)
      .. little(0, 4) .. little(n, 8) .. little(n, 8) .. little(size, 8) .. little(start, 8))
    out:write("PK\6\7" .. little(0, 4) .. little(at, 8) .. little(1, 4))
  end
  n, start = math.min(n, 0xffff), math.min(start, NO_SIZE)
  out:write("PK\5\6" .. little(0, 4) .. little(n, 2) .. little(n, 2) .. little(size, 4)
    .. little(start, 4) .. little(0, 2))
end

--- See tnt.save.
---@param path string
---@param value table
function npz.save(path, value)
  if type(value) ~= "table" or class.of(value) then
    errors.raise("argument", "save: %s: expected a table of tensors by name, got a %s", path,
      block.is_tensor(value) and "tensor" or type(value))
  end
  local entries = {}
  for key, x in sorted(value) do
    if not block.is_tensor(x) or type(key) ~= "string" or #key > 60000 then
      errors.raise("argument", "save: %s: entry '%s' is a %s; a .npz file holds tensors by name; "
        .. "save as .h5", path, tostring(key), type(x))
    end
    entries[#entries + 1] = {
      file = key .. ".npy", tensor = x, header = npy.header(path, x),
    }
  end
  disk.replace(path, function(out)
    for _, entry in ipairs(entries) do
      local data, bytes = block.data(entry.tensor)
      entry.size, entry.offset = #entry.header + bytes, out.offset
      entry.crc = zlib.crc32(zlib.crc32(0, ffi.cast("const char *", entry.header), #entry.header),
        data, bytes)
      out:write(entry_header(entry, false))
      out:write(entry.header)
      out:write(data, bytes)
    end
    write_end(out, entries)
  end)
end

-- ---- reading ------------------------------------------------------------------------------------

-- Where the directory is: {n, size, start}.
local function find_directory(reader)
  local tail_bytes = math.min(reader.size, 65535 + 22)
  local from = reader.size - tail_bytes
  local tail = reader:text(tail_bytes, from, "the end of the archive")
  local at
  for i = #tail - 21, 1, -1 do
    if tail:sub(i, i + 3) == "PK\5\6" and number_at(tail, i + 20, 2) == #tail - i - 21 then
      at = i
      break
    end
  end
  if not at then reader:refuse("it has no end record of a zip archive: cut off?") end
  local n, size, start = number_at(tail, at + 10, 2), number_at(tail, at + 12, 4),
    number_at(tail, at + 16, 4)
  local stop = from + at - 1
  if n == 0xffff or size == NO_SIZE or start == NO_SIZE then
    local locator = reader:text(20, stop - 20, "the locator of the 64-bit end record")
    if locator:sub(1, 4) ~= "PK\6\7" then reader:refuse("it has no 64-bit end record") end
    stop = number_at(locator, 9, 8)
    local record = reader:text(56, stop, "the 64-bit end record")
    if record:sub(1, 4) ~= "PK\6\6" then reader:refuse("its 64-bit end record is damaged") end
    n, size, start = number_at(record, 33, 8), number_at(record, 41, 8), number_at(record, 49, 8)
  end
  if start + size ~= stop or n > size / 46 then
    reader:refuse("its directory should be %.0f bytes with %.0f entries at byte %.0f, before the "
      .. "end record at %.0f", size, n, start, stop)
  end
  return n, size, start
end

-- The 64-bit fields of an entry's extra block, for those that are all ones.
local function large_fields(reader, entry, extra)
  local at = 1
  while at + 3 <= #extra do
    local id, n = number_at(extra, at, 2), number_at(extra, at + 2, 2)
    if at + 3 + n > #extra then reader:refuse("'%s': its extra block is damaged", entry.file) end
    if id == 1 then
      local field = at + 4
      for _, name in ipairs { "size", "packed", "offset" } do
        if entry[name] == NO_SIZE then
          if field + 8 > at + 4 + n then
            reader:refuse("'%s': its 64-bit sizes are missing", entry.file)
          end
          entry[name], field = number_at(extra, field, 8), field + 8
        end
      end
    end
    at = at + 4 + n
  end
end

local function read_directory(reader)
  local n, size, start = find_directory(reader)
  local text = reader:text(size, start, "the directory")
  local entries, at = {}, 1
  for i = 1, n do
    if at + 45 > #text or text:sub(at, at + 3) ~= "PK\1\2" then
      reader:refuse("entry %d of its directory is damaged", i)
    end
    local name_bytes, extra_bytes, comment_bytes = number_at(text, at + 28, 2),
      number_at(text, at + 30, 2), number_at(text, at + 32, 2)
    local stop = at + 46 + name_bytes + extra_bytes + comment_bytes
    if stop > #text + 1 then reader:refuse("entry %d of its directory is cut off", i) end
    local entry = {
      flags = number_at(text, at + 8, 2), method = number_at(text, at + 10, 2),
      crc = number_at(text, at + 16, 4), packed = number_at(text, at + 20, 4),
      size = number_at(text, at + 24, 4), offset = number_at(text, at + 42, 4),
      file = text:sub(at + 46, at + 45 + name_bytes),
    }
    large_fields(reader, entry, text:sub(at + 46 + name_bytes,
      at + 45 + name_bytes + extra_bytes))
    entries[i] = entry
    at = stop
  end
  if at ~= #text + 1 then reader:refuse("its directory is longer than its entries") end
  return entries, start
end

local function data_start(reader, entry, directory)
  local header = reader:text(30, entry.offset, "the header of '" .. entry.file .. "'")
  local name_bytes = number_at(header, 27, 2)
  if header:sub(1, 4) ~= "PK\3\4" or number_at(header, 9, 2) ~= entry.method
    or reader:text(name_bytes, entry.offset + 30, "a name") ~= entry.file then
    reader:refuse("'%s': its header at byte %.0f does not match the directory", entry.file,
      entry.offset)
  end
  local start = entry.offset + 30 + name_bytes + number_at(header, 29, 2)
  if start + entry.packed > directory then
    reader:refuse("'%s' would reach into the directory", entry.file)
  end
  return start
end

local function new_bytes(reader, n)
  local memory = ffi.C.malloc(math.max(n, 1))
  if memory == nil then errors.raise("memory", "%s: no memory for %.0f bytes", reader.path, n) end
  return ffi.gc(ffi.cast("char *", memory), ffi.C.free)
end

-- An entry's bytes, unpacked and checked.
local function unpacked(reader, entry, start)
  local memory = new_bytes(reader, entry.size)
  if entry.method == 0 then
    reader:fill(memory, entry.size, start, "'" .. entry.file .. "'")
  else
    local packed = new_bytes(reader, entry.packed)
    reader:fill(packed, entry.packed, start, "'" .. entry.file .. "'")
    if not zlib.inflate(packed, entry.packed, memory, entry.size) then
      reader:refuse("'%s': its compressed data is damaged", entry.file)
    end
  end
  local crc = zlib.crc32(0, memory, entry.size)
  if crc ~= entry.crc then
    reader:refuse("'%s' is damaged: its checksum is %08x, expected %08x", entry.file, crc,
      entry.crc)
  end
  return memory
end

-- A reader over memory, for npy.
local function memory_reader(reader, entry, memory)
  local inner = { size = entry.size, path = reader.path }
  function inner.refuse(_, fmt, ...)
    reader:refuse("'%s': %s", entry.file, select("#", ...) > 0 and fmt:format(...) or fmt)
  end
  function inner.fill(_, to, n, offset, what)
    if offset < 0 or n < 0 or offset + n > entry.size then
      inner:refuse("%s should be at bytes %.0f to %.0f of %.0f", what, offset, offset + n - 1,
        entry.size)
    end
    ffi.copy(to, memory + offset, n)
  end
  function inner.text(_, n, offset, what)
    if offset < 0 or n < 0 or offset + n > entry.size then inner:fill(nil, n, offset, what) end
    return ffi.string(memory + offset, n)
  end
  return inner
end

local function read_entry(reader, entry, directory)
  if entry.flags % 2 == 1 then reader:refuse("'%s' is encrypted", entry.file) end
  if entry.method ~= 0 and entry.method ~= 8 then
    reader:refuse("'%s' is packed by method %d, expected 0 (stored) or 8 (deflate)", entry.file,
      entry.method)
  elseif entry.method == 0 and entry.size ~= entry.packed
    or entry.size > entry.packed * MAX_RATIO then
    reader:refuse("'%s': %.0f bytes cannot become %.0f", entry.file, entry.packed, entry.size)
  end
  local memory = unpacked(reader, entry, data_start(reader, entry, directory))
  return npy.read(memory_reader(reader, entry, memory))
end

--- See tnt.load.
---@param path string
---@return table<string, tnt.Tensor>
function npz.load(path)
  return disk.read(path, function(reader)
    local entries, directory = read_directory(reader)
    local loaded = {}
    for _, entry in ipairs(entries) do
      local name = entry.file:match "^(.*)%.npy$"
      if not name then
        reader:refuse("it holds '%s'; expected only arrays (NAME.npy)", entry.file)
      elseif loaded[name] then
        reader:refuse("it holds '%s' twice", entry.file)
      end
      loaded[name] = read_entry(reader, entry, directory)
    end
    return loaded
  end)
end

return npz

-- The file `index` of a checkpoint: what it is, which run wrote it, and size and checksum of every
-- part. Lines of text, so that people can read them too; the last one sums those before it. The
-- lines from `file` on are written by core/hdf5/job.c (ORDER INDEX).

local errors = require "tnt.errors"
local lfs = require "lfs"
local library = require "tnt.files.hdf5_library"
local number = require "tnt.log.number"
local ffi = require "ffi"

local index = {}

local FIRST = "tntlua checkpoint 1"

---@class tnt.checkpoint.Index
---@field path string    of the checkpoint
---@field run string     which run wrote it
---@field progress string  its counters, for people
---@field metric string|nil
---@field value number|nil
---@field time string    of writing, UTC
---@field size integer   of state.h5
---@field crc string     of its body, 8 hex digits
---@field data {offset: integer, bytes: integer, crc: string, place: string}[]

local function one_line(text) return (tostring(text):gsub("[%c]", " ")) end

--- The first lines.
---@param about {run: string, progress: string, metric: string|nil, value: number|nil}
---@return string
function index.head(about)
  local lines = { FIRST, "run " .. one_line(about.run), "progress " .. one_line(about.progress) }
  if about.metric and about.value then
    lines[#lines + 1] = ("metric %s %s"):format(number.special(about.value)
      or number.exact(about.value), one_line(about.metric))
  end
  lines[#lines + 1] = "time " .. os.date "!%Y-%m-%dT%H:%M:%SZ"
  return table.concat(lines, "\n") .. "\n"
end

local function refuse(path, fmt, ...)
  errors.raise("format", "%s: %s", path, select("#", ...) > 0 and fmt:format(...) or fmt)
end

local function whole(path, text)
  local value = tonumber(text)
  if not value or value > 2 ^ 53 then refuse(path, "the number %s is impossible", text) end
  return value
end

local readers = {
  run = function(found, rest) found.run = rest end,
  progress = function(found, rest) found.progress = rest end,
  time = function(found, rest) found.time = rest end,
  metric = function(found, rest, path)
    local value, metric = rest:match "^(%S+) (.+)$"
    value = tonumber(value)
    if not value then refuse(path, "expected 'metric VALUE NAME', found 'metric %s'", rest) end
    found.metric, found.value = metric, value
  end,
  file = function(found, rest, path)
    local size, crc = rest:match "^state%.h5 (%d+) (%x%x%x%x%x%x%x%x)$"
    if not size then refuse(path, "expected 'file state.h5 SIZE CRC', found 'file %s'", rest) end
    found.size, found.crc = whole(path, size), crc
  end,
  data = function(found, rest, path)
    local offset, bytes, crc, place = rest:match "^(%d+) (%d+) (%x%x%x%x%x%x%x%x) (.+)$"
    if not offset then
      refuse(path, "expected 'data OFFSET BYTES CRC PLACE', found 'data %s'", rest)
    end
    found.data[#found.data + 1] = {
      offset = whole(path, offset), bytes = whole(path, bytes), crc = crc, place = place,
    }
  end,
}

--- Reads the index of a checkpoint and checks all that it says of itself.
--- Errors: io, when there is none; format.
---@param checkpoint string  path of the folder
---@return tnt.checkpoint.Index
function index.read(checkpoint)
  local path = checkpoint .. "/index"
  local file, why = io.open(path, "rb")
  if not file then errors.raise("io", "%s", why) end
  local text = file:read "*a"
  file:close()
  if not text then errors.raise("io", "%s: it cannot be read", path) end
  local body, sum = text:match "^(.*\n)crc32c (%x%x%x%x%x%x%x%x)\n$"
  if not body then refuse(path, "it was cut off: the last line should be 'crc32c' and a sum") end
  local crc = require("tnt.core").C.tnt_crc32c(body, #body, 0)
  if ("%08x"):format(tonumber(crc)) ~= sum then
    refuse(path, "damaged: its checksum is %08x, expected %s", tonumber(crc), sum)
  end
  local found, at = { path = checkpoint, data = {} }, 0
  for line in body:gmatch "(.-)\n" do
    at = at + 1
    local word, rest = line:match "^(%w+) (.*)$"
    if at == 1 then
      if line ~= FIRST then
        refuse(path, "its first line is '%s', expected '%s': of another version?", line, FIRST)
      end
    elseif not readers[word] then
      refuse(path, "line %d is of no known kind: '%s'", at, line)
    else
      readers[word](found, rest, path)
    end
  end
  if not (found.run and found.progress and found.size) then
    refuse(path, "it lacks one of the lines 'run', 'progress', 'file'")
  end
  return found
end

local function checksum(path, from, to)
  local lib, box = library.open(), ffi.new "uint32_t[1]"
  library.check(lib.tnt_h5_checksum(box, path, from, to))
  return ("%08x"):format(box[0])
end

local SEAL_BYTES = 512 -- core/hdf5/own.h
local SEAL = "tntlua file 1\n" -- core/hdf5/seal.c

local function check_seal(path)
  local file, why = io.open(path, "rb")
  if not file then errors.raise("io", "%s", why) end
  local start = file:read(#SEAL)
  file:close()
  if start ~= SEAL then refuse(path, "damaged: it does not begin with 'tntlua file 1'") end
end

--- Compares sizes and checksums of a checkpoint's files with its index, before anything parses
--- them. Errors: io; format, naming the file and, where one can tell, the tensor that is damaged.
---@param found tnt.checkpoint.Index
function index.verify(found)
  local path = found.path .. "/state.h5"
  if not lfs.attributes(found.path .. "/complete") then
    errors.raise("format", "%s: it is not complete: the file 'complete' is missing", found.path)
  end
  local size, why = lfs.attributes(path, "size")
  if not size then errors.raise("io", "%s: %s", path, why or "it is missing") end
  if size ~= found.size then
    refuse(path, "it has %d bytes, expected %d", size, found.size)
  end
  check_seal(path) -- the rest of the seal is compared with the file when it is opened
  local sum = checksum(path, SEAL_BYTES, size)
  if sum == found.crc then return end
  for _, part in ipairs(found.data) do
    if part.offset + part.bytes > size then
      refuse(path, "'%s' would lie beyond its end", part.place)
    end
    local own = checksum(path, part.offset, part.offset + part.bytes)
    if own ~= part.crc then
      refuse(path, "'%s' (bytes %d to %d) is damaged: its checksum is %s, expected %s", part.place,
        part.offset, part.offset + part.bytes - 1, own, part.crc)
    end
  end
  refuse(path, "damaged outside the tensors: its checksum is %s, expected %s", sum, found.crc)
end

return index

-- Nests as HDF5: a table is a group, a tensor a dataset, a number, string or boolean a scalar
-- dataset, a list of numbers one dataset. The structure is flattened here; core/hdf5 writes it.

local block = require "tnt.files.block"
local class = require "tnt.class"
local errors = require "tnt.errors"
local ffi = require "ffi"
local key = require "tnt.files.key"
local library = require "tnt.files.hdf5_library"
local sorted = require "tnt.sorted"
local tensor = require "tnt.tensor"

local hdf5 = {}

-- Groups deeper than this are refused, also by core/hdf5/read.c (64).
local MOST_DEPTH = 60
-- Where a value that is no table stands.
local ROOT = "%value"

local int64_t, uint64_t = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local room = ffi.new "void *[1]"
local double_pointer = ffi.typeof "double *"

-- Lists of numbers are kept as one dataset; {5} and lists with holes are not.
local function is_number_list(t)
  local n = #t
  if n < 2 then return false end
  for i = 1, n do
    if type(t[i]) ~= "number" then return false end
  end
  local count = 0
  for _ in pairs(t) do count = count + 1 end -- order: free
  return count == n
end

---@class tnt.files.Packer
---@field lib ffi.namespace*
---@field bundle ffi.cdata*
---@field borrows boolean  tensors stay where they are until the file is written
---@field held any[]       what keeps borrowed memory alive
---@field open table<table, true>  the tables around the present one
local Packer = {}
Packer.__index = Packer

-- One entry; where its data is to be put.
function Packer:add(path, kind, bytes, borrowed)
  library.check(self.lib.tnt_h5_bundle_add(room, self.bundle, path, kind, 0, nil, 0, bytes or 0,
    borrowed))
  return room[0]
end

-- A tensor, borrowed or copied.
function Packer:add_tensor(path, x)
  local info, lib = tensor.describe(x), self.lib
  local is_plain = info.device == 0 and info.contiguous ~= 0
  local borrowed = self.borrows and is_plain and info.data or nil
  library.check(lib.tnt_h5_bundle_add(room, self.bundle, path, lib.TNT_H5_TENSOR, info.dtype,
    info.size, info.ndim, 0, borrowed))
  if borrowed then
    self.held[#self.held + 1] = x
  elseif info.numel > 0 then
    require("tnt.core").check(require("tnt.core").C.tnt_read(room[0], info.dtype, info.numel, x))
  end
end

local function shown(path) return path == "" and "the table" or path end

-- A table and all in it.
function Packer:add_table(path, t, depth)
  local lib = self.lib
  if class.of(t) then
    errors.raise("argument", "save: %s is an object (%s); save its state_dict(), or plain data",
      shown(path), tostring(class.of(t)))
  elseif self.open[t] then
    errors.raise("argument", "save: %s contains itself", shown(path))
  elseif depth > MOST_DEPTH then
    errors.raise("argument", "save: %s lies more than %d tables deep", shown(path), MOST_DEPTH)
  elseif path ~= "" and is_number_list(t) then
    local n = #t
    local list = ffi.cast(double_pointer, self:add(path, lib.TNT_H5_NUMBERS, 8 * n))
    for i = 1, n do list[i - 1] = t[i] end
    return
  end
  self:add(path, lib.TNT_H5_TABLE)
  self.open[t] = true
  for k, value in sorted(t) do
    local name = key.to_name(k, shown(path))
    self:put(path == "" and name or path .. "/" .. name, value, depth + 1)
  end
  self.open[t] = nil
end

-- Any value.
function Packer:put(path, value, depth)
  local lib, kind = self.lib, type(value)
  if kind == "table" then
    self:add_table(path, value, depth)
  elseif kind == "number" then
    ffi.cast(double_pointer, self:add(path, lib.TNT_H5_NUMBER))[0] = value
  elseif kind == "string" then
    local at = self:add(path, lib.TNT_H5_STRING, #value)
    if #value > 0 then ffi.copy(at, value, #value) end
  elseif kind == "boolean" then
    ffi.cast("uint8_t *", self:add(path, lib.TNT_H5_BOOLEAN))[0] = value and 1 or 0
  elseif block.is_tensor(value) then
    self:add_tensor(path, value)
  elseif kind == "cdata" and ffi.istype(int64_t, value) then
    ffi.cast("int64_t *", self:add(path, lib.TNT_H5_INT64))[0] = value
  elseif kind == "cdata" and ffi.istype(uint64_t, value) then
    ffi.cast("uint64_t *", self:add(path, lib.TNT_H5_UINT64))[0] = value
  else
    errors.raise("argument", "save: %s is a %s; files hold tables, tensors, numbers, strings and "
      .. "booleans", shown(path), kind)
  end
end

--- Collects a nest for writing.
--- Errors: argument, memory.
---@param value any
---@param borrows boolean  true: contiguous CPU tensors are not copied; keep `held` until written
---@return ffi.cdata* bundle  freed when collected
---@return any[] held
function hdf5.pack(value, borrows)
  local lib = library.open()
  local bundle = lib.tnt_h5_bundle_new()
  if bundle == nil then errors.raise("memory", "save: no memory for the list of entries") end
  bundle = ffi.gc(bundle, lib.tnt_h5_bundle_drop)
  local packer = setmetatable({
    lib = lib, bundle = bundle, borrows = borrows, held = {}, open = {},
  }, Packer)
  if type(value) == "table" and not class.of(value) then
    packer:put("", value, 0)
  else
    packer:put(ROOT, value, 0)
  end
  return bundle, packer.held
end

--- See tnt.save.
---@param path string
---@param value any
function hdf5.save(path, value)
  local bundle, held = hdf5.pack(value, true)
  local lib = library.open()
  local status = lib.tnt_h5_save(path, bundle)
  held[1] = nil -- until here it was needed
  lib.tnt_h5_bundle_drop(ffi.gc(bundle, nil))
  library.check(status)
end

local int64_box, uint64_box = ffi.new "int64_t[1]", ffi.new "uint64_t[1]"
local double_box, byte_box = ffi.new "double[1]", ffi.new "uint8_t[1]"

local function new_bytes(path, bytes)
  local memory = ffi.C.malloc(bytes)
  if memory == nil then errors.raise("memory", "%s: no memory for %d bytes", path, bytes) end
  return ffi.gc(ffi.cast("char *", memory), ffi.C.free)
end

local function read_number_list(lib, file, i, bytes, path)
  local memory = new_bytes(path, math.max(bytes, 1))
  library.check(lib.tnt_h5_read(memory, bytes, file, i))
  local list, numbers = {}, ffi.cast(double_pointer, memory)
  for k = 1, bytes / 8 do list[k] = numbers[k - 1] end
  return list
end

local function read_string(lib, file, i, bytes, path)
  if bytes == 0 then return "" end
  local memory = new_bytes(path, bytes)
  library.check(lib.tnt_h5_read(memory, bytes, file, i))
  return ffi.string(memory, bytes)
end

local function read_box(lib, file, i, box)
  library.check(lib.tnt_h5_read(box, ffi.sizeof(box), file, i))
  return box[0]
end

local function read_value(lib, file, i, item, path)
  local kind, bytes = item.kind, tonumber(item.bytes)
  if kind == lib.TNT_H5_TABLE then return {} end
  if kind == lib.TNT_H5_NUMBER then return read_box(lib, file, i, double_box) end
  if kind == lib.TNT_H5_STRING then return read_string(lib, file, i, bytes, path) end
  if kind == lib.TNT_H5_BOOLEAN then return read_box(lib, file, i, byte_box) ~= 0 end
  if kind == lib.TNT_H5_NUMBERS then return read_number_list(lib, file, i, bytes, path) end
  if kind == lib.TNT_H5_INT64 then return read_box(lib, file, i, int64_box) end
  if kind == lib.TNT_H5_UINT64 then return read_box(lib, file, i, uint64_box) end
  local x, data = block.new(item.dtype, item.size, item.ndim)
  library.check(lib.tnt_h5_read(data, bytes, file, i))
  return x
end

local function read_all(lib, file, path)
  local tables, item = { [""] = {} }, ffi.new "tnt_h5_item"
  for i = 0, tonumber(lib.tnt_h5_count(file)) - 1 do
    lib.tnt_h5_at(item, file, i)
    local place = ffi.string(item.path)
    local above, name = place:match "^(.*)/([^/]*)$"
    if not above then above, name = "", place end
    local around = tables[above]
    local value = read_value(lib, file, i, item, path)
    if place == ROOT and tonumber(lib.tnt_h5_count(file)) == 1 then return value end
    local k = key.from_name(name)
    if around[k] ~= nil then
      errors.raise("format", "%s: '%s': a second entry of that key in its group", path, place)
    end
    around[k] = value
    if item.kind == lib.TNT_H5_TABLE then tables[place] = value end
  end
  return tables[""]
end

--- See tnt.load.
---@param path string
---@return any
function hdf5.load(path)
  local lib, file = library.open(), ffi.new "tnt_h5_file *[1]"
  library.check(lib.tnt_h5_open(file, path))
  local ok, result = pcall(read_all, lib, file[0], path)
  lib.tnt_h5_close(file[0])
  if not ok then error(result, 0) end
  return result
end

return hdf5

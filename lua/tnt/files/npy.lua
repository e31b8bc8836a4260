-- NumPy's .npy: one tensor. Versions 1 to 3 are read, 1 is written (2 where the header is long).
-- Source: numpy.lib.format. The header is a Python literal; only the dict of exactly three entries
-- that NumPy writes is taken, nothing is evaluated. Object arrays are refused.

local block = require "tnt.files.block"
local disk = require "tnt.files.disk"
local errors = require "tnt.errors"
local ffi = require "ffi"
local widen = require "tnt.files.widen"

local npy = {}

local MAGIC = "\147NUMPY"

-- ORDER DTYPE; NumPy has no bfloat16.
local descriptions = { [0] = "<f4", "<f8", "<f2", false, "<i8", "<i4", "|u1", "|b1" }
local types = {
  ["|i1"] = widen.types.int8, ["<i2"] = widen.types.int16, ["<u2"] = widen.types.uint16,
  ["<u4"] = widen.types.uint32,
}
for number = 0, 7 do
  if descriptions[number] then
    types[descriptions[number]] = { dtype = number, bytes = block.bytes_of[number] }
  end
end
types["<b1"], types["<u1"], types["<i1"] = types["|b1"], types["|u1"], types["|i1"]

--- The header for a tensor; its length is a multiple of 64.
--- Errors: dtype, for bf16.
---@param path string  for the message
---@param x tnt.Tensor
---@return string
function npy.header(path, x)
  local dtype, shape = block.layout(x)
  if not descriptions[dtype] then
    errors.raise("dtype", "save: %s: NumPy has no bf16; save x:float(), or as .safetensors or .h5",
      path)
  end
  local sizes = {}
  for d, size in ipairs(shape) do sizes[d] = ("%.0f"):format(size) end
  local tuple = #sizes == 1 and "(" .. sizes[1] .. ",)" or "(" .. table.concat(sizes, ", ") .. ")"
  local text = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }"):format(
    descriptions[dtype], tuple)
  text = text .. (" "):rep(-(#text + 11) % 64) .. "\n" -- 10 bytes before, 1 newline
  return MAGIC .. "\1\0" .. string.char(#text % 256, math.floor(#text / 256)) .. text
end

--- See tnt.save.
---@param path string
---@param value tnt.Tensor
function npy.save(path, value)
  if not block.is_tensor(value) then
    errors.raise("argument", "save: %s: a .npy file holds one tensor, got a %s; several go into "
      .. ".npz", path, type(value))
  end
  local header = npy.header(path, value)
  disk.replace(path, function(out)
    out:write(header)
    local data, bytes = block.data(value)
    out:write(data, bytes)
  end)
end

-- The three entries of the header, in any order.
local function parse(reader, text)
  local found, rest = {}, text:match "^%s*{(.*)}%s*$"
  if not rest then
    reader:refuse("its header should be a Python dict, found '%s'", text:sub(1, 80))
  end
  while rest:find "%S" do
    local name, behind = rest:match "^%s*['\"]([%w_]+)['\"]%s*:%s*(.*)$"
    local value, more
    if name == "descr" then value, more = (behind or ""):match "^['\"]([^'\"]*)['\"](.*)$" end
    if name == "fortran_order" then value, more = behind:match "^(%u%l+)(.*)$" end
    if name == "shape" then value, more = behind:match "^%(([%d,%sL]*)%)(.*)$" end
    if not value or found[name] then
      reader:refuse("its header should hold 'descr' (a simple type), 'fortran_order' and 'shape', "
        .. "found '%s'", rest:sub(1, 80))
    end
    found[name] = value
    rest = more:match "^%s*,(.*)$" or more
    if rest == more and more:find "%S" then
      reader:refuse("its header lacks a comma before '%s'", more:sub(1, 40))
    end
  end
  if not (found.descr and found.fortran_order and found.shape) then
    reader:refuse("its header lacks one of 'descr', 'fortran_order', 'shape'")
  end
  return found
end

local function shape_of(reader, text)
  local shape, numel = {}, 1
  for part in text:gmatch "[^,]+" do
    local digits = part:match "^%s*(%d+)L?%s*$"
    local size = digits and tonumber(digits)
    if not size then
      if part:find "%S" then reader:refuse("its shape is '(%s)', expected whole numbers", text) end
    else
      shape[#shape + 1] = size
      numel = numel * size
    end
  end
  if #shape > 8 then reader:refuse("it has %d dims, expected at most 8", #shape) end
  if numel > 2 ^ 50 then reader:refuse("its shape (%s) is impossible", text) end
  return shape, numel
end

local function check_booleans(reader, data, n)
  local bytes = ffi.cast("const uint8_t *", data)
  for i = 0, n - 1 do
    if bytes[i] > 1 then reader:refuse("element %d is %d, expected 0 or 1", i, bytes[i]) end
  end
end

-- Column-major data: the dims are read in reverse order and turned round.
local function read_elements(reader, kind, shape, numel, offset, is_fortran)
  local stored = shape
  if is_fortran then
    stored = {}
    for d = #shape, 1, -1 do stored[#stored + 1] = shape[d] end
  end
  local x, data = block.new(kind.dtype, stored, #stored)
  reader:fill(data, numel * kind.bytes, offset, "the data")
  if kind.from then widen.in_place(kind, data, numel) end
  if descriptions[kind.dtype] == "|b1" then check_booleans(reader, data, numel) end
  if not is_fortran or #shape < 2 then return x end
  local order = {}
  for d = 1, #shape do order[d] = #shape + 1 - d end
  return x:permute(order):contiguous()
end

--- Reads an array that takes up all of a reader.
--- Errors: format, io.
---@param reader table  fill, text, refuse, size
---@return tnt.Tensor
function npy.read(reader)
  local start = reader:text(10, 0, "the first ten bytes")
  if start:sub(1, 6) ~= MAGIC then reader:refuse("it does not begin with \\x93NUMPY") end
  local version = start:byte(7)
  if version < 1 or version > 3 or start:byte(8) ~= 0 then
    reader:refuse("version %d.%d, expected 1.0 to 3.0", version, start:byte(8))
  end
  local length, at = start:byte(9) + 256 * start:byte(10), 10
  if version > 1 then
    local more = reader:text(2, 10, "the length of the header")
    length, at = length + 65536 * (more:byte(1) + 256 * more:byte(2)), 12
  end
  local found = parse(reader, reader:text(length, at, "the header"))
  local kind = types[found.descr]
  if not kind then
    reader:refuse("its type is '%s'; those that can be read are %s", found.descr,
      "<f8 <f4 <f2 <i8 <i4 <i2 |i1 <u4 <u2 |u1 |b1 (little-endian numbers)")
  end
  local is_fortran = found.fortran_order == "True"
  if not is_fortran and found.fortran_order ~= "False" then
    reader:refuse("'fortran_order' is %s, expected True or False", found.fortran_order)
  end
  local shape, numel = shape_of(reader, found.shape)
  local offset = at + length
  if offset + numel * kind.bytes ~= reader.size then
    reader:refuse("%.0f elements of %s take %.0f bytes, and %.0f are there", numel, found.descr,
      numel * kind.bytes, reader.size - offset)
  end
  return read_elements(reader, kind, shape, numel, offset, is_fortran)
end

--- See tnt.load.
---@param path string
---@return tnt.Tensor
function npy.load(path) return disk.read(path, npy.read) end

return npy

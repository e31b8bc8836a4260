-- Makes one batch of a list of samples: tensors are stacked, numbers and booleans become tensors,
-- strings lists; tables are followed by name. Fields are visited in sorted order.

local ffi = require "ffi"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"
local tnt = require "tnt"

local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"

local collate = {}

local WHOLE = { i64 = true, i32 = true, u8 = true }

---@class tnt.data.Names  what messages need
---@field ids integer[]   the samples' positions in the data set
---@field dtypes table<string, string>  by the field's path: "label", "meta.age", "1"
---@field used table<string, true>      dtypes that were applied

local function kind_of(value)
  if tnt.is_tensor(value) then return "tensor" end
  local kind = type(value)
  if kind == "cdata" and (ffi.istype(int64, value) or ffi.istype(uint64, value)) then
    return "64-bit integer"
  end
  return kind
end

local function shown(path) return path == "" and "the samples" or ("field '%s'"):format(path) end

local function joined(path, key) return path == "" and tostring(key) or path .. "." .. key end

local function shape_text(shape)
  local sizes = {}
  for i = 1, #shape do sizes[i] = tonumber(shape[i]) end
  return "[" .. table.concat(sizes, ", ") .. "]"
end

local function dtype_at(path, names)
  local dtype = names.dtypes[path]
  if dtype then names.used[path] = true end
  return dtype
end

--- A tensor as the loader's `dtypes` wants it.
---@param value tnt.Tensor
---@param path string
---@param names tnt.data.Names
---@return tnt.Tensor
function collate.cast(value, path, names)
  local dtype = dtype_at(path, names)
  if dtype and value.dtype ~= dtype then return value:to(dtype) end
  return value
end

local function of_tensors(values, path, names)
  local first = values[1]
  local shape = shape_text(first.shape)
  for i = 2, #values do
    local other = values[i]
    local other_shape = shape_text(other.shape)
    if other_shape ~= shape then
      errors.raise("shape", "DataLoader: %s cannot be stacked: %s in sample %d, %s in sample %d; "
        .. "bring them to one shape in the data set, or give collate = function(samples) ... end",
        shown(path), shape, names.ids[1], other_shape, names.ids[i])
    elseif other.dtype ~= first.dtype then
      errors.raise("dtype", "DataLoader: %s cannot be stacked: %s in sample %d, %s in sample %d",
        shown(path), first.dtype, names.ids[1], other.dtype, names.ids[i])
    end
  end
  return collate.cast(tnt.stack(values, 1), path, names)
end

local function of_numbers(values, path, names, default)
  local dtype = dtype_at(path, names) or default
  if WHOLE[dtype] and default == "f32" then
    for i = 1, #values do
      if values[i] % 1 ~= 0 then
        errors.raise("dtype", "DataLoader: %s is to be %s, but is %s in sample %d", shown(path),
          dtype, tostring(values[i]), names.ids[i])
      end
    end
  end
  return tnt.tensor(values, { dtype = dtype })
end

local stack

local function of_tables(values, path, names)
  local first, batch = values[1], {}
  for i = 2, #values do
    for key in sorted(values[i]) do
      if first[key] == nil then
        errors.raise("argument", "DataLoader: %s is in sample %d, but not in sample %d",
          shown(joined(path, key)), names.ids[i], names.ids[1])
      end
    end
  end
  for key in sorted(first) do
    local column, inner = {}, joined(path, key)
    for i = 1, #values do
      column[i] = values[i][key]
      if column[i] == nil then
        errors.raise("argument", "DataLoader: %s is in sample %d, but not in sample %d",
          shown(inner), names.ids[1], names.ids[i])
      end
    end
    batch[key] = stack(column, inner, names)
  end
  return batch
end

stack = function(values, path, names)
  local kind = kind_of(values[1])
  for i = 2, #values do
    local other = kind_of(values[i])
    if other ~= kind then
      errors.raise("argument", "DataLoader: %s is a %s in sample %d and a %s in sample %d",
        shown(path), kind, names.ids[1], other, names.ids[i])
    end
  end
  if kind == "tensor" then return of_tensors(values, path, names) end
  if kind == "number" then return of_numbers(values, path, names, "f32") end
  if kind == "64-bit integer" then return of_numbers(values, path, names, "i64") end
  if kind == "boolean" then return of_numbers(values, path, names, "bool") end
  if kind == "string" then return values end
  if kind == "table" then return of_tables(values, path, names) end
  errors.raise("argument", "DataLoader: %s is a %s; a sample holds tensors, numbers, booleans, "
    .. "strings and tables of these", shown(path), kind)
end

--- The batch of some samples.
--- Errors: shape or dtype, when tensors differ; argument, when fields differ.
---@param samples any[]
---@param names tnt.data.Names
---@return any batch
function collate.stack(samples, names) return stack(samples, "", names) end

--- Applies `dtypes` to the tensors of a batch that a data set made by itself.
---@param batch any
---@param names tnt.data.Names
---@param path string|nil
---@return any batch
function collate.cast_all(batch, names, path)
  path = path or ""
  if tnt.is_tensor(batch) then return collate.cast(batch, path, names) end
  if type(batch) ~= "table" or getmetatable(batch) then return batch end
  for key, value in sorted(batch) do
    batch[key] = collate.cast_all(value, names, joined(path, key))
  end
  return batch
end

return collate

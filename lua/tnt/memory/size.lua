-- Bytes of tensors: of one, and of everything that a nest of tables reaches.

local core = require "tnt.core"
local errors = require "tnt.errors"
local tensor = require "tnt.tensor"

local is_tensor = tensor.is_tensor
local size = {}

--- The bytes of a tensor's elements, whatever its memory is shared with.
---@param t tnt.Tensor
---@return integer
function size.of(t)
  local info = tensor.describe(t)
  return tonumber(info.numel) * core.dtype_bytes[info.dtype]
end

local is_plain_key = { string = true, number = true }

local function walk(value, path, map, seen)
  if is_tensor(value) then
    if seen[value] then return 0 end
    seen[value] = true
    local bytes = size.of(value)
    map[path == "" and "." or path] = bytes
    return bytes
  end
  if type(value) ~= "table" or seen[value] then return 0 end
  seen[value] = true
  local keys, sum = {}, 0
  for key in next, value do -- order: free, sorted below
    if is_plain_key[type(key)] then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then return type(a) == "number" end
    return a < b
  end)
  for _, key in ipairs(keys) do
    local step = type(key) == "number" and ("[%s]"):format(key) or path == "" and key or "." .. key
    sum = sum + walk(value[key], path .. step, map, seen)
  end
  return sum
end

--- The bytes of all tensors of a nest: a tensor, a table of them to any depth, or an object such as
--- a module, an optimizer or a unit, whose fields are walked. Each counts once, under the first
--- path that leads to it; a view counts with its own elements.
--- Errors: argument, for what is neither a tensor nor a table.
---
--- ```lua
--- local total, by_path = tnt.tensor_bytes({x = tnt.zeros(2, 3), list = {tnt.i64 {1}}})
--- total -- 32
--- by_path["list[1]"] -- 8
--- ```
--- Source: torchtnt.utils.memory.get_tensor_size_bytes_map.
---@param nest any
---@return integer total
---@return table<string, integer> by_path
function size.total(nest)
  if not is_tensor(nest) and type(nest) ~= "table" then
    errors.raise("argument", "tensor_bytes: a tensor or a table of tensors was expected, got %s",
      type(nest))
  end
  local map = {}
  return walk(nest, "", map, {}), map
end

return size

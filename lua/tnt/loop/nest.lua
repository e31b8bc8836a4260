-- Nests: plain tables of tensors and other values, walked and mapped. Objects of classes are
-- leaves.

local ffi = require "ffi"
local sorted = require "tnt.sorted"

local nest = {}

--- Whether a value is a tensor, by what it can do.
---@param value any
---@return boolean
function nest.is_tensor(value)
  if type(value) == "cdata" then
    local core = package.loaded["tnt.core"] -- without it there are no tensors
    return core ~= nil and ffi.istype(core.Handle, value)
  end
  return type(value) == "table" and getmetatable(value) ~= nil and type(value.detach) == "function"
    and type(value.clone) == "function"
end

--- The first size of the first tensor that has one, the keys of a table in sorted order; nil where
--- there is none, four tables deep.
---@param value any
---@return integer|nil
function nest.first_size(value, depth)
  if nest.is_tensor(value) then return value:dim() > 0 and value:size(1) or nil end
  depth = depth or 4
  if type(value) ~= "table" or getmetatable(value) ~= nil or depth == 0 then return nil end
  if value[1] ~= nil then -- a list, without the sorting
    local n = nest.first_size(value[1], depth - 1)
    if n then return n end
  end
  for _, inner in sorted(value) do
    local n = nest.first_size(inner, depth - 1)
    if n then return n end
  end
end

--- A copy of a nest in which every tensor (and nothing else) is replaced by fn(tensor).
---@param value any
---@param fn fun(tensor: any): any
---@return any
function nest.map(value, fn)
  if nest.is_tensor(value) then return fn(value) end
  if type(value) ~= "table" or getmetatable(value) ~= nil then return value end
  local copy = {}
  for key, inner in pairs(value) do -- order: free
    copy[key] = nest.map(inner, fn)
  end
  return copy
end

local function cloned(tensor) return tensor:detach():clone():keep() end
local function same(tensor) return tensor end

--- A copy with tensors of its own, kept beyond the scope.
---@param value any
---@return any
function nest.clone(value) return nest.map(value, cloned) end

--- A copy of the tables; tensors are the same.
---@param value any
---@return any
function nest.copy(value) return nest.map(value, same) end

return nest

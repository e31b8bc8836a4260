-- tnt.data.to_device: a batch on another device. Plain tables are followed, each once, so that what
-- is shared stays shared and a table that holds itself is no trap. To a card tensors go by way of
-- pinned memory: their copies run beside the work that the card has.

local errors = require "tnt.errors"
local nest = require "tnt.loop.nest"
local pinned_or_not = require "tnt.data.pinned"

-- A copy that is to be recorded starts from the tensor itself.
local function copy_of(value, device)
  if device == "cpu" or value.device ~= "cpu" or value.requires_grad then
    return value:to(device)
  end
  local pinned = pinned_or_not(value)
  local result = pinned:to(device)
  if pinned ~= value then pinned:free() end -- used again when the card is done with it
  return result
end

local function moved(value, device, seen)
  if nest.is_tensor(value) then
    if seen[value] == nil then seen[value] = copy_of(value, device) end
    return seen[value]
  end
  if type(value) ~= "table" then return value end
  if seen[value] ~= nil then return seen[value] end
  if getmetatable(value) ~= nil then
    if type(value.to) ~= "function" then return value end
    local result = value:to(device)
    seen[value] = result == nil and value or result
    return seen[value]
  end
  local copy = {}
  seen[value] = copy
  for key, inner in pairs(value) do copy[key] = moved(inner, device, seen) end -- order: free
  return copy
end

--- A copy of a nest whose tensors are on a device: tables by name or position, at any depth. An
--- object with a function `to` is asked itself; numbers, strings and other objects stay as they
--- are. A tensor that is there already is the same one. Nothing waits for a card: it copies beside
--- the work given so far, and the work given next waits on the card. What is pinned already
--- (`pin_memory`) must not be written to meanwhile.
---
---     local batch = tnt.data.to_device({image = x, label = {y, "cat"}}, "cpu")
---
--- Errors: argument, for a device's name that is none; device, for a device that is missing.
---@param batch any
---@param device string  "cpu", "cuda", "cuda:1"
---@return any
return function(batch, device)
  if type(device) ~= "string" then
    errors.raise("argument", "to_device: a device's name was expected, such as 'cpu' or 'cuda:0', "
      .. "got %s", type(device))
  end
  return moved(batch, device, {})
end

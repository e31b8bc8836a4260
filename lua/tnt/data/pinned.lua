-- Pinned memory for batches where there is some: without, they travel all the same, and slower.

local errors = require "tnt.errors"
local message = require "tnt.loop.message"

local told = false

--- A copy in pinned memory, or the tensor itself where there is no more of that; the first time is
--- told as a warning.
---@param x tnt.Tensor  on the CPU
---@return tnt.Tensor
return function(x)
  local ok, result = pcall(x.pin_memory, x)
  if ok then return result end
  if not errors.is_out_of_memory(result) then error(result, 0) end
  if not told then
    told = true
    message.warn("no pinned memory is to be had (%s): batches go to the card from ordinary memory, "
      .. "which is slower and waits; fewer of them ahead (prefetch), smaller ones, or a "
      .. "higher limit of locked memory (ulimit -l) would help", result.message)
  end
  return x
end

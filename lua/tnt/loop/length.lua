-- How long an epoch is, from the size of its loader and the limits on its steps.

local errors = require "tnt.errors"

local length = {}

--- A limit on the steps of an epoch as a number of them: one below 1 is a part of the loader.
--- Errors: argument, for a part of a loader that does not tell its size.
---@param who string        the loader's name
---@param limit number|nil
---@param size integer|nil  batches that the loader has
---@return integer|nil
function length.limit(who, limit, size)
  if not limit or limit == 0 or limit >= 1 then return limit end
  if not size then
    errors.raise("argument", "%s: a limit of %g of its batches needs a loader with a size; give a "
      .. "number of steps", who, limit)
  end
  return math.max(1, math.floor(size * limit))
end

--- The steps of an epoch.
---@param size integer|nil   batches that the loader has
---@param limits table       max_steps, max_steps_per_epoch
---@param before integer     steps completed before this epoch
---@return integer|nil steps  nil: unknown
function length.of_epoch(size, limits, before)
  local total = math.min(size or math.huge, limits.max_steps_per_epoch or math.huge,
    (limits.max_steps or math.huge) - before)
  return total < math.huge and math.max(total, 0) or nil
end

return length

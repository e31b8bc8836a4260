-- Checks of sizes that layers are made with: whole numbers, or pairs of them for height and width.
local errors = require "tnt.errors"

local size = {}

local function refuse(who, name, what, value)
  local text = tostring(value)
  if type(value) == "table" then text = "a table" end
  if type(value) == "string" then text = ("%q"):format(value) end
  errors.raise("argument", "%s: %s must be %s, got %s", who, name, what, text)
end

local function is_count(value, least)
  return type(value) == "number" and value % 1 == 0 and value >= least
end

--- A whole number from `least` on.
---@return integer
function size.count(who, name, value, least)
  if not is_count(value, least) then
    refuse(who, name, ("a whole number from %d on"):format(least), value)
  end
  return value
end

--- A pair {height, width}; one number stands for both.
---@return integer[]
function size.pair(who, name, value, least)
  if is_count(value, least) then return { value, value } end
  if type(value) ~= "table" or #value ~= 2 or not is_count(value[1], least)
    or not is_count(value[2], least) then
    refuse(who, name, ("a whole number from %d on, or two of them"):format(least), value)
  end
  return { value[1], value[2] }
end

--- A number in [lo, hi).
---@return number
function size.fraction(who, name, value, lo, hi)
  if type(value) ~= "number" or not (value >= lo and value < hi) then
    refuse(who, name, ("a number in [%g, %g)"):format(lo, hi), value)
  end
  return value
end

return size

-- Checks of option values that hooks and loggers share: each raises kind argument, naming the
-- owner, the option, what was expected and what came.

local errors = require "tnt.errors"

local check = {}

local function shown(value)
  if type(value) == "string" then return ("'%s'"):format(value) end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return value == nil and "nothing" or "a " .. type(value)
end

--- A number that is not less than `least`.
---@param who string
---@param name string
---@param value any
---@param least number
function check.number(who, name, value, least)
  if type(value) ~= "number" or value ~= value or value < least then
    errors.raise("argument", "%s: %s must be a number%s, got %s", who, name,
      least > -math.huge and (" from %g on"):format(least) or "", shown(value))
  end
end

--- A whole number that is not less than `least`.
---@param who string
---@param name string
---@param value any
---@param least integer
function check.count(who, name, value, least)
  if type(value) ~= "number" or value ~= value or value < least or value % 1 ~= 0 then
    errors.raise("argument", "%s: %s must be a whole number from %d on, got %s", who, name, least,
      shown(value))
  end
end

--- true or false.
---@param who string
---@param name string
---@param value any
function check.boolean(who, name, value)
  if type(value) ~= "boolean" then
    errors.raise("argument", "%s: %s must be true or false, got %s", who, name, shown(value))
  end
end

--- One of some words.
---@param who string
---@param name string
---@param value any
---@param words string[]
function check.word(who, name, value, words)
  for _, word in ipairs(words) do
    if value == word then return end
  end
  errors.raise("argument", "%s: %s must be '%s', got %s", who, name, table.concat(words, "' or '"),
    shown(value))
end

return check

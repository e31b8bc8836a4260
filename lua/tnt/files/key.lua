-- Keys of tables as names in a file, and back. A whole number stands as its digits; a string that
-- looks like one, and what a name may not hold ("/", "%", control characters, "." alone), is
-- escaped as %XX. The empty string is "%".

local errors = require "tnt.errors"

local key = {}

local LARGEST = 2 ^ 53

local function as_hex(character) return ("%%%02X"):format(character:byte()) end

local function is_digits(name)
  local value = name:match "^%-?[1-9]%d*$" or name:match "^0$"
  value = value and tonumber(value)
  return value and value >= -LARGEST and value <= LARGEST and value or nil
end

--- The name of a key.
--- Errors: argument, when it is neither a string nor a whole number.
---@param k any
---@param place string  for the message
---@return string
function key.to_name(k, place)
  if type(k) == "number" then
    if k % 1 ~= 0 or k < -LARGEST or k > LARGEST then
      errors.raise("argument", "save: a key of %s is %s; keys are strings or whole numbers", place,
        tostring(k))
    end
    return ("%d"):format(k)
  elseif type(k) ~= "string" then
    errors.raise("argument", "save: a key of %s is a %s; keys are strings or whole numbers", place,
      type(k))
  end
  if k == "" then return "%" end
  local name = k:gsub("[%c%%/]", as_hex)
  if is_digits(name) or name == "." then
    name = as_hex(name:sub(1, 1)) .. name:sub(2)
  end
  return name
end

--- The key of a name.
---@param name string
---@return string|number
function key.from_name(name)
  if name == "%" then return "" end
  local digits = is_digits(name)
  if digits then return digits end
  return (name:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

return key

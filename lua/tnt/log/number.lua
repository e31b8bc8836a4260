-- Numbers as text for files: the shortest of 15, 16 or 17 digits that reads back as the same
-- double.

local number = {}

--- A finite number's text: "3", "0.1", "1e-05", "0.10000000149011612".
---@param value number
---@return string
function number.exact(value)
  if value % 1 == 0 and value > -2 ^ 53 and value < 2 ^ 53 then return ("%d"):format(value) end
  for digits = 15, 16 do
    local text = ("%." .. digits .. "g"):format(value)
    if tonumber(text) == value then return text end
  end
  return ("%.17g"):format(value)
end

--- "nan", "inf", "-inf", or nil for a finite number.
---@param value number
---@return string|nil
function number.special(value)
  if value ~= value then return "nan" end
  if value == math.huge then return "inf" end
  if value == -math.huge then return "-inf" end
end

return number

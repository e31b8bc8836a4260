-- A batch as text, exactly: tensors with dtype, shape and every value, tables in sorted order.
-- Two batches are bit-equal when their texts are.

local sorted = require "tnt.sorted"

local text_of

local function numbers(value)
  if type(value) ~= "table" then
    return type(value) == "number" and ("%.17g"):format(value) or tostring(value)
  end
  local parts = {}
  for i = 1, #value do parts[i] = numbers(value[i]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

text_of = function(value)
  local tnt = require "tnt"
  if tnt.is_tensor(value) then
    return ("%s%s%s"):format(value.dtype, numbers(value.shape),
      numbers(value:dim() == 0 and value:item() or value:totable()))
  elseif type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or numbers(value)
  end
  local parts = {}
  for key, inner in sorted(value) do parts[#parts + 1] = tostring(key) .. "=" .. text_of(inner) end
  return "{" .. table.concat(parts, " ") .. "}"
end

return text_of

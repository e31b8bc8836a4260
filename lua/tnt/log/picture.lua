-- Tensors as pictures: rows of bytes, as log/png.lua packs them. Floats go from 0 (dark) to 1, what
-- lies beyond is cut off, NaN is dark.

local errors = require "tnt.errors"
local nest = require "tnt.loop.nest"
local png = require "tnt.log.png"

local picture = {}

---@class tnt.log.Picture
---@field width integer
---@field height integer
---@field channels integer
---@field png string  a file's bytes

local function checked(who, value, dims, form)
  if not nest.is_tensor(value) then
    errors.raise("argument", "%s: a tensor %s was expected, got %s", who, form, type(value))
  end
  value = value:detach()
  if dims == 3 and value:dim() == 2 then value = value:unsqueeze(1) end
  local shape, dtype = value.shape, value.dtype
  local channels = shape[dims - 2]
  if #shape ~= dims or channels < 1 or channels > 4 or value:numel() == 0 then
    errors.raise("shape", "%s: expected %s with C from 1 to 4%s, got [%s]", who, form,
      dims == 3 and ", or [H, W]" or "", table.concat(shape, ", "))
  elseif dtype ~= "u8" and not dtype:match "f%d" then
    errors.raise("dtype", "%s: expected u8 from 0 to 255 or floats from 0 to 1, got %s", who, dtype)
  end
  return value
end

-- The rows of [C, H, W] as bytes, channels together.
local function rows_of(tensor)
  local channels, height, width = unpack(tensor.shape)
  local values = tensor:permute(2, 3, 1):reshape(-1):totable()
  local scale = tensor.dtype == "u8" and 1 or 255
  local rows, across = {}, width * channels
  for y = 1, height do
    local bytes = {}
    for x = 1, across do
      local value = values[(y - 1) * across + x] * scale
      bytes[x] = string.char(value > 0 and math.min(math.floor(value + 0.5), 255) or 0)
    end
    rows[y] = table.concat(bytes)
  end
  return rows
end

local function packed(width, height, channels, rows)
  return {
    width = width, height = height, channels = channels,
    png = png.encode(width, height, channels, rows),
  }
end

--- One picture.
--- Errors: argument, shape, dtype, when it is none; io, where zlib is missing.
---@param who string
---@param tensor tnt.Tensor  [C, H, W] with C = 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA), or
---  [H, W]; u8 from 0 to 255, floats from 0 to 1
---@return tnt.log.Picture
function picture.of(who, tensor)
  tensor = checked(who, tensor, 3, "[C, H, W]")
  local channels, height, width = unpack(tensor.shape)
  return packed(width, height, channels, rows_of(tensor))
end

--- Several pictures as one, side by side and below each other; places that stay empty are dark.
--- Errors: as `of`.
---@param who string
---@param tensor tnt.Tensor  [N, C, H, W], as for `of`
---@param columns integer
---@return tnt.log.Picture
function picture.grid(who, tensor, columns)
  tensor = checked(who, tensor, 4, "[N, C, H, W]")
  local n, channels, height, width = unpack(tensor.shape)
  columns = math.min(columns, n)
  local lines = math.ceil(n / columns)
  local dark, rows = ("\0"):rep(width * channels), {}
  for line = 0, lines - 1 do
    local parts = {}
    for y = 1, height do parts[y] = {} end
    for column = 1, columns do
      local i = line * columns + column
      local own = i <= n and rows_of(tensor:select(1, i))
      for y = 1, height do parts[y][column] = own and own[y] or dark end
    end
    for y = 1, height do rows[line * height + y] = table.concat(parts[y]) end
  end
  return packed(width * columns, height * lines, channels, rows)
end

return picture

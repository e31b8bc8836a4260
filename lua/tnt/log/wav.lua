-- Sound as a WAV file: 16 bits a sample, channels interleaved.
-- Source: Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0, RIFF.

local errors = require "tnt.errors"
local nest = require "tnt.loop.nest"

local wav = {}

local function little(value, bytes)
  local text = ""
  for _ = 1, bytes do
    text = text .. string.char(value % 256)
    value = math.floor(value / 256)
  end
  return text
end

---@class tnt.log.Sound
---@field channels integer
---@field frames integer  samples of each channel
---@field wav string      a file's bytes

--- A WAV file's bytes.
--- Errors: argument, shape, dtype, when it is no sound.
---@param who string
---@param tensor tnt.Tensor  [T] or [C, T], floats from -1 to 1; what lies beyond is cut off, NaN
---  is 0
---@param rate integer       samples a second
---@return tnt.log.Sound
function wav.of(who, tensor, rate)
  if not nest.is_tensor(tensor) then
    errors.raise("argument", "%s: a tensor [T] or [C, T] was expected, got %s", who, type(tensor))
  end
  tensor = tensor:detach()
  if tensor:dim() == 1 then tensor = tensor:unsqueeze(1) end
  if tensor:dim() ~= 2 or tensor:numel() == 0 then
    errors.raise("shape", "%s: expected [T] or [C, T], got [%s]", who,
      table.concat(tensor.shape, ", "))
  elseif not tensor.dtype:match "f%d" then
    errors.raise("dtype", "%s: expected floats from -1 to 1, got %s", who, tensor.dtype)
  end
  local channels, frames = unpack(tensor.shape)
  local samples = {}
  for i, value in ipairs(tensor:transpose(1, 2):reshape(-1):totable()) do
    value = value == value and math.max(-1, math.min(1, value)) or 0
    samples[i] = little(math.floor(value * 32767 + 0.5) % 65536, 2)
  end
  local PCM, BYTES = 1, 2
  local format = little(PCM, 2) .. little(channels, 2) .. little(rate, 4)
    .. little(rate * channels * BYTES, 4) .. little(channels * BYTES, 2) .. little(8 * BYTES, 2)
  local data = table.concat(samples)
  local body = "WAVEfmt " .. little(#format, 4) .. format .. "data" .. little(#data, 4) .. data
  return { channels = channels, frames = frames, wav = "RIFF" .. little(#body, 4) .. body }
end

return wav

-- CRC-32C of short strings, a byte at a time from a table. In Lua, because event files need no more
-- and loggers then work without the core.
-- Source: RFC 3720, appendix B.4 (polynomial 0x1EDC6F41, here bit-reversed).

local bit = require "bit"

local band, bxor, rshift = bit.band, bit.bxor, bit.rshift

local entries = {}
for byte = 0, 255 do
  local remainder = byte
  for _ = 1, 8 do
    local low = band(remainder, 1)
    remainder = rshift(remainder, 1)
    if low == 1 then remainder = bxor(remainder, 0x82F63B78) end
  end
  entries[byte] = remainder
end

--- The checksum of a string's bytes.
---@param data string
---@return integer  from 0 to 2^32 - 1
return function(data)
  local remainder = 0xFFFFFFFF
  for i = 1, #data do
    remainder = bxor(entries[band(bxor(remainder, data:byte(i)), 0xFF)], rshift(remainder, 8))
  end
  return bxor(remainder, 0xFFFFFFFF) % 2 ^ 32
end

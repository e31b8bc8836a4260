local core = require "tnt.core"
local ffi = require "ffi"
local crc32c = core.C.tnt_crc32c

describe("tnt_crc32c", function()
  -- Source: RFC 3720, appendix B.4.
  it("gives the sums of the RFC #tiny", function()
    local bytes = ffi.new "uint8_t[32]"
    assert.equal(0x8a9136aa, crc32c(bytes, 32, 0))
    ffi.fill(bytes, 32, 255)
    assert.equal(0x62a8ab43, crc32c(bytes, 32, 0))
    for i = 0, 31 do bytes[i] = i end
    assert.equal(0x46dd794e, crc32c(bytes, 32, 0))
    for i = 0, 31 do bytes[i] = 31 - i end
    assert.equal(0x113fdb5c, crc32c(bytes, 32, 0))
    assert.equal(0xe3069283, crc32c("123456789", 9, 0))
    assert.equal(0, crc32c("", 0, 0))
  end)

  it("goes on from a former sum, at any place and alignment", function()
    local text = {}
    for i = 1, 300 do text[i] = string.char((i * 37) % 256) end
    text = table.concat(text)
    local whole = crc32c(text, #text, 0)
    for cut = 0, #text do
      local front = crc32c(text, cut, 0)
      assert.equal(whole, crc32c(text:sub(cut + 1), #text - cut, front), "cut at " .. cut)
    end
  end)

  it("agrees with the definition, bit by bit", function() -- RFC 3720, appendix B.4
    local function defined(text)
      local remainder = 0xFFFFFFFF
      for i = 1, #text do
        remainder = bit.bxor(remainder, text:byte(i))
        for _ = 1, 8 do
          local low = bit.band(remainder, 1)
          remainder = bit.rshift(remainder, 1)
          if low == 1 then remainder = bit.bxor(remainder, 0x82F63B78) end
        end
      end
      return bit.bxor(remainder, 0xFFFFFFFF) % 2 ^ 32
    end
    for n = 0, 40 do
      local text = ("\1\254x"):rep(n)
      assert.equal(defined(text), crc32c(text, #text, 0))
    end
  end)
end)

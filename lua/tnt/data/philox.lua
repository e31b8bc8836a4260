-- Philox 4x32-10 in Lua: random numbers that are a function of a key and a place, so that epoch e's
-- permutation and sample i's augmentation need no history. Products are split into 16-bit halves
-- because doubles hold 53 bits. Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers:
-- as easy as 1, 2, 3".

local bit = require "bit"
local errors = require "tnt.errors"

local bxor, tobit = bit.bxor, bit.tobit
local floor = math.floor

local philox = {}

-- The high and low 32 bits of a * b, both below 2^32.
local function product(a, b)
  local low = b % 65536
  local t = a * low
  local u = a * ((b - low) / 65536) + floor(t / 65536)
  return floor(u / 65536), u % 65536 * 65536 + t % 65536
end

local function xor3(a, b, c) return bxor(tobit(a), tobit(b), tobit(c)) % 4294967296 end

--- One block: four numbers below 2^32 from a counter of four and a key of two.
---@param c0 integer
---@param c1 integer
---@param c2 integer
---@param c3 integer
---@param k0 integer
---@param k1 integer
---@return integer, integer, integer, integer
function philox.block(c0, c1, c2, c3, k0, k1)
  for _ = 1, 10 do
    local high0, low0 = product(0xD2511F53, c0)
    local high1, low1 = product(0xCD9E8D57, c2)
    c0, c1, c2, c3 = xor3(high1, c1, k0), low1, xor3(high0, c3, k1), low0
    k0, k1 = (k0 + 0x9E3779B9) % 4294967296, (k1 + 0xBB67AE85) % 4294967296
  end
  return c0, c1, c2, c3
end

---@class tnt.data.Stream  random numbers, the same for the same seed and place
local Stream = {}
Stream.__index = Stream

--- A stream. Streams of different seeds or places are independent.
---@param seed integer       0 to 2^53
---@param epoch integer|nil  0 to 2^32 - 1 (default 0)
---@param index integer|nil  0 to 2^53 (default 0)
---@param purpose integer|nil  0 to 255: keeps what uses the same place apart (default 0)
---@return tnt.data.Stream
function philox.stream(seed, epoch, index, purpose)
  index = index or 0
  -- The counter: block number, index (32 bits), epoch, purpose and the rest of the index.
  return setmetatable({
    k0 = seed % 4294967296, k1 = floor(seed / 4294967296) % 4294967296,
    block = 0, c1 = index % 4294967296, c2 = (epoch or 0) % 4294967296,
    c3 = (purpose or 0) * 16777216 + floor(index / 4294967296), left = 0,
  }, Stream)
end

--- A whole number from 0 to 2^32 - 1.
---@return integer
function Stream:u32()
  local left = self.left
  if left == 0 then
    local a, b, c, d = philox.block(self.block, self.c1, self.c2, self.c3, self.k0, self.k1)
    self.block = self.block + 1
    self.a, self.b, self.c, self.left = b, c, d, 3
    return a
  end
  self.left = left - 1
  if left == 3 then return self.a elseif left == 2 then return self.b end
  return self.c
end

--- A number in [0, 1), a multiple of 2^-53.
---@return number
function Stream:uniform()
  local high = self:u32()
  return (floor(high / 32) * 67108864 + floor(self:u32() / 64)) / 9007199254740992
end

--- A number drawn from the normal distribution (Box and Muller 1958).
---@param mean number|nil  default 0
---@param std number|nil   default 1
---@return number
function Stream:normal(mean, std)
  local radius = math.sqrt(-2 * math.log(1 - self:uniform()))
  return (mean or 0) + (std or 1) * radius * math.cos(2 * math.pi * self:uniform())
end

--- A whole number from 1 to n, each equally likely.
--- Errors: argument, when n is not a whole number from 1 to 2^53.
---@param n integer
---@return integer
function Stream:int(n)
  if type(n) ~= "number" or n < 1 or n > 9007199254740992 or n % 1 ~= 0 then
    errors.raise("argument", "int: expected a whole number from 1 to 2^53, got %s", tostring(n))
  end
  if n > 4294967296 then
    -- 53 bits, drawn again beyond the last multiple of n.
    local limit = 9007199254740992 - 9007199254740992 % n
    repeat
      local value = floor(self:u32() / 2048) * 4294967296 + self:u32()
      if value < limit then return value % n + 1 end
    until false
  end
  local limit = 4294967296 - 4294967296 % n
  repeat
    local value = self:u32()
    if value < limit then return value % n + 1 end
  until false
end

--- Shuffles a list in place (Fisher and Yates 1938, Durstenfeld 1964).
---@param list any[]
---@return any[] list
function Stream:shuffle(list)
  for i = #list, 2, -1 do
    local j = self:int(i)
    list[i], list[j] = list[j], list[i]
  end
  return list
end

--- The numbers 1 to n in random order.
---@param n integer
---@return integer[]
function Stream:permutation(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return self:shuffle(list)
end

return philox

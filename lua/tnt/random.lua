-- The random stream of this thread: two numbers, a seed and how many random calls were made under
-- it.
local ffi = require "ffi"
local core = require "tnt.core"
local errors = require "tnt.errors"
local C = core.C

local random = {}
local state = ffi.new "uint64_t[2]"

--- Starts the stream anew; math.random is seeded too.
---@param seed integer  0 to 2^53
function random.seed(seed)
  if type(seed) ~= "number" or seed < 0 or seed > 2 ^ 53 or seed % 1 ~= 0 then
    errors.raise("argument", "seed: a whole number in 0..2^53 was expected, got %s", tostring(seed))
  end
  core.check(C.tnt_seed(seed))
  math.randomseed(seed)
end

--- The stream's position: plain strings of digits, exact for all 64 bits, for checkpoints.
---@return {seed: string, calls: string}
function random.state()
  C.tnt_random_state(state)
  return { seed = (tostring(state[0]):gsub("%D", "")), calls = (tostring(state[1]):gsub("%D", "")) }
end

local function number64(text)
  local v = 0ULL
  for digit in text:gmatch "%d" do v = v * 10ULL + ffi.cast("uint64_t", tonumber(digit)) end
  return v
end

--- Goes back to a position that state() gave.
---@param s {seed: string, calls: string}
function random.set_state(s)
  if type(s) ~= "table" or type(s.seed) ~= "string" or type(s.calls) ~= "string" then
    errors.raise("argument", "random.set_state: {seed = digits, calls = digits} was expected")
  end
  state[0], state[1] = number64(s.seed), number64(s.calls)
  C.tnt_random_set_state(state)
end

return random

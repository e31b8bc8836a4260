-- The random stream of this thread: two numbers, a seed and how many random calls were made under
-- it.
local ffi = require "ffi"
local core = require "tnt.core"
local errors = require "tnt.errors"
local C = core.C

local random = {}
local state = ffi.new "uint64_t[2]"

---@class tnt.SeedOptions
---@field deterministic boolean|string|integer|nil  as for tnt.use_deterministic; nil leaves it as
---  it is

--- Starts the stream of all random ops anew; math.random is seeded too, and loaders made from now
--- on take their own seeds from it.
--- Errors: argument.
---@param seed integer  0 to 2^53
---@param options tnt.SeedOptions|nil
function random.seed(seed, options)
  if type(seed) ~= "number" or seed < 0 or seed > 2 ^ 53 or seed % 1 ~= 0 then
    errors.raise("argument", "seed: a whole number in 0..2^53 was expected, got %s", tostring(seed))
  end
  if options ~= nil then
    if type(options) ~= "table" then
      errors.raise("argument", "seed: options were expected as second argument, "
        .. "{deterministic = true}, got %s", tostring(options))
    end
    errors.check_options("seed", options, { "deterministic" })
    if options.deterministic ~= nil then
      require("tnt.settings").use_deterministic(options.deterministic)
    end
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

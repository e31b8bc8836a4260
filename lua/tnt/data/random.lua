-- Random numbers inside data sets. Before each sample is read, the core's stream and `rng()` are
-- put to a place given by (seed, epoch, position of the sample), so that an augmentation is the
-- same whichever worker makes it, and the program's own stream is put back afterwards.
-- math.random cannot be put back, so it is seeded in workers only: no two samples see the same
-- numbers, but they are not those of num_workers = 0.

local ffi = require "ffi"
local errors = require "tnt.errors"
local philox = require "tnt.data.philox"

local random = {}

random.PURPOSE = {
  order = 1, sample = 2, batch = 3, core = 4, weights = 5, split = 6, loader = 7,
}

local place -- {seed, epoch, index, purpose} while a sample or batch is being read
local stream

local state_type = ffi.typeof "uint64_t[2]"
local words_pointer = ffi.typeof "uint32_t *"
local scratch = ffi.new(state_type)

local in_worker = false

--- Says that this Lua state is a worker's own.
function random.enter_worker() in_worker = true end

local C
local function core()
  if not C then C = require "tnt.core".C end
  return C
end

local function move(seed, epoch, index, purpose)
  place, stream = { seed, epoch, index, purpose }, nil
  local words = ffi.cast(words_pointer, scratch)
  words[0], words[1] = philox.block(index % 4294967296, math.floor(index / 4294967296), epoch,
    random.PURPOSE.core * 256 + purpose, seed % 4294967296, math.floor(seed / 4294967296))
  scratch[1] = 0
  if in_worker then math.randomseed(words[0]) end
  core().tnt_random_set_state(scratch)
end

--- Puts all streams to the place of one sample.
---@param seed integer
---@param epoch integer
---@param index integer  the sample's position
function random.to_sample(seed, epoch, index) move(seed, epoch, index, random.PURPOSE.sample) end

--- Puts all streams to the place of one batch, for data sets that read a whole batch at once.
---@param seed integer
---@param epoch integer
---@param batch integer
function random.to_batch(seed, epoch, batch) move(seed, epoch, batch, random.PURPOSE.batch) end

local function put_back(state, old_place, old_stream, ok, ...)
  core().tnt_random_set_state(state)
  place, stream = old_place, old_stream
  if not ok then error((...), 0) end
  return ...
end

--- Runs fn(...) and puts the streams back to where they were before (a data set may itself read
--- from a loader), also after an error.
---@param fn function
function random.aside(fn, ...)
  local state = ffi.new(state_type)
  core().tnt_random_state(state)
  -- A worker has no other use for its streams, and reports where the error came from.
  if in_worker then return put_back(state, place, stream, true, fn(...)) end
  return put_back(state, place, stream, pcall(fn, ...))
end

--- The seed of the core's stream, below 2^53.
---@return integer
function random.seed()
  core().tnt_random_state(scratch)
  return tonumber(scratch[0] % 2 ^ 53)
end

--- The random numbers of the sample (or batch) being read: the same for the same seed of the
--- loader, epoch and position, whatever num_workers is. For use inside a data set's `get`.
--- Errors: state, when no loader is reading.
---@return tnt.data.Stream
function random.rng()
  if not place then
    errors.raise("state", "tnt.data.rng: no loader is reading a sample; it is for data sets' "
      .. "get(), elsewhere make a stream of your own: tnt.data.stream(seed)")
  end
  stream = stream or philox.stream(place[1], place[2], place[3], place[4])
  return stream
end

return random

-- Samplers: which positions of a data set are read, in which order. A sampler is anything with
-- `order(epoch, seed)`, which returns a list of positions (from 1), the same list for the same
-- arguments in any process; the loader's seed comes in, so a sampler has no state to save.

local class = require "tnt.class"
local errors = require "tnt.errors"
local philox = require "tnt.data.philox"
local random = require "tnt.data.random"

local ORDER, WEIGHTS = random.PURPOSE.order, random.PURPOSE.weights

local sampler = {}

local function size_of(who, value)
  if type(value) == "table" and type(value.size) == "function" then value = value:size() end
  if type(value) ~= "number" or value < 0 or value % 1 ~= 0 then
    errors.raise("argument", "%s: expected a number of samples or a data set with size(), got %s",
      who, tostring(value))
  end
  return value
end

local function count_of(who, what, value)
  if type(value) ~= "number" or value < 0 or value % 1 ~= 0 then
    errors.raise("argument", "%s: %s is a whole number of samples, got %s", who, what,
      tostring(value))
  end
  return value
end

--- 1, 2, ... n.
---@class tnt.data.SequentialSampler
local Sequential = class.new("SequentialSampler", { "source" })

function Sequential:init(o) self.n = size_of("SequentialSampler", o.source) end

--- How many positions an epoch has.
---@return integer
function Sequential:size() return self.n end

--- The positions of an epoch.
---@return integer[]
function Sequential:order()
  local list = {}
  for i = 1, self.n do list[i] = i end
  return list
end

--- A new permutation every epoch, or draws with replacement.
---@class tnt.data.RandomSampler
local Random = class.new("RandomSampler",
  { "source", replacement = false, num_samples = class.NONE })

function Random:init(o)
  self.n = size_of("RandomSampler", o.source)
  self.replacement = o.replacement
  self.count = count_of("RandomSampler", "num_samples", o.num_samples or self.n)
  if not self.replacement and self.count > self.n then
    errors.raise("argument", "RandomSampler: num_samples is %d, but there are %d samples; more "
      .. "can be drawn only with replacement = true", self.count, self.n)
  end
  if self.n == 0 and self.count > 0 then
    errors.raise("argument", "RandomSampler: %d samples cannot be drawn from none", self.count)
  end
end

--- How many positions an epoch has.
---@return integer
function Random:size() return self.count end

--- The positions of an epoch.
---@param epoch integer
---@param seed integer
---@return integer[]
function Random:order(epoch, seed)
  local stream = philox.stream(seed, epoch, 0, ORDER)
  local list = {}
  if self.replacement then
    for i = 1, self.count do list[i] = stream:int(self.n) end
    return list
  end
  list = stream:permutation(self.n)
  for i = self.n, self.count + 1, -1 do list[i] = nil end
  return list
end

--- Positions drawn in proportion to weights.
---@class tnt.data.WeightedRandomSampler
local Weighted = class.new("WeightedRandomSampler",
  { "weights", num_samples = class.NONE, replacement = true })

function Weighted:init(o)
  local weights, sum, positive = o.weights, 0, 0
  for i, weight in ipairs(weights) do
    if type(weight) ~= "number" or not (weight >= 0 and weight < math.huge) then
      errors.raise("argument", "WeightedRandomSampler: a weight is a number of at least 0, "
        .. "weights[%d] is %s", i, tostring(weight))
    end
    sum = sum + weight
    if weight > 0 then positive = positive + 1 end
  end
  self.weights, self.replacement = weights, o.replacement
  self.count = count_of("WeightedRandomSampler", "num_samples", o.num_samples or #weights)
  if self.count > 0 and not (sum > 0 and sum < math.huge) then
    errors.raise("argument", "WeightedRandomSampler: the weights' sum must be above 0 and finite, "
      .. "it is %g", sum)
  elseif not self.replacement and self.count > positive then
    errors.raise("argument", "WeightedRandomSampler: num_samples is %d, but only %d weights are "
      .. "above 0; more can be drawn only with replacement = true", self.count, positive)
  end
end

--- How many positions an epoch has.
---@return integer
function Weighted:size() return self.count end

-- The first place whose running sum is above x.
local function place_of(sums, x)
  local low, high = 1, #sums
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sums[middle] > x then high = middle else low = middle + 1 end
  end
  return low
end

--- The positions of an epoch.
---@param epoch integer
---@param seed integer
---@return integer[]
function Weighted:order(epoch, seed)
  local stream = philox.stream(seed, epoch, 0, WEIGHTS)
  local list = {}
  if self.replacement then
    local sums, sum, last = {}, 0, 0
    for i, weight in ipairs(self.weights) do
      sum = sum + weight
      sums[i] = sum
      if weight > 0 then last = i end
    end
    -- sum * uniform may round up to sum itself.
    for i = 1, self.count do
      list[i] = math.min(place_of(sums, stream:uniform() * sum), last)
    end
    return list
  end
  -- Exponential keys: the smallest of -log(u) / w come first (Efraimidis and Spirakis 2006).
  local keys, places = {}, {}
  for i, weight in ipairs(self.weights) do
    local key = -math.log(1 - stream:uniform()) / weight
    if weight > 0 then
      keys[i] = key
      places[#places + 1] = i
    end
  end
  table.sort(places, function(a, b)
    if keys[a] ~= keys[b] then return keys[a] < keys[b] end
    return a < b
  end)
  for i = 1, self.count do list[i] = places[i] end
  return list
end

--- Given positions, in a new order every epoch.
---@class tnt.data.SubsetRandomSampler
local Subset = class.new("SubsetRandomSampler", { "indices", shuffle = true })

function Subset:init(o)
  for i, index in ipairs(o.indices) do
    if type(index) ~= "number" or index < 1 or index % 1 ~= 0 then
      errors.raise("argument", "SubsetRandomSampler: positions count from 1, indices[%d] is %s", i,
        tostring(index))
    end
  end
  self.indices, self.shuffle = o.indices, o.shuffle
end

--- How many positions an epoch has.
---@return integer
function Subset:size() return #self.indices end

--- The positions of an epoch.
---@param epoch integer
---@param seed integer
---@return integer[]
function Subset:order(epoch, seed)
  local list = {}
  for i, index in ipairs(self.indices) do list[i] = index end
  if self.shuffle then philox.stream(seed, epoch, 0, ORDER):shuffle(list) end
  return list
end

--- A sampler's positions in lists of batch_size.
---@class tnt.data.BatchSampler
local Batch = class.new("BatchSampler", { "sampler", batch_size = 1, drop_last = false })

function Batch:init(o)
  if o.batch_size < 1 or o.batch_size % 1 ~= 0 then
    errors.raise("argument", "BatchSampler: batch_size is a whole number from 1, got %s",
      tostring(o.batch_size))
  end
  self.sampler, self.batch_size, self.drop_last = o.sampler, o.batch_size, o.drop_last
end

--- How many batches an epoch has.
---@return integer
function Batch:size()
  local n = sampler.size(self.sampler) / self.batch_size
  return self.drop_last and math.floor(n) or math.ceil(n)
end

--- The batches of an epoch, each a list of positions.
---@param epoch integer
---@param seed integer
---@return integer[][]
function Batch:batches(epoch, seed)
  return sampler.chunk(sampler.order(self.sampler, epoch, seed), self.batch_size, self.drop_last)
end

--- Lists of `size` positions each; the last one may be shorter unless it is dropped.
---@param order integer[]
---@param size integer
---@param drop_last boolean
---@return integer[][]
function sampler.chunk(order, size, drop_last)
  local batches = {}
  for at = 1, #order, size do
    local stop = math.min(at + size - 1, #order)
    if stop - at + 1 == size or not drop_last then
      local batch = {}
      for i = at, stop do batch[i - at + 1] = order[i] end
      batches[#batches + 1] = batch
    end
  end
  return batches
end

--- The positions of an epoch, from a sampler or a plain list of positions.
---@param from table
---@param epoch integer
---@param seed integer
---@return integer[]
function sampler.order(from, epoch, seed)
  if type(from.order) == "function" then return from:order(epoch, seed) end
  return from
end

--- How many positions an epoch has; nil when the sampler does not tell.
---@param from table
---@return integer|nil
function sampler.size(from)
  if type(from.size) == "function" then return from:size() end
  if type(from.order) ~= "function" then return #from end
end

sampler.SequentialSampler = Sequential
sampler.RandomSampler = Random
sampler.WeightedRandomSampler = Weighted
sampler.SubsetRandomSampler = Subset
sampler.BatchSampler = Batch

return sampler

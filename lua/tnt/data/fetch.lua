-- Reads batches out of a data set, in the loader's own thread or in a worker: the same code, so
-- that num_workers changes nothing but the time. Random numbers are put to a place given by the
-- seed, the epoch and the sample before each sample (random.lua).

local class = require "tnt.class"
local collate = require "tnt.data.collate"
local errors = require "tnt.errors"
local random = require "tnt.data.random"
local sorted = require "tnt.sorted"
local source = require "tnt.data.source"

---@class tnt.data.Fetcher
local Fetcher = class.new("Fetcher", {
  "dataset",
  dtypes = {}, -- path -> dtype
  collate = class.NONE, -- function(samples), a module that returns one; false: leave them alone
  stopping = class.NONE, -- function: whether to give up in the middle of a batch
})

local function named_function(name)
  local ok, made = pcall(require, name)
  if not ok or type(made) ~= "function" then
    errors.raise("argument", "DataLoader: collate = \"%s\" names a module that returns a function "
      .. "of a list of samples, but %s", name, ok and "it returns a " .. type(made)
      or "it cannot be required: " .. tostring(made))
  end
  return made
end

function Fetcher:init(o)
  self.dataset, self.collate, self.stopping = source.of(o.dataset), o.collate, o.stopping
  if type(self.collate) == "string" then self.collate = named_function(self.collate) end
  self.dtypes = o.dtypes
  self.is_bulk = o.collate == nil and type(self.dataset.get_many) == "function"
  self.is_checked = false
  self.streams = {}
end

-- Called for the first batch: a name in dtypes that no field has is a mistake.
local function check_names(self, names, batch)
  self.is_checked = true
  for path in sorted(self.dtypes) do
    if not names.used[path] then
      local known = {}
      local function walk(value, at)
        if type(value) ~= "table" or getmetatable(value) then
          known[#known + 1] = at
          return
        end
        for key, inner in sorted(value) do
          walk(inner, at == "" and tostring(key) or at .. "." .. key)
        end
      end
      walk(batch, "")
      errors.unknown("DataLoader", "field in dtypes", path, known)
    end
  end
end

--- The batch that a user's function makes.
---@param collate_samples function
---@param samples any[]
---@param seed integer
---@param epoch integer
---@param number integer
---@return any batch
function Fetcher.collated(collate_samples, samples, seed, epoch, number)
  random.to_batch(seed, epoch, number)
  local batch = collate_samples(samples)
  if batch == nil then
    errors.raise("argument", "DataLoader: collate returned nothing; it must return the batch")
  end
  return batch
end

local function finish(self, samples, ids, seed, epoch, number)
  if self.collate == false then return samples end
  if self.collate then return Fetcher.collated(self.collate, samples, seed, epoch, number) end
  local names = { ids = ids, dtypes = self.dtypes, used = {} }
  local batch = collate.stack(samples, names)
  if not self.is_checked then check_names(self, names, batch) end
  return batch
end

local function read_many(self, seed, epoch, number, ids)
  random.to_batch(seed, epoch, number)
  local batch = self.dataset:get_many(ids)
  if batch == nil then
    errors.raise("argument", "DataLoader: the data set's get_many returned nothing")
  end
  if next(self.dtypes) == nil then return batch end
  local names = { ids = ids, dtypes = self.dtypes, used = {} }
  batch = collate.cast_all(batch, names)
  if not self.is_checked then check_names(self, names, batch) end
  return batch
end

local function read_each(self, seed, epoch, number, ids)
  local dataset, samples = self.dataset, {}
  for i = 1, #ids do
    if self.stopping and self.stopping() then error("stopped", 0) end
    random.to_sample(seed, epoch, ids[i])
    local sample = dataset:get(ids[i])
    if sample == nil then
      errors.raise("argument", "DataLoader: the data set's get(%d) returned nothing; it has %s "
        .. "samples", ids[i], tostring(dataset:size()))
    end
    samples[i] = sample
  end
  return finish(self, samples, ids, seed, epoch, number)
end

--- The batch of some positions.
---@param seed integer
---@param epoch integer
---@param number integer  of the batch in its epoch, from 1
---@param ids integer[]   positions, from 1
---@return any batch
function Fetcher:batch(seed, epoch, number, ids)
  return random.aside(self.is_bulk and read_many or read_each, self, seed, epoch, number, ids)
end

-- -- data sets that are read one sample after the other

---@class tnt.data.StreamOrder  how an epoch of such a data set is read
---@field seed integer
---@field epoch integer
---@field batch_size integer
---@field drop_last boolean
---@field rank integer   every world-th sample from this one on, from 0
---@field world integer

-- The next sample of this process, or nil; numbers count all samples from 1.
local function next_sample(self, stream)
  local order = stream.order
  repeat
    if self.stopping and self.stopping() then error("stopped", 0) end
    stream.number = stream.number + 1
    random.to_sample(order.seed, order.epoch, stream.number)
    local sample = stream.read()
    if sample == nil then return nil end
    if (stream.number - 1) % order.world == order.rank then return sample end
  until false
end

-- The samples of the next batch, uncollated.
local function next_samples(self, stream)
  local order, samples, ids = stream.order, {}, {}
  if stream.ended then return nil end
  stream.is_reading = true
  for i = 1, order.batch_size do
    local sample = next_sample(self, stream)
    if sample == nil then
      stream.ended, stream.is_reading = true, false
      if i == 1 or order.drop_last then return nil end
      break
    end
    samples[i], ids[i] = sample, stream.number
  end
  stream.batches, stream.is_reading = stream.batches + 1, false
  return samples, ids
end

local KEPT_STREAMS = 4

-- The stream of that name after `skip` batches. Only the latest few stay open: one that is asked
-- for again, or that an error left in the middle of a batch, is read anew up to its place.
local function stream_at(self, name, order, skip)
  local streams = self.streams
  for i, stream in ipairs(streams) do
    local is_there = stream.batches == skip or stream.ended and stream.batches < skip
    if stream.name == name and is_there and not stream.is_reading then
      table.insert(streams, table.remove(streams, i))
      return stream
    end
  end
  random.to_batch(order.seed, order.epoch, 0) -- for a data set that draws its own order
  local read = self.dataset:iterate()
  if type(read) ~= "function" then
    errors.raise("argument", "DataLoader: the data set's iterate() must return a function that "
      .. "gives the next sample, got %s", type(read))
  end
  local stream = { name = name, order = order, read = read, batches = 0, number = 0 }
  for _ = 1, skip do next_samples(self, stream) end
  streams[#streams + 1] = stream
  if #streams > KEPT_STREAMS then table.remove(streams, 1) end
  return stream
end

local function read_following(self, name, order, number)
  local samples, ids = next_samples(self, stream_at(self, name, order, number - 1))
  return samples and finish(self, samples, ids, order.seed, order.epoch, number)
end

--- The batch after the first `number` - 1 of an epoch, or nil at its end.
---@param name integer  tells epochs under way apart
---@param order tnt.data.StreamOrder
---@param number integer
---@return any|nil batch
function Fetcher:following(name, order, number)
  return random.aside(read_following, self, name, order, number)
end

return Fetcher

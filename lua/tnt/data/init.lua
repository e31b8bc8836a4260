-- tnt.data: loaders, samplers and data sets. Names are looked up when first used.

local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

-- Name -> {module} or {module, field}.
local NAMES = {
  DataLoader = { "tnt.data.loader" },
  tensors = { "tnt.data.tensors" },
  subset = { "tnt.data.subset", "of" },
  split = { "tnt.data.subset", "split" },
  idx = { "tnt.data.idx", "dataset" },
  read_idx = { "tnt.data.idx", "read" },
  mnist = { "tnt.data.mnist" },
  chars = { "tnt.data.chars" },
  endless = { "tnt.data.endless" },
  MultiDataLoader = { "tnt.data.multi" },
  DevicePrefetcher = { "tnt.data.prefetch" },
  to_device = { "tnt.data.device" },
  profile = { "tnt.data.profile", "run" },
  rng = { "tnt.data.random", "rng" },
  stream = { "tnt.data.philox", "stream" },
  SequentialSampler = { "tnt.data.sampler", "SequentialSampler" },
  RandomSampler = { "tnt.data.sampler", "RandomSampler" },
  WeightedRandomSampler = { "tnt.data.sampler", "WeightedRandomSampler" },
  SubsetRandomSampler = { "tnt.data.sampler", "SubsetRandomSampler" },
  BatchSampler = { "tnt.data.sampler", "BatchSampler" },
}

---@class tnt.data
---@field DataLoader tnt.data.DataLoader
---@field tensors tnt.data.Tensors
---@field subset fun(dataset: table, indices: integer[]): tnt.data.Subset
---@field split fun(dataset: table, parts: number[], options: table|nil): tnt.data.Subset ...
---@field idx fun(images: string, labels: string, options: table|nil): tnt.data.Tensors
---@field read_idx fun(path: string): tnt.Tensor
---@field mnist fun(dir: string, split: string|nil): tnt.data.Tensors
---@field chars tnt.data.Chars
---@field endless tnt.data.Endless
---@field MultiDataLoader tnt.data.MultiDataLoader
---@field DevicePrefetcher tnt.data.DevicePrefetcher
---@field to_device fun(batch: any, device: string): any
---@field profile fun(loader: any, options: table|nil): tnt.Timer, tnt.data.ProfileRow[]
---@field rng fun(): tnt.data.Stream
---@field stream fun(seed: integer, epoch: integer|nil, index: integer|nil): tnt.data.Stream
---@field SequentialSampler tnt.data.SequentialSampler
---@field RandomSampler tnt.data.RandomSampler
---@field WeightedRandomSampler tnt.data.WeightedRandomSampler
---@field SubsetRandomSampler tnt.data.SubsetRandomSampler
---@field BatchSampler tnt.data.BatchSampler
local data = {}

-- TorchTNT's names, answered with ours.
local FOREIGN = {
  CudaDataPrefetcher = "DevicePrefetcher", copy_data_to_device = "to_device",
  profile_dataloader = "profile", RoundRobin = "the strategy 'round_robin' of MultiDataLoader",
  AllDatasetBatches = "the strategy 'all_batches' of MultiDataLoader",
  RandomizedBatchSampler = "the strategy 'random' of MultiDataLoader",
  InOrder = "the strategy 'in_order' of MultiDataLoader",
}

return setmetatable(data, {
  __index = function(_, name)
    local place = NAMES[name]
    if FOREIGN[name] then
      errors.raise("argument", "tnt.data: %s is called %s here", name, FOREIGN[name])
    end
    if not place then errors.unknown("tnt.data", "name", name, sorted.keys(NAMES)) end
    local value = require(place[1])
    if place[2] then value = value[place[2]] end
    data[name] = value
    return value
  end,
})

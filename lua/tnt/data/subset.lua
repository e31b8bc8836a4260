-- Parts of a data set: chosen positions, and splits that hold every sample exactly once.

local class = require "tnt.class"
local errors = require "tnt.errors"
local philox = require "tnt.data.philox"
local random = require "tnt.data.random"
local source = require "tnt.data.source"

local subset = {}

---@class tnt.data.Subset
local Subset = class.new("Subset", { "dataset", "indices" })

function Subset:init(o)
  self.dataset, self.indices = source.of(o.dataset), o.indices
  if source.is_stream(self.dataset) then
    errors.raise("argument", "subset: the data set has only iterate(); a part needs get(i), size()")
  end
  local n = self.dataset:size()
  for k, i in ipairs(o.indices) do
    if type(i) ~= "number" or i < 1 or i > n or i % 1 ~= 0 then
      errors.raise("argument", "subset: indices[%d] is %s; positions go from 1 to %d", k,
        tostring(i), n)
    end
  end
end

--- How many samples.
---@return integer
function Subset:size() return #self.indices end

local function place(self, k)
  local i = self.indices[k]
  if i == nil then
    errors.raise("argument", "subset: sample %s is out of range, there are %d (from 1)",
      tostring(k), #self.indices)
  end
  return i
end

--- The k-th sample of this part.
---@param k integer  from 1
---@return any
function Subset:get(k) return self.dataset:get(place(self, k)) end

---@class tnt.data.BulkSubset: tnt.data.Subset  of a data set that reads whole batches
local BulkSubset = Subset:extend "BulkSubset"

--- Several samples of this part, as a batch.
---@param positions integer[]
---@return any
function BulkSubset:get_many(positions)
  local inner = {}
  for k = 1, #positions do inner[k] = place(self, positions[k]) end
  return self.dataset:get_many(inner)
end

subset.Subset, subset.BulkSubset = Subset, BulkSubset

--- The samples at some positions of a data set, or from one position to another, as a data set.
--- Errors: argument, when a position is out of range.
---@param dataset table
---@param indices integer[]|integer  positions from 1, or the first one
---@param last integer|nil  the last one, when `indices` is the first
---@return tnt.data.Subset
function subset.of(dataset, indices, last)
  dataset = source.of(dataset)
  if type(indices) == "number" and type(last) == "number" then
    local first = indices
    indices = {}
    for i = first, last do indices[#indices + 1] = i end
  elseif type(indices) ~= "table" then
    errors.raise("argument", "subset: expected a list of positions, or the first and the last one, "
      .. "got %s and %s", type(indices), type(last))
  end
  local Class = type(dataset.get_many) == "function" and BulkSubset or Subset
  return Class(dataset, indices)
end

-- Sizes from sizes, or from fractions that sum to 1: what rounding leaves over goes to the first.
local function sizes_of(parts, n)
  local sum, whole = 0, true
  for k, part in ipairs(parts) do
    if type(part) ~= "number" or part < 0 then
      errors.raise("argument", "split: part %d is %s; expected a size or a fraction", k,
        tostring(part))
    end
    sum = sum + part
    whole = whole and part % 1 == 0
  end
  if whole and sum == n then return parts end
  if math.abs(sum - 1) > 1e-6 then
    errors.raise("argument", "split: the parts must sum to the %d samples, or as fractions to 1; "
      .. "they sum to %g", n, sum)
  end
  local sizes, left = {}, n
  for k, part in ipairs(parts) do
    sizes[k] = math.floor(part * n + 1e-9)
    left = left - sizes[k]
  end
  for k = 1, left do sizes[k] = sizes[k] + 1 end
  return sizes
end

--- Splits a data set into parts without overlap.
--- Errors: argument, when the parts do not sum to all samples (or, as fractions, to 1).
---@param dataset table
---@param parts number[]  sizes, or fractions: {0.9, 0.1}
---@param options {seed: integer, shuffle: boolean}|nil  shuffle = false cuts in order; else a
---random split, the same for the same seed (default 0)
---@return tnt.data.Subset ...  one for each part
function subset.split(dataset, parts, options)
  local o = class.read("split", class.declaration("split", { seed = 0, shuffle = true }),
    options or {})
  dataset = source.of(dataset)
  local n = dataset:size()
  local sizes = sizes_of(parts, n)
  local order = {}
  for i = 1, n do order[i] = i end
  if o.shuffle then philox.stream(o.seed, 0, 0, random.PURPOSE.split):shuffle(order) end
  local made, at = {}, 0
  for k, size in ipairs(sizes) do
    local indices = {}
    for i = 1, size do indices[i] = order[at + i] end
    at = at + size
    made[k] = subset.of(dataset, indices)
  end
  return unpack(made)
end

return subset

-- Which positions make up the batches of an epoch for one process: the sampler's order, shared out
-- over the processes (each takes every world-th), cut into batches. A function of (seed, epoch), so
-- an epoch can be entered at any batch.

local class = require "tnt.class"
local errors = require "tnt.errors"
local sampler = require "tnt.data.sampler"

---@class tnt.data.Plan
local Plan = class.new("Plan", {
  "dataset", batch_size = 1, drop_last = false, shuffle = false, even = true,
  sampler = class.NONE, batch_sampler = class.NONE,
})

function Plan:init(o)
  self.batch_size, self.drop_last, self.even = o.batch_size, o.drop_last, o.even
  self.batch_sampler = o.batch_sampler
  if o.batch_sampler then return end
  self.sampler = o.sampler
  if not self.sampler then
    local own = o.dataset.sampler
    if type(own) == "function" then
      self.sampler = own(o.dataset, { shuffle = o.shuffle })
    elseif o.shuffle then
      self.sampler = sampler.RandomSampler(o.dataset:size())
    else
      self.sampler = sampler.SequentialSampler(o.dataset:size())
    end
  end
end

-- How many of n things one of `world` processes gets.
function Plan:share(n, rank, world)
  if world == 1 then return n end
  if not self.even then return math.floor((n - rank + world - 1) / world) end
  return self.drop_last and math.floor(n / world) or math.ceil(n / world)
end

-- Every world-th of a list; evened out by starting over, or by leaving the rest away.
function Plan:shared(list, rank, world)
  if world == 1 then return list end
  local n, mine = #list, {}
  for i = 1, self:share(n, rank, world) do
    mine[i] = list[((i - 1) * world + rank) % n + 1]
  end
  return mine
end

--- How many batches this process reads in an epoch; nil when the sampler does not tell.
---@param rank integer
---@param world integer
---@return integer|nil
function Plan:size(rank, world)
  if self.batch_sampler then
    local n = sampler.size(self.batch_sampler)
    return n and self:share(n, rank, world)
  end
  local n = sampler.size(self.sampler)
  n = n and self:share(n, rank, world) / self.batch_size
  return n and (self.drop_last and math.floor(n) or math.ceil(n))
end

local function check_list(who, list)
  if type(list) ~= "table" then
    errors.raise("argument", "DataLoader: the %s must give a list, got %s", who, type(list))
  end
  return list
end

--- The batches of an epoch.
---@param epoch integer
---@param seed integer
---@param rank integer
---@param world integer
---@return integer n  how many
---@return fun(number: integer): integer[] ids  the positions of one, from 1
function Plan:open(epoch, seed, rank, world)
  if self.batch_sampler then
    local from = self.batch_sampler
    local all = type(from.batches) == "function" and from:batches(epoch, seed) or from
    local batches = self:shared(check_list("batch sampler", all), rank, world)
    return #batches, function(number) return check_list("batch sampler", batches[number]) end
  end
  local order = check_list("sampler", sampler.order(self.sampler, epoch, seed))
  order = self:shared(order, rank, world)
  local size = self.batch_size
  local n = #order / size
  return self.drop_last and math.floor(n) or math.ceil(n), function(number)
    local ids = {}
    for i = 1, math.min(size, #order - (number - 1) * size) do
      ids[i] = order[(number - 1) * size + i]
    end
    return ids
  end
end

return Plan

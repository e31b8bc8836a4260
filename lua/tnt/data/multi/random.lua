-- Random: the loader of each batch is drawn by weight. The i-th draw of an epoch is a function of
-- (seed, epoch, rank, i), so a checkpoint needs the number of draws and no generator's state.

local class = require "tnt.class"
local errors = require "tnt.errors"
local philox = require "tnt.data.philox"
local random = require "tnt.data.random"

---@class tnt.data.multi.Random
local Random = class.new("Random", { "names", "stop", weights = class.NONE })

local function check_weights(weights, names)
  if type(weights) ~= "table" then
    errors.raise("argument", "MultiDataLoader: weights is a table of loader = weight, got %s",
      type(weights))
  end
  local sum = 0
  for _, name in ipairs(names) do
    local weight = weights[name]
    if weight == nil then
      errors.raise("argument", "MultiDataLoader: weights has none for the loader '%s'; every "
        .. "loader needs one (0: it is never read)", name)
    elseif type(weight) ~= "number" or not (weight >= 0 and weight < math.huge) then
      errors.raise("argument", "MultiDataLoader: a weight is a number of at least 0, weights.%s is "
        .. "%s", name, tostring(weight))
    end
    sum = sum + weight
  end
  if not (sum > 0 and sum < math.huge) then
    errors.raise("argument", "MultiDataLoader: the weights' sum must be above 0 and finite, it is "
      .. "%g", sum)
  end
end

function Random:init(o)
  self.stop, self.names, self.weights = o.stop, {}, {}
  if o.weights ~= nil then check_weights(o.weights, o.names) end
  for _, name in ipairs(o.names) do
    local weight = o.weights and o.weights[name] or not o.weights and 1
    if weight ~= 0 then self.names[#self.names + 1], self.weights[name] = name, weight end
  end
end

-- The loader of the draw after `draws` others; nil when none is left.
local function draw(self, draws, members)
  local left, sums, sum = {}, {}, 0
  for _, name in ipairs(self.names) do
    local is_out = members:is_empty(name)
      or self.stop == "all_exhausted" and members:is_over(name)
    if not is_out then
      sum = sum + self.weights[name]
      left[#left + 1], sums[#sums + 1] = name, sum
    end
  end
  local x = sum * philox.stream(members.seed, members.epoch, members.rank * 2 ^ 32 + draws,
    random.PURPOSE.loader):uniform()
  for i = 1, #left - 1 do
    if x < sums[i] then return left[i] end
  end
  return left[#left] -- sum * uniform may round up to sum itself
end

--- See multi/strategy.lua.
---@param at {draws: integer}
---@param members tnt.data.multi.Members
---@return table<string, any>|nil batch
function Random:next(at, members)
  while true do
    local draws = at.draws or 0
    local name = draw(self, draws, members)
    if not name then return nil end
    local batch = members:take(name)
    if batch == nil and not members:is_empty(name) and self.stop ~= "all_exhausted" then
      local is_end = self.stop == "smallest_exhausted"
        or self.stop == "restart_until_all_exhausted" and members:all_have_ended(self.names)
      if is_end then return nil end
      members:restart(name)
      batch = members:take(name)
    end
    at.draws = draws + 1 -- after an error in a loader the same draw comes again
    if batch ~= nil then return { [name] = batch } end
  end
end

--- See multi/strategy.lua.
---@param at table
---@return table|nil at
---@return string|nil why
function Random:restored(at)
  local draws = at.draws or 0
  if type(draws) == "number" and draws >= 0 and draws % 1 == 0 then return { draws = draws } end
  return nil, "its number of draws is " .. tostring(draws)
end

--- See multi/strategy.lua.
---@param sizes table<string, integer>
---@return integer|nil
function Random:size(sizes)
  if self.stop ~= "all_exhausted" then return nil end
  local n = 0
  for _, name in ipairs(self.names) do n = n + (sizes[name] or 0) end
  return n
end

return Random

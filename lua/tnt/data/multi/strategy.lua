-- Which loader gives the next batch of a MultiDataLoader: the built-in strategies by name, and what
-- an own one has to offer.

local class = require "tnt.class"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local strategy = {}

--- An own strategy is any object with `next`; the rest is optional. One that reads the loaders in
--- pairs:
---
---     local Pairs = {}
---     function Pairs:next(at, members)
---       at.n = (at.n or 0) + 1
---       local name = members.names[math.ceil(at.n / 2) % #members.names + 1]
---       local batch = members:take(name)
---       return batch ~= nil and {[name] = batch} or nil
---     end
---     tnt.data.MultiDataLoader(loaders, Pairs)
---
---@class tnt.data.MultiStrategy
---@field next fun(self, at: table, members: tnt.data.multi.Members): table<string, any>|nil  the
---next batch, {name = batch}, or nil at the end of the epoch. `at` is empty when an epoch begins,
---the strategy's to fill with plain data, and goes into checkpoints; where the loaders stand is
---kept elsewhere
---@field restored nil|fun(self, at: table): table|nil, string|nil  the `at` of a checkpoint as it
---is to be used here, or nil and why it does not fit
---@field size nil|fun(self, sizes: table<string, integer>): integer|nil  batches in an epoch of
---loaders with these sizes
---@field name string|nil  in checkpoints; default "own"

local ALL, SMALLEST = "all_exhausted", "smallest_exhausted"
local RESTART, WRAP = "restart_until_all_exhausted", "wrap_around"

-- Name -> module, the stopping rules it has (the first is the default), the options it takes.
local BUILT_IN = {
  round_robin = {
    "tnt.data.multi.round_robin", stops = { ALL, SMALLEST }, takes = { order = true },
  },
  all_batches = { "tnt.data.multi.all_batches", stops = { ALL, SMALLEST, RESTART }, takes = {} },
  random = {
    "tnt.data.multi.random", stops = { ALL, SMALLEST, RESTART, WRAP }, takes = { weights = true },
  },
  in_order = { "tnt.data.multi.in_order", stops = { ALL }, takes = { order = true } },
}

-- TorchTNT's names.
local RENAMED = {
  RoundRobin = "round_robin", AllDatasetBatches = "all_batches", RandomizedBatchSampler = "random",
  InOrder = "in_order", ALL_DATASETS_EXHAUSTED = ALL, SMALLEST_DATASET_EXHAUSTED = SMALLEST,
  RESTART_UNTIL_ALL_DATASETS_EXHAUSTED = RESTART, WRAP_AROUND_UNTIL_KILLED = WRAP,
}

local function unknown(what, name, list)
  if RENAMED[name] then
    errors.raise("argument", "MultiDataLoader: %s '%s' is called '%s' here", what, name,
      RENAMED[name])
  end
  errors.unknown("MultiDataLoader", what, name, list)
end

local function read_stop(name, given)
  local stops = BUILT_IN[name].stops
  if given == nil then return stops[1] end
  for _, stop in ipairs(stops) do
    if stop == given then return stop end
  end
  local others = {}
  for other, row in sorted(BUILT_IN) do
    for _, stop in ipairs(row.stops) do
      if stop == given then others[#others + 1] = "'" .. other .. "'" end
    end
  end
  if #others == 0 then unknown("stopping_mechanism", given, BUILT_IN.random.stops) end
  errors.raise("argument", "MultiDataLoader: stopping_mechanism = '%s' is for %s; '%s' has %s",
    given, table.concat(others, " and "), name, "'" .. table.concat(stops, "', '") .. "'")
end

local function read_order(given, names)
  if given == nil then return names end
  if type(given) ~= "table" or #given == 0 then
    errors.raise("argument", "MultiDataLoader: iteration_order is a list of loaders' names, got %s",
      type(given) == "table" and "an empty table" or type(given))
  end
  local is_known, order = {}, {}
  for _, name in ipairs(names) do is_known[name] = true end
  for place, name in ipairs(given) do
    if not is_known[name] then
      errors.unknown("MultiDataLoader", ("name in iteration_order[%d]"):format(place), name, names)
    end
    order[place] = name
  end
  return order
end

-- The option, what takes it, and how the message calls what was given.
local function check_options(name, takes, o)
  local function check(option, key, for_whom)
    if o[option] ~= nil and not takes[key] then
      errors.raise("argument", "MultiDataLoader: %s is for %s, and the strategy is %s", option,
        for_whom, name)
    end
  end
  check("iteration_order", "order", "'round_robin' and 'in_order'")
  check("weights", "weights", "'random'")
end

--- The strategy that the options of a MultiDataLoader ask for.
--- Errors: argument, for one that is none, and for options that are not for it.
---@param o table         the options of MultiDataLoader
---@param names string[]  of the loaders, sorted
---@return tnt.data.MultiStrategy
---@return string name
function strategy.of(o, names)
  local given = o.iteration_strategy
  if type(given) == "table" and not class.is_class(given) and type(given.next) == "function" then
    check_options("an own one", {}, o)
    if o.stopping_mechanism ~= nil then
      errors.raise("argument", "MultiDataLoader: stopping_mechanism is for the built-in "
        .. "strategies; an own one ends the epoch when its next returns nil")
    end
    return given, given.name or "own"
  elseif type(given) ~= "string" then
    errors.raise("argument", "MultiDataLoader: iteration_strategy is %s or an object with "
      .. "next(at, members), got %s", "'" .. table.concat(sorted.keys(BUILT_IN), "', '") .. "'",
      class.is_class(given) and "the class " .. tostring(given) or type(given))
  end
  local row = BUILT_IN[given]
  if not row then unknown("iteration_strategy", given, sorted.keys(BUILT_IN)) end
  check_options(("'%s'"):format(given), row.takes, o)
  local Strategy, options = require(row[1]), { stop = read_stop(given, o.stopping_mechanism) }
  if row.takes.order then options.order = read_order(o.iteration_order, names) end
  if row.takes.weights then options.names, options.weights = names, o.weights end
  if given == "in_order" then options.stop = nil end
  return Strategy(options), given
end

return strategy

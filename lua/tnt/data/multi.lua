-- MultiDataLoader: several loaders with names read as one. Its batches are {name = batch}; a
-- strategy (multi/strategy.lua) decides which loader gives the next one. It resumes at the next
-- unread batch, as exactly as its loaders do.

local class = require "tnt.class"
local errors = require "tnt.errors"
local Cursor = require "tnt.data.cursor"
local Members = require "tnt.data.multi.members"
local message = require "tnt.loop.message"
local nest = require "tnt.loop.nest"
local random = require "tnt.data.random"
local sorted = require "tnt.sorted"
local strategy = require "tnt.data.multi.strategy"

---@class tnt.data.MultiDataLoaderOptions
---@field stopping_mechanism string|nil  when an epoch ends: "all_exhausted" (default: loaders that
---ended are passed over), "smallest_exhausted" (with the first that ends),
---"restart_until_all_exhausted" (those that ended are read again; not for round_robin), or
---"wrap_around" (never; only for random). in_order has only the first
---@field iteration_order string[]|nil  for round_robin and in_order (default: sorted names); a name
---may come several times, and a loader that is left out is not read
---@field weights table<string, number>|nil  for random: loader -> weight (default: all alike)
---@field seed integer|nil  of the draws (default: tnt.seed's)
---@field enforce_same_loader_across_ranks boolean|nil  for random: all processes draw alike
---(default true), so that none of them has batches left when another ends
---@field rank integer|nil  this process's number from 0, for draws of its own (default: tnt.dist's)
---@field ignore_empty_data boolean|nil  a loader without data is left out with a warning; else
---(default) it is an error when it is first read

--- Made of a table of loaders by name and a strategy: "round_robin" (a batch of each in turn),
--- "all_batches" (each batch has one of every loader), "random" (drawn by weight), "in_order" (one
--- loader after the other), or an own one (tnt.data.MultiStrategy).
---
---     tnt.data.MultiDataLoader({web = a, books = b}, "random", {weights = {web = 3, books = 1}})
---
--- A loader is what the loops take: an object with iterate(), a function that returns an iterator,
--- or a list of batches. Nothing is read before the first batch is asked for. In epoch e a loader
--- gets set_epoch(e); where it is read a second time in an epoch, set_epoch(e + 2^20), and so on.
--- Errors: argument, for what is no loader or strategy, and for options that do not go together.
---@class tnt.data.MultiDataLoader
local MultiDataLoader = class.new("MultiDataLoader", {
  "individual_dataloaders", "iteration_strategy",
  stopping_mechanism = class.NONE, iteration_order = class.NONE, weights = class.NONE,
  seed = class.NONE, enforce_same_loader_across_ranks = true, rank = class.NONE,
  ignore_empty_data = false,
})

local function whole(name, value)
  if type(value) ~= "number" or value < 0 or value % 1 ~= 0 or value > 2 ^ 53 then
    errors.raise("argument", "MultiDataLoader: %s is a whole number from 0, got %s", name,
      tostring(value))
  end
  return value
end

local function check_loaders(loaders)
  if type(loaders) ~= "table" or getmetatable(loaders) ~= nil or next(loaders) == nil then
    errors.raise("argument", "MultiDataLoader: expected a table of loaders by name, {a = loader, "
      .. "b = loader}, got %s", type(loaders) == "table" and (getmetatable(loaders) ~= nil
      and "one object" or "an empty one") or type(loaders))
  end
  for name, loader in sorted(loaders) do
    if type(name) ~= "string" then
      errors.raise("argument", "MultiDataLoader: loaders have names, {a = loader, b = loader}; "
        .. "found the key %s", tostring(name))
    elseif not Cursor.is_loader(loader) then
      Cursor(("MultiDataLoader: loader '%s'"):format(name), loader) -- says what it is
    end
  end
end

function MultiDataLoader:init(o)
  check_loaders(o.individual_dataloaders)
  self.loaders, self.names = o.individual_dataloaders, sorted.keys(o.individual_dataloaders)
  for _, option in ipairs { "enforce_same_loader_across_ranks", "ignore_empty_data" } do
    if type(o[option]) ~= "boolean" then
      errors.raise("argument", "MultiDataLoader: %s is true or false, got %s", option,
        tostring(o[option]))
    end
  end
  self.strategy, self.strategy_name = strategy.of(o, self.names)
  self.seed = o.seed ~= nil and whole("seed", o.seed) or random.seed()
  self.rank = o.rank ~= nil and whole("rank", o.rank) or nil
  self.is_alike, self.ignores_empty = o.enforce_same_loader_across_ranks, o.ignore_empty_data
  self.next_epoch = 0
end

local function new_members(self, epoch)
  local rank = self.is_alike and 0 or self.rank or require("tnt.dist").rank()
  return Members {
    loaders = self.loaders, names = self.names, epoch = epoch, seed = self.seed,
    rank = rank, ignore_empty_data = self.ignores_empty,
    former = self.former,
  }
end

--- How many batches an epoch has; nil when that is not known before reading.
---@return integer|nil
function MultiDataLoader:size()
  if type(self.strategy.size) ~= "function" then return nil end
  local sizes = {}
  for name, loader in sorted(self.loaders) do
    local n = Cursor(name, loader):known_size()
    if n == nil then return nil end
    if n > 0 or not self.ignores_empty then sizes[name] = n end
  end
  return self.strategy:size(sizes)
end

-- What was being read is over; it may hold batches that a source which goes on has given already.
local function leave(self)
  if self.reading then self.former, self.reading = self.reading.members, nil end
end

--- Says which epoch the next `iterate()` reads; without it, each reads the one after the last.
---@param epoch integer  epochs completed, from 0
function MultiDataLoader:set_epoch(epoch)
  whole("epoch", epoch)
  leave(self)
  self.next_epoch = epoch
  if self.resume and self.resume.epoch ~= epoch then
    self.resume = nil
    for _, loader in sorted(self.loaders) do -- they have positions of that other epoch already
      if type(loader) == "table" and type(loader.set_epoch) == "function" then
        loader:set_epoch(epoch)
      end
    end
  end
end

-- The next batch; one whose making was broken off leaves nothing behind that a scope releases.
local function read(self, reading)
  local ok, batch = pcall(self.strategy.next, self.strategy, reading.at, reading.members)
  if not ok or batch == nil then reading.members:keep_held() end
  if not ok then error(batch, 0) end
  if batch ~= nil and (type(batch) ~= "table" or next(batch) == nil) then
    errors.raise("argument", "MultiDataLoader: the strategy's next must return {name = batch}, or "
      .. "nil at the end, got %s", type(batch) == "table" and "an empty table" or type(batch))
  end
  return batch
end

--- Begins an epoch: returns a function that gives its next batch, {name = batch, ...}, and nil
--- after the last. The epoch is that of `set_epoch` or `load_state_dict`, else the one after the
--- last begun.
--- Errors: what a loader raises; argument, when one has no data.
---@return fun(): table<string, any>|nil
function MultiDataLoader:iterate()
  leave(self)
  local resume = self.resume
  local epoch = resume and resume.epoch or self.next_epoch
  local members = new_members(self, epoch)
  self.resume, self.former, self.next_epoch = nil, nil, epoch + 1
  local reading = { epoch = epoch, at = {}, members = members, ended = false }
  if resume then
    reading.at = resume.at and nest.copy(resume.at) or {}
    members:resume_at(resume.members)
  end
  self.reading = reading
  return function()
    if reading.ended then return nil end
    local batch = read(self, reading)
    reading.ended = batch == nil
    return batch
  end
end

--- Where the loader stands: plain data. The position is that of the last batch handed out.
---@return table
function MultiDataLoader:state_dict()
  local state = { strategy = self.strategy_name, seed = self.seed, epoch = self.next_epoch }
  local at = self.reading
  if at and not at.ended then
    state.epoch, state.iterator_state = at.epoch, nest.copy(at.at)
    state.members = at.members:positions(false)
  elseif self.resume then
    state.epoch, state.members = self.resume.epoch, nest.copy(self.resume.members)
    state.iterator_state = self.resume.at and nest.copy(self.resume.at)
  else
    local members = at and at.members or new_members(self, self.next_epoch)
    state.members = members:positions(true)
  end
  return state
end

local function is_count(value, least)
  return type(value) == "number" and value >= least and value % 1 == 0 and value <= 2 ^ 53
end

local function check_state(state)
  local is_right = type(state) == "table" and is_count(state.epoch, 0) and is_count(state.seed, 0)
    and type(state.members) == "table" and type(state.iterator_state or {}) == "table"
  for _, position in sorted(is_right and state.members or {}) do
    is_right = is_right and type(position) == "table" and is_count(position.pass, 1)
      and is_count(position.delivered, 0)
  end
  if not is_right then
    errors.raise("format", "MultiDataLoader: load_state_dict expected what state_dict returned, "
      .. "with epoch, seed, members = {name = {pass = ..., delivered = ...}}, got %s",
      type(state) == "table" and "a table without them" or type(state))
  end
end

-- The strategy's part of a state; nil, with a warning, when it is none of this strategy's.
local function restored(self, state)
  local at, why = nest.copy(state.iterator_state), nil
  if state.strategy ~= self.strategy_name then
    at, why = nil, ("it is of the strategy '%s', this one is '%s'"):format(
      tostring(state.strategy), self.strategy_name)
  elseif type(self.strategy.restored) == "function" then
    at, why = self.strategy:restored(at)
  end
  if at == nil then
    message.warn("MultiDataLoader: the strategy's state is ignored, it begins anew: %s", why)
  end
  return at
end

--- Makes the next `iterate()` begin at the next unread batch of a `state_dict`; the one after that
--- is of the next epoch. What does not fit these loaders or this strategy is left out with a
--- warning: each loader goes on where it stood.
--- Errors: format, when it is no such table; what a loader raises that cannot take its state.
---@param state table
function MultiDataLoader:load_state_dict(state)
  check_state(state)
  local positions = {}
  for name, position in sorted(state.members) do
    if self.loaders[name] ~= nil then
      positions[name] = nest.copy(position)
    else
      message.warn("MultiDataLoader: the state has a loader '%s' that is not here; its part is "
        .. "ignored", tostring(name))
    end
  end
  for _, name in ipairs(self.names) do
    if not positions[name] then
      message.warn("MultiDataLoader: the state has no loader '%s'; it begins at its start", name)
    end
  end
  self.seed, self.reading, self.former = state.seed, nil, nil
  self.resume = {
    epoch = state.epoch, members = positions,
    at = state.iterator_state and restored(self, state) or nil,
  }
  new_members(self, state.epoch):load_carried(positions)
end

--- Ends what the loaders have running, such as worker threads.
function MultiDataLoader:close()
  for _, loader in sorted(self.loaders) do
    if type(loader) == "table" and type(loader.close) == "function" then loader:close() end
  end
end

return MultiDataLoader

-- Data for tests: random samples {x = [dim], y = 0 or 1} with and without positions, and a loader
-- that keeps accounts.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local tnt = require "tnt"

local loaders = {}

--- A data set of n samples, drawn now from tnt's random stream.
--- Errors: argument.
---@param n integer
---@param dim integer
---@return tnt.data.Tensors
function loaders.random_dataset(n, dim)
  check.count("random_dataset", "n", n, 1)
  check.count("random_dataset", "dim", dim, 1)
  return tnt.data.tensors { x = tnt.randn(n, dim), y = tnt.randint(0, 2, { n }) }
end

--- The same in batches, in order: it has a size, epochs and a state.
--- Errors: argument.
---@param n integer
---@param dim integer
---@param batch_size integer
---@return tnt.data.DataLoader
function loaders.random_loader(n, dim, batch_size)
  return tnt.data.DataLoader(loaders.random_dataset(n, dim), { batch_size = batch_size })
end

--- Batches of samples that are drawn when they are read: no size is known, and every epoch has
--- others.
--- Errors: argument.
---@param n integer  samples in an epoch
---@param dim integer
---@param batch_size integer
---@return tnt.data.DataLoader
function loaders.random_iterable_loader(n, dim, batch_size)
  check.count("random_iterable_loader", "n", n, 0)
  check.count("random_iterable_loader", "dim", dim, 1)
  local stream = {}
  function stream.iterate()
    local left = n
    return function()
      if left == 0 then return nil end
      left = left - 1
      return { x = tnt.randn(dim), y = tnt.randint(0, 2, {}) }
    end
  end
  return tnt.data.DataLoader(stream, { batch_size = batch_size })
end

--- Gives the numbers 1 to n in every epoch, resumes at any of them, and counts what was asked of
--- it.
---@class tnt.testing.CountingLoader
---@field iterated integer  calls of iterate
---@field saved integer     calls of state_dict
---@field loaded integer    calls of load_state_dict
---@field epochs integer[]  what set_epoch was told
---@overload fun(n: integer): tnt.testing.CountingLoader
local CountingLoader = class.new("CountingLoader", { "n" })
loaders.CountingLoader = CountingLoader

--- Errors: argument.
---@param o {n: integer}
function CountingLoader:init(o)
  check.count("CountingLoader", "n", o.n, 0)
  self.n, self.at = o.n, 0
  self.iterated, self.saved, self.loaded, self.epochs = 0, 0, 0, {}
end

--- How many batches an epoch has.
---@return integer
function CountingLoader:size() return self.n end

--- An epoch, or what a state left of one.
---@return fun(): integer|nil
function CountingLoader:iterate()
  self.iterated = self.iterated + 1
  self.at, self.resume = self.resume or 0, nil
  return function()
    if self.at >= self.n then return nil end
    self.at = self.at + 1
    return self.at
  end
end

--- Notes it; every epoch is the same.
---@param epoch integer
function CountingLoader:set_epoch(epoch) self.epochs[#self.epochs + 1] = epoch end

---@return {at: integer}
function CountingLoader:state_dict()
  self.saved = self.saved + 1
  return { at = self.at }
end

--- Errors: format.
---@param state {at: integer}
function CountingLoader:load_state_dict(state)
  if type(state) ~= "table" or type(state.at) ~= "number" then
    errors.raise("format", "CountingLoader: load_state_dict expected {at = ...}")
  end
  self.loaded, self.resume = self.loaded + 1, state.at
end

return loaders

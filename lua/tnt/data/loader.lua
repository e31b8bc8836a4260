-- DataLoader: a data set in batches. An epoch is a function of (seed, epoch, position), so a loader
-- resumes at any batch, and with workers gives the same batches in the same order as without.

local class = require "tnt.class"
local errors = require "tnt.errors"
local Fetcher = require "tnt.data.fetch"
local nest = require "tnt.loop.nest"
local pinned_or_not = require "tnt.data.pinned"
local Plan = require "tnt.data.plan"
local random = require "tnt.data.random"
local sorted = require "tnt.sorted"
local source = require "tnt.data.source"

---@class tnt.data.DataLoaderOptions
---@field batch_size integer|nil   samples in a batch of this process (default 1)
---@field shuffle boolean|nil      a new random order every epoch (default false)
---@field num_workers integer|nil  threads that read ahead; 0 (default) reads in this one
---@field prefetch integer|nil     batches under way for each worker (default 2)
---@field drop_last boolean|nil    leave out a last batch that is not full (default false)
---@field seed integer|nil         of orders and augmentations (default: tnt.seed's)
---@field dtypes table|string|nil  field -> dtype, "a.b" for nested ones; a string where a sample is
---one number
---@field sampler table|nil        a list of positions, or an object with order(epoch, seed)
---@field batch_sampler table|nil  a list of lists of positions, or an object with
---batches(epoch, seed)
---@field collate function|string|nil  makes the batch of a list of samples; runs in this thread, or
---in the workers when it is the name of a module that returns the function
---@field rank integer|nil         this process's part of the data, from 0 (default: tnt.dist's)
---@field world integer|nil        in how many parts (default: tnt.dist's)
---@field pin_memory boolean|nil   batches come in memory that cards read directly (default false);
---what moves them with tnt.data.to_device, as AutoUnit does, needs no copy then
---@field even boolean|nil         every process gets equally many batches: by samples read twice,
---or with drop_last by leaving some out (default true)

--- Made of a data set (tnt.data.Dataset, a plain list of samples, or {"my.dataset", root = ...}: a
--- module that returns a class or function which makes one) and options.
---
--- Worker threads have Lua states of their own. A built-in data set travels to them; so does an
--- object of a class from a file that `require` finds, with fields that are data. Its tensors are
--- not copied: nobody may write to them. They get it as it is when the first batch is asked for;
--- after `close` they get it anew.
--- Errors: argument, for what is no data set and for options that do not go together.
---@class tnt.data.DataLoader
local DataLoader = class.new("DataLoader", {
  "dataset",
  batch_size = class.NONE, shuffle = false, num_workers = 0, prefetch = 2, drop_last = false,
  seed = class.NONE, dtypes = class.NONE, sampler = class.NONE, batch_sampler = class.NONE,
  collate = class.NONE, rank = class.NONE, world = class.NONE, even = true,
  pin_memory = false,
})

-- The core has 255 contexts, one for each thread that runs Lua.
local MAX_WORKERS = 64

local DTYPES = { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" }

local function whole(o, name, least, default)
  local value = o[name]
  if value == nil then return default end
  if type(value) ~= "number" or value < least or value % 1 ~= 0 or value > 2 ^ 53 then
    errors.raise("argument", "DataLoader: %s is a whole number from %d, got %s", name, least,
      tostring(value))
  end
  return value
end

local function flag(o, name)
  if type(o[name]) ~= "boolean" then
    errors.raise("argument", "DataLoader: %s is true or false, got %s", name, tostring(o[name]))
  end
  return o[name]
end

local function read_dtypes(given)
  if given == nil then return {} end
  if type(given) == "string" then given = { [""] = given } end
  if type(given) ~= "table" then
    errors.raise("argument", "DataLoader: dtypes is a table of field = dtype, got %s", type(given))
  end
  local dtypes = {}
  for path, dtype in sorted(given) do
    local known = false
    for _, name in ipairs(DTYPES) do known = known or name == dtype end
    if not known then
      errors.unknown("DataLoader", ("dtype of field '%s'"):format(path), dtype, DTYPES)
    end
    dtypes[tostring(path)] = dtype
  end
  return dtypes
end

local function forbid(o, name, because, ...)
  for _, other in ipairs { ... } do
    local value = o[other]
    if value ~= nil and value ~= false then
      errors.raise("argument", "DataLoader: %s and %s do not go together: %s", name, other, because)
    end
  end
end

local function check_together(o, is_stream)
  if o.sampler then forbid(o, "sampler", "the sampler decides the order", "shuffle") end
  if o.batch_sampler then
    forbid(o, "batch_sampler", "it decides what is in a batch", "shuffle", "sampler", "batch_size",
      "drop_last")
  end
  if is_stream then
    local first = o.batch_sampler and "batch_sampler" or o.sampler and "sampler"
      or o.shuffle and "shuffle"
    if first then
      errors.raise("argument", "DataLoader: this data set has only iterate(), so it is read in its "
        .. "own order and %s cannot be given; shuffle inside it, or give it get(i) and size()",
        first)
    end
  end
end

function DataLoader:init(o)
  local dataset = source.of(o.dataset)
  self.dataset, self.given = dataset, o.dataset
  self.is_stream = source.is_stream(dataset)
  flag(o, "shuffle")
  flag(o, "drop_last")
  flag(o, "even")
  self.pin_memory = flag(o, "pin_memory")
  if o.pin_memory then
    local available, why = require("tnt.cuda").is_available()
    if not available then
      errors.raise("device", "DataLoader: pin_memory is for a card, and there is none: %s; give "
        .. "pin_memory = tnt.cuda.is_available()", tostring(why))
    end
  end
  check_together(o, self.is_stream)
  self.batch_size = whole(o, "batch_size", 1, 1)
  self.num_workers, self.prefetch = whole(o, "num_workers", 0), whole(o, "prefetch", 1)
  if self.num_workers > MAX_WORKERS then
    errors.raise("argument", "DataLoader: num_workers is at most %d, got %d; a few more than there "
      .. "are processor cores is plenty", MAX_WORKERS, self.num_workers)
  end
  self.rank, self.world = whole(o, "rank", 0), whole(o, "world", 1)
  if (self.rank or 0) >= (self.world or math.huge) then
    errors.raise("argument", "DataLoader: rank counts from 0, so with world = %d it is at most %d, "
      .. "got %d", self.world, self.world - 1, self.rank)
  end
  self.seed = whole(o, "seed", 0) or random.seed()
  self.dtypes, self.drop_last = read_dtypes(o.dtypes), o.drop_last
  if o.collate ~= nil and type(o.collate) ~= "function" and type(o.collate) ~= "string" then
    errors.raise("argument", "DataLoader: collate is a function that makes a batch of a list of "
      .. "samples, or the name of a module that returns one, got %s", type(o.collate))
  end
  self.collate = o.collate
  if not self.is_stream then
    self.plan = Plan(dataset, {
      batch_size = self.batch_size, drop_last = o.drop_last, shuffle = o.shuffle, even = o.even,
      sampler = o.sampler, batch_sampler = o.batch_sampler,
    })
  end
  self.next_epoch, self.names = 0, 0
end

-- This process's part. Asked late: the processes meet in the first loop, never in a constructor.
local function shard(self)
  local rank, world = self.rank, self.world
  if not world then
    local dist = require "tnt.dist"
    rank, world = rank or dist.rank(), dist.size()
  end
  return rank or 0, world
end

--- How many batches an epoch has; nil when that is not known before reading.
---@return integer|nil
function DataLoader:size()
  local rank, world = shard(self)
  if self.plan then return self.plan:size(rank, world) end
  if type(self.dataset.size) ~= "function" then return nil end
  local n = self.dataset:size()
  n = n and math.floor((n - rank + world - 1) / world) / self.batch_size
  return n and (self.drop_last and math.floor(n) or math.ceil(n))
end

--- Says which epoch the next `iterate()` reads; without it, each reads the one after the last.
---@param epoch integer  epochs completed, from 0
function DataLoader:set_epoch(epoch)
  whole({ epoch = epoch }, "epoch", 0)
  self.next_epoch, self.position = epoch, nil
  if self.resume and self.resume.epoch ~= epoch then self.resume = nil end
end

local function own_fetcher(self)
  if not self.fetcher then
    self.fetcher = Fetcher(self.dataset, { dtypes = self.dtypes, collate = self.collate })
  end
  return self.fetcher
end

-- Threads stay for the epochs that follow.
local function own_pool(self)
  if not (self.pool and self.pool.is_open) then
    local collate = self.collate
    if type(collate) == "function" then collate = false end
    self.pool = require "tnt.data.pool" (self.is_stream and 1 or self.num_workers,
      { dataset = self.given, dtypes = self.dtypes, collate = collate })
  end
  return self.pool
end

-- What has to be read for a batch: `ids`, or the next of a stream.
local function jobs(self, epoch)
  local rank, world = shard(self)
  local seed = self.seed
  if self.plan then
    local n, ids = self.plan:open(epoch, seed, rank, world)
    return n, function(number)
      return { seed = seed, epoch = epoch, number = number, ids = ids(number) }
    end
  end
  self.names = self.names + 1
  local name = self.names
  local order = { seed = seed, epoch = epoch, batch_size = self.batch_size,
    drop_last = self.drop_last, rank = rank, world = world }
  return math.huge, function(number) return { stream = name, order = order, number = number } end
end

-- A function that gives batch `number`, asked for one after the other, read in this thread.
local function reader_here(loader, job_of)
  local fetcher = own_fetcher(loader)
  return function(number)
    local job = job_of(number)
    if job.ids then return fetcher:batch(job.seed, job.epoch, number, job.ids) end
    return fetcher:following(job.stream, job.order, number)
  end
end

-- The same, read ahead in workers. Tickets of an abandoned epoch are cancelled when the function is
-- collected.
local function reader_ahead(loader, job_of, epoch, first, n)
  local pool = own_pool(loader)
  local ahead = (loader.is_stream and 1 or loader.num_workers) * loader.prefetch
  local tickets, asked = {}, first - 1
  local guard = newproxy(true)
  local function cancel()
    for number, ticket in pairs(tickets) do -- order: free
      pool:cancel(ticket)
      tickets[number] = nil
    end
  end
  getmetatable(guard).__gc = cancel
  return function(number)
    if not pool.is_open then
      pool, tickets, asked = own_pool(loader), {}, number - 1
    end
    while asked < math.min(n, number - 1 + ahead) do
      asked = asked + 1
      tickets[asked] = pool:submit(job_of(asked))
    end
    local ticket = tickets[number]
    tickets[number] = nil
    local ok, batch = pcall(pool.receive, pool, ticket, "batch " .. number)
    if not ok then
      cancel(guard) -- named, so that it lives as long as this function
      asked = number - 1 -- who asks again gets the same batch
      error(batch, 0)
    end
    if batch ~= nil and type(loader.collate) == "function" then
      batch = random.aside(Fetcher.collated, loader.collate, batch, loader.seed, epoch, number)
    end
    return batch
  end
end

-- The same batch in pinned memory: workers' parcels lie in memory of their own.
local function pinned(batch)
  local seen = {}
  return nest.map(batch, function(t)
    if t.device ~= "cpu" then return t end
    seen[t] = seen[t] or pinned_or_not(t)
    return seen[t]
  end)
end

--- Begins an epoch: returns a function that gives its next batch, and nil after the last. The epoch
--- is that of `set_epoch` or `load_state_dict`, else the one after the last begun.
--- Errors: of the data set; shape, dtype or argument, when samples make no batch.
---@return fun(): any
function DataLoader:iterate()
  local resume = self.resume
  local epoch = resume and resume.epoch or self.next_epoch
  local done = resume and resume.batches or 0
  self.resume, self.next_epoch = nil, epoch + 1
  local position = { epoch = epoch, batches = done, ended = false }
  self.position = position
  local n, job_of = jobs(self, epoch)
  local read = self.num_workers > 0 and reader_ahead(self, job_of, epoch, done + 1, n)
    or reader_here(self, job_of)
  return function()
    local batch
    if not position.ended and position.batches < n then batch = read(position.batches + 1) end
    if batch == nil then
      position.ended = true
      read = nil
      return nil
    end
    position.batches = position.batches + 1
    return self.pin_memory and pinned(batch) or batch
  end
end

--- Where the loader stands: plain data. The position is that of the last batch handed out.
---@return table
function DataLoader:state_dict()
  local _, world = shard(self)
  local state = { seed = self.seed, world = world, epoch = self.next_epoch, batches = 0 }
  local at = self.resume or self.position
  if at and not at.ended then state.epoch, state.batches = at.epoch, at.batches end
  if not (self.plan and self.plan.batch_sampler) then state.batch_size = self.batch_size end
  return state
end

--- Makes the next `iterate()` begin at the next unread batch of a `state_dict`.
--- Errors: format, when it is no such table; state, when the loader cuts its data in another way.
---@param state table
function DataLoader:load_state_dict(state)
  local function number(name, least)
    local value = type(state) == "table" and state[name]
    if type(value) ~= "number" or value < least or value % 1 ~= 0 then
      errors.raise("format", "DataLoader: load_state_dict expected what state_dict returned, with "
        .. "%s a whole number from %d, got %s", name, least, tostring(value))
    end
    return value
  end
  local epoch, batches, seed = number("epoch", 0), number("batches", 0), number("seed", 0)
  local _, world = shard(self)
  local own = not (self.plan and self.plan.batch_sampler) and self.batch_size or nil
  if batches > 0 and (state.batch_size ~= own or number("world", 1) ~= world) then
    -- Each process has read the same number of samples, in turn.
    local read = batches * (state.batch_size or 0) * number("world", 1)
    if not own or not state.batch_size or read % (own * world) ~= 0 then
      errors.raise("state", "DataLoader: the state is in the middle of an epoch, %d batches of %s "
        .. "in %d processes; this loader reads %s in %d, which gives no whole number of batches",
        batches, tostring(state.batch_size or "a batch sampler"), state.world,
        tostring(own or "a batch sampler"), world)
    end
    batches = read / (own * world)
  end
  self.seed = seed
  self.resume = { epoch = epoch, batches = batches }
end

--- Ends the worker threads, if there are any; a later `iterate` starts new ones.
function DataLoader:close()
  if self.pool then self.pool:close() end
  self.pool = nil
end

return DataLoader

-- DevicePrefetcher: a loader whose next batches are fetched and on the device before they are asked
-- for. Its position is always that of the last batch handed out, whatever was fetched ahead.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local scope = require "tnt.scope"
local to_device = require "tnt.data.device"

---@class tnt.data.DevicePrefetcherOptions
---@field num_prefetch_batches integer|nil  batches ahead of the one handed out; default 1

--- Made of a loader (what the loops take) and a device's name:
---
---     local loader = tnt.data.DevicePrefetcher(inner, "cuda", {num_prefetch_batches = 2})
---
--- It resumes as the loader inside does. On a card the batches ahead are copied beside its work. On
--- the CPU they are fetched ahead and stay as they are.
--- Errors: argument, for what is no loader, no device or no number from 1 on; device, for a device
--- that is missing.
---@class tnt.data.DevicePrefetcher
---@overload fun(loader: any, device: string, options: table|nil): tnt.data.DevicePrefetcher
local Prefetcher = class.new("DevicePrefetcher", {
  "loader", "device", num_prefetch_batches = 1,
})

local function has(object, method)
  return type(object) == "table" and type(object[method]) == "function"
end

function Prefetcher:init(o)
  local Cursor = require "tnt.data.cursor"
  check.count("DevicePrefetcher", "num_prefetch_batches", o.num_prefetch_batches, 1)
  self.cursor = Cursor("DevicePrefetcher", o.loader)
  to_device({}, o.device)
  if o.device ~= "cpu" then
    local tensor = require "tnt.tensor"
    tensor.make.zeros(0, { device = o.device }) -- says what is missing
  end
  self.loader, self.device, self.depth = o.loader, o.device, o.num_prefetch_batches
  self.queue = {} -- fetched and not handed out: {batch, kept, state}
  local loader = o.loader
  self.continues = type(loader) == "table" and loader.continues or nil
  -- The loops ask for these functions: there are those that the loader inside has.
  if has(loader, "set_epoch") then self.set_epoch = Prefetcher.to_epoch end
  if self.cursor.is_stateful then
    self.state_dict, self.load_state_dict = Prefetcher.save_position, Prefetcher.load_position
  end
end

--- How many batches an epoch has; nil when that is not known before reading.
---@return integer|nil
function Prefetcher:size() return self.cursor:known_size() end

-- Forgets what was fetched ahead.
local function drop(self)
  for _, entry in ipairs(self.queue) do scope.adopt(entry.kept) end
  self.queue, self.position = {}, nil
end

--- `set_epoch`, where the loader inside has it: what was fetched ahead is forgotten.
---@param epoch integer
function Prefetcher:to_epoch(epoch)
  if not self.continues then drop(self) end
  self.loader:set_epoch(epoch)
end

local function read(self, raw)
  local batch = raw()
  if batch == nil then return nil end
  return to_device(batch, self.device)
end

-- Fetches one batch more. The end of the data is an entry without a batch; so is an error, which is
-- raised when its batch is asked for and not before.
local function fetch(self, raw)
  local ok, batch = pcall(read, self, raw)
  local entry = { kept = {} }
  if ok then
    entry.batch, entry.kept = batch, scope.hold(batch)
  else
    entry.failure = batch
  end
  if self.cursor.is_stateful then entry.state = self.loader:state_dict() end
  self.queue[#self.queue + 1] = entry
  return entry
end

local function fill(self, raw)
  local last = self.queue[#self.queue]
  while #self.queue <= self.depth and not (last and last.batch == nil) do
    last = fetch(self, raw)
  end
end

--- Begins an epoch: returns a function that gives its next batch, on the device, and nil after the
--- last.
--- Errors: what the loader inside raises.
---@return fun(): any
function Prefetcher:iterate()
  local raw = self.cursor:raw_iterator()
  -- What is read on where it stopped still has what was fetched ahead.
  local goes_on = self.continues or rawequal(raw, self.raw)
  local first = self.queue[1]
  if not goes_on or first and first.batch == nil then drop(self) end
  self.raw = raw
  if self.cursor.is_stateful and not self.position then self.position = self.loader:state_dict() end
  return function()
    if self.raw ~= raw then
      errors.raise("state", "DevicePrefetcher: a newer iterate() reads this loader; take its "
        .. "batches")
    end
    fill(self, raw)
    local entry = self.queue[1]
    if entry.batch ~= nil or entry.failure ~= nil then table.remove(self.queue, 1) end
    if entry.failure ~= nil then error(entry.failure, 0) end
    scope.adopt(entry.kept)
    self.position = entry.state
    return entry.batch
  end
end

--- Where the loader inside would stand without anything fetched ahead.
---@return table
function Prefetcher:save_position() return self.position or self.loader:state_dict() end

--- Makes the next `iterate()` begin at the next unread batch of a `state_dict`.
---@param state table
function Prefetcher:load_position(state)
  drop(self)
  self.loader:load_state_dict(state)
end

--- Ends what the loader inside has running.
function Prefetcher:close()
  drop(self)
  if has(self.loader, "close") then self.loader:close() end
end

return Prefetcher

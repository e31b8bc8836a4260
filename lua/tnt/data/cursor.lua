-- Where a loop stands in a loader. A loader is a plain list of batches, a function that returns an
-- iterator, or an object with `:iterate()`. That may have `:size()` (batches in an epoch, or nil),
-- `:state_dict()` and `:load_state_dict(s)` (the next `iterate()` begins at the next unread batch),
-- `:set_epoch(n)` (the next `iterate()` is of this epoch, and a position in another one is
-- forgotten), and `continues = true` (an epoch begins where the one before ended).

local class = require "tnt.class"
local errors = require "tnt.errors"
local message = require "tnt.loop.message"
local sorted = require "tnt.sorted"

---@class tnt.Cursor
---@field who string         for messages: "train_dataloader"
---@field delivered integer  batches that the open iterator gave, those skipped at resume included
---@field ended boolean      the open iterator said nil
---@field size integer|nil   batches in an epoch where that is known
local Cursor = class.new "Cursor"

local function has(object, method) return type(object[method]) == "function" end

local function kind_of(loader)
  if type(loader) == "function" then return "function" end
  if type(loader) ~= "table" or class.is_class(loader) then return nil end
  if has(loader, "iterate") then return "object" end
  if getmetatable(loader) == nil and (#loader > 0 or next(loader) == nil) then return "list" end
end

--- Whether a value can be a loader.
---@param value any
---@return boolean
function Cursor.is_loader(value) return kind_of(value) ~= nil end

local function refuse(who, value)
  errors.raise("argument", "%s: expected a loader (an object with :iterate(), a function that "
    .. "returns an iterator, or a list of batches), got %s", who, value == nil and "nothing" or
    class.is_class(value) and "the class " .. tostring(value) or type(value))
end

--- Cursors for one loader or for a set of loaders with names as keys.
--- Errors: argument, when something in it is no loader.
---@param who string
---@param loader any
---@return tnt.Cursor[] cursors  those of a set in the sorted order of their names
function Cursor.set(who, loader)
  if kind_of(loader) then return { Cursor(who, loader) } end
  if type(loader) ~= "table" or getmetatable(loader) ~= nil then refuse(who, loader) end
  local cursors = {}
  for name, member in sorted(loader) do
    if type(name) ~= "string" then
      errors.raise("argument", "%s: a set of loaders has names as keys, found the key %s", who,
        tostring(name))
    elseif not kind_of(member) then
      refuse(who .. "." .. name, member)
    end
    local cursor = Cursor(who .. "." .. name, member)
    cursor.name = name
    cursors[#cursors + 1] = cursor
  end
  return cursors
end

function Cursor:init(who, loader)
  self.who, self.loader, self.kind = who, loader, kind_of(loader)
  if not self.kind then
    if type(loader) == "table" and getmetatable(loader) == nil then
      errors.raise("argument", "%s: a set of loaders with names as keys is for evaluation and "
        .. "prediction; training takes one loader", who)
    end
    refuse(who, loader)
  end
  self.is_stateful = self.kind == "object" and has(loader, "state_dict")
    and has(loader, "load_state_dict")
  self:clear()
end

-- Nothing is open.
function Cursor:clear()
  self.iterator, self.delivered, self.ended = nil, 0, false
  self.ahead, self.is_ahead, self.state_before_ahead, self.ahead_held = nil, false, nil, nil
end

--- For `open`: an iterator over a plain list, from a position on.
function Cursor:list_iterator(from)
  local list, at = self.loader, from
  return function()
    at = at + 1
    return list[at]
  end
end

--- For `open`: batches in an epoch where the loader can tell.
function Cursor:known_size()
  if self.kind == "list" then return #self.loader end
  if self.kind == "object" and has(self.loader, "size") then return self.loader:size() end
end

--- For `open`: the loader's own iterator.
function Cursor:raw_iterator()
  if self.kind == "list" then return self:list_iterator(0) end
  local iterator
  if self.kind == "function" then iterator = self.loader() else iterator = self.loader:iterate() end
  if type(iterator) ~= "function" and not (type(iterator) == "table" and getmetatable(iterator)
    and getmetatable(iterator).__call) then
    errors.raise("argument", "%s: %s must return a function that gives the next batch, got %s",
      self.who, self.kind == "function" and "it" or "iterate()", type(iterator))
  end
  return iterator
end

--- Begins an epoch, or goes on in the one that `position` describes.
---@param epoch integer        epochs completed
---@param position table|nil   of `Cursor:position`
---@param around_skip fun(fetch: function)|nil  runs each fetch of a batch that is skipped
function Cursor:open(epoch, position, around_skip)
  self:clear()
  local loader, skip = self.loader, position and position.delivered or 0
  local raw
  self.size = self:known_size()
  local is_over = position and (position.ended or skip > 0 and skip == self.size)
  local has_state = position and position.state and self.is_stateful
  local has_epochs = self.kind == "object" and has(loader, "set_epoch")
  -- At an epoch's very end only what the next one forgets again may be loaded; its seed stays.
  if has_state and (not is_over or has_epochs) then loader:load_state_dict(position.state) end
  if has_epochs then loader:set_epoch(epoch) end
  if is_over then
    raw = function() return nil end -- an epoch resumed at its very end
  elseif has_state then
    raw = self:raw_iterator()
  elseif skip > 0 and self.kind == "list" then
    raw = self:list_iterator(skip)
  else
    raw = self:raw_iterator()
    if skip > 0 then
      message.warn("%s: it has no state_dict and load_state_dict; skipping the %d batches that "
        .. "were read before the checkpoint", self.who, skip)
      local function fetch() return raw() end
      for _ = 1, skip do
        if around_skip then around_skip(fetch) else fetch() end
      end
    end
  end
  self.delivered = skip
  self.iterator = function()
    if self.ended then return nil end
    local batch = raw()
    if batch == nil then
      self.ended = true
    else
      self.delivered = self.delivered + 1
    end
    return batch
  end
end

--- The next batch, one ahead of it being fetched too, so that `is_last` is known.
---@param fetch fun(unit: table, state: tnt.State, iterator: function): any
---@param hold fun(batch: any): table  keeps what was fetched ahead beyond this step, and lists it
---@param hand_over fun(list: table)   makes that this step's
---@return any batch
function Cursor:next_ahead(fetch, unit, state, hold, hand_over)
  local batch
  if self.is_ahead then
    batch = self.ahead
    if batch == nil then return nil end
    hand_over(self.ahead_held)
  else
    batch = fetch(unit, state, self.iterator)
    if batch == nil then return nil end
  end
  -- The position a checkpoint needs is that of the last consumed batch.
  if self.is_stateful then self.state_before_ahead = self.loader:state_dict() end
  local delivered = self.delivered
  self.ahead = fetch(unit, state, self.iterator)
  self.ahead_delivered = self.delivered - delivered
  self.is_ahead = true
  self.ahead_held = hold(self.ahead)
  return batch
end

--- Whether the batch last given is known to be the last of the epoch.
---@return boolean
function Cursor:is_last()
  if self.is_ahead then return self.ahead == nil end
  return self.size ~= nil and self.delivered >= self.size
end

--- Where the loop stands: plain data for a checkpoint. nil when nothing is open and nothing goes
--- on.
---@return table|nil position
function Cursor:position()
  if self.iterator == nil then
    -- Between epochs: what a loader carries from one to the next, such as its seed.
    if self.is_stateful and (self.loader.continues or has(self.loader, "set_epoch")) then
      return { delivered = 0, state = self.loader:state_dict(), is_between = true }
    end
    return nil
  end
  local position = { delivered = self.delivered, ended = self.ended }
  if self.is_ahead then
    position.delivered = self.delivered - self.ahead_delivered
    position.state, position.ended = self.state_before_ahead, false
  elseif self.is_stateful then
    position.state = self.loader:state_dict()
  end
  return position
end

return Cursor

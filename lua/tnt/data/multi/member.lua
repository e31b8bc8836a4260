-- One loader of a MultiDataLoader: where it stands, how often it was begun in this epoch, and a
-- batch that was fetched for a round which never came about. Its position is always that of the
-- last batch handed out.

local Cursor = require "tnt.data.cursor"
local scope = require "tnt.scope"

---@class tnt.data.multi.Member: tnt.Cursor
---@field pass integer     how often it was begun in this epoch, from 1
---@field held any|nil     a batch that is fetched and not handed out; `delivered` counts it already
---@field is_empty boolean it had no batch in a whole pass and is left out
local Member = Cursor:extend "Member"

-- Passes beyond the first read epochs of their own, so that no order or augmentation comes twice.
local STRIDE = 2 ^ 20

-- What is skipped goes at once; a result would leave the scope.
local function in_scope(fetch)
  scope.run(function() fetch() end)
end

local function outlasts_epochs(self)
  return self.is_stateful and (self.loader.continues or type(self.loader.set_epoch) == "function")
end

--- `former`: the same loader's member in the epoch before; a source that goes on where it stopped
--- first gives what that one held.
function Member:init(name, loader, epoch, former)
  Cursor.init(self, ("MultiDataLoader: loader '%s'"):format(name), loader)
  self.name, self.epoch, self.pass, self.is_empty = name, epoch, 1, false
  if former and former.held ~= nil then self.former = former end
end

--- Goes on at a position; loaders that need their state between epochs too must have it already.
---@param position table  of `position`
function Member:resume_at(position)
  self.pass, self.resume = position.pass, position
  self.ended, self.delivered = position.ended, position.delivered
  if not position.ended and not position.is_between
    and (position.state or position.delivered > 0) then
    self:begin()
  end
end

--- What `Cursor:open` calls: the loader's own iterator, which is remembered.
function Member:raw_iterator()
  self.raw = Cursor.raw_iterator(self)
  return self.raw
end

-- Opens the loader for its present pass.
function Member:begin()
  local former, resume = self.former, self.resume
  self.former, self.resume = nil, nil
  self:open(self.epoch + (self.pass - 1) * STRIDE, resume, in_scope)
  local goes_on = former and (self.kind == "object" and self.loader.continues
    or rawequal(self.raw, former.raw))
  if goes_on then
    self.held, self.state_before, self.kept = former.held, former.state_before, former.kept
    self.delivered = self.delivered + 1
  end
end

local function fetch(self)
  if self.ended then return nil end
  if not self.iterator then
    self:begin()
    if self.held ~= nil then return self.held end
  end
  return self.iterator()
end

--- The next batch, which stays here until it is taken; nil at the end.
---@return any|nil batch
function Member:peek()
  if self.held ~= nil or self.ended then return self.held end
  if not self.iterator then self:begin() end
  if self.held == nil then
    local state = self.is_stateful and self.loader:state_dict() or nil
    local batch = self.iterator()
    if batch ~= nil then self.held, self.state_before = batch, state end
  end
  return self.held
end

--- The next batch, handed out; nil at the end.
---@return any|nil batch
function Member:take()
  local batch = self.held
  if batch == nil then batch = fetch(self) end
  if self.kept then scope.adopt(self.kept) end
  self.held, self.state_before, self.kept = nil, nil, nil
  return batch
end

--- Begins the next pass.
function Member:restart()
  self:clear()
  self.resume, self.pass = nil, self.pass + 1
end

--- Keeps a batch whose round was broken off beyond the scope that it was read in.
function Member:keep_held()
  if self.held ~= nil and not self.kept then self.kept = scope.hold(self.held) end
end

--- Whether its next fetch is expected to say that it is at its end.
---@return boolean
function Member:seems_over()
  return self.ended or self.held == nil and self.size ~= nil and self.iterator ~= nil
    and self.delivered >= self.size
end

--- Whether it has come to its end at least once in this epoch.
---@return boolean
function Member:has_ended() return self.pass > 1 or self.ended end

--- Where it stands, for a checkpoint.
---@return table position
function Member:position()
  local position
  if self.held ~= nil then
    position = { delivered = self.delivered - 1, ended = false, state = self.state_before }
  elseif self.resume then
    local resume = self.resume
    position = { delivered = resume.delivered, ended = resume.ended, state = resume.state,
      is_between = resume.is_between }
  else
    position = self.iterator and Cursor.position(self) or self:carried()
  end
  position.pass = self.pass
  return position
end

--- What outlasts the epoch: a seed, or the place of a loader that continues.
---@return table position
function Member:carried()
  local position = { pass = 1, delivered = 0, ended = false, is_between = true }
  if outlasts_epochs(self) then
    local holder = self.held ~= nil and self or self.former
    position.state = holder and holder.state_before or self.loader:state_dict()
  end
  return position
end

--- Gives the loader the part of a position that outlasts the epoch.
---@param position table
function Member:load_carried(position)
  if position.state and outlasts_epochs(self) then self.loader:load_state_dict(position.state) end
end

return Member

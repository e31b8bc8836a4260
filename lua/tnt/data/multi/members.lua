-- The loaders of a MultiDataLoader during one epoch, as a strategy sees them.

local class = require "tnt.class"
local errors = require "tnt.errors"
local Member = require "tnt.data.multi.member"
local message = require "tnt.loop.message"

---@class tnt.data.multi.Members
---@field names string[]  sorted
---@field seed integer    for tnt.data.stream(seed, epoch, i), with i counted in the strategy's `at`
---@field epoch integer
---@field rank integer    0 when all processes are to choose alike
local Members = class.new("Members", {
  "loaders", "names", "epoch", "seed", "rank", "ignore_empty_data", former = class.NONE,
})

function Members:init(o)
  self.names, self.epoch, self.seed, self.rank = o.names, o.epoch, o.seed, o.rank
  self.ignores_empty, self.by_name = o.ignore_empty_data, {}
  for _, name in ipairs(o.names) do
    self.by_name[name] = Member(name, o.loaders[name], o.epoch, o.former and o.former.by_name[name])
  end
end

-- Called with what a member gave.
local function checked(self, member, batch)
  if batch ~= nil or member.delivered > 0 or member.is_empty then return batch end
  if not self.ignores_empty then
    errors.raise("argument", "MultiDataLoader: the loader '%s' %s; ignore_empty_data = true leaves "
      .. "it out", member.name, member.pass == 1 and "contains no data"
      or "gave no batch when it was read again: what can be read only once cannot be restarted")
  end
  message.warn("MultiDataLoader: the loader '%s' contains no data, it is left out", member.name)
  member.is_empty = true
end

--- Hands out the next batch of a loader; nil at its end.
--- Errors: what the loader raises; argument, when it has no batch at all.
---@param name string
---@return any|nil batch
function Members:take(name)
  local member = self.by_name[name]
  return checked(self, member, member:take())
end

--- The next batch of a loader, which is read but not handed out: until `take` does that it counts
--- as unread. nil at its end.
--- Errors: what the loader raises; argument, when it has no batch at all.
---@param name string
---@return any|nil batch
function Members:peek(name)
  local member = self.by_name[name]
  return checked(self, member, member:peek())
end

--- Makes the next batch of a loader its first one again (of a new order, where it shuffles).
---@param name string
function Members:restart(name) self.by_name[name]:restart() end

--- Whether a loader is at its end now.
---@param name string
---@return boolean
function Members:is_over(name)
  local member = self.by_name[name]
  return member.ended and member.held == nil
end

--- Whether a loader came to its end at least once in this epoch.
---@param name string
---@return boolean
function Members:has_ended(name) return self.by_name[name]:has_ended() end

--- Whether all of some loaders came to their end at least once; those left out do not count.
---@param names string[]
---@return boolean
function Members:all_have_ended(names)
  for _, name in ipairs(names) do
    if not self:is_empty(name) and not self:has_ended(name) then return false end
  end
  return true
end

--- Whether a loader turned out to have no data and is left out (ignore_empty_data).
---@param name string
---@return boolean
function Members:is_empty(name) return self.by_name[name].is_empty end

--- Whether the next batch of a loader is expected to be nil, as far as its size is known.
---@param name string
---@return boolean
function Members:seems_over(name) return self.by_name[name]:seems_over() end

--- Goes on at saved positions; a loader without one begins at its start.
---@param positions table<string, table>
function Members:resume_at(positions)
  for _, name in ipairs(self.names) do
    local position, member = positions[name], self.by_name[name]
    if position then
      member:resume_at(position)
      member.is_empty = position.ended and position.delivered == 0
    end
  end
end

--- Keeps what was read for a batch that did not come about.
function Members:keep_held()
  for _, name in ipairs(self.names) do self.by_name[name]:keep_held() end
end

--- Where every loader stands.
---@param is_between boolean  only what outlasts the epoch
---@return table<string, table>
function Members:positions(is_between)
  local positions = {}
  for _, name in ipairs(self.names) do
    local member = self.by_name[name]
    positions[name] = is_between and member:carried() or member:position()
  end
  return positions
end

--- Gives every loader the part of its position that outlasts the epoch.
---@param positions table<string, table>
function Members:load_carried(positions)
  for _, name in ipairs(self.names) do
    if positions[name] then self.by_name[name]:load_carried(positions[name]) end
  end
end

return Members

-- Round robin: one batch of each loader in turn, in the order of their names or in a given one, in
-- which a loader may stand several times. One that ended is passed over, or ends the epoch.

local class = require "tnt.class"
local place_of = require "tnt.data.multi.place"

---@class tnt.data.multi.RoundRobin
local RoundRobin = class.new("RoundRobin", { "order", "stop" })

function RoundRobin:init(o)
  self.order, self.ends_early = o.order, o.stop == "smallest_exhausted"
end

--- See multi/strategy.lua.
---@param at {place: integer, current: string}  of the loader that was read last
---@param members tnt.data.multi.Members
---@return table<string, any>|nil batch
function RoundRobin:next(at, members)
  local order, place = self.order, at.place or 0
  for _ = 1, #order do
    place = place % #order + 1
    local name = order[place]
    local batch = members:take(name)
    if batch ~= nil then
      at.place, at.current = place, name
      return { [name] = batch }
    elseif self.ends_early and not members:is_empty(name) then
      return nil
    end
  end
end

--- See multi/strategy.lua.
---@param at table
---@return table|nil at
---@return string|nil why
function RoundRobin:restored(at) return place_of(self.order, at) end

--- See multi/strategy.lua.
---@param sizes table<string, integer>
---@return integer
function RoundRobin:size(sizes)
  local order, visits, n = self.order, {}, 0
  for place, name in ipairs(order) do
    if sizes[name] then
      if not visits[name] then
        visits[name] = {}
        n = n + sizes[name]
      end
      table.insert(visits[name], place)
    end
  end
  if not self.ends_early then return n end
  for _, name in ipairs(order) do
    local places = visits[name]
    if places then
      -- The visit after its last batch ends the epoch.
      local rounds = math.floor(sizes[name] / #places)
      n = math.min(n, rounds * #order + places[sizes[name] % #places + 1] - 1)
    end
  end
  return n
end

return RoundRobin

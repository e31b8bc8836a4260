-- In order: all batches of one loader, then all of the next. A loader that stands in the order
-- again is read again.

local class = require "tnt.class"
local place_of = require "tnt.data.multi.place"

---@class tnt.data.multi.InOrder
local InOrder = class.new("InOrder", { "order" })

function InOrder:init(o) self.order = o.order end

--- See multi/strategy.lua.
---@param at {place: integer, current: string}  of the loader that is being read
---@param members tnt.data.multi.Members
---@return table<string, any>|nil batch
function InOrder:next(at, members)
  local order = self.order
  if not at.place then at.place, at.current = 1, order[1] end
  while true do
    local name = order[at.place]
    local batch = members:take(name)
    if batch ~= nil then return { [name] = batch } end
    if at.place == #order then return nil end
    at.place, at.current = at.place + 1, order[at.place + 1]
    if members:has_ended(at.current) and not members:is_empty(at.current) then
      members:restart(at.current)
    end
  end
end

--- See multi/strategy.lua.
---@param at table
---@return table|nil at
---@return string|nil why
function InOrder:restored(at) return place_of(self.order, at) end

--- See multi/strategy.lua.
---@param sizes table<string, integer>
---@return integer
function InOrder:size(sizes)
  local n = 0
  for _, name in ipairs(self.order) do n = n + (sizes[name] or 0) end
  return n
end

return InOrder

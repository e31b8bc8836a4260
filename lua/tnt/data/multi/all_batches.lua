-- All batches: each batch has one of every loader. One that ended is left out, ends the epoch, or
-- is read again. A round is complete or does not count: what was read for one that did not come
-- about stays with its loader.

local class = require "tnt.class"

---@class tnt.data.multi.AllBatches
local AllBatches = class.new("AllBatches", { "stop" })

function AllBatches:init(o) self.stop = o.stop end

-- Reads the next batch of every loader; those that are expected to be at their end are asked first,
-- so that nothing is read for a round that cannot be. Returns the loaders that ended, nil at the
-- end of the epoch.
local function peek_all(self, members)
  local order, later, over = {}, {}, {}
  for _, name in ipairs(members.names) do
    local list = members:seems_over(name) and order or later
    list[#list + 1] = name
  end
  for _, name in ipairs(later) do order[#order + 1] = name end
  for _, name in ipairs(order) do
    if members:peek(name) == nil and not members:is_empty(name) then
      if self.stop == "smallest_exhausted" then return nil end
      over[#over + 1] = name
    end
  end
  return over
end

--- See multi/strategy.lua.
---@param members tnt.data.multi.Members
---@return table<string, any>|nil batch
function AllBatches:next(_, members)
  local over = peek_all(self, members)
  if not over then return nil end
  if self.stop == "restart_until_all_exhausted" then
    if members:all_have_ended(members.names) then return nil end
    for _, name in ipairs(over) do members:restart(name) end
    for _, name in ipairs(over) do members:peek(name) end
  end
  local batch = {}
  for _, name in ipairs(members.names) do batch[name] = members:take(name) end
  return next(batch) ~= nil and batch or nil
end

--- See multi/strategy.lua.
---@param sizes table<string, integer>
---@return integer
function AllBatches:size(sizes)
  local least, most = math.huge, 0
  for _, n in pairs(sizes) do -- order: free
    least, most = math.min(least, n), math.max(most, n)
  end
  return self.stop == "smallest_exhausted" and math.min(least, most) or most
end

return AllBatches

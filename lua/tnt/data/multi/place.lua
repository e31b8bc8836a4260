-- The place in an order of loaders at which a checkpoint stands: {place = 2, current = "b"}.

--- Finds the place in an order that is perhaps no longer the one that was saved.
---@param order string[]
---@param at table
---@return table|nil at  nil: the loader is not in the order
---@return string|nil why
local function place_of(order, at)
  local current = at.current
  if current == nil then return {} end
  if order[at.place] == current then return at end
  for place, name in ipairs(order) do
    if name == current then return { place = place, current = current } end
  end
  return nil, ("it stands at the loader '%s', and the loaders are %s"):format(tostring(current),
    table.concat(order, ", "))
end

return place_of

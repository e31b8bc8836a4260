-- Which process of the run this is. Processes are tnt.dist's business; where that is not loaded
-- there is one.

--- This process' rank, from 0 on, and how many there are.
---@return integer rank
---@return integer size
return function()
  local dist = package.loaded["tnt.dist"]
  if not dist then return 0, 1 end
  return dist.rank(), dist.size()
end

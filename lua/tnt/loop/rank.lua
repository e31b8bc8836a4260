-- Which process of the run this is.

--- This process' rank, from 0 on, and how many there are.
--- Errors: as tnt.dist.init.
---@return integer rank
---@return integer size
return function()
  local dist = require "tnt.dist"
  return dist.rank(), dist.size()
end

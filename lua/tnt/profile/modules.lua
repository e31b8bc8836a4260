-- Spans around the forwards of a network's modules. What runs in one bears its number as region,
-- and so do the gradients of what ran in it, wherever backward runs.

local context = require("tnt.core").context
local forwards = require "tnt.nn.forwards"

local function finish(region, ...)
  context.region = region
  return ...
end

--- Watches a network until the function returned is called.
---@param of tnt.profile.Recorder
---@param net tnt.nn.Module
---@return fun() restore
return function(of, net)
  local names, regions = {}, of.regions
  for name, module in net:named_modules() do names[module] = name == "" and "(network)" or name end
  local restore = forwards(net, function(module, own)
    local name, number = names[module], #regions + 1
    regions[number] = name
    return function(self, ...)
      local region = context.region
      context.region = number
      return finish(region, of:call("module", name, own, self, ...))
    end
  end)
  local region = context.region
  return function()
    restore()
    context.region = region
  end
end

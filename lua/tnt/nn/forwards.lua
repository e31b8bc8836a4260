-- Other forwards in front of the modules' own, for as long as somebody watches what a network does.

--- Gives every module of a tree another forward; the function returned takes them away again.
---@param net tnt.nn.Module
---@param make fun(module: tnt.nn.Module, own: function, number: integer): function  number: the
---  module's place in net:modules()
---@return fun() restore
return function(net, make)
  local modules, former = net:modules(), {}
  for i, module in ipairs(modules) do
    former[i] = rawget(module, "forward")
    rawset(module, "forward", make(module, module.forward, i))
  end
  return function()
    for i, module in ipairs(modules) do rawset(module, "forward", former[i]) end
  end
end

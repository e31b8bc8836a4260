-- tnt.help: the prompt's help, for scripts as well.

local pages = require "tnt.prompt.help"

--- Prints the page of an operation, a function or a class, or a page of documentation by its name:
--- tnt.help "softmax", tnt.help(tnt.fit), tnt.help "torchtnt". Without an argument it prints what
--- there is.
---@param what any  nothing, a name, a function, a class or an object
local function help(...)
  print(select("#", ...) == 0 and pages.introduction() or pages.value((...)))
end

return help

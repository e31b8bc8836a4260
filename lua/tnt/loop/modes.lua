-- Train and eval mode of a unit's modules: switched for a phase, and put back, each sub-module to
-- what it was, on every exit path.

local sorted = require "tnt.sorted"

local modes = {}

local function is_module(value)
  return type(value) == "table" and type(value.parameters) == "function"
    and type(value.train) == "function" and type(value.eval) == "function"
end

--- The modules among a unit's app state, sorted by name.
---@param unit table
---@return table[] modules
function modes.modules(unit)
  local list = {}
  for _, value in sorted(unit:app_state()) do
    if is_module(value) then list[#list + 1] = value end
  end
  return list
end

local function sub_modules(module)
  if type(module.modules) == "function" then return module:modules() end
  return { module }
end

--- Puts a unit's modules into train or eval mode.
---@param unit table
---@param mode string  "train" or "eval"
---@return table former  for `modes.restore`
function modes.set(unit, mode)
  local former = {}
  for _, module in ipairs(modes.modules(unit)) do
    for _, sub in ipairs(sub_modules(module)) do
      former[#former + 1] = { sub, sub.training }
    end
  end
  for _, module in ipairs(modes.modules(unit)) do module[mode](module) end
  return former
end

--- Puts every sub-module back.
---@param former table
function modes.restore(former)
  for _, entry in ipairs(former) do rawset(entry[1], "training", entry[2]) end
end

return modes

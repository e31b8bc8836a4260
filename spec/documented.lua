-- What is wrong with the documentation of public functions and classes, as a list of sentences;
-- scripts/check prints them.

local public = require "spec.public"

local function fault(one)
  local comment = one.comment
  if comment == "" then
    return not one.is_protocol and "has no documentation: write '--- One sentence.' above it" or nil
  end
  if one.is_protocol then return nil end
  if not comment:find "%-%-%-%s*[^@%s]" then
    return "has no sentence that an editor shows: write '--- One sentence.' above it"
  end
  for _, parameter in ipairs(one.parameters) do
    if parameter ~= "self" and not parameter:find "^_"
      and not comment:find("@param%s+" .. parameter .. "%f[^%w_]") then
      return ("does not say what '%s' is: write ---@param %s TYPE"):format(parameter, parameter)
    end
  end
end

local function class_fault(one)
  if one.comment == "" then
    return ("has no annotation: write '--- One sentence.' and ---@class ...%s above it"):format(
      one.class)
  elseif not one.comment:find "%-%-%-%s*[^@%s]" then
    return "has no sentence that an editor shows: write '--- One sentence.' above ---@class"
  end
end

--- All faults; an empty list when every public function and class is documented.
---@param list spec.PublicFunction[]|nil  default: those there are
---@param classes spec.PublicClass[]|nil
---@return string[]
return function(list, classes)
  local found = {}
  if not list then list, classes = public() end
  for _, one in ipairs(classes or {}) do
    local what = class_fault(one)
    if what then found[#found + 1] = ("class %s %s"):format(one.name, what) end
  end
  for _, one in ipairs(list) do
    local what = fault(one)
    if what then found[#found + 1] = ("%s:%d: %s %s"):format(one.path, one.line, one.name, what) end
  end
  return found
end

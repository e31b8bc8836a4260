-- What is wrong with the documentation of public functions, as a list of sentences; scripts/check
-- prints them.

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

--- All faults; an empty list when every public function is documented.
---@param list spec.PublicFunction[]|nil  default: those there are
---@return string[]
return function(list)
  local found = {}
  for _, one in ipairs(list or public()) do
    local what = fault(one)
    if what then found[#found + 1] = ("%s:%d: %s %s"):format(one.path, one.line, one.name, what) end
  end
  return found
end

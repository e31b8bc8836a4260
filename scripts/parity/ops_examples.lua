-- Prints the examples of spec/ops/examples.lua, one a line, as JSON, for scripts/parity/ops.py. Run
-- from the checkout.
package.path = "./?.lua;" .. package.path
local examples = require "spec.ops.examples"

local function write(v)
  if type(v) == "number" then return ("%.17g"):format(v) end
  if type(v) == "boolean" then return tostring(v) end
  if v == nil then return "null" end
  local list = {}
  if v.is then
    return ('{"is": "%s", "shape": %s, "values": %s}'):format(v.is, write(v.shape), write(v.values))
  end
  for i, item in ipairs(v) do list[i] = write(item) end
  return "[" .. table.concat(list, ", ") .. "]"
end

for _, row in ipairs(examples.walk()) do
  for _, case in ipairs(examples.of(row)) do
    local args, wanted = {}, {}
    for i = 1, case.n do
      args[i] = write(case.args[i])
      wanted[i] = examples.differentiable(case, i) and "true" or "false"
    end
    print(('{"name": "%s", "op": "%s", "args": [%s], "wanted": [%s]}'):format(case.name, row.name,
      table.concat(args, ", "),
      table.concat(wanted, ", ")))
  end
end

-- tostring(module), as PyTorch prints: the class, what it says of itself (extra_repr), and its
-- children by name.

local class = require "tnt.class"
local Module = require "tnt.nn.module"

--- What stands in the parentheses of a module's text; classes redefine it.
function Module:extra_repr() return "" end

local function indented(text) return (text:gsub("\n", "\n  ")) end

-- Neighbours in a ModuleList that print alike share a line: (0-2): 3 x Linear(...)
local function joined_lines(children, collapse)
  local lines, i = {}, 1
  while i <= #children do
    local j = i
    while collapse and children[j + 1] and children[j + 1].text == children[i].text do j = j + 1 end
    local first = children[i]
    if j > i then
      lines[#lines + 1] = ("  (%s-%s): %d x %s"):format(first.name, children[j].name, j - i + 1,
        first.text)
    else
      lines[#lines + 1] = ("  (%s): %s"):format(first.name, first.text)
    end
    i = j + 1
  end
  return lines
end

function Module:__tostring()
  local name, extra, children = tostring(class.of(self)), self:extra_repr(), {}
  for _, entry in ipairs(self:_own()) do
    if entry.kind == "module" then
      children[#children + 1] = { name = entry.name, text = indented(tostring(entry.value)) }
    end
  end
  if #children == 0 then return ("%s(%s)"):format(name, indented(extra)) end
  local lines = joined_lines(children, self.is_module_list)
  if extra ~= "" then table.insert(lines, 1, "  " .. indented(extra)) end
  return ("%s(\n%s\n)"):format(name, table.concat(lines, "\n"))
end

--- A value as PyTorch's texts have it: True, (3, 3), 1e-05.
---@param value any
---@return string
local function shown(value)
  if type(value) == "boolean" then return value and "True" or "False" end
  if type(value) == "table" then
    local parts = {}
    for i, v in ipairs(value) do parts[i] = shown(v) end
    return "(" .. table.concat(parts, ", ") .. (#parts == 1 and ",)" or ")")
  end
  if value == nil then return "None" end
  if type(value) == "string" then return "'" .. value .. "'" end
  return tostring(value)
end

return shown

-- Several stateful objects under names, as one: the optimizers, schedules or metrics of a unit in
-- one field. `set[i]` is by position, `set.g` by name; the state is one table with the names as
-- keys.

local class = require "tnt.class"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

---@class tnt.Set
---@field names string[]  in order
local Set = class.new "Set"

--- A set of objects given by name.
---@param objects table<string, table>
---@return tnt.Set  in the sorted order of the names
function Set.by_name(objects)
  local set = Set()
  for name, object in sorted(objects) do set:append(name, object) end
  return set
end

function Set:init() self.names = {} end

--- Errors: argument, when the name is taken, by another object or by the set itself.
---@param name string
---@param object table
function Set:append(name, object)
  if self[name] ~= nil then
    errors.raise("argument", "the name '%s' is taken; give the object another one", tostring(name))
  end
  self.names[#self.names + 1] = name
  self[#self.names] = object
  self[name] = object
end

--- The parameter groups of all optimizers in the set, in order.
---@return table[]
function Set:groups()
  local groups = {}
  for _, optimizer in ipairs(self) do
    for _, group in ipairs(optimizer.param_groups or {}) do groups[#groups + 1] = group end
  end
  return groups
end

function Set:state_dict()
  local state = {}
  for i, name in ipairs(self.names) do
    if self[i].state_dict then state[name] = self[i]:state_dict() end
  end
  return state
end

--- Errors: format, when a state is missing or belongs to nobody.
---@param state table
function Set:load_state_dict(state)
  for name in sorted(state) do
    if type(name) ~= "string" or type(self[name]) ~= "table" then
      errors.raise("format", "the saved state is of '%s', which is not here (%s)", tostring(name),
        table.concat(self.names, ", "))
    end
  end
  for i, name in ipairs(self.names) do
    if self[i].load_state_dict then
      if state[name] == nil then errors.raise("format", "no saved state for '%s'", name) end
      self[i]:load_state_dict(state[name])
    end
  end
end

return Set

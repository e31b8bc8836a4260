-- How objects are named so that another Lua state finds their class: by the module that returns
-- the class, or that returns a table with the class in one of its fields. Code never travels.

local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local travel = {}

-- What stands for something else in package.loaded, or exists in every state by itself.
local skipped = { _G = true, package = true }

local known = setmetatable({}, { __mode = "k" }) -- metatable -> {module, field or false}

local function find(meta)
  for module, value in sorted(package.loaded) do
    if not skipped[module] and type(module) == "string" then
      if value == meta then return { module, false } end
    end
  end
  for module, value in sorted(package.loaded) do
    if type(value) == "table" and not skipped[module] then
      local name = rawget(meta, "__name")
      if type(name) == "string" and rawget(value, name) == meta then return { module, name } end
      for field, inner in next, value do -- order: free
        if inner == meta and type(field) == "string" then return { module, field } end
      end
    end
  end
end

-- package.preload is this state's own.
local function can_be_required(module)
  return not package.preload[module] and package.searchpath(module, package.path) ~= nil
end

--- The name of a metatable (a class): the module that has it and, when it is a field of the
--- module's table, the field.
---@param meta table
---@return string|nil module  nil: no module that can be required has it
---@return string|nil field
function travel.name(meta)
  local name = known[meta]
  if not name then
    name = find(meta)
    if not name or not can_be_required(name[1]) then return nil end
    known[meta] = name
  end
  return name[1], name[2] or nil
end

--- The metatable of that name.
--- Errors: argument, when the module gives something else here than where the name was found.
---@param module string
---@param field string|nil
---@return table
function travel.find(module, field)
  local value = require(module)
  if field and type(value) == "table" then value = value[field] end
  if type(value) ~= "table" then
    errors.raise("argument", "DataLoader: a worker required %s and found no class%s in it; a file "
      .. "with a data set's class must define it whenever it is required", module,
      field and " " .. field or "")
  end
  return value
end

return travel

-- Sequential, ModuleList, ModuleDict: modules that keep their children in themselves, by position
-- or by name.

local class = require "tnt.class"
local errors = require "tnt.errors"
local Module = require "tnt.nn.module"
local sorted = require "tnt.sorted"

local containers = {}

local function check_module(who, what, value)
  if Module.is_module(value) then return value end
  local got = type(value)
  if class.is_class(value) then
    got = ("the class %s; call it: %s(...)"):format(tostring(value), tostring(value))
  end
  errors.raise("argument", "%s: %s must be a module, got %s", who, what, got)
end

-- Modules as several arguments or as one plain list.
local function append_all(self, ...)
  local who, list, n = tostring(class.of(self)), { ... }, select("#", ...)
  if n == 1 and type((...)) == "table" and getmetatable((...)) == nil then
    list, n = (...), #(...)
    for key in sorted(list) do
      if type(key) ~= "number" then
        errors.raise("argument",
          "%s: modules stand in a list, got the name '%s' (ModuleDict has names)", who,
          tostring(key))
      end
    end
  end
  for i = 1, n do rawset(self, #self + 1, check_module(who, ("module %d"):format(i), list[i])) end
end

--- Runs its modules one after the other: Sequential(a, b) or Sequential {a, b}.
---@class tnt.nn.Sequential: tnt.nn.Module
local Sequential = Module:extend "Sequential"
Sequential.stateless = true
containers.Sequential = Sequential

function Sequential:init(...) append_all(self, ...) end

function Sequential:forward(x, ...)
  local n = #self
  if n == 0 then return x, ... end
  if n == 1 then return self[1](x, ...) end
  x = self[1](x, ...)
  for i = 2, n - 1 do x = self[i](x) end
  return self[n](x)
end

--- A list of modules, without a forward of its own: ModuleList {a, b}.
---@class tnt.nn.ModuleList: tnt.nn.Module
local ModuleList = Module:extend "ModuleList"
ModuleList.is_module_list = true
containers.ModuleList = ModuleList

function ModuleList:init(...) append_all(self, ...) end

--- Puts a module at the end.
---@param module tnt.nn.Module
---@return tnt.nn.Sequential self
function Sequential:append(module)
  rawset(self, #self + 1, check_module(tostring(class.of(self)), "what is appended", module))
  return self
end

--- Puts a module at the end.
---@param module tnt.nn.Module
---@return tnt.nn.ModuleList self
function ModuleList:append(module) return Sequential.append(self, module) end

--- Puts several at the end.
---@param modules tnt.nn.Module[]
---@return tnt.nn.ModuleList self
function ModuleList:extend_with(modules)
  append_all(self, modules)
  return self
end

--- Modules by name: ModuleDict {conv = a, pool = b} in the sorted order of the names, or ModuleDict
--- {{"conv", a}, ...} in this one.
---@class tnt.nn.ModuleDict: tnt.nn.Module
local ModuleDict = Module:extend "ModuleDict"
containers.ModuleDict = ModuleDict

local function put(self, name, module)
  if type(name) ~= "string" or name == "" or name:find(".", 1, true) then
    errors.raise("argument", "ModuleDict: a name is a string without dots, got %s", tostring(name))
  elseif class.of(self)[name] ~= nil then
    errors.raise("argument", "ModuleDict: '%s' is a method of modules; choose another name", name)
  end
  self[name] = check_module("ModuleDict", "'" .. name .. "'", module)
end

function ModuleDict:init(modules)
  if modules == nil then return end
  if type(modules) ~= "table" or getmetatable(modules) then
    errors.raise("argument", "ModuleDict: a table of modules by name was expected, got %s",
      type(modules))
  end
  if #modules > 0 then
    for _, pair in ipairs(modules) do put(self, pair[1], pair[2]) end
  else
    for name, module in sorted(modules) do put(self, name, module) end
  end
end

--- The names in order.
---@return string[]
function ModuleDict:keys()
  local names = {}
  for name in self:named_children() do names[#names + 1] = name end
  return names
end

return containers

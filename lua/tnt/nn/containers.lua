-- Modules that hold modules in themselves: Sequential and ModuleList by position, ModuleDict by name.
local class = require "tnt.class"
local errors = require "tnt.errors"
local Module = require "tnt.nn.module"

local containers = {}

local function check(who, value, at)
  if not Module.is_module(value) then
    errors.raise("argument", "%s: entry %s must be a module, got %s%s", who, tostring(at), type(value),
      class.is_class and class.is_class(value) and " (a class: call it to make an instance)" or "")
  end
  return value
end

local function take(self, who, ...)
  local first = ...
  local list = { ... }
  if select("#", ...) == 1 and type(first) == "table" and getmetatable(first) == nil then list = first end
  for i, m in ipairs(list) do self[i] = check(who, m, i) end
end

---@class tnt.nn.Sequential: tnt.nn.Module  each module gets what the one before gave
local Sequential = Module:extend "Sequential"
Sequential.stateless = true
function Sequential:init(...) take(self, "Sequential", ...) end
function Sequential:forward(x, ...)
  local n = #self
  if n == 0 then return x end
  x = self[1](x, ...)
  for i = 2, n do x = self[i](x) end
  return x
end

--- Adds a module at the end.
---@param m tnt.nn.Module
---@return tnt.nn.Sequential self
function Sequential:append(m)
  self[#self + 1] = check("append", m, #self + 1)
  return self
end
containers.Sequential = Sequential

---@class tnt.nn.ModuleList: tnt.nn.Module  `list[i]`, `#list`, `ipairs(list)`; has no forward
local ModuleList = Module:extend "ModuleList"
function ModuleList:init(...) take(self, "ModuleList", ...) end
ModuleList.append = Sequential.append
containers.ModuleList = ModuleList

---@class tnt.nn.ModuleDict: tnt.nn.Module  modules by name: `dict.name`, `dict:named_children()`; has no forward
local ModuleDict = Module:extend "ModuleDict"
function ModuleDict:init(entries)
  for name, m in require "tnt.sorted"(entries or {}) do self[name] = check("ModuleDict", m, name) end
end
containers.ModuleDict = ModuleDict

return containers

-- nn.Module: what networks are made of. A module is a raw table whose fields hold its children,
-- parameters and tensors; only the order in which they came, and which tensors are buffers, is kept
-- beside it. Walks over trees are in walk.lua.

local class = require "tnt.class"
local errors = require "tnt.errors"
local parameter = require "tnt.nn.parameter"
local scope = require "tnt.scope"
local tensor = require "tnt.tensor"

local is_tensor, is_parameter = tensor.is_tensor, parameter.is
local fields_changed, outermost_call = scope.fields_changed, scope.outermost_call
local type, rawget, rawset, select, getmetatable = type, rawget, rawset, select, getmetatable

--- The base of layers and networks: parameters, buffers and modules in fields, and a forward.
---@class tnt.nn.Module
---@field training boolean  what train() and eval() set
---@field scoped boolean    of a class: its calls open a scope (false for the leaves of tnt.nn)
---@field stateless boolean of a class: its forward assigns no tensor to fields
local Module = class.new "Module"
Module.is_nn_module = true
Module.scoped = true
Module.stateless = false

-- What stands beside a module: names (in order of creation), is_named, buffers (name -> saved or
-- not).
local beside = setmetatable({}, { __mode = "k" })

local function record_of(self)
  local record = beside[self]
  if not record then
    record = { names = {}, is_named = {}, buffers = {} }
    beside[self] = record
  end
  return record
end

--- Whether a value is a module.
---@param value any
---@return boolean
local function is_module(value)
  if type(value) ~= "table" then return false end
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.is_nn_module == true
end

local function note(self, name)
  local record = record_of(self)
  if not record.is_named[name] then
    record.is_named[name] = true
    record.names[#record.names + 1] = name
  end
end

-- A new field: modules and parameters take their place in the order.
function Module:__newindex(name, value)
  rawset(self, name, value)
  fields_changed(self)
  if type(name) == "string" and (is_parameter(value) or is_module(value)) then note(self, name) end
end

--- A class of modules: `nn.Module:extend("Net", {"vocab", width = 64})`; define `init(o)` and
--- `forward(...)`.
---@param name string
---@param declared? table  required names, options with defaults; none: init gets what it is given
---@return table Class
function Module:extend(name, declared)
  local Class = class.extend(self, name, declared)
  Class.scoped, Class.stateless = true, false
  return Class
end

--- Every module begins in training mode.
function Module.construct(self) rawset(self, "training", true) end

-- A module made inside a scope keeps the tensors that init put into its fields.
function Module.complete(self)
  for _, value in next, self do -- order: free
    if type(value) == "cdata" and is_tensor(value) then value:keep() end
  end
end

--- What the module computes; every class defines it.
function Module:forward()
  errors.raise("state", "%s has no forward: define function %s:forward(...)",
    tostring(class.of(self)), tostring(class.of(self)))
end

-- -- calling --------------------------------------------------------------------------------------
local open_module = scope.open_module
local close_module, close_module1 = scope.close_module, scope.close_module1

local function close(token, self, y, ...)
  if select("#", ...) == 0 then return close_module1(token, self, self.stateless, y) end
  return close_module(token, self, self.stateless, y, ...)
end

-- Hooks see one output as it is, several as a list; what they return instead of it replaces it.
local function run_hooks(self, hooks, inputs, ...)
  local several = select("#", ...) > 1
  local output = (...)
  if several then output = { ... } end
  scope.until_step(inputs)
  scope.until_step(output)
  for _, hook in ipairs { unpack(hooks) } do
    local other = hook.fn(self, inputs, output)
    if other ~= nil then output = other end
  end
  if several and type(output) == "table" and not getmetatable(output) then return unpack(output) end
  return output
end

local function forward_and_hooks(self, ...)
  return run_hooks(self, self._forward_hooks, { ... }, self:forward(...))
end

local function call_hooked(self, hooks, ...)
  if not self.scoped then return run_hooks(self, hooks, { ... }, self:forward(...)) end
  local token = open_module()
  if token == 0 then return outermost_call(self, forward_and_hooks, ...) end
  return close(token, self, run_hooks(self, hooks, { ... }, self:forward(...)))
end

function Module:__call(...)
  local hooks = rawget(self, "_forward_hooks")
  if hooks then return call_hooked(self, hooks, ...) end
  if not self.scoped then return self:forward(...) end
  local token = open_module()
  if token == 0 then return outermost_call(self, self.forward, ...) end
  return close(token, self, self:forward(...))
end

--- Calls fn(module, inputs, output) after each forward; a value it returns replaces the output.
--- What it is given lives until the step ends.
---@param fn fun(module: tnt.nn.Module, inputs: any[], output: any): any
---@return {remove: fun(self: table)} handle  handle:remove() takes the hook away
function Module:register_forward_hook(fn)
  if type(fn) ~= "function" then
    errors.raise("argument", "register_forward_hook: a function was expected, got %s", type(fn))
  end
  local hooks = rawget(self, "_forward_hooks") or {}
  rawset(self, "_forward_hooks", hooks)
  local hook = { fn = fn }
  hooks[#hooks + 1] = hook
  local module = self
  return {
    remove = function()
      for i, other in ipairs(hooks) do
        if other == hook then table.remove(hooks, i) end
      end
      if #hooks == 0 then rawset(module, "_forward_hooks", nil) end
    end,
  }
end

-- -- registering ----------------------------------------------------------------------------------
local function check_name(self, what, name)
  if type(name) ~= "string" or name == "" or name:find(".", 1, true) then
    errors.raise("argument", "%s: the name must be a string without dots, got %s", what,
      tostring(name))
  end
  if class.of(self)[name] ~= nil then
    errors.raise("argument", "%s: %s has a method or class field '%s'; choose another name", what,
      tostring(class.of(self)), name)
  end
end

--- A tensor that is saved with the module and not trained, in field `name`.
---@param name string
---@param t? tnt.Tensor  nil: the place is reserved
---@param options? {persistent?: boolean}  false: kept, moved and listed, but not saved
---@return tnt.nn.Module self
function Module:register_buffer(name, t, options)
  check_name(self, "register_buffer", name)
  if t ~= nil and not is_tensor(t) then
    errors.raise("argument", "register_buffer: '%s' must be a tensor, got %s", name, type(t))
  end
  record_of(self).buffers[name] = not (options and options.persistent == false)
  note(self, name)
  rawset(self, name, t and t:keep())
  return self
end

--- A parameter in field `name`; a plain tensor is made one.
---@param name string
---@param t? tnt.Tensor  nil: the place in the order is reserved
---@return tnt.nn.Module self
function Module:register_parameter(name, t)
  check_name(self, "register_parameter", name)
  if t ~= nil and not is_parameter(t) then t = parameter.new(t) end
  note(self, name)
  rawset(self, name, t)
  return self
end

-- -- what a module holds directly -----------------------------------------------------------------
local function by_name(a, b) return a < b end

-- Field names: positions ascending, then names in order of creation. A field that was something
-- else before it became a module or a parameter was not seen coming; such ones stand last, by name.
local function field_names(self)
  local record, names, late = record_of(self), {}, {}
  for i = 1, #self do names[i] = i end
  for _, name in ipairs(record.names) do
    if rawget(self, name) ~= nil then names[#names + 1] = name end
  end
  for name, value in next, self do -- order: free, sorted below
    if type(name) == "string" and not record.is_named[name]
      and (is_parameter(value) or is_module(value)) then
      late[#late + 1] = name
    end
  end
  table.sort(late, by_name)
  for _, name in ipairs(late) do names[#names + 1] = name end
  return names
end

--- The direct children, parameters and buffers, as a list of {kind, name (as in state dicts),
--- value, key, saved}.
---@return {kind: string, name: string, value: any, key: any, saved: boolean}[]
function Module:_own()
  local list, buffers = {}, record_of(self).buffers
  for _, key in ipairs(field_names(self)) do
    local value = rawget(self, key)
    local kind = is_module(value) and "module" or is_parameter(value) and "parameter"
      or buffers[key] ~= nil and is_tensor(value) and "buffer"
    if kind then
      local name = type(key) == "number" and tostring(key - 1) or key -- state names count from 0
      list[#list + 1] = { kind = kind, name = name, value = value, key = key,
        saved = kind ~= "buffer" or buffers[key] }
    end
  end
  return list
end

Module.is_module = is_module

return Module

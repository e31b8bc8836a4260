-- Module: a raw table whose fields are parameters, buffers, child modules and anything else. Fields are listed in the order
-- they were first assigned, which a table does not know: the class notes it beside. Calling a module opens a scope, runs
-- forward and its hooks, and closes the scope (core.md section 1, R1, R4, R8).

local class = require "tnt.class"
local core = require "tnt.core"
local errors = require "tnt.errors"
local scope = require "tnt.scope"
local sorted = require "tnt.sorted"
local tensor = require "tnt.tensor"
local grad_mode = require "tnt.grad_mode"
local C = core.C
local is_tensor = tensor.is_tensor
local open_module, close_module = scope.open_module, scope.close_module

---@class tnt.nn.Module
---@field training boolean   whether dropout drops and normalisation learns; set by train() and eval()
---@field scoped boolean     false: calls open no scope of their own
---@field stateless boolean  true: forward assigns no tensor to fields
local Module = class.new "Module"
Module.training, Module.scoped, Module.stateless = true, true, false

-- -- parameters -----------------------------------------------------------------------------------------------------------
local is_parameter = setmetatable({}, { __mode = "k" })

--- Makes a tensor a parameter: kept, trained and saved by the module that holds it. The very same object is returned.
---@param t tnt.Tensor  a float tensor without history
---@param requires_grad? boolean  default true
---@return tnt.Tensor
function Module.Parameter(t, requires_grad)
  if not is_tensor(t) then errors.raise("argument", "Parameter: a tensor was expected, got %s", type(t)) end
  if not t.is_leaf then t = t:detach() end
  t:keep()
  t:requires_grad_(requires_grad ~= false)
  is_parameter[t] = true
  return t
end

-- -- fields in order --------------------------------------------------------------------------------------------------------
local order_of = setmetatable({}, { __mode = "k" })   -- module -> names of fields as first assigned
local buffers_of = setmetatable({}, { __mode = "k" }) -- module -> set of names

local function is_module(value) return type(value) == "table" and class.is(value, Module) end
Module.is_module = is_module

--- Notes new fields that a listing will show; everything else is an ordinary field.
function Module.__newindex(self, key, value)
  rawset(self, key, value)
  local kind = type(value)
  if (kind == "cdata" and is_parameter[value]) or (kind == "table" and is_module(value)) then
    local order = order_of[self]
    if not order then
      order = {}
      order_of[self] = order
    end
    for i = 1, #order do
      if order[i] == key then return end
    end
    order[#order + 1] = key
  end
end

-- Names under which something listable is found, in order; what was assigned over an ordinary field comes last, sorted.
local function listed(self)
  local names, seen = {}, {}
  for _, key in ipairs(order_of[self] or {}) do
    names[#names + 1], seen[key] = key, true
  end
  for key, value in sorted(self) do
    if not seen[key] and ((type(value) == "cdata" and is_parameter[value]) or is_module(value)) then names[#names + 1] = key end
  end
  return names
end

-- State names count lists from 0, as PyTorch's.
local function state_name(key) return type(key) == "number" and tostring(key - 1) or tostring(key) end

-- Walks modules depth first, each once: fn(module, prefix).
local function walk(self, prefix, seen, fn)
  if seen[self] then return end
  seen[self] = true
  fn(self, prefix)
  for _, key in ipairs(listed(self)) do
    local value = rawget(self, key)
    if is_module(value) then walk(value, prefix .. state_name(key) .. ".", seen, fn) end
  end
end

-- Pairs {name, object} of parameters, each once.
local function parameter_entries(self)
  local list, seen = {}, {}
  walk(self, "", {}, function(module, prefix)
    for _, key in ipairs(listed(module)) do
      local value = rawget(module, key)
      if type(value) == "cdata" and is_parameter[value] and not seen[value] then
        seen[value] = true
        list[#list + 1] = { prefix .. state_name(key), value }
      end
    end
  end)
  return list
end

local function buffer_entries(self)
  local list, seen = {}, {}
  walk(self, "", {}, function(module, prefix)
    for _, key in ipairs(buffers_of[module] or {}) do
      local value = rawget(module, key)
      if value ~= nil and not seen[value] then
        seen[value] = true
        list[#list + 1] = { prefix .. key, value, buffers_of[module].transient[key] }
      end
    end
  end)
  return list
end

local function iterate(entries)
  local i = 0
  return function()
    i = i + 1
    local entry = entries[i]
    if entry then return entry[1], entry[2] end
  end
end

local function objects(entries, options)
  local list = {}
  for _, entry in ipairs(entries) do
    if not (options and options.trainable) or entry[2].requires_grad then list[#list + 1] = entry[2] end
  end
  return list
end

--- All parameters, each once, in the order of creation.
---@param options? {trainable?: boolean}  only those that require a gradient
---@return tnt.Tensor[]
function Module:parameters(options) return objects(parameter_entries(self), options) end

--- Iterates names and parameters: `for name, p in net:named_parameters() do`.
function Module:named_parameters() return iterate(parameter_entries(self)) end

--- All buffers, each once.
---@return tnt.Tensor[]
function Module:buffers() return objects(buffer_entries(self)) end

--- Iterates names and buffers.
function Module:named_buffers() return iterate(buffer_entries(self)) end

local function module_entries(self)
  local list = {}
  walk(self, "", {}, function(module, prefix) list[#list + 1] = { prefix:sub(1, -2), module } end)
  return list
end

local function child_entries(self)
  local list, seen = {}, {}
  for _, key in ipairs(listed(self)) do
    local value = rawget(self, key)
    if is_module(value) and not seen[value] then
      seen[value] = true
      list[#list + 1] = { state_name(key), value }
    end
  end
  return list
end

--- This module and all below it.
---@return tnt.nn.Module[]
function Module:modules() return objects(module_entries(self)) end
--- Iterates names (this module's is "") and modules.
function Module:named_modules() return iterate(module_entries(self)) end
--- The modules directly in fields.
---@return tnt.nn.Module[]
function Module:children() return objects(child_entries(self)) end
--- Iterates names and children.
function Module:named_children() return iterate(child_entries(self)) end

--- A tensor that is saved with the module and not trained.
---@param name string
---@param t tnt.Tensor|nil
---@param options? {persistent?: boolean}  persistent = false: moved and listed, not saved
function Module:register_buffer(name, t, options)
  if type(name) ~= "string" or name:find("[.]") then
    errors.raise("argument", "register_buffer: a name without dots was expected, got %s", tostring(name))
  end
  if t ~= nil and not is_tensor(t) then errors.raise("argument", "register_buffer: '%s' must be a tensor, got %s", name, type(t)) end
  local names = buffers_of[self]
  if not names then
    names = { transient = {} }
    buffers_of[self] = names
  end
  local known
  for _, n in ipairs(names) do known = known or n == name end
  if not known then names[#names + 1] = name end
  names.transient[name] = options and options.persistent == false or nil
  rawset(self, name, t and t:keep())
end

--- As `self[name] = nn.Parameter(t)`.
---@param name string
---@param t tnt.Tensor
function Module:register_parameter(name, t) self[name] = Module.Parameter(t) end

-- -- by name --------------------------------------------------------------------------------------------------------------------
local function field_of(self, part)
  local value = rawget(self, part)
  if value == nil and part:match "^%d+$" then value = rawget(self, tonumber(part) + 1) end
  return value
end

--- The module, parameter or buffer with a state name: net:get "layers.0.attention".
---@param name string
function Module:get(name)
  local at = self
  for part in name:gmatch "[^.]+" do
    local nextone = type(at) == "table" and field_of(at, part)
    if nextone == nil or nextone == false then
      errors.raise("argument", "get: there is no '%s' in %s (at '%s')", name, tostring(class.of(self)), part)
    end
    at = nextone
  end
  return at
end

--- Replaces every module for which predicate(module, name) is true by fn(module, name).
---@param predicate fun(module: tnt.nn.Module, name: string): boolean
---@param fn fun(module: tnt.nn.Module, name: string): tnt.nn.Module
---@return tnt.nn.Module self
function Module:replace(predicate, fn)
  local function visit(module, prefix)
    for _, key in ipairs(listed(module)) do
      local child = rawget(module, key)
      if is_module(child) then
        local name = prefix .. state_name(key)
        if predicate(child, name) then
          local new = fn(child, name)
          if not is_module(new) then errors.raise("argument", "replace: a module was expected for '%s', got %s", name, type(new)) end
          rawset(module, key, new)
        else
          visit(child, name .. ".")
        end
      end
    end
  end
  visit(self, "")
  return self
end

-- -- state ----------------------------------------------------------------------------------------------------------------------------
--- Parameters and buffers by name, the objects themselves. A parameter in two modules is there once. Iterate it in order
--- with tnt.pairs.
---@param options? {trainable?: boolean, match?: string}  match: a Lua pattern that names must match
---@return table<string, tnt.Tensor>
function Module:state_dict(options)
  local state = {}
  local function take(name, t)
    if options and options.match and not name:match(options.match) then return end
    state[name] = t
  end
  for _, entry in ipairs(parameter_entries(self)) do
    if not (options and options.trainable) or entry[2].requires_grad then take(entry[1], entry[2]) end
  end
  if not (options and options.trainable) then
    for _, entry in ipairs(buffer_entries(self)) do
      if not entry[3] then take(entry[1], entry[2]) end
    end
  end
  return state
end

local function list_some(names)
  local shown = { unpack(names, 1, 8) }
  if #names > 8 then shown[9] = ("and %d more"):format(#names - 8) end
  return table.concat(shown, ", ")
end

--- Copies values in. Errors: shape, dtype; argument when strict and names are missing or unexpected.
---@param state table<string, tnt.Tensor>
---@param options? {strict?: boolean, rename?: {[1]: string, [2]: string}[]}  rename: Lua patterns and what replaces them
---@return string[] missing
---@return string[] unexpected
function Module:load_state_dict(state, options)
  local given = {}
  for name, t in sorted(state) do
    for _, rule in ipairs(options and options.rename or {}) do name = name:gsub(rule[1], (rule[2])) end
    given[name] = t
  end
  local own = self:state_dict()
  -- a parameter that two modules share may come under either name
  local aliases = {}
  walk(self, "", {}, function(module, prefix)
    for _, key in ipairs(listed(module)) do
      local value = rawget(module, key)
      if type(value) == "cdata" and is_parameter[value] then aliases[prefix .. state_name(key)] = value end
    end
  end)
  local missing, unexpected, plan = {}, {}, {}
  local seen = {}
  for name, t in sorted(given) do
    local to = own[name] or aliases[name]
    if not to then unexpected[#unexpected + 1] = name
    else
      if not is_tensor(t) then errors.raise("argument", "load_state_dict: '%s' must be a tensor, got %s", name, type(t)) end
      local a, b = to.shape, t.shape
      if table.concat(a, ",") ~= table.concat(b, ",") then
        errors.raise("shape", "load_state_dict: '%s' must be [%s], got [%s]", name, table.concat(a, ", "), table.concat(b, ", "))
      end
      plan[#plan + 1] = { to, t }
      seen[to] = true
    end
  end
  for name, t in sorted(own) do
    if not seen[t] then missing[#missing + 1] = name end
  end
  if not (options and options.strict == false) and (#missing > 0 or #unexpected > 0) then
    local parts = {}
    if #missing > 0 then parts[#parts + 1] = "missing: " .. list_some(missing) end
    if #unexpected > 0 then parts[#parts + 1] = "unexpected: " .. list_some(unexpected) end
    errors.raise("argument", "load_state_dict of %s: %s (pass {strict = false} to load what fits)", tostring(class.of(self)),
      table.concat(parts, "; "))
  end
  grad_mode.no_grad(function()
    for _, pair in ipairs(plan) do pair[1]:copy_(pair[2]) end
  end)
  return missing, unexpected
end

-- -- modes, placement -----------------------------------------------------------------------------------------------------------------
--- Switches this module and all below to training (or evaluation).
---@param on? boolean  default true
---@return tnt.nn.Module self
function Module:train(on)
  for _, module in ipairs(self:modules()) do rawset(module, "training", on ~= false) end
  return self
end

--- As train(false).
function Module:eval() return self:train(false) end

--- Parameters require gradients, or do not.
---@param on? boolean  default true
---@return tnt.nn.Module self
function Module:requires_grad_(on)
  for _, p in ipairs(self:parameters()) do p:requires_grad_(on ~= false) end
  return self
end

--- Calls fn(module) for this module and all below, children first.
---@param fn fun(module: tnt.nn.Module)
---@return tnt.nn.Module self
function Module:apply(fn)
  for _, child in ipairs(self:children()) do child:apply(fn) end
  fn(self)
  return self
end

--- Casts or moves parameters and buffers in place: the objects stay the same. Whole-number buffers keep their dtype.
---@param what string  a dtype or a device
---@return tnt.nn.Module self
function Module:to(what)
  local function move(t)
    if core.dtype_number[what] and not t.dtype:match "f" then return end
    local moved = t:detach():to(what)
    if moved.dtype == t.dtype and moved.device == t.device then return end
    core.check(C.tnt_swap_contents(t, moved))
    t.grad = nil
  end
  for _, entry in ipairs(parameter_entries(self)) do move(entry[2]) end
  for _, entry in ipairs(buffer_entries(self)) do move(entry[2]) end
  return self
end
function Module:float() return self:to "f32" end
function Module:double() return self:to "f64" end

--- Marks the gradients of all parameters unwritten.
function Module:zero_grad()
  for _, p in ipairs(self:parameters()) do p.grad = nil end
end

-- -- calling ------------------------------------------------------------------------------------------------------------------------------
local hooks_of = setmetatable({}, { __mode = "k" })

--- Calls fn(module, inputs, output) after every forward; a result that is not nil takes the output's place. What the hook
--- sees lives until the step ends.
---@param fn fun(module: tnt.nn.Module, inputs: table, output: any): any
---@return fun() remove
function Module:register_forward_hook(fn)
  if type(fn) ~= "function" then errors.raise("argument", "register_forward_hook: a function was expected, got %s", type(fn)) end
  local list = hooks_of[self]
  if not list then
    list = {}
    hooks_of[self] = list
  end
  list[#list + 1] = fn
  return function()
    for i, hook in ipairs(list) do
      if hook == fn then table.remove(list, i) break end
    end
    if #list == 0 then hooks_of[self] = nil end
  end
end

local function with_hooks(self, inputs, ...)
  local results = { ... }
  local n = select("#", ...)
  for _, hook in ipairs(hooks_of[self]) do
    scope.until_step(results)
    scope.until_step(inputs)
    local replaced
    if n > 1 then replaced = hook(self, inputs, results) else replaced = hook(self, inputs, results[1]) end
    if replaced ~= nil then
      results, n = { replaced }, 1
      scope.until_step(replaced)
    end
  end
  return unpack(results, 1, n)
end

function Module:forward()
  errors.raise("state", "%s defines no forward", tostring(class.of(self)))
end

function Module.__call(self, ...)
  if not self.scoped then
    if hooks_of[self] then return with_hooks(self, { ... }, self:forward(...)) end
    return self:forward(...)
  end
  local token = open_module()
  if hooks_of[self] then return close_module(token, self, self.stateless, with_hooks(self, { ... }, self:forward(...))) end
  return close_module(token, self, self.stateless, self:forward(...))
end

-- -- printing -------------------------------------------------------------------------------------------------------------------------------
--- What stands in the parentheses of a module's line: "in_features=4, out_features=2".
---@return string
function Module:describe() return "" end

local function indent(text) return (text:gsub("\n", "\n  ")) end

function Module.__tostring(self)
  local name = rawget(getmetatable(self), "__name")
  local lines = {}
  for child_name, child in self:named_children() do
    lines[#lines + 1] = ("  (%s): %s"):format(child_name, indent(tostring(child)))
  end
  if #lines == 0 then return ("%s(%s)"):format(name, self:describe()) end
  return ("%s(\n%s\n)"):format(name, table.concat(lines, "\n"))
end

return Module

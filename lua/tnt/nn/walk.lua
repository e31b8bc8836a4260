-- Walks over a tree of modules: lists, named iteration, get and replace, and what is done to every
-- module of a tree. Parents come before children and own parameters before the children's, as in
-- PyTorch; what is shared is visited once.

local class = require "tnt.class"
local core = require "tnt.core"
local device = require "tnt.device"
local errors = require "tnt.errors"
local Module = require "tnt.nn.module"
local parameter = require "tnt.nn.parameter"
local tensor = require "tnt.tensor"

local walk = {}

local function joined(prefix, name) return prefix == "" and name or prefix .. "." .. name end

-- Calls visit(module, name) for each module; `seen` false visits shared ones again, under every
-- name.
local function each_module(self, prefix, seen, visit)
  if seen then
    if seen[self] then return end
    seen[self] = true
  end
  visit(self, prefix)
  for _, entry in ipairs(self:_own()) do
    if entry.kind == "module" then
      each_module(entry.value, joined(prefix, entry.name), seen, visit)
    end
  end
end

--- Entries {name, value, saved} of one kind in a tree, in order; with `all`, shared ones under
--- every name.
---@param self tnt.nn.Module
---@param kind "parameter"|"buffer"
---@param all? boolean
function walk.entries(self, kind, all)
  local list, seen = {}, {}
  each_module(self, "", not all and {}, function(module, prefix)
    for _, entry in ipairs(module:_own()) do
      if entry.kind == kind and (all or not seen[entry.value]) then
        seen[entry.value] = true
        list[#list + 1] = { name = joined(prefix, entry.name), value = entry.value,
          saved = entry.saved }
      end
    end
  end)
  return list
end

local filter_names = { "trainable" }

local function filtered(who, list, filter)
  if filter == nil then return list end
  if type(filter) ~= "table" then
    errors.raise("argument", "%s: a filter is a table such as {trainable = true}, got %s", who,
      type(filter))
  end
  for name in pairs(filter) do -- order: free
    if name ~= "trainable" then errors.unknown(who, "filter", name, filter_names) end
  end
  if filter.trainable == nil then return list end
  local kept = {}
  for _, entry in ipairs(list) do
    if entry.value.requires_grad == filter.trainable then kept[#kept + 1] = entry end
  end
  return kept
end

local function values(list)
  local out = {}
  for i, entry in ipairs(list) do out[i] = entry.value end
  return out
end

local function iterate(list)
  local at = 0
  return function()
    at = at + 1
    if list[at] then return list[at].name, list[at].value end
  end
end

local function module_entries(self)
  local list = {}
  each_module(self, "", {}, function(module, name) list[#list + 1] = { name = name,
    value = module } end)
  return list
end

local function child_entries(self)
  local list, seen = {}, {}
  for _, entry in ipairs(self:_own()) do
    if entry.kind == "module" and not seen[entry.value] then
      seen[entry.value] = true
      list[#list + 1] = entry
    end
  end
  return list
end

--- All parameters of the tree, each once.
---@param filter? {trainable?: boolean}
---@return tnt.Tensor[]
function Module:parameters(filter)
  return values(filtered("parameters", walk.entries(self, "parameter"), filter))
end

--- `for name, parameter in net:named_parameters() do`
---@param filter? {trainable?: boolean}
function Module:named_parameters(filter)
  return iterate(filtered("named_parameters", walk.entries(self, "parameter"), filter))
end

--- All buffers of the tree, each once.
---@return tnt.Tensor[]
function Module:buffers() return values(walk.entries(self, "buffer")) end

--- `for name, buffer in net:named_buffers() do`
function Module:named_buffers() return iterate(walk.entries(self, "buffer")) end

--- All modules of the tree, this one first.
---@return tnt.nn.Module[]
function Module:modules() return values(module_entries(self)) end

--- `for name, module in net:named_modules() do`; this one has the name "".
function Module:named_modules() return iterate(module_entries(self)) end

--- The direct children.
---@return tnt.nn.Module[]
function Module:children() return values(child_entries(self)) end

--- `for name, child in net:named_children() do`
function Module:named_children() return iterate(child_entries(self)) end

--- The module, parameter or buffer of a state name: net:get("layers.0.attn.weight"). "" is the
--- module itself.
--- Errors: argument, when there is none; the nearest name is suggested.
---@param path string
---@return any
function Module:get(path)
  local at, done = self, ""
  for part in tostring(path):gmatch "[^.]+" do
    local found, names = nil, {}
    for i, entry in ipairs(Module.is_module(at) and at:_own() or {}) do
      names[i] = entry.name
      if entry.name == part then found = entry.value end
    end
    if found == nil then
      errors.unknown(done == "" and tostring(class.of(self)) or done, "name", part, names)
    end
    at, done = found, joined(done, part)
  end
  return at
end

--- Puts fn(module, name) in the place of every module of the tree that a predicate picks; what was
--- put in is not searched. The module itself is not replaced.
---@param predicate table|fun(module: tnt.nn.Module, name: string): boolean  or a class
---@param fn fun(module: tnt.nn.Module, name: string): tnt.nn.Module
---@return tnt.nn.Module self
---@return integer count
function Module:replace(predicate, fn)
  local picks = predicate
  if class.is_class(predicate) then
    picks = function(module) return class.is(module, predicate) end
  end
  if type(picks) ~= "function" or type(fn) ~= "function" then
    errors.raise("argument",
      "replace: replace(class or predicate, function) was expected, got %s and %s",
      type(predicate), type(fn))
  end
  local instead, count = {}, 0 -- a shared module is replaced by one other module
  local function visit(module, prefix)
    for _, entry in ipairs(module:_own()) do
      if entry.kind == "module" then
        local name = joined(prefix, entry.name)
        if instead[entry.value] == nil then
          instead[entry.value] = false
          if picks(entry.value, name) then
            local other = fn(entry.value, name)
            if not Module.is_module(other) then
              errors.raise("argument",
                "replace: the function must return a module for '%s', got %s", name, type(other))
            end
            instead[entry.value] = other
            instead[other] = instead[other] or false
          else
            visit(entry.value, name)
          end
        end
        local other = instead[entry.value]
        if other then
          rawset(module, entry.key, other)
          count = count + 1
        end
      end
    end
  end
  visit(self, "")
  return self, count
end

--- Calls fn(module) for every module of the tree, children before their parents.
---@param fn fun(module: tnt.nn.Module)
---@return tnt.nn.Module self
function Module:apply(fn)
  local list = self:modules()
  for i = #list, 1, -1 do fn(list[i]) end
  return self
end

--- Training mode for the tree: dropout drops, batch norms use and gather statistics.
---@param on? boolean  default true
---@return tnt.nn.Module self
function Module:train(on)
  for _, module in ipairs(self:modules()) do rawset(module, "training", on ~= false) end
  return self
end

--- Evaluation mode: train(false).
---@return tnt.nn.Module self
function Module:eval() return self:train(false) end

--- Whether the parameters of the tree want gradients.
---@param on? boolean  default true
---@return tnt.nn.Module self
function Module:requires_grad_(on)
  for _, p in ipairs(self:parameters()) do p.requires_grad = on ~= false end
  return self
end

local function move_all(module, what, floats_only)
  for _, kind in ipairs { "parameter", "buffer" } do
    for _, entry in ipairs(walk.entries(module, kind)) do
      if not floats_only or entry.value.dtype:match "f%d" then parameter.move(entry.value, what) end
    end
  end
end

--- Another dtype for the float parameters and buffers of the tree, another device, or another
--- memory format ("channels_last" for convolutional nets: weights of four dims are laid so, see
--- Tensor:contiguous). Parameters stay the same objects.
---
---     net:to "f64"    net:to "cuda"    net:to {device = "cuda", memory_format = "channels_last"}
---
--- Errors: argument, for what is none of these; dtype, for whole numbers; device.
---@param what string|{dtype?: string, device?: string, memory_format?: string}
---@return tnt.nn.Module self
function Module:to(what)
  local dtype, place, format
  if type(what) == "table" then dtype, place, format = tensor.make.check_to(what)
  elseif core.dtype_number[what] then dtype = what
  elseif device.is_name(what) then place = what
  else
    errors.raise("argument", "to: a dtype or a device was expected, got %s", tostring(what))
  end
  if dtype then
    dtype = core.dtypes[tensor.make.dtype_number(dtype, "to")]
    if not dtype:match "f%d" then
      errors.raise("dtype", "to: parameters are of a float dtype, got %s", dtype)
    end
    move_all(self, dtype, true)
  end
  if place then
    device.number(place, "to")
    move_all(self, place)
  end
  if format then move_all(self, { memory_format = format }) end
  return self
end

--- Marks the gradients of the tree's parameters as unwritten.
---@return tnt.nn.Module self
function Module:zero_grad()
  local list = core.list(self:parameters())
  core.check(core.C.tnt_zero_grad(list.items, list.n))
  return self
end

return walk

-- Weights alone, out of a checkpoint or of a module, into a file that other programs read: names
-- are PyTorch's, so that `load = PATH` here and load_state_dict there take them.

local class = require "tnt.class"
local errors = require "tnt.errors"
local files = require "tnt.files"
local nest = require "tnt.loop.nest"
local run = require "tnt.checkpoint.run"
local sorted = require "tnt.sorted"

local NONE = class.NONE

---@class tnt.checkpoint.ExportOptions
---@field field string|nil     of the unit: which of several modules; default: the only one
---@field averaged string|boolean|nil  true: the averaged weights (an AutoUnit's `averaged`); or the
---  name of the field that averages
---@field match string|nil     a Lua pattern: only weights whose name it is found in
---@field dtype string|nil     floating-point weights in this dtype, such as "f16"; default: as is
---@field metadata table<string, string>|nil  beside the weights, in .safetensors

local declaration = class.declaration("checkpoint.export", {
  field = NONE, averaged = NONE, match = NONE, dtype = NONE, metadata = NONE,
})

local function is_module(value)
  return type(value) == "table" and type(value.parameters) == "function"
end

-- Whether a saved state can be a module's: tensors by name.
local function are_weights(state)
  if type(state) ~= "table" or next(state) == nil then return false end
  for _, value in pairs(state) do -- order: free
    if not nest.is_tensor(value) then return false end
  end
  return true
end

-- Field -> state, of a unit or of a checkpoint.
local function states_of(source)
  if type(source) == "string" then
    local contents = run.read(source)
    return contents.format == 1 and contents.app or contents, source
  elseif is_module(source) then
    return { module = source:state_dict() }, "the module"
  elseif type(source) == "table" and type(source.app_state) == "function" then
    local states = {}
    for name, object in sorted(source:app_state()) do states[name] = object:state_dict() end
    return states, "the unit"
  end
  errors.raise("argument", "checkpoint.export: expected the path of a checkpoint, a unit or a "
    .. "module, got %s", type(source))
end

local function averages_of(states, field, who)
  if field == true then field = "averaged" end
  local state = states[field]
  if type(state) ~= "table" or not are_weights(state.averages) then
    errors.raise("argument", "checkpoint.export: %s has no averaged weights in '%s'", who,
      tostring(field))
  end
  return state.averages
end

local function weights_of(states, field, who)
  if field then
    if not are_weights(states[field]) then
      errors.raise("argument", "checkpoint.export: %s has no weights in '%s'", who, field)
    end
    return states[field]
  end
  if are_weights(states) then return states end -- a file of weights
  local found = {}
  for name, state in sorted(states) do
    if are_weights(state) then found[#found + 1] = name end
  end
  if #found ~= 1 then
    errors.raise("argument", "checkpoint.export: %s has %s; say which: field = '...'", who,
      #found == 0 and "no weights" or "weights in " .. table.concat(found, ", "))
  end
  return states[found[1]]
end

local floats = { f16 = true, bf16 = true, f32 = true, f64 = true }

--- Writes the weights of one module to a file: .safetensors, .npz, or HDF5 for any other ending.
---
---     tnt.checkpoint.export("runs/a/checkpoints/best", "digits.safetensors")
---     tnt.checkpoint.export(unit, "averaged.h5", {averaged = true, dtype = "f16"})
---
--- Errors: argument, when there are no weights, or those of several modules and none is named; io,
--- format, as reading and tnt.save.
---@param source string|tnt.Unit|tnt.nn.Module  a path: a checkpoint, the dir of a run (its latest)
---@param path string
---@param options tnt.checkpoint.ExportOptions|nil
---@return integer n  tensors written
return function(source, path, options)
  local o = class.read("checkpoint.export", declaration, options or {})
  if o.dtype ~= nil and not floats[o.dtype] then
    errors.unknown("checkpoint.export", "dtype", o.dtype, { "bf16", "f16", "f32", "f64" })
  end
  local states, who = states_of(source)
  local weights = o.averaged and averages_of(states, o.averaged, who)
    or weights_of(states, o.field, who)
  local written, n = {}, 0
  for name, tensor in sorted(weights) do
    if not o.match or name:find(o.match) then
      if o.dtype and floats[tensor.dtype] then tensor = tensor:detach():to(o.dtype) end
      written[name], n = tensor, n + 1
    end
  end
  if n == 0 then
    errors.raise("argument", "checkpoint.export: no weight's name matches '%s'", o.match)
  end
  if o.metadata then
    if not path:find "%.safetensors$" then
      errors.raise("argument", "checkpoint.export: metadata are for a .safetensors file, got %s",
        path)
    end
    written.__metadata__ = o.metadata
  end
  files.save(path, written)
  return n
end

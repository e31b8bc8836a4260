-- Parameters: leaf tensors that a module trains and saves. A parameter is one Lua object for life,
-- so a weak table knows which tensors are parameters, and a change of dtype or device puts another
-- tensor behind the same object.

local ffi = require "ffi"
local errors = require "tnt.errors"
local tensor = require "tnt.tensor"

local parameter = {
  -- counts the changes of what stands behind some parameter: lists of handles are rebuilt then
  generation = 0,
}

local known = setmetatable({}, { __mode = "k" })

--- A parameter with the values of a tensor, whose memory it shares; it is kept until nothing refers
--- to it.
--- Errors: argument, when `t` is no tensor; dtype, when it holds whole numbers.
---@param t tnt.Tensor  any shape, f32|f64|f16|bf16
---@param requires_grad? boolean  default true
---@return tnt.Tensor
function parameter.new(t, requires_grad)
  if not tensor.is_tensor(t) then
    errors.raise("argument", "Parameter: a tensor was expected, got %s", type(t))
  end
  if not t.dtype:match "f%d" then
    errors.raise("dtype", "Parameter: a float dtype was expected, got %s (cast it: t:float())",
      t.dtype)
  end
  local p = t:detach():keep()
  if requires_grad ~= false then p.requires_grad = true end
  known[p] = true
  return p
end

--- Whether a value is a parameter.
---@param value any
---@return boolean
function parameter.is(value) return type(value) == "cdata" and known[value] == true end

--- Gives a kept tensor (a parameter or a buffer) another dtype or device behind the same object;
--- its gradient is dropped.
---@param t tnt.Tensor
---@param what string  a dtype or a device
function parameter.move(t, what)
  local wants, plain = t.requires_grad, t:detach()
  local other = plain:to(what)
  if other == plain then return end -- it is so already
  other:keep()
  if wants then other.requires_grad = true end
  local held = ffi.new "tnt_tensor"
  ffi.copy(held, t, ffi.sizeof(held))
  ffi.copy(t, other, ffi.sizeof(held))
  ffi.copy(other, held, ffi.sizeof(held)) -- the former tensor goes when `other` is collected
  parameter.generation = parameter.generation + 1
end

return parameter

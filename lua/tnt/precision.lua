-- tnt.precision: names of the number formats a run computes in.

local errors = require "tnt.errors"

local precision = {}

-- Source of the foreign names: TorchTNT ("fp32"), PyTorch's dtypes ("float32"), Lightning
-- ("32-true", "bf16-mixed").
local DTYPES = {
  f64 = "f64", fp64 = "f64", float64 = "f64", double = "f64",
  f32 = "f32", fp32 = "f32", float32 = "f32", float = "f32", ["32-true"] = "f32",
  f16 = "f16", fp16 = "f16", float16 = "f16", half = "f16", ["16-mixed"] = "f16",
  bf16 = "bf16", bfloat16 = "bf16", ["bf16-mixed"] = "bf16",
}

--- The dtype that a precision's name stands for: "f32", "bf16", "f16", "f64", or what PyTorch,
--- TorchTNT ("fp16") and Lightning ("16-mixed") call them.
---
---     tnt.precision.dtype "fp16"  -- f16
---
--- Errors: argument, for a name that is none.
---@param name string
---@param who string|nil  whose option it is, for the message
---@return "f32"|"bf16"|"f16"|"f64"
function precision.dtype(name, who)
  local dtype = DTYPES[name]
  if dtype == nil then
    errors.unknown(who or "tnt.precision", "precision", name, { "bf16", "f16", "f32", "f64" })
  end
  return dtype
end

--- Whether gradients in this precision need a scaled loss: f16, whose least number is 6e-8, does;
--- bf16 has the range of f32.
--- Errors: argument, for a name that is none.
---@param name string
---@return boolean
function precision.needs_scaler(name) return precision.dtype(name) == "f16" end

return precision

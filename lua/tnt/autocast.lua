-- Mixed precision: tnt.autocast runs a function whose matrix products and convolutions compute in a
-- 16-bit dtype, while what loses by it (sums, exponentials, softmax, norms, losses) computes in
-- f32. Weights stay f32; a weight's 16-bit copy is kept until the weight changes.
local core = require "tnt.core"
local errors = require "tnt.errors"
local C = core.C

local autocast = {}

local names = { "bf16", "f16" }
local numbers = { bf16 = C.TNT_BF16, f16 = C.TNT_F16 }

--- Sets the region's dtype; false is off.
---@param dtype string|false
---@return string|false before
function autocast.set(dtype)
  local before = core.dtypes[core.context.autocast] or false
  local number = -1
  if dtype then
    number = numbers[dtype] or errors.unknown("autocast", "dtype", dtype, names)
  end
  core.check(C.tnt_set_autocast(number))
  return before
end

--- The dtype of the region under way, or false.
---@return string|false
function autocast.get() return core.dtypes[core.context.autocast] or false end

local function finish(before, ok, ...)
  autocast.set(before)
  if not ok then error((...), 0) end
  return ...
end

--- Runs fn(...) in a region of mixed precision and returns its results. Backward belongs outside.
--- Computed in the 16-bit dtype: matmul, linear, linear_gelu, gelu_mlp, conv2d, attention; in f32:
--- sum, prod, var, cumsum, exp, expm1, log, log1p, log2, pow, rsqrt, reciprocal, softplus, softmax,
--- log_softmax, cross_entropy, layernorm; the others as their inputs are. Whole numbers and f64
--- stay as they are.
--- Errors: argument, for a dtype that is none of these. Source: Micikevicius et al. 2018; the lists
--- are PyTorch's.
---@param dtype string|false  "bf16" or "f16"; false: full precision within a region
---@param fn function
function autocast.run(dtype, fn, ...) return finish(autocast.set(dtype), pcall(fn, ...)) end

return autocast

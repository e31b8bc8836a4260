-- Losses as functions of prediction and target; nn.functional takes them over. Every one has
-- `reduction`: "mean" (default), "sum" or "none".

local errors = require "tnt.errors"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"

local losses = {}

local reduction_numbers = { none = 0, mean = 1, sum = 2 }

-- Checks an option table and returns it with the reduction.
local function read(who, options, known)
  options = options or {}
  for name in pairs(options) do -- order: free
    local is_known = name == "reduction"
    for _, other in ipairs(known) do is_known = is_known or name == other end
    if not is_known then
      local names = { "reduction" }
      for _, other in ipairs(known) do names[#names + 1] = other end
      errors.unknown(who, "option", name, names)
    end
  end
  local reduction = options.reduction or "mean"
  if not reduction_numbers[reduction] then
    errors.unknown(who, "reduction", reduction, { "mean", "none", "sum" })
  end
  return options, reduction
end

local function reduced(y, reduction)
  if reduction == "mean" then return ops.mean(y) end
  if reduction == "sum" then return ops.sum(y) end
  return y
end

local function same_shape(who, x, t)
  local a, b = x.shape, t.shape
  local same = #a == #b
  for i = 1, #a do same = same and a[i] == b[i] end
  if not same then
    errors.raise("shape", "%s: prediction and target must be of one shape, got [%s] and [%s]", who,
      table.concat(a, ", "),
      table.concat(b, ", "))
  end
end

-- [N, C, ...] and [N, ...] as rows: [M, C] and [M], and the shape of what is left as it is.
local function as_rows(who, x, t)
  local n = x:dim()
  if n == 1 then return ops.unsqueeze(x, 1), t:reshape(1), {} end
  if n == 2 then return x, t, nil end
  if n < 2 or t:dim() ~= n - 1 then
    errors.raise("shape", "%s: [N, C, ...] and [N, ...] were expected, got %d and %d dims", who, n,
      t:dim())
  end
  local sizes, order = t.shape, { 1 }
  for d = 3, n do order[#order + 1] = d end
  order[#order + 1] = 2
  return ops.permute(x, order):reshape(-1, x:size(2)), t:reshape(-1), sizes
end

local function is_float(t) return t.dtype:match "f%d" ~= nil end

-- Targets that are probabilities. Source: Szegedy et al. 2016 for smoothing.
local function cross_entropy_soft(x, t, o, reduction)
  same_shape("cross_entropy", x, t)
  local d = x:dim() == 1 and 1 or 2
  local classes, smoothing = x:size(d), o.label_smoothing or 0
  if smoothing > 0 then t = t * (1 - smoothing) + smoothing / classes end
  local terms = ops.log_softmax(x, d) * t
  if o.weight then
    local shape = {}
    for i = 1, x:dim() do shape[i] = i == d and classes or 1 end
    terms = terms * o.weight:reshape(shape)
  end
  local y = -ops.sum(terms, d)
  if reduction == "mean" then return ops.sum(y) / (x:numel() / classes) end
  return reduced(y, reduction)
end

---@class tnt.nn.CrossEntropyOptions
---@field weight? tnt.Tensor         [C] of the classes
---@field ignore_index? integer      targets that do not count, default -100
---@field label_smoothing? number    in [0, 1), default 0
---@field reduction? "mean"|"sum"|"none"

--- -log softmax(x)[t]. Losses of 16-bit logits are computed and given in f32.
---@param x tnt.Tensor  [N, C], [C] or [N, C, ...] logits
---@param t tnt.Tensor  [N], [] or [N, ...] class ids from 0, or probabilities of the shape of x
---@param options? tnt.nn.CrossEntropyOptions
---@return tnt.Tensor
function losses.cross_entropy(x, t, options)
  local o, reduction = read("cross_entropy", options,
    { "weight", "ignore_index", "label_smoothing" })
  if is_float(t) and x:dim() == t:dim() then return cross_entropy_soft(x, t, o, reduction) end
  local rows, ids, sizes = as_rows("cross_entropy", x, t)
  local y = ops.cross_entropy(rows, ids, o.weight, o.ignore_index or -100, o.label_smoothing or 0,
    reduction_numbers[reduction])
  if sizes and reduction == "none" then return y:reshape(sizes) end
  return y
end

--- -x[t] for logarithms of probabilities.
---@param x tnt.Tensor  [N, C], [C] or [N, C, ...]
---@param t tnt.Tensor  [N], [] or [N, ...] class ids from 0
---@param options? tnt.nn.CrossEntropyOptions  without label_smoothing
---@return tnt.Tensor
function losses.nll_loss(x, t, options)
  local o, reduction = read("nll_loss", options, { "weight", "ignore_index" })
  local rows, ids, sizes = as_rows("nll_loss", x, t)
  local counts = ops.ne(ids, o.ignore_index or -100)
  local safe = tensor.methods.where(ids, counts, 0)
  local weight = ops.cast(counts, tensor.describe(rows).dtype)
  if o.weight then weight = weight * ops.index_select(o.weight, 1, safe) end
  local y = -ops.squeeze(ops.gather(rows, 2, ops.unsqueeze(safe, 2)), 2) * weight
  if reduction == "mean" then return ops.sum(y) / ops.sum(weight) end
  if sizes and reduction == "none" then return y:reshape(sizes) end
  return reduced(y, reduction)
end

--- The squared difference.
---@param x tnt.Tensor
---@param t tnt.Tensor  of the same shape
---@param options? {reduction?: string}
---@return tnt.Tensor
function losses.mse_loss(x, t, options)
  local _, reduction = read("mse_loss", options, {})
  same_shape("mse_loss", x, t)
  return reduced(ops.square(x - t), reduction)
end

--- The absolute difference.
---@param x tnt.Tensor
---@param t tnt.Tensor  of the same shape
---@param options? {reduction?: string}
---@return tnt.Tensor
function losses.l1_loss(x, t, options)
  local _, reduction = read("l1_loss", options, {})
  same_shape("l1_loss", x, t)
  return reduced(ops.abs(x - t), reduction)
end

--- Cross entropy of independent yes/no answers, without overflow.
---@param x tnt.Tensor  logits
---@param t tnt.Tensor  probabilities, of the same shape
---@param options? {reduction?: string, weight?: tnt.Tensor, pos_weight?: tnt.Tensor}
---@return tnt.Tensor
function losses.binary_cross_entropy_with_logits(x, t, options)
  local o, reduction = read("binary_cross_entropy_with_logits", options, { "weight", "pos_weight" })
  same_shape("binary_cross_entropy_with_logits", x, t)
  local y = ops.softplus(-x) -- -log sigmoid(x)
  if o.pos_weight then y = y * ((o.pos_weight - 1) * t + 1) end
  y = x * (1 - t) + y
  if o.weight then y = y * o.weight end
  return reduced(y, reduction)
end

return losses

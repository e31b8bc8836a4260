-- nn.functional: what layers compute, as functions of tensors. Activations are the ops themselves.
local core = require "tnt.core"
local errors = require "tnt.errors"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"

local F = {
  relu = ops.relu, silu = ops.silu, tanh = ops.tanh, sigmoid = ops.sigmoid, leaky_relu = ops.leaky_relu, elu = ops.elu,
  softplus = ops.softplus, softmax = ops.softmax, log_softmax = ops.log_softmax, linear = ops.linear, one_hot = ops.one_hot,
}

local function check_options(who, options, names)
  for key in pairs(options) do -- order: free
    local known
    for _, name in ipairs(names) do known = known or name == key end
    if not known then errors.unknown(who, "option", key, names) end
  end
end

--- gelu in its exact form, or {approximate = "tanh"}.
---@param x tnt.Tensor
---@param options? {approximate?: "none"|"tanh"}
function F.gelu(x, options)
  local how = options and options.approximate
  if how == "tanh" then return ops.gelu_tanh(x) end
  if how == nil or how == "none" then return ops.gelu(x) end
  errors.unknown("gelu", "value of approximate", how, { "none", "tanh" })
end

--- Drops elements with probability p while training.
---@param x tnt.Tensor
---@param p? number  default 0.5
---@param training? boolean  default true
function F.dropout(x, p, training)
  p = p or 0.5
  if training == false or p == 0 then return x end
  return ops.dropout(x, p)
end

--- Rows of w at ids.
---@param ids tnt.Tensor  whole numbers, from 0
---@param w tnt.Tensor  [V, C]
function F.embedding(ids, w) return ops.embedding(ids, w) end

--- Normalises over the last dims, which have the sizes of w (or of `shape`).
---@param x tnt.Tensor
---@param shape integer[]|integer
---@param w? tnt.Tensor
---@param b? tnt.Tensor
---@param eps? number  default 1e-5
function F.layer_norm(x, shape, w, b, eps)
  if type(shape) == "number" or #shape == 1 then
    local n = type(shape) == "number" and shape or shape[1]
    if x:size(-1) ~= n then errors.raise("shape", "layer_norm: the last dim must be %d, got %d", n, x:size(-1)) end
    return ops.layernorm(x, w, b, eps)
  end
  local n = #shape
  local full = x.shape
  for i = 1, n do
    if full[#full - n + i] ~= shape[i] then
      errors.raise("shape", "layer_norm: the last dims must be [%s], got [%s]", table.concat(shape, ", "), table.concat(full, ", "))
    end
  end
  local y = ops.layernorm(x:flatten(#full - n + 1, -1), w and w:flatten(), b and b:flatten(), eps)
  return y:reshape(full)
end

--- Normalises each channel (dim 2). With training the batch's own statistics serve, and running ones are moved towards
--- them by `momentum` (the variance by its unbiased estimate).
---@param x tnt.Tensor  [N, C, ...]
---@param running_mean tnt.Tensor|nil  [C]
---@param running_var tnt.Tensor|nil  [C]
---@param w? tnt.Tensor  [C]
---@param b? tnt.Tensor  [C]
---@param training? boolean
---@param momentum? number  default 0.1
---@param eps? number  default 1e-5
function F.batch_norm(x, running_mean, running_var, w, b, training, momentum, eps)
  eps, momentum = eps or 1e-5, momentum or 0.1
  if not training then
    if not running_mean then errors.raise("argument", "batch_norm: running statistics are needed outside training") end
    return ops.batchnorm(x, running_mean, running_var, w, b, eps, false)
  end
  local n = x:numel() / x:size(2)
  if n <= 1 then errors.raise("shape", "batch_norm: more than one value for each channel is needed to train, got shape [%s]", table.concat(x.shape, ", ")) end
  local before = require("tnt.grad_mode").set(false)
  local mean, var = ops.batchnorm_stats(x)
  if running_mean then
    ops.add_(ops.mul_(running_mean, 1 - momentum), mean * momentum)
    ops.add_(ops.mul_(running_var, 1 - momentum), var * (momentum * n / (n - 1)))
  end
  require("tnt.grad_mode").set(before)
  return ops.batchnorm(x, mean, var, w, b, eps, true)
end

local function pair(value, default)
  if value == nil then return default end
  return value
end

---@class tnt.nn.ConvOptions
---@field stride? integer|integer[]    default 1
---@field padding? integer|integer[]|"same"|"valid"   default 0
---@field dilation? integer|integer[]  default 1
---@field groups? integer              default 1

local function same_padding(w, stride, dilation)
  local list = {}
  for i = 1, 2 do
    local s = type(stride) == "table" and (stride[i] or stride[1]) or stride
    local d = type(dilation) == "table" and (dilation[i] or dilation[1]) or dilation
    if s ~= 1 then errors.raise("argument", 'conv2d: padding "same" goes with stride 1, got %d', s) end
    local reach = d * (w:size(2 + i) - 1)
    if reach % 2 ~= 0 then errors.raise("argument", 'conv2d: padding "same" needs kernels of odd size, got %d', w:size(2 + i)) end
    list[i] = reach / 2
  end
  return list
end

--- Correlates x with w.
---@param x tnt.Tensor  [N, C, H, W]
---@param w tnt.Tensor  [O, C / groups, K, L]
---@param b? tnt.Tensor  [O]
---@param options? tnt.nn.ConvOptions
---@return tnt.Tensor y  [N, O, P, Q]
function F.conv2d(x, w, b, options)
  local o = options or {}
  check_options("conv2d", o, { "dilation", "groups", "padding", "stride" })
  local stride, dilation, padding = pair(o.stride, 1), pair(o.dilation, 1), pair(o.padding, 0)
  if padding == "same" then padding = same_padding(w, stride, dilation)
  elseif padding == "valid" then padding = 0 end
  return ops.conv2d(x, w, b, stride, padding, dilation, o.groups or 1)
end

---@class tnt.nn.PoolOptions
---@field stride? integer|integer[]   default: the window
---@field padding? integer|integer[]  default 0
---@field return_indices? boolean     maxima only
---@field count_include_pad? boolean  means only, default true

--- The maximum of each window.
---@param x tnt.Tensor  [N, C, H, W]
---@param window integer|integer[]
---@param options? tnt.nn.PoolOptions
function F.max_pool2d(x, window, options)
  local o = options or {}
  check_options("max_pool2d", o, { "padding", "return_indices", "stride" })
  local y, i = ops.maxpool2d(x, window, pair(o.stride, window), pair(o.padding, 0))
  if o.return_indices then return y, i end
  return y
end

--- The mean of each window.
---@param x tnt.Tensor  [N, C, H, W]
---@param window integer|integer[]
---@param options? tnt.nn.PoolOptions
function F.avg_pool2d(x, window, options)
  local o = options or {}
  check_options("avg_pool2d", o, { "count_include_pad", "padding", "stride" })
  return ops.avgpool2d(x, window, pair(o.stride, window), pair(o.padding, 0), o.count_include_pad ~= false)
end

--- Means of windows chosen so that the result has the given size.
---@param x tnt.Tensor  [N, C, H, W]
---@param size integer|integer[]
function F.adaptive_avg_pool2d(x, size)
  local p = type(size) == "table" and size[1] or size
  local q = type(size) == "table" and (size[2] or size[1]) or size
  local H, W = x:size(3), x:size(4)
  if H % p == 0 and W % q == 0 then return F.avg_pool2d(x, { H / p, W / q }) end
  local rows = {}
  for i = 0, p - 1 do
    local columns = {}
    local h0, h1 = math.floor(i * H / p), math.ceil((i + 1) * H / p)
    for j = 0, q - 1 do
      local w0, w1 = math.floor(j * W / q), math.ceil((j + 1) * W / q)
      columns[j + 1] = x:narrow(3, h0 + 1, h1 - h0):narrow(4, w0 + 1, w1 - w0):mean({ 3, 4 }, true)
    end
    rows[i + 1] = ops.cat(columns, 4)
  end
  return ops.cat(rows, 3)
end

-- -- losses -------------------------------------------------------------------------------------------------------------------
local reductions = { none = 0, mean = 1, sum = 2 }

local function reduction_of(who, options)
  local name = options and options.reduction or "mean"
  if not reductions[name] then errors.unknown(who, "reduction", name, { "mean", "none", "sum" }) end
  return name
end

local function reduce(x, name)
  if name == "mean" then return ops.mean(x) end
  if name == "sum" then return ops.sum(x) end
  return x
end

---@class tnt.nn.CrossEntropyOptions
---@field weight? tnt.Tensor         [C]
---@field ignore_index? integer      rows with this target count nothing; default -100
---@field label_smoothing? number    default 0
---@field reduction? "mean"|"sum"|"none"

--- Cross entropy of logits against class ids (from 0) or against probabilities of the logits' shape.
---@param logits tnt.Tensor  [N, C] or [N, C, ...]
---@param target tnt.Tensor  [N] or [N, ...]
---@param options? tnt.nn.CrossEntropyOptions
---@return tnt.Tensor loss
function F.cross_entropy(logits, target, options)
  local o = options or {}
  check_options("cross_entropy", o, { "ignore_index", "label_smoothing", "reduction", "weight" })
  local how = reduction_of("cross_entropy", o)
  local smoothing = o.label_smoothing or 0
  if smoothing < 0 or smoothing > 1 then errors.raise("argument", "cross_entropy: label_smoothing must be in 0..1, got %g", smoothing) end
  if type(logits) ~= "cdata" then core.operand("cross_entropy", "logits", logits) end
  if type(target) ~= "cdata" then core.operand("cross_entropy", "target", target) end
  local n = logits:dim()
  if target.dtype:match "f" then -- probabilities
    if smoothing > 0 then target = target * (1 - smoothing) + smoothing / logits:size(2) end
    local each = ops.log_softmax(logits, 2) * target
    if o.weight then
      local shape = { 1, o.weight:size(1) }
      for _ = 3, n do shape[#shape + 1] = 1 end
      each = each * o.weight:view(shape)
    end
    each = -ops.sum(each, 2)
    return reduce(each, how)
  end
  local shape
  if n > 2 then -- classes last
    shape = target.shape
    local order = { 1 }
    for d = 3, n do order[#order + 1] = d end
    order[#order + 1] = 2
    logits = logits:permute(order):reshape(-1, logits:size(2))
    target = target:reshape(-1)
  elseif n == 1 then
    shape = {}
    logits, target = logits:unsqueeze(1), target:reshape(1)
  end
  local loss = ops.cross_entropy(logits, target, o.weight, o.ignore_index or -100, smoothing, reductions[how])
  if how == "none" and shape then return loss:reshape(shape) end
  return loss
end

--- Minus the log-probability of each target.
---@param x tnt.Tensor  [N, C] log-probabilities
---@param target tnt.Tensor  [N] ids from 0
---@param options? {reduction?: string}
function F.nll_loss(x, target, options)
  check_options("nll_loss", options or {}, { "reduction" })
  local picked = ops.squeeze(ops.gather(x, 2, ops.unsqueeze(target, 2)), 2)
  return reduce(-picked, reduction_of("nll_loss", options))
end

local function same_shape(who, x, target)
  if type(x) ~= "cdata" then core.operand(who, "x", x) end
  if type(target) ~= "cdata" then core.operand(who, "target", target) end
  local a, b = table.concat(x.shape, ", "), table.concat(target.shape, ", ")
  if a ~= b then errors.raise("shape", "%s: prediction and target must have one shape, got [%s] and [%s]", who, a, b) end
end

local function elementwise_loss(who, fn)
  return function(x, target, options)
    check_options(who, options or {}, { "reduction" })
    same_shape(who, x, target)
    return reduce(fn(x, target), reduction_of(who, options))
  end
end

--- The squared difference. `mse_loss(x, target, {reduction = "mean"})`; both of one shape.
F.mse_loss = elementwise_loss("mse_loss", function(x, target) return ops.square(x - target) end)
--- The absolute difference.
F.l1_loss = elementwise_loss("l1_loss", function(x, target) return ops.abs(x - target) end)
--- Squared below 1, linear beyond.
F.smooth_l1_loss = elementwise_loss("smooth_l1_loss", function(x, target)
  local d = ops.abs(x - target)
  return tensor.shape.where(ops.lt(d, 1), ops.square(d) * 0.5, d - 0.5)
end)
--- Binary cross entropy of logits: max(x, 0) - x t + log(1 + exp(-|x|)).
F.binary_cross_entropy_with_logits = elementwise_loss("binary_cross_entropy_with_logits", function(x, target)
  return ops.relu(x) - x * target + ops.log1p(ops.exp(-ops.abs(x)))
end)

return F

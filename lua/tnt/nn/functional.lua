-- nn.functional (F): layers as functions, lower case, without parameters of their own. Tensors come
-- first, options last as a table. Activations are the tensor methods of the same name.

local errors = require "tnt.errors"
local losses = require "tnt.nn.loss_functions"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"
local methods = tensor.methods

local F = {}

for _, name in ipairs {
  "relu", "silu", "tanh", "sigmoid", "softplus", "leaky_relu", "elu", "softmax",
  "log_softmax", "one_hot",
} do
  F[name] = ops[name]
end
for name, fn in pairs(losses) do F[name] = fn end -- order: free

--- x times the normal distribution function of x; approximate = "tanh" for the usual approximation.
---@param x tnt.Tensor
---@param options? {approximate?: "none"|"tanh"}
---@return tnt.Tensor
function F.gelu(x, options)
  local how = options and options.approximate or "none"
  if how == "tanh" then return ops.gelu_tanh(x) end
  if how ~= "none" then errors.unknown("gelu", "approximation", how, { "none", "tanh" }) end
  return ops.gelu(x)
end

--- x w^T + b.
---@param x tnt.Tensor  [..., I]
---@param w tnt.Tensor  [O, I]
---@param b? tnt.Tensor [O]
---@return tnt.Tensor   [..., O]
function F.linear(x, w, b) return ops.linear(x, w, b) end

--- gelu in its tanh approximation of x w^T + b, made as the product is written; what it was made of
--- is kept only where a gradient will want it. The same as F.gelu(F.linear(x, w, b), {approximate =
--- "tanh"}), but in 16 bits, where the gelu sees the product before it is rounded.
---@param x tnt.Tensor  [..., I]
---@param w tnt.Tensor  [O, I]
---@param b? tnt.Tensor [O]
---@return tnt.Tensor   [..., O]
function F.linear_gelu(x, w, b) return ops.linear_gelu(x, w, b) end

--- The feed-forward half of a transformer's block as one operation: F.linear of F.linear_gelu. Its
--- gradient makes the gelu's as it writes the product with w, so that the wide tensors [..., H]
--- pass through memory fewer times than in two operations.
---@param x tnt.Tensor  [..., I]
---@param v tnt.Tensor  [H, I]  weight of the first layer
---@param a tnt.Tensor? [H]     its bias
---@param w tnt.Tensor  [O, H]  weight of the second
---@param b? tnt.Tensor [O]     its bias
---@return tnt.Tensor   [..., O]
function F.gelu_mlp(x, v, a, w, b) return ops.gelu_mlp(x, v, a, w, b) end

--- The rows of w at ids, counted from 0. Rows picked by `padding_idx` get no gradient.
---@param ids tnt.Tensor  [...] whole numbers
---@param w tnt.Tensor    [V, C]
---@param options? {padding_idx?: integer}
---@return tnt.Tensor     [..., C]
function F.embedding(ids, w, options)
  local y = ops.embedding(ids, w)
  local padding = options and options.padding_idx
  if padding == nil then return y end
  return ops.where(ops.unsqueeze(ops.eq(ids, padding), -1), y:detach(), y)
end

--- Elements set to 0 with probability p, the others times 1 / (1 - p); x itself when not training.
---@param x tnt.Tensor
---@param p? number          default 0.5
---@param training? boolean  default true
---@return tnt.Tensor
function F.dropout(x, p, training)
  if training == false or p == 0 then return x end
  return ops.dropout(x, p or 0.5)
end

--- Normalises over the last dims, whose sizes are `shape`.
---@param x tnt.Tensor       [..., shape]
---@param shape integer[]|integer
---@param w? tnt.Tensor      of that shape
---@param b? tnt.Tensor      of that shape
---@param eps? number        default 1e-5
---@return tnt.Tensor
function F.layer_norm(x, shape, w, b, eps)
  if type(shape) == "number" or #shape == 1 then return ops.layernorm(x, w, b, eps or 1e-5) end
  local sizes, lead, count = x.shape, {}, 1
  local first = #sizes - #shape
  for d = 1, #shape do
    if sizes[first + d] ~= shape[d] then
      errors.raise("shape", "layer_norm: x must end in the sizes [%s], got [%s]",
        table.concat(shape, ", "),
        table.concat(sizes, ", "))
    end
    count = count * shape[d]
  end
  for d = 1, first do lead[d] = sizes[d] end
  lead[first + 1] = count
  w, b = w and w:reshape(count), b and b:reshape(count)
  local y = ops.layernorm(x:reshape(lead), w, b, eps or 1e-5)
  return y:reshape(sizes)
end

---@class tnt.nn.BatchNormOptions
---@field weight? tnt.Tensor
---@field bias? tnt.Tensor
---@field training? boolean   use the statistics of x, and gather them in the running ones
---@field momentum? number    default 0.1
---@field eps? number         default 1e-5

--- Normalises each channel (dim 2) of x, by its own statistics or by running ones, which training
--- updates in place.
---@param x tnt.Tensor             [N, C, ...]
---@param running_mean? tnt.Tensor [C]
---@param running_var? tnt.Tensor  [C]
---@param o? tnt.nn.BatchNormOptions
---@return tnt.Tensor
function F.batch_norm(x, running_mean, running_var, o)
  o = o or {}
  local eps = o.eps or 1e-5
  if not o.training and running_mean then
    return ops.batchnorm(x, running_mean, running_var, o.weight, o.bias, eps, false)
  end
  local sizes = x.shape
  local count = #sizes >= 2 and x:numel() / math.max(sizes[2], 1) or 0
  if count <= 1 then
    errors.raise("shape",
      "batch_norm: training wants more than one value for each channel, got x of [%s]",
      table.concat(sizes, ", "))
  end
  local mean, var = ops.batchnorm_stats(x:detach())
  if running_mean then -- buffers: nothing of this is recorded
    local m = o.momentum or 0.1
    running_mean:mul_(1 - m):add_(mean * m)
    -- the unbiased variance, as PyTorch keeps
    running_var:mul_(1 - m):add_(var * (m * count / (count - 1)))
  end
  return ops.batchnorm(x, mean, var, o.weight, o.bias, eps, true)
end

-- -- convolution and pooling ----------------------------------------------------------------------
local function two(value, i) return type(value) == "table" and (value[i] or value[1]) or value end

-- Padding "same": the output has the size of the input. Where the padding is odd, the right side
-- gets the extra one as in PyTorch; the kernel pads both sides, so the first row or column of the
-- result is left out.
local function conv2d_same(x, w, b, stride, dilation, groups)
  if two(stride, 1) ~= 1 or two(stride, 2) ~= 1 then
    errors.raise("argument", 'conv2d: padding "same" wants stride 1')
  end
  local padding, odd = {}, {}
  for i = 1, 2 do
    local total = two(dilation, i) * (w:size(2 + i) - 1)
    padding[i], odd[i] = math.ceil(total / 2), total % 2 == 1
  end
  local y = ops.conv2d(x, w, b, stride, padding, dilation, groups)
  for i = 1, 2 do
    if odd[i] then y = ops.narrow(y, 2 + i, 2, y:size(2 + i) - 1) end
  end
  return y
end

---@class tnt.nn.ConvOptions
---@field stride? integer|integer[]   default 1
---@field padding? integer|integer[]|"same"|"valid"  default 0
---@field dilation? integer|integer[] default 1
---@field groups? integer             default 1

--- Correlates x with w.
---@param x tnt.Tensor  [N, C, H, W] or [C, H, W]
---@param w tnt.Tensor  [O, C / groups, K, L]
---@param b? tnt.Tensor [O]
---@param o? tnt.nn.ConvOptions
---@return tnt.Tensor   [N, O, P, Q]
function F.conv2d(x, w, b, o)
  o = o or {}
  if x:dim() == 3 then return ops.squeeze(F.conv2d(ops.unsqueeze(x, 1), w, b, o), 1) end
  local stride, padding = o.stride or 1, o.padding or 0
  local dilation, groups = o.dilation or 1, o.groups or 1
  if padding == "same" then return conv2d_same(x, w, b, stride, dilation, groups) end
  if padding == "valid" then padding = 0 end
  if type(padding) == "string" then
    errors.unknown("conv2d", "padding", padding, { "same", "valid" })
  end
  return ops.conv2d(x, w, b, stride, padding, dilation, groups)
end

--- The maximum of each window.
---@param x tnt.Tensor  [N, C, H, W] or [C, H, W]
---@param kernel integer|integer[]
---@param o? {stride?: integer|integer[], padding?: integer|integer[]}  stride: default kernel
---@return tnt.Tensor
function F.max_pool2d(x, kernel, o)
  o = o or {}
  if x:dim() == 3 then return ops.squeeze(F.max_pool2d(ops.unsqueeze(x, 1), kernel, o), 1) end
  return (ops.maxpool2d(x, kernel, o.stride or kernel, o.padding or 0))
end

--- The mean of each window.
---@param x tnt.Tensor  [N, C, H, W] or [C, H, W]
---@param kernel integer|integer[]
---@param o? {stride?: integer|integer[], padding?: integer|integer[], count_include_pad?: boolean}
---@return tnt.Tensor
function F.avg_pool2d(x, kernel, o)
  o = o or {}
  if x:dim() == 3 then return ops.squeeze(F.avg_pool2d(ops.unsqueeze(x, 1), kernel, o), 1) end
  return ops.avgpool2d(x, kernel, o.stride or kernel, o.padding or 0, o.count_include_pad ~= false)
end

--- Means over windows such that the output has a given size, whatever the input's: [h, w], or one
--- number for both.
---@param x tnt.Tensor  [N, C, H, W] or [C, H, W]
---@param size integer|integer[]
---@return tnt.Tensor   [N, C, h, w]
function F.adaptive_avg_pool2d(x, size)
  if x:dim() == 3 then return ops.squeeze(F.adaptive_avg_pool2d(ops.unsqueeze(x, 1), size), 1) end
  local height, width, h, w = x:size(3), x:size(4), two(size, 1), two(size, 2)
  if height % h == 0 and width % w == 0 then
    local kernel = { height / h, width / w }
    return ops.avgpool2d(x, kernel, kernel, 0, true)
  end
  -- Window i of n over s elements: from floor(i s / n) to ceil((i + 1) s / n), which may overlap.
  local function pooled(t, d, s, n)
    local parts = {}
    for i = 0, n - 1 do
      local first = math.floor(i * s / n)
      parts[i + 1] = ops.mean(ops.narrow(t, d, first + 1, math.ceil((i + 1) * s / n) - first), d,
        true)
    end
    return ops.cat(parts, d)
  end
  return pooled(pooled(x, 3, height, h), 4, width, w)
end

--- Rows of x divided by their norm: x / max(norm, eps).
---@param x tnt.Tensor
---@param o? {p?: number, dim?: integer, eps?: number}  2, 2, 1e-12 by default
---@return tnt.Tensor
function F.normalize(x, o)
  o = o or {}
  return ops.div(x, ops.clamp(methods.norm(x, o.p or 2, o.dim or 2, true), o.eps or 1e-12))
end

-- Whether a card's kernel, which never writes the weights, computes this.
local function is_for_card(q, k, v, o)
  return q.device ~= "cpu" and not o.mask and q:dim() == 4 and q:size(-1) <= 128
    and v:size(-1) == q:size(-1) and (not o.is_causal or q:size(-2) == k:size(-2))
end

--- softmax(q k^T / sqrt(K)) v; positions where the mask is false, and with `is_causal` later ones,
--- do not count.
---@param q tnt.Tensor  [..., T, K]
---@param k tnt.Tensor  [..., S, K]
---@param v tnt.Tensor  [..., S, V]
---@param o? {mask?: tnt.Tensor, is_causal?: boolean, dropout?: number, scale?: number}
---  mask: bool (true counts) or float (is added)
---@return tnt.Tensor   [..., T, V]
function F.scaled_dot_product_attention(q, k, v, o)
  o = o or {}
  local scale = o.scale or 1 / math.sqrt(q:size(-1))
  if is_for_card(q, k, v, o) then
    return ops.attention(q, k, v, o.is_causal or false, scale, o.dropout or 0)
  end
  local scores = ops.matmul(q, ops.transpose(k, -2, -1)) * scale
  if o.is_causal then
    local causal = ops.tril(tensor.make.ones(q:size(-2), k:size(-2),
      { dtype = "bool", device = q.device }))
    scores = ops.masked_fill(scores, ops.logical_not(causal), -math.huge)
  end
  if o.mask and o.mask.dtype == "bool" then
    scores = ops.masked_fill(scores, ops.logical_not(o.mask), -math.huge)
  elseif o.mask then
    scores = scores + o.mask
  end
  return ops.matmul(F.dropout(ops.softmax(scores, -1), o.dropout or 0), v)
end

return F

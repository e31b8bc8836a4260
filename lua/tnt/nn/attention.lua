-- MultiheadAttention, batch first: [N, T, C]. State names are PyTorch's.
local class = require "tnt.class"
local errors = require "tnt.errors"
local F = require "tnt.nn.functional"
local init = require "tnt.nn.initialisation"
local linear = require "tnt.nn.linear"
local make = require("tnt.tensor").make
local Module = require "tnt.nn.module"
local ops = require "tnt.ops_gen"
local parameter = require "tnt.nn.parameter"
local size = require "tnt.nn.size"

--- Attention of several heads over [N, T, C].
---@class tnt.nn.MultiheadAttention: tnt.nn.Module
---@field in_proj_weight tnt.Tensor  [3 C, C]: query, key, value
---@field in_proj_bias tnt.Tensor|nil  [3 C]
---@field out_proj tnt.nn.Linear
local MultiheadAttention = Module:extend("MultiheadAttention", {
  "embed_dim", "num_heads", dropout = 0, bias = true, dtype = class.NONE,
})
MultiheadAttention.stateless = true

function MultiheadAttention:init(o)
  local C = size.count("MultiheadAttention", "embed_dim", o.embed_dim, 1)
  local heads = size.count("MultiheadAttention", "num_heads", o.num_heads, 1)
  if C % heads ~= 0 then
    errors.raise("argument", "MultiheadAttention: num_heads must divide embed_dim, got %d and %d",
      heads, C)
  end
  self.embed_dim, self.num_heads = C, heads
  self.dropout = size.fraction("MultiheadAttention", "dropout", o.dropout, 0, 1)
  self.in_proj_weight = init.xavier_uniform_(parameter.new(make.empty(3 * C, C,
    { dtype = o.dtype })))
  if o.bias then self.in_proj_bias = parameter.new(make.zeros(3 * C, { dtype = o.dtype })) end
  self.out_proj = linear.Linear(C, C, { bias = o.bias, dtype = o.dtype })
  if o.bias then init.zeros_(self.out_proj.bias) end
end

--- Attends from query to key and value; one argument is self-attention.
---@param query tnt.Tensor   [N, T, C]
---@param key? tnt.Tensor    [N, S, C], default query
---@param value? tnt.Tensor  [N, S, C], default key
---@param options? {is_causal?: boolean, attn_mask?: tnt.Tensor}  the mask, [T, S], is bool (true
---  counts) or float (is added)
---@return tnt.Tensor        [N, T, C]
function MultiheadAttention:forward(query, key, value, options)
  local w, b, C, heads = self.in_proj_weight, self.in_proj_bias, self.embed_dim, self.num_heads
  local q, k, v
  if key == nil and value == nil then
    q, k, v = ops.linear(query, w, b):chunk(3, -1)
  else
    local wq, wk, wv = w:chunk(3, 1)
    local bq, bk, bv
    if b then bq, bk, bv = b:chunk(3, 1) end
    key = key or query
    q, k, v = ops.linear(query, wq, bq), ops.linear(key, wk, bk), ops.linear(value or key, wv, bv)
  end
  local N, T = query:size()
  local function split(x) return x:reshape(N, x:size(2), heads, C / heads):transpose(2, 3) end
  local y = F.scaled_dot_product_attention(split(q), split(k), split(v), {
    mask = options and options.attn_mask, is_causal = options and options.is_causal,
    dropout = self.training and self.dropout or 0,
  })
  return self.out_proj(y:transpose(2, 3):reshape(N, T, C))
end

return { MultiheadAttention = MultiheadAttention }

-- Layers with parameters: Linear, Conv2d, Embedding, LayerNorm, BatchNorm. Defaults and initialisation are PyTorch's.
local errors = require "tnt.errors"
local F = require "tnt.nn.functional"
local init = require "tnt.nn.initialise"
local Module = require "tnt.nn.module"
local make = require("tnt.tensor").make
local ops = require "tnt.ops_gen"
local Parameter = Module.Parameter

local layers = {}

-- A leaf opens no scope of its own: its one op's result goes where the caller's go.
local function leaf(name, declared)
  local Class = Module:extend(name, declared)
  Class.scoped, Class.stateless = false, true
  layers[name] = Class
  return Class
end

local function positive(who, name, value)
  if type(value) ~= "number" or value < 1 or value % 1 ~= 0 then
    errors.raise("argument", "%s: %s must be a whole number >= 1, got %s", who, name, tostring(value))
  end
end

---@class tnt.nn.Linear: tnt.nn.Module  y = x weight^T + bias
---@field weight tnt.Tensor  [O, I]
---@field bias tnt.Tensor|nil  [O]
local Linear = leaf("Linear", { "in_features", "out_features", bias = true })
function Linear:init(o)
  positive("Linear", "in_features", o.in_features)
  positive("Linear", "out_features", o.out_features)
  self.in_features, self.out_features = o.in_features, o.out_features
  self.weight = Parameter(make.empty(o.out_features, o.in_features))
  init.kaiming_uniform_(self.weight, { a = math.sqrt(5) })
  if o.bias then
    local bound = 1 / math.sqrt(o.in_features)
    self.bias = init.uniform_(Parameter(make.empty(o.out_features)), -bound, bound)
  end
end
function Linear:forward(x) return ops.linear(x, self.weight, self.bias) end
function Linear:describe()
  return ("in_features=%d, out_features=%d, bias=%s"):format(self.in_features, self.out_features, tostring(self.bias ~= nil))
end

local function two(value)
  if type(value) == "table" then return { value[1], value[2] or value[1] } end
  return { value, value }
end
local function shown(value)
  if type(value) == "string" then return value end
  local p = two(value)
  return ("(%d, %d)"):format(p[1], p[2])
end

---@class tnt.nn.Conv2d: tnt.nn.Module
---@field weight tnt.Tensor  [O, C / groups, K, L]
---@field bias tnt.Tensor|nil  [O]
local Conv2d = leaf("Conv2d", {
  "in_channels", "out_channels", "kernel_size", stride = 1, padding = 0, dilation = 1, groups = 1, bias = true,
})
function Conv2d:init(o)
  for _, name in ipairs { "in_channels", "out_channels", "groups" } do positive("Conv2d", name, o[name]) end
  if o.in_channels % o.groups ~= 0 or o.out_channels % o.groups ~= 0 then
    errors.raise("argument", "Conv2d: groups = %d must divide in_channels = %d and out_channels = %d", o.groups, o.in_channels, o.out_channels)
  end
  local k = two(o.kernel_size)
  self.options = { stride = o.stride, padding = o.padding, dilation = o.dilation, groups = o.groups }
  self.in_channels, self.out_channels, self.kernel_size = o.in_channels, o.out_channels, k
  self.weight = Parameter(make.empty(o.out_channels, o.in_channels / o.groups, k[1], k[2]))
  init.kaiming_uniform_(self.weight, { a = math.sqrt(5) })
  if o.bias then
    local bound = 1 / math.sqrt((init.fans(self.weight)))
    self.bias = init.uniform_(Parameter(make.empty(o.out_channels)), -bound, bound)
  end
end
function Conv2d:forward(x) return F.conv2d(x, self.weight, self.bias, self.options) end
function Conv2d:describe()
  local o = self.options
  local text = ("%d, %d, kernel_size=%s, stride=%s"):format(self.in_channels, self.out_channels, shown(self.kernel_size), shown(o.stride))
  if o.padding ~= 0 then text = text .. ", padding=" .. shown(o.padding) end
  if o.dilation ~= 1 then text = text .. ", dilation=" .. shown(o.dilation) end
  if o.groups ~= 1 then text = text .. ", groups=" .. o.groups end
  if not self.bias then text = text .. ", bias=false" end
  return text
end

---@class tnt.nn.Embedding: tnt.nn.Module  rows of weight by ids from 0
---@field weight tnt.Tensor  [V, C]
local Embedding = leaf("Embedding", { "num_embeddings", "embedding_dim" })
function Embedding:init(o)
  positive("Embedding", "num_embeddings", o.num_embeddings)
  positive("Embedding", "embedding_dim", o.embedding_dim)
  self.num_embeddings, self.embedding_dim = o.num_embeddings, o.embedding_dim
  self.weight = init.normal_(Parameter(make.empty(o.num_embeddings, o.embedding_dim)))
end
function Embedding:forward(ids) return ops.embedding(ids, self.weight) end
function Embedding:describe() return ("%d, %d"):format(self.num_embeddings, self.embedding_dim) end

---@class tnt.nn.LayerNorm: tnt.nn.Module  normalises the last dims
local LayerNorm = leaf("LayerNorm", { "normalized_shape", eps = 1e-5, elementwise_affine = true, bias = true })
function LayerNorm:init(o)
  local shape = type(o.normalized_shape) == "number" and { o.normalized_shape } or o.normalized_shape
  self.normalized_shape, self.eps = shape, o.eps
  if o.elementwise_affine then
    self.weight = Parameter(make.ones(shape))
    if o.bias then self.bias = Parameter(make.zeros(shape)) end
  end
end
function LayerNorm:forward(x)
  if #self.normalized_shape == 1 and x:size(-1) == self.normalized_shape[1] then
    return ops.layernorm(x, self.weight, self.bias, self.eps)
  end
  return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
end
function LayerNorm:describe()
  return ("(%s), eps=%g, elementwise_affine=%s"):format(table.concat(self.normalized_shape, ", "), self.eps, tostring(self.weight ~= nil))
end

-- BatchNorm1d takes [N, C] and [N, C, L], BatchNorm2d [N, C, H, W].
local function batch_norm(name, least, most)
  local Class = leaf(name, { "num_features", eps = 1e-5, momentum = 0.1, affine = true, track_running_stats = true })
  function Class:init(o)
    positive(name, "num_features", o.num_features)
    self.num_features, self.eps, self.momentum = o.num_features, o.eps, o.momentum
    if o.affine then
      self.weight = Parameter(make.ones(o.num_features))
      self.bias = Parameter(make.zeros(o.num_features))
    end
    if o.track_running_stats then
      self:register_buffer("running_mean", make.zeros(o.num_features))
      self:register_buffer("running_var", make.ones(o.num_features))
      self:register_buffer("num_batches_tracked", make.zeros({}, { dtype = "i64" }))
    end
  end
  function Class:forward(x)
    local n = x:dim()
    if n < least or n > most then errors.raise("shape", "%s: a tensor of %d to %d dims was expected, got %d", name, least, most, n) end
    local training = self.training or self.running_mean == nil
    if self.training and self.running_mean then
      ops.add_(self.num_batches_tracked, 1)
    end
    return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training, self.momentum, self.eps)
  end
  function Class:describe()
    return ("%d, eps=%g, momentum=%g, affine=%s, track_running_stats=%s"):format(self.num_features, self.eps, self.momentum,
      tostring(self.weight ~= nil), tostring(self.running_mean ~= nil))
  end
end
batch_norm("BatchNorm1d", 2, 3)
batch_norm("BatchNorm2d", 4, 4)

return layers

-- LayerNorm and the batch norms. A batch norm's running statistics are buffers that training
-- updates in place.
local class = require "tnt.class"
local errors = require "tnt.errors"
local F = require "tnt.nn.functional"
local init = require "tnt.nn.initialisation"
local make = require("tnt.tensor").make
local Module = require "tnt.nn.module"
local ops = require "tnt.ops_gen"
local parameter = require "tnt.nn.parameter"
local shown = require "tnt.nn.print"
local size = require "tnt.nn.size"

local norm = {}

--- Normalises over the last dims: LayerNorm(64), LayerNorm {{28, 28}}.
---@class tnt.nn.LayerNorm: tnt.nn.Module
---@field weight tnt.Tensor|nil  of the normalised shape
---@field bias tnt.Tensor|nil
local LayerNorm = Module:extend("LayerNorm", {
  "normalized_shape", eps = 1e-5, elementwise_affine = true, bias = true, dtype = class.NONE,
})
LayerNorm.scoped, LayerNorm.stateless = false, true
norm.LayerNorm = LayerNorm

function LayerNorm:init(o)
  local shape = type(o.normalized_shape) == "number" and { o.normalized_shape }
    or o.normalized_shape
  if type(shape) ~= "table" or #shape == 0 then
    errors.raise("argument",
      "LayerNorm: normalized_shape must be a size or a list of sizes, got %s", type(shape))
  end
  for i, n in ipairs(shape) do size.count("LayerNorm", ("normalized_shape[%d]"):format(i), n, 1) end
  self.normalized_shape, self.eps = { unpack(shape) }, o.eps
  self.elementwise_affine = o.elementwise_affine
  if o.elementwise_affine then
    self.weight = parameter.new(make.ones(shape, { dtype = o.dtype }))
    if o.bias then self.bias = parameter.new(make.zeros(shape, { dtype = o.dtype })) end
  end
end

--- Weight 1, bias 0.
function LayerNorm:reset_parameters()
  if self.weight then init.ones_(self.weight) end
  if self.bias then init.zeros_(self.bias) end
end

local layernorm = ops.layernorm
function LayerNorm:forward(x)
  local shape = self.normalized_shape
  if not shape[2] and self.weight then return layernorm(x, self.weight, self.bias, self.eps) end
  local sizes = x.shape
  if sizes[#sizes] ~= shape[#shape] then
    errors.raise("shape", "layer_norm: x must end in the sizes [%s], got [%s]",
      table.concat(shape, ", "),
      table.concat(sizes, ", "))
  end
  return F.layer_norm(x, shape, self.weight, self.bias, self.eps)
end

function LayerNorm:extra_repr()
  return ("%s, eps=%s, elementwise_affine=%s, bias=%s"):format(shown(self.normalized_shape),
    shown(self.eps),
    shown(self.elementwise_affine), shown(self.bias ~= nil))
end

local function define_batch_norm(name, dims, form)
  local BatchNorm = Module:extend(name, {
    "num_features", eps = 1e-5, momentum = 0.1, affine = true, bias = true,
      track_running_stats = true,
    dtype = class.NONE,
  })
  BatchNorm.scoped, BatchNorm.stateless = false, true

  function BatchNorm:init(o)
    local n = size.count(name, "num_features", o.num_features, 1)
    self.num_features, self.eps, self.momentum = n, o.eps, o.momentum
    if o.momentum == "cumulative" then self.momentum = nil
    else size.fraction(name, "momentum", o.momentum, 0, 1.0000001) end
    self.affine, self.track_running_stats = o.affine, o.track_running_stats
    local options = { dtype = o.dtype }
    if o.affine then
      self.weight = parameter.new(make.ones(n, options))
      if o.bias then self.bias = parameter.new(make.zeros(n, options)) end
    end
    if o.track_running_stats then
      self:register_buffer("running_mean", make.zeros(n, options))
      self:register_buffer("running_var", make.ones(n, options))
      self:register_buffer("num_batches_tracked", make.zeros({}, { dtype = "i64" }))
    end
  end

  --- Statistics as if no batch had been seen; weight 1, bias 0.
  function BatchNorm:reset_parameters()
    if self.running_mean then
      init.zeros_(self.running_mean)
      init.ones_(self.running_var)
      init.zeros_(self.num_batches_tracked)
    end
    if self.weight then init.ones_(self.weight) end
    if self.bias then init.zeros_(self.bias) end
  end

  function BatchNorm:forward(x)
    if not dims[x:dim()] then
      errors.raise("shape", "%s: x must be %s, got [%s]", name, form, table.concat(x.shape, ", "))
    end
    local mean, var = self.running_mean, self.running_var
    if not self.training then
      if mean then return ops.batchnorm(x, mean, var, self.weight, self.bias, self.eps, false) end
      return F.batch_norm(x, nil, nil, { weight = self.weight, bias = self.bias, training = true,
        eps = self.eps })
    end
    local momentum = self.momentum
    if mean then
      self.num_batches_tracked:add_(1)
      momentum = momentum or 1 / self.num_batches_tracked:item() -- a plain mean over batches
    end
    return F.batch_norm(x, mean, var, {
      weight = self.weight, bias = self.bias, training = true, momentum = momentum, eps = self.eps,
    })
  end

  function BatchNorm:extra_repr()
    local text = "%d, eps=%s, momentum=%s, affine=%s, bias=%s, track_running_stats=%s"
    return text:format(self.num_features,
      shown(self.eps), shown(self.momentum), shown(self.affine), shown(self.bias ~= nil),
        shown(self.track_running_stats))
  end
  return BatchNorm
end

--- Normalises channels of [N, C] or [N, C, L]. momentum = "cumulative" keeps plain means (PyTorch's
--- None).
---@class tnt.nn.BatchNorm1d: tnt.nn.Module
norm.BatchNorm1d = define_batch_norm("BatchNorm1d", { [2] = true, [3] = true },
  "[N, C] or [N, C, L]")
--- Normalises channels of [N, C, H, W]. momentum = "cumulative" keeps plain means (PyTorch's None).
---@class tnt.nn.BatchNorm2d: tnt.nn.Module
norm.BatchNorm2d = define_batch_norm("BatchNorm2d", { [4] = true }, "[N, C, H, W]")

return norm

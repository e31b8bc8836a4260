-- Conv2d: a correlation with learned kernels.
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

--- A convolution of [N, C, H, W].
---@class tnt.nn.Conv2d: tnt.nn.Module
---@field weight tnt.Tensor  [out_channels, in_channels / groups, height, width]
---@field bias tnt.Tensor|nil  [out_channels]
local Conv2d = Module:extend("Conv2d", {
  "in_channels", "out_channels", "kernel_size",
  stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, dtype = class.NONE,
})
Conv2d.scoped, Conv2d.stateless = false, true

function Conv2d:init(o)
  self.in_channels = size.count("Conv2d", "in_channels", o.in_channels, 1)
  self.out_channels = size.count("Conv2d", "out_channels", o.out_channels, 1)
  self.kernel_size = size.pair("Conv2d", "kernel_size", o.kernel_size, 1)
  self.stride = size.pair("Conv2d", "stride", o.stride, 1)
  self.dilation = size.pair("Conv2d", "dilation", o.dilation, 1)
  self.groups = size.count("Conv2d", "groups", o.groups, 1)
  if o.padding == "same" and (self.stride[1] ~= 1 or self.stride[2] ~= 1) then
    errors.raise("argument", 'Conv2d: padding "same" wants stride 1, got %s', shown(self.stride))
  elseif type(o.padding) == "string" then
    if o.padding ~= "same" and o.padding ~= "valid" then
      errors.unknown("Conv2d", "padding", o.padding, { "same", "valid" })
    end
    self.padding = o.padding
  else
    self.padding = size.pair("Conv2d", "padding", o.padding, 0)
  end
  if o.in_channels % o.groups ~= 0 or o.out_channels % o.groups ~= 0 then
    errors.raise("argument",
      "Conv2d: groups must divide in_channels and out_channels, got %d, %d and %d", o.groups,
      o.in_channels, o.out_channels)
  end
  local options = { dtype = o.dtype }
  local kernel = self.kernel_size
  self.weight = parameter.new(make.empty({ o.out_channels, o.in_channels / o.groups, kernel[1],
    kernel[2] }, options))
  if o.bias then self.bias = parameter.new(make.empty(o.out_channels, options)) end
  self:reset_parameters()
end

--- Draws weight and bias anew: uniform within 1 / sqrt(fan in).
function Conv2d:reset_parameters()
  local bound = 1 / math.sqrt((init.fans(self.weight)))
  init.uniform_(self.weight, -bound, bound) -- Kaiming with a = sqrt(5)
  if self.bias then init.uniform_(self.bias, -bound, bound) end
end

local conv2d = ops.conv2d
function Conv2d:forward(x)
  if type(self.padding) == "string" or x:dim() ~= 4 then
    return F.conv2d(x, self.weight, self.bias, self)
  end
  return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
end

function Conv2d:extra_repr()
  local text = ("%d, %d, kernel_size=%s, stride=%s"):format(self.in_channels, self.out_channels,
    shown(self.kernel_size),
    shown(self.stride))
  local padding, dilation = self.padding, self.dilation
  if type(padding) == "string" then text = text .. ", padding=" .. padding
  elseif padding[1] ~= 0 or padding[2] ~= 0 then text = text .. ", padding=" .. shown(padding) end
  if dilation[1] ~= 1 or dilation[2] ~= 1 then text = text .. ", dilation=" .. shown(dilation) end
  if self.groups ~= 1 then text = text .. ", groups=" .. self.groups end
  if not self.bias then text = text .. ", bias=False" end
  return text
end

return { Conv2d = Conv2d }

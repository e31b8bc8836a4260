-- Pooling over windows of [N, C, H, W]; the stride is the kernel's size where none is given.
local class = require "tnt.class"
local F = require "tnt.nn.functional"
local Module = require "tnt.nn.module"
local shown = require "tnt.nn.print"
local size = require "tnt.nn.size"

local pooling = {}

-- Prints one number where a pair is of equal ones, as PyTorch prints what it was given.
local function given(pair) return pair[1] == pair[2] and tostring(pair[1]) or shown(pair) end

local function read_window(self, who, o)
  self.kernel_size = size.pair(who, "kernel_size", o.kernel_size, 1)
  self.stride = o.stride and size.pair(who, "stride", o.stride, 1) or self.kernel_size
  self.padding = size.pair(who, "padding", o.padding, 0)
end

--- The maximum of each window.
---@class tnt.nn.MaxPool2d: tnt.nn.Module
local MaxPool2d = Module:extend("MaxPool2d", { "kernel_size", stride = class.NONE, padding = 0 })
MaxPool2d.scoped, MaxPool2d.stateless = false, true
pooling.MaxPool2d = MaxPool2d

function MaxPool2d:init(o) read_window(self, "MaxPool2d", o) end
function MaxPool2d:forward(x) return F.max_pool2d(x, self.kernel_size, self) end
function MaxPool2d:extra_repr()
  return ("kernel_size=%s, stride=%s, padding=%s, dilation=1, ceil_mode=False"):format(
    given(self.kernel_size),
    given(self.stride), given(self.padding))
end

--- The mean of each window.
---@class tnt.nn.AvgPool2d: tnt.nn.Module
local AvgPool2d = Module:extend("AvgPool2d", { "kernel_size", stride = class.NONE, padding = 0,
  count_include_pad = true })
AvgPool2d.scoped, AvgPool2d.stateless = false, true
pooling.AvgPool2d = AvgPool2d

function AvgPool2d:init(o)
  read_window(self, "AvgPool2d", o)
  self.count_include_pad = o.count_include_pad
end
function AvgPool2d:forward(x) return F.avg_pool2d(x, self.kernel_size, self) end
function AvgPool2d:extra_repr()
  return ("kernel_size=%s, stride=%s, padding=%s"):format(given(self.kernel_size),
    given(self.stride), given(self.padding))
end

--- Means over windows such that the output has the size asked for.
---@class tnt.nn.AdaptiveAvgPool2d: tnt.nn.Module
local AdaptiveAvgPool2d = Module:extend("AdaptiveAvgPool2d", { "output_size" })
AdaptiveAvgPool2d.scoped, AdaptiveAvgPool2d.stateless = false, true
pooling.AdaptiveAvgPool2d = AdaptiveAvgPool2d

function AdaptiveAvgPool2d:init(o) self.output_size = size.pair("AdaptiveAvgPool2d", "output_size",
  o.output_size, 1) end
function AdaptiveAvgPool2d:forward(x) return F.adaptive_avg_pool2d(x, self.output_size) end
function AdaptiveAvgPool2d:extra_repr() return "output_size=" .. given(self.output_size) end

return pooling

-- Dropout: in training, elements are set to 0 with probability p and the others scaled up.
local Module = require "tnt.nn.module"
local ops = require "tnt.ops_gen"
local size = require "tnt.nn.size"

--- In training sets elements to 0 with probability p and scales the others by 1 / (1 - p).
---@class tnt.nn.Dropout: tnt.nn.Module
---@field p number  Dropout {p = 0.1}
local Dropout = Module:extend("Dropout", { p = 0.5 })
Dropout.scoped, Dropout.stateless = false, true

function Dropout:init(o)
  self.p = size.fraction("Dropout", "p", o.p, 0, 1.0000001)
end

local dropout = ops.dropout
function Dropout:forward(x)
  if not self.training or self.p == 0 then return x end
  return dropout(x, self.p)
end

function Dropout:extra_repr() return ("p=%s, inplace=False"):format(self.p) end

return { Dropout = Dropout }

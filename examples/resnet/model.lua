-- ResNet-18 for 32 x 32 images: a first convolution of 3 x 3 without pooling, four stages of two
-- blocks, widths 64 to 512 (or others), 11,173,962 parameters for ten classes.
-- Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition" (2016), with the stem
-- of its section 4.2; blocks initialised as in torchvision (He normal by fan-out).

local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local function conv3(inner, outer, stride)
  return nn.Conv2d(inner, outer, 3, { stride = stride, padding = 1, bias = false })
end

local Block = nn.Module:extend("Block", { "inner", "outer", stride = 1 })
function Block:init(o)
  self.conv1, self.norm1 = conv3(o.inner, o.outer, o.stride), nn.BatchNorm2d(o.outer)
  self.conv2, self.norm2 = conv3(o.outer, o.outer, 1), nn.BatchNorm2d(o.outer)
  if o.stride ~= 1 or o.inner ~= o.outer then
    self.short = nn.Sequential(
      nn.Conv2d(o.inner, o.outer, 1, { stride = o.stride, bias = false }), nn.BatchNorm2d(o.outer))
  end
end
function Block:forward(x)
  local y = F.relu(self.norm1(self.conv1(x)))
  return F.relu(self.norm2(self.conv2(y)) + (self.short and self.short(x) or x))
end

local Resnet = nn.Module:extend("Resnet", { "classes", width = 64 })
function Resnet:init(o)
  self.conv, self.norm = conv3(3, o.width, 1), nn.BatchNorm2d(o.width)
  self.blocks = nn.Sequential()
  local inner = o.width
  for stage = 0, 3 do
    local outer = o.width * 2 ^ stage
    self.blocks:append(Block(inner, outer, { stride = stage == 0 and 1 or 2 }))
    self.blocks:append(Block(outer, outer))
    inner = outer
  end
  self.out = nn.Linear(inner, o.classes)
  for _, module in self:named_modules() do
    if module:is(nn.Conv2d) then
      local w = module.weight -- fan-out: what one input reaches
      nn.init.normal_(w, 0, math.sqrt(2 / (w:size(1) * w:size(3) * w:size(4))))
    end
  end
end

--- x [N, 3, H, W] -> logits [N, classes]
function Resnet:forward(x)
  local y = self.blocks(F.relu(self.norm(self.conv(x))))
  return self.out(F.adaptive_avg_pool2d(y, 1):flatten(2))
end

return Resnet

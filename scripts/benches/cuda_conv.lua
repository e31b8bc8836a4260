-- Convolutions of ResNet-18 at batch 128 and of LeNet on a card in TFLOP/s, forward, by the input
-- and by the weight: bf16 with channels last, and f32.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
tnt.seed(1)

local shapes = { -- name, N, C, H = W, O, kernel, stride, padding, dtype
  { "stage1", 128, 64, 32, 64, 3, 1, 1, "bf16" },
  { "stage2_stride2", 128, 64, 32, 128, 3, 2, 1, "bf16" },
  { "stage2", 128, 128, 16, 128, 3, 1, 1, "bf16" },
  { "stage3", 128, 256, 8, 256, 3, 1, 1, "bf16" },
  { "stage4", 128, 512, 4, 512, 3, 1, 1, "bf16" },
  { "stem", 128, 3, 32, 64, 3, 1, 1, "bf16" },
  { "f32_stage1", 128, 64, 32, 64, 3, 1, 1, "f32" },
  { "f32_lenet_5x5", 1024, 6, 14, 16, 5, 1, 0, "f32" },
}
for _, s in ipairs(shapes) do
  local name, N, C, H, O, k, stride, padding, dtype = unpack(s)
  N, C, O, H = card.size(N, 1), card.size(C, 4), card.size(O, 8), card.size(H, 6)
  local function random(...)
    local x = tnt.randn(...):to(card.device):to(dtype)
    return dtype == "bf16" and x:contiguous "channels_last" or x
  end
  local x, w = random(N, C, H, H), random(O, C, k, k)
  local lists = { { stride, stride }, { padding, padding }, { 1, 1 }, 1 }
  local y = ops.conv2d(x, w, nil, unpack(lists))
  local dy = random(unpack(y.shape))
  local flops = 2 * y:numel() * C * k * k
  local function report(kind, fn)
    print(("%s_%s %.4g TFLOP/s"):format(name, kind, flops / card.time_of(fn, 100) / 1e12))
  end
  report("forward", function() ops.conv2d(x, w, nil, unpack(lists)) end)
  report("dx", function() ops.conv2d_dx(dy, w, x.shape, unpack(lists)) end)
  report("dw", function() ops.conv2d_dw(dy, x, w.shape, unpack(lists)) end)
end
card.report_card()

-- Causal attention in bf16 on a card in TFLOP/s, forward alone and forward with backward, counting
-- half of the products, those that the mask leaves; backward counts 2.5 times the forward.
-- Source of the count: Dao, "FlashAttention-2" (2023), section 4.1.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local tnt = require "tnt"
local F = tnt.nn.functional
tnt.seed(1)

local shapes = { -- name, B, H, T, D, dropout
  { "gpt2", 16, 12, 1024, 64, 0 },
  { "char_gpt", 64, 6, 256, 64, 0 },
  { "char_gpt_dropout", 64, 6, 256, 64, 0.2 },
  { "long_128", 4, 16, 4096, 128, 0 },
}
for _, s in ipairs(shapes) do
  local name, B, H, T, D, dropout = unpack(s)
  B, H, T, D = card.size(B, 1), card.size(H, 2), card.size(T, 16), card.size(D, 64)
  local flops = 4 * B * H * T * T * D / 2
  local options = { is_causal = true, dropout = dropout }
  local function random()
    return tnt.randn(B, H, T, D):to(card.device):to "bf16":requires_grad_(true)
  end
  local q, k, v = random(), random(), random()
  local function report(kind, part, fn)
    print(("%s_%s %.4g TFLOP/s"):format(name, kind, part * flops / card.time_of(fn, 50) / 1e12))
  end
  report("forward", 1, function()
    tnt.no_grad(function() F.scaled_dot_product_attention(q, k, v, options) end)
  end)
  local dy = tnt.ones_like(q:detach())
  report("forward_backward", 3.5, function()
    F.scaled_dot_product_attention(q, k, v, options):backward(dy)
    q.grad, k.grad, v.grad = nil, nil, nil
  end)
end
card.report_card()

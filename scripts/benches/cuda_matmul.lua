-- Matrix products on a card in TFLOP/s: squares, and the layers of GPT-2 at 16 blocks of 1,024
-- (forward, by the input, by the weight), in bf16; squares in f32 exact and in TF32.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local tnt = require "tnt"
tnt.seed(1)

local shapes = { -- name, m, n, k, dtype, TF32
  { "square_1024", 1024, 1024, 1024, "bf16" },
  { "square_4096", 4096, 4096, 4096, "bf16" },
  { "square_8192", 8192, 8192, 8192, "bf16" },
  { "f32_square_4096", 4096, 4096, 4096, "f32" },
  { "tf32_square_4096", 4096, 4096, 4096, "f32", true },
  { "gpt2_qkv", 16384, 2304, 768, "bf16" },
  { "gpt2_proj", 16384, 768, 768, "bf16" },
  { "gpt2_up", 16384, 3072, 768, "bf16" },
  { "gpt2_down", 16384, 768, 3072, "bf16" },
  { "gpt2_head", 16384, 50304, 768, "bf16" },
}
for _, s in ipairs(shapes) do
  local name, m, n, k, dtype, tf32 = unpack(s)
  m, n, k = card.size(m, 16), card.size(n, 8), card.size(k, 24)
  local flops = 2 * m * n * k
  local calls = math.min(200, math.max(5, math.ceil(2e13 / flops)))
  if card.is_card then tnt.cuda.allow_tf32(tf32 == true) end
  local function random(...) return tnt.randn(...):to(card.device):to(dtype) end
  local x, w, dy = random(m, k), random(n, k), random(m, n)
  local function report(kind, fn)
    print(("%s_%s %.4g TFLOP/s"):format(name, kind, flops / card.time_of(fn, calls) / 1e12))
  end
  report("forward", function() x:matmul(w:t()) end)
  report("dx", function() dy:matmul(w) end)
  report("dw", function() dy:t():matmul(x) end)
  x:free()
  w:free()
  dy:free()
end
card.report_card()

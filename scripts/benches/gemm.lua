-- Matrix products in the shapes of linear layers (forward, by the input, by the weight) and of
-- attention, in GFLOP/s; one thread, then all.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local tnt = require "tnt"
tnt.seed(1)

local shapes = { -- name, batch, m, n, k, a stored transposed, b stored transposed
  { "square_256", 1, 256, 256, 256 },
  { "square_1024", 1, 1024, 1024, 1024 },
  { "wide_64x4096x1024", 1, 64, 4096, 1024 },
  { "linear_32x512x784", 1, 32, 512, 784, false, true },
  { "linear_dx_32x784x512", 1, 32, 784, 512 },
  { "linear_dw_512x784x32", 1, 512, 784, 32, true },
  { "gpt_768x384x128", 1, 768, 384, 128, false, true },
  { "gpt_dx_768x128x384", 1, 768, 128, 384 },
  { "gpt_dw_384x128x768", 1, 384, 128, 768, true },
  { "scores_48x64x64x32", 48, 64, 64, 32, false, true },
  { "mixed_48x64x32x64", 48, 64, 32, 64 },
  { "mixed_dv_48x64x32x64", 48, 64, 32, 64, true },
  { "tiny_1000x16x16x16", 1000, 16, 16, 16 },
  { "single_16x32x64", 1, 16, 32, 64, false, true },
  { "single_16x10x32", 1, 16, 10, 32, false, true },
}
local all = tnt.num_threads()
for _, threads in ipairs(all > 1 and { 1, all } or { 1 }) do
  tnt.set_num_threads(threads)
  for _, s in ipairs(shapes) do
    local name, batch, m, n, k, ta, tb = unpack(s)
    local a = (ta and tnt.randn(batch, k, m):transpose(2, 3) or tnt.randn(batch, m, k))
    local b = (tb and tnt.randn(batch, n, k):transpose(2, 3) or tnt.randn(batch, k, n))
    if batch == 1 then a, b = a:select(1, 1), b:select(1, 1) end
    a, b = a:keep(), b:keep()
    local flops = 2 * batch * m * n * k
    local function run(calls)
      for _ = 1, calls do a:matmul(b):free() end
    end
    run(3)
    local seconds = clock.time(math.ceil(1.5e9 / (flops + 2e5)), 5, run)
    print(("%s_t%d %.2f GFLOP/s"):format(name, threads, flops / seconds / 1e9))
  end
end

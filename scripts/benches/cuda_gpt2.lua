-- A training step of GPT-2 (124M, blocks of 1,024, bf16, clipped, AdamW, captured) on a card at
-- several batch sizes, up to the first that memory does not hold: tokens a second, MFU and the peak
-- of memory; at the end the best. TNT_BENCH_BATCHES="8 16 32 64" are the sizes.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local tnt = require "tnt"
local Gpt = dofile "examples/char_gpt/model.lua"

local T, vocab = card.size(1024, 8), card.size(50304, 64)
local peak_flops = card.is_card and tnt.cuda.peak_flops(card.device)
local best, best_batch, best_mfu = 0, nil, nil

local function measure(B)
  card.clear()
  tnt.seed(1)
  local model = Gpt(vocab, { layers = card.size(12, 1), heads = card.size(12, 2),
    width = card.size(768, 16), block = T, gelu = "tanh" }):to(card.device)
  local optimizer = tnt.optim.AdamW(
    tnt.optim.groups(model, { weight_decay = 0.1, norm_decay_mult = 0 }),
    { lr = 6e-4, betas = { 0.9, 0.95 } })
  local unit = card.unit(model, optimizer, { captured = true, precision = "bf16", clip = 1 })
  local batch = { x = tnt.randint(0, vocab, { B, T }):to(card.device),
    y = tnt.randint(0, vocab, { B, T }):to(card.device) }
  local seconds = card.report("batch_" .. B, card.steps_of(unit, batch), { items = B * T,
    unit = "tokens/s" })
  card.release(unit)
  local rate = B * T / seconds
  local mfu = peak_flops and 100 * rate * model:flops_per_token(T) / peak_flops
  if mfu then print(("batch_%d_mfu %.1f %%"):format(B, mfu)) end
  if rate > best then best, best_batch, best_mfu = rate, B, mfu end
end

local sizes = os.getenv "TNT_BENCH_BATCHES" or card.size("8 16 32 64", "1 2")
for B in sizes:gmatch "%d+" do
  local ok, err = pcall(measure, tonumber(B))
  if not ok and tnt.is_out_of_memory(err) then
    io.stderr:write(("cuda_gpt2: batch %s does not fit\n"):format(B))
    break
  end
  if not ok then error(err, 0) end
end
if best_batch then
  print(("best %.1f tokens/s"):format(best))
  print(("best_batch %d"):format(best_batch))
  if best_mfu then print(("best_mfu %.1f %%"):format(best_mfu)) end
end
card.report_card()

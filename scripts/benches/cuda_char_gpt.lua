-- A training step of char_gpt's recipe for cards (6 layers, 6 heads, 384 wide, block 256, batch 64,
-- dropout 0.2, bf16, clipped, AdamW): tokens a second, as usual and captured.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local tnt = require "tnt"
local Gpt = dofile "examples/char_gpt/model.lua"

local B, T, vocab = card.size(64, 2), card.size(256, 8), 65
for _, way in ipairs(card.ways) do
  tnt.seed(1)
  card.clear()
  local model = Gpt(vocab, { layers = card.size(6, 1), heads = card.size(6, 2),
    width = card.size(384, 16), block = T, dropout = 0.2 }):to(card.device)
  local optimizer = tnt.optim.AdamW(
    tnt.optim.groups(model, { weight_decay = 0.1, norm_decay_mult = 0 }),
    { lr = 1e-3, betas = { 0.9, 0.99 } })
  local unit = card.unit(model, optimizer,
    { captured = way == "captured", precision = "bf16", clip = 1 })
  local batch = { x = tnt.randint(0, vocab, { B, T }):to(card.device),
    y = tnt.randint(0, vocab, { B, T }):to(card.device) }
  local seconds = card.report(way, card.steps_of(unit, batch), { items = B * T,
    unit = "tokens/s" })
  print(("%s_step %.3f ms"):format(way, seconds * 1e3))
  card.release(unit)
end
card.report_card()

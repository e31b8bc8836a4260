-- A training step of char_gpt's model (4 layers, 4 heads, 128 wide, block 64, batch 12) with AdamW
-- and clipping, on random characters; all threads. Peak memory beside the time.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local tnt = require "tnt"
local F = tnt.nn.functional
tnt.seed(1)
local Gpt = dofile "examples/char_gpt/model.lua"
local model = Gpt(65, {})
local opt = tnt.optim.AdamW(tnt.optim.groups(model, { weight_decay = 0.1, norm_decay_mult = 0 }),
  { lr = 1e-3, betas = { 0.9, 0.99 } })
local x, y = tnt.randint(0, 65, { 12, 64 }), tnt.randint(0, 65, { 12, 64 })
local parameters = model:parameters()
local function steps(n)
  local turns = {}
  for i = 1, n do turns[i] = i end
  for _ in tnt.steps(turns) do
    F.cross_entropy(model(x):flatten(1, 2), y:flatten()):backward()
    tnt.nn.clip_grad_norm_(parameters, 1)
    opt:step()
    opt:zero_grad()
  end
end
steps(10)
print(("step %.2f ms"):format(clock.time(30, 3, steps) * 1e3))
local _, peak = clock.memory()
print(("peak_memory %.1f MB"):format(peak))

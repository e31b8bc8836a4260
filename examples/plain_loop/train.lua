-- No Units, no hooks: a loop of one's own. `tnt.steps` opens a scope for each turn, so that what a
-- turn makes is released when the next one begins; what shall live longer is kept (`:item()`, or
-- `:detach():keep()`).
--   scripts/run examples/plain_loop/train.lua [--steps 300]

local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local o = tnt.args { steps = 300, lr = 0.01, seed = 1 }
tnt.seed(o.seed)

-- y = sin(x) with a little noise
local x = tnt.rand(1000, 1) * 6 - 3
local y = x:sin() + tnt.randn(1000, 1) * 0.05
local loader = tnt.data.endless(tnt.data.DataLoader(tnt.data.tensors { x = x, y = y },
  { batch_size = 50, shuffle = true, seed = o.seed }))

local net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
local optimizer = tnt.optim.Adam(net:parameters(), { lr = o.lr })

local last
for step, batch in tnt.steps(loader) do
  local loss = F.mse_loss(net(batch.x), batch.y)
  optimizer:zero_grad()
  loss:backward()
  optimizer:step()
  last = loss:item() -- a number: nothing to keep
  if step % 100 == 0 then print(("step %4d  loss %.5f"):format(step, last)) end
  if step == o.steps then break end
end

local error = tnt.no_grad(function()
  local at = tnt.linspace(-3, 3, 7):view(-1, 1)
  return (net(at) - at:sin()):abs():max():item()
end)
print(("result: loss=%.5f error=%.3f"):format(last, error))

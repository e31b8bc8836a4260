-- A step of a 64-32-10 MLP at batch 16 with Adam on a card, where all the time goes to the host's
-- launches: as usual, and captured.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local tnt = require "tnt"
local nn = tnt.nn

for _, way in ipairs(card.ways) do
  tnt.seed(1)
  card.clear()
  local net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)):to(card.device)
  local unit = card.unit(net, tnt.optim.Adam(net:parameters(), { lr = 1e-3 }),
    { captured = way == "captured" })
  local batch = { x = tnt.randn(16, 64):to(card.device),
    y = tnt.randint(0, 10, { 16 }):to(card.device) }
  card.report("step_" .. way, card.steps_of(unit, batch), { steps = 10000 })
  card.release(unit)
end
card.report_card()

-- LeNet on 1 x 28 x 28 images in f32 with SGD on a card: images a second at batch 128 and 1024, as
-- usual and captured.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local tnt = require "tnt"
local nn = tnt.nn

for _, N in ipairs(card.size({ 128, 1024 }, { 2 })) do
  for _, way in ipairs(card.ways) do
    tnt.seed(1)
    card.clear()
    local net = nn.Sequential(
      nn.Conv2d(1, 6, 5, { padding = 2 }), nn.ReLU(), nn.MaxPool2d(2),
      nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
      nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
      :to(card.device)
    local optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.01, momentum = 0.9 })
    local unit = card.unit(net, optimizer, { captured = way == "captured" })
    local batch = { x = tnt.randn(N, 1, 28, 28):to(card.device),
      y = tnt.randint(0, 10, { N }):to(card.device) }
    card.report(("batch_%d_%s"):format(N, way), card.steps_of(unit, batch),
      { items = N, unit = "images/s", steps = 1000 })
    card.release(unit)
  end
end
card.report_card()

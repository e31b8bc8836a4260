-- ResNet-18 of examples/resnet on 3 x 32 x 32 images on a card: batch 128, bf16, channels last, SGD
-- with momentum; images a second, as usual and captured.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local tnt = require "tnt"
local Resnet = dofile "examples/resnet/model.lua"

local N = card.size(128, 2)
for _, way in ipairs(card.ways) do
  tnt.seed(1)
  card.clear()
  local net = Resnet(10, { width = card.size(64, 4) }):to(card.device)
  local optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1, momentum = 0.9,
    weight_decay = 5e-4 })
  local unit = card.unit(net, optimizer, { captured = way == "captured", precision = "bf16",
    memory_format = "channels_last" })
  local batch = { x = tnt.randn(N, 3, 32, 32):to(card.device),
    y = tnt.randint(0, 10, { N }):to(card.device) }
  batch.x = batch.x:contiguous "channels_last"
  card.report("batch_128_" .. way, card.steps_of(unit, batch), { items = N, unit = "images/s" })
  card.release(unit)
end
card.report_card()

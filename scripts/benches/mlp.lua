-- One AutoUnit step of a 64-32-10 MLP at batch 16, with Adam: everything that stands around a small
-- model.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local loader = require "loader"
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional
tnt.set_num_threads(1)
tnt.seed(1)

local net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
local batch = { x = tnt.randn(16, 64), y = tnt.randint(0, 10, { 16 }) }
local unit = tnt.AutoUnit {
  module = net,
  optimizer = tnt.optim.Adam(net:parameters(), { lr = 1e-3 }),
  compute_loss = function(self, _, b) return F.cross_entropy(self.module(b.x), b.y) end,
}
local function steps(n)
  tnt.train(unit, { train_dataloader = loader(batch, n),
    max_steps = unit.train_progress.num_steps_completed + n, bar = false })
end
steps(500)
print(("autounit_step %.2f us"):format(clock.time(2000, 5, steps) * 1e6))

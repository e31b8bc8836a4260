-- A hook is a table with functions named after events, function(self, state, unit). Two of them:
-- one small enough to stand in the list, and a class with options and state of its own that
-- checkpoints carry.
--   scripts/run examples/custom_hook/train.lua

local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local o = tnt.args { epochs = 6, seed = 1 }
tnt.seed(o.seed)

-- Stops when the loss of an epoch was not better than the best so far, `patience` times in a row.
local Patience = tnt.Hook:extend("Patience", { patience = 2 })
Patience.saved = { "best", "bad" } -- goes into checkpoints

function Patience:init() self.best, self.bad = math.huge, 0 end

function Patience:on_train_epoch_end(state)
  local loss = state.metrics["train/loss"]
  if loss < self.best then
    self.best, self.bad = loss, 0
  else
    self.bad = self.bad + 1
    if self.bad >= self.patience then state:stop "no better for a while" end
  end
end

-- The norm of the weights, logged beside the loss.
local weight_norm = {
  on_train_step_end = function(self, state, unit)
    state:log("weight_norm", unit.module.weight:detach():norm())
  end,
}

local x = tnt.randn(512, 8)
local y = x:matmul(tnt.randn(8, 1)) + 0.1 * tnt.randn(512, 1)

local net = nn.Linear(8, 1)
local unit = tnt.AutoUnit {
  module = net,
  optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.05, momentum = 0.9 }),
  compute_loss = function(self, state, batch) return F.mse_loss(self.module(batch.x), batch.y) end,
}

local result = tnt.train(unit, {
  train_dataloader = tnt.data.DataLoader(tnt.data.tensors { x = x, y = y },
    { batch_size = 32, shuffle = true, seed = 1 }),
  max_epochs = o.epochs,
  hooks = { Patience { patience = 2 }, weight_norm },
})
print(("result: loss=%.4f weight_norm=%.3f reason=%s"):format(
  result.metrics["train/loss"], result.metrics["train/weight_norm"], result.reason))

-- Digits of 8 x 8 points, an MLP, a few seconds: the shortest whole training run. `--dir DIR`
-- writes checkpoints there; running the same command again goes on where the last one ended.
--   scripts/run examples/digits/train.lua [--epochs 20] [--lr 0.003] [--dir runs/digits]

local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local o = tnt.args {
  epochs = 20, batch_size = 32, lr = 3e-3, width = 64, seed = 1, dir = "", save_every = 25,
    steps = 0,
}
tnt.seed(o.seed)

local folder = arg[0]:match "^(.*)/[^/]*$" or "."
local train_set, test_set = dofile(folder .. "/digits.lua")()

local Net = nn.Module:extend("Net", { "classes", width = 64 })
function Net:init(options)
  self.flatten = nn.Flatten()
  self.hidden = nn.Linear(64, options.width)
  self.head = nn.Linear(options.width, options.classes)
end
function Net:forward(x) return self.head(F.relu(self.hidden(self.flatten(x)))) end

local Digits = tnt.AutoUnit:extend "Digits"

function Digits:configure_optimizers_and_lr_scheduler(module)
  local optimizer = tnt.optim.AdamW(module:parameters(), { lr = o.lr, weight_decay = 0.01 })
  local total = o.epochs * math.ceil(train_set:size() / o.batch_size)
  return optimizer, tnt.optim.schedule.Cosine(optimizer, { T_max = total, by = "update",
    warmup = 50 })
end

function Digits:compute_loss(state, batch)
  local logits = self.module(batch.image)
  return F.cross_entropy(logits, batch.label), logits
end

local unit = Digits {
  module = Net(10, { width = o.width }),
  metrics = { tnt.metrics.Accuracy {} },
}

local started = os.clock()
local result = tnt.fit(unit, {
  train_dataloader = tnt.data.DataLoader(train_set, { batch_size = o.batch_size, shuffle = true,
    seed = o.seed }),
  eval_dataloader = tnt.data.DataLoader(test_set, { batch_size = 360 }),
  max_epochs = o.epochs,
  max_steps = o.steps > 0 and o.steps or nil,
  dir = o.dir ~= "" and o.dir or nil,
  resume = o.dir ~= "" and "auto" or nil,
  hooks = { o.dir ~= "" and tnt.hooks.Checkpoint { save_every_n_train_steps = o.save_every,
    keep_last_n = 2 } },
  loggers = { o.dir ~= "" and tnt.log.JSONL {} or nil },
})

print(("result: accuracy=%.4f loss=%.4f steps=%d seconds=%.2f"):format(
  result.metrics["eval/accuracy"] or 0, result.metrics["eval/loss"] or 0,
  unit.train_progress.num_steps_completed, os.clock() - started))

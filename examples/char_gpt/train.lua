-- A character GPT: nanoGPT's small recipe for a CPU (4 layers, 4 heads, 128 wide, block 64, batch
-- 12, 2,000 steps), on any text file. The last tenth of the text evaluates.
--   scripts/run examples/char_gpt/train.lua --text FILE [--steps 2000] [--dir runs/gpt]
-- Source: karpathy/nanoGPT, README ("I only have a macbook") and config/train_shakespeare_char.py

local tnt = require "tnt"
local F = tnt.nn.functional

local o = tnt.args {
  text = "input.txt", steps = 2000, batch_size = 12, block = 64, dropout = 0,
  layers = 4, heads = 4, width = 128, lr = 1e-3, min_lr = 1e-4, warmup = 100,
  eval_every = 250, eval_batches = 20, seed = 1337, dir = "", save_every = 250, sample = 200,
}
tnt.seed(o.seed)

local folder = arg[0]:match "^(.*)/[^/]*$" or "."
local Gpt = dofile(folder .. "/model.lua")
local train_set = tnt.data.chars { o.text, block = o.block, split = "train" }
local eval_set = tnt.data.chars { o.text, block = o.block, split = "eval" }

local CharGpt = tnt.AutoUnit:extend "CharGpt"

function CharGpt:configure_optimizers_and_lr_scheduler(module)
  local groups = tnt.optim.groups(module, { weight_decay = 0.1, norm_decay_mult = 0 })
  local optimizer = tnt.optim.AdamW(groups, { lr = o.lr, betas = { 0.9, 0.99 } })
  return optimizer, tnt.optim.schedule.Cosine(optimizer, {
    T_max = o.steps, by = "update", min = o.min_lr,
    warmup = math.min(o.warmup, math.floor(o.steps / 10)),
  })
end

function CharGpt:compute_loss(state, batch)
  local logits = self.module(batch.x)
  return F.cross_entropy(logits:flatten(1, 2), batch.y:flatten()), logits
end

local model = Gpt(train_set.vocab_size, {
  layers = o.layers, heads = o.heads, width = o.width, block = o.block, dropout = o.dropout,
})
local unit = CharGpt { module = model, clip_grad_norm = 1 }

-- As nanoGPT evaluates: batches of blocks drawn at random, the same ones every time.
local eval_loader = tnt.data.DataLoader(eval_set, { batch_size = o.batch_size, shuffle = true,
  seed = 1 })

local started = os.time()
local result = tnt.fit(unit, {
  train_dataloader = tnt.data.DataLoader(train_set, { batch_size = o.batch_size, shuffle = true,
    seed = o.seed }),
  eval_dataloader = eval_loader,
  max_steps = o.steps,
  max_eval_steps_per_epoch = o.eval_batches,
  evaluate_every_n_steps = o.eval_every,
  evaluate_every_n_epochs = 0,
  dir = o.dir ~= "" and o.dir or nil,
  resume = o.dir ~= "" and "auto" or nil,
  hooks = { o.dir ~= "" and tnt.hooks.Checkpoint { save_every_n_train_steps = o.save_every,
    keep_last_n = 2 } },
  loggers = { o.dir ~= "" and tnt.log.JSONL {} or nil },
})

if o.sample > 0 then
  local ids = model:generate(train_set:encode "\n":view(1, -1), o.sample, 0.8)
  print(train_set:decode(ids:view(-1)))
end
print(("result: val_loss=%.4f steps=%d seconds=%d"):format(
  result.metrics["eval/loss"] or 0 / 0, unit.train_progress.num_steps_completed,
    os.difftime(os.time(), started)))

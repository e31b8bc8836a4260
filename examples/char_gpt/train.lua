-- A character GPT on any text file; the last tenth of the text evaluates. Two of nanoGPT's
-- recipes: "cpu" (4 layers, 4 heads, 128 wide, block 64, batch 12, 2,000 steps) and "gpu" (6
-- layers, 6 heads, 384 wide, block 256, batch 64, dropout 0.2, 5,000 steps, bf16, captured steps).
--   scripts/run examples/char_gpt/train.lua --text FILE [--steps 2000] [--dir runs/gpt]
--   scripts/run examples/char_gpt/train.lua --text FILE --recipe gpu --device cuda
-- Source: karpathy/nanoGPT, README ("I only have a macbook") and config/train_shakespeare_char.py

local tnt = require "tnt"
local F = tnt.nn.functional

local options = {
  text = "input.txt", recipe = "cpu", device = "cpu", steps = 2000, batch_size = 12, block = 64,
  dropout = 0, layers = 4, heads = 4, width = 128, lr = 1e-3, min_lr = 1e-4, warmup = 100,
  precision = "f32", cuda_graph = false, eval_every = 250, eval_batches = 20, seed = 1337,
  dir = "", save_every = 250, sample = 200, print_every = 100,
}
local recipes = { cpu = {}, gpu = {
  steps = 5000, batch_size = 64, block = 256, dropout = 0.2, layers = 6, heads = 6, width = 384,
  precision = "bf16", cuda_graph = true, eval_batches = 200,
} }
-- A recipe is other defaults; what the command line says counts more.
local recipe = tnt.args(options).recipe
assert(recipes[recipe], "--recipe is cpu or gpu, got " .. recipe)
for name, value in tnt.sorted(recipes[recipe]) do options[name] = value end
local o = tnt.args(options)
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
local unit = CharGpt {
  module = model, clip_grad_norm = 1, device = o.device, precision = o.precision,
  cuda_graph = o.cuda_graph and o.device ~= "cpu",
}

-- As nanoGPT evaluates: so many batches of blocks drawn at random, others each time.
local eval_loader = tnt.data.DataLoader(eval_set, { batch_size = o.batch_size, shuffle = true,
  seed = 1 })

local progress = dofile(folder .. "/progress.lua") {
  every = o.print_every, tokens = o.batch_size * o.block, device = o.device,
  flops_per_token = model:flops_per_token(o.block),
}

local started = os.time()
local result = tnt.fit(unit, {
  train_dataloader = tnt.data.DataLoader(train_set, { batch_size = o.batch_size, shuffle = true,
    drop_last = true, seed = o.seed }),
  eval_dataloader = eval_loader,
  max_steps = o.steps,
  max_eval_steps_per_epoch = o.eval_batches,
  evaluate_every_n_steps = o.eval_every,
  evaluate_every_n_epochs = 0,
  dir = o.dir ~= "" and o.dir or nil,
  resume = o.dir ~= "" and "auto" or nil,
  hooks = { progress, o.dir ~= "" and tnt.hooks.Checkpoint {
    save_every_n_train_steps = o.save_every, keep_last_n = 2 } },
  loggers = { o.dir ~= "" and tnt.log.JSONL {} or nil },
})

if o.sample > 0 then
  local start = train_set:encode "\n":view(1, -1):to(o.device)
  print(train_set:decode(model:generate(start, o.sample, 0.8):view(-1):cpu()))
end
print(("result: val_loss=%.4f best_val_loss=%.4f steps=%d seconds=%d %s"):format(
  result.metrics["eval/loss"] or 0 / 0, progress.best, unit.train_progress.num_steps_completed,
  os.difftime(os.time(), started), progress:summary()))

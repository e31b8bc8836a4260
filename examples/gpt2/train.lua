-- GPT-2 on files of tokens: the 124M model and nanoGPT's recipe for it, an update being 480 blocks
-- of 1,024 tokens (batch 12, 40 losses an update), in bf16, steps captured where there is a card.
--   scripts/run examples/gpt2/train.lua --data FOLDER --device cuda [--dir runs/gpt2]
-- FOLDER holds train.bin and val.bin, as nanoGPT's data/openwebtext/prepare.py writes them.
--   ... --init model.safetensors --lr 3e-5      goes on from OpenAI's weights (biases, tanh GELU)
--   ... --weights bf16 [--rounding stochastic]  weights themselves in bf16, so that a step casts
-- nothing: with f32 masters in the optimizer, or without, rounded up or down at random. Gradients
-- are bf16 then and lose bits where they are summed: larger batches rather than more to accumulate.
-- Source: karpathy/nanoGPT, train.py and config/train_gpt2.py

local tnt = require "tnt"
local F = tnt.nn.functional

local o = tnt.args {
  data = "data", device = "cpu", steps = 600000, batch_size = 12, accumulate = 40, order = "random",
  layers = 12, heads = 12, width = 768, block = 1024, vocab = 50304, bias = false, dropout = 0,
  gelu = "tanh", lr = 6e-4, min_lr = 6e-5, warmup = 2000, weight_decay = 0.1, clip = 1,
  precision = "bf16", weights = "f32", rounding = "nearest", cuda_graph = true, eval_every = 1000,
  eval_batches = 200, print_every = 10, init = "", dir = "", save_every = 1000, keep = 2,
  seed = 1337,
}
assert(o.weights == "f32" or o.weights == "bf16", "--weights is f32 or bf16, got " .. o.weights)
assert(o.rounding == "nearest" or o.rounding == "stochastic" and o.weights == "bf16",
  "--rounding is nearest, or with --weights bf16 stochastic, got " .. o.rounding)
tnt.seed(o.seed)

local folder = arg[0]:match "^(.*)/[^/]*$" or "."
local Gpt = dofile(folder .. "/../char_gpt/model.lua")
local Tokens = dofile(folder .. "/tokens.lua")

local Gpt2 = tnt.AutoUnit:extend "Gpt2"

function Gpt2:configure_optimizers_and_lr_scheduler(module)
  -- matrices and embeddings decay, norms and biases do not
  local groups = tnt.optim.groups(module, { weight_decay = o.weight_decay, norm_decay_mult = 0 })
  local optimizer = tnt.optim.AdamW(groups, {
    lr = o.lr, betas = { 0.9, 0.95 }, stochastic_rounding = o.rounding == "stochastic",
  })
  return optimizer, tnt.optim.schedule.Cosine(optimizer, {
    T_max = o.steps, by = "update", min = o.min_lr,
    warmup = math.min(o.warmup, math.floor(o.steps / 10)),
  })
end

function Gpt2:compute_loss(state, batch)
  return F.cross_entropy(self.module(batch.x):flatten(1, 2), batch.y:flatten())
end

local model = Gpt(o.vocab, {
  layers = o.layers, heads = o.heads, width = o.width, block = o.block, dropout = o.dropout,
  bias = o.bias or o.init ~= "", gelu = o.gelu,
})
if o.init ~= "" then dofile(folder .. "/weights.lua")(model, o.init) end
model:to(o.weights)
local unit = Gpt2 {
  module = model, device = o.device, clip_grad_norm = o.clip,
  precision = o.weights == "f32" and o.precision or "f32", -- what is bf16 is not to be cast
  gradient_accumulation_steps = o.accumulate, cuda_graph = o.cuda_graph and o.device ~= "cpu",
}

local function loader(name, sampler_of)
  local set = Tokens { o.data .. "/" .. name, o.vocab, block = o.block }
  return tnt.data.DataLoader(set, { batch_size = o.batch_size, seed = o.seed,
    sampler = sampler_of(set) })
end
-- An epoch is what lies between two evaluations, which see the same blocks every time.
local train_loader = loader("train.bin", function(set)
  return set:positions(o.order, o.eval_every * o.accumulate * o.batch_size)
end)
local eval_loader = loader("val.bin", function(set)
  return set:positions("random", o.eval_batches * o.batch_size):order(0, o.seed)
end)

local progress = dofile(folder .. "/../char_gpt/progress.lua") {
  every = o.print_every, tokens = o.batch_size * o.block, device = o.device,
  flops_per_token = model:flops_per_token(o.block),
}

local started = os.time()
local result = tnt.fit(unit, {
  train_dataloader = train_loader,
  eval_dataloader = eval_loader,
  max_steps = o.steps * o.accumulate,
  dir = o.dir ~= "" and o.dir or nil,
  resume = o.dir ~= "" and "auto" or nil,
  hooks = { progress, o.dir ~= "" and tnt.hooks.Checkpoint {
    save_every_n_train_steps = o.save_every * o.accumulate, keep_last_n = o.keep } },
  loggers = { o.dir ~= "" and tnt.log.JSONL {} or nil },
})

print(("result: val_loss=%.4f best_val_loss=%.4f updates=%d seconds=%d %s"):format(
  result.metrics["eval/loss"] or 0 / 0, progress.best, unit.train_progress.num_updates_completed,
  os.difftime(os.time(), started), progress:summary()))

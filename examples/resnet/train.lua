-- ResNet-18 on CIFAR-10: random crops and mirroring, SGD with momentum and weight decay, a cosine
-- with warm-up. FOLDER holds the binary version's data_batch_1.bin to _5 and test_batch.bin.
--   scripts/run examples/resnet/train.lua --data FOLDER --device cuda --precision bf16 \
--     --channels-last --workers 4
--   scripts/run examples/resnet/train.lua --synthetic --width 8 --steps 60       without files
-- Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition" (2016), section 4.2

local tnt = require "tnt"
local F = tnt.nn.functional

local o = tnt.args {
  data = "data", synthetic = false, device = "cpu", precision = "f32", channels_last = false,
  cuda_graph = true, epochs = 30, steps = 0, batch_size = 128, lr = 0.1, momentum = 0.9,
  weight_decay = 5e-4, warmup = 400, width = 64, workers = 0, seed = 1, print_every = 50, dir = "",
}
tnt.seed(o.seed)

local folder = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = folder .. "/?.lua;" .. package.path -- the loader's workers require it too
local Resnet = dofile(folder .. "/model.lua")

-- Images of ten colours, told apart with some noise: something to learn where there is no data.
local function synthetic(n)
  local y = tnt.arange(n):remainder(10)
  local colours = tnt.stack({ y:remainder(2), y:floor_divide(2):remainder(2), y / 9 }, 2) - 0.5
  return tnt.data.tensors { y = y, x = colours:view(n, 3, 1, 1) * 2 + tnt.randn(n, 3, 32, 32) }
end

local train_set, test_set
if o.synthetic then
  train_set, test_set = synthetic(5120), synthetic(500)
else
  local Cifar = require "cifar"
  train_set, test_set = Cifar(o.data, { augment = true }), Cifar(o.data, { split = "test" })
end

local is_card = o.device ~= "cpu"
local per_epoch = math.floor(train_set:size() / o.batch_size) -- the last batch is left out
local total = o.steps > 0 and o.steps or o.epochs * per_epoch

local Images = tnt.AutoUnit:extend "Images"

function Images:configure_optimizers_and_lr_scheduler(module)
  local optimizer = tnt.optim.SGD(module:parameters(), { lr = o.lr, momentum = o.momentum,
    weight_decay = o.weight_decay })
  return optimizer, tnt.optim.schedule.Cosine(optimizer, { T_max = total, by = "update",
    warmup = math.min(o.warmup, math.floor(total / 5)) })
end

function Images:compute_loss(state, batch)
  local logits = self.module(batch.x)
  return F.cross_entropy(logits, batch.y), logits
end

local net = Resnet(10, { width = o.width })
-- A training step takes about three times the operations of a forward pass.
local flops = 3 * tnt.flops(function()
  tnt.no_grad(function() net:eval()(tnt.zeros(1, 3, 32, 32)) end)
end).forward
net:train()

local unit = Images { module = net, metrics = { tnt.metrics.Accuracy {} }, device = o.device,
  precision = o.precision, cuda_graph = o.cuda_graph and is_card,
  memory_format = o.channels_last and "channels_last" or nil }

local progress = dofile(folder .. "/../char_gpt/progress.lua") { every = o.print_every,
  what = "images", tokens = o.batch_size, flops_per_token = flops, device = o.device }

local started = os.time()
local result = tnt.fit(unit, {
  train_dataloader = tnt.data.DataLoader(train_set, { batch_size = o.batch_size, shuffle = true,
    drop_last = true, seed = o.seed, num_workers = o.workers, pin_memory = is_card }),
  eval_dataloader = tnt.data.DataLoader(test_set, {
    batch_size = math.min(500, test_set:size()) }),
  max_steps = total,
  dir = o.dir ~= "" and o.dir or nil,
  resume = o.dir ~= "" and "auto" or nil,
  hooks = { progress, o.dir ~= "" and tnt.hooks.Checkpoint { save_every_n_epochs = 1 } },
})

print(("result: accuracy=%.4f loss=%.4f steps=%d seconds=%d %s"):format(
  result.metrics["eval/accuracy"] or 0, result.metrics["eval/loss"] or 0 / 0,
  unit.train_progress.num_steps_completed, os.difftime(os.time(), started), progress:summary()))

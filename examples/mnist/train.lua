-- LeNet on MNIST files. A folder with the usual four files trains on all of them; with only the
-- t10k files the first 8,000 of those 10,000 images train and the last 2,000 test.
--   scripts/run examples/mnist/train.lua --data FOLDER [--epochs 8]
--   ... --device cuda --batch-size 1024 --precision bf16      on a card, the step captured
-- Network after LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
-- recognition" (1998).

local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local o = tnt.args { data = "data", epochs = 8, batch_size = 64, lr = 2e-3, seed = 1, dir = "",
  steps = 0, device = "cpu", precision = "f32", cuda_graph = true, print_every = 100 }
tnt.seed(o.seed)
local is_card = o.device ~= "cpu"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local train_set, test_set
local test_files = tnt.data.mnist(o.data, "test")
if exists(o.data .. "/train-images-idx3-ubyte")
    or exists(o.data .. "/train-images-idx3-ubyte.gz") then
  train_set, test_set = tnt.data.mnist(o.data, "train"), test_files
else
  train_set = tnt.data.subset(test_files, 1, 8000)
  test_set = tnt.data.subset(test_files, 8001, 10000)
end

local LeNet = nn.Module:extend "LeNet"
function LeNet:init()
  self.conv1 = nn.Conv2d(1, 16, 5, { padding = 2 })
  self.conv2 = nn.Conv2d(16, 32, 5)
  self.fc1 = nn.Linear(32 * 5 * 5, 128)
  self.drop = nn.Dropout { p = 0.3 }
  self.fc2 = nn.Linear(128, 10)
end
function LeNet:forward(x)
  x = F.max_pool2d(F.relu(self.conv1(x)), 2)
  x = F.max_pool2d(F.relu(self.conv2(x)), 2)
  return self.fc2(self.drop(F.relu(self.fc1(x:flatten(2)))))
end

local Mnist = tnt.AutoUnit:extend "Mnist"

function Mnist:configure_optimizers_and_lr_scheduler(module)
  local optimizer = tnt.optim.AdamW(module:parameters(), { lr = o.lr })
  local total = o.epochs * math.ceil(train_set:size() / o.batch_size)
  return optimizer, tnt.optim.schedule.Cosine(optimizer, { T_max = total, by = "update",
    warmup = 100 })
end

function Mnist:compute_loss(state, batch)
  local logits = self.module(batch.image)
  return F.cross_entropy(logits, batch.label), logits
end

local unit = Mnist { module = LeNet(), metrics = { tnt.metrics.Accuracy {} }, device = o.device,
  precision = o.precision, cuda_graph = o.cuda_graph and is_card }
local folder = arg[0]:match "^(.*)/[^/]*$" or "."
local progress = dofile(folder .. "/../char_gpt/progress.lua") { every = o.print_every,
  what = "images", device = o.device,
  tokens = function(state) return state.batch.label:size(1) end }

local started = os.time()
local result = tnt.fit(unit, {
  train_dataloader = tnt.data.DataLoader(train_set, { batch_size = o.batch_size, shuffle = true,
    seed = o.seed, pin_memory = is_card }),
  eval_dataloader = tnt.data.DataLoader(test_set, { batch_size = 500 }),
  max_epochs = o.epochs,
  max_steps = o.steps > 0 and o.steps or nil,
  dir = o.dir ~= "" and o.dir or nil,
  resume = o.dir ~= "" and "auto" or nil,
  hooks = { progress, o.dir ~= "" and tnt.hooks.Checkpoint { save_every_n_epochs = 1 } },
})

print(("result: accuracy=%.4f loss=%.4f steps=%d seconds=%d %s"):format(
  result.metrics["eval/accuracy"] or 0, result.metrics["eval/loss"] or 0,
  unit.train_progress.num_steps_completed, os.difftime(os.time(), started),
  progress:summary()))

-- Two small networks in mixed precision: spec/autocast_spec.lua compares them with PyTorch's
-- (scripts/parity/autocast.py has the same formulas), spec/cuda/amp_spec.lua with a card's.
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local models = {}

-- size * sin(3 i + k), i counting from 0
local function wave(shape, k, size)
  local n = 1
  for _, s in ipairs(shape) do n = n * s end
  local i = tnt.arange(n, { dtype = "f64" })
  return ((i * 3 + k):sin() * size):to("f32"):view(shape)
end
models.wave = wave

models.list = {
  mlp = {
    shape = { 16, 12 }, lr = 0.1,
    make = function()
      return nn.Sequential(nn.Linear(12, 24), nn.LayerNorm(24), nn.ReLU(), nn.Linear(24, 5))
    end,
  },
  conv = {
    shape = { 10, 2, 8, 8 }, lr = 0.01,
    make = function()
      return nn.Sequential(nn.Conv2d(2, 6, 3, { padding = 1 }), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 5))
    end,
  },
}

--- Ten steps of SGD; with a scaler the loss is scaled.
---@param model table        of models.list
---@param region string|false "bf16", "f16"
---@param device string
---@param scaler? tnt.GradScaler
---@return {losses: number[], sums: number[]}  sums of the weights' absolute values
function models.train(model, region, device, scaler)
  local net = model.make()
  tnt.no_grad(function()
    for k, p in ipairs(net:parameters()) do p:copy_(wave(p.shape, k - 1, 0.4)) end
    if model == models.list.mlp then net[2].weight:add_(1) end
  end)
  net:to(device)
  local opt = tnt.optim.SGD(net:parameters(), { lr = model.lr, momentum = 0.5 })
  local t = (tnt.arange(model.shape[1]) * 7 % 5):to(device)
  local out = { losses = {}, sums = {} }
  for step = 0, 9 do
    local x = wave(model.shape, 50 + step, 1):to(device)
    local loss = tnt.autocast(region, function() return F.cross_entropy(net(x), t) end)
    if scaler then
      scaler:scale(loss):backward()
      scaler:step(opt)
      scaler:update()
    else
      loss:backward()
      opt:step()
    end
    opt:zero_grad()
    out.losses[step + 1] = loss:item()
  end
  for i, p in ipairs(net:parameters()) do out.sums[i] = p:detach():to("f64"):abs():sum():item() end
  return out
end

return models

-- Convolutions of the usual kinds, each forward, by the input and by the weight, and a LeNet step
-- at batch 64; all threads.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local nn, F = tnt.nn, tnt.nn.functional
tnt.seed(1)

local function times(n, fn)
  local turns = {}
  for i = 1, n do turns[i] = i end
  for _ in tnt.steps(turns) do fn() end
end

local function report(name, n, fn)
  times(2, fn)
  print(("%s %.3f ms"):format(name, clock.time(n, 5, function(k) times(k, fn) end) * 1e3))
end

local shapes = { -- name, N, C, H = W, O, kernel, stride, padding, groups, calls
  { "3x3", 32, 64, 32, 64, 3, 1, 1, 1, 4 },
  { "3x3_stride2", 32, 64, 32, 128, 3, 2, 1, 1, 4 },
  { "7x7_stride2", 8, 3, 224, 64, 7, 2, 3, 1, 2 },
  { "1x1", 32, 256, 14, 256, 1, 1, 0, 1, 8 },
  { "depthwise_3x3", 32, 128, 56, 128, 3, 1, 1, 128, 4 },
  { "depthwise_3x3_stride2", 32, 128, 56, 128, 3, 2, 1, 128, 4 },
  { "one_channel", 64, 1, 28, 32, 3, 1, 1, 1, 20 },
}
for _, s in ipairs(shapes) do
  local name, N, C, H, O, k, stride, padding, groups, n = unpack(s)
  local x, w = tnt.randn(N, C, H, H):keep(), tnt.randn(O, C / groups, k, k):keep()
  local lists = { { stride, stride }, { padding, padding }, { 1, 1 }, groups }
  local dy = tnt.ones_like(ops.conv2d(x, w, nil, unpack(lists))):keep()
  report(name .. "_forward", n, function() ops.conv2d(x, w, nil, unpack(lists)) end)
  report(name .. "_dx", n, function() ops.conv2d_dx(dy, w, x.shape, unpack(lists)) end)
  report(name .. "_dw", n, function() ops.conv2d_dw(dy, x, w.shape, unpack(lists)) end)
  x:free()
  dy:free()
end

local net = nn.Sequential(
  nn.Conv2d(1, 6, 5, { padding = 2 }), nn.ReLU(), nn.MaxPool2d(2),
  nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
  nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
local opt = tnt.optim.SGD(net:parameters(), { lr = 0.01, momentum = 0.9 })
local x, y = tnt.randn(64, 1, 28, 28):keep(), tnt.randint(0, 10, { 64 }):keep()
times(3, function() -- what a step allocates after these, it allocates again and again
  F.cross_entropy(net(x), y):backward()
  opt:step()
  opt:zero_grad()
end)
local before = tnt.memory().system_allocations
report("lenet_step", 40, function()
  F.cross_entropy(net(x), y):backward()
  opt:step()
  opt:zero_grad()
end)
print(("lenet_system_allocations %d"):format(tnt.memory().system_allocations - before))

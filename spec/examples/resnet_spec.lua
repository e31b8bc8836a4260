-- resnet: the model's size, CIFAR-10's files (made up here, small), and the script, on the CPU and
-- (really there or emulated) on a card.
require "spec.cuda.card"
local process = require "spec.cli.process"
local tnt = require "tnt"

local folder
local IMAGE = 3 * 1024

-- n records: the label k, and an image whose planes have a brightness that k gives, with marks.
local function records(n, change)
  local list = {}
  for i = 1, n do
    local k = i % 10
    local planes = { k }
    for c = 0, 2 do
      for p = 0, 1023 do planes[#planes + 1] = (k * 23 + c * 60 + p * 7 % 13) % 256 end
    end
    if change then change(i, planes) end
    local bytes = {}
    for j = 1, #planes, 4096 do
      bytes[#bytes + 1] = string.char(unpack(planes, j, math.min(j + 4095, #planes)))
    end
    list[i] = table.concat(bytes)
  end
  return table.concat(list)
end

local function write(name, bytes) process.file(bytes, folder .. "/" .. name) end

local function fill(n, change)
  for i = 1, 5 do write(("data_batch_%d.bin"):format(i), records(n, change)) end
  write("test_batch.bin", records(20))
end

local function raises(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind)
  assert.matches(pattern, err.message)
end

before_each(function()
  folder = process.directory()
  fill(16)
end)
after_each(process.cleanup)

describe("resnet's model", function()
  local Resnet = dofile "examples/resnet/model.lua"

  it("has the parameters and operations of ResNet-18 on 32 x 32 images", function()
    local net, parameters = Resnet(10), 0
    for _, p in ipairs(net:parameters()) do parameters = parameters + p:numel() end
    assert.equal(11173962, parameters) -- torchvision's, with a stem of 3 x 3 and ten classes
    -- Products of the convolutions: out size^2 x out x in x kernel^2, over the four stages.
    local products = 32 ^ 2 * 64 * 3 * 9
    for stage = 0, 3 do
      local size, outer = 32 / 2 ^ stage, 64 * 2 ^ stage
      local inner = stage == 0 and outer or outer / 2
      products = products + size ^ 2 * outer * 9 * (inner + 3 * outer)
        + (stage > 0 and size ^ 2 * outer * inner or 0)
    end
    local y
    local count = tnt.flops(function()
      y = tnt.no_grad(function() return net:eval()(tnt.zeros(2, 3, 32, 32)) end)
    end)
    assert.same({ 2, 10 }, y.shape)
    assert.equal(2 * 2 * products, count.ops.conv2d.forward)
  end)

  it("trains in bf16, its norms in f32, as on the CPU so on a card #cuda", function()
    local there = tnt.cuda.is_available()
    local losses = {}
    for i, device in ipairs { "cpu", there and "cuda" or nil } do
      tnt.seed(3)
      local net = Resnet(10, { width = 4 }):to(device)
      local x, y = tnt.randn(4, 3, 8, 8):to(device), tnt.randint(0, 10, { 4 }):to(device)
      local loss = tnt.autocast("bf16", function()
        return tnt.nn.functional.cross_entropy(net(x), y)
      end)
      loss:backward()
      for name, p in net:named_parameters() do
        assert.equal("f32", p.grad.dtype, name)
        assert.is_true(p.grad:isfinite():all():item(), name)
      end
      losses[i] = loss:item()
    end
    if not there then return pending "there is no card" end
    assert.near(losses[1], losses[2], 0.05)
  end)
end)

describe("resnet's CIFAR files", function()
  local Cifar = dofile "examples/resnet/cifar.lua"

  it("are read as they are for tests, each channel normalised", function()
    local set = Cifar(folder, { split = "test" })
    assert.equal(20, set:size())
    local batch = set:get_many { 3, 12 }
    assert.same({ 3, 2 }, batch.y:totable())
    assert.equal("i64", batch.y.dtype)
    assert.same({ 2, 3, 32, 32 }, batch.x.shape)
    local function value(byte, mean, std) return (byte / 255 - mean) / std end
    local x = batch.x:totable()
    assert.near(value(3 * 23, 0.4914, 0.2470), x[1][1][1][1], 1e-5)
    assert.near(value(2 * 23 + 120 + (5 * 32 + 9) * 7 % 13, 0.4465, 0.2616), x[2][3][6][10], 1e-5)
    assert.same(x[1], set:get(3).x:totable())
    raises("argument", "there are 20", set.get_many, set, { 21 })
    raises("argument", "there are 20", set.get_many, set, { 0 })
  end)

  it("are moved by up to four pixels and mirrored for training", function()
    local value = { [0] = (0 - 0.4914) / 0.2470 }
    fill(2, function(_, planes) -- one bright point in a dark image
      for j = 2, IMAGE + 1 do planes[j] = 0 end
      planes[2 + 10 * 32 + 20] = 255
    end)
    local loader = tnt.data.DataLoader(Cifar(folder, { augment = true }),
      { batch_size = 10, seed = 4 })
    local seen, mirrored, moved = 0, 0, {}
    for _ = 1, 20 do
      for batch in loader:iterate() do
        for i = 1, 10 do
          local at = batch.x:select(1, i):select(1, 1):argmax():item()
          local y, x = math.floor(at / 32), at % 32
          if x < 16 then
            mirrored, x = mirrored + 1, 31 - x
          end
          assert.is_true(math.abs(y - 10) <= 4 and math.abs(x - 20) <= 4)
          moved[y - 10] = true
          seen = seen + 1
        end
        local least = batch.x:select(2, 1):min():item()
        assert.near(value[0], least, 1e-5)
        assert.is_true(batch.x:eq(0):any():item()) -- what comes in from outside
      end
    end
    assert.equal(200, seen)
    assert.is_true(mirrored > 60 and mirrored < 140)
    for d = -4, 4 do assert.is_true(moved[d]) end
  end)

  it("are refused with the place of what is wrong", function()
    write("data_batch_3.bin", records(2):sub(1, -2))
    raises("format", "data_batch_3.bin has 6145 bytes, expected a whole number of records of 3073",
      Cifar, folder)
    write("data_batch_3.bin", "")
    raises("format", "data_batch_3.bin has 0 bytes", Cifar, folder)
    write("data_batch_3.bin", records(3, function(i, planes)
      if i == 2 then planes[1] = 10 end
    end))
    raises("format", "data_batch_3.bin: record 2 has the label 10, expected 0 to 9", Cifar, folder)
    raises("io", "cifar%-10%-binary", Cifar, folder .. "/nowhere")
    raises("argument", "part", Cifar, folder, { split = "eval" })
    raises("argument", "pad is a whole number from 0 to 31", Cifar, folder, { pad = 32 })
  end)
end)

describe("resnet's script", function()
  local function run(options)
    local words = { "examples/resnet/train.lua" }
    for word in options:gmatch "%S+" do words[#words + 1] = word end
    local out, err, status = process.run(words)
    local losses = {}
    for loss in out:gmatch "update %d+ loss (%S+) images/s %d+" do
      losses[#losses + 1] = tonumber(loss)
    end
    return { ok = status == 0, text = out .. err, losses = losses,
      loss = tonumber(out:match "result: .*loss=(%S+)"),
      accuracy = tonumber(out:match "result: accuracy=(%S+)"),
      steps = tonumber(out:match "result: .*steps=(%d+)") }
  end

  it("learns from files, read ahead by workers too", function()
    local options = "--width 4 --batch-size 16 --epochs 6 --lr 0.05 --print-every 1 --data "
      .. folder
    local r = run(options)
    assert(r.ok, r.text)
    assert.equal(30, r.steps)
    assert.equal(30, #r.losses)
    assert.matches("images_per_second=%d+ peak_mb=%d+", r.text)
    local first, last = 0, 0
    for i = 1, 5 do first, last = first + r.losses[i], last + r.losses[25 + i] end
    assert(last < 0.8 * first, r.text)
    assert.same(r.losses, run(options .. " --workers 2").losses)
  end)

  it("runs without files, and says what is missing", function()
    local r = run "--synthetic --width 2 --batch-size 8 --steps 3 --print-every 1"
    assert(r.ok, r.text)
    assert.equal(3, r.steps)
    r = run "--data /nowhere"
    assert.is_false(r.ok)
    assert.matches("/nowhere/data_batch_1.bin", r.text)
  end)

  it("loses on a card, captured, as on the CPU #cuda", function()
    if not tnt.cuda.is_available() then return pending "there is no card" end
    -- the images of the files above leave channels flat, where a norm makes much of rounding
    local options = "--synthetic --width 2 --batch-size 8 --lr 0.01 --weight-decay 0.05 "
      .. "--print-every 1 --steps "
    for steps, layout in pairs { [6] = "", [2] = " --channels-last" } do
      local cpu, gpu = run(options .. steps), run(options .. steps .. " --device cuda" .. layout)
      assert(gpu.ok, gpu.text)
      assert.equal(steps, #gpu.losses)
      for i = 1, steps do assert.near(cpu.losses[i], gpu.losses[i], 1e-3) end
    end
  end)
end)

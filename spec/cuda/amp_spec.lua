-- Mixed precision on a card against the CPU: dtypes, values, gradients, training with and without a
-- scaler, skipped steps. #cuda
local balance = require "spec.balance"
local both = require "spec.cuda.both"

if not both.available "mixed precision" then return end

local build = require "spec.ops.build"
local examples = require "spec.ops.examples"
local models = require "spec.cuda.amp_models"
local tnt = require "tnt"
local nn, optim, F = tnt.nn, tnt.optim, tnt.nn.functional

-- Results that are rounded to so many bits, computed in another order of sums.
local rtol = { bf16 = 2 ^ -7, f16 = 2 ^ -10, f32 = 2e-6 }

describe("mixed precision on a card #cuda", function()
  balance.file(setup, function(compare)
    teardown(compare)
  end)

  it("computes every marked row in the CPU's dtype", function()
    local n = 0
    for _, row in ipairs(examples.walk()) do
      for _, case in ipairs(row.autocast and examples.of(row) or {}) do
        for _, region in ipairs { "bf16", "f16" } do
          local cpu = build.arguments(case, "f32")
          local card = build.arguments(case, "f32", nil, function(x) return x:to "cuda" end)
          local want, got = tnt.autocast(region, build.call, case, cpu),
            tnt.autocast(region, build.call, case, card)
          for i, w in ipairs(want) do
            local where = ("%s in %s, result %d"):format(case.name, region, i)
            assert.equal(w.dtype, got[i].dtype, where)
            assert.equal("cuda:0", got[i].device, where)
            local eps = rtol[w.dtype] or 0
            local found = build.difference(build.flat(got[i]), build.flat(w), eps, eps)
            assert.is_nil(found, where .. ": " .. (found or ""))
            n = n + 1
          end
        end
      end
    end
    assert.is_true(n > 40)
  end)

  it("gives f32 gradients to f32 weights, once for each change of a weight", function()
    local ended = {}
    for k, device in ipairs { "cpu", "cuda" } do
      local w = nn.Parameter(models.wave({ 24, 16 }, 1, 0.3):to(device))
      local x = models.wave({ 8, 16 }, 2, 1):to(device)
      local function loss() return x:linear(w):matmul(w):softmax():pow(2):sum() end
      tnt.autocast("bf16", loss):backward()
      tnt.no_grad(function() w:mul_(0.5) end)
      tnt.autocast("bf16", loss):backward()
      assert.equal("f32", w.grad.dtype)
      ended[k] = w.grad:to "cpu"
    end
    -- both round to bf16 at the same places, sums in another order may round to the neighbour
    local largest = ended[1]:abs():max():item()
    assert.is_true(largest > 0)
    assert.is_true((ended[1] - ended[2]):abs():max():item() <= 2 ^ -6 * largest)
  end)

  it("reads 16-bit logits as they are", function()
    for _, name in ipairs { "bf16", "f16" } do
      local t, v = tnt.randint(0, 500, { 64 }):to "cuda", models.wave({ 64, 500 }, 1, 4)
      local x = v:to(name):to("cuda"):requires_grad_()
      local wide = x:detach():to("f32"):requires_grad_()
      local weight = tnt.rand(500):to "cuda"
      for _, options in ipairs { {}, { weight = weight, label_smoothing = 0.1 } } do
        x.grad, wide.grad = nil, nil
        local before = tnt.cuda.memory().live
        local loss = tnt.autocast(name, F.cross_entropy, x, t, options)
        assert.is_true(tnt.cuda.memory().live - before < 64 * 500)
        local want = F.cross_entropy(wide, t, options)
        assert.equal("f32", loss.dtype)
        assert.near(want:item(), loss:item(), 2e-6 * want:item())
        loss:backward()
        want:backward()
        assert.equal(name, x.grad.dtype)
        local eps = rtol[name]
        local found = build.difference(build.flat(x.grad), build.flat(wide.grad), 1e-9, eps)
        assert.is_nil(found, found)
      end
    end
  end)

  for name, model in require("tnt.sorted")(models.list) do
    for _, region in ipairs { "bf16", "f16" } do
      it(("trains as on the CPU: %s in %s"):format(name, region), function()
        local a, b
        if region == "f16" then
          a = optim.GradScaler { init_scale = 2 ^ 22 }
          b = optim.GradScaler { init_scale = 2 ^ 22 }
        end
        local want = models.train(model, region, "cpu", a)
        local got = models.train(model, region, "cuda", b)
        local eps = region == "bf16" and 2 ^ -9 or 2 ^ -12
        for i, loss in ipairs(want.losses) do
          assert.near(loss, got.losses[i], eps * loss, "step " .. i)
        end
        for i, sum in ipairs(want.sums) do assert.near(sum, got.sums[i], 2 ^ -8 * sum) end
        if a then
          assert.is_true(a:get_scale() < 2 ^ 22, "nothing overflowed")
          assert.same(a:state_dict(), b:state_dict())
        end
      end)
    end
  end

  it("skips a step on the card alone, and learns of it later", function()
    for _, name in ipairs { "SGD", "Adam", "AdamW" } do
      local p = nn.Parameter(models.wave({ 5, 3 }, 1, 1):to "cuda")
      local opt, scaler = optim[name]({ p }, { lr = 0.1 }), optim.GradScaler { growth_interval = 2 }
      local function take(g)
        opt:zero_grad()
        scaler:scale((p * g:to "cuda"):sum()):backward()
        scaler:step(opt)
        scaler:update()
      end
      local bad = models.wave({ 5, 3 }, 2, 1)
      bad[{ 2, 2 }] = 0 / 0
      take(models.wave({ 5, 3 }, 3, 1))
      local before = p:detach():to "cpu"
      take(bad)
      assert.is_true(build.same_bits(before, p:detach():to "cpu"), name)
      assert.equal(0, scaler:num_skipped()) -- not known yet
      assert.equal(1, opt:state_dict().state["0"].step)
      assert.equal(1, scaler:num_skipped())
      assert.equal(32768, scaler:get_scale())
      take(models.wave({ 5, 3 }, 4, 1))
      take(models.wave({ 5, 3 }, 5, 1))
      assert.is_false(build.same_bits(before, p:detach():to "cpu"))
      assert.equal(65536, scaler:get_scale())
      assert.equal(3, opt:state_dict().state["0"].step)
    end
  end)

  it("holds no cast of a weight that is gone or elsewhere", function()
    local x = models.wave({ 8, 64 }, 1, 1):to "cuda"
    local function live()
      balance.collect()
      return tnt.cuda.memory().live
    end
    local before = live()
    local net = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64)):to "cuda"
    local weights = live() - before
    local function run() tnt.scope(function() tnt.autocast("bf16", function() net(x) end) end) end
    run()
    local casts = 2 * (2 * 64 * 64 + 512) -- a bias takes the least block
    assert.equal(before + weights + casts, live())
    net:to "cpu"
    assert.equal(before, live())
    net:to "cuda"
    run()
    net = nil
    assert.equal(before, live())
    x:free()
  end)

  it("takes no memory of the card from step to step", function()
    local net = nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16), nn.Linear(16, 4)):to "cuda"
    local opt, scaler = optim.AdamW(net:parameters(), { lr = 1e-3 }), optim.GradScaler {}
    local x, t = tnt.randn(4, 16):to "cuda", tnt.randint(0, 4, { 4 }):to "cuda"
    local function step()
      tnt.scope(function()
        opt:zero_grad()
        local loss = tnt.autocast("f16", function() return F.cross_entropy(net(x), t) end)
        scaler:scale(loss):backward()
        scaler:step(opt)
        scaler:update()
      end)
    end
    for _ = 1, 8 do step() end
    balance.collect()
    local before = tnt.cuda.memory()
    for _ = 1, 50 do step() end
    balance.collect()
    local after = tnt.cuda.memory()
    for _, name in ipairs { "live", "segments", "pinned" } do
      assert.equal(before[name], after[name], name)
    end
    if require("spec.cuda.card").caches() then
      assert.equal(before.allocations, after.allocations)
    end
  end)

  it("is an AutoUnit's", function()
    local ended = {}
    for _, precision in ipairs { "bf16", "f16" } do
      for k, device in ipairs { "cpu", "cuda" } do
        tnt.seed(3)
        local net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 3))
        local unit = tnt.AutoUnit { module = net, precision = precision, device = device,
          clip_grad_norm = 1, optimizer = optim.SGD(net:parameters(), { lr = 0.1 }),
          compute_loss = function(self, _, batch)
            local y = self.module(batch.x)
            assert(y.dtype == precision)
            return F.cross_entropy(y, batch.y), y
          end }
        local batches = {}
        for i = 1, 12 do
          batches[i] = { x = models.wave({ 8, 6 }, i, 1), y = tnt.arange(8) * 5 % 3 }
        end
        tnt.train(unit, { train_dataloader = batches, max_epochs = 1, bar = false })
        ended[k] = net[1].weight:detach():to "cpu"
      end
      local found = build.difference(build.flat(ended[2]), build.flat(ended[1]), 0, 2 ^ -8)
      assert.is_nil(found, precision .. ": " .. (found or ""))
    end
  end)
end)

-- Several cards in one process: tensors, gradients, streams, memory, random numbers, optimizers and
-- checkpoints over two of them, and which ones CUDA_VISIBLE_DEVICES shows. #cuda
local balance = require "spec.balance"
local build = require "spec.ops.build"
local card = require "spec.cuda.card"
local process = require "spec.cli.process"
local sorted = require "tnt.sorted"
local tnt = require "tnt"
local nn, optim = tnt.nn, tnt.optim

if not card.available "several cards" then return end
if tnt.cuda.device_count() < 2 then
  describe("several cards #cuda", function()
    it("work beside each other", function() pending "there is one card" end)
  end)
  return
end

local cards = { "cuda:0", "cuda:1" }

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("several cards #cuda", function()
  balance.file(setup, teardown)

  it("make the same tensors, and copy them everywhere", function()
    local host = tnt.arange(60):view(3, 20):t()
    for _, from in ipairs(cards) do
      tnt.seed(3)
      local x = tnt.randn({ 5, 4 }, { device = from })
      tnt.seed(3)
      assert.is_true(build.same_bits(x:cpu(), tnt.randn({ 5, 4 }, { device = "cuda" }):cpu()))
      assert.equal(from, x.device)
      local placed = host:to(from)
      for _, to in ipairs { "cuda:0", "cuda:1", "cpu" } do
        local there = placed:mul(2):t():to(to) -- strided, behind work that is not done
        assert.equal(to, there.device)
        assert.is_true(build.same_bits(host:mul(2):t():contiguous(), there:cpu()))
      end
    end
  end)

  it("copy what comes behind work on both, whatever runs first", function()
    local script = [[
local tnt = require "tnt"
local a = tnt.zeros({ 500 }, { device = "cuda:0" })
local b = tnt.zeros({ 500 }, { device = "cuda:1" })
for i = 1, 20 do
  a:add_(1)
  local moved = a:to "cuda:1"
  b:add_(moved)
  moved:free()
  a:copy_(b)
  a:add_(-1)
end
print(a:min():item(), a:max():item(), b:max():item())
]]
    local want
    for order = 0, 6 do
      local out, err, status = process.run({ "-e", script },
        { env = "TNT_EMULATOR_ORDER=" .. order })
      assert.equal(0, status, err)
      want = want or out
      assert.equal(want, out)
    end
    local a, b = 0, 0
    for _ = 1, 20 do
      b = b + a + 1
      a = b - 1
    end
    assert.equal(("%d\t%d\t%d\n"):format(a, a, b), want)
  end)

  it("refuse operations on tensors of both, and name them", function()
    local a = tnt.ones({ 2, 2 }, { device = "cuda:0" })
    local b = tnt.ones({ 2, 2 }, { device = "cuda:1" })
    for _, fn in ipairs {
      function() return a + b end, function() return a:mm(b) end, function() return a:add_(b) end,
      function() return tnt.cat({ a, b }, 1) end, function() return tnt.where(a:gt(0), a, b) end,
      function() return nn.functional.layer_norm(a, { 2 }, b:select(1, 1), b:select(1, 1)) end,
    } do
      local err = failure(fn)
      assert.equal("device", err.kind)
      assert.matches("cuda:0", err.message)
      assert.matches("cuda:1", err.message)
    end
    -- one element of another card is not taken either: only the CPU's numbers are
    assert.equal("device", failure(function() return a * b:sum() end).kind)
    assert.matches("there is no cuda:9: 2 cards can be seen", failure(tnt.ones, { 2 },
      { device = "cuda:9" }).message, 1, true)
  end)

  it("send gradients from one to the other", function()
    local x = tnt.tensor { { 1, 2 }, { 3, 4 } }
    local function loss(first, second)
      local w = tnt.tensor({ { 0.5, -1 }, { 2, 1 } }):to(first):requires_grad_()
      local v = tnt.tensor({ { 1, 3 }, { -2, 1 } }):to(second):requires_grad_()
      local h = x:to(first):matmul(w):tanh():to(second)
      h:matmul(v):pow(2):sum():backward()
      assert.equal(first, w.grad.device)
      assert.equal(second, v.grad.device)
      return w.grad:cpu(), v.grad:cpu()
    end
    local w, v = loss("cpu", "cpu")
    local got_w, got_v = loss("cuda:0", "cuda:1")
    assert.is_true((w - got_w):abs():max():item() < 1e-5)
    assert.is_true((v - got_v):abs():max():item() < 1e-5)
    local back_w, back_v = loss("cuda:1", "cuda:0")
    assert.is_true(build.same_bits(got_w, back_w) and build.same_bits(got_v, back_v))
  end)

  it("have streams of their own: one is not waited for when the other is", function()
    if not card.emulated() then return pending "the emulated card counts" end
    tnt.cuda.synchronize(0)
    tnt.cuda.synchronize(1)
    assert.equal(0, card.pending())
    local a = tnt.ones({ 8 }, { device = "cuda:0" }):add_(1)
    local on_first = card.pending()
    local b = tnt.ones({ 8 }, { device = "cuda:1" }):add_(2)
    assert.is_true(card.pending() > on_first)
    assert.equal(24, b:sum():item())
    assert.equal(on_first, card.pending()) -- the first card's work is still to do
    tnt.cuda.synchronize(0)
    assert.equal(0, card.pending())
    assert.equal(16, a:sum():item())
  end)

  it("count their memory apart", function()
    balance.collect()
    local before = { tnt.cuda.memory(0), tnt.cuda.memory(1) }
    local x = tnt.zeros({ 4, 1024, 1024 }, { device = "cuda:1" })
    assert.equal(before[1].live, tnt.cuda.memory(0).live)
    assert.equal(before[2].live + 2 ^ 24, tnt.cuda.memory(1).live)
    tnt.cuda.reset_peak_memory(1)
    x:free()
    assert.is_true(tnt.cuda.memory(1).peak >= 2 ^ 24)
    assert.equal(before[1].peak, tnt.cuda.memory(0).peak)
  end)

  it("train one network spread over both, as on one", function()
    local function run(first, second, name)
      tnt.seed(5)
      local a, b = nn.Linear(6, 8), nn.Linear(8, 3)
      a:to(first)
      b:to(second)
      local list = a:parameters()
      for _, p in ipairs(b:parameters()) do list[#list + 1] = p end
      local opt = optim[name](list, { lr = 0.05 })
      local x, losses = tnt.randn(10, 6):to(first), {}
      for i = 1, 4 do
        local loss = b(a(x):tanh():to(second)):pow(2):mean()
        loss:backward()
        if i == 3 then nn.clip_grad_norm_(a:parameters(), 0.1) end
        opt:step()
        opt:zero_grad()
        losses[i] = loss:item()
      end
      return losses, opt
    end
    for _, name in ipairs { "SGD", "Adam", "AdamW" } do
      local want = run("cuda:0", "cuda:0", name)
      local got, opt = run("cuda:0", "cuda:1", name)
      assert.same(want, got, name)
      local state = opt:state_dict()
      local other = select(2, run("cuda:1", "cuda:0", name))
      other:load_state_dict(state)
      local loaded, compared = other:state_dict(), 0
      for key, of in sorted(state.state) do
        for what, value in sorted(of) do
          local there = loaded.state[key][what]
          if tnt.is_tensor(value) then
            assert.is_true(build.same_bits(value:cpu(), there:cpu()))
            compared = compared + 1
          else
            assert.equal(value, there)
          end
        end
      end
      assert.equal(name == "SGD" and 0 or 8, compared)
      other:step() -- its states lie where its parameters are
    end
  end)

  it("clip over gradients of both as of one", function()
    local function norm(second)
      local a = nn.Parameter(tnt.tensor({ 3, 0 }):to "cuda:0")
      local b = nn.Parameter(tnt.tensor({ 0, 4 }):to(second))
      a.grad, b.grad = a:detach():clone(), b:detach():clone()
      local total = nn.clip_grad_norm_({ a, b }, 1)
      return total:item(), a.grad:totable(), b.grad:totable()
    end
    local total, a, b = norm "cuda:1"
    assert.near(5, total, 1e-6)
    assert.near(0.6, a[1], 1e-5)
    assert.near(0.8, b[2], 1e-5)
  end)

  it("skip the steps of a scaler on both", function()
    local a = nn.Parameter(tnt.ones({ 2 }, { device = "cuda:0" }))
    local b = nn.Parameter(tnt.ones({ 2 }, { device = "cuda:1" }))
    local opt, scaler = optim.AdamW({ a, b }, { lr = 0.1 }), optim.GradScaler { init_scale = 8 }
    local function take(x, y)
      opt:zero_grad()
      local loss = (a * x):sum() + (b * y):sum():to "cuda:0"
      scaler:scale(loss):backward()
      scaler:step(opt)
      scaler:update()
      return a:detach():cpu():totable(), b:detach():cpu():totable()
    end
    local a1, b1 = take(1, 2)
    assert.is_true(a1[1] < 1 and b1[1] < 1)
    local a2, b2 = take(1, math.huge) -- the second card's alone is not finite
    assert.same({ a1, b1 }, { a2, b2 })
    local a3, b3 = take(1, 2)
    assert.is_true(a3[1] < a1[1] and b3[1] < b1[1])
    assert.equal(1, scaler:state_dict().growth_tracker)
  end)

  it("draw the numbers after a checkpoint that they would have drawn", function()
    local dir = process.directory()
    local function run(steps, resume)
      tnt.seed(8)
      local drawn = {}
      local Unit = tnt.TrainUnit:extend "Unit"
      function Unit:train_step()
        local which = cards[self.train_progress.num_steps_completed % 2 + 1]
        drawn[#drawn + 1] = tnt.rand({ 3 }, { device = which }):cpu():totable()
      end
      local batches = { 1, 2, 3, 4, 5, 6, 7, 8 }
      tnt.train(Unit(), { train_dataloader = batches, max_epochs = 1, bar = false, dir = dir,
        max_steps = steps, resume = resume,
        hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 4 } } })
      return drawn
    end
    local whole = run(8)
    os.execute(("rm -rf '%s'/*"):format(dir))
    run(4)
    tnt.rand({ 3 }, { device = "cuda:1" })
    local rest = run(8, "auto")
    assert.same({ whole[5], whole[6], whole[7], whole[8] }, rest)
  end)

  it("are those that CUDA_VISIBLE_DEVICES shows", function()
    local function counted(list)
      local out, err, status = process.run({ "-e", [[
local tnt = require "tnt"
local there, reason = tnt.cuda.is_available()
print(tnt.cuda.device_count(), there or reason)
print(pcall(tnt.ones, { 2 }, { device = "cuda:1" }))
]] }, { env = "CUDA_VISIBLE_DEVICES=" .. list })
      assert.equal(0, status, err)
      return out:match "^(.-)\n(.-)\n"
    end
    local n, second = counted "0"
    assert.equal("1\ttrue", n)
    assert.matches("there is no cuda:1: 1 card can be seen", second)
    n, second = counted ""
    assert.matches("^0\tno card is visible", n)
    assert.matches("^false", second)
    assert.equal("2\ttrue", (counted "1,0"))
  end)
end)

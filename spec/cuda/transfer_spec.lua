-- Tensors on their way between the host and cards: pinned memory, copies beside the card's work,
-- values read later, numbers of the CPU beside tensors of a card. #cuda
local card = require "spec.cuda.card"
local balance = require "spec.balance"
local process = require "spec.cli.process"
local tnt = require "tnt"

if not card.available "transfers" then return end

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

-- Batches go to the card by way of pinned memory that is used again, and of blocks that are used
-- again, while the step before has not run yet.
local beside = [[
local tnt = require "tnt"
local total = tnt.zeros({ 300 }, { device = "cuda" })
local want = 0
for i = 1, 40 do
  local batch = tnt.data.to_device({ x = tnt.full({ 300 }, i), y = tnt.full({ 5 }, 2) }, "cuda")
  total = total + batch.x * batch.y:sum()
  want = want + 10 * i
  batch.x:free()
  batch.y:free()
  if i % 7 == 0 then -- a block of the compute stream that the copy stream's next one may not touch
    local p = tnt.full({ 300 }, i):pin_memory()
    local x = p:to "cuda"
    p:free()
    tnt.full({ 300 }, -1):pin_memory():free()
    total = total + x - i
  end
end
local least, most = total:min():item(), total:max():item()
local text = ("wrong: %g..%g, not %g"):format(least, most, want)
print(least == want and most == want and "right" or text)
]]

describe("transfers #cuda", function()
  it("from pinned memory run beside the work, and nothing overtakes them", function()
    for order = 0, 8 do
      local out, err, status = process.run({ "-e", beside },
        { env = "TNT_EMULATOR_ORDER=" .. order })
      assert.equal(0, status, err)
      assert.equal("right\n", out, "TNT_EMULATOR_ORDER=" .. order)
    end
  end)

  it("of a batch wait for nothing", function()
    if not card.emulated() then return pending "the emulated card counts" end
    local x = tnt.rand { 40, 3 }
    local waits, before = card.waits(), card.pending()
    local batch = tnt.data.to_device({ x, { x, x:t() }, "text" }, "cuda")
    assert.equal(waits, card.waits())
    assert.is_true(card.pending() > before)
    assert.equal(batch[1], batch[2][1])
    assert.equal("cuda:0", batch[1].device)
    assert.is_true(x:eq(batch[1]:cpu()):all():item())
    assert.is_true(x:t():eq(batch[2][2]:cpu()):all():item())
    assert.is_true(card.waits() > waits)
  end)

  it("of a batch keep history where there is one", function()
    local x = tnt.ones({ 3 }, { requires_grad = true })
    local moved = tnt.data.to_device({ x }, "cuda")[1]
    moved:mul(4):sum():backward()
    assert.equal("cpu", x.grad.device)
    assert.same({ 4, 4, 4 }, x.grad:totable())
  end)

  it("pin once", function()
    local x = tnt.arange(12):view(3, 4):t()
    assert.is_false(x:is_pinned())
    local p = x:pin_memory()
    assert.is_true(p:is_pinned())
    assert.equal(p, p:pin_memory())
    assert.is_true(p:eq(x):all():item())
    assert.is_true(p:narrow(1, 1, 2):is_pinned())
    assert.is_false(p:to("cuda"):is_pinned())
    assert.equal("device", failure(function() return p:to("cuda"):pin_memory() end).kind)
    assert.same({ 0, 5 }, tnt.zeros({ 0, 5 }):pin_memory():to("cuda").shape)
  end)

  it("use pinned memory again once the card is done with it", function()
    tnt.cuda.synchronize()
    balance.collect()
    local start = tnt.cuda.memory().pinned
    for _ = 1, 50 do
      tnt.data.to_device(tnt.ones(5000), "cuda")
      tnt.cuda.synchronize()
    end
    balance.collect()
    assert.equal(start, tnt.cuda.memory().pinned)
  end)
end)

describe("values read one step later #cuda", function()
  it("make no event and take no memory once warm", function()
    if not card.emulated() then return pending "the emulated card counts" end
    local w = tnt.nn.Parameter(tnt.ones({ 4 }, { device = "cuda" }))
    local events, pinned, asked, waits
    local unit = tnt.AutoUnit { module = tnt.nn.Module(),
      optimizer = tnt.optim.SGD({ w }, { lr = 0.1 }), device = "cuda",
      compute_loss = function(_, state, batch)
        local loss = (w * batch):sum()
        for k = 1, 5 do state:log("value" .. k, loss * k) end
        return loss
      end }
    local counts = {
      on_train_step_end = function(_, _, of)
        local done = of.train_progress.num_steps_completed
        if done == 5 then
          events, waits = card.events_made(), card.waits()
          pinned, asked = tnt.cuda.memory().pinned, tnt.cuda.memory().allocations
        elseif done == 25 then
          assert.same({ events, waits, asked }, {
            card.events_made(), card.waits(), tnt.cuda.memory().allocations,
          })
          assert.equal(pinned, tnt.cuda.memory().pinned)
        end
      end,
    }
    local batches = {}
    for i = 1, 30 do batches[i] = tnt.full({ 4 }, i) end
    local result = tnt.train(unit, { train_dataloader = batches, max_epochs = 1, bar = false,
      hooks = { counts } })
    assert.is_number(events)
    assert.is_number(result.metrics["train/value5"])
  end)

  it("are dropped unread without harm", function()
    local core, ffi = require "tnt.core", require "ffi"
    local at, number = ffi.new "tnt_reading *[1]", ffi.new "double[1]"
    for i = 1, 20 do
      local x = tnt.full({ 1 }, i, { device = "cuda" })
      core.check(core.C.tnt_reading_begin(at, x))
      core.C.tnt_reading_drop(at[0])
      x:fill_(-i)
      core.check(core.C.tnt_reading_begin(at, x))
      core.check(core.C.tnt_reading_finish(number, 1, at[0]))
      assert.equal(-i, number[0])
    end
  end)
end)

describe("numbers of the CPU beside tensors of a card #cuda", function()
  local x, s = tnt.tensor({ 1, 2, 3 }):to "cuda", tnt.tensor(2.5)

  it("are taken, with the dtype a 0-dim tensor gives", function()
    assert.same({ 2.5, 5, 7.5 }, (x * s):totable())
    assert.same({ 1.5, 0.5, -0.5 }, (s - x):totable())
    assert.same({ 5, 5, 9 }, tnt.where(x:lt(3), tnt.tensor(5), tnt.tensor(9)):totable())
    assert.equal("f32", (x + s:to "f64").dtype)
    assert.equal("f32", (x:to "i64" + s).dtype)
    assert.same({ 3, 6, 9 }, x:clone():mul_(tnt.tensor(3)):totable())
  end)

  it("get gradients", function()
    local w = s:clone():requires_grad_(true)
    local y = x * w
    y:sum():backward()
    assert.equal(6, w.grad:item())
    assert.equal("cpu", w.grad.device)
  end)

  it("are no more than that", function()
    local err = failure(function() return x + tnt.ones(3) end)
    assert.equal("device", err.kind)
    assert.matches("argument 1 is on cuda:0, argument 2 on cpu; move one of them", err.message)
    assert.equal("device", failure(function() return x + tnt.ones(1) end).kind)
    assert.equal("device", failure(function() return s:clone():add_(x:sum()) end).kind)
    assert.equal("device", failure(function() return x:view(1, 3):mm(tnt.ones(3, 1)) end).kind)
    if tnt.cuda.device_count() > 1 then
      local other = tnt.ones(3, { device = "cuda:1" })
      assert.equal("device", failure(function() return x + other end).kind)
    end
  end)

  it("and whole tensors are copied in from anywhere", function()
    local y = tnt.zeros({ 2, 3 }, { device = "cuda" })
    y:copy_(tnt.tensor { 4, 5, 6 })
    assert.same({ { 4, 5, 6 }, { 4, 5, 6 } }, y:totable())
    local z = tnt.zeros({ 3 }, { dtype = "f64" })
    z:copy_(x)
    assert.same({ 1, 2, 3 }, z:totable())
    assert.equal("cpu", z.device)
    if tnt.cuda.device_count() > 1 then
      local there = tnt.zeros({ 3 }, { device = "cuda:1" })
      there:copy_(x)
      assert.equal("cuda:1", there.device)
      assert.same({ 1, 2, 3 }, there:totable())
    end
  end)
end)

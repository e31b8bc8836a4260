-- The range test of learning rates: what it suggests is computed a second way, and the unit is as
-- it was.

local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

message.sink = function() end

-- The loss is w ^ 2 from w = 1 on: each update multiplies w by 1 - 2 lr.
local function parabola(options)
  local net = nn.Linear(1, 1, { bias = false })
  nn.init.ones_(net.weight)
  local given = {
    net, optimizer = optim.SGD(net:parameters(), { lr = 0.5 }),
    compute_loss = function(self) return self.module.weight:square():sum() end,
  }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  return tnt.AutoUnit(given)
end

local function expected(o)
  local w, mean, least, losses, rates = 1, 0, math.huge, {}, {}
  for i = 1, o.updates do
    rates[i] = o.min_lr * (o.max_lr / o.min_lr) ^ ((i - 1) / (o.updates - 1))
    mean = o.smoothing * mean + (1 - o.smoothing) * w * w
    losses[i] = mean / (1 - o.smoothing ^ i)
    w = w * (1 - 2 * rates[i])
    least = math.min(least, losses[i])
    if losses[i] > 4 * least then break end
  end
  local best, slope
  for i = math.floor(#losses / 10) + 2, #losses - 1 do
    local here = (losses[i + 1] - losses[i - 1]) / 2
    if not slope or here < slope then best, slope = i, here end
  end
  return rates[best], losses
end

local function refusal(unit, options)
  local ok, err = pcall(tnt.find_lr, unit, options)
  assert.is_false(ok)
  assert.equal("argument", err.kind, tostring(err))
  return err.message
end

describe("tnt.find_lr", function()
  for title, o in tnt.pairs {
    whole = { min_lr = 1e-4, max_lr = 0.4, updates = 60, smoothing = 0.9 },
    diverging = { min_lr = 1e-3, max_lr = 10, updates = 80, smoothing = 0.5 },
  } do
    it("suggests the rate at which the smoothed loss falls fastest: " .. title, function()
      local rate, losses = expected(o)
      local found = tnt.find_lr(parabola(), {
        train_dataloader = { 1, 2, 3 }, min_lr = o.min_lr, max_lr = o.max_lr, updates = o.updates,
        smoothing = o.smoothing,
      })
      assert.equal(#losses, #found.losses)
      assert.equal(title == "diverging", #losses < o.updates)
      for i, loss in ipairs(losses) do
        assert.is_true(math.abs(loss - found.losses[i]) < 1e-4 * loss + 1e-9, i)
      end
      assert.is_true(math.abs(rate / found.suggestion - 1) < 1e-9)
    end)
  end

  it("leaves the unit, its loader and the random numbers as they were", function()
    local function run(finds)
      tnt.seed(4)
      local net = nn.Sequential { nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout { p = 0.4 },
        nn.Linear(4, 1) }
      local optimizer = optim.AdamW(net:parameters(), { lr = 0.01 })
      local unit = tnt.AutoUnit {
        net, optimizer = optimizer, gradient_accumulation_steps = 2, ema = { decay = 0.9 },
        schedule = optim.schedule.Exponential(optimizer, { gamma = 0.9, by = "update" }),
        compute_loss = function(self, _, batch) return self.module(batch.x):square():mean() end,
      }
      local loader = tnt.data.DataLoader(tnt.data.tensors { x = tnt.randn(20, 3) },
        { batch_size = 4, shuffle = true })
      if finds then
        local found = tnt.find_lr(unit, { train_dataloader = loader, updates = 20 })
        assert.equal(20, #found.rates)
        assert.equal(0.01, optimizer.param_groups[1].lr)
        assert.equal(0, unit.train_progress.num_steps_completed)
      end
      tnt.train(unit, { train_dataloader = loader, max_epochs = 2, bar = false })
      local list = { unit.averaged.count, unit.train_progress:state_dict() }
      for name, t in tnt.pairs(net:state_dict()) do list[#list + 1] = { name, t:totable() } end
      return list
    end
    assert.same(run(false), run(true))
  end)

  it("gives each update of an accumulated window one rate", function()
    local rates = {}
    local unit = parabola { gradient_accumulation_steps = 3 }
    local found = tnt.find_lr(unit, {
      train_dataloader = { 1, 2, 3, 4, 5, 6 }, min_lr = 0.1, max_lr = 0.3, updates = 3,
      spacing = "linear",
      hooks = { { on_train_optimizer_step_end = function()
        rates[#rates + 1] = unit.optimizer.param_groups[1].lr
      end } },
    })
    for i, rate in ipairs { 0.1, 0.2, 0.3 } do
      assert.is_true(math.abs(found.rates[i] - rate) < 1e-12)
      assert.equal(found.rates[i], rates[i])
    end
    assert.equal(3, #rates)
  end)

  it("puts everything back when a step fails", function()
    local n = 0
    local unit = parabola { compute_loss = function(self)
      n = n + 1
      if n == 3 then error("boom", 0) end
      return self.module.weight:square():sum()
    end }
    local ok, err = pcall(tnt.find_lr, unit, { train_dataloader = { 1 } })
    assert.same({ false, "boom" }, { ok, err })
    assert.same({ 1, 0.5, 0 }, { unit.module.weight:item(), unit.optimizer.param_groups[1].lr,
      unit.train_progress.num_steps_completed })
  end)

  it("refuses what it cannot do", function()
    local unit = parabola()
    assert.matches("min_lr is to be below max_lr and above 0, got 1 and 1",
      refusal(unit, { train_dataloader = {}, min_lr = 1, max_lr = 1 }), 1, true)
    assert.matches("smoothing is from 0 on and below 1, got 1",
      refusal(unit, { train_dataloader = {}, smoothing = 1 }), 1, true)
    assert.matches("unknown option 'steps'", refusal(unit, { train_dataloader = {}, steps = 1 }), 1,
      true)
    assert.matches("a unit with one optimizer",
      refusal(tnt.AutoUnit { nn.Linear(1, 1), training = false }, { train_dataloader = {} }), 1,
      true)
    function unit.train_step() end
    assert.matches("the step's output holds no loss", refusal(unit, { train_dataloader = { 1 } }),
      1, true)
  end)
end)

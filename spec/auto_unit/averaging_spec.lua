-- Averaged weights in an AutoUnit: when they step, the schedule that takes over, which weights are
-- used where. Their arithmetic is in spec/optim/averaged_model_spec.lua.

local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

message.sink = function() end

-- One weight; the loss of a batch x is w x, so every update takes lr * x from it.
local function line(options, schedule_of)
  local net = nn.Linear(1, 1, { bias = false })
  nn.init.zeros_(net.weight)
  local optimizer = optim.SGD(net:parameters(), { lr = 1 })
  local given = {
    net, optimizer = optimizer, schedule = schedule_of and schedule_of(optimizer),
    compute_loss = function(self, _, x) return self.module(x):sum() end,
  }
  for name, value in pairs(options) do given[name] = value end -- order: free
  return tnt.AutoUnit(given), optimizer
end

local function ones(n)
  local list = {}
  for i = 1, n do list[i] = tnt.ones(1, 1) end
  return list
end

local function refusal(options)
  local ok, err = pcall(line, options)
  assert.is_false(ok)
  assert.equal("argument", err.kind, tostring(err))
  return err.message
end

describe("averaged weights of an AutoUnit", function()
  it("follow updates, not batches, with accumulation", function()
    local unit = line { gradient_accumulation_steps = 2, ema = { begin = 1 } }
    tnt.train(unit, { train_dataloader = ones(6), max_epochs = 1, bar = false })
    assert.same({ 3, 2 }, { unit.averaged.seen, unit.averaged.count })
  end)

  it("anneal the rate from `begin` on, and the other schedules stand still", function()
    -- TorchTNT: per epoch, warm-up 1, freq 1, 3 epochs: 2 averagings, 1 call of the schedule.
    local unit, optimizer = line({
      ema = { method = "swa", by = "epoch", begin = 1,
        anneal = { lr = 0.1, steps = 2, strategy = "linear" } },
    }, function(o) return optim.schedule.Exponential(o, { gamma = 0.5 }) end)
    local rates = {}
    tnt.train(unit, {
      train_dataloader = ones(2), max_epochs = 4, bar = false,
      hooks = { { on_train_epoch_start = function()
        rates[#rates + 1] = optimizer.param_groups[1].lr
      end } },
    })
    assert.equal(3, unit.averaged.count)
    assert.equal(1, unit.schedule.schedule.position)
    assert.same({ 1, 0.5, 0.3, 0.1 }, { rates[1], rates[2],
      math.floor(rates[3] * 1e9 + 0.5) / 1e9, rates[4] })
  end)

  it("by update take over from schedules of every kind", function()
    local by_update, by_epoch
    local unit, optimizer = line({
      ema = { begin = 2, anneal = { lr = 0, steps = 1 } },
    }, function(o)
      by_update = optim.schedule.Exponential(o, { gamma = 0.5, by = "update" })
      by_epoch = optim.schedule.Constant(o, { factor = 1 })
      return { by_update, by_epoch }
    end)
    local rates = {}
    tnt.train(unit, {
      train_dataloader = ones(2), max_epochs = 2, bar = false,
      hooks = { { on_train_step_start = function()
        rates[#rates + 1] = optimizer.param_groups[1].lr
      end } },
    })
    assert.same({ 1, 0.5, 0.25, 0 }, rates)
    assert.same({ 2, 0 }, { by_update.position, by_epoch.position })
  end)

  it("serve evaluations and predictions; checkpoints and training have the raw ones", function()
    local seen, saved = {}, nil
    local unit = line { ema = { decay = 0.5 } }
    function unit.eval_step(self)
      seen[#seen + 1] = self.module.weight:item()
    end
    unit.predict_step = unit.eval_step
    tnt.fit(unit, {
      train_dataloader = ones(2), eval_dataloader = ones(1), max_epochs = 1, bar = false,
      hooks = { { on_eval_step_end = function(_, state)
        saved = state:snapshot().app.module["weight"]:item()
      end } },
    })
    assert.same({ 0.5 * -1 + 0.5 * -2 }, seen)
    assert.same({ -2, -2 }, { saved, unit.module.weight:item() })
    tnt.predict(unit, { predict_dataloader = ones(1), bar = false })
    assert.equal(-1.5, seen[2])
    unit = line { ema = { decay = 0.5, evaluate = false } }
    seen = {}
    function unit.eval_step(self) seen[#seen + 1] = self.module.weight:item() end
    tnt.fit(unit, {
      train_dataloader = ones(2), eval_dataloader = ones(1), max_epochs = 1, bar = false,
    })
    assert.same({ -2 }, seen)
  end)

  it("put the raw ones back when an evaluation fails", function()
    local unit = line { ema = { decay = 0.5 } }
    function unit.eval_step() error("boom", 0) end
    local ok = pcall(tnt.fit, unit, {
      train_dataloader = ones(2), eval_dataloader = ones(1), max_epochs = 1, bar = false,
    })
    assert.is_false(ok)
    assert.same({ false, -2 }, { unit.averaged.swapped, unit.module.weight:item() })
  end)

  it("count the updates of the optimizer that is named", function()
    local g, d = nn.Linear(1, 1), nn.Linear(1, 1)
    local Gan = tnt.AutoUnit:extend "Gan"
    function Gan.configure_optimizers_and_lr_scheduler()
      return { g = optim.SGD(g:parameters(), { lr = 1 }), d = optim.SGD(d:parameters(),
        { lr = 1 }) }
    end
    function Gan:train_step(_, x)
      self:update(d(x):sum(), "d")
      self:update(g(x):sum(), "g")
    end
    local unit = Gan { g, ema = { optimizer = "g" } }
    tnt.train(unit, { train_dataloader = ones(3), max_epochs = 1, bar = false })
    assert.equal(3, unit.averaged.seen)
    local function message_of(ema)
      local ok, err = pcall(Gan, { g, ema = ema })
      assert.is_false(ok)
      return err.message
    end
    assert.matches("unknown optimizer 'G'; did you mean 'g'", message_of { optimizer = "G" }, 1,
      true)
    assert.matches("anneal moves the rate of one optimizer, and there are 2 (d, g)",
      message_of { anneal = {} }, 1, true)
  end)

  it("are not made for a unit that does not train", function()
    assert.is_nil(line({ ema = {}, training = false }).averaged)
  end)

  it("refuse wrong options", function()
    assert.matches("ema is a table such as {decay = 0.999}, got number", refusal { ema = 0.9 }, 1,
      true)
    assert.matches("unknown value of by 'step'", refusal { ema = { by = "step" } }, 1, true)
    assert.matches("unknown option 'decoy'; did you mean 'decay'",
      refusal { ema = { decoy = 0.9 } }, 1, true)
    assert.matches("ema.anneal: unknown option 'step'; did you mean 'steps'",
      refusal { ema = { anneal = { step = 1 } } }, 1, true)
    assert.matches("'swa' is called ema = {method = 'swa'} here", refusal { swa = {} }, 1, true)
  end)
end)

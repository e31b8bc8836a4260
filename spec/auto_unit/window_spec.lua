-- Windows that an epoch's end finds open, steps that alternate between optimizers, kept graphs.

local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

message.sink = function() end

-- One weight, from 0 on; the loss of a batch x is w x, so that a gradient is -x and w its sum.
local function line(options)
  local net = nn.Linear(1, 1, { bias = false })
  nn.init.zeros_(net.weight)
  local given = {
    net, optimizer = optim.SGD(net:parameters(), { lr = 1 }), gradient_accumulation_steps = 4,
    compute_loss = function(self, _, x) return -self.module(x):sum() end,
  }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  return tnt.AutoUnit(given)
end

local function batches(...)
  local list = {}
  for i, value in ipairs { ... } do list[i] = tnt.full({ 1, 1 }, value) end
  return list
end

-- A loader that does not tell how long it is.
local function unsized(list)
  return function()
    local i = 0
    return function()
      i = i + 1
      return list[i]
    end
  end
end

describe("a window that an epoch's end finds open", function()
  local list = batches(4, 4, 4, 4, 8, 16)
  local expected = { step = 4 + 24 / 4, mean = 4 + 24 / 2, discard = 4 }
  for flush, sum in tnt.pairs(expected) do
    it("is treated as the option says: " .. flush, function()
      for _, loader in ipairs { list, unsized(list) } do
        for _, prefetch in ipairs { true, false } do
          local unit = line { flush = flush, enable_prefetch = prefetch }
          tnt.train(unit, { train_dataloader = loader, max_epochs = 2, bar = false })
          assert.equal(2 * sum, unit.module.weight:item())
          assert.is_nil(unit.module.weight.grad)
          assert.equal(flush == "discard" and 2 or 4, unit.train_progress.num_updates_completed)
        end
      end
    end)
  end

  it("is a step by default, and other words are refused", function()
    assert.equal("step", line().flush)
    local ok, err = pcall(line, { flush = "drop" })
    assert.is_false(ok)
    assert.matches("flush must be 'discard' or 'mean' or 'step', got 'drop'", err.message, 1, true)
  end)
end)

describe("several optimizers", function()
  it("do without recomputed parts", function()
    local a, b = nn.Sequential { nn.Linear(1, 1) }, nn.Linear(1, 1)
    local ok, err = pcall(tnt.AutoUnit, {
      a, activation_checkpoint = nn.Linear,
      optimizer = { a = optim.SGD(a:parameters()), b = optim.SGD(b:parameters()) },
    })
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.matches("activation_checkpoint is for one optimizer", err.message, 1, true)
  end)

  local function run(steps, accumulation)
    local g, d = nn.Linear(1, 1, { bias = false }), nn.Linear(1, 1, { bias = false })
    nn.init.zeros_(g.weight)
    nn.init.zeros_(d.weight)
    local Both = tnt.AutoUnit:extend "Both"
    function Both.configure_optimizers_and_lr_scheduler()
      local o = { g = optim.SGD(g:parameters(), { lr = 1 }), d = optim.SGD(d:parameters(),
        { lr = 1 }) }
      return o, { g = optim.schedule.Exponential(o.g, { gamma = 0.5, by = "update" }) }
    end
    function Both:train_step(state, x)
      self:update(-d(x):sum(), "d")
      if (state.progress.num_steps_completed + 1) % 2 == 0 then self:update(-g(x):sum(), "g") end
    end
    local unit = Both { g, gradient_accumulation_steps = accumulation }
    local result = tnt.train(unit, {
      train_dataloader = batches(unpack(steps)), max_epochs = 1, bar = false,
    })
    return g.weight:item(), d.weight:item(), unit, result
  end

  it("alternate, each with its rate, schedule and windows", function()
    local g, d, unit, result = run({ 1, 1, 1, 1, 1 }, 1)
    assert.same({ 1 + 0.5, 5 }, { g, d })
    assert.equal(7, unit.train_progress.num_updates_completed)
    assert.equal(2, unit.schedule.g.position)
    assert.same({ 0.5, 1 }, { result.metrics["train/lr/g"], result.metrics["train/lr/d"] })
    -- Windows of 2: d after steps 2, 4 and at the end, g after its second loss in step 4.
    g, d, unit = run({ 2, 2, 2, 2, 2 }, 2)
    assert.same({ 2, 5 }, { g, d })
    assert.equal(4, unit.train_progress.num_updates_completed)
    -- g's window is open when the epoch ends.
    g, d = run({ 2, 2, 2 }, 2)
    assert.same({ 1, 3 }, { g, d })
  end)

  it("go backward through one graph, where it is kept", function()
    local function step(retain)
      local g, d = nn.Linear(1, 1, { bias = false }), nn.Linear(1, 1, { bias = false })
      local Both = tnt.AutoUnit:extend "Both"
      function Both.configure_optimizers_and_lr_scheduler()
        return { g = optim.SGD(g:parameters(), { lr = 0 }),
          d = optim.SGD(d:parameters(), { lr = 0 }) }
      end
      function Both:train_step(_, x)
        local y = (g(x):exp() * d(x)):sum()
        self:update(y, "d")
        self:update(y, "g")
      end
      return pcall(tnt.train, Both { g, retain_graph = retain },
        { train_dataloader = batches(1), max_epochs = 1, bar = false })
    end
    assert.is_true((step(true)))
    local ok, err = step(false)
    assert.is_false(ok)
    assert.equal("state", err.kind)
  end)
end)

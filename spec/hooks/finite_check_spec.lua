local balance = require "spec.balance"
local message = require "tnt.loop.message"
local tnt = require "tnt"

local warnings = {}

-- A net whose second layer's gradient is not finite in the steps that `bad` names: {[3] = factor}.
local function run(options, bad, fields)
  local net = tnt.nn.Sequential(tnt.nn.Linear(2, 3), tnt.nn.Linear(3, 1))
  local unit = tnt.AutoUnit {
    module = net, optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1 }),
    compute_loss = function(self, _, batch)
      local number = self.train_progress.num_steps_completed + 1
      local hidden = net[1](batch)
      local y = net[2](bad[number] and hidden:detach() or hidden)
      return (y * (bad[number] or 1)):mean()
    end,
  }
  for name, value in pairs(fields or {}) do unit[name] = value end -- order: free
  local batches = {}
  for i = 1, 4 do batches[i] = tnt.ones(5, 2) end
  local ok, err = pcall(tnt.train, unit, {
    train_dataloader = batches, max_epochs = 1, hooks = { tnt.hooks.FiniteCheck(options) },
    bar = false,
  })
  return ok, err, unit, net
end

describe("FiniteCheck", function()
  local sink = message.sink
  balance.file(setup, teardown)
  before_each(function()
    warnings = {}
    message.sink = function(level, text)
      if level == "warning" then table.insert(warnings, text) end
    end
  end)
  after_each(function() message.sink = sink end)

  it("says nothing while gradients are finite", function()
    local ok = run({}, {})
    assert.is_true(ok)
    assert.same({}, warnings)
  end)

  it("ends the run before the parameters are spoilt, and names the first one", function()
    local ok, err, unit, net = run({}, { [3] = 0 / 0 })
    assert.is_false(ok)
    assert.equal("state", err.kind)
    assert.truthy(tostring(err):find("in train step 3 the gradient of module.1.weight holds 3 NaN "
      .. "and 0 infinite elements of 3; lower", 1, true), tostring(err))
    assert.equal(2, unit.train_progress.num_steps_completed)
    for _, p in ipairs(net:parameters()) do assert.is_true(p:isfinite():all():item()) end
  end)

  it("tells infinity and parameters that are spoilt already", function()
    local ok, err = run({}, { [2] = math.huge })
    assert.is_false(ok)
    assert.truthy(tostring(err):find(" infinite elements of 3", 1, true))
    ok, err = run({ every = 3 }, { [2] = 0 / 0 })
    assert.is_false(ok)
    assert.truthy(tostring(err):find("in train step 3 the gradient of module.0.weight", 1, true))
    assert.is_nil(tostring(err):find("elements of the parameter itself", 1, true))
  end)

  it("warns and goes on when asked to", function()
    local ok, _, unit = run({ action = "warn" }, { [2] = 0 / 0 })
    assert.is_true(ok)
    assert.equal(4, unit.train_progress.num_steps_completed)
    assert.equal(3, #warnings) -- the parameters are NaN from step 2 on
    assert.truthy(warnings[1]:find("in train step 2 the gradient of module.1.weight", 1, true))
    assert.truthy(warnings[3]:find("elements of the parameter itself are not finite", 1, true))
  end)

  it("looks when the step ends where the unit steps its optimizer itself", function()
    local ok, err = run({}, { [2] = 0 / 0 }, {
      train_step = function(self, state, batch)
        local loss = self:compute_loss(state, batch)
        self.optimizer:zero_grad()
        loss:backward()
        self.optimizer:step()
      end,
    })
    assert.is_false(ok)
    assert.truthy(tostring(err):find("in train step 2 the gradient of module.1.weight", 1, true))
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs { { every = 0 }, { action = "stop" } } do
      local ok, err = pcall(tnt.hooks.FiniteCheck, options)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
    end
  end)
end)

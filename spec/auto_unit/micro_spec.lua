-- Steps that run out of memory and go on in parts: the update is that of the whole batch, and
-- nothing of a failed attempt is left.

local tnt = require "tnt"
local errors = require "tnt.errors"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

local warnings = {}
message.sink = function(level, text)
  if level == "warning" then warnings[#warnings + 1] = text end
end

local function net()
  tnt.seed(4)
  return nn.Sequential { nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2) }
end

local function batches(sizes)
  tnt.seed(8)
  local list = {}
  for i, n in ipairs(sizes) do
    list[i] = { x = tnt.randn(n, 3), y = tnt.randint(0, 2, { n }), scale = tnt.tensor(1) }
  end
  return list
end

-- Runs out of memory in backward, part of the gradients being there.
local bursting = tnt.Function {
  name = "bursting",
  forward = function(ctx, x, limit)
    ctx.burst = x:size(1) > limit
    return x * 1
  end,
  backward = function(ctx, dy)
    if ctx.burst then errors.raise("memory", "no room for the gradients of %d", dy:size(1)) end
    return dy
  end,
}

-- `limits`: the largest batch that fits, forward (where a real allocation fails) and backward.
local function unit_of(limits, options)
  local given = {
    net(), out_of_memory = "halve", gradient_accumulation_steps = 2, clip_grad_norm = 10,
    compute_loss = function(self, state, batch)
      local n = batch.x:size(1)
      if limits.forward and n > limits.forward then tnt.empty(1e15) end
      local x = self.module[1](batch.x)
      if limits.backward then x = bursting(x, limits.backward) end
      local scores = self.module[3](self.module[2](x))
      state:log("seen", n, { reduce = "sum" })
      return nn.functional.cross_entropy(scores, batch.y) * batch.scale, { scores, n }
    end,
  }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  given.optimizer = given.optimizer or optim.SGD(given[1]:parameters(), { lr = 0.5 })
  return tnt.AutoUnit(given)
end

local function run(limits, sizes, options)
  local unit, outputs, live = unit_of(limits, options), {}, {}
  local result = tnt.train(unit, {
    train_dataloader = batches(sizes), max_epochs = 1, bar = false,
    hooks = { { on_train_step_end = function(_, state)
      outputs[#outputs + 1] = { state.step_output.loss:item(),
        state.step_output.outputs[1]:size(1) }
      collectgarbage()
      live[#live + 1] = tnt.memory().live_tensors
    end } },
  })
  return unit, result.metrics, outputs, live
end

local function assert_near(a, b, what)
  assert(math.abs(a - b) <= 1e-5 * (1 + math.abs(a)), ("%s: %.9g and %.9g"):format(what, a, b))
end

local function weights(unit)
  local list = {}
  for _, p in ipairs(unit.module:parameters()) do
    for _, value in ipairs(p:detach():flatten():totable()) do list[#list + 1] = value end
  end
  return list
end

describe("a train step that runs out of memory", function()
  before_each(function() warnings = {} end)

  for title, limits in tnt.pairs {
    forward = { forward = 3 }, backward = { backward = 3 }, both = { forward = 4, backward = 2 },
  } do
    it("goes on in halves, with the update of the whole batch: " .. title, function()
      local sizes = { 8, 7, 8, 5 }
      local whole, expected, expected_outputs = run({}, sizes)
      local unit, metrics, outputs = run(limits, sizes)
      local theirs, ours = weights(whole), weights(unit)
      for i = 1, #theirs do assert_near(theirs[i], ours[i], "weight " .. i) end
      assert_near(expected["train/loss"], metrics["train/loss"], "loss")
      assert_near(expected["train/grad_norm"], metrics["train/grad_norm"], "norm")
      assert.equal(28, metrics["train/seen"]) -- failed attempts log nothing
      for i, output in ipairs(expected_outputs) do
        assert_near(output[1], outputs[i][1], "loss of step " .. i)
        assert.equal(sizes[i], outputs[i][2])
      end
      assert.same(whole.train_progress, unit.train_progress)
      assert.equal(2, unit.micro_batch_size)
      assert.equal(2, #warnings) -- 8 to 4 to 2, told once each, then it is known
      assert.matches("out of memory in train step 1", warnings[1], 1, true)
      assert.matches("its batch of 8 goes on in parts of 2", warnings[2], 1, true)
    end)
  end

  it("draws the random numbers that the parts would have drawn", function()
    local function dropped(fails)
      local first = true
      local unit = unit_of({}, {
        net(), gradient_accumulation_steps = 1,
        compute_loss = function(self, _, batch)
          local y = nn.functional.dropout(self.module(batch.x), 0.5, true)
          if fails and first then
            first = false
            tnt.empty(1e15)
          end
          return y:square():mean()
        end,
      })
      unit.micro_batch_size = not fails and 2 or nil
      tnt.seed(3)
      tnt.train(unit, { train_dataloader = batches { 4 }, max_epochs = 1, bar = false })
      assert.equal(2, unit.micro_batch_size)
      return weights(unit)
    end
    assert.same(dropped(false), dropped(true))
  end)

  it("leaves nothing of failed attempts in memory", function()
    local _, _, _, live = run({ backward = 2 }, { 8, 8, 8, 8, 8, 8 })
    assert.same({ live[2], live[3] }, { live[4], live[5] }) -- open and closed windows differ
  end)

  it("makes room before each part, and keeps what the unit's fields hold", function()
    local net1, at = nn.Linear(64, 64), {}
    local unit = tnt.AutoUnit {
      net1, out_of_memory = "halve", optimizer = optim.SGD(net1:parameters(), { lr = 0.1 }),
      compute_loss = function(self, _, x)
        if x:size(1) > 64 then tnt.empty(1e15) end
        at[#at + 1] = tnt.memory().live_bytes
        if self.last then assert.equal(64, self.last:numel()) end
        local y = self.module(x)
        for _ = 1, 10 do y = y:tanh() * 2 end -- no module's scope releases these
        self.last = y:detach():mean(1)
        return y:mean(), y
      end,
    }
    tnt.train(unit, { train_dataloader = { tnt.randn(256, 64) }, max_epochs = 1, bar = false })
    assert.equal(4, #at)
    local one = 64 * 64 * 4 -- bytes of what a part makes in each of its steps
    -- Outputs stay, one a part; gradients come with the first one.
    for i = 3, 4 do assert.is_true(at[i] - at[i - 1] <= 2 * one, at[i] - at[i - 1]) end
    assert.equal(64, unit.last:numel())
    assert.equal("number", type(unit.last:sum():item()))
  end)

  it("raises what one sample raises, gradients of the open window untouched", function()
    local seen
    local unit = unit_of { forward = 0 }
    local ok, err = pcall(tnt.train, unit, {
      train_dataloader = batches { 2 }, max_epochs = 1, bar = false,
      hooks = { { on_exception = function() seen = unit.module[1].weight.grad end } },
    })
    assert.is_false(ok)
    assert.is_true(tnt.is_out_of_memory(err))
    assert.is_nil(seen)
    assert.matches("goes on in parts of 1", warnings[1], 1, true)
    assert.matches("Exception during train", warnings[2], 1, true)
    local first = true
    unit = unit_of({}, { compute_loss = function(self, _, batch)
      local loss = self.module(batch.x):sum()
      if first then
        first = false
        return loss
      end
      error("boom", 0)
    end })
    local before
    ok, err = pcall(tnt.train, unit, {
      train_dataloader = batches { 2, 2 }, max_epochs = 1, bar = false,
      hooks = { {
        on_train_step_end = function() before = unit.module[1].weight.grad:totable() end,
        on_exception = function() seen = unit.module[1].weight.grad:totable() end,
      } },
    })
    assert.same({ false, "boom" }, { ok, err })
    assert.same(before, seen)
  end)

  it("is an error unless the unit says otherwise", function()
    local unit = unit_of({ forward = 3 }, { out_of_memory = "raise" })
    local ok, err = pcall(tnt.train, unit, {
      train_dataloader = batches { 8 }, max_epochs = 1, bar = false,
    })
    assert.is_false(ok)
    assert.equal("memory", err.kind)
  end)

  it("takes the size that fitted into a checkpoint", function()
    local unit = unit_of { forward = 3 }
    local saved
    tnt.train(unit, {
      train_dataloader = batches { 8 }, max_epochs = 1, bar = false,
      hooks = { { on_train_step_end = function(_, state) saved = state:snapshot().unit end } },
    })
    local other = unit_of {}
    other.engine.load(other, { micro_batch_size = saved.micro_batch_size })
    assert.equal(2, other.micro_batch_size)
  end)

  it("is not for several optimizers, and refuses other words", function()
    local function refusal(options)
      local ok, err = pcall(unit_of, {}, options)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      return err.message
    end
    assert.matches("out_of_memory must be 'halve' or 'raise', got 'split'",
      refusal { out_of_memory = "split" }, 1, true)
    local n = net()
    assert.matches("with several optimizers train_step is yours", refusal {
      n, optimizer = { a = optim.SGD(n:parameters()), b = optim.SGD(n:parameters()) },
    }, 1, true)
    assert.matches("'oom' is called out_of_memory here", refusal { oom = "halve" }, 1, true)
  end)
end)

describe("tnt.is_out_of_memory", function()
  it("knows the program's own errors and Lua's", function()
    local _, err = pcall(tnt.empty, 1e15)
    assert.is_true(tnt.is_out_of_memory(err))
    assert.is_true(tnt.is_out_of_memory "not enough memory")
    assert.is_true(tnt.is_out_of_memory(errors.new("memory", "x")))
    for _, other in ipairs { "boom", errors.new("shape", "out of memory"), 5, {} } do
      assert.is_false(tnt.is_out_of_memory(other))
    end
    assert.is_false(tnt.is_out_of_memory(nil))
  end)
end)

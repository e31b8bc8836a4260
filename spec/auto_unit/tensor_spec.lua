-- AutoUnit on real tensors: against a loop written out by hand, and against itself resumed.

local ffi = require "ffi"
local tnt = require "tnt"
local nn, optim = tnt.nn, tnt.optim
local message = require "tnt.loop.message"
local nest = require "tnt.loop.nest"
local snapshot = require "tnt.loop.snapshot"

message.sink = function() end

local function net()
  tnt.seed(7)
  return nn.Sequential { nn.Linear(4, 8), nn.ReLU(), nn.Dropout { p = 0.25 }, nn.Linear(8, 3) }
end

-- Ten batches of five, classes by the sign and size of the first features.
local function data()
  tnt.seed(3)
  local batches = {}
  for i = 1, 10 do
    local x = tnt.randn(5, 4):keep()
    local y = (x[{ {}, 1 }]:gt(0):to "i64" + x[{ {}, 2 }]:gt(0):to "i64"):keep()
    batches[i] = { x = x, y = y }
  end
  return batches
end

local Classify = tnt.AutoUnit:extend "Classify"
function Classify:compute_loss(_, batch)
  local scores = self.module(batch.x)
  return nn.functional.cross_entropy(scores, batch.y), scores
end
function Classify.configure_optimizers_and_lr_scheduler(_, module)
  return optim.AdamW(module:parameters(), { lr = 0.01, weight_decay = 0.1 })
end

local function weights(module)
  local list = {}
  for name, parameter in module:named_parameters() do
    list[#list + 1] = { name, parameter:detach():totable() }
  end
  return list
end

describe("AutoUnit on tensors", function()
  it("does what a loop written by hand does, to the last bit", function()
    local batches = data()
    local by_hand = net()
    local optimizer = optim.AdamW(by_hand:parameters(), { lr = 0.01, weight_decay = 0.1 })
    tnt.seed(11)
    for _ = 1, 2 do
      for i, batch in ipairs(batches) do
        local loss = nn.functional.cross_entropy(by_hand(batch.x), batch.y)
        ;(loss / 4):backward()
        if i % 4 == 0 or i == #batches then
          nn.clip_grad_norm_(by_hand:parameters(), 0.5)
          optimizer:step()
          optimizer:zero_grad()
        end
      end
    end
    local unit = Classify { net(), gradient_accumulation_steps = 4, clip_grad_norm = 0.5 }
    tnt.seed(11)
    tnt.train(unit, { train_dataloader = batches, max_epochs = 2, bar = false })
    assert.same(weights(by_hand), weights(unit.module))
    assert.equal(6, unit.train_progress.num_updates_completed)
  end)

  it("learns, logs and evaluates", function()
    local batches = data()
    local unit = Classify { net(), metrics = { tnt.metrics.Accuracy {} } }
    local before = tnt.evaluate(unit, { eval_dataloader = batches, bar = false }).metrics
    local losses = {}
    local result = tnt.fit(unit, {
      train_dataloader = batches, eval_dataloader = { val = batches }, max_epochs = 30, bar = false,
      loggers = { { log = function(_, r)
        if r.at == "step" then losses[#losses + 1] = r.values["train/loss"] end
      end } },
    })
    assert.equal(300, #losses)
    assert.is_true(result.metrics["val/loss"] < 0.5 * before["eval/loss"])
    assert.is_true(result.metrics["val/accuracy"] > 0.8)
    assert.equal(0.01, result.metrics["train/lr"])
    assert.is_true(result.metrics["train/grad_norm"] > 0)
  end)

  it("holds no more tensors and bytes after each step than before it", function()
    local unit, seen = Classify { net(), clip_grad_norm = 1 }, {}
    tnt.fit(unit, {
      train_dataloader = data(), eval_dataloader = data(), max_epochs = 3, bar = false,
      hooks = { { on_train_step_start = function(_, state)
        if state.progress.num_steps_completed_in_epoch >= 2 then -- values of a step are held
          collectgarbage() -- what was made outside of steps, here and in other tests
          collectgarbage()
          local memory = tnt.memory()
          seen[#seen + 1] = { memory.live_tensors, memory.live_bytes }
        end
      end } },
    })
    assert.equal(24, #seen)
    for i = 2, #seen do -- what other tests left behind may still go
      assert.is_true(seen[i][1] <= seen[i - 1][1], i .. ": more tensors")
      assert.is_true(seen[i][2] <= seen[i - 1][2], i .. ": more bytes")
    end
  end)

  it("trains two networks against each other, gradients apart", function()
    local G = nn.Linear(2, 2)
    local D = nn.Linear(2, 1)
    local Gan = tnt.AutoUnit:extend "Gan"
    function Gan:init() self.d = D end
    function Gan.configure_optimizers_and_lr_scheduler()
      return { g = optim.SGD(G:parameters(), { lr = 0.1 }),
        d = optim.SGD(D:parameters(), { lr = 0.1 }) }
    end
    local checked = 0
    function Gan:train_step(_, x)
      local fake = self.module(x)
      local d_loss = (D(fake) - D(x)):mean()
      self:update(d_loss, "d")
      assert.is_nil(G.weight.grad)
      self:update(-D(self.module(x)):mean(), "g")
      assert.is_nil(D.weight.grad)
      checked = checked + 1
    end
    local before = { weights(G), weights(D) }
    tnt.seed(1)
    local batches = {}
    for i = 1, 4 do batches[i] = tnt.randn(3, 2):keep() end
    tnt.train(Gan { G }, { train_dataloader = batches, max_epochs = 1, bar = false })
    assert.equal(4, checked)
    assert.are_not.same(before[1], weights(G))
    assert.are_not.same(before[2], weights(D))
  end)

  it("averages weights as TorchTNT does, and evaluates with them (C-27)", function()
    local function run(ema, steps)
      local line = nn.Linear(1, 1, { bias = false })
      local seen, evaluated = {}, {}
      local unit = tnt.AutoUnit {
        line, optimizer = optim.SGD(line:parameters(), { lr = 1 }), ema = ema,
        compute_loss = function(self, state, x)
          if state.active_phase == "eval" then
            evaluated[#evaluated + 1] = self.module.weight:item()
          end
          return (self.module(x)):sum()
        end,
      }
      local batches = {}
      for i = 1, steps do batches[i] = tnt.tensor { { i } } end
      tnt.fit(unit, {
        train_dataloader = batches, eval_dataloader = { tnt.tensor { { 1 } } }, max_epochs = 1,
        evaluate_every_n_steps = 1, evaluate_every_n_epochs = 0, bar = false,
        hooks = { { on_train_step_end = function(_, state)
          seen[state.progress.num_steps_completed] = line.weight:item()
        end } },
      })
      assert.is_false(unit.averaged.swapped)
      assert.equal(seen[steps], line.weight:item())
      return seen, evaluated, unit.averaged.count
    end
    local function near(a, b) assert.is_true(math.abs(a - b) < 1e-5, a .. " is not near " .. b) end
    local p, a = run({ decay = 0.75 }, 3)
    near(a[1], p[1])
    near(a[2], 0.75 * p[1] + 0.25 * p[2])
    near(a[3], 0.75 * (0.75 * p[1] + 0.25 * p[2]) + 0.25 * p[3])
    p, a = run({ method = "swa" }, 3)
    near(a[3], (p[1] + p[2] + p[3]) / 3)
    p, a = run({ decay = 0.999, warmup = true }, 2)
    near(a[2], 3 / 12 * p[1] + 9 / 12 * p[2]) -- the copy is k = 1
    local _, _, count = run({ begin = 2 }, 4)
    assert.equal(2, count)
    _, _, count = run({ begin = 2, every = 2 }, 6)
    assert.equal(2, count)
    for _, wrong in ipairs { { decay = 1.5 }, { method = "x" }, { method = "swa", warmup = true },
      { every = 0 }, { by = "step" } } do
      local ok, err = pcall(Classify, { net(), ema = wrong })
      assert.is_false(ok)
      assert.equal("argument", err.kind)
    end
  end)

  it("resumes at every step with weights equal to the last bit", function()
    local saved = {}
    package.loaded["tnt.checkpoint.run"] = {
      resolve = function(_, resume) return saved[resume] and resume end,
      restore = function(path, state, unit) snapshot.restore(state, unit,
        nest.clone(saved[path])) end,
    }
    local function go(more)
      local unit = Classify {
        net(), gradient_accumulation_steps = 3, ema = { decay = 0.9 },
        metrics = { tnt.metrics.Accuracy {} },
      }
      tnt.seed(5)
      local options = {
        train_dataloader = data(), eval_dataloader = data(), max_epochs = 2, bar = false,
        evaluate_every_n_steps = 4,
      }
      tnt.seed(6)
      for name, value in pairs(more) do options[name] = value end -- order: free
      local result = tnt.fit(unit, options)
      return weights(unit.module), result.metrics, unit.averaged:state_dict().averages
    end
    local function save(event)
      return function(_, state)
        local train, eval = state.loop.phases.train.progress, state.loop.phases.eval.progress
        saved[("%s %d %d"):format(event, train.num_steps_completed, eval.num_steps_completed)] =
          nest.clone(state:snapshot())
      end
    end
    local whole, metrics, averages = go { hooks = { {
      on_train_step_end = save "step", on_train_epoch_end = save "epoch",
      on_eval_step_end = function(hook, state)
        if state.batch and state.progress.num_steps_completed % 7 == 0 then save "eval"(hook,
          state) end
      end,
    } } }
    local places = 0
    for place in require("tnt.sorted")(saved) do
      places = places + 1
      local resumed, resumed_metrics, resumed_averages = go { resume = place }
      assert.same(whole, resumed, place)
      assert.same(metrics, resumed_metrics, place)
      for name, average in pairs(averages) do -- order: free
        assert.same(average:totable(), resumed_averages[name]:totable(), place)
      end
    end
    assert.is_true(places >= 22)
  end)

  it("ends at a real signal with the epoch open, and goes on when it is called again", function()
    ffi.cdef "int raise(int signal);"
    local unit, batches = Classify { net() }, data()
    local options = { train_dataloader = batches, max_epochs = 1, bar = false }
    options.hooks = { { on_train_step_end = function(_, state)
      if state.progress.num_steps_completed == 3 then ffi.C.raise(15) end
    end } }
    local ok, err = pcall(tnt.train, unit, options)
    assert.is_false(ok)
    assert.equal("interrupted", err.kind)
    assert.equal("SIGTERM", err.signal)
    assert.equal(3, unit.train_progress.num_steps_completed_in_epoch)
    options.hooks = nil
    assert.equal("max_epochs", tnt.train(unit, options).reason)
    assert.equal(10, unit.train_progress.num_steps_completed)
  end)

  it("takes a list of schedules as a chain, and resumes without a word about the rate", function()
    local said, saved, rates = {}, nil, {}
    message.sink = function(_, text) said[#said + 1] = text end
    finally(function() message.sink = function() end end)
    package.loaded["tnt.checkpoint.run"] = {
      resolve = function() return "there" end,
      restore = function(_, state, unit) snapshot.restore(state, unit, nest.clone(saved)) end,
    }
    local function go(lr, resume)
      local module = net()
      local optimizer = optim.SGD(module:parameters(), { lr = lr })
      local unit = Classify {
        module, optimizer = optimizer,
        schedule = {
          optim.schedule.Linear(optimizer, { start_factor = 0.5, total_iters = 2, by = "update" }),
          optim.schedule.Exponential(optimizer, { gamma = 0.5, by = "update" }),
        },
      }
      tnt.train(unit, {
        train_dataloader = data(), max_steps = 4, bar = false, resume = resume,
        hooks = { { on_train_step_start = function(_, state)
          rates[state.progress.num_steps_completed + 1] = optimizer.param_groups[1].lr
          if state.progress.num_steps_completed == 2 then saved = nest.clone(state:snapshot()) end
        end } },
      })
      return unit
    end
    local unit = go(1)
    assert.equal(1, #unit.schedule)
    assert.same({ 0.5, 0.75 * 0.5, 0.25, 0.125 }, rates)
    said, rates[3], rates[4] = {}, nil, nil
    go(1, "there")
    assert.same({ 0.5, 0.75 * 0.5, 0.25, 0.125 }, rates)
    assert.equal("", table.concat(said, "\n"):match "differ" or "")
    go(2, "there")
    assert.matches("optimizer group 1 lr: saved 1, now 2 (the saved one holds)",
      table.concat(said, "\n"), 1, true)
    assert.is_nil(table.concat(said):match "initial_lr")
  end)

  it("predicts, and collects the outputs", function()
    local unit = Classify { net(), training = false }
    local batches = {}
    for i, batch in ipairs(data()) do batches[i] = batch.x end
    local outputs = tnt.predict(unit,
      { predict_dataloader = batches, collect = true, bar = false }).outputs
    assert.equal(10, #outputs)
    unit.module:eval()
    assert.same(unit.module(batches[10]):detach():totable(), outputs[10]:totable())
  end)
end)

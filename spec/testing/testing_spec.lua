-- What tnt.testing offers, used as a test of one's own would.

local tnt = require "tnt"

local testing = tnt.testing

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("tnt.testing's units", function()
  before_each(function() tnt.seed(1) end)

  it("train, evaluate and predict", function()
    local loader = testing.random_loader(10, 2, 4)
    local unit = testing.TrainUnit()
    local before = unit.module.weight:totable()
    local r = tnt.train(unit, { train_dataloader = loader, max_epochs = 2, bar = false })
    assert.same({ 2, 6, 6 }, {
      r.progress.num_epochs_completed, r.progress.num_steps_completed,
      r.progress.num_updates_completed,
    })
    assert.not_same(before, unit.module.weight:totable())
    assert.is_number(r.metrics["train/loss"])
    r = tnt.evaluate(testing.EvalUnit(), { eval_dataloader = loader, bar = false })
    assert.is_number(r.metrics["eval/loss"])
    r = tnt.predict(testing.PredictUnit(), {
      predict_dataloader = loader, collect = true, bar = false,
    })
    assert.same({ { 4, 2 }, { 4, 2 }, { 2, 2 } },
      { r.outputs[1].shape, r.outputs[2].shape, r.outputs[3].shape })
  end)

  it("do it all in one, with any number of inputs", function()
    local unit = testing.FitUnit { input_dim = 5 }
    local r = tnt.fit(unit, {
      train_dataloader = testing.random_loader(8, 5, 2),
      eval_dataloader = testing.random_iterable_loader(6, 5, 4), max_epochs = 3, bar = false,
    })
    assert.same({ 12, 6 },
      { r.progress.num_steps_completed, unit.eval_progress.num_steps_completed })
    assert.is_number(r.metrics["eval/loss"])
    tnt.predict(unit, { predict_dataloader = testing.random_loader(4, 5, 2), bar = false })
    assert.equal(2, unit.predict_progress.num_steps_completed)
  end)

  it("have an AutoUnit with a schedule, which takes AutoUnit's options", function()
    local unit = testing.AutoUnit { gradient_accumulation_steps = 2 }
    tnt.train(unit, {
      train_dataloader = testing.random_loader(8, 2, 2), max_epochs = 2, bar = false,
    })
    assert.equal(4, unit.train_progress.num_updates_completed)
    assert.is_true(math.abs(0.01 * 0.81 - unit.optimizer.param_groups[1].lr) < 1e-12)
    local net = tnt.nn.Linear(3, 2)
    assert.equal(net, testing.AutoUnit({ module = net }).module)
    assert.matches("unknown option", failure(testing.AutoUnit, { modul = net }).message)
  end)

  it("have two optimizers that step in turn", function()
    local unit = testing.TwoOptimizers()
    local first, second = unit.first.weight:totable(), unit.second.weight:totable()
    local loader = testing.random_loader(4, 2, 4)
    tnt.train(unit, { train_dataloader = loader, max_epochs = 1, bar = false })
    assert.not_same(first, unit.first.weight:totable())
    assert.same(second, unit.second.weight:totable())
    first = unit.first.weight:totable()
    tnt.train(unit, { train_dataloader = loader, max_epochs = 2, bar = false })
    assert.same(first, unit.first.weight:totable())
    assert.not_same(second, unit.second.weight:totable())
  end)
end)

describe("tnt.testing's data", function()
  it("is the same after a seed, with and without positions", function()
    local function read(make)
      tnt.seed(4)
      local list = {}
      for batch in make():iterate() do
        list[#list + 1] = { batch.x:totable(), batch.y:totable(), batch.x.shape, batch.y.dtype }
      end
      return list
    end
    for _, name in ipairs { "random_loader", "random_iterable_loader" } do
      local function make() return testing[name](5, 3, 2) end
      local batches = read(make)
      assert.equal(3, #batches)
      assert.same({ { 2, 3 }, "i64" }, { batches[1][3], batches[1][4] })
      assert.same({ 1, 3 }, batches[3][3])
      assert.same(batches, read(make))
    end
    assert.equal(3, testing.random_loader(5, 3, 2):size())
    assert.is_nil(testing.random_iterable_loader(5, 3, 2):size())
    for _, case in ipairs { { 0, 1 }, { 1, 0 }, { 1.5, 1 } } do
      assert.equal("argument", failure(testing.random_dataset, unpack(case)).kind)
    end
  end)

  it("counts what a run asks of a loader", function()
    local loader = testing.CountingLoader(4)
    local seen = {}
    local Unit = tnt.TrainUnit:extend "Seen"
    function Unit.train_step(_, _, batch) seen[#seen + 1] = batch end
    tnt.train(Unit(), { train_dataloader = loader, max_epochs = 2, bar = false })
    assert.same({ 1, 2, 3, 4, 1, 2, 3, 4 }, seen)
    assert.same({ 2, { 0, 1 }, 0 }, { loader.iterated, loader.epochs, loader.loaded })
    local next_batch = loader:iterate()
    next_batch()
    local other = testing.CountingLoader(4)
    other:load_state_dict(loader:state_dict())
    assert.equal(2, other:iterate()())
    assert.same({ 1, 1 }, { loader.saved, other.loaded })
    assert.equal("format", failure(other.load_state_dict, other, {}).kind)
  end)
end)

describe("tnt.testing's states", function()
  it("are those of the loops, inside an epoch", function()
    local cases = {
      { "train_state", "train", "train", "TestTrainUnit" },
      { "eval_state", "evaluate", "eval", "TestEvalUnit" },
      { "predict_state", "predict", "predict", "TestPredictUnit" },
      { "fit_state", "fit", "train", "TestFitUnit" },
    }
    for _, case in ipairs(cases) do
      local state, unit = testing[case[1]]()
      assert.same({ case[2], case[3], case[3], false }, {
        state.entry_point, state.active_phase, state.name, state.should_stop,
      })
      assert.equal(case[4], tostring(tnt.class.of(unit)))
      assert.equal(unit[case[3] .. "_progress"], state.progress)
      assert.matches("phase " .. case[3], tostring(state))
      state:log("x", 2)
      state:log("x", 4)
      state:stop "enough"
      assert.same({ true, "enough" }, { state.should_stop, state.stop_message })
    end
  end)

  it("serve a test of one hook's event", function()
    local Hook = tnt.Hook:extend("EveryThird", {})
    function Hook:on_train_step_end(state)
      if state:every(3) then self.count = (self.count or 0) + 1 end
    end
    local hook = Hook()
    local state, unit = testing.train_state(nil, { hooks = { hook }, dir = "somewhere" })
    assert.equal("somewhere", state.dir)
    for _ = 1, 7 do
      unit.train_progress:increment_step()
      hook:on_train_step_end(state, unit)
    end
    assert.equal(2, hook.count)
    local own = tnt.TrainUnit:extend "Own"
    function own.train_step() end
    local mine = own()
    assert.equal(mine, select(2, testing.train_state(mine)))
    assert.matches("max_epoch", failure(testing.train_state, nil, { max_epoch = 1 }).message)
  end)
end)

describe("tnt.testing.messages", function()
  it("lists what was said, and prints again afterwards", function()
    local message = require "tnt.loop.message"
    local former = message.sink
    local said, a, b = testing.messages(function(x)
      message.warn("careful: %d", x)
      message.info "by the way"
      return x, "y"
    end, 3)
    assert.same({
      { level = "warning", text = "careful: 3" }, { level = "info", text = "by the way" },
    }, said)
    assert.same({ 3, "y" }, { a, b })
    assert.matches("boom", failure(testing.messages, function() error "boom" end))
    assert.equal(former, message.sink)
  end)

  it("suggests names", function()
    local err = failure(function() return testing.AutoUnt end)
    assert.matches("did you mean 'AutoUnit'", err.message)
  end)
end)

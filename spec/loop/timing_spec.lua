-- The option `timer`, and detect_anomaly around steps: what a unit's calls are wrapped in.

local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

local infos = {}
message.sink = function(level, text)
  if level == "info" then infos[#infos + 1] = text end
end

local Line = tnt.AutoUnit:extend "Line"
function Line:compute_loss(_, x) return self.module(x):square():mean() end
function Line.configure_optimizers_and_lr_scheduler(_, module)
  return optim.SGD(module:parameters(), { lr = 0.1 })
end

local function batches(n)
  local list = {}
  for i = 1, n do list[i] = tnt.ones(2, 1) end
  return list
end

local function calls_of(timer)
  local calls = {}
  for _, row in ipairs(timer:rows()) do calls[row.name] = row.calls end
  return calls
end

describe("the option timer", function()
  it("names and counts what a run calls", function()
    local timer, Mine = tnt.Timer(), tnt.Hook:extend("Mine", {})
    function Mine.on_train_step_end() end
    function Line.on_train_start() end
    tnt.fit(Line { nn.Linear(1, 1), clip_grad_norm = 1, gradient_accumulation_steps = 2 }, {
      train_dataloader = batches(4), eval_dataloader = batches(3), max_epochs = 2, timer = timer,
      hooks = { Mine() }, bar = false,
    })
    Line.on_train_start = nil
    local calls = calls_of(timer)
    for name, n in tnt.pairs {
      ["Line.train_step"] = 8, ["Line.eval_step"] = 6, ["Line.compute_loss"] = 14,
      ["Line.backward"] = 8, ["Line.clip_grad_norm"] = 4, ["Line.optimizer_step"] = 4,
      ["Line.optimizer_zero_grad"] = 4, ["Line.lr_scheduler_step"] = 4,
      ["train.iter(dataloader)"] = 2, ["evaluate.iter(dataloader)"] = 2,
      ["train.next(data_iter)"] = 10, ["evaluate.next(data_iter)"] = 8, -- with those that are nil
      ["Mine.on_train_step_end"] = 8, ["Line.on_train_start"] = 1,
    } do
      assert.equal(n, calls[name], name)
    end
    assert.matches("Line.train_step", infos[#infos], 1, true)
  end)

  it("gets what a unit times itself, and nothing is timed without", function()
    local seen
    local unit = tnt.TrainUnit:extend "Own"()
    function unit.train_step(_, state)
      seen = { state:time("half", function(x, y) return x / 2, y end, 6, "y") }
    end
    local timer = tnt.Timer { kind = "bounded" }
    tnt.train(unit, { train_dataloader = { 1 }, max_epochs = 1, timer = timer, bar = false })
    assert.same({ 3, "y" }, seen)
    assert.equal(1, calls_of(timer)["Own.half"])
    tnt.train(unit, { train_dataloader = { 1 }, max_epochs = 2, timer = false, bar = false })
    assert.same({ 3, "y" }, seen)
    assert.equal(1, calls_of(timer)["Own.half"])
  end)

  it("is checked", function()
    for _, wrong in ipairs { 5, true, tnt.Timer } do
      local ok, err = pcall(tnt.evaluate, tnt.EvalUnit:extend "E" { }, { eval_dataloader = {},
        timer = wrong })
      assert.is_false(ok)
      assert.equal("argument", err.kind)
    end
  end)
end)

describe("detect_anomaly", function()
  local function failing(phase, how, Class)
    local unit = (Class or Line) { nn.Linear(1, 1), detect_anomaly = how }
    local bad = { tnt.full({ 1, 1 }, -1) }
    if phase == "train" then
      function unit.compute_loss(self, _, x) return (self.module(x) * 0 - 1):log():sum() end
      return pcall(tnt.train, unit, { train_dataloader = bad, max_epochs = 1, bar = false })
    elseif phase == "eval" then
      function unit.eval_step(_, _, x) return x:log() end
      return pcall(tnt.evaluate, unit, { eval_dataloader = bad, bar = false })
    end
    function unit.predict_step(_, _, x) return x:log() end
    return pcall(tnt.predict, unit, { predict_dataloader = bad, bar = false })
  end

  it("names the operation that made a NaN in a step, an own one too", function()
    for _, phase in ipairs { "train", "eval", "predict" } do
      assert.is_true((failing(phase, nil)))
      assert.is_true((failing(phase, false)))
      local ok, err = failing(phase, true)
      assert.is_false(ok)
      assert.equal("state", err.kind)
      assert.equal("log", err.op)
    end
    local ok, err = failing("predict", true, tnt.AutoPredictUnit)
    assert.is_false(ok)
    assert.equal("log", err.op)
  end)

  it("is off between steps and after them", function()
    local unit = Line { nn.Linear(1, 1), detect_anomaly = true }
    local x = tnt.full({ 1 }, -1)
    local n = 0
    tnt.train(unit, {
      train_dataloader = batches(2), max_epochs = 1, bar = false,
      hooks = { { on_train_step_end = function()
        x:log()
        n = n + 1
      end } },
    })
    assert.equal(2, n)
    x:log()
  end)

  it("takes infinity as wrong unless it is told otherwise, and refuses other options", function()
    local function run(how)
      local unit = Line { nn.Linear(1, 1), detect_anomaly = how }
      function unit.eval_step(_, _, x) return (x * 0):log() end
      return (pcall(tnt.evaluate, unit, { eval_dataloader = batches(1), bar = false }))
    end
    assert.is_false(run(true))
    assert.is_true(run { infinite = false })
    local ok, err = pcall(Line, { nn.Linear(1, 1), detect_anomaly = { nan = true } })
    assert.is_false(ok)
    assert.matches("detect_anomaly: unknown option 'nan'", err.message, 1, true)
    ok, err = pcall(Line, { nn.Linear(1, 1), detect_anomaly = 1 })
    assert.is_false(ok)
    assert.matches("detect_anomaly is true, false or {infinite = false}, got 1", err.message, 1,
      true)
  end)
end)

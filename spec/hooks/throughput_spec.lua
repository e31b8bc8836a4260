local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local Throughput = require "tnt.hooks.throughput"
local fit = require "tnt.fit"
local log = require "tnt.log"
local train = require "tnt.train"

-- A loader that needs `wait` seconds for each of its batches {ids = {...}}.
local function loader(sizes, wait)
  return function()
    local i = 0
    return function()
      i = i + 1
      if not sizes[i] then return nil end
      scratch.time = scratch.time + wait
      local ids = {}
      for k = 1, sizes[i] do ids[k] = k end
      return { ids = ids }
    end
  end
end

local function unit(seconds)
  local function step(self)
    local done = self.train_progress.num_steps_completed
    scratch.time = scratch.time + (type(seconds) == "table" and seconds[done + 1] or seconds)
  end
  return rig.unit(nil, { in_train_step = step, in_eval_step = step })
end

local function run(hook, sizes, seconds, wait)
  local memory = log.Memory()
  local r = train(unit(seconds), {
    train_dataloader = loader(sizes, wait), max_epochs = 1, hooks = { hook }, loggers = { memory },
    bar = false,
  })
  return memory, r.metrics
end

local function near(expected, actual)
  assert.equal(#expected, #actual)
  for i, value in ipairs(expected) do assert.is_true(math.abs(value - actual[i]) < 1e-9) end
end

describe("Throughput", function()
  it("logs steps and items a second and the share of waiting, window by window", function()
    local memory, metrics = run(Throughput { items = "ids", every = 2 },
      { 8, 8, 8, 4, 2, 2 }, { 3, 3, 1, 1, 7, 7 }, 1)
    -- Steps 1 and 2 took 4 s each, 3 and 4 took 2 s each; they are known one step later.
    local values, steps = memory:series("train/steps_per_second", "step")
    near({ 2 / 8, 2 / 4 }, values)
    assert.same({ 3, 5 }, steps)
    near({ 16 / 8, 12 / 4 }, (memory:series("train/items_per_second", "step")))
    near({ 2 / 8, 2 / 4 }, (memory:series("train/data_wait", "step")))
    near({ 6 / 28, 32 / 28, 6 / 28 }, { metrics["train/steps_per_second"],
      metrics["train/items_per_second"], metrics["train/data_wait"] })
  end)

  it("counts several kinds of items by name", function()
    local hook = Throughput { items = { images = "ids", tokens = function(b) return 10 * #b.ids end,
      files = 2 }, every = 2 }
    local memory, metrics = run(hook, { 8, 8, 4 }, 3, 1)
    near({ 16 / 8 }, (memory:series("train/images_per_second", "step")))
    near({ 160 / 8 }, (memory:series("train/tokens_per_second", "step")))
    near({ 4 / 8 }, (memory:series("train/files_per_second", "step")))
    assert.is_nil(metrics["train/items_per_second"])
    assert.matches("or a table of these by name",
      scratch.failure(Throughput, { items = { images = true } }).message, 1, true)
  end)

  it("leaves warm-up steps out", function()
    local hook = Throughput { items = 5, warmup = 2 }
    local _, metrics = run(hook, { 1, 1, 1, 1 }, { 50, 50, 1, 3 }, 0)
    near({ 2 / 4, 10 / 4 },
      { metrics["train/steps_per_second"], metrics["train/items_per_second"] })
  end)

  it("gives items by a function, or none", function()
    local _, metrics = run(Throughput { items = function(batch) return #batch.ids * 10 end },
      { 1, 2 }, 2, 0)
    near({ 30 / 4 }, { metrics["train/items_per_second"] })
    _, metrics = run(Throughput(), { 1, 2 }, 2, 0)
    assert.is_nil(metrics["train/items_per_second"])
    near({ 0.5 }, { metrics["train/steps_per_second"] })
  end)

  it("keeps evaluations within training apart", function()
    local r = fit(unit(2), {
      train_dataloader = loader({ 1, 1, 1, 1 }, 0), eval_dataloader = loader({ 1, 1 }, 6),
      evaluate_every_n_steps = 2, max_epochs = 1, hooks = { Throughput() }, bar = false,
    })
    near({ 1 / 2, 1 / 8, 6 / 8 }, { r.metrics["train/steps_per_second"],
      r.metrics["eval/steps_per_second"], r.metrics["eval/data_wait"] })
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs { { every = 0 }, { warmup = -1 }, { items = true } } do
      assert.equal("argument", scratch.failure(Throughput, options).kind)
    end
    local err = scratch.failure(run, Throughput { items = "x" }, { 1 }, 1, 0)
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find("no field 'x'", 1, true))
  end)
end)

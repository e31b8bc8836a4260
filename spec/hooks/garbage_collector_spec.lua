local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local GarbageCollector = require "tnt.hooks.garbage_collector"
local fit = require "tnt.fit"

-- A weak table with one entry that nobody else holds.
local function canary()
  local weak = setmetatable({}, { __mode = "k" })
  local function fill() weak[{}] = true end
  fill()
  return weak
end

-- Makes 50 MB of garbage.
local made = 0
local function litter()
  -- Each is another one, because equal strings are one string.
  for _ = 1, 500 do
    made = made + 1
    assert(#(made .. ("x"):rep(1e5)) > 1e5)
  end
end

-- A run whose steps leave garbage; for each step whether the canary of its beginning was collected
-- by the end of it, or by the beginning of the next.
local function run(hook, fail_at)
  local within, after, last = {}, {}, nil
  local function step(_, state)
    if last then after[#after + 1] = next(last) == nil end
    local weak = canary()
    for _ = 1, last and 1 or 4 do litter() end
    within[#within + 1], last = next(weak) == nil, weak
    if fail_at == state.progress.num_steps_completed + 1 then error("no", 0) end
  end
  pcall(fit, rig.unit(nil, { in_train_step = step, in_eval_step = step }), {
    train_dataloader = rig.batches(4), eval_dataloader = rig.batches(1), max_epochs = 1,
    evaluate_every_n_steps = 2, evaluate_every_n_epochs = 0, hooks = { hook }, bar = false,
  })
  return within, after
end

-- How soon a collector comes round depends on the heap.
local function is_on()
  local weak = canary()
  for _ = 1, 12 do
    litter()
    if next(weak) == nil then return true end
  end
  return false
end

describe("GarbageCollector", function()
  before_each(rig.reset)

  it("collects between steps only, every n of them, evaluations' counted", function()
    assert.is_true(is_on())
    local within, after = run(GarbageCollector { every = 3 })
    local F, T = false, true
    assert.same({ F, F, F, F, F, F }, within)
    assert.same({ F, F, T, F, F }, after) -- the sixth has none after it
    assert.is_true(is_on())
  end)

  it("switches the collector on again after an error", function()
    run(GarbageCollector(), 2)
    assert.is_true(is_on())
  end)

  it("refuses options that make no sense", function()
    assert.equal("argument", scratch.failure(GarbageCollector, { every = 0 }).kind)
    local err = scratch.failure(GarbageCollector, { step_interval = 3 })
    assert.truthy(tostring(err):find("called every here", 1, true))
  end)
end)

local cjson = require "cjson"
local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local Profiler = require "tnt.hooks.profiler"
local fit = require "tnt.fit"
local predict = require "tnt.predict"

-- The complete events of a trace, in order of time, outer ones first.
local function events_of(path)
  local list = {}
  for _, event in ipairs(cjson.decode(scratch.read(path))) do
    if event.ph == "X" then list[#list + 1] = event end
  end
  table.sort(list, function(a, b)
    if a.ts ~= b.ts then return a.ts < b.ts end
    if a.dur ~= b.dur then return a.dur > b.dur end
    return a.name < b.name
  end)
  return list
end

local function named(events, pattern)
  local list = {}
  for _, event in ipairs(events) do
    if event.name:find(pattern) then list[#list + 1] = event end
  end
  return list
end

-- A step takes 1 s, a batch 0.25 s, the slow hook 0.5 s after each train step.
local function run(options, given, fields)
  local dir = scratch.directory()
  local function step() scratch.time = scratch.time + 1 end
  local unit = rig.unit(nil, { in_train_step = step, in_eval_step = step, in_predict_step = step })
  for name, value in pairs(fields or {}) do unit[name] = value end -- order: free
  local function loader()
    local i = 0
    return function()
      scratch.time, i = scratch.time + 0.25, i + 1
      return i <= 4 and i or nil
    end
  end
  local function wait() scratch.time = scratch.time + 0.5 end
  local slow = { name = "slow", on_train_step_end = wait }
  local all = {
    train_dataloader = loader, eval_dataloader = { "e1" }, evaluate_every_n_steps = 2,
    evaluate_every_n_epochs = 0, max_epochs = 1, hooks = { slow, Profiler(options) }, dir = dir,
    bar = false,
  }
  for name, value in pairs(given or {}) do all[name] = value end -- order: free
  local ok, err = pcall(fit, unit, all)
  return dir .. "/trace.json", err, ok
end

describe("Profiler", function()
  teardown(scratch.clean)
  before_each(rig.reset)

  it("shows phases and epochs throughout, steps within its window", function()
    scratch.time = 100
    local path = run { wait = 1, active = 2 }
    local events = events_of(path)
    local names = {}
    for i, event in ipairs(events) do names[i] = event.name end
    assert.same({
      "train epoch 1", "train phase", "open the loader", "wait for data", "train step 2",
      "slow: on_train_step_end", "eval epoch 1", "eval phase", "eval step 1", "open the loader",
      "wait for data", "wait for data", "train step 3", "slow: on_train_step_end", "eval epoch 2",
      "eval phase", "open the loader",
    }, names)
    -- 4 train steps with batch and hook, one wait for the end, 2 evaluations of a second.
    assert.same({ 0, 4 * 1.75e6 + 0.25e6 + 2e6 }, { events[2].ts, events[2].dur })
    local step = named(events, "train step 2")[1]
    assert.same({ 2e6, 1e6, "step" }, { step.ts, step.dur, step.cat })
    local hook = named(events, "^slow")[1]
    assert.same({ 3e6, 0.5e6, "hook" }, { hook.ts, hook.dur, hook.cat })
    assert.equal(0.25e6, named(events, "wait for data")[1].dur)
  end)

  it("nests in one row: no two spans overlap by a part", function()
    local events = events_of((run { wait = 0, active = 100 }))
    assert.is_true(#events > 20)
    for i, a in ipairs(events) do
      for k = i + 1, #events do
        local b = events[k]
        assert.equal(a.tid, b.tid)
        if b.ts < a.ts + a.dur then
          assert.is_true(b.ts + b.dur <= a.ts + a.dur, a.name .. " and " .. b.name)
        end
      end
    end
  end)

  it("goes through cycles, forgets warm-up, and calls when each is over", function()
    local ready, path = {}, nil
    local function is_ready(profile)
      ready[#ready + 1] = #profile:rows { kinds = { "step" } }
      assert.truthy(scratch.read(path):find("]\n$"))
    end
    local dir = scratch.directory()
    path = dir .. "/p.json"
    predict(rig.unit(), {
      predict_dataloader = rig.batches(9), bar = false,
      hooks = { Profiler {
        path = path, skip_first = 1, wait = 1, warmup = 1, active = 1, cycles = 2,
        ready = is_ready,
      } },
    })
    assert.same({ 1, 2 }, ready)
    local names = {}
    for i, event in ipairs(named(events_of(path), "step")) do names[i] = event.name end
    table.sort(names)
    assert.same({ "predict step 4", "predict step 7" }, names)
    assert.equal(1, #named(events_of(path), "^predict phase$"))
  end)

  it("keeps epochs that end in a warm-up", function()
    local path = run({ wait = 0, warmup = 3, active = 1, cycles = 0 }, { max_epochs = 2 })
    local events = events_of(path)
    assert.equal(2, #named(events, "^train epoch"))
    local steps = named(events, "^train step")
    assert.same({ "train step 4", "train step 8" }, { steps[1].name, steps[2].name })
  end)

  it("shows the parts that a unit times, and gives them to the run's timer too", function()
    local Timer = require "tnt.timer"
    local timer = Timer()
    local path = run({ wait = 0, active = 2 }, { timer = timer }, {
      in_train_step = function(_, state)
        assert.equal("x", state:time("part", function(v)
          scratch.time = scratch.time + 0.0625
          return v
        end, "x"))
      end,
    })
    local parts = named(events_of(path), "%.part$")
    assert.same({ 2, "part", 0.0625e6 }, { #parts, parts[1].cat, parts[1].dur })
    local seconds = 0
    for name, list in pairs(timer.recorded) do -- order: free
      if name:find "%.part$" then seconds = #list * list[1] end
    end
    assert.equal(4 * 0.0625, seconds)
    path = run({ wait = 0, active = 1 }, nil, {
      in_train_step = function(_, state) state:time("part", function() end) end,
    })
    assert.equal(1, #named(events_of(path), "%.part$"))
  end)

  it("shows optimizer steps, and leaves hooks out when asked to", function()
    local path = run({ wait = 0, hooks = false }, nil, {
      in_train_step = function(_, state)
        state:emit "on_train_optimizer_step_start"
        scratch.time = scratch.time + 0.125
        state:emit "on_train_optimizer_step_end"
      end,
    })
    local steps = named(events_of(path), "^optimizer step$")
    assert.same({ 4, 0.125e6 }, { #steps, steps[1].dur })
    assert.same({}, named(events_of(path), "slow"))
  end)

  it("writes the file when the window is over, and when the run raises", function()
    local path, seen
    local probe = { on_train_step_end = function(_, state)
      if state.progress.num_steps_completed == 3 then
        path = state.dir .. "/trace.json"
        seen = #named(events_of(path), "^train step")
      elseif state.progress.num_steps_completed == 4 then
        error("no", 0)
      end
    end }
    local _, err = run({}, { hooks = { Profiler { wait = 0, active = 2 }, probe } })
    assert.equal("no", err)
    assert.equal(2, seen)
    local events = events_of(path)
    assert.equal(2, #named(events, "^train step"))
    assert.equal("open", named(events, "^train phase$")[1].cat)
  end)

  it("counts steps of evaluations and predictions that stand alone", function()
    local dir = scratch.directory()
    predict(rig.unit(), {
      predict_dataloader = rig.batches(5), bar = false,
      hooks = { Profiler { path = dir .. "/p.json", wait = 2, active = 2 } },
    })
    local names = {}
    for i, event in ipairs(named(events_of(dir .. "/p.json"), "step")) do names[i] = event.name end
    table.sort(names)
    assert.same({ "predict step 3", "predict step 4" }, names)
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs {
      { wait = -1 }, { active = 0 }, { path = "" }, { cycles = 0.5 }, { skip_first = "1" },
      { max_ops = 0 }, { ready = true }, { ["repeat"] = 1 }, { on_trace_ready = print },
    } do
      assert.equal("argument", scratch.failure(Profiler, options).kind)
    end
    local _, err = run({}, { dir = false })
    assert.truthy(err)
  end)
end)

-- What schedules promise beyond PyTorch's: windows, warm-up, units, state. Values of each are in
-- parity_spec.lua.
local tnt = require "tnt"
local nn, optim = tnt.nn, tnt.optim
local schedule = optim.schedule

local function refusal(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  assert.equal("argument", err.kind, tostring(err))
  return err.message
end

local function optimizer(lr) return optim.SGD({ nn.Parameter(tnt.zeros(1)) }, { lr = lr or 1 }) end

local function run(opt, schedules, n)
  local list = {}
  for i = 1, n do
    list[i] = math.floor(opt.param_groups[1].lr * 1e6 + 0.5) / 1e6
    for _, s in ipairs(schedules) do s:step() end
  end
  return list
end

describe("schedules", function()
  it("warm up without a step of rate 0 and then begin at the rate itself", function()
    local opt = optimizer()
    local s = schedule.Cosine(opt, { T_max = 8, by = "update", warmup = 3 })
    assert.equal("update", s.by)
    local lrs = run(opt, { s }, 10)
    assert.same({ 0.25, 0.5, 0.75, 1 }, { unpack(lrs, 1, 4) })
    assert.equal(0, lrs[9]) -- T_max counts the warm-up
    assert.equal(0, lrs[10]) -- and there it stays
    for i = 5, 9 do assert.is_true(lrs[i] < lrs[i - 1]) end
  end)

  it("write within their window only, so that several follow one another", function()
    local opt = optimizer()
    local up = schedule.Linear(opt, { start_factor = 0.2, total_iters = 4, stop = 4 })
    local down = schedule.Exponential(opt, { gamma = 0.5, begin = 4 })
    assert.same({ 0.2, 0.4, 0.6, 0.8, 1, 0.5, 0.25 }, run(opt, { up, down }, 7))
  end)

  it("keep the last value after their stop, and the base before their begin", function()
    local opt = optimizer()
    local s = schedule.Step(opt, 1, { gamma = 0.5, begin = 2, stop = 4 })
    assert.same({ 1, 1, 1, 0.5, 0.25, 0.25, 0.25 }, run(opt, { s }, 7))
    assert.same({ 1, 1, 1, 0.5, 0.25, 0.25, 0.25 }, s:preview(7))
  end)

  it("of SWA begin where another one left the rate, and stand in no chain", function()
    local opt = optimizer()
    local down = schedule.Linear(opt, { start_factor = 1, end_factor = 0.5, total_iters = 2,
      stop = 3 })
    local swa = schedule.SWA(opt, { lr = 0.1, anneal_steps = 4, anneal = "linear", begin = 3 })
    assert.same({ 1, 0.75, 0.5, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1 }, run(opt, { down, swa }, 9))
    assert.matches("entry 2, SWA, writes rates, not factors",
      refusal(schedule.Chain, { down, swa }), 1, true)
    assert.matches("leave warmup out", refusal(schedule.SWA, opt, { warmup = 3 }), 1, true)
    assert.matches("lr must be a number or a list of 1, one for each parameter group, got a list "
      .. "of 2", refusal(schedule.SWA, opt, { lr = { 1, 2 } }), 1, true)
    assert.matches("anneal must be 'cos' or 'linear', got 'exp'",
      refusal(schedule.SWA, opt, { anneal = "exp" }), 1, true)
    assert.matches("anneal_steps must be a whole number from 0 on",
      refusal(schedule.SWA, opt, { anneal_steps = -1 }), 1, true)
  end)

  it("leave the optimizer alone when previewed", function()
    local opt = optimizer()
    local s = schedule.Exponential(opt, 0.5)
    s:step()
    s:preview(100)
    assert.equal(0.5, opt.param_groups[1].lr)
    assert.same({ 0.5 }, s:get_last_lr())
    assert.equal(1, s.position)
    assert.matches("no parameter group 2", refusal(s.preview, s, 3, 2))
  end)

  it("resume from the optimizer's and their own state in either order", function()
    local opt = optimizer()
    local s = schedule.Exponential(opt, 0.5)
    run(opt, { s }, 3)
    for _, first in ipairs { "optimizer", "schedule" } do
      local other = optimizer(77)
      local t = schedule.Exponential(other, 0.5)
      if first == "optimizer" then other:load_state_dict(opt:state_dict()) end
      t:load_state_dict(s:state_dict())
      if first == "schedule" then other:load_state_dict(opt:state_dict()) end
      assert.equal(0.125, other.param_groups[1].lr)
      t:step()
      assert.equal(0.0625, other.param_groups[1].lr)
    end
    local ok, err = pcall(s.load_state_dict, s, {})
    assert.is_false(ok)
    assert.equal("format", err.kind)
  end)

  it("watch a metric given as a tensor, by mode and with NaN", function()
    local opt = optimizer()
    local s = schedule.Plateau(opt, { patience = 1, monitor = "eval_loss" })
    assert.equal("eval_loss", s.monitor)
    s:step(tnt.tensor(1))
    s:step(0 / 0)
    assert.equal(1, opt.param_groups[1].lr)
    s:step(0 / 0)
    assert.equal(0.1, opt.param_groups[1].lr)
    assert.matches("wants the metric's value", refusal(s.step, s))
  end)

  it("refuse wrong options", function()
    local opt = optimizer()
    assert.matches("an optimizer was expected", refusal(schedule.Step, {}, 3))
    assert.matches("step_size must be a whole number from 1 on", refusal(schedule.Step, opt, 0))
    assert.matches("did you mean 'gamma'", refusal(schedule.Step, opt, 3, { gama = 2 }))
    assert.matches("did you mean 'epoch'", refusal(schedule.Step, opt, 3, { by = "epochs" }))
    assert.matches("T_max counts the warm%-up",
      refusal(schedule.Cosine, opt, { T_max = 5, warmup = 5 }))
    assert.matches("milestones%[2%]", refusal(schedule.MultiStep, opt, { 1, 2.5 }))
    assert.matches("stop must be a whole number from 3 on",
      refusal(schedule.Exponential, opt, 0.5, { begin = 3, stop = 2 }))
    assert.matches("did you mean 'cos'", refusal(schedule.OneCycle, opt, 1, 10,
      { anneal = "cosi" }))
    assert.matches("list of 1", refusal(schedule.OneCycle, opt, { 1, 2 }, 10))
    assert.matches("a function position", refusal(schedule.Lambda, opt, 3))
    assert.matches("2 functions were given for 1", refusal(schedule.Lambda, opt, { print, print }))
    assert.matches("factor must be in", refusal(schedule.Plateau, opt, { factor = 1 }))
    assert.matches("did you mean 'min'", refusal(schedule.Plateau, opt, { mode = "mim" }))
    local s = schedule.Exponential(opt, 0.5)
    assert.matches("another optimizer", refusal(schedule.Chain,
      { s, schedule.Exponential(optimizer(), 0.5) }))
    assert.matches("goes by update", refusal(schedule.Chain,
      { s, schedule.Exponential(opt, 0.5, { by = "update" }) }))
    assert.matches("list of schedules", refusal(schedule.Chain, s))
  end)
end)

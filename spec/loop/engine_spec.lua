local rig = require "spec.loop.rig"
local clock = require "tnt.loop.clock"
local evaluate = require "tnt.evaluate"
local fit = require "tnt.fit"
local train = require "tnt.train"

local function counters(progress)
  return { progress.num_epochs_completed, progress.num_steps_completed,
    progress.num_steps_completed_in_epoch }
end

local function options(more)
  local all = { train_dataloader = rig.batches(4), max_epochs = 2, bar = false }
  for name, value in pairs(more or {}) do all[name] = value end -- order: free
  return all
end

local function raising(event, err)
  return { [event] = function() error(err or "boom", 0) end }
end

describe("an error in the run", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("comes out as it was, after on_exception and on_run_end, without end events (C-11)", function()
    local trace = {}
    local err = { "my own error" }
    local module = rig.module()
    local unit = rig.unit(nil, {
      net = module,
      on_exception = function(_, _, _, e) trace[#trace + 1] = "U " .. tostring(e == err) end,
      in_eval_step = function(_, state)
        if state.progress.num_steps_completed == 2 then error(err) end
      end,
    })
    local tracer = { on_exception = function(_, state, _, e)
      trace[#trace + 1] = "C " .. tostring(e == err) .. " " .. state.active_phase
      assert.matches("stack traceback", state.traceback, 1, true)
    end }
    for _, event in ipairs { "on_eval_end", "on_train_end", "on_run_end" } do
      tracer[event] = function() trace[#trace + 1] = event end
    end
    local ok, e = pcall(fit, unit, options {
      eval_dataloader = rig.batches(4, "e"), hooks = { tracer },
    })
    assert.is_false(ok)
    assert.equal(err, e)
    assert.same({ "U true", "C true eval", "on_run_end" }, trace)
    assert.same({ 1, 4, 0 }, counters(unit.train_progress))
    assert.same({ 0, 2, 2 }, counters(unit.eval_progress))
    assert.matches("Exception during fit after the following progress: train: epochs 1, steps 4, "
      .. "steps in epoch 0, updates 0; eval: epochs 0, steps 2", rig.warnings[1], 1, true)
    assert.is_false(module.training)
  end)

  it("is the same wherever it is raised, and leaves everything put back", function()
    local hook = require "tnt.hook"
    for _, event in ipairs(hook.names()) do
      if hook.is_event(event) and (event:match "^on_train" or event:match "^on_eval"
        or event:match "^on_boundary") and not event:match "optimizer" then
        local told = 0
        local module = rig.module()
        local unit = rig.unit(nil, { net = module })
        local ok, err = pcall(fit, unit, options {
          eval_dataloader = rig.batches(1, "e"),
          hooks = { raising(event), { on_exception = function() told = told + 1 end } },
        })
        assert.is_false(ok, event)
        assert.equal("boom", err)
        assert.equal(1, told, event)
        assert.is_false(module.training)
        rig.assert_clean()
      end
    end
  end)

  it("in on_run_start or a restore is told too, one in on_run_end is raised", function()
    for _, event in ipairs { "on_run_start", "on_run_end" } do
      local ended = 0
      local ok, err = pcall(train, rig.unit(), options {
        hooks = { { on_run_end = function() ended = ended + 1 end }, raising(event) },
      })
      assert.is_false(ok)
      assert.equal("boom", err)
      assert.equal(1, ended)
    end
  end)

  it("of on_exception itself is told, keeps nobody from it, and hides nothing", function()
    local told = 0
    local ok, err = pcall(train, rig.unit(), options {
      hooks = {
        raising("on_train_step_end", "first"), raising("on_exception", "second"),
        raising("on_run_end", "third"), { on_exception = function() told = told + 1 end },
      },
    })
    assert.is_false(ok)
    assert.equal("first", err)
    assert.equal(1, told)
    assert.matches("on_exception of hook failed too: second", rig.warnings[2], 1, true)
    assert.matches("on_run_end failed too: third", rig.warnings[3], 1, true)
  end)

  it("leaves the step's scope open until on_exception was called (R1)", function()
    local depth
    pcall(train, rig.unit(nil, { in_train_step = function() error "boom" end }), options {
      hooks = { { on_exception = function(_, state)
        depth = rig.scope.depth
        assert.equal("b1", state.batch)
      end } },
    })
    assert.equal(1, depth)
    assert.equal(0, rig.scope.depth)
  end)

  it("dissolves the step's scope, also with a deeper one left open", function()
    pcall(train, rig.unit(nil, {
      in_train_step = function()
        rig.scope.open "module"
        error "boom"
      end,
    }), options())
    assert.equal(1, rig.scope.dissolved)
  end)

  it("closes loggers that were opened, whatever they do", function()
    local calls = {}
    local function logger(name, closing)
      return {
        log = function() calls[#calls + 1] = name .. " log" end,
        open = function() calls[#calls + 1] = name .. " open" end,
        flush = function() calls[#calls + 1] = name .. " flush" end,
        close = closing or function() calls[#calls + 1] = name .. " close" end,
      }
    end
    local failing = rig.unit(nil, { in_train_step = function() error "boom" end })
    local ok = pcall(train, failing, options {
      loggers = { logger("a", function() error "disk full" end), false, logger "b" },
    })
    assert.is_false(ok)
    assert.same({ "a open", "b open", "a flush", "b flush", "b close" }, calls)
    assert.matches("loggers[1]: close failed", rig.warnings[2], 1, true)
  end)
end)

describe("a signal", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  local function signal_at(step)
    return { on_train_step_end = function(_, state)
      if state.progress.num_steps_completed == step then rig.interrupt.signal = "SIGINT" end
    end }
  end

  it("lets the step finish, leaves the epoch open, is told, and is raised", function()
    local trace, unit = {}, rig.unit()
    local function note(event)
      return function(_, state)
        trace[#trace + 1] = event .. " " .. state.progress.num_steps_completed
      end
    end
    local ok, err = pcall(train, unit, options {
      hooks = { signal_at(3), {
        on_train_step_end = note "step_end", on_interrupt = note "interrupt",
        on_exception = note "exception", on_train_epoch_end = note "epoch_end",
        on_train_end = note "end", on_run_end = note "run_end",
      } },
    })
    assert.is_false(ok)
    assert.equal("interrupted", err.kind)
    assert.equal("SIGINT", err.signal)
    assert.same({
      "step_end 1", "step_end 2", "step_end 3", "interrupt 3", "exception 3", "run_end 3",
    }, trace)
    assert.same({ 0, 3, 3 }, counters(unit.train_progress))
    assert.same({}, rig.warnings)
  end)

  it("during a nested evaluation leaves both epochs open, and the evaluation noted", function()
    local contents
    local unit = rig.unit(nil, {
      in_eval_step = function(_, state)
        if state.progress.num_steps_completed == 1 then rig.interrupt.signal = "SIGTERM" end
      end,
    })
    local ok, err = pcall(fit, unit, options {
      eval_dataloader = rig.batches(4, "e"), evaluate_every_n_steps = 3,
      hooks = { { on_interrupt = function(_, state) contents = state:snapshot() end } },
    })
    assert.is_false(ok)
    assert.equal("interrupted", err.kind)
    assert.same({ 0, 3, 3 }, counters(unit.train_progress))
    assert.same({ 0, 2, 2 }, counters(unit.eval_progress))
    assert.equal("eval", contents.active_phase)
    assert.same({ at = "step", evaluation_due = true, passed = {} }, contents.boundary)
    assert.same({ delivered = 2, ended = false }, contents.loaders.eval)
    assert.same({ delivered = 3, ended = false }, contents.loaders.train)
  end)

  it("within a loop in a step waits for the outer loop's step", function()
    local inner, saved = rig.unit(), nil
    local signal = { on_eval_step_start = function() rig.interrupt.signal = "SIGINT" end }
    local outer = rig.unit(nil, {
      in_train_step = function()
        evaluate(inner, { eval_dataloader = rig.batches(3, "e"), bar = false, hooks = { signal } })
      end,
    })
    local ok, err = pcall(train, outer, options {
      hooks = { { on_interrupt = function(_, state)
        saved = state.progress.num_steps_completed
      end } },
    })
    assert.is_false(ok)
    assert.equal("interrupted", err.kind)
    assert.equal(3, inner.eval_progress.num_steps_completed)
    assert.equal(1, saved)
  end)

  it("is caught by the outermost loop only", function()
    local deepest = 0
    local unit = rig.unit(nil, {
      in_train_step = function(self)
        evaluate(self, {
          eval_dataloader = { 1 }, bar = false,
          hooks = { { on_eval_step_end = function()
            deepest = math.max(deepest, rig.interrupt.depth)
          end } },
        })
      end,
    })
    train(unit, options { max_epochs = 1 })
    assert.equal(1, deepest)
  end)
end)

describe("max_time", function()
  before_each(rig.reset)
  local real = clock.now
  after_each(function()
    clock.now = real
    rig.assert_clean()
  end)

  it("leaves the epoch open, ends normally, and a second call goes on", function()
    for _, loader in ipairs { rig.batches(4), rig.loader(4) } do
      local time, seen, ends = 100, {}, 0
      clock.now = function() return time end
      local unit = rig.unit(nil, {
        in_train_step = function(_, _, batch)
          time = time + 10
          seen[#seen + 1] = batch
        end,
      })
      local function go(max_time)
        return train(unit, options {
          train_dataloader = loader, max_time = max_time,
          hooks = { { on_train_end = function() ends = ends + 1 end } },
        })
      end
      local result = go(25)
      assert.equal("max_time", result.reason)
      assert.same({ 0, 3, 3 }, counters(unit.train_progress))
      assert.equal(1, ends)
      assert.equal("max_epochs", go(1000).reason)
      assert.same({ 2, 8, 0 }, counters(unit.train_progress))
      assert.equal("b1 b2 b3 b4 b1 b2 b3 b4", table.concat(seen, " "))
    end
  end)

  it("of 0 makes no epoch", function()
    local unit = rig.unit()
    assert.equal("max_time", train(unit, options { max_time = 0 }).reason)
    assert.same({ 0, 0, 0 }, counters(unit.train_progress))
  end)
end)

describe("hooks in a run", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("can print who is called when, and emit events of their own", function()
    local hook = require "tnt.hook"
    hook.event "on_rig_custom"
    local text, got
    local printed = print
    _G.print = function() end
    finally(function() _G.print = printed end)
    train(rig.unit(nil, { on_train_start = function() end }), options {
      hooks = { {
        name = "mine", on_train_start = function(_, state)
          text = state:hooks()
          state:emit("on_rig_custom", 1, 2)
          local ok, err = pcall(state.emit, state, "on_rig_never_declared")
          assert.is_false(ok)
          assert.equal("argument", err.kind)
        end,
        on_rig_custom = function(_, state, unit, a, b)
          got = { state.entry_point, unit ~= nil, a, b }
        end,
      } },
    })
    assert.matches("on_train_start: Rig, mine", text, 1, true)
    assert.same({ "train", true, 1, 2 }, got)
  end)

  it("see every(n)", function()
    local at = {}
    train(rig.unit(), options {
      hooks = { { on_train_step_end = function(_, state)
        if state:every(3) then at[#at + 1] = state.progress.num_steps_completed end
        assert.is_false(state:every(0) or state:every(nil))
      end } },
    })
    assert.same({ 3, 6 }, at)
  end)
end)

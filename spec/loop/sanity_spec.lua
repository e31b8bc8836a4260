-- The evaluation before training: it finds what is wrong, and leaves no trace.

local rig = require "spec.loop.rig"
local fit = require "tnt.fit"
local nest = require "tnt.loop.nest"
local snapshot = require "tnt.loop.snapshot"

local function options(more)
  local given = {
    train_dataloader = rig.batches(2), eval_dataloader = rig.batches(5, "e"), max_epochs = 1,
    bar = false, sanity_eval_steps = 2,
  }
  for name, value in pairs(more or {}) do given[name] = value end -- order: free
  return given
end

describe("sanity_eval_steps", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("evaluates some batches of each loader right after on_train_start", function()
    local trace, named = {}, {}
    local unit = rig.unit(trace, {
      on_train_start = function() trace[#trace + 1] = "train start" end,
      on_eval_start = function(_, state)
        named[#named + 1] = { state.name, state.is_sanity_check }
      end,
    })
    fit(unit, options { eval_dataloader = { a = rig.batches(9, "a"), z = rig.batches(1, "z") } })
    assert.same({ "train start", "eval_step(a1)", "eval_step(a2)", "eval_step(z1)",
      "train_step(b1)", "train_step(b2)", "eval_step(a1)" }, { unpack(trace, 1, 7) })
    assert.same({ { "a", true }, { "z", true }, { "a", false }, { "z", false } }, named)
  end)

  it("leaves the run as it would be without", function()
    local function go(steps)
      local trace, seen, records = {}, {}, {}
      local unit = rig.unit(nil, {
        net = rig.module(),
        in_train_step = function(_, state, batch)
          seen[#seen + 1] = { batch, rig.random.draw(), state.last_batch }
        end,
        in_eval_step = function(_, state, batch)
          seen[#seen + 1] = not state.is_sanity_check and { batch, rig.random.draw() } or nil
          if state.is_sanity_check then rig.random.draw() end
          state:log("loss", 3)
        end,
      })
      local loader = rig.loader(3, "e")
      local result = fit(unit, options {
        sanity_eval_steps = steps, eval_dataloader = loader, evaluate_every_n_steps = 1,
        hooks = { rig.tracer(trace), { on_train_step_start = function(_, state)
          seen[#seen + 1] = nest.copy(state.metrics)
        end } },
        loggers = { { log = function(_, r) records[#records + 1] = r.step end } },
      })
      return { trace, seen, records, unit.train_progress:state_dict(),
        unit.eval_progress:state_dict(), result.metrics, loader:state_dict(), rig.random.drawn }
    end
    local without = go(0)
    rig.reset()
    assert.same(without, go(2))
  end)

  it("switches modes and gradients as evaluations do, and back", function()
    local seen, module = {}, rig.module()
    local function look(state)
      seen[#seen + 1] = { state.active_phase, module.training, rig.grad_mode.on }
    end
    fit(rig.unit(nil, {
      net = module,
      in_eval_step = function(_, state) look(state) end,
      in_train_step = function(_, state) look(state) end,
    }), options { sanity_eval_steps = 1, max_eval_steps_per_epoch = 0 })
    assert.same({ { "train", true, true }, { "train", true, true } }, seen) -- within its limit
    seen = {}
    fit(rig.unit(nil, {
      net = module,
      in_eval_step = function(_, state) look(state) end,
      in_train_step = function(_, state) look(state) end,
    }), options { sanity_eval_steps = 1, max_epochs = 1, evaluate_every_n_epochs = 0 })
    assert.same({ "eval", false, false }, seen[1])
    assert.same({ { "train", true, true }, { "train", true, true } }, { seen[2], seen[3] })
  end)

  it("raises what an evaluation would raise, before the first step", function()
    local unit = rig.unit(nil, { in_eval_step = function() error("wrong shape", 0) end })
    local told
    local ok, err = pcall(fit, unit, options {
      hooks = { { on_exception = function(_, state) told = state.active_phase end } },
    })
    assert.same({ false, "wrong shape", "eval" }, { ok, err, told })
    assert.equal(0, unit.train_progress.num_steps_completed)
  end)

  it("is not made by a resumed run", function()
    local saved
    package.loaded["tnt.checkpoint.run"] = {
      resolve = function() return "there" end,
      restore = function(_, state, unit) snapshot.restore(state, unit, saved) end,
    }
    fit(rig.unit(), options { hooks = { { on_train_step_end = function(_, state)
      saved = saved or nest.clone(state:snapshot())
    end } } })
    local trace = {}
    fit(rig.unit(trace), options { resume = "there" })
    assert.equal("train_step(b2)", trace[1])
  end)

  it("is checked", function()
    local ok, err = pcall(fit, rig.unit(), options { sanity_eval_steps = -1 })
    assert.is_false(ok)
    assert.matches("sanity_eval_steps must be a whole number", err.message, 1, true)
    ok, err = pcall(fit, rig.unit(), options { num_sanity_val_steps = 2 })
    assert.is_false(ok)
    assert.matches("'num_sanity_val_steps' is called sanity_eval_steps here", err.message, 1, true)
  end)
end)

local rig = require "spec.loop.rig"
local evaluate = require "tnt.evaluate"

describe("evaluate", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("makes one pass without gradients in eval mode, and puts the mode back (C-7)", function()
    for _, former in ipairs { true, false } do
      local module, seen = rig.module(), {}
      module.training = former
      local unit = rig.unit(nil, {
        net = module,
        in_eval_step = function() seen[#seen + 1] = { module.training, rig.grad_mode.on } end,
      })
      local result = evaluate(unit, { eval_dataloader = rig.batches(5, "e"), bar = false })
      assert.equal(1, unit.eval_progress.num_epochs_completed)
      assert.equal(5, unit.eval_progress.num_steps_completed)
      assert.same({ false, false }, seen[5])
      assert.equal(former, module.training)
      assert.equal("data", result.reason)
      assert.same(unit.eval_progress, result.progress)
    end
  end)

  it("ends at its limit, and when it is stopped (C-7)", function()
    local unit = rig.unit()
    local result = evaluate(unit,
      { eval_dataloader = rig.batches(5, "e"), max_steps_per_epoch = 4, bar = false })
    assert.equal(4, unit.eval_progress.num_steps_completed)
    assert.equal("max_steps", result.reason)
    unit = rig.unit(nil, {
      in_eval_step = function(_, state)
        if state.progress.num_steps_completed == 1 then state:stop() end
      end,
    })
    result = evaluate(unit, { eval_dataloader = rig.batches(5, "e"), bar = false })
    assert.equal(2, unit.eval_progress.num_steps_completed)
    assert.equal("stopped", result.reason)
  end)

  it("names metrics after its option or the loaders' names", function()
    local unit = rig.unit(nil, {
      in_eval_step = function(_, state, batch)
        state:log("accuracy", batch == "e1" and 1 or 0)
      end,
    })
    local loader = rig.batches(4, "e")
    local function metrics(options)
      options.bar = false
      return evaluate(unit, options).metrics
    end
    assert.same({ ["eval/accuracy"] = 0.25 }, metrics { eval_dataloader = loader })
    assert.same({ ["test/accuracy"] = 0.25 }, metrics { eval_dataloader = loader, name = "test" })
    assert.same({ ["a/accuracy"] = 0.25, ["b/accuracy"] = 1 },
      metrics { eval_dataloader = { b = rig.batches(1, "e"), a = loader } })
    assert.equal(4, unit.eval_progress.num_epochs_completed)
  end)

  it("calls no boundary events", function()
    local trace = {}
    evaluate(rig.unit(trace), {
      eval_dataloader = rig.batches(1, "e"), hooks = { rig.tracer(trace) }, bar = false,
    })
    assert.same({
      "on_run_start", "on_eval_start", "on_eval_epoch_start",
      "on_eval_dataloader_iter_creation_start", "on_eval_dataloader_iter_creation_end",
      "on_eval_get_next_batch_start", "on_eval_get_next_batch_end", "on_eval_step_start",
      "eval_step(e1)", "on_eval_step_end", "on_eval_get_next_batch_start", "on_eval_epoch_end",
      "on_eval_end", "on_run_end",
    }, trace)
  end)
end)

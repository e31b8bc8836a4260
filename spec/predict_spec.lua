local rig = require "spec.loop.rig"
local predict = require "tnt.predict"

describe("predict", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  it("runs each time it is called, without gradients", function()
    local unit = rig.unit(nil, {
      in_predict_step = function() assert.is_false(rig.grad_mode.on) end,
    })
    for times = 1, 2 do
      local result = predict(unit, { predict_dataloader = rig.batches(3, "p"), bar = false })
      assert.equal(times, unit.predict_progress.num_epochs_completed)
      assert.equal(3 * times, unit.predict_progress.num_steps_completed)
      assert.equal("data", result.reason)
      assert.is_nil(result.outputs)
    end
  end)

  it("collects what the steps return", function()
    local unit = rig.unit(nil, { in_predict_step = function(_, _, batch) return { batch,
      n = 1 } end })
    local result = predict(unit, {
      predict_dataloader = { x = rig.batches(1, "x"), a = rig.batches(2, "a") }, collect = true,
      bar = false,
    })
    assert.same({ { "a1", n = 1 }, { "a2", n = 1 }, { "x1", n = 1 } }, result.outputs)
  end)
end)

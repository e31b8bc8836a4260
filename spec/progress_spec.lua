local Progress = require "tnt.progress"

describe("Progress", function()
  it("counts steps and epochs, and keeps the length of the epoch before (C-17)", function()
    local p = Progress()
    for _ = 1, 2 do
      p:increment_step()
      p:increment_step()
      p:increment_epoch()
    end
    for _ = 1, 4 do p:increment_step() end
    local q = Progress()
    q:load_state_dict(p:state_dict())
    assert.same({ 2, 8, 4 },
      { q.num_epochs_completed, q.num_steps_completed, q.num_steps_completed_in_epoch })
    q:increment_epoch()
    assert.same({ 3, 8, 0, 4 }, { q.num_epochs_completed, q.num_steps_completed,
      q.num_steps_completed_in_epoch, q.num_steps_completed_in_prev_epoch })
    q:increment_update()
    assert.equal("epochs 3, steps 8, steps in epoch 0, updates 1", tostring(q))
    assert.equal(4, p.num_steps_completed_in_epoch)
  end)

  it("refuses states that are none, and stays as it was", function()
    local p = Progress()
    local state = p:state_dict()
    for _, wrong in ipairs { -1, 1.5, "3", 0 / 0 } do
      state.num_steps_completed = wrong
      state.num_epochs_completed = 9
      local ok, err = pcall(p.load_state_dict, p, state)
      assert.is_false(ok)
      assert.equal("format", err.kind)
      assert.equal(0, p.num_epochs_completed)
    end
  end)
end)

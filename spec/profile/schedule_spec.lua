local reference = require "spec.reference.profile_schedule"
local schedule = require "tnt.profile.schedule"

describe("profile.schedule", function()
  it("says of every step what torch.profiler.schedule says", function()
    assert.is_true(#reference > 50)
    for _, plan in ipairs(reference) do
      local actions = {}
      for step = 0, 19 do actions[step + 1] = schedule.at(plan, step) end
      assert.equal(plan.actions, table.concat(actions, " "))
    end
  end)
end)

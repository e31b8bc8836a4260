-- tnt.EarlyStopChecker's verdicts against those of TorchTNT's EarlyStopChecker
-- (scripts/parity/utilities.py). Values there are positive: with a negative best and threshold_mode
-- "rel" TorchTNT accepts worse values, and hooks/early_stop_spec.lua says what is done here.

local Checker = require "tnt.early_stop_checker"
local reference = require "spec.reference.utilities"

describe("tnt.EarlyStopChecker, compared with TorchTNT's", function()
  it("stops at the same values, also when it is asked on after a stop", function()
    assert.is_true(#reference.early_stop >= 100)
    local stops, goes_on = 0, 0
    for number, case in ipairs(reference.early_stop) do
      local stop = Checker(case.options)
      for i, value in ipairs(case.values) do
        local verdict = stop:check(value) ~= nil
        if verdict then stops = stops + 1 else goes_on = goes_on + 1 end
        assert.equal(case.answers[i], verdict, ("case %d, value %d"):format(number, i))
      end
    end
    assert.is_true(stops > 50 and goes_on > 50)
  end)
end)

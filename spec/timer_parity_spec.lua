-- The timer against TorchTNT's own (scripts/parity/utilities.py).

local reference = require "spec.reference.utilities"
local Timer = require "tnt.timer"

local function near(expected, actual)
  assert.is_true(math.abs(expected - actual) <= 1e-12 * math.max(1, math.abs(expected)),
    ("expected %.17g, got %.17g"):format(expected, actual))
end

describe("tnt.Timer, compared with TorchTNT's", function()
  it("gives the same rows in the same order", function()
    assert.is_true(#reference.timers >= 6)
    for _, case in ipairs(reference.timers) do
      local timer = Timer()
      for _, name in ipairs { "a", "b", "c" } do
        for _, seconds in ipairs(case.recorded[name]) do timer:add(name, seconds) end
      end
      local rows = timer:rows()
      assert.equal(#case.rows, #rows)
      for i, row in ipairs(case.rows) do
        assert.equal(row[1], rows[i].name)
        assert.equal(row[3], rows[i].calls)
        near(row[2], rows[i].mean)
        near(row[4], rows[i].total)
        near(row[5], rows[i].percent)
      end
      local found = timer:percentiles(case.asked)
      for name, values in pairs(case.percentiles) do
        local n = 0
        for key, value in pairs(values) do
          near(value, found[name][key])
          n = n + 1
        end
        assert.equal(#case.asked + 1, n)
      end
    end
  end)

  it("keeps the same samples when it is bounded", function()
    for _, case in ipairs(reference.bounded) do
      local timer = Timer { kind = "bounded", lower_bound = case.lower, upper_bound = case.upper }
      for i = 1, case.n do timer:add("a", i) end
      assert.same(case.kept, timer.recorded.a)
    end
  end)
end)

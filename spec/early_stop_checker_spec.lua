local tnt = require "tnt"

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("tnt.EarlyStopChecker", function()
  it("says why to stop, in a loop of one's own", function()
    local checker = tnt.EarlyStopChecker { patience = 2 }
    assert.is_nil(checker:check(3))
    assert.is_nil(checker:check(tnt.tensor { 2 }))
    assert.is_nil(checker:check(2))
    assert.equal("2: no improvement on 2 for 2 values", checker:check(2))
    assert.same({ 2, 2 }, { checker.best, checker.waited })
    assert.equal("nan: not finite", checker:check(0 / 0))
    checker:reset()
    assert.is_nil(checker:check(100))
    assert.equal(100, checker.best)
  end)

  it("asks in order: finite, goal, limit, improvement", function()
    local checker = tnt.EarlyStopChecker {
      mode = "max", stopping_threshold = 10, divergence_threshold = -10, patience = 1,
    }
    assert.is_nil(checker:check(-10)) -- met is not passed
    assert.equal("11: better than stopping_threshold 10", checker:check(11))
    assert.equal("-11: worse than divergence_threshold -10", checker:check(-11))
    assert.equal(-10, checker.best) -- neither counts as a value of the series
    assert.is_nil(checker:check(10))
    assert.equal("inf: not finite", checker:check(math.huge))
    assert.equal("10: no improvement on 10 for 1 value", checker:check(10))
  end)

  it("takes no value that is infinitely bad for an improvement", function()
    for mode, worst in pairs { min = math.huge, max = -math.huge } do
      local checker = tnt.EarlyStopChecker { mode = mode, check_finite = false, patience = 2 }
      assert.is_nil(checker:check(worst))
      assert.is_nil(checker.best)
      assert.matches("no improvement on nothing for 2 values", checker:check(0 / 0))
      assert.is_nil(checker:check(1))
      assert.equal(1, checker.best)
    end
  end)

  it("goes on where a state was taken", function()
    local first = tnt.EarlyStopChecker { patience = 3 }
    for _, value in ipairs { 2, 1, 5, 5 } do assert.is_nil(first:check(value)) end
    local second = tnt.EarlyStopChecker { patience = 3 }
    second:load_state_dict(first:state_dict())
    assert.is_nil(first:check(0.5))
    assert.same({ 1, 2 }, { second.best, second.waited }) -- a copy
    assert.truthy(second:check(5))
    for _, state in ipairs { false, {}, { waited = "x" }, { waited = 1, best = "x" } } do
      assert.equal("format", failure(second.load_state_dict, second, state).kind)
    end
  end)

  it("refuses what makes no sense", function()
    for option, value in pairs {
      mode = "least", patience = 0, min_delta = -1, threshold_mode = "absolute",
      stopping_threshold = "x", divergence_threshold = 0 / 0,
    } do
      local err = failure(tnt.EarlyStopChecker, { [option] = value })
      assert.equal("argument", err.kind)
      assert.truthy(err.message:find(option, 1, true), err.message)
    end
    assert.matches("did you mean 'patience'",
      failure(tnt.EarlyStopChecker, { patiance = 1 }).message)
    local checker = tnt.EarlyStopChecker()
    assert.equal("argument", failure(checker.check, checker, "1").kind)
    assert.equal("shape", failure(checker.check, checker, tnt.ones(2)).kind)
  end)
end)

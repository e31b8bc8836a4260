local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local log = require "tnt.log"
local train = require "tnt.train"

local record, failure = scratch.record, scratch.failure
local nan = 0 / 0

-- An evaluator that notes what it is given and takes everything for anomalous.
local function suspicious()
  local evaluator = { seen = {}, asked = 0 }
  function evaluator:update(value) self.seen[#self.seen + 1] = value end
  function evaluator:is_anomaly()
    self.asked = self.asked + 1
    return true
  end
  return evaluator
end

describe("tnt.log.Anomaly", function()
  before_each(rig.reset)

  it("has evaluators that tell values outside a range, and NaN", function()
    local function verdicts(evaluator)
      local list = { evaluator:is_anomaly() }
      for _, value in ipairs { -1, 0, 5, 10, 10.5, nan, math.huge, 3 } do
        evaluator:update(value)
        list[#list + 1] = evaluator:is_anomaly()
      end
      return list
    end
    local T, F = true, false
    assert.same({ F, T, F, F, F, T, T, T, F }, verdicts(log.Threshold { min = 0, max = 10 }))
    assert.same({ F, F, F, F, F, T, T, T, F }, verdicts(log.Threshold { max = 10 }))
    assert.same({ F, F, F, F, F, F, T, F, F }, verdicts(log.Threshold {}))
    assert.same({ F, F, F, F, F, F, T, F, F }, verdicts(log.IsNaN()))
    assert.equal("argument", failure(log.Threshold, { min = 2, max = 1 }).kind)
    assert.equal("argument", failure(log.Threshold, { min = "2" }).kind)
  end)

  it("looks at every value and asks after warm-up, at due steps", function()
    local evaluator, calls = suspicious(), {}
    local logger = log.Anomaly {
      tracked = { { name = "train/loss", evaluators = { evaluator }, warmup = 4, every = 2 } },
      on_anomaly = function(name, value, step, by)
        assert.equal(evaluator, by)
        calls[#calls + 1] = { name, value, step }
      end,
    }
    for step = 1, 9 do
      logger:log(record(step, { ["train/loss"] = step / 10, ["train/lr"] = 1 }))
      logger:log(record(step, { ["eval/loss"] = nan }))
    end
    assert.same({ 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9 }, evaluator.seen)
    assert.same({ { "train/loss", 0.6, 6 }, { "train/loss", 0.8, 8 } }, calls)
    assert.equal(2, #rig.warnings)
  end)

  it("tells metric, value, step and evaluator, and only warns when its function raises", function()
    local logger = log.Anomaly {
      tracked = { { name = "a", evaluators = { log.Threshold { max = 1 }, log.IsNaN() } } },
      on_anomaly = function() error "out of paper" end,
    }
    logger:log(record(5, { a = 2 }))
    assert.equal("anomaly: a is 2 at step 5 (Threshold(-inf to 1))", rig.warnings[1])
    assert.truthy(rig.warnings[2]:find("on_anomaly failed: .*out of paper"))
    logger:log(record(6, { a = nan }))
    assert.equal(6, #rig.warnings)
    assert.truthy(rig.warnings[5]:find("%(IsNaN%)$"))
  end)

  it("serves the loops", function()
    local unit = rig.unit(nil, { in_train_step = function(self, state)
      state:log("loss", self.train_progress.num_steps_completed == 1 and nan or 1)
    end })
    local found = {}
    train(unit, {
      train_dataloader = rig.batches(3), max_epochs = 1, bar = false,
      loggers = { log.Anomaly {
        tracked = { { name = "train/loss", evaluators = { log.IsNaN() } } },
        on_anomaly = function(_, _, step) found[#found + 1] = step end,
      } },
    })
    assert.same({ 2, 3 }, found) -- step 2, and the epoch's mean
  end)

  it("refuses what is configured twice or not at all", function()
    local one = { name = "a", evaluators = { log.IsNaN() } }
    local err = failure(log.Anomaly, { tracked = { one, one } })
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find("'a' is tracked twice", 1, true))
    for _, tracked in ipairs {
      {}, "a", { "a" }, { { name = "a" } }, { { name = "a", evaluators = {} } },
      { { name = "a", evaluators = { {} } } }, { { name = "a", evaluators = { log.IsNaN } } },
      { { name = 1, evaluators = { log.IsNaN() } } },
      { { name = "a", evaluators = { log.IsNaN() }, warmup = -1 } },
      { { name = "a", evaluators = { log.IsNaN() }, every = 0 } },
      { { name = "a", evaluators = { log.IsNaN() }, evry = 1 } },
    } do
      assert.equal("argument", failure(log.Anomaly, { tracked = tracked }).kind)
    end
    assert.equal("argument", failure(log.Anomaly, { tracked = { one }, on_anomaly = 3 }).kind)
  end)
end)

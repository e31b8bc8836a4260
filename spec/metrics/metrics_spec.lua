-- Metrics: values from a closed form, over several updates, and what they refuse.
local tnt = require "tnt"
local Accuracy, Mean, Metric = tnt.metrics.Accuracy, tnt.metrics.Mean, tnt.metrics.Metric

describe("metrics.Accuracy", function()
  local scores = tnt.tensor { { 0.1, 0.7, 0.2 }, { 0.5, 0.3, 0.2 }, { 0.3, 0.3, 0.4 }, { 0, 1, 2 } }
  scores:keep()

  it("is the share of rows whose best score is the target's", function()
    local m = Accuracy {}
    m:update(scores, tnt.i64 { 1, 0, 0, 1 })
    assert.equal(0.5, m:compute())
    m:update(scores, tnt.i64 { 1, 0, 2, 2 })
    assert.equal(0.75, m:compute())
    m:reset()
    assert.is_nil(m:compute())
  end)

  it("counts the k best", function()
    local m = Accuracy { topk = { 1, 2 } }
    m:update(scores, tnt.i64 { 2, 1, 0, 0 })
    local v = m:compute()
    assert.equal(0, v.accuracy)
    assert(v.accuracy_top2 >= 0.5, v.accuracy_top2)
    m:reset()
    m:update(scores, tnt.i64 { 1, 1, 2, 0 })
    v = m:compute()
    assert.equal(0.5, v.accuracy)
    assert.equal(0.75, v.accuracy_top2)
  end)

  it("takes class ids as predictions", function()
    local m = Accuracy {}
    m:update(tnt.i64 { 1, 2, 3 }, tnt.i64 { 1, 2, 0 })
    assert.is_true(math.abs(m:compute() - 2 / 3) < 1e-12)
  end)

  it("lives through steps in which its counts change", function()
    local m = Accuracy {}
    for _, target in tnt.steps { tnt.i64 { 1, 0, 2, 2 }, tnt.i64 { 0, 0, 0, 0 } } do
      tnt.scope(function()
        m:update(scores, target)
        for field, v in pairs(m) do -- order: free
          if tnt.is_tensor(v) then m[field] = v:keep() end
        end
      end)
    end
    assert.equal(5 / 8, m:compute())
  end)

  it("refuses what does not fit", function()
    local ok, err = pcall(Accuracy, { topk = { 0 } })
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    ok, err = pcall(Accuracy, { topkk = { 1 } })
    assert.is_false(ok)
    assert.matches("topk", err.message)
    ok, err = pcall(function() Accuracy {}:update(scores, tnt.i64 { 1 }) end)
    assert.is_false(ok)
    assert.equal("shape", err.kind)
  end)
end)

describe("metrics.Mean", function()
  it("is the mean over all rows", function()
    local m = Mean { function(x, y) return (x - y):abs() end, name = "error" }
    assert.equal("error", m.name)
    assert.is_nil(m:compute())
    m:update(tnt.tensor { 1, 2 }, tnt.tensor { 0, 0 })
    m:update(tnt.tensor { 6 }, tnt.tensor { 0 })
    assert.equal(3, m:compute())
  end)
end)

describe("metrics.Metric", function()
  it("collects values beyond their scope, without history", function()
    local m = Metric()
    local w = tnt.ones(2, { requires_grad = true })
    tnt.scope(function() m:collect(w * 3) end)
    assert.same({ 3, 3 }, m.collected[1]:totable())
    assert.is_false(m.collected[1].requires_grad)
    m:reset()
    assert.is_nil(m.collected)
  end)

  it("names the metric that was meant", function()
    local ok, err = pcall(function() return tnt.metrics.Acuracy end)
    assert.is_false(ok)
    assert.matches("Accuracy", err.message)
  end)
end)

local retention = require "tnt.checkpoint.retention"

local function list_of(values)
  local list = {}
  for i, value in ipairs(values) do
    list[i] = { text = "c" .. i, metric = value and "eval/loss" or nil, value = value or nil }
  end
  return list
end

local function texts(list)
  local found = {}
  for i, entry in ipairs(list) do found[i] = entry.text end
  return table.concat(found, " ")
end

local best = { monitor = "eval/loss", mode = "min", keep_n = 1 }

describe("retention", function()
  it("keeps the last n #tiny", function()
    local list = list_of { false, false, false, false }
    assert.equal("c1 c2 c3", texts(retention.surplus(list, 1)))
    assert.equal("c1", texts(retention.surplus(list, 3)))
    assert.equal("", texts(retention.surplus(list, 4)))
    assert.equal("", texts(retention.surplus(list, nil)))
  end)

  it("keeps the best beside the last", function()
    local list = list_of { 0.5, 0.1, 0.3, false, 0.2 }
    assert.equal("c1 c3 c4", texts(retention.surplus(list, 1, best)))
    assert.equal("c1", texts(retention.surplus(list, 3, best)))
    assert.equal("c2 c3 c4", texts(retention.surplus(list, 1,
      { monitor = "eval/loss", mode = "max", keep_n = 1 })))
    assert.equal("c1 c4", texts(retention.surplus(list, 1,
      { monitor = "eval/loss", mode = "min", keep_n = 3 })))
    assert.equal("c1 c2 c3 c4", texts(retention.surplus(list, 1,
      { monitor = "eval/acc", mode = "min", keep_n = 3 })))
  end)

  it("takes a metric of 0 as one, and nan as none", function()
    local list = list_of { 0, 0 / 0, 0.3 }
    assert.equal("c1 c3", texts(retention.ranked(list, "eval/loss", "min")))
    assert.equal("c2", texts(retention.surplus(list, 1, best)))
  end)

  it("of equals prefers the later one under max, the earlier one under min", function()
    local list = list_of { 1, 1, 1 }
    assert.equal("c3 c2 c1", texts(retention.ranked(list, "eval/loss", "max")))
    assert.equal("c1 c2 c3", texts(retention.ranked(list, "eval/loss", "min")))
  end)
end)

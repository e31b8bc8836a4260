local Running = require "tnt.loop.running"
local Progress = require "tnt.progress"

describe("running values", function()
  after_each(function() Running.all_reduce = nil end)

  -- Two processes with the same names; the second one's numbers stand here.
  it("are reduced over all processes once, when the epoch ends", function()
    local other = { sum = { 10, 2, 5, 1, 7, 1, 4, 1, 0, 0 }, max = { 9 }, min = { -3 } }
    local asked = {}
    Running.all_reduce = function(list, op)
      asked[#asked + 1] = op .. " " .. #list
      for i = 1, #list do
        if op == "sum" then
          list[i] = list[i] + other.sum[i]
        elseif op == "max" and list[i] > -math.huge then
          list[i] = math.max(list[i], other.max[1])
        elseif op == "min" and list[i] < math.huge then
          list[i] = math.min(list[i], other.min[1])
        end
      end
    end
    local running, progress = Running("train", nil, {}), Progress()
    -- In sorted order: a mean, b max, c min, d sum, e last.
    running:log("d", 3, { reduce = "sum" })
    running:log("a", 4, { weight = 3 })
    running:log("b", 1, { reduce = "max" })
    running:log("c", 1, { reduce = "min" })
    running:log("e", 8, { reduce = "last" })
    running:flush("train", progress)
    assert.same({
      ["train/a"] = (4 * 3 + 10) / (3 + 2), ["train/b"] = 9, ["train/c"] = -3, ["train/d"] = 7,
      ["train/e"] = 8,
    }, running:finish())
    assert.same({ "sum 10", "max 5", "min 5" }, asked)
  end)

  it("without a weight have no mean", function()
    local running, progress = Running("eval", nil, {}), Progress()
    running:log("a", 4, { weight = 0 })
    running:flush("eval", progress)
    assert.same({}, running:finish())
  end)

  it("go on from a state as if nothing had been in between", function()
    local one, progress, latest = Running("train", nil, {}), Progress(), {}
    local options = { window = 3, reduce = "mean", weight = 2 }
    for i = 1, 4 do
      one:log("x", i, options)
      one:end_step("train", progress)
    end
    one:flush("train", progress)
    local two = Running("train", nil, latest)
    two:load_state_dict(one:state_dict())
    two:log("x", 8, options)
    two:flush("train", progress)
    assert.same({ ["train/x"] = 5 }, latest) -- of 3, 4 and 8
    assert.same({ ["train/x"] = (1 + 2 + 3 + 4 + 8) / 5 }, two:finish())
  end)
end)

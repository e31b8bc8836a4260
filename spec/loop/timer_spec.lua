local Timer = require "tnt.loop.timer"

describe("the iteration timer", function()
  it("keeps the newest 1024 samples, counts all, and gives their mean", function()
    local timer = Timer()
    assert.is_nil(timer:mean "data_wait_time")
    for i = 1, 3000 do Timer.add(timer.data_wait_time, i) end
    assert.equal(3000, timer.data_wait_time.count)
    assert.equal(3000, timer.data_wait_time.last)
    assert.equal(2999, timer:mean("data_wait_time", 3))
    assert.equal(3000 - 1023 / 2, timer:mean "data_wait_time")
    assert.equal(1024, #timer.data_wait_time)
    assert.equal(0, timer.train_iteration_time.count)
  end)
end)

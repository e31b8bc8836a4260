local log = require "tnt.log"
local scratch = require "spec.log.scratch"

describe("tnt.log.Memory", function()
  teardown(scratch.clean)

  it("keeps copies of records, and gives series", function()
    local logger = log.Memory()
    assert.is_false(logger.is_open)
    logger:open()
    assert.is_true(logger.is_open)
    local first = scratch.record(1, { a = 1, b = 2 })
    logger:log(first)
    first.values.a, first.names[1], first.step = 9, "z", 9
    logger:log(scratch.record(2, { a = 3 }))
    logger:log(scratch.record(2, { a = 5 }, { at = "epoch", epoch = 1 }))
    logger:close()
    assert.is_false(logger.is_open)
    assert.same(scratch.record(1, { a = 1, b = 2 }), logger.records[1])
    assert.same({ { 1, 3, 5 }, { 1, 2, 2 } }, { logger:series "a" })
    assert.same({ { 5 }, { 2 } }, { logger:series("a", "epoch") })
    assert.same({ {}, {} }, { logger:series "none" })
  end)
end)

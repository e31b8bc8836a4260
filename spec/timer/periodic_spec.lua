local clock = require "tnt.loop.clock"
local group = require "tnt.dist.group"
local tnt = require "tnt"

describe("tnt.PeriodicTimer", function()
  local now, time = clock.now, 0
  before_each(function()
    time = 0
    clock.now = function() return time end
  end)
  after_each(function() clock.now = now end)

  it("gives its answer one call late, and begins a period when it was true", function()
    local timer = tnt.PeriodicTimer { seconds = 10 }
    -- The answers of TorchTNT's FullSyncPeriodicTimer, asked at these seconds.
    local answers = {}
    for i, at in ipairs { 5, 10, 11, 12, 20, 21, 22, 40, 41, 42 } do
      time = at
      answers[i] = timer:check()
    end
    assert.same({ false, false, true, false, false, false, true, false, true, false }, answers)
  end)

  it("answers as TorchTNT's timer does", function()
    local reference = require("spec.reference.utilities").periodic
    assert.is_true(#reference >= 12)
    local yes = 0
    for number, case in ipairs(reference) do
      time = 0
      local timer = tnt.PeriodicTimer { seconds = case.seconds }
      for i, at in ipairs(case.asked) do
        time = at
        local answer = timer:check()
        assert.equal(case.answers[i], answer, ("case %d, call %d"):format(number, i))
        if answer then yes = yes + 1 end
      end
    end
    assert.is_true(yes > 12)
  end)

  it("is told by rank 0", function()
    local open = group.open
    local told = {}
    group.open = function(place)
      local other = open(place)
      other.rank, other.size = 1, 2
      function other.broadcast_object(_, _, source)
        assert.equal(0, source)
        return table.remove(told, 1)
      end
      return other
    end
    tnt.dist.destroy()
    tnt.dist.init()
    group.open = open
    local timer = tnt.PeriodicTimer { seconds = 10 }
    told = { true, false, true }
    assert.same({ false, true, false }, { timer:check(), timer:check(), timer:check() })
    tnt.dist.destroy()
  end)

  it("refuses what is no period", function()
    for _, options in ipairs { { seconds = -1 }, { seconds = "x" }, { interval = 3 }, {} } do
      local ok, err = pcall(tnt.PeriodicTimer, options)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
    end
  end)
end)

describe("tnt.log_elapsed_time", function()
  local message = require "tnt.loop.message"
  local now, said = clock.now, nil
  before_each(function()
    local time = 0
    clock.now = function() time = time + 1.5; return time end
    said = {}
    message.sink = function(level, text) said[#said + 1] = level .. ": " .. text end
  end)
  after_each(function() clock.now, message.sink = now, nil end)

  it("gives back what the function gives, and tells how long it took", function()
    local a, b, c = tnt.log_elapsed_time("reading", function(x) return x, nil, 3 end, 1)
    assert.same({ 1, nil, 3 }, { a, b, c })
    assert.same({ "info: reading took 1.5 seconds" }, said)
  end)

  it("tells it when the function raises, too", function()
    local ok, err = pcall(tnt.log_elapsed_time, "reading", function()
      tnt.errors.raise("io", "gone")
    end)
    assert.is_false(ok)
    assert.equal("io", err.kind)
    assert.same({ "info: reading took 1.5 seconds and failed" }, said)
    ok, err = pcall(tnt.log_elapsed_time, "x")
    assert.is_false(ok)
    assert.equal("argument", err.kind)
  end)
end)

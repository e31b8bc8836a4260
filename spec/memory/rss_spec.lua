local clock = require "tnt.loop.clock"
local core = require "tnt.core"
local tnt = require "tnt"

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  return err
end

describe("tnt.measure_rss_deltas", function()
  it("gives how much more memory the process holds, at the end too", function()
    local bytes = 64 * 2 ^ 20
    local deltas, a, b = tnt.measure_rss_deltas(function(...)
      local x = tnt.ones(bytes / 4)
      return x, ...
    end, "b")
    assert.equal("b", b)
    assert.is_true(#deltas >= 1)
    assert.is_true(deltas[#deltas] > 0.9 * bytes, tostring(deltas[#deltas]))
    a:free()
    -- its block stays in the cache, where it would spare the next measurement a rise
    core.C.tnt_empty_cache()
  end)

  it("looks every interval, by a thread of its own", function()
    local deltas = tnt.measure_rss_deltas({ interval = 0.0005 }, function()
      local x = tnt.ones(300, 300)
      local till = clock.now() + 0.05 -- work, not sleep: the thread looks meanwhile
      while clock.now() < till do x:sum():item() end
    end)
    assert.is_true(#deltas >= 2, tostring(#deltas))
  end)

  it("ends also when the function raises; refuses one within another", function()
    assert.equal("no", failure(tnt.measure_rss_deltas, function() error("no", 0) end))
    local inner
    tnt.measure_rss_deltas(function()
      inner = failure(tnt.measure_rss_deltas, function() end)
    end)
    assert.equal("state", inner.kind)
    assert.equal("argument", failure(tnt.measure_rss_deltas, 3).kind)
    assert.equal("argument", failure(tnt.measure_rss_deltas, { interval = 0 }, print).kind)
    assert.equal("argument", failure(tnt.measure_rss_deltas, { every = 1 }, print).kind)
  end)
end)

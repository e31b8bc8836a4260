local balance = require "spec.balance"
local tnt = require "tnt"
local clock = require "tnt.loop.clock"
local process = require "spec.cli.process"

local DataLoader, profile = tnt.data.DataLoader, tnt.data.profile

-- A file that keeps what is written.
local function kept()
  local text = {}
  return { write = function(_, part) text[#text + 1] = part end },
    function() return table.concat(text) end
end

describe("tnt.data.profile", function()
  local now, time
  before_each(function()
    now, time = clock.now, 0
    clock.now = function() return time end
  end)
  after_each(function() clock.now = now end)

  -- A loader whose iterate takes 2 s and whose i-th batch takes i s.
  local function slow(n)
    return {
      iterate = function()
        time = time + 2
        local i = 0
        return function()
          i = i + 1
          time = time + i
          return i <= n and { x = tnt.full({ 2 }, i) } or nil
        end
      end,
    }
  end

  it("measures iterate and each batch, and not the end", function()
    local out, text = kept()
    local timer, rows = profile(slow(100), { out = out })
    assert.same({ 2 }, timer.recorded.iterate)
    assert.equal(100, #timer.recorded.fetch)
    -- Of 1 ... 100: the lower one of the two durations between which the percentile lies.
    assert.same({
      { name = "iterate", count = 1, mean = 2, p50 = 2, p90 = 2, p99 = 2, total = 2 },
      { name = "fetch", count = 100, mean = 50.5, p50 = 50, p90 = 90, p99 = 99, total = 5050 },
    }, rows)
    assert.equal(table.concat({
      "            count    mean (ms)     p50 (ms)     p90 (ms)     p99 (ms)   total (ms)",
      "iterate         1    2000.0000    2000.0000    2000.0000    2000.0000    2000.0000",
      "fetch         100   50500.0000   50000.0000   90000.0000   99000.0000 5050000.0000",
    }, "\n") .. "\n", text())
  end)

  it("reads no more than max_steps, and goes on in the same timer", function()
    local timer = tnt.Timer()
    local back, rows = profile(slow(9), { max_steps = 3, timer = timer, out = false })
    assert.equal(timer, back)
    assert.same({ 1, 2, 3 }, timer.recorded.fetch)
    assert.equal(6, rows[2].total)
    profile(slow(9), { max_steps = 1, timer = timer, out = false })
    assert.same({ 1, 2, 3, 1 }, timer.recorded.fetch)
  end)

  it("takes every kind of loader, and one without batches", function()
    for _, loader in ipairs {
      DataLoader({ 1, 2, 3 }, {}), { 1, 2, 3 },
      function()
        local i = 0
        return function()
          i = i + 1
          return i < 4 and i or nil
        end
      end,
      tnt.data.MultiDataLoader({ a = { 1 }, b = { 1, 2 } }, "round_robin", {}),
    } do
      local _, rows = profile(loader, { out = false })
      assert.equal(3, rows[2].count)
    end
    local _, rows = profile({}, { out = false })
    assert.equal(1, #rows)
    _, rows = profile(tnt.data.endless(DataLoader({ 1 }, {})), { max_steps = 5, out = false })
    assert.equal(5, rows[2].count)
  end)

  it("copies to a device", function()
    local _, rows = profile(slow(4), { device = "cpu", out = false })
    assert.equal("copy", rows[3].name)
    assert.equal(4, rows[3].count)
  end)

  it("keeps no batch", function()
    profile(slow(2), { device = "cpu", out = false })
    balance.collect()
    local before = tnt.memory().live_tensors
    profile(slow(50), { device = "cpu", out = false })
    balance.collect()
    assert.equal(before, tnt.memory().live_tensors)
  end)

  it("says which arguments are wrong", function()
    local function refused(pattern, ...)
      local ok, err = pcall(profile, ...)
      assert.is_false(ok)
      assert.equal("argument", err.kind, tostring(err))
      assert.truthy(tostring(err):find(pattern), tostring(err))
    end
    refused("expected a loader .* got number", 3)
    refused("no end; say how many", tnt.data.endless(DataLoader({ 1 }, {})))
    refused("max_steps must be a whole number from 1", { 1 }, { max_steps = 0 })
    refused("did you mean 'max_steps'", { 1 }, { maxsteps = 1 })
    refused("timer is a tnt.Timer that keeps durations .* got kind 'aggregated'", { 1 },
      { timer = tnt.Timer { kind = "aggregated" } })
    refused("timer is a tnt.Timer .* got table", { 1 }, { timer = {} })
  end)

  it("is a command", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write [[
      local tnt = require "tnt"
      return { a = tnt.data.DataLoader({ 1, 2, 3 }, {}), b = { 1, 2, 3, 4, 5 } }
    ]]
    file:close()
    local out, err, status = process.run { "-m", "tnt.data.profile", path, "--max-steps", "4" }
    assert.equal(0, status, err)
    assert.truthy(out:find "^a\n.*\nfetch +3 .*\nb\n.*\nfetch +4 ")
    out, err, status = process.run { "-m", "tnt.data.profile" }
    assert.equal("", out)
    assert.equal(1, status)
    assert.truthy(err:find "expected one file or module that returns a loader, got 0", err)
    out, err, status = process.run { "-m", "tnt.data.profile", "no.such.module" }
    assert.same({ "", 1 }, { out, status })
    assert.truthy(err:find "no.such.module", err)
    os.remove(path)
  end)
end)

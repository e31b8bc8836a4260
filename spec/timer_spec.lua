local clock = require "tnt.loop.clock"
local message = require "tnt.loop.message"
local Timer = require "tnt.timer"

local time = 0
clock.now = function() return time end
local function pass(seconds) time = time + seconds end

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("tnt.Timer", function()
  before_each(function() time = 100 end)

  it("records scopes that nest, and gives back what a function gives", function()
    local timer = Timer()
    local a, b, c = timer:time("outer", function(x)
      pass(1)
      timer:begin "inner"
      pass(2)
      assert.equal(2, timer:stop "inner")
      timer:time("inner", pass, 4)
      return x, nil, 7
    end, 5)
    assert.same({ 5, nil, 7 }, { a, b, c })
    assert.same({ outer = { 7 }, inner = { 2, 4 } }, timer.recorded)
    timer:begin "r"
    timer:begin "r"
    pass(1)
    timer:stop "r"
    pass(1)
    timer:stop "r"
    assert.same({ 1, 2 }, timer.recorded.r)
    timer:reset()
    assert.same({}, timer.recorded)
  end)

  it("does not record a scope that an error leaves", function()
    local timer = Timer()
    assert.equal("x", failure(timer.time, timer, "a", function() error("x", 0) end))
    timer:begin "outer"
    pcall(function()
      timer:begin "lost"
      error "y"
    end)
    pass(3)
    timer:stop "outer"
    assert.same({ outer = { 3 } }, timer.recorded)
    local err = failure(timer.stop, timer, "lost")
    assert.equal("state", err.kind)
    timer:begin "b"
    err = failure(timer.stop, timer, "c")
    assert.truthy(tostring(err):find("no scope 'c' is open (open: 'b')", 1, true))
  end)

  it("gives mean, calls, total and share, the largest first", function()
    local timer = Timer()
    for _, entry in ipairs { { "a", 1 }, { "b", 6 }, { "a", 2 }, { "c", 1 } } do
      timer:time(entry[1], pass, entry[2])
    end
    assert.same({
      { name = "b", mean = 6, calls = 1, total = 6, percent = 60 },
      { name = "a", mean = 1.5, calls = 2, total = 3, percent = 30 },
      { name = "c", mean = 1, calls = 1, total = 1, percent = 10 },
    }, timer:rows())
    assert.equal([[
Timer report
name   mean (s)  calls  total (s)    %
--------------------------------------
total         -      4         10  100
--------------------------------------
b             6      1          6   60
a           1.5      2          3   30
c             1      1          1   10
]], tostring(timer))
    assert.equal("Timer report: nothing was recorded\n", Timer():summary())
    local still = Timer()
    still:time("a", pass, 0)
    assert.equal(0, still:rows()[1].percent)
  end)

  it("snaps percentiles to durations that were recorded, the lower one", function()
    local timer = Timer()
    for _, seconds in ipairs { 4, 1, 3, 2 } do timer:add("a", seconds) end
    assert.same({ a = { p0 = 1, p50 = 2, ["p99.9"] = 3, p100 = 4, avg = 2.5 } },
      timer:percentiles { 99.9, 0, 100, 50 })
    assert.equal("| Name |   p50 |   avg |\n| -----|-------|------ |\n| a    | 2.000 | 2.500 |\n",
      timer:percentile_table { 50 })
    assert.equal("", Timer():percentile_table { 50 })
    for _, list in ipairs { { -1 }, { 100.5 }, { 0 / 0 }, { "50" } } do
      assert.equal("argument", failure(timer.percentiles, timer, list).kind)
    end
  end)

  it("keeps the newest of each name when it is bounded, and sums alone when aggregated", function()
    local timer = Timer { kind = "bounded", lower_bound = 2, upper_bound = 4 }
    for i = 1, 3 do timer:add("a", i) end
    timer:add("b", 9)
    assert.same({ a = { 1, 2, 3 }, b = { 9 } }, timer.recorded)
    timer:add("a", 4)
    assert.same({ a = { 3, 4 }, b = { 9 } }, timer.recorded)
    assert.same({ 4, 10 }, { timer:rows()[1].calls, timer:rows()[1].total })
    local sums = Timer { kind = "aggregated" }
    for i = 1, 4 do sums:add("a", i) end
    assert.same({}, sums.recorded)
    assert.equal(2.5, sums:rows()[1].mean)
    assert.equal("state", failure(sums.percentiles, sums, { 50 }).kind)
  end)

  it("tells durations when asked to", function()
    local before, told = message.sink, {}
    message.sink = function(level, text) told[#told + 1] = level .. ": " .. text end
    Timer { verbose = true }:time("load", pass, 0.25)
    message.sink = before
    assert.same({ "info: load took 0.25 seconds" }, told)
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs {
      { kind = "some" }, { lower_bound = 0 }, { lower_bound = 4, upper_bound = 4 },
    } do
      assert.equal("argument", failure(Timer, options).kind)
    end
    assert.truthy(tostring(failure(Timer, { cuda_sync = true })):find("called sync here", 1, true))
    assert.equal("argument", failure(Timer().begin, Timer(), 3).kind)
    local cuda = require "tnt.cuda"
    if not cuda.is_available() then
      assert.truthy(tostring(failure(Timer, { sync = true })):find("device", 1, true))
    end
  end)

  it("waits for the device at both ends where there is one", function()
    local cuda = require "tnt.cuda"
    local available, synchronize, waits = cuda.is_available, cuda.synchronize, 0
    cuda.is_available = function() return true end
    cuda.synchronize = function() waits = waits + 1 end
    Timer():time("a", pass, 1)
    Timer { sync = false }:time("a", pass, 1)
    cuda.is_available, cuda.synchronize = available, synchronize
    assert.equal(2, waits)
  end)
end)

describe("tnt.Timer across processes", function()
  local group = require "tnt.dist.group"
  local tnt = require "tnt"
  local open = group.open
  after_each(function()
    group.open = open
    tnt.dist.destroy()
  end)

  it("takes in the durations of all, each process' after the other's", function()
    group.open = function(place)
      local two = open(place)
      two.size = 2
      function two.all_gather_object(_, mine) return { mine, { a = { 1, 9 }, c = { 7 } } } end
      return two
    end
    tnt.dist.destroy()
    local timer = Timer()
    timer:add("b", 2)
    timer:add("a", 3)
    assert.same({ a = { p50 = 3, avg = 3 }, b = { p50 = 2, avg = 2 } }, timer:percentiles { 50 })
    assert.same({
      a = { p50 = 3, p100 = 9, avg = 13 / 3 }, b = { p50 = 2, p100 = 2, avg = 2 },
      c = { p50 = 7, p100 = 7, avg = 7 },
    }, timer:percentiles({ 50, 100 }, { all_ranks = true }))
    assert.equal([[
| Name |   p50 |   avg |
| -----|-------|------ |
| b    | 2.000 | 2.000 |
| a    | 3.000 | 4.333 |
| c    | 7.000 | 7.000 |
]], timer:percentile_table({ 50 }, { all_ranks = true }))
  end)

  it("is the same with one process", function()
    local timer = Timer()
    timer:add("a", 3)
    timer:add("a", 5)
    assert.same(timer:percentiles { 0, 50, 99 }, timer:percentiles({ 0, 50, 99 },
      { all_ranks = true }))
    assert.matches("did you mean 'all_ranks'",
      failure(timer.percentiles, timer, { 50 }, { all_rank = true }).message)
  end)
end)

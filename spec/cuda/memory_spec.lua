-- The caching allocator of cards: what it asks the driver for, keeps, cuts, joins and gives back,
-- and what it says when there is no more. #cuda
local card = require "spec.cuda.card"
local process = require "spec.cli.process"
local tnt = require "tnt"

if not card.available "memory of cards" then return end

local MB = 2 ^ 20

local function bytes(n, which)
  return tnt.empty({ n }, { dtype = "u8", device = which or "cuda" })
end

-- Counts since `from`, the state after everything unused was given back.
local function start(which)
  collectgarbage()
  collectgarbage()
  tnt.cuda.empty_cache(which)
  local from = tnt.cuda.memory(which)
  return function()
    local now = tnt.cuda.memory(which)
    return {
      live = now.live - from.live, cached = now.cached - from.cached,
      segments = now.segments - from.segments, asked = now.allocations - from.allocations,
      peak = now.peak - from.live, fragmentation = now.fragmentation, free = now.free - from.free,
    }
  end
end

describe("memory of cards #cuda", function()
  if not card.caches() then
    it("is cached", function() pending "TNT_CUDA_CACHE=none" end)
    return
  end

  it("is used again without asking the driver", function()
    local since = start()
    bytes(5 * MB):free()
    assert.equal(1, since().asked)
    for i = 1, 20 do
      local a, b = bytes(5 * MB), bytes((4 + i % 3) * MB)
      a:free()
      b:free()
    end
    assert.equal(1, since().asked)
    assert.equal(0, since().live)
    assert.equal(20 * MB, since().cached)
  end)

  it("is cut, and joined again whatever goes first", function()
    for _, order in ipairs { { 1, 2, 3 }, { 3, 2, 1 }, { 2, 1, 3 }, { 1, 3, 2 } } do
      local since = start()
      local list = { bytes(5 * MB), bytes(5 * MB), bytes(5 * MB) }
      assert.same({ 1, 15 * MB, 5 * MB }, { since().asked, since().live, since().cached })
      for _, i in ipairs(order) do list[i]:free() end
      local whole = bytes(20 * MB)
      assert.same({ 1, 20 * MB, 0 }, { since().asked, since().live, since().cached })
      whole:free()
    end
  end)

  it("for small tensors is cut of pieces of their own", function()
    local since = start()
    local list = {}
    for i = 1, 100 do list[i] = bytes(1000) end
    assert.same({ 1, 100 * 1024 }, { since().asked, since().live })
    assert.equal(2 * MB - 100 * 1024, since().cached)
    local large = bytes(1.5 * MB)
    assert.equal(2, since().asked)
    for i = 1, 100 do list[i]:free() end
    large:free()
    tnt.cuda.empty_cache()
    assert.same({ 0, 0, 0 }, { since().cached, since().segments, since().live })
  end)

  it("is told apart: live, its peak, cached, in pieces", function()
    local since = start()
    tnt.cuda.reset_peak_memory()
    local a, b, c = bytes(5 * MB), bytes(5 * MB), bytes(5 * MB)
    a:free()
    assert.equal(15 * MB, since().peak)
    assert.equal(0.5, since().fragmentation) -- the first five and the last five of twenty
    tnt.cuda.reset_peak_memory()
    assert.equal(10 * MB, since().peak)
    b:free()
    c:free()
    assert.equal(0, since().fragmentation)
    assert.equal(10 * MB, since().peak)
    local none = tnt.empty({ 0 }, { device = "cuda" })
    assert.is_true(since().live <= 512)
    none:free()
  end)

  it("is given back by empty_cache, but for pieces in use", function()
    local since = start()
    local a, b = bytes(5 * MB), bytes(30 * MB)
    b:free()
    tnt.cuda.empty_cache()
    assert.same({ 1, 15 * MB }, { since().segments, since().cached })
    assert.equal(-20 * MB, since().free)
    a:free()
    tnt.cuda.empty_cache()
    assert.same({ 0, 0, 0 }, { since().segments, since().cached, since().free })
  end)

  it("that two streams worked on is used again, in its turn", function()
    local total = tnt.zeros({ MB }, { device = "cuda" })
    local since
    for i = 1, 40 do
      if i == 10 then since = tnt.cuda.memory() end
      local pinned = tnt.full({ MB }, i):pin_memory()
      local x = pinned:to "cuda"
      pinned:free()
      total:add_(x)
      x:free() -- the compute stream has yet to read it
    end
    assert.equal(since.allocations, tnt.cuda.memory().allocations)
    assert.equal(820, total:min():item())
    assert.equal(820, total:max():item())
  end)

  it("belongs to one card each", function()
    if tnt.cuda.device_count() < 2 then return pending "there is one card" end
    local first, second = start "cuda:0", start "cuda:1"
    local x = bytes(3 * MB, "cuda:1")
    assert.same({ 0, 3 * MB }, { first().live, second().live })
    assert.equal(0, first().asked)
    x:free()
    tnt.cuda.empty_cache "cuda:0"
    assert.equal(20 * MB, second().cached)
    tnt.cuda.empty_cache(1)
    assert.equal(0, second().cached)
  end)

  it("of a captured step is its own until it is dropped", function()
    local since = start()
    local w = tnt.ones({ 200, 100 }, { device = "cuda" })
    local graph = tnt.Graph { function(batch)
      local h = batch:mm(w)
      local big = h:mul(2):add(1)
      h:free()
      return big:relu():sum()
    end, device = "cuda" }
    local x = tnt.ones({ 50, 200 }, { device = "cuda" })
    local want
    for i = 1, 8 do
      x:fill_(i)
      local y = graph:run(x)
      want = 50 * 100 * (2 * 200 * i + 1)
      assert.equal(want, y:item())
      -- what else is made meanwhile lies elsewhere
      local others = {
        tnt.full({ 50, 100 }, -1, { device = "cuda" }), tnt.zeros({ 1 }, { device = "cuda" }),
      }
      assert.equal(want, y:item())
      for _, other in ipairs(others) do other:free() end
    end
    assert.is_true(graph:is_captured())
    graph:release()
    w:free()
    x:free()
    collectgarbage()
    collectgarbage()
    tnt.cuda.empty_cache()
    assert.same({ 0, 0 }, { since().live, since().free })
  end)

  it("is used again within a captured step too", function()
    local since = start()
    local x = bytes(2 * MB):to "f32"
    local graph = tnt.Graph { function(batch)
      local h = batch:add(1)
      for _ = 1, 30 do
        local next_one = h:add(1)
        h:free()
        h = next_one
      end
      return h
    end, device = "cuda" }
    x:fill_(0)
    for _ = 1, 5 do assert.equal(31, graph:run(x):max():item()) end
    assert.is_true(graph:is_captured())
    assert.is_true(since().live + since().cached < 100 * MB) -- thirty of them are 240
    -- what the step works in is taken as long as the step lives
    assert.is_true(since().live >= 3 * 8 * MB, "its memory is not counted")
    graph:release()
    x:free()
  end)

  it("that ends: the cache goes first, then the error says who holds what", function()
    if not card.emulated() then return pending "a real card has too much of it" end
    local out, err, status = process.run({ "-e", [[
local tnt = require "tnt"
local MB = 2 ^ 20
local function bytes(n) return tnt.empty({ n }, { dtype = "u8", device = "cuda" }) end
bytes(30 * MB):free()
local x = bytes(50 * MB) -- fits once the thirty are given back
local m = tnt.cuda.memory()
print(m.allocations, m.segments, m.live / MB, m.cached / MB)
local y = tnt.ones({ 100 }, { device = "cuda" })
local ok, e = pcall(bytes, 40 * MB)
print(ok, e.kind, e.message)
print(y:sum():item(), tnt.cuda.memory().live / MB)
x:free()
y:free()
collectgarbage() -- the sum
collectgarbage()
tnt.cuda.empty_cache()
x = bytes(36 * MB)
local z = bytes(16.5 * MB) -- of the 17 left: the piece is not rounded to 18
print(tnt.cuda.memory().segments, tnt.cuda.memory().cached)
]] }, { env = "TNT_EMULATED_BYTES=" .. 53 * MB })
    assert.equal(0, status, err)
    local lines = {}
    for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.equal("2\t1\t50\t0", lines[1])
    assert.matches("^false\tmemory\t.*cuda:0 is out of memory: u8 %[41943040%] needs 41%.9 MB; "
      .. "of 56 MB, tensors hold 52%.4 MB %(captured steps 0%.0 of it; peak 52%.4%), "
      .. "the cache 2%.1 MB, others 0%.0 MB; "
      .. "%d+ tensors are alive", lines[2])
    assert.matches("^100\t50%.", lines[3])
    assert.equal("2\t0", lines[4])
  end)
end)

describe("without the cache, memory of cards #cuda", function()
  local function none(code)
    local out, err, status = process.run({ "-e", "local tnt = require 'tnt'\n" .. code },
      { env = "TNT_CUDA_CACHE=none" })
    return out, err, status
  end

  it("is an allocation of its own for each tensor, of just its bytes", function()
    local out, err, status = none [[
local before = tnt.cuda.memory()
local list = {}
for i = 1, 5 do list[i] = tnt.zeros({ 10 * i }, { device = "cuda" }) end
local m = tnt.cuda.memory()
print(m.allocations - before.allocations, m.segments - before.segments, m.live - before.live,
  m.cached)
for i = 1, 5 do list[i]:free() end
m = tnt.cuda.memory()
print(m.segments - before.segments, m.live - before.live, m.cached)
tnt.zeros({ 10 }, { device = "cuda" }):free()
print(tnt.cuda.memory().allocations - m.allocations)]]
    assert.equal(0, status, err)
    assert.equal("5\t5\t600\t0\n0\t0\t0\n1\n", out)
  end)

  it("holds what it did with it, in a captured step too", function()
    local out, err, status = none [[
local w = tnt.full({ 30 }, 2, { device = "cuda" })
local graph = tnt.Graph { function(x) return ((x * w):exp() + x):sum() end }
local x = tnt.full({ 30 }, 0.5, { device = "cuda" })
local live = tnt.cuda.memory().live
for _ = 1, 6 do print(("%.4f"):format(graph:run(x):item())) end
print(graph:is_captured())
graph:release()
collectgarbage()
collectgarbage()
print(tnt.cuda.memory().live - live)]]
    assert.equal(0, status, err)
    local sum = ("%.4f\n"):format(30 * (math.exp(1) + 0.5))
    assert.equal(sum:rep(6) .. "true\n", out:match "^(.-true\n)")
    assert.equal("0", out:match "true\n(%-?%d+)\n$") -- what the graph kept of inputs went too
  end)

  it("is asked for by one word", function()
    local out = process.run({ "-e", "print(require 'tnt'.cuda.is_available())" },
      { env = "TNT_CUDA_CACHE=some" })
    assert.equal('false\tTNT_CUDA_CACHE is "none" or not set, got "some"\n', out)
  end)
end)

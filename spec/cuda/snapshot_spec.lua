-- Histories of memory on cards: blocks by stream, segments, pinned memory, captured steps, and what
-- the hook writes when a card's memory ends. #cuda
local balance = require "spec.balance"
local card = require "spec.cuda.card"
local cjson = require "cjson"
local process = require "spec.cli.process"
local tnt = require "tnt"

if not card.available "memory snapshots of cards" then return end

local MB = 2 ^ 20

local function text_of(event)
  return ("%s %d %s %s %s"):format(event.action, event.bytes, event.device, tostring(event.stream),
    tostring(event.op))
end

local function on(snapshot, device)
  local list = {}
  for _, event in ipairs(snapshot.events) do
    if event.device == device then list[#list + 1] = event end
  end
  return list
end

local function texts(events)
  local list = {}
  for i, event in ipairs(events) do list[i] = text_of(event) end
  return list
end

describe("tnt.memory_snapshot on a card #cuda", function()
  before_each(function()
    balance.collect()
    tnt.cuda.empty_cache()
  end)

  it("tells every block and segment, by stream, operation and line", function()
    local before, here = tnt.cuda.memory(), nil
    local snapshot, y = tnt.memory_snapshot(function()
      local x = tnt.empty({ 2 * MB }, { device = "cuda" })
      here = debug.getinfo(1, "l").currentline + 1
      local y = x:mul(3)
      x:free()
      return y
    end)
    local events = on(snapshot, "cuda:0")
    assert.same({
      "segment_alloc 20971520 cuda:0 compute nil", "alloc 8388608 cuda:0 compute nil",
      "alloc 8388608 cuda:0 compute mul", "free 8388608 cuda:0 compute nil",
    }, texts(events))
    local made = events[3]
    assert.truthy(made.line:find("snapshot_spec.lua:" .. here, 1, true))
    assert.equal(before.live + 16 * MB, made.live)
    assert.equal(before.cached + 4 * MB, made.cached)
    assert.equal(before.live + 8 * MB, events[4].live)
    local there = snapshot.devices["cuda:0"]
    assert.equal(before.live + 16 * MB, there.peak_bytes)
    assert.equal(tnt.cuda.memory().live, there.memory.live)
    local live, cached, of_y = 0, 0, nil
    for _, block in ipairs(there.blocks) do
      if block.state == "live" then live = live + block.bytes else cached = cached + block.bytes end
      if block.made == made.number then of_y = block end
      assert.is_nil(block.captured)
    end
    assert.same({ there.memory.live, there.memory.cached }, { live, cached })
    assert.same({ made.address, 8 * MB, "compute", "live" },
      { of_y.address, of_y.bytes, of_y.stream, of_y.state })
    assert.equal(events[1].address, of_y.segment)
    assert.equal("mul on cuda:0 at " .. made.line, snapshot:sources()[1].source)
    assert.truthy(tostring(snapshot):find("cuda:0: at most ", 1, true))
    y:free()
  end)

  it("tells of pinned memory, and of the copy stream's blocks", function()
    local host = tnt.ones(3 * MB)
    local snapshot, x = tnt.memory_snapshot(function() return tnt.data.to_device(host, "cuda") end)
    local pinned, there = on(snapshot, "pinned"), on(snapshot, "cuda:0")
    assert.same({ "alloc 12582912 pinned nil nil", "free 12582912 pinned nil nil" },
      { text_of(pinned[#pinned - 1]), text_of(pinned[#pinned]) })
    assert.equal("alloc 12582912 cuda:0 copy nil", text_of(there[#there]))
    assert.is_nil(snapshot.devices.pinned.memory)
    assert.is_true(#snapshot.devices.pinned.blocks > 0)
    x:free()
  end)

  it("knows the blocks of a captured step", function()
    local graph = tnt.Graph { function(x) return (x * 2):sum() end }
    local x = tnt.ones({ MB }, { device = "cuda" })
    for _ = 1, 3 do graph:run(x) end
    local snapshot = tnt.memory_snapshot(function() graph:run(x) end)
    assert.is_true(graph:is_captured())
    local captured = 0
    for _, block in ipairs(snapshot.devices["cuda:0"].blocks) do
      if block.captured then captured = captured + block.bytes end
    end
    assert.is_true(captured >= 4 * MB)
    assert.equal(captured, tnt.cuda.memory().captured)
    local of_mul
    for _, event in ipairs(snapshot.events) do
      if event.op == "mul" and event.action == "alloc" then of_mul = event end
    end
    assert.is_true(of_mul.captured)
    graph:release()
    x:free()
    balance.collect()
    assert.equal(0, tnt.cuda.memory().captured)
  end)

  it("is written by the hook when a card's memory ends", function()
    if not card.emulated() then return pending "a real card has too much of it" end
    local dir = process.directory()
    local _, err, status = process.run({ "-e", ([[
local tnt = require "tnt"
local MB = 2 ^ 20
local Unit = tnt.TrainUnit:extend "Unit"
function Unit:train_step()
  self.list[#self.list + 1] = tnt.keep(tnt.ones({ 2 * MB }, { device = "cuda" }))
end
local unit = Unit()
unit.list = {}
local ok, e = pcall(tnt.train, unit, { train_dataloader = { 1, 2, 3, 4, 5, 6, 7, 8 },
  max_epochs = 1, bar = false, dir = "%s",
  hooks = { tnt.hooks.MemorySnapshot { stop_step = false } } })
assert(not ok and tnt.is_out_of_memory(e), tostring(e))
]]):format(dir) }, { env = "TNT_EMULATED_BYTES=" .. 41 * MB })
    assert.equal(0, status, err)
    local file = assert(io.open(dir .. "/memory_oom.json"))
    local snapshot = cjson.decode(file:read "*a")
    file:close()
    local last = snapshot.events[#snapshot.events]
    for _, event in ipairs(snapshot.events) do
      if event.action == "oom" then last = event end
    end
    assert.same({ "oom", "cuda:0", 8 * MB }, { last.action, last.device, last.bytes })
    local there = snapshot.devices["cuda:0"]
    assert.equal(there.memory.live, there.peak_bytes)
    assert.is_true(#there.blocks >= 4)
    local n = 0
    for _, event in ipairs(snapshot.live) do
      if event.device == "cuda:0" then n = n + 1 end
    end
    assert.equal(there.peak_bytes, n * 8 * MB)
  end)

  it("leaves cards alone that nobody used", function()
    if tnt.cuda.device_count() < 2 then return pending "there is one card" end
    local out, err, status = process.run { "-e", [[
local tnt = require "tnt"
local x = tnt.ones({ 5 }, { device = "cuda:1" })
local snapshot = tnt.memory_snapshot(function() return x + 1 end)
print(snapshot.devices["cuda:0"], snapshot.devices["cuda:1"].memory.live, snapshot.live[1].device)
]] }
    assert.equal(0, status, err)
    assert.equal("nil\t1024\tcuda:1\n", out)
  end)
end)

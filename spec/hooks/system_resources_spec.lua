local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local SystemResources = require "tnt.hooks.system_resources"
local fit = require "tnt.fit"
local log = require "tnt.log"
local system = require "tnt.system"

local function run(options)
  local memory = log.Memory()
  fit(rig.unit(), {
    train_dataloader = rig.batches(4), eval_dataloader = rig.batches(1), max_epochs = 2,
    hooks = { SystemResources(options) }, loggers = { memory }, bar = false,
  })
  return memory
end

describe("SystemResources", function()
  local cpu, memory = system.cpu, system.memory

  before_each(function()
    rig.reset()
    local n = 0
    system.cpu = function()
      n = n + 1
      return { percent = 10 * n, process_percent = n > 1 and 150 or nil, load1 = 0.5 }
    end
    system.memory = function() return { percent = 40, swap_percent = 0, rss = 1e9 + n } end
  end)
  after_each(function() system.cpu, system.memory = cpu, memory end)

  it("logs at the start of every epoch of every phase", function()
    local found = run {}
    assert.same({ 10, 30 }, (found:series("train/system/cpu_percent", "epoch")))
    assert.same({ 20, 40 }, (found:series("eval/system/cpu_percent", "epoch")))
    assert.same({ 150 }, (found:series("train/system/process_percent", "epoch")))
    assert.same({ 1e9 + 1, 1e9 + 3 }, (found:series("train/system/rss_bytes", "epoch")))
    assert.same({ 0.5, 0.5 }, (found:series("train/system/load1", "epoch")))
    assert.same({ 40, 40 }, (found:series("eval/system/memory_percent", "epoch")))
    assert.same({ 0, 0 }, (found:series("eval/system/swap_percent", "epoch")))
  end)

  it("logs at steps", function()
    local _, steps = run({ interval = "step", every = 3 })
      :series("train/system/cpu_percent", "step")
    assert.same({ 1, 4, 7 }, steps)
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs { { interval = "batch" }, { every = 0 } } do
      assert.equal("argument", scratch.failure(SystemResources, options).kind)
    end
  end)
end)

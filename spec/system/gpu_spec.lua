-- nvidia-smi as a script that writes down how it was called and says what a card said
-- (`nvidia-smi --query-gpu=... --format=csv,nounits,noheader`, drivers 525 to 570).

local gpu = require "tnt.system.gpu"
local process = require "spec.cli.process"
local system = require "tnt.system"

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("tnt.system.gpu", function()
  local find, path = gpu.find, nil

  -- A card that answers so.
  local function card(answer, status)
    path = process.file(("#!/bin/sh\necho \"$@\" >\"$0.called\"\necho '%s'\nexit %d\n"):format(
      answer, status or 0))
    os.execute("chmod +x " .. path)
    gpu.find = function() return path end
    gpu.forget()
  end

  local function called()
    local file = assert(io.open(path .. ".called"))
    local text = file:read "*l"
    file:close()
    os.remove(path .. ".called")
    return text
  end

  after_each(function()
    gpu.find = find
    gpu.forget()
  end)
  teardown(process.cleanup)

  it("tells what the driver tells, sizes in bytes", function()
    card "37, 12, [N/A], 1024, 80000, 41, 45"
    assert.same({
      utilization_percent = 37, memory_utilization_percent = 12, memory_used_bytes = 2 ^ 30,
      memory_free_bytes = 80000 * 2 ^ 20, temperature_celsius = 41,
      memory_temperature_celsius = 45,
    }, system.gpu(3))
    assert.equal("--query-gpu=utilization.gpu,utilization.memory,fan.speed,memory.used,memory.free,"
      .. "temperature.gpu,temperature.memory --format=csv,nounits,noheader --id=3", called())
  end)

  it("is part of the machine's numbers", function()
    card "5, 0, 30, 1, 2, 33, [Not Supported]"
    local stats, why = system.stats()
    assert.is_nil(why)
    assert.same({ 5, 0, 30, 2 ^ 20, 2 ^ 21, 33 }, {
      stats.gpu_utilization_percent, stats.gpu_memory_utilization_percent, stats.gpu_fan_percent,
      stats.gpu_memory_used_bytes, stats.gpu_memory_free_bytes, stats.gpu_temperature_celsius,
    })
    assert.is_nil(stats.gpu_memory_temperature_celsius)
    assert.is_number(stats.cpu_percent)
    assert.matches("--id=0$", called())
  end)

  it("says why there is nothing", function()
    card("No devices were found", 6)
    local found, why = system.gpu()
    assert.is_nil(found)
    assert.equal("nvidia-smi does not tell: No devices were found", why)
    card ""
    assert.equal("nvidia-smi does not tell: no answer", select(2, system.gpu()))
    gpu.find = function() end
    gpu.forget()
    assert.matches("no nvidia%-smi on PATH", select(2, system.gpu()))
    assert.equal("argument", failure(system.gpu, -1).kind)
    assert.equal("argument", failure(system.gpu, "cuda:0").kind)
  end)

  it("asks for the card that CUDA_VISIBLE_DEVICES gives this number", function()
    card "1, 2, 3, 4, 5, 6, 7"
    local script = process.file(([[
      local gpu = require "tnt.system.gpu"
      gpu.find = function() return %q end
      print(require("tnt.system").gpu(1).temperature_celsius)
    ]]):format(path))
    local out = process.run({ script }, { env = "CUDA_VISIBLE_DEVICES=4,GPU-77" })
    assert.equal("6\n", out)
    assert.matches("--id=GPU%-77$", called())
  end)

  it("finds the program on PATH", function()
    local dir = process.directory()
    process.file("", dir .. "/nvidia-smi")
    local script = process.file [[print(require("tnt.system.gpu").find())]]
    local out = process.run({ script }, { env = "PATH=/nowhere:" .. dir })
    assert.equal(dir .. "/nvidia-smi\n", out)
  end)
end)

local clock = require "tnt.loop.clock"
local system = require "tnt.system"

local read, now = system.read, clock.now

-- Puts texts in the place of files of /proc.
local function with(files, time)
  system.read = function(path) return files[path] or read(path) end
  clock.now = function() return time end
end

local function stat(user, idle, iowait)
  return ("cpu  %d 0 0 %d %d 0 0 0 50 0\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n"):format(user, idle,
    iowait)
end

-- Fields 3 to 15 of /proc/self/stat; the name holds what a name may hold.
local function own(user, kernel)
  return ("77 (a) b (c) S 1 1 1 0 -1 4 1 2 3 4 %d %d 0 0 20"):format(user, kernel)
end

describe("tnt.system", function()
  after_each(function() system.read, clock.now = read, now end)

  it("gives shares of the time since the call before", function()
    with({ ["/proc/stat"] = stat(100, 300, 0), ["/proc/self/stat"] = own(100, 0) }, 10)
    system.cpu()
    with({
      ["/proc/stat"] = stat(130, 350, 20), ["/proc/self/stat"] = own(250, 50),
      ["/proc/loadavg"] = "0.50 1.25 2.00 1/234 567\n",
    }, 11)
    local cpu = system.cpu()
    -- 30 of 100 ticks, waiting for a disk being idle; 200 ticks of work in a second of 100.
    assert.equal(30, cpu.percent)
    assert.equal(200, cpu.process_percent)
    assert.same({ 2.5, 0.5, 2, 0.5, 1.25, 2 },
      { cpu.user_seconds, cpu.system_seconds, cpu.count, cpu.load1, cpu.load5, cpu.load15 })
  end)

  it("reads sizes in bytes", function()
    with({
      ["/proc/meminfo"] = "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  250 kB\n"
        .. "SwapTotal: 400 kB\nSwapFree: 300 kB\nHugePages_Total: 0\n",
    }, 0)
    local memory = system.memory()
    assert.same({ 1024000, 256000, 75, 409600, 102400, 25 }, {
      memory.total, memory.available, memory.percent, memory.swap_total, memory.swap_used,
      memory.swap_percent,
    })
  end)

  it("tells of this machine and process", function()
    local cpu, memory = system.cpu(), system.memory()
    assert.is_true(cpu.count >= 1 and cpu.percent >= 0 and cpu.percent <= 100)
    assert.is_true(memory.rss > 1e6 and memory.rss <= memory.peak_rss)
    assert.is_true(memory.peak_rss < memory.total)
    local before, kept = memory.rss, {}
    for i = 1, 20 do kept[i] = ("x"):rep(1e6 + i) end
    assert.is_true(system.memory().rss > before + 1e7, #kept)
  end)

  it("gives everything as flat numbers, and says why a card is not among them", function()
    require "tnt.tensor"
    local gpu = require "tnt.system.gpu"
    local find = gpu.find
    gpu.find = function() end
    gpu.forget()
    system.stats()
    local stats, why = system.stats()
    gpu.find = find
    gpu.forget()
    for _, name in ipairs {
      "cpu_percent", "process_percent", "load1", "user_seconds", "system_seconds",
      "memory_percent", "swap_percent", "rss_bytes", "peak_rss_bytes", "tensor_bytes",
    } do
      assert.equal("number", type(stats[name]), name)
      stats[name] = nil
    end
    assert.same({}, stats)
    assert.matches("no nvidia%-smi on PATH", why)
  end)

  it("says what is missing elsewhere", function()
    local ok, err = pcall(system.read, "/proc/no such file")
    assert.is_false(ok)
    assert.equal("io", err.kind)
  end)
end)

local class = require "tnt.class"
local hook = require "tnt.hook"
local lfs = require "lfs"
local hooks = require "tnt.hooks"

local Base = hook.Hook

-- Every hook class of the folder, by file.
local function classes()
  local folder = package.searchpath("tnt.hooks.init", package.path):match "^(.*)/"
  local found = {}
  for file in lfs.dir(folder) do
    local name = file:match "^([%w_]+)%.lua$"
    if name and name ~= "init" then
      local value = require("tnt.hooks." .. name)
      if class.is_class(value) and class.is(value, Base) then found[#found + 1] = value end
    end
  end
  assert(#found >= 6)
  return found
end

describe("tnt.hooks", function()
  it("has every hook of its folder under its class's name", function()
    for _, Class in ipairs(classes()) do
      assert.equal(Class, hooks[tostring(Class)])
      local object = setmetatable({}, Class)
      assert.has_no_error(function() hook.order { object } end)
    end
  end)

  it("has hooks that refuse unknown options and suggest the nearest", function()
    for _, Class in ipairs(classes()) do
      local declared = class.declared(Class)
      for _, name in ipairs(declared and declared.names or {}) do
        local ok, err = pcall(Class, { [name .. "x"] = 1 })
        assert.is_false(ok)
        assert.equal("argument", err.kind)
        assert.truthy(tostring(err):find("did you mean '" .. name .. "'", 1, true), tostring(err))
      end
    end
  end)

  it("has hooks that answer TorchTNT's options with their own", function()
    local n = 0
    for theirs, where in pairs { -- order: free
      monitored_attr = "EarlyStop", interval_freq = "TimeLimit", step_interval = "GarbageCollector",
      moving_avg_window = "IterationTimes", warmup_steps = "Throughput",
      logging_interval = "LearningRate", header_row = "CsvWriter", max_depth = "ModuleSummary",
      sync_every_n_steps = "PeriodicSync", check_every_n_steps = "SlowRank",
      refresh_rate = "ProgressBar", keep_last_n_checkpoints = "Checkpoint",
    } do
      local ok, err = pcall(hooks[where], { [theirs] = 1 })
      assert.is_false(ok)
      assert.matches(where .. ": option '" .. theirs .. "' is called ", err.message, 1, true)
      n = n + 1
    end
    assert.equal(12, n)
  end)

  it("answers names from elsewhere with its own", function()
    for theirs, ours in pairs {
      EarlyStopping = "EarlyStop", TQDMProgressBar = "ProgressBar", CheckpointHook = "Checkpoint",
      PeriodicDistributedSync = "PeriodicSync", SlowRankDetector = "SlowRank",
      TrainProgressMonitor = "TrainProgress",
    } do
      local ok, err = pcall(function() return hooks[theirs] end)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      assert.truthy(tostring(err):find("is called " .. ours .. " here", 1, true))
      assert.truthy(hooks[ours])
    end
  end)

  it("says what stands for Lambda", function()
    local ok, err = pcall(function() return hooks.Lambda end)
    assert.is_false(ok)
    assert.truthy(tostring(err):find("a plain table of functions", 1, true))
  end)

  it("suggests names", function()
    local ok, err = pcall(function() return hooks.EarlyStopp end)
    assert.is_false(ok)
    assert.truthy(tostring(err):find("did you mean 'EarlyStop'", 1, true))
  end)
end)

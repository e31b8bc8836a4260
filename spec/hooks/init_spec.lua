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

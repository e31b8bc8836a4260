local class = require "tnt.class"
local lfs = require "lfs"
local log = require "tnt.log"

local Base = require "tnt.log.logger"

-- Every logger class of the folder, by file.
local function classes()
  local folder = package.searchpath("tnt.log.init", package.path):match "^(.*)/"
  local found = {}
  for file in lfs.dir(folder) do
    local name = file:match "^([%w_]+)%.lua$"
    if name and name ~= "init" then
      local value = require("tnt.log." .. name)
      if class.is_class(value) and class.is(value, Base) then found[#found + 1] = value end
    end
  end
  assert(#found >= 6)
  return found
end

describe("tnt.log", function()
  it("has every logger of its folder under its class's name", function()
    for _, Class in ipairs(classes()) do
      assert.equal(Class, log[tostring(Class)])
      if Class ~= Base then assert.equal("function", type(Class.log)) end
    end
  end)

  it("has loggers that refuse unknown options and suggest the nearest", function()
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

  it("answers TorchTNT's names with its own", function()
    local ok, err = pcall(function() return log.InMemoryLogger end)
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find("InMemoryLogger is called Memory here", 1, true))
    assert.truthy(log.Threshold { max = 1 })
  end)

  it("suggests names", function()
    local ok, err = pcall(function() return log.CVS end)
    assert.is_false(ok)
    assert.truthy(tostring(err):find("did you mean 'CSV'", 1, true))
  end)
end)

-- Every public function says what it does, where an editor and the prompt show it.

local documented = require "spec.documented"
local public = require "spec.public"

describe("public functions", function()
  it("are documented, with their parameters", function()
    local list = public()
    assert.is_true(#list > 600)
    assert.equal("", table.concat(documented(list), "\n"))
  end)

  it("would be found without", function()
    local function fault(comment, ...)
      return documented { { name = "tnt.f", path = "f.lua", line = 3, comment = comment,
        parameters = { ... } } }[1]
    end
    assert.is_nil(fault("--- Does it.\n---@param a number", "self", "a", "_b"))
    assert.matches("^f.lua:3: tnt.f has no documentation", fault "")
    assert.matches("has no sentence", fault "-- Does it.")
    assert.matches("has no sentence", fault("---@param a number", "a"))
    assert.matches("what 'b' is", fault("--- Does it.\n---@param a number", "a", "b"))
  end)
end)

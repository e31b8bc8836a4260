-- Every public function and class says what it does, where an editor and the prompt show it.

local documented = require "spec.documented"
local public = require "spec.public"

describe("public functions", function()
  it("are documented, with their parameters", function()
    local list, classes = public()
    assert.is_true(#list > 600)
    assert.is_true(#classes > 100)
    assert.equal("", table.concat(documented(list, classes), "\n"))
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
    local function class_fault(comment)
      return documented({}, { { name = "tnt.C", class = "C", comment = comment } })[1]
    end
    assert.is_nil(class_fault "--- Is one.\n---@class tnt.C")
    assert.matches("class tnt.C has no annotation", class_fault "", 1, true)
    assert.matches("has no sentence", class_fault "---@class tnt.C", 1, true)
    assert.matches("what 'b' is", fault("--- Does it.\n---@param a number", "a", "b"))
  end)
end)

local class = require "tnt.class"
local sets = require "spec.data.sample_sets"
local travel = require "tnt.data.travel"

describe("the name of a class", function()
  it("is the module that returns it, or the module and the field", function()
    assert.same({ "tnt.data.tensors" }, { travel.name(require "tnt.data.tensors") })
    assert.same({ "spec.data.sample_sets", "Augmented" }, { travel.name(sets.Augmented) })
    assert.same({ "tnt.errors", "Error" }, { travel.name(require "tnt.errors".Error) })
    assert.equal(sets.Augmented, travel.find(travel.name(sets.Augmented)))
  end)

  it("is not to be had for what no file defines", function()
    local Here = class.new "Here"
    assert.is_nil(travel.name(Here))
    package.preload["spec.data.preloaded"] = function() return Here end
    require "spec.data.preloaded"
    assert.is_nil(travel.name(Here)) -- package.preload is this state's own
    package.preload["spec.data.preloaded"], package.loaded["spec.data.preloaded"] = nil, nil
  end)

  it("must lead to a class where it is looked up", function()
    local ok, err = pcall(travel.find, "spec.data.sample_sets", "Missing")
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find "spec.data.sample_sets and found no class Missing")
    assert.is_false((pcall(travel.find, "spec.data.named_set")))
  end)
end)

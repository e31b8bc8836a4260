local tnt = require "tnt"

describe("tnt.data", function()
  it("has its names, and says what it has not", function()
    local data = require "tnt.data"
    assert.equal(data, tnt.data)
    for _, name in ipairs { "DataLoader", "tensors", "subset", "split", "idx", "read_idx", "mnist",
      "chars", "endless", "rng", "stream", "SequentialSampler", "RandomSampler",
      "WeightedRandomSampler", "SubsetRandomSampler", "BatchSampler" } do
      assert.truthy(data[name], name)
    end
    local ok, err = pcall(function() return data.DataLaoder end)
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find "did you mean 'DataLoader'")
  end)
end)

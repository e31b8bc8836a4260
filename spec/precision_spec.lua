local tnt = require "tnt"

describe("tnt.precision", function()
  it("knows the names of PyTorch, TorchTNT and Lightning", function()
    local names = {
      f32 = { "f32", "fp32", "float32", "32-true" }, f16 = { "f16", "fp16", "float16", "half" },
      bf16 = { "bf16", "bfloat16", "bf16-mixed" }, f64 = { "f64", "double" },
    }
    for dtype, list in pairs(names) do -- order: free
      for _, name in ipairs(list) do
        assert.equal(dtype, tnt.precision.dtype(name))
        assert.equal(dtype == "f16", tnt.precision.needs_scaler(name))
        assert.equal(dtype, tnt.zeros(1, { dtype = tnt.precision.dtype(name) }).dtype)
      end
    end
  end)

  it("refuses others", function()
    for _, name in ipairs { "fp8", "b16", 5, {} } do
      local ok, err = pcall(tnt.precision.dtype, name)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
    end
    local _, err = pcall(tnt.precision.needs_scaler, "b16")
    assert.matches("did you mean 'bf16'", err.message)
    assert.is_false((pcall(tnt.precision.dtype)))
  end)
end)

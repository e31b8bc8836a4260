-- The makers' figures by the names that the driver gives cards.
local peak = require "tnt.cuda.peak"

describe("a card's peak", function()
  it("is found by its name, the more special one first", function()
    assert.equal(989e12, peak.of "NVIDIA H100 80GB HBM3")
    assert.equal(756e12, peak.of "NVIDIA H100 PCIe")
    assert.equal(989e12, peak.of "NVIDIA H200")
    assert.equal(835e12, peak.of "NVIDIA H200 NVL")
    assert.equal(312e12, peak.of "NVIDIA A100-SXM4-80GB")
    assert.equal(2250e12, peak.of "NVIDIA B200")
  end)
  it("is not guessed", function()
    assert.is_nil(peak.of "Emulated card 0")
    assert.is_nil(peak.of "Tesla T4")
  end)
end)

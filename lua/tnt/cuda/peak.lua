-- How many floating-point operations a second a card can do, by its name: the makers' figures for
-- dense products in bf16 on tensor cores. What a run reaches of it is its MFU.

local peak = {}

-- The first pattern that fits counts: more special names stand before. Source: NVIDIA's data sheets
-- of the A100, H100, H200, L40S and B200 (dense; their headlines with sparsity are twice as high),
-- and the whitepapers of the GeForce RTX 3090 and 4090 (f32 accumulation).
local CARDS = {
  { "B200", 2250e12 }, { "H200 NVL", 835e12 }, { "H200", 989e12 },
  { "H100 NVL", 835e12 }, { "H100 PCIe", 756e12 }, { "H100", 989e12 }, { "A100", 312e12 },
  { "L40S", 362e12 }, { "RTX 4090", 165e12 }, { "RTX 3090", 71e12 },
}

--- The peak of a card of this name, or nil where it is not known.
---@param name string  as tnt.cuda.name() says it
---@return number|nil flops_per_second
function peak.of(name)
  for _, card in ipairs(CARDS) do
    if name:find(card[1], 1, true) then return card[2] end
  end
end

return peak

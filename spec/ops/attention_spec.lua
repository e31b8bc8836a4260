-- attention held to what it stands for: products, softmax and dropout one after the other.
local tnt = require "tnt"
local build = require "spec.ops.build"
local ops = require "tnt.ops_gen"

local function normal(...)
  tnt.seed(21)
  return tnt.empty({ ... }, { dtype = "f64" }):normal_()
end

-- Weights written out; draws the numbers that attention draws.
local function composed(q, k, v, causal, scale, p)
  local scores = q:matmul(k:transpose(-2, -1)) * scale
  if causal then
    local T, S = q:size(3), k:size(3)
    local seen = tnt.ones(T, S):tril(S - T):to "bool"
    scores = scores:masked_fill(seen:logical_not(), -math.huge)
  end
  local w = scores:softmax(-1)
  if p > 0 then w = w:dropout(p) end
  return w:matmul(v)
end

local function with_gradients(f, inputs, dy, ...)
  local leaves = {}
  for i, x in ipairs(inputs) do
    leaves[i] = x:detach()
    leaves[i].requires_grad = true
  end
  tnt.seed(8)
  local y = f(leaves[1], leaves[2], leaves[3], ...)
  local g = tnt.grad({ y }, leaves, { grad_outputs = { dy } })
  return { y:detach(), g[1], g[2], g[3] }
end

describe("attention", function()
  -- N, H, T, S, K, causal, p
  for _, c in ipairs { { 2, 3, 7, 7, 4, true, 0 }, { 1, 2, 5, 9, 8, false, 0 },
    { 2, 1, 4, 6, 3, true, 0 }, { 1, 2, 6, 6, 4, true, 0.4 }, { 1, 1, 3, 8, 5, false, 0.9 },
    { 1, 1, 1, 1, 1, true, 0 } } do
    it("is products and a softmax: " .. table.concat({ unpack(c, 1, 5) }, ","), function()
      local N, H, T, S, K = unpack(c, 1, 5)
      local inputs = { normal(N, H, T, K), normal(N, H, S, K) * 2, normal(N, H, S, K) + 1 }
      local dy = normal(N, H, T, K):flip { 1, 3 }
      local want = with_gradients(composed, inputs, dy, c[6], 0.5, c[7])
      local got = with_gradients(ops.attention, inputs, dy, c[6], 0.5, c[7])
      for i = 1, 4 do
        assert.is_nil(build.difference(build.flat(got[i]), build.flat(want[i]), 1e-12, 1e-12))
      end
    end)
  end

  it("takes heads as they lie", function()
    local x = normal(2, 5, 3, 12) -- [N, T, 3 H, K], as one product makes them
    local function part(i) return x:transpose(2, 3):narrow(2, i, 1) end
    local want = ops.attention(part(1):contiguous(), part(2):contiguous(), part(3):contiguous(),
      true, 0.3, 0)
    local got = ops.attention(part(1), part(2), part(3), true, 0.3, 0)
    assert.is_true(build.same_bits(want, got))
  end)

  it("gives its logarithms in f32 beside 16 bits", function()
    local q = normal(1, 1, 2, 4):to "bf16"
    local y = ops.attention(q, q, q, true, 1, 0)
    assert.equal("bf16", y.dtype)
  end)

  it("refuses what it cannot mean", function()
    local q, k = normal(1, 1, 3, 2), normal(1, 1, 2, 2)
    for text, call in pairs { -- order: free
      ["as many keys as queries"] = function() return ops.attention(q, k, k, true, 1, 0) end,
      ["p must be in 0..1"] = function() return ops.attention(q, q, q, true, 1, 1.5) end,
    } do
      local ok, err = pcall(call)
      assert.is_false(ok)
      assert.matches(text, err.message, 1, true)
    end
  end)
end)

-- Attention on a card: every width and dtype, lengths around the tiles, heads as they lie, dropout
-- with the CPU's draws; equal bits in every run. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"

if not both.available "attention" then return end

local rtol = { f32 = 2e-5, f64 = 1e-12, f16 = 2 ^ -7, bf16 = 2 ^ -4 }

-- Result and gradients; the same draws on both devices.
local function run(q, k, v, dy, causal, p)
  local x = { q:detach(), k:detach(), v:detach() }
  for i = 1, 3 do x[i].requires_grad = true end
  tnt.seed(3)
  local y = ops.attention(x[1], x[2], x[3], causal, 1 / math.sqrt(q:size(4)), p)
  local g = tnt.grad({ y }, x, { grad_outputs = { dy } })
  return y:detach(), g[1], g[2], g[3]
end

describe("attention on a card #cuda", function()
  -- N, H, T, S, K, causal, p
  local cases = { { 1, 2, 1, 1, 8, true, 0 }, { 1, 2, 20, 20, 16, true, 0 },
    { 1, 1, 70, 70, 64, true, 0 }, { 2, 1, 33, 90, 40, true, 0 },
    { 1, 2, 17, 70, 32, false, 0.3 }, { 1, 1, 65, 65, 100, false, 0 },
    { 2, 1, 40, 40, 31, true, 0.5 }, { 1, 1, 5, 64, 128, true, 0 } }
  for _, c in ipairs(cases) do
    it(("of %d x %d, %d wide, %s, dropout %g"):format(c[3], c[4], c[5],
      c[6] and "causal" or "whole", c[7]), function()
      for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
        local q, k = both.normal({ c[1], c[2], c[3], c[5] }, dtype),
          both.normal({ c[1], c[2], c[4], c[5] }, dtype)
        local v, dy = both.normal({ c[1], c[2], c[4], c[5] }, dtype) + 0.5,
          both.normal({ c[1], c[2], c[3], c[5] }, dtype) * 0.5
        both.alike(dtype, { q, k, v, dy }, function(a, b, d, g)
          return run(a, b, d, g, c[6], c[7])
        end, rtol[dtype])
      end
    end)
  end

  it("takes heads as they lie in the product that made them", function()
    for _, dtype in ipairs { "f32", "bf16" } do
      local x = both.normal({ 2, 19, 3 * 2 * 16 }, dtype) -- [N, T, q k v of 2 heads]
      both.alike(dtype, { x }, function(qkv)
        local a, b, c = qkv:chunk(3, -1)
        local function heads(t) return t:view(2, 19, 2, 16):transpose(2, 3) end
        return run(heads(a), heads(b), heads(c),
          heads(a):transpose(3, 4):contiguous():transpose(3, 4), true, 0)
      end, rtol[dtype])
    end
  end)

  it("is what nn.functional takes there", function()
    local q = both.normal { 2, 3, 9, 8 }
    both.alike("sdpa", { q }, function(x)
      return tnt.nn.functional.scaled_dot_product_attention(x, x, x, { is_causal = true }),
        tnt.nn.functional.scaled_dot_product_attention(x, x, x, { scale = 0.1 }),
        tnt.nn.functional.scaled_dot_product_attention(x, x, x, { mask = x:select(4, 1)
          :select(1, 1):select(1, 1):gt(-5) })
    end, 4e-6)
  end)

  it("gives the same bits every time", function()
    local x = both.normal({ 1, 2, 70, 32 }, "bf16"):to "cuda"
    local function bits()
      local y, dq, dk, dv = run(x, x, x, x, true, 0.2)
      return { both.list(y), both.list(dq), both.list(dk), both.list(dv) }
    end
    assert.same(bits(), bits())
  end)

  it("names the widest head it takes", function()
    local x = tnt.ones(1, 1, 2, 129):to "cuda"
    local ok, err = pcall(ops.attention, x, x, x, true, 1, 0)
    assert.is_false(ok)
    assert.equal("shape", err.kind)
    assert.matches("at most 128 wide, got 129", err.message, 1, true)
  end)
end)

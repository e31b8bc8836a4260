-- Attention on a card: every width and dtype, lengths around the tiles, heads as they lie, dropout
-- with the CPU's draws; equal bits in every run. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"

if not both.available "attention" then return end

local rtol = { f32 = 2e-5, f64 = 1e-12, f16 = 2 ^ -7, bf16 = 2 ^ -4 }

-- Result and gradients; the same draws on both devices.
local function run(q, k, v, dy, causal, p, scale)
  local x = { q:detach(), k:detach(), v:detach() }
  for i = 1, 3 do x[i].requires_grad = true end
  tnt.seed(3)
  local y = ops.attention(x[1], x[2], x[3], causal, scale or 1 / math.sqrt(q:size(4)), p)
  local g = tnt.grad({ y }, x, { grad_outputs = { dy } })
  return y:detach(), g[1], g[2], g[3]
end

-- q, k, v and dy for N, H, T, S, K.
local function inputs(n, h, t, s, k, dtype)
  local q, key = both.normal({ n, h, t, k }, dtype), both.normal({ n, h, s, k }, dtype)
  return { q, key, both.normal({ n, h, s, k }, dtype) + 0.5, q * 0.5 + 0.25 }
end

describe("attention on a card #cuda", function()
  -- N, H, T, S, K, causal, p: a row; tiles of 32, 64 and 128 with and without a rest, one and more
  -- of them; every width, and rows that do not begin at 16 bytes (31, 36, 100)
  local cases = { { 1, 2, 1, 1, 8, true, 0 }, { 1, 2, 20, 20, 16, true, 0 },
    { 1, 1, 70, 70, 64, true, 0 }, { 2, 1, 33, 90, 40, true, 0 },
    { 1, 2, 17, 70, 32, false, 0.3 }, { 1, 1, 65, 65, 100, false, 0 },
    { 2, 1, 40, 40, 31, true, 0.5 }, { 1, 1, 5, 64, 128, true, 0 },
    { 1, 2, 256, 256, 64, true, 0 }, { 1, 1, 200, 300, 64, true, 0 },
    { 1, 1, 150, 37, 64, false, 0 }, { 1, 1, 140, 140, 96, true, 0.2 },
    { 1, 1, 128, 192, 128, false, 0 }, { 1, 1, 161, 161, 32, true, 0 },
    { 1, 1, 100, 130, 64, true, 0.2 }, { 1, 1, 90, 90, 36, true, 0.1 },
    { 1, 1, 3, 0, 16, false, 0 }, { 1, 1, 0, 3, 16, false, 0 } }
  for _, c in ipairs(cases) do
    it(("of %d x %d, %d wide, %s, dropout %g"):format(c[3], c[4], c[5],
      c[6] and "causal" or "whole", c[7]), function()
      local large = c[3] * c[4] > 10000 -- more than a tile of 16-bit types; others have less
      for _, dtype in ipairs(large and { "f16", "bf16" } or { "f32", "f64", "f16", "bf16" }) do
        both.alike(dtype, inputs(c[1], c[2], c[3], c[4], c[5], dtype), function(a, b, d, g)
          return run(a, b, d, g, c[6], c[7])
        end, rtol[dtype])
      end
    end)
  end

  it("takes any scale", function()
    for _, scale in ipairs { -0.3, 0, 1.5 } do
      for _, dtype in ipairs { "f32", "bf16" } do
        both.alike(dtype, inputs(1, 1, 50, 70, 16, dtype), function(a, b, d, g)
          return run(a, b, d, g, true, 0, scale)
        end, rtol[dtype])
      end
    end
  end)

  it("drops every weight where p is 1", function()
    both.alike("bf16", inputs(1, 1, 20, 20, 16, "bf16"), function(a, b, d, g)
      return run(a, b, d, g, true, 1)
    end, 0)
  end)

  it("takes rows that do not begin at 16 bytes, in and out", function()
    for _, dtype in ipairs { "f16", "bf16" } do
      local x = both.normal({ 1, 1, 40, 67 }, dtype)
      both.alike(dtype, { x }, function(wide)
        local rows = wide:narrow(4, 3, 64)
        return run(rows, rows, rows, rows, true, 0)
      end, rtol[dtype])
    end
  end)

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
    for _, c in ipairs { { 70, 32, 0.2 }, { 150, 64, 0 }, { 150, 64, 0.2 }, { 60, 128, 0 } } do
      local x = both.normal({ 1, 2, c[1], c[2] }, "bf16"):to "cuda"
      local function bits()
        local y, dq, dk, dv = run(x, x, x, x, true, c[3])
        return { both.list(y), both.list(dq), both.list(dk), both.list(dv) }
      end
      assert.same(bits(), bits())
    end
  end)

  it("names the most rows it takes", function()
    local q = tnt.ones({ 1, 1, 1, 8 }, { dtype = "bf16" }):to "cuda"
    local k = q:expand(1, 1, 2 ^ 31, 8)
    local ok, err = pcall(ops.attention, q, k, k, false, 1, 0)
    assert.is_false(ok)
    assert.equal("shape", err.kind)
    assert.matches("at most 1073741823 rows, got 1 and 2147483648", err.message, 1, true)
  end)

  it("names the widest head it takes", function()
    local x = tnt.ones(1, 1, 2, 129):to "cuda"
    local ok, err = pcall(ops.attention, x, x, x, true, 1, 0)
    assert.is_false(ok)
    assert.equal("shape", err.kind)
    assert.matches("at most 128 wide, got 129", err.message, 1, true)
  end)
end)

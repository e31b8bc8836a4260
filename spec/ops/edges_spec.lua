-- The corners of single ops, where the walk over the table would not look: values by hand, or by
-- PyTorch where it says so.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local build = require "spec.ops.build"

local nan, inf = 0 / 0, math.huge

local function same(want, x) assert.is_nil(build.difference(build.flat(x), want, 0, 0)) end
local function near(want, x, tolerance)
  assert.is_nil(build.difference(build.flat(x), want, tolerance or 1e-6, tolerance or 1e-6))
end
local function refused(kind, f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind, tostring(err))
  return err.message
end

describe("clamp", function()
  it("takes one bound or both", function()
    local x = tnt.f32 { -2, 0.5, 3 }
    same({ 0, 0.5, 3 }, x:clamp(0))
    same({ -2, 0.5, 1 }, x:clamp(nil, 1))
    same({ 0, 0.5, 1 }, x:clamp(0, 1))
    same({ 1, 1, 1 }, x:clamp(2, 1)) -- as PyTorch: the upper bound wins
    local y = tnt.f32 { nan, -inf, inf }:clamp(-1, 1)
    same({ nan, -1, 1 }, y)
  end)

  it("of whole numbers stays whole, but with a bound that has a fraction (PyTorch)", function()
    local x = tnt.i64 { -2, 0, 3 }
    assert.equal("i64", x:clamp(nil, 1).dtype)
    same({ -2, 0, 1 }, x:clamp(nil, 1))
    same({ -1, 0, 3 }, x:clamp(-1))
    local y = x:clamp(-0.5, 1.5)
    assert.equal("f32", y.dtype)
    same({ -0.5, 0, 1.5 }, y)
    refused("dtype", x.clamp_, x, -0.5, 1.5)
    same({ 0, 5, 250 }, tnt.u8 { 0, 5, 250 }:clamp(-1, 300))
  end)
end)

describe("whole numbers", function()
  it("have exact powers, which wrap as the machine's do", function()
    same({ 1, 2, 4, 1024 }, tnt.i64 { 2, 2, 2, 2 }:pow(tnt.i64 { 0, 1, 2, 10 }))
    assert.equal("4052555153018976267", tostring(tnt.i64(3):pow(39):item_int64()):match "%d+")
    same({ 0, 1, -1, 1 }, tnt.i64 { 2, 1, -1, -1 }:pow(tnt.i64 { -1, -5, -1, -2 }))
    same({ 1, 1 }, tnt.i64 { 0, 5 }:pow(0))
    assert.equal("i64", (tnt.i64 { 2 } ^ 3).dtype)
    assert.equal("f32", (tnt.i64 { 2 } ^ 0.5).dtype)
  end)

  it("divide with the floor, and modulo takes the divisor's sign", function()
    local a, b = tnt.i64 { -7, 7, -7, 7, 6 }, tnt.i64 { 3, -3, -3, 3, 3 }
    same({ -3, -3, 2, 2, 2 }, a:floor_divide(b))
    same({ 2, -2, -1, 1, 0 }, a % b)
    same({ -7, 7 }, tnt.i64 { 7, -7 }:floor_divide(-1))
  end)

  it("do not divide by 0, floats do", function()
    for _, f in ipairs { ops.remainder, ops.floor_divide } do
      refused("argument", f, tnt.i64 { 5 }, 0)
      refused("argument", f, 5, tnt.u8 { 0 })
      refused("argument", f, tnt.i32 { 5, 6 }, tnt.i64 { 2, 0 })
    end
    local x = tnt.i64 { 5 }
    refused("argument", x.remainder_, x, 0)
    same({ 5 }, x)
    same({ inf, -inf, nan }, tnt.f32 { 1, -1, 0 }:floor_divide(0))
    same({ nan, nan }, tnt.f32 { 5, 0 } % 0)
    assert.equal("f32", (x / 2).dtype)
    same({ inf }, x / 0)
  end)

  it("wrap in u8, i32 and i64", function()
    same({ 4, 255 }, tnt.u8 { 250, 1 } + tnt.u8 { 10, 254 })
    same({ 255 }, tnt.u8 { 1 } - 2)
    same({ 255 }, -tnt.u8 { 1 })
    same({ 144 }, tnt.u8 { 200 } * 2)
    same({ -2147483648 }, tnt.i32 { 2147483647 } + 1)
    local top = tnt.i64 { 9223372036854775807LL } + 1
    assert.is_true(top[1]:item_int64() == -9223372036854775807LL - 1)
    local x = tnt.u8 { 250 }
    x:add_(10)
    same({ 4 }, x)
  end)

  it("are exact beyond 2^53", function()
    local x = tnt.i64 { 9007199254740993LL }
    local function is(want, y) assert.is_true(y:reshape(1)[1]:item_int64() == want, tostring(y)) end
    is(9007199254740994LL, x + 1)
    is(27021597764222979LL, x * 3)
    is(9007199254740991LL, x - 2)
    is(3LL, x % 10)
    is(4503599627370496LL, x:floor_divide(2))
    is(9007199254740993LL, x:sum())
    is(9007199254740993LL, x:amax())
    is(9007199254740993LL, x:cumsum(1))
    is(9007199254740993LL, tnt.cat({ x, x }, 1)[{ { 2 } }])
    is(9007199254740993LL, x[tnt.i64 { 0 }])
    is(9007199254740993LL, (x:sort()))
    assert.is_false(x:eq(tnt.i64 { 9007199254740992LL })[1]:item())
    assert.is_false(x:eq(9007199254740992)[1]:item())
    assert.is_true(x:gt(9007199254740992)[1]:item())
    assert.is_true(x:totable()[1] == 9007199254740993LL)
    refused("argument", function() return x[1]:item() end)
    assert.equal(2 ^ 53, tnt.i64 { 9007199254740992LL }[1]:item())
    is(9007199254740993LL, tnt.i64 { { 9007199254740993LL } }:matmul(tnt.i64 { { 1 } }))
  end)
end)

describe("floats", function()
  it("have the modulus and floored quotient of PyTorch", function()
    same({ 2, -2, -1, 1 }, tnt.f64 { -7, 7, -7, 7 } % tnt.f64 { 3, -3, -3, 3 })
    same({ 9 }, tnt.f32 { 1 }:floor_divide(0.1))
    same({ 9 }, tnt.f64 { 1 }:floor_divide(0.1))
    same({ 5, inf }, tnt.f32 { 5, -5 } % inf)
    same({ -1, 0 }, tnt.f32 { -0.5, 0.5 }:floor_divide(1))
  end)

  it("carry NaN through extremes, and infinity through the rest", function()
    local x = tnt.f32 { 1, nan, 2 }
    same({ nan }, x:amax())
    same({ nan }, x:amin())
    same({ 1 }, x:argmax())
    same({ 1 }, x:argmin())
    local y, i = x:max(1)
    same({ nan }, y)
    same({ 1 }, i)
    same({ nan, nan, 2 }, tnt.f32 { 1, nan, 2 }:maximum(tnt.f32 { nan, 1, 1 }))
    same({ nan, nan, 1 }, tnt.f32 { 1, nan, 2 }:minimum(tnt.f32 { nan, 1, 1 }))
    same({ nan, 0, 3 }, tnt.f32 { nan, -1, 3 }:relu())
    same({ 0, 1, 0 }, x:isnan():to "u8")
    same({ 1, 1, 0, 0 }, tnt.f32 { inf, -inf, nan, 1 }:isinf():to "u8")
    same({ 0, 0, 0, 1 }, tnt.f32 { inf, -inf, nan, 1 }:isfinite():to "u8")
    assert.is_false(x:eq(x)[2]:item())
    assert.is_true(x:ne(x)[2]:item())
    same({ 1, 0, inf }, tnt.f32 { 0, -inf, inf }:exp())
    same({ -inf, nan, inf }, tnt.f32 { 0, -1, inf }:log())
  end)

  it("of f16 round to the nearest even, subnormal ones too", function()
    local ulp = 2 ^ -24 -- the smallest f16
    local values = { ulp, 0.5 * ulp, 0.51 * ulp, 1.5 * ulp, 2.5 * ulp, 1023 * ulp, 1023.5 * ulp,
      1024 * ulp, 2049, 2051, 65519, 65520, -65520, 2 ^ -14 }
    local want = { ulp, 0, ulp, 2 * ulp, 2 * ulp, 1023 * ulp, 1024 * ulp, 1024 * ulp, 2048, 2052,
      65504, inf, -inf, 2 ^ -14 }
    same(want, tnt.f32(values):to "f16")
    same(want, tnt.f64(values):to "f16")
    same({ 2048 }, tnt.f16 { 2048 } + 1) -- a tie
    same({ 2052 }, tnt.f16 { 2050 } + 1)
    same({ inf }, tnt.f16 { 60000 } * 2)
  end)

  it("of bf16 too", function()
    same({ 256, 260, 1, 1 + 2 ^ -6, 2 ^ -133, 0 }, tnt.f32 { 257, 259, 1 + 2 ^ -8, 1 + 3 * 2 ^ -8,
      2 ^ -133, 2 ^ -134 }:to "bf16")
    same({ nan, inf, -inf }, tnt.f32 { nan, inf, -inf }:to "bf16")
    same({ nan, inf, -inf }, tnt.f32 { nan, inf, -inf }:to "f16")
    same({ inf }, tnt.f32 { 3.3999e38 }:to "bf16")
  end)

  it("of 16 bits add up in f32", function()
    local x = tnt.ones(5000, { dtype = "f16" })
    assert.equal(5000, x:sum():item())
    assert.equal(1, x:mean():item())
    assert.equal(4096, tnt.ones(4096, { dtype = "bf16" }):sum():item())
    assert.equal(2000, tnt.ones(1, 2000, { dtype = "f16" }):matmul(tnt.ones(2000, 1,
      { dtype = "f16" })):item())
  end)

  it("become whole numbers by dropping the fraction", function()
    same({ 2, -2, 0, 0 }, tnt.f32 { 2.9, -2.9, 0.9, -0.9 }:to "i64")
    same({ 2, -2 }, tnt.f64 { 2.9, -2.9 }:to "i32")
    same({ 200 }, tnt.f16 { 200.5 }:to "u8")
    same({ 1, 1, 0, 1 }, tnt.f32 { 0.1, -3, 0, nan }:to "bool")
  end)
end)

describe("functions of f32", function()
  -- Against the same in f64, over the range where they differ from simple cases.
  local grids = {
    exp = { -103, 88.7 }, log = { 1e-30, 3e4 }, tanh = { -12, 12 }, erf = { -4, 4 },
      expm1 = { -10, 10 }, log1p = { -0.999, 50 },
    sigmoid = { -80, 80 }, silu = { -60, 60 }, softplus = { -60, 40 }, gelu = { -8, 8 },
      gelu_tanh = { -8, 8 }, sin = { -50, 50 },
    cos = { -50, 50 }, sqrt = { 0, 1e6 }, rsqrt = { 1e-6, 1e6 }, log2 = { 1e-20, 1e20 },
      elu = { -20, 20 },
  }
  for name, range in require "tnt.sorted"(grids) do
    it(name .. " are those of f64 to a few units of the last place", function()
      local x = tnt.linspace(range[1], range[2], 20001, { dtype = "f32" })
      local got, want = build.flat(x[name](x)), build.flat((function(y)
        return y[name](y)
      end)(x:to "f64"))
      for i = 1, #want do
        local w = want[i]
        local unit = math.max(math.abs(w) * 2 ^ -23, 2 ^ -126)
        -- gelu and its kin lose digits where 1 + erf cancels: absolute there
        local allowed = (name:match "gelu" or name == "silu" or name == "softplus")
          and math.max(12 * unit, 4e-7) or 12 * unit
        if math.abs(w) < 2 ^ -126 then allowed = 2 ^ -126 end
        local error_found = math.abs(got[i] - w)
        if error_found ~= error_found or error_found > allowed then
          error(("%s(%.9g) is %.9g, %.9g was expected"):format(name, build.flat(x)[i], got[i], w))
        end
      end
    end)
  end

  it("keep their digits near 0", function()
    for _, name in ipairs { "expm1", "log1p", "tanh", "erf", "sin", "silu", "gelu" } do
      for _, v in ipairs { 1e-3, -1e-4, 1e-6, 1e-10, -1e-20 } do
        local got, want = tnt.f32 { v }[name](tnt.f32 { v })[1]:item(), tnt.f32 { v }:to "f64"
        want = want[name](want)[1]:item()
        assert.is_true(math.abs(got - want) <= 4e-7 * math.abs(want),
          ("%s(%g) is %.9g, not %.9g"):format(name, v, got, want))
      end
    end
  end)

  it("do not overflow where the result does not", function()
    same({ 1, 0 }, tnt.f32 { 1000, -1000 }:sigmoid())
    same({ 1000, 0 }, tnt.f32 { 1000, -1000 }:softplus())
    same({ 1, -1 }, tnt.f32 { 1000, -1000 }:tanh())
    same({ 1000, 0 }, tnt.f32 { 1000, -1000 }:silu())
    same({ 1000, 0 }, tnt.f32 { 1000, -1000 }:gelu_tanh())
    near({ 1000 + math.log(2) }, tnt.f32 { 1000, 1000 }:logsumexp())
    same({ -inf }, tnt.f32 { -inf, -inf }:logsumexp())
    near({ 0.5, 0.5, 0 }, tnt.f32 { 1e30, 1e30, -1e30 }:softmax(-1))
    near({ 0, -1e30 }, tnt.f32 { 1e30, 0 }:log_softmax(-1))
    same({ 0.5, 0, 0.5 }, tnt.f32 { 3, -inf, 3 }:softmax(-1)) -- a mask
    local x = tnt.f32 { 1000, -1000, 0 }
    x.requires_grad = true
    for _, name in ipairs { "sigmoid", "softplus", "tanh", "silu", "gelu", "gelu_tanh", "elu" } do
      for _, g in ipairs(build.flat(tnt.grad(x[name](x):sum(), x))) do
        assert.is_true(g == g and math.abs(g) < 2, name)
      end
    end
  end)
end)

describe("reductions", function()
  it("over dims that are not neighbours", function()
    local x = tnt.arange(120, { dtype = "f64" }):view(2, 3, 4, 5)
    local want = {}
    for j = 0, 2 do
      for l = 0, 4 do
        local s = 0
        for i = 0, 1 do
          for k = 0, 3 do s = s + ((i * 3 + j) * 4 + k) * 5 + l end
        end
        want[#want + 1] = s
      end
    end
    same(want, x:sum { 1, 3 })
    same(want, x:sum { 3, 1 })
    same(want, x:sum { -2, -4 })
    same(want, x:transpose(1, 4):contiguous():transpose(1, 4):sum { 1, 3 })
    assert.same({ 1, 3, 1, 5 }, x:sum({ 1, 3 }, true).shape)
    near({ 59.5 }, x:mean())
    same({ 119 }, x:amax { 1, 2, 3, 4 })
  end)

  it("variance of one element is NaN, of the population 0", function()
    same({ nan }, tnt.f32 { 5 }:var())
    same({ nan }, tnt.f32 { 5 }:std())
    same({ 0 }, tnt.f32 { 5 }:var(nil, 0))
    near({ 1.25 }, tnt.f32 { 1, 2, 3, 4 }:var(nil, 0))
    near({ 2 / 3 }, tnt.f64 { 1e9, 1e9 + 1, 1e9 + 2 }:var(nil, 0), 1e-12) -- no cancellation
    near({ 0 }, tnt.full({ 10000 }, 0.1):var(), 1e-12)
  end)

  it("in f32 lose no digits over many elements", function()
    assert.equal(1e6, tnt.ones(1000000):sum():item())
    local x = tnt.full({ 1000, 1000 }, 0.1)
    local exact = tnt.full({}, 0.1):to("f64"):item()
    assert.is_true(math.abs(x:sum():item() / (exact * 1e6) - 1) < 1e-7)
    for _, v in ipairs(build.flat(x:sum(1))) do
      assert.is_true(math.abs(v / (exact * 1e3) - 1) < 1e-6)
    end
    for _, v in ipairs(build.flat(x:sum(2))) do
      assert.is_true(math.abs(v / (exact * 1e3) - 1) < 3e-7)
    end
  end)

  it("argmax takes the first of equal ones; places count from 0", function()
    same({ 1 }, tnt.f32 { 1, 3, 3 }:argmax())
    same({ 0 }, tnt.f32 { 1, 3, 1 }:argmin())
    same({ 4 }, tnt.f32 { { 1, 2, 3 }, { 4, 5, 0 } }:argmax())
    same({ 1, 1, 0 }, tnt.f32 { { 1, 2, 3 }, { 4, 5, 0 } }:argmax(1))
    local _, i = tnt.i64 { { 7, 7 } }:max(2)
    same({ 0 }, i)
  end)

  it("spread the gradient of equal maxima over amax, and give it to one place in max(d)", function()
    local x = tnt.tensor({ 2, 5, 5 }, { requires_grad = true })
    same({ 0, 0.5, 0.5 }, tnt.grad(x:amax(), x))
    same({ 0, 1, 0 }, tnt.grad((x:max(1)), x))
    local p = tnt.tensor({ 2, 0, 4 }, { requires_grad = true })
    same({ 0, 8, 0 }, tnt.grad(p:prod(), p))
    local q = tnt.tensor({ 0, 0, 4 }, { requires_grad = true })
    same({ 0, 0, 0 }, tnt.grad(q:prod(), q))
  end)

  it("any, all, norm", function()
    local m = tnt.tensor { { true, false }, { false, false } }
    same({ 1, 0 }, m:any(2):to "u8")
    same({ 0, 0 }, m:all(2):to "u8")
    assert.is_true(m:any():item())
    assert.is_true(tnt.f32 { 1, 2 }:all():item())
    local x = tnt.f32 { 3, -4 }
    near({ 5 }, x:norm())
    near({ 7 }, x:norm(1))
    near({ 4 }, x:norm(inf))
    near({ (27 + 64) ^ (1 / 3) }, x:norm(3))
  end)
end)

describe("order", function()
  it("sort is stable both ways; NaN counts as largest", function()
    local x = tnt.f32 { 2, 1, 2, 1, 2 }
    local y, i = x:sort()
    same({ 1, 1, 2, 2, 2 }, y)
    same({ 1, 3, 0, 2, 4 }, i)
    y, i = x:sort(1, true)
    same({ 2, 2, 2, 1, 1 }, y)
    same({ 0, 2, 4, 1, 3 }, i)
    y, i = tnt.f32 { 3, nan, 1, 2 }:sort()
    same({ 1, 2, 3, nan }, y)
    same({ 2, 3, 0, 1 }, i)
    y = tnt.f32 { 3, nan, 1 }:sort(1, true)
    same({ nan, 3, 1 }, y)
    -- longer than an insertion sort
    local n = 1000
    y, i = (tnt.arange(n) % 7):sort()
    local places, values = build.flat(i), build.flat(y)
    for k = 2, n do assert.is_true(values[k] > values[k - 1] or places[k] > places[k - 1]) end
  end)

  it("topk is sorted, of the largest or smallest", function()
    local x = tnt.f32 { { 5, 1, 4 }, { 2, 9, 3 } }
    local y, i = x:topk(2)
    same({ 5, 4, 9, 3 }, y)
    same({ 0, 2, 1, 2 }, i)
    y, i = x:topk(1, 1, false)
    same({ 2, 1, 3 }, y)
    same({ 1, 0, 1 }, i)
    assert.same({ 2, 0 }, (x:topk(0)).shape)
    refused("argument", x.topk, x, 4)
    refused("argument", x.topk, x, -1)
  end)
end)

describe("matmul", function()
  local function reference(a, b)
    local x, y = a:totable(), b:totable()
    local out = {}
    for i = 1, #x do
      for j = 1, #y[1] do
        local s = 0
        for k = 1, #y do s = s + x[i][k] * y[k][j] end
        out[#out + 1] = s
      end
    end
    return out
  end

  it("of transposed, sliced and one-row matrices of many sizes", function()
    for _, dtype in ipairs { "f64", "f32", "i64" } do
      for _, s in ipairs { { 1, 1, 1 }, { 1, 7, 5 }, { 5, 7, 1 }, { 7, 1, 5 }, { 17, 33, 9 },
        { 64, 64, 64 }, { 3, 130, 2 } } do
        local m, k, n = s[1], s[2], s[3]
        local function fill(r, c) return (tnt.arange(r * c) * 7 % 13 - 6):view(r, c):to(dtype) end
        local a, b = fill(m, k), fill(k, n)
        local want = reference(a, b)
        same(want, a:matmul(b))
        same(want, a:t():contiguous():t():matmul(b))
        same(want, a:matmul(b:t():contiguous():t()))
        same(want, build.layouts.sliced(a):matmul(build.layouts.sliced(b)))
        same(want, build.layouts.transposed(a):matmul(build.layouts.transposed(b)))
      end
    end
  end)

  it("of batches, broadcast on either side, and of vectors", function()
    local a = tnt.arange(2 * 3 * 2 * 4, { dtype = "f64" }):view(2, 3, 2, 4)
    local b = tnt.arange(3 * 4 * 2, { dtype = "f64" }):view(3, 4, 2)
    local y = a:matmul(b)
    assert.same({ 2, 3, 2, 2 }, y.shape)
    for i = 1, 2 do
      for j = 1, 3 do same(reference(a[{ i, j }], b[j]), y[{ i, j }]) end
    end
    local z = b:transpose(-1, -2):matmul(a:transpose(-1, -2))
    for i = 1, 2 do
      for j = 1, 3 do same(reference(b[j]:t(), a[{ i, j }]:t()), z[{ i, j }]) end
    end
    local v = tnt.f64 { 1, 2, 3, 4 }
    assert.same({ 2, 3, 2 }, a:matmul(v).shape)
    assert.same({ 3, 2 }, v:matmul(b).shape)
    same({ 30 }, v:matmul(v))
    assert.same({}, v:dot(v).shape)
    same(build.flat(a:matmul(v:view(4, 1))), a:matmul(v))
    assert.same({ 3, 2, 2 }, tnt.ones(3, 2, 4):bmm(tnt.ones(3, 4, 2)).shape)
    refused("shape", v.bmm, tnt.ones(2, 2), tnt.ones(2, 2))
    refused("shape", v.matmul, tnt.ones(2, 3, 4), tnt.ones(3, 4, 2))
    refused("shape", v.matmul, tnt.tensor(1), v)
  end)

  it("expanded batches", function()
    local a = tnt.arange(6, { dtype = "f64" }):view(1, 2, 3):expand(4, 2, 3)
    local b = tnt.arange(3, { dtype = "f64" }):view(1, 3):expand(2, 3):t()
    same(build.flat(a:contiguous():matmul(b:contiguous())), a:matmul(b))
  end)

  it("einsum", function()
    local a, b = tnt.arange(6, { dtype = "f64" }):view(2, 3),
      tnt.arange(12, { dtype = "f64" }):view(3, 4)
    same(reference(a, b), tnt.einsum("ij,jk->ik", a, b))
    same(build.flat(a:matmul(b):t()), tnt.einsum("ij,jk->ki", a, b))
    same({ 15 }, tnt.einsum("ij->", a))
    same({ 3, 5, 7 }, tnt.einsum("ij->j", a))
    same(build.flat(a:t()), tnt.einsum("ij->ji", a))
    same({ 55 }, tnt.einsum("ij,ij->", a, a))
    assert.same({ 2, 3, 3, 4 }, tnt.einsum("ij,kl->ijkl", a, b).shape)
    assert.same({ 5, 2, 4 }, tnt.einsum("bij,jk->bik", tnt.ones(5, 2, 3), tnt.ones(3, 4)).shape)
    refused("shape", tnt.einsum, "ij,jk->ik", a, a)
    refused("argument", tnt.einsum, "ij,jk", a, b)
    refused("argument", tnt.einsum, "ij->iz", a)
  end)
end)

describe("cross_entropy", function()
  local x = tnt.f64 { { 1, 2, 3 }, { 1, 5, 1 }, { 0, 0, 0 } }
  local function call(...) return (ops.cross_entropy(...)) end

  it("ignores rows; when all are ignored the mean is NaN and the sum 0 (PyTorch)", function()
    local t = tnt.i64 { 2, -100, 0 }
    near({ (0.40760596444438 + 0 + math.log(3)) / 2 }, call(x, t))
    near({ 0.40760596444438, 0, math.log(3) }, call(x, t, nil, -100, 0, 0))
    local all = tnt.i64 { 1, 1, 1 }
    same({ nan }, call(x, all, nil, 1))
    same({ 0 }, call(x, all, nil, 1, 0, 2))
    local leaf = x:clone():requires_grad_()
    same({ 0, 0, 0, 0, 0, 0, 0, 0, 0 }, tnt.grad(call(leaf, all, nil, 1, 0, 2), leaf))
  end)

  it("refuses targets out of range, naming the row", function()
    assert.truthy(refused("argument", call, x, tnt.i64 { 0, 3, 1 }):find("row 2 has 3", 1, true))
    refused("argument", call, x, tnt.i64 { 0, -1, 1 })
    refused("dtype", call, x, tnt.f32 { 0, 1, 1 })
  end)

  it("does not overflow", function()
    near({ 2000 }, call(tnt.f32 { { 1000, -1000 } }, tnt.i64 { 1 }))
    near({ 0 }, call(tnt.f32 { { 1000, -1000 } }, tnt.i64 { 0 }))
  end)
end)

describe("windows and diagonals", function()
  it("overlapping windows add their gradients up", function()
    local x = tnt.arange(6, { dtype = "f64" }):requires_grad_()
    local y = x:unfold(1, 3, 1)
    assert.same({ { 0, 1, 2 }, { 1, 2, 3 }, { 2, 3, 4 }, { 3, 4, 5 } }, y:totable())
    same({ 1, 2, 3, 3, 2, 1 }, tnt.grad(y:sum(), x))
    same({ 1, 1, 2, 1, 1, 0 }, tnt.grad(x:unfold(1, 3, 2):sum(), x))
    refused("argument", x.unfold, x, 1, 7, 1)
    refused("argument", x.unfold, x, 1, 2, 0)
  end)

  it("a diagonal is a view, and gives its gradient back to its place", function()
    local x = tnt.zeros(3, 3, { dtype = "f64" })
    x:diagonal():fill_(2)
    x:diagonal(1):fill_(5)
    assert.same({ { 2, 5, 0 }, { 0, 2, 5 }, { 0, 0, 2 } }, x:totable())
    local y = tnt.ones(2, 3, { dtype = "f64" }):requires_grad_()
    same({ 0, 3, 0, 0, 0, 3 }, tnt.grad((y:diagonal(1) * 3):sum(), y))
    assert.same({ 0 }, x:diagonal(3).shape)
  end)
end)

-- Products on a card: every way operands may lie, batches that broadcast, sizes around the tiles,
-- the bias of linear, the gelu of linear layers, whole numbers. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"
local card = require "spec.cuda.card"

if not both.available "products" then return end

local rtol = { f32 = 1e-5, f64 = 1e-12, f16 = 2 ^ -9, bf16 = 2 ^ -6, i64 = 0 }
local dtypes = { "f32", "f64", "f16", "bf16", "i64" }

local function numbers(shape, dtype)
  if dtype == "i64" then return both.whole(shape, -9, 9) end
  return both.normal(shape, dtype) / math.sqrt(math.max(1, shape[#shape]))
end

describe("products on a card #cuda", function()
  it("of matrices that lie in rows, in columns, or apart", function()
    local sizes = { { 1, 1, 1 }, { 5, 3, 7 }, { 64, 16, 64 }, { 65, 17, 130 }, { 1, 40, 9 },
      { 33, 70, 1 } }
    for _, dtype in ipairs(dtypes) do
      for _, s in ipairs(sizes) do
        local a, b = numbers({ s[1], s[2] }, dtype), numbers({ s[3], s[2] }, dtype)
        local at, bt = a:t():contiguous(), b:t():contiguous()
        local wide = numbers({ s[1], 2 * s[2] + 1 }, dtype)
        local where = dtype .. " " .. table.concat(s, ",")
        both.alike(where, { a, b, at, bt, wide }, function(u, v, ut, vt, w)
          return u:matmul(v:t()), ut:t():matmul(v:t()), u:matmul(vt), ut:t():matmul(vt),
            w:narrow(2, 2, s[2]):matmul(vt), w[{ {}, { 1, 2 * s[2], 2 } }]:matmul(vt),
            u:narrow(1, 1, 1):expand(s[1], s[2]):matmul(vt)
        end, rtol[dtype])
      end
    end
  end)

  it("of batches, which broadcast", function()
    for _, dtype in ipairs(dtypes) do
      local a, b = numbers({ 3, 4, 5, 6 }, dtype), numbers({ 3, 4, 6, 7 }, dtype)
      both.alike(dtype, { a, b }, function(u, v)
        return u:matmul(v), u:matmul(v:select(1, 2)), u:select(1, 1):matmul(v),
          u:matmul(v:select(1, 1):select(1, 2)), u:select(1, 1):select(1, 3):matmul(v),
          u:narrow(2, 2, 1):matmul(v:narrow(1, 3, 1)), u:transpose(1, 2):matmul(v:transpose(1, 2)),
          u:transpose(1, 2):matmul(v:select(1, 1):unsqueeze(2)),
          u:narrow(1, 1, 1):expand(3, 4, 5, 6):matmul(v)
      end, rtol[dtype])
    end
  end)

  it("of heads that lie beside each other", function()
    for _, dtype in ipairs { "f32", "bf16" } do
      local q = numbers({ 2, 9, 3, 8 }, dtype) -- [N, T, H, D]
      both.alike(dtype, { q }, function(x)
        local h = x:transpose(2, 3)
        return h:matmul(h:transpose(3, 4)), h:transpose(3, 4):matmul(h)
      end, rtol[dtype])
    end
  end)

  it("of batches whose dims cannot be counted as one", function()
    local a, b = numbers({ 7, 6, 5, 2, 3 }, "f32"), numbers({ 7, 6, 5, 3, 4 }, "f32")
    both.alike("copied", { a, b }, function(u, v)
      return u:permute(3, 2, 1, 4, 5):matmul(v:permute(3, 2, 1, 4, 5)),
        u:narrow(2, 2, 1):matmul(v:permute(1, 2, 3, 4, 5))
    end, 1e-5)
  end)

  it("of nothing", function()
    local a, b = tnt.zeros(2, 3, 0), tnt.zeros(2, 0, 4)
    both.alike("k = 0", { a, b, tnt.zeros(0, 3), tnt.zeros(2, 0, 3), tnt.ones(3, 2) },
      function(u, v, n, m, w)
        return u:matmul(v), n:matmul(w), m:matmul(w), u:linear(tnt.zeros(5, 0):to(u.device)),
          u:linear(tnt.zeros(5, 0):to(u.device), tnt.ones(5):to(u.device)),
          n:linear(tnt.ones(4, 3):to(u.device))
      end)
  end)

  it("let infinities and NaN through", function()
    local a = tnt.tensor { { 1, math.huge }, { 0, 2 }, { 0 / 0, 1 } }
    local b = tnt.tensor { { 1, 0 }, { 2, -1 } }
    for _, dtype in ipairs { "f32", "f64", "bf16" } do
      both.alike(dtype, { a:to(dtype), b:to(dtype) }, function(u, v) return u:matmul(v) end, 1e-6)
    end
  end)

  it("with a bias, of rows anyhow", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      local x, w, b = numbers({ 4, 9, 24 }, dtype), numbers({ 10, 24 }, dtype),
        numbers({ 32 }, dtype)
      local wt = w:t():contiguous()
      both.alike(dtype, { x, w, b, wt }, function(u, v, c, vt)
        local bias = c:narrow(1, 1, 10)
        return u:linear(v, bias), u:linear(v), u:linear(vt:t(), bias),
          u:transpose(1, 2):linear(v, bias), u:narrow(2, 2, 5):linear(v, bias),
          u:select(1, 2):select(1, 3):linear(v, bias), u:linear(v, c:narrow(1, 4, 10)),
          u:linear(v, c[{ { 1, 20, 2 } }]), u:linear(v, c:narrow(1, 1, 1):expand(10)),
          u:narrow(3, 5, 8):linear(v:narrow(2, 9, 8), bias),
          u:linear(v:narrow(1, 1, 1), c:narrow(1, 3, 1))
      end, rtol[dtype])
    end
  end)

  it("and their gradients", function()
    for _, dtype in ipairs { "f32", "f64", "bf16" } do
      local x, w, b = numbers({ 3, 5, 6 }, dtype), numbers({ 4, 6 }, dtype), numbers({ 4 }, dtype)
      both.alike(dtype, { x, w, b }, function(u, v, c)
        local p, q, r = u:detach(), v:detach(), c:detach()
        p.requires_grad, q.requires_grad, r.requires_grad = true, true, true
        local y = p:linear(q, r):square():sum() + p:matmul(q:t()):tanh():sum()
        local g = tnt.grad({ y }, { p, q, r })
        return g[1], g[2], g[3]
      end, rtol[dtype] * 8)
    end
  end)

  it("round their factors to TF32 only where that is allowed", function()
    local third = tnt.full({ 4, 4 }, 1 / 3):to "cuda"
    local eye = tnt.eye(4):to "cuda"
    local former = tnt.cuda.allow_tf32(false)
    local exact = third:matmul(eye):select(1, 1):select(1, 1):item()
    assert.is_false(tnt.cuda.allow_tf32(true))
    assert.is_true(tnt.cuda.allow_tf32())
    local rounded = third:matmul(eye):select(1, 1):select(1, 1):item()
    local wide = third:double():matmul(eye:double()):select(1, 1):select(1, 1):item()
    tnt.cuda.allow_tf32(former)
    assert.equal(third:select(1, 1):select(1, 1):item(), exact)
    assert.equal(exact, wide)
    assert.near(1 / 3, rounded, 2 ^ -11)
    -- a card need not take them for 4 x 4
    if (os.getenv "TNT_CUDA_LIBRARY" or ""):find "emulated" then
      assert.not_equal(exact, rounded)
    end
    assert.has_error(function() tnt.cuda.allow_tf32(1) end)
  end)

  it("of more shapes than plans are kept for", function()
    local a = both.normal({ 24, 30 }):to "cuda"
    for _ = 1, 2 do
      for m = 1, 24 do
        for k = 1, 30 do
          local y = a:narrow(1, 1, m):narrow(2, 1, k):matmul(a:narrow(1, 1, 1):narrow(2, 1, k):t())
          if (m * 31 + k) % 97 == 0 then
            local want = a:narrow(1, m, 1):narrow(2, 1, k):to "cpu"
            want = (want * a:narrow(1, 1, 1):narrow(2, 1, k):to "cpu"):sum():item()
            assert.near(want, y:select(1, m):item(), 1e-4)
          end
        end
      end
    end
  end)

  it("give the same bits every time", function()
    local a, b = both.normal({ 70, 300 }):to "cuda", both.normal({ 300, 90 }):to "cuda"
    local first = both.list(ops.matmul(a, b))
    for _ = 1, 3 do assert.same(first, both.list(ops.matmul(a, b))) end
  end)
end)

describe("linear layers with a gelu on a card #cuda", function()
  -- rows, ins, hidden, outs: those that the library takes, odd ones, more than one block
  local sizes = { { 9, 24, 16, 8 }, { 5, 7, 9, 3 }, { 1, 8, 8, 1 }, { 160, 32, 72, 64 } }

  local function inputs(s, dtype)
    local x, v, a = numbers({ s[1], s[2] }, dtype), numbers({ s[3], s[2] }, dtype),
      numbers({ s[3] + 40 }, dtype)
    return x, v, a, numbers({ s[4], s[3] }, dtype), numbers({ s[4] + 8 }, dtype)
  end

  it("give what they give on the CPU, however operands lie", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      for _, s in ipairs(sizes) do
        local x, v, a, w, b = inputs(s, dtype)
        local xt, vt, wt = x:t():contiguous(), v:t():contiguous(), w:t():contiguous()
        local wide = numbers({ s[1], 2 * s[2] }, dtype)
        both.alike(dtype .. table.concat(s, ","), { x, v, a, w, b, xt, vt, wt, wide },
          function(x1, v1, a1, w1, b1, x2, v2, w2, x3)
            local a2, b2 = a1:narrow(1, 1, s[3]), b1:narrow(1, 1, s[4])
            return ops.linear_gelu(x1, v1, a2), ops.linear_gelu(x1, v1),
              ops.linear_gelu(x2:t(), v2:t(), a1:narrow(1, 4, s[3])),
              ops.linear_gelu(x3[{ {}, { 1, 2 * s[2], 2 } }], v1, a1:narrow(1, 1, 1):expand(s[3])),
              ops.linear_gelu(x1:unsqueeze(1), v1, a1:narrow(1, 9, s[3])),
              ops.gelu_mlp(x1, v1, a2, w1, b2), ops.gelu_mlp(x1, v1, nil, w1, nil),
              ops.gelu_mlp(x2:t(), v2:t(), a2, w2:t(), b1:narrow(1, 2, s[4])),
              ops.gelu_mlp(x3:narrow(2, 2, s[2]), v1, a2, w1)
          end, rtol[dtype] * 2)
      end
    end
  end)

  it("and so do their gradients and linear's, with and without determinism", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      for _, s in ipairs(sizes) do
        local x, v, a, w, b = inputs(s, dtype)
        a, b = a:narrow(1, 1, s[3]):contiguous(), b:narrow(1, 1, s[4]):contiguous()
        local function gradients(...)
          local t = { ... }
          for i = 1, 5 do t[i] = t[i]:detach():requires_grad_() end
          local ys = { ops.linear_gelu(t[1], t[2], t[3]),
            ops.gelu_mlp(t[1], t[2], t[3], t[4], t[5]), ops.gelu_mlp(t[1], t[2], nil, t[4]),
            ops.linear(t[1], t[2], t[3]), ops.linear_gelu(t[1], t[2]) }
          local out = {}
          for _, y in ipairs(ys) do
            local seed = tnt.arange(y:numel()) % 5 - 2
            local g = tnt.grad({ y }, t, { grad_outputs = { seed:view(y.shape):to(y.dtype)
              :to(y.device) }, allow_unused = true })
            for i = 1, 5 do if g[i] then out[#out + 1] = g[i] end end
          end
          return unpack(out)
        end
        -- sums over many rows of terms of either sign
        local tolerance = rtol[dtype] * 16
        both.alike(dtype .. table.concat(s, ","), { x, v, a, w, b }, gradients, tolerance)
        local former = tnt.use_deterministic(true)
        both.alike("deterministic " .. dtype, { x, v, a, w, b }, gradients, tolerance)
        tnt.use_deterministic(former)
      end
    end
  end)

  it("have the library make gelus, slopes and sums, in 16 bits", function()
    if not card.emulated() then return end
    local names = { GELU_BIAS = 36, GELU_AUX_BIAS = 164, DGELU = 192, DGELU_BGRAD = 208,
      BGRADB = 512 }
    local function counted(f)
      local before, used = {}, {}
      for name, e in pairs(names) do before[name] = card.products(e) end -- order: free
      f()
      for name, e in pairs(names) do -- order: free
        used[name] = card.products(e) - before[name]
        if used[name] == 0 then used[name] = nil end
      end
      return used
    end
    local t = { inputs(sizes[4], "bf16") }
    t[3], t[5] = t[3]:narrow(1, 1, 72), t[5]:narrow(1, 1, 64)
    for i = 1, 5 do t[i] = t[i]:contiguous():to "cuda" end
    assert.same({ GELU_BIAS = 1 }, counted(function() ops.gelu_mlp(unpack(t)) end))
    for i = 1, 5 do t[i]:requires_grad_() end
    local function step() ops.gelu_mlp(unpack(t)):sum():backward() end
    -- the first layer's own bias comes with the slope
    assert.same({ GELU_AUX_BIAS = 1, DGELU_BGRAD = 1, BGRADB = 1 }, counted(step))
    local former = tnt.use_deterministic(true)
    assert.same({ GELU_AUX_BIAS = 1, DGELU = 1 }, counted(step))
    tnt.use_deterministic(former)
    -- too few blocks for sums with whole k in each
    local u = t[5]:detach():narrow(1, 1, 8):contiguous():requires_grad_()
    local w = t[4]:detach():narrow(1, 1, 8):contiguous():requires_grad_()
    local x = t[1]:detach():matmul(t[2]:detach():t())
    assert.same({}, counted(function() ops.linear(x, w, u):sum():backward() end))
  end)

  it("make the gelu of a product before it is rounded, where the library makes it", function()
    if not card.emulated() then return end -- a card's tanh is its own
    for _, dtype in ipairs { "f16", "bf16" } do
      local x, v, a = inputs(sizes[4], dtype)
      a = a:narrow(1, 1, 72):contiguous()
      local once = ops.linear_gelu(x:to "f64", v:to "f64", a:to "f64"):to(dtype)
      local twice = ops.linear(x, v, a):gelu_tanh()
      local function differing(y)
        return y:ne(once):to("i64"):sum():item()
      end
      local p = x:to("cuda"):requires_grad_()
      for _, q in ipairs { x:to "cuda", p } do -- without what a gradient wants, and with it
        local y = ops.linear_gelu(q, v:to "cuda", a:to "cuda"):detach():to "cpu"
        assert.is_true(differing(y) < 20, dtype)
        assert.is_true(differing(twice) > 1000, dtype)
      end
    end
  end)

  it("compute in 16 bits in a region of autocast, with gradients in f32", function()
    local x, v, a, w, b = inputs(sizes[1], "f32")
    a, b = a:narrow(1, 1, 16):contiguous(), b:narrow(1, 1, 8):contiguous()
    both.alike("autocast", { x, v, a, w, b }, function(...)
      local t = { ... }
      for i = 1, 5 do t[i] = t[i]:detach():requires_grad_() end
      local y, z = tnt.autocast("bf16", function()
        return ops.gelu_mlp(unpack(t)), ops.linear_gelu(t[1], t[2], t[3])
      end)
      assert.equal("bf16", y.dtype)
      local g = tnt.grad({ y, z }, t, { grad_outputs = { y:detach() * 0 + 1, z:detach() * 0 + 1 } })
      return y, z, unpack(g)
    end, 2 ^ -4)
  end)

  it("keep nothing where no gradient is wanted", function()
    local x, v, w = both.normal({ 512, 64 }, "bf16"):to "cuda",
      both.normal({ 256, 64 }, "bf16"):to "cuda", both.normal({ 64, 256 }, "bf16"):to "cuda"
    local bytes = 512 * 256 * 2
    local function held(q)
      local before = tnt.cuda.memory().live
      local y = ops.gelu_mlp(q, v, nil, w)
      assert.same({ 512, 64 }, y.shape)
      return tnt.cuda.memory().live - before
    end
    assert.is_true(held(x) < bytes)
    local one = held(x:detach():requires_grad_())
    assert.is_true(one >= bytes and one < 2 * bytes) -- what the gelu was made of
    v:requires_grad_()
    w:requires_grad_()
    assert.is_true(held(x) >= 2 * bytes)
  end)

  it("have no elements where there are no rows", function()
    local x, v, w = tnt.zeros(0, 8):to "cuda", tnt.ones(16, 8):to "cuda", tnt.ones(8, 16):to "cuda"
    local a = tnt.ones(16):to "cuda"
    for _, t in ipairs { v, w, a } do t:requires_grad_() end
    local y = ops.gelu_mlp(x, v, a, w)
    assert.same({ 0, 8 }, y.shape)
    local g = tnt.grad({ y:sum() + ops.linear_gelu(x, v, a):sum() }, { v, a, w })
    for _, t in ipairs(g) do assert.equal(0, t:abs():sum():item()) end
  end)
end)

describe("products of 16 bits on a card #cuda", function()
  it("are added up in f32, whatever the parts of k are", function()
    for _, dtype in ipairs { "f16", "bf16" } do
      local a = tnt.full({ 2, 4096 }, 64, { dtype = dtype }):to "cuda"
      local b = tnt.cat({ tnt.full({ 2048, 3 }, 1), tnt.full({ 2048, 3 }, -1) }, 1):to(dtype)
      b[{ 1, {} }] = 2
      assert.same({ { 64, 64, 64 }, { 64, 64, 64 } }, a:matmul(b:to "cuda"):to("f32"):totable())
    end
  end)
end)

-- nn.functional: linear layers with a gelu are what their parts are.
local build = require "spec.ops.build"
local tnt = require "tnt"
local F = tnt.nn.functional

local function gelu(x) return F.gelu(x, { approximate = "tanh" }) end

local function refused(text, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal("shape", err.kind)
  assert.matches(text, err.message, 1, true)
end

describe("linear layers with a gelu", function()
  local x, v, a, w, b

  before_each(function()
    tnt.seed(4)
    x, v, a = tnt.randn(3, 700, 20), tnt.randn(70, 20), tnt.randn(70)
    w, b = tnt.randn(6, 70), tnt.randn(6)
  end)

  -- Results and gradients of two ways to compute the same; rows enough for more than one block.
  local function alike(dtype, rtol, first, second)
    local function run(f)
      local t = {}
      for i, p in ipairs { x, v, a, w, b } do t[i] = p:to(dtype):requires_grad_() end
      local y = f(unpack(t))
      y:square():mean():backward()
      local out = { y:detach() }
      for i = 1, 5 do out[#out + 1] = t[i].grad end
      return out
    end
    local want, got = run(first), run(second)
    assert.equal(#want, #got)
    for i, g in ipairs(got) do
      assert.equal(dtype, g.dtype)
      local most = want[i]:to("f64"):abs():max():item()
      assert.is_nil(build.difference(build.flat(g), build.flat(want[i]), rtol, rtol * most))
    end
  end

  it("are F.linear and F.gelu", function()
    for dtype, rtol in tnt.sorted { f32 = 1e-5, f64 = 1e-12, bf16 = 2 ^ -6, f16 = 2 ^ -9 } do
      alike(dtype, rtol, function(t, p, q) return gelu(F.linear(t, p, q)) end, F.linear_gelu)
      alike(dtype, rtol, function(t, p) return gelu(F.linear(t, p)) end, function(t, p)
        return F.linear_gelu(t, p)
      end)
      alike(dtype, rtol, function(t, p, q, r, s) return F.linear(gelu(F.linear(t, p, q)), r, s) end,
        F.gelu_mlp)
      alike(dtype, rtol, function(t, p, _, r) return F.linear(gelu(F.linear(t, p)), r) end,
        function(t, p, _, r) return F.gelu_mlp(t, p, nil, r) end)
    end
  end)

  it("have gradients of what alone is wanted", function()
    local wanted = { x, v, a, w, b }
    for i = 1, 5 do
      local t = {}
      for k, p in ipairs(wanted) do t[k] = p:detach() end
      t[i]:requires_grad_()
      local want = tnt.grad({ F.linear(gelu(F.linear(t[1], t[2], t[3])), t[4], t[5]):sum() },
        { t[i] })[1]
      local got = tnt.grad({ F.gelu_mlp(unpack(t)):sum() }, { t[i] })[1]
      local most = want:abs():max():item()
      assert.is_nil(build.difference(build.flat(got), build.flat(want), 1e-4, 1e-5 * most))
    end
  end)

  it("keep nothing for a gradient that nobody wants", function()
    local function held(f)
      local before = tnt.memory().live_bytes
      local y = f()
      local bytes = tnt.memory().live_bytes - before
      assert.same({ 3, 700, 6 }, y.shape)
      return bytes
    end
    local wide = 4 * 2100 * 70
    local function run() return F.gelu_mlp(x, v, a, w, b) end
    assert.is_true(held(run) < wide)
    v:requires_grad_()
    local one = held(run)
    assert.is_true(one >= wide and one < 2 * wide) -- what the gelu was made of
    w:requires_grad_()
    assert.is_true(held(run) >= 2 * wide)
    assert.is_true(held(function() return tnt.no_grad(run) end) < wide)
  end)

  it("refuse what does not fit", function()
    refused("linear_gelu: w must be [O, I] with I = 20", F.linear_gelu, x, w)
    refused("linear_gelu: b must be [O]", F.linear_gelu, x, v, b)
    refused("gelu_mlp: w must be [O, H] with H = 70", F.gelu_mlp, x, v, a, v)
    refused("gelu_mlp: a must be [H]", F.gelu_mlp, x, v, b, w, b)
    local ok, err = pcall(F.linear_gelu, x, v:to "f64")
    assert.is_false(ok)
    assert.equal("dtype", err.kind)
  end)
end)

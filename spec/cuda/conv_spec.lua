-- Convolution and pooling on a card: every option, groups, and all dtypes, against the CPU. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"
local cases = require "spec.ops.conv_cases"

if not both.available "convolutions" then return end

local rtol = { f32 = 2e-5, f64 = 1e-12, f16 = 2 ^ -7, bf16 = 2 ^ -4 }

describe("convolutions on a card #cuda", function()
  for i, c in ipairs(cases.list) do
    it(cases.name(c), function()
      local xs, ws, ys = cases.sizes(c)
      for _, dtype in ipairs(i <= 4 and { "f32", "f64", "f16", "bf16" } or { "f32", "bf16" }) do
        local x, w, b, dy = both.normal(xs, dtype), both.normal(ws, dtype), both.normal({ c[3] },
          dtype), both.normal(ys, dtype)
        both.alike(dtype, { x, w, b, dy }, function(u, v, d, g)
          return ops.conv2d(u, v, nil, c[8], c[9], c[10], c[4]),
            ops.conv2d(u, v, d, c[8], c[9], c[10], c[4]),
            ops.conv2d_dx(g, v, xs, c[8], c[9], c[10], c[4]),
            ops.conv2d_dw(g, u, ws, c[8], c[9], c[10], c[4])
        end, rtol[dtype] * math.sqrt(ws[2] * ws[3] * ws[4]))
      end
    end)
  end

  it("of nothing", function()
    both.alike("empty", { tnt.zeros(0, 3, 5, 5), tnt.ones(4, 3, 2, 2), tnt.ones(4),
      tnt.zeros(0, 4, 4, 4) }, function(x, w, b, dy)
      return ops.conv2d(x, w, b, { 1 }, { 0 }, { 1 }, 1),
        ops.conv2d_dw(dy, x, { 4, 3, 2, 2 }, { 1 }, { 0 }, { 1 }, 1)
    end)
  end)

  it("sum the weight's gradient in parts, alike every time", function()
    local x, dy = both.normal { 20, 3, 16, 17 }, both.normal { 20, 5, 16, 17 }
    local function dw(v, g)
      return ops.conv2d_dw(g, v, { 5, 3, 3, 3 }, { 1 }, { 1 }, { 1 }, 1)
    end
    both.alike("5440 places", { x, dy }, dw, 1e-4)
    x, dy = x:to "cuda", dy:to "cuda"
    assert.same(both.list(dw(x, dy)), both.list(dw(x, dy)))
  end)
end)

describe("pooling on a card #cuda", function()
  -- kernel, stride, padding
  local windows = { { { 2 }, { 2 }, { 0 } }, { { 3 }, { 1 }, { 1 } }, { { 3, 2 }, { 2, 1 }, { 1 } },
    { { 5 }, { 2 }, { 2 } }, { { 1 }, { 1 }, { 0 } } }
  it("takes maxima and means", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      for _, k in ipairs(windows) do
        local x = both.whole({ 2, 3, 9, 11 }, -4, 4, dtype) -- ties
        both.alike(dtype, { x }, function(v)
          local y, places = ops.maxpool2d(v, k[1], k[2], k[3])
          local dy = y * 0.5 + 1
          return y, places, ops.maxpool2d_grad(dy, places, { 2, 3, 9, 11 }, k[1], k[2], k[3]),
            ops.avgpool2d(v, k[1], k[2], k[3], true), ops.avgpool2d(v, k[1], k[2], k[3], false),
            ops.avgpool2d_grad(dy, { 2, 3, 9, 11 }, k[1], k[2], k[3], true),
            ops.avgpool2d_grad(dy, { 2, 3, 9, 11 }, k[1], k[2], k[3], false)
        end, dtype == "f64" and 1e-14 or dtype == "f32" and 1e-6 or 2 ^ -7)
      end
    end
  end)

  it("lets NaN win", function()
    local x = tnt.tensor { 1, 0 / 0, 3, -math.huge, 2, 0 / 0, 0 / 0, 5, 6 }:view(1, 1, 3, 3)
    both.alike("NaN", { x }, function(v) return ops.maxpool2d(v, { 2 }, { 1 }, { 0 }) end)
  end)

  it("refuses places outside the image", function()
    local dy = tnt.ones(1, 1, 1, 2):to "cuda"
    ops.maxpool2d_grad(dy, tnt.tensor({ 3, 4 }, { dtype = "i64" }):view(1, 1, 1, 2):to "cuda",
      { 1, 1, 2, 2 }, { 2, 1 }, { 1 }, { 0 })
    local ok, err = pcall(tnt.cuda.synchronize)
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.matches("must be in 0..3, element 2 is 4", err.message, 1, true)
  end)
end)

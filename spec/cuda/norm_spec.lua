-- softmax, cross entropy, layer and batch normalisation on a card: rows of every length (a warp's,
-- a block's, packed or not), infinities, weights, and targets that no class has. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"

if not both.available "normalisation" then return end

local rtol = { f32 = 1e-5, f64 = 1e-12, f16 = 2 ^ -9, bf16 = 2 ^ -6 }
local floats = { "f32", "f64", "f16", "bf16" }
local lengths = { 1, 7, 32, 100, 512, 1000, 4099, 8192 }

describe("softmax on a card #cuda", function()
  it("of rows of any length", function()
    for _, dtype in ipairs(floats) do
      for _, n in ipairs(lengths) do
        local rows = n > 1000 and 2 or 19
        local x, dy = both.normal({ rows, n }, dtype) * 3, both.normal({ rows, n }, dtype)
        both.alike(dtype .. " " .. n, { x, dy }, function(v, g)
          local y, l = v:softmax(-1), v:log_softmax(-1)
          return y, l, ops.softmax_grad(g, y, 2), ops.log_softmax_grad(g, l, 2)
        end, rtol[dtype])
      end
    end
  end)

  it("along an outer dim", function()
    for _, dtype in ipairs(floats) do
      for _, shape in ipairs { { 5, 40, 3 }, { 2, 9, 70 }, { 1, 300, 33 } } do
        local x, dy = both.normal(shape, dtype) * 3, both.normal(shape, dtype)
        both.alike(dtype, { x, dy }, function(v, g)
          local y, l = v:softmax(2), v:log_softmax(2)
          return y, l, ops.softmax_grad(g, y, 2), ops.log_softmax_grad(g, l, 2)
        end, rtol[dtype])
      end
    end
  end)

  it("of infinities and NaN", function()
    local inf, nan = math.huge, 0 / 0
    local x = tnt.tensor { { 1, -inf, 2 }, { -inf, -inf, -inf }, { 1, inf, 2 }, { 1, nan, 2 },
      { -inf, nan, -inf }, { 1e4, 1e4 - 1, -1e4 } }
    for _, dtype in ipairs { "f32", "f64" } do
      both.alike(dtype, { x:to(dtype) }, function(v)
        local t = v:t()
        return v:softmax(-1), v:log_softmax(-1), t:contiguous():softmax(1),
          t:contiguous():log_softmax(1)
      end, 1e-6)
    end
  end)
end)

describe("cross entropy on a card #cuda", function()
  local function ids(rows, classes)
    local t = both.whole({ rows }, 0, classes - 1)
    t:narrow(1, 2, 1):fill_(-100)
    return t
  end

  it("in every reduction, with weights and smoothing", function()
    for _, dtype in ipairs(floats) do
      for _, classes in ipairs { 1, 5, 64, 1000, 9001 } do
        local rows = 13
        local x, t = both.normal({ rows, classes }, dtype) * 2, ids(rows, classes)
        local w = both.normal({ classes }, dtype):abs() + 0.1
        for reduction = 0, 2 do
          for _, smoothing in ipairs { 0, 0.1 } do
            for _, weighted in ipairs { false, true } do
              local where = ("%s, %d classes, reduction %d, smoothing %g"):format(dtype, classes,
                reduction, smoothing)
              both.alike(where, { x, t, w }, function(u, i, v)
                local weight = weighted and v or nil
                local loss, lse = ops.cross_entropy(u, i, weight, -100, smoothing, reduction)
                assert.equal(dtype == "f64" and "f64" or "f32", loss.dtype)
                local dy = loss * 0 + 1
                return loss, lse,
                  ops.cross_entropy_grad(dy, u, i, weight, lse, -100, smoothing, reduction)
              end, rtol[dtype] * 4)
            end
          end
        end
      end
    end
  end)

  it("of rows that none counts", function()
    both.alike("all ignored", { tnt.ones(3, 4), tnt.full({ 3 }, 7, { dtype = "i64" }) },
      function(x, t)
        return (ops.cross_entropy(x, t, nil, 7, 0, 1)), (ops.cross_entropy(x, t, nil, 7, 0, 2))
      end)
  end)

  it("of no rows", function()
    both.alike("no rows", { tnt.ones(0, 4), tnt.zeros({ 0 }, { dtype = "i64" }) }, function(x, t)
      return (ops.cross_entropy(x, t, nil, -100, 0, 1)), (ops.cross_entropy(x, t, nil, -100, 0, 2))
    end)
  end)

  it("names a target that no class has as the CPU does", function()
    local x, t = tnt.ones(3, 4), tnt.tensor({ 1, 4, 2 }, { dtype = "i64" })
    local _, want = pcall(ops.cross_entropy, x, t, nil, -100, 0, 1)
    ops.cross_entropy(x:to "cuda", t:to "cuda", nil, -100, 0, 1)
    local ok, err = pcall(tnt.cuda.synchronize)
    assert.is_false(ok)
    assert.equal(want.kind, err.kind)
    assert.equal(want.message, err.message)
    tnt.cuda.synchronize() -- once
  end)
end)

describe("layer normalisation on a card #cuda", function()
  it("of rows of any length, and its gradient", function()
    for _, dtype in ipairs(floats) do
      for _, n in ipairs { 1, 6, 64, 100, 768, 2050, 5000, 16392 } do
        local rows = n > 1000 and 3 or 40
        local x, dy = both.normal({ rows, n }, dtype), both.normal({ rows, n }, dtype)
        local w, b = both.normal({ n }, dtype), both.normal({ n }, dtype)
        both.alike(dtype .. " " .. n, { x, w, b, dy }, function(u, v, c, g)
          local p, q, r = u:detach(), v:detach(), c:detach()
          p.requires_grad, q.requires_grad, r.requires_grad = true, true, true
          local y = p:layernorm(q, r)
          local d = tnt.grad({ y }, { p, q, r }, { grad_outputs = { g } })
          local plain = p:layernorm()
          local e = tnt.grad({ plain }, { p }, { grad_outputs = { g } })
          return y:detach(), d[1], d[2], d[3], plain:detach(), e[1]
        end, rtol[dtype] * (dtype == "f32" and 10 or 4))
      end
    end
  end)

  it("sums its gradients alike every time", function()
    local x, dy = both.normal({ 500, 64 }):to "cuda", both.normal({ 500, 64 }):to "cuda"
    local w = tnt.ones(64):to "cuda"
    local function dw()
      local v = w:detach()
      v.requires_grad = true
      return both.list(tnt.grad({ x:layernorm(v) }, { v }, { grad_outputs = { dy } })[1])
    end
    assert.same(dw(), dw())
  end)
end)

describe("batch normalisation on a card #cuda", function()
  it("of planes of any size", function()
    for _, dtype in ipairs(floats) do
      for _, shape in ipairs { { 4, 3 }, { 300, 40 }, { 5, 3, 4 }, { 3, 5, 6, 7 },
        { 40, 2, 16, 24 }, { 2, 70, 3, 3 } } do
        local c = shape[2]
        local x, dy = both.normal(shape, dtype) + 3, both.normal(shape, dtype)
        local w, b = both.normal({ c }, dtype), both.normal({ c }, dtype)
        local where = dtype .. " " .. table.concat(shape, "x")
        both.alike(where, { x, w, b, dy }, function(u, v, d, g)
          local mean, var = ops.batchnorm_stats(u)
          local dx, dw, db = ops.batchnorm_grad(g, u, mean, var, v, 1e-5, true)
          local ex, ew, eb = ops.batchnorm_grad(g, u, mean, var, nil, 1e-5, false)
          return mean, var, ops.batchnorm(u, mean, var, v, d, 1e-5, true),
            ops.batchnorm(u, mean, var, nil, nil, 1e-5, false), dx, dw, db, ex, ew, eb
        end, rtol[dtype] * (dtype == "f32" and 10 or 4))
      end
    end
  end)

  it("of nothing", function()
    both.alike("empty", { tnt.zeros(0, 3, 2), tnt.ones(3) }, function(x, w)
      local mean, var = ops.batchnorm_stats(x)
      local dx, dw, db = ops.batchnorm_grad(x, x, w, w, w, 1e-5, true)
      return mean, var, ops.batchnorm(x, w, w, w, w, 1e-5, true), dx, dw, db
    end)
  end)
end)

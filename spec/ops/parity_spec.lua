-- Every op against PyTorch, results and gradients, in f64 and in f32: spec/reference/ops.lua, which
-- scripts/parity/ops.py
-- writes from the same examples.
local tnt = require "tnt"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"
local reference = require "spec.reference.ops"

-- No op of PyTorch's corresponds: the gradient kernels of other rows, whose gradients are compared
-- here, and dropout, whose random numbers differ (attention's too: it is held to products and a
-- softmax in attention_spec.lua).
local without = { batchnorm_stats = true, dropout = true, dropout_again = true, attention = true }
local function has_none(name)
  return without[name] or name:match "_grad$" or name:match "^conv2d_d" ~= nil
end

local function seed_for(y, k)
  local list = {}
  for i = 1, y:numel() do list[i] = ((i * 37 + k * 11) % 64 - 31.5) / 32 end
  return tnt.f64(list):view(y.shape):to(y.dtype)
end

local function compare(case, want, dtype, rtol, atol)
  local leaves, total = {}, 0
  local args = build.arguments(case, dtype, "dense", function(x, i)
    if examples.differentiable(case, i) then
      x.requires_grad = true
      leaves[#leaves + 1] = x
      for _, v in ipairs(build.flat(x)) do total = total + v end
    end
    return x
  end)
  assert.is_true(math.abs(total - want.inputs) < 1e-9,
    case.name .. " has other inputs now: run scripts/parity/ops.py")
  local results, ys, seeds = build.call(case, args), {}, {}
  for k, w in ipairs(want.outs) do
    local y = results[k]
    assert.same(w.shape, y.shape)
    assert.is_nil(build.difference(build.flat(y), w[1], rtol, atol), "result " .. k)
    if y.requires_grad then
      ys[#ys + 1] = y
      seeds[#seeds + 1] = seed_for(y, #ys)
    end
  end
  local grads = #ys > 0 and tnt.grad(ys, leaves, { grad_outputs = seeds, allow_unused = true })
    or {}
  assert.equal(#want.grads, #leaves)
  for k, w in ipairs(want.grads) do
    local g = grads[k] and build.flat(grads[k]) or {}
    if not grads[k] then
      for i = 1, #w do g[i] = 0 end
    end
    assert.is_nil(build.difference(g, w, rtol, atol), "gradient of leaf " .. k)
  end
end

describe("PyTorch agrees on", function()
  for _, row in ipairs(examples.walk()) do
    if not has_none(row.name) then
      it(row.name, function()
        for _, case in ipairs(examples.of(row)) do
          local want = reference[case.name]
          assert.is_truthy(want, case.name .. " has no reference: run scripts/parity/ops.py")
          compare(case, want, "f64", 1e-10, 1e-12)
          compare(case, want, "f32", 1e-5, 2e-6)
        end
      end)
    end
  end
end)

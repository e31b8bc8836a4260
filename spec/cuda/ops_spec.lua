-- Every row of the op table on a card gives what it gives on the CPU: in every dtype, dense and
-- strided, small and large enough for packs of 16 bytes and more than one block; its gradients too.
-- #cuda
local tnt = require "tnt"
local build = require "spec.ops.build"
local card = require "spec.cuda.card"
local examples = require "spec.ops.examples"

if not card.available "ops" then return end

-- A few units of the last place: functions and the order of sums differ.
local precision = { f32 = 1e-5, f64 = 1e-11, f16 = 2 ^ -8, bf16 = 2 ^ -5 }
local dtypes = { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" }
local floats = { f32 = true, f64 = true, f16 = true, bf16 = true }

-- Results and gradients of an example on a device, as {shape, dtype, values}; or the error.
local function run(case, dtype, layout, device)
  local leaves = {}
  local function place(x, i)
    if layout == "dense" then x = x:contiguous() end
    x = x:to(device)
    if floats[x.dtype] and examples.differentiable(case, i) then
      x = x:detach()
      x.requires_grad = true
      leaves[#leaves + 1] = x
    end
    return x
  end
  local function on_device(x, i)
    x = place(x, i)
    -- strided on the card too: a copy between devices is dense
    if layout == "transposed" and x:dim() >= 2 then
      x = x:transpose(-1, -2):contiguous():transpose(-1, -2)
    end
    return x
  end
  local args = build.arguments(case, dtype, layout, on_device)
  local ok, results = pcall(build.call, case, args)
  if not ok then return nil, results end
  local out, ys, seeds = {}, {}, {}
  for k, y in ipairs(results) do
    out[k] = { shape = y.shape, dtype = y.dtype, values = build.flat(y) }
    if floats[y.dtype] and y.requires_grad then
      ys[#ys + 1] = y
      local n = y:numel()
      seeds[#seeds + 1] = (tnt.arange(n, { dtype = "f64" }) % 5 - 2):view(y.shape):to(y.dtype)
        :to(device)
    end
  end
  if #ys > 0 then
    local grads = tnt.grad(ys, leaves, { grad_outputs = seeds, allow_unused = true })
    for k = 1, #leaves do
      local g = grads[k]
      out[#out + 1] = g and { shape = g.shape, dtype = g.dtype, values = build.flat(g) }
        or { shape = {}, dtype = "none", values = {} }
    end
  end
  return out
end

local function compare(case, dtype, layout)
  local where = ("%s of %s, %s"):format(case.name, dtype, layout)
  local want, refused = run(case, dtype, layout, "cpu")
  local got, err = run(case, dtype, layout, "cuda")
  if not want then
    assert.is_nil(got, where .. " is refused on the CPU")
    assert.equal(refused.kind, err.kind, where .. ": " .. tostring(err))
    return
  end
  assert(got, where .. ": " .. tostring(err))
  assert.equal(#want, #got, where)
  for k, w in ipairs(want) do
    assert.same(w.shape, got[k].shape, where)
    assert.equal(w.dtype, got[k].dtype, where)
    local rtol = precision[w.dtype] or 0
    local difference = build.difference(got[k].values, w.values, rtol, rtol)
    assert.is_nil(difference, ("%s, result %d: %s"):format(where, k, difference or ""))
  end
end

describe("on a card #cuda", function()
  for _, row in ipairs(examples.walk()) do
    it(row.name .. " gives what it gives on the CPU", function()
      for _, g in ipairs { 1, 12 } do
        for _, case in ipairs(examples.of(row, g)) do
          for _, dtype in ipairs(g == 1 and dtypes or { "f32", "bf16" }) do
            for _, layout in ipairs { "dense", "transposed" } do compare(case, dtype, layout) end
          end
        end
      end
    end)
  end
end)

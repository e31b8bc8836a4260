-- What a tensor is does not depend on how it lies in memory: every row on strided, broadcast, empty
-- and 0-dim inputs.
local tnt = require "tnt"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"

local function differentiable_results(results)
  local list, seeds = {}, {}
  for _, y in ipairs(results) do
    if y.dtype == "f64" and y.requires_grad then
      list[#list + 1] = y
      local n = y:numel()
      seeds[#seeds + 1] = (tnt.arange(n, { dtype = "f64" }) % 7 - 3):view(y.shape)
    end
  end
  return list, seeds
end

-- Results and gradients as lists of numbers.
local function run(case, layout, copy)
  local leaves = {}
  local args = build.arguments(case, "f64", layout, function(x, i)
    if copy then x = x:contiguous() end
    if x.dtype == "f64" and examples.differentiable(case, i) then
      x = x:detach()
      x.requires_grad = true
      leaves[#leaves + 1] = x
    end
    return x
  end)
  local results, out = build.call(case, args), {}
  for k, y in ipairs(results) do out[k] = { shape = y.shape, values = build.flat(y) } end
  local ys, seeds = differentiable_results(results)
  if #ys > 0 then
    local grads = tnt.grad(ys, leaves, { grad_outputs = seeds, allow_unused = true })
    for k, g in ipairs(grads) do
      out[#out + 1] = g and { shape = g.shape, values = build.flat(g), leaf = k }
        or { shape = {}, values = {} }
    end
  end
  return out
end

describe("layout", function()
  for _, row in ipairs(examples.walk()) do
    it("does not change " .. row.name, function()
      for _, case in ipairs(examples.of(row)) do
        for _, layout in ipairs { "transposed", "sliced", "expanded" } do
          local needs_apart = layout == "expanded" and (row.name == "scatter" or row.view)
          if not needs_apart then
            local where = case.name .. " " .. layout
            -- a view of a strided tensor may need a copy where one of a dense tensor needs none
            local ok, got = pcall(run, case, layout, false)
            if not ok and row.name == "view" then
              assert.equal("shape", got.kind, where)
            else
              assert.is_true(ok, where .. ": " .. tostring(got))
              local want = run(case, layout, true)
              assert.equal(#want, #got, where)
              for k, w in ipairs(want) do
                assert.same(w.shape, got[k].shape, where)
                assert.is_nil(build.difference(got[k].values, w.values, 1e-12, 1e-12),
                  where .. (" result %d"):format(k))
              end
            end
          end
        end
      end
    end)
  end
end)

describe("broadcasting", function()
  for _, row in ipairs(examples.walk()) do
    if row.elementwise and #row.tensors > 1 then
      it("of " .. row.name .. " is expanding first", function()
        local range = row.range or { -1, 1 }
        local function make(shape, k)
          local n = 1
          for _, s in ipairs(shape) do n = n * s end
          local x = (tnt.arange(n,
            { dtype = "f64" }) * (0.37 + k / 10) % (range[2] - range[1]) + range[1]):view(shape)
          return x
        end
        local shapes = { { 3, 1, 2 }, { 4, 1 }, { 1, 1, 2 }, {} }
        for first = 1, #shapes do
          local args, wide, turn = { n = #row.args }, { n = #row.args }, first
          for i, a in ipairs(row.args) do
            if a.is_tensor then
              local x = make(shapes[(turn - 1) % #shapes + 1], i)
              if a.kind == "mask" then x = x:gt(0) end
              turn = turn + 1
              args[i], wide[i] = x, x
            elseif a.kind == "number" and not a.default then args[i], wide[i] = 2, 2 end
          end
          if row.name == "assign" then args[1] = tnt.zeros(3, 4, 2, { dtype = "f64" }) end
          local ok, y = pcall(build.call, { row = row, n = #row.args, args = args }, args)
          assert.is_true(ok, tostring(y))
          for i = 1, #row.args do
            if tnt.is_tensor(wide[i]) then wide[i] = args[i]:expand(y[1].shape):contiguous() end
          end
          local z = build.call({ row = row, n = #row.args, args = wide }, wide)
          assert.is_true(build.same_bits(y[1], z[1]), row.name)
        end
      end)
    end
  end
end)

describe("tiles", function()
  -- Operands of other dtypes than the compute type pass in pieces of 1,024: rows longer than that,
  -- of
  -- every pair of dtypes, dense, strided and broadcast.
  local shapes = { { { 2, 2500 }, { 2, 2500 } }, { { 2, 2500 }, { 2, 1 } },
    { { 1, 2500 }, { 3, 1 } },
    { { 2500 }, {} }, { { 1025 }, { 1025 } } }
  for _, a in ipairs { "f16", "bf16", "f32", "f64", "i64", "i32", "u8", "bool" } do
    it("of " .. a .. " beside every other dtype", function()
      for _, b in ipairs { "f16", "bf16", "f32", "f64", "i64", "i32", "u8", "bool" } do
        for _, pair in ipairs(shapes) do
          local function make(shape, dtype, k)
            local n = 1
            for _, s in ipairs(shape) do n = n * s end
            return (tnt.arange(n) * k % 11 % (dtype == "bool" and 2 or 11)):view(shape):to(dtype)
          end
          local x, y = make(pair[1], a, 7), make(pair[2], b, 3)
          local sum, less = x:to("f64") + y:to("f64"), x:to("f64"):lt(y:to("f64"))
          for _, layout in ipairs { "dense", "transposed", "sliced" } do
            local p, q = build.layouts[layout](x), build.layouts[layout](y)
            local z = p + q
            assert.is_true(build.same_bits(sum:to(z.dtype), z), layout)
            assert.is_true(build.same_bits(less, p:lt(q)), layout)
            local w = build.layouts[layout](tnt.zeros(z.shape, { dtype = z.dtype }))
            w:copy_(z)
            assert.is_true(build.same_bits(z, w), layout)
          end
        end
      end
    end)
  end
end)

describe("no elements", function()
  for _, row in ipairs(examples.walk()) do
    if row.elementwise then
      it("in and out of " .. row.name, function()
        local args = { n = #row.args }
        for i, a in ipairs(row.args) do
          if a.is_tensor then args[i] = a.kind == "mask" and tnt.zeros(0, 3, { dtype = "bool" })
            or tnt.zeros(0, 3, { requires_grad = true })
          elseif not a.default then args[i] = 1 end
        end
        local y = build.call({ row = row, n = #row.args, args = args }, args)[1]
        assert.same({ 0, 3 }, y.shape)
        if y.requires_grad then
          y:sum():backward()
          for i = 1, #row.args do
            if tnt.is_tensor(args[i]) and args[i].grad then
              assert.same({ 0, 3 }, args[i].grad.shape)
            end
          end
        end
      end)
    end
  end

  it("in reductions: sums are 0, products 1, means and variances NaN, extremes an error", function()
    local x = tnt.zeros(0, 3)
    assert.equal(0, x:sum():item())
    assert.same({ 0, 0, 0 }, x:sum(1):totable())
    assert.equal(1, x:prod():item())
    assert.same({}, x:sum(2):totable())
    local mean = x:mean():item()
    assert.is_true(mean ~= mean)
    local var = x:var(1):select(1, 1):item()
    assert.is_true(var ~= var)
    for _, name in ipairs { "amax", "amin", "argmax", "argmin" } do
      local ok, err = pcall(x[name], x)
      assert.is_false(ok, name)
      assert.equal("shape", err.kind)
      assert.truthy(err.message:find(name, 1, true))
      assert.same({ 0 }, x[name](x, 2).shape) -- 3 of each, no rows
    end
    for _, name in ipairs { "max", "min" } do
      local ok, err = pcall(x[name], x, 1)
      assert.is_false(ok, name)
      assert.equal("shape", err.kind)
    end
    assert.same({ 0, 3 }, x:cumsum(1).shape)
    assert.same({ 0, 3 }, (x:sort(1)).shape)
    assert.same({ 0, 2 }, x:nonzero().shape)
    assert.same({ 0, 3 }, x:softmax(-1).shape)
    assert.same({ 0, 3 }, x:softmax(1).shape)
    assert.same({ 0, 3 }, x:layernorm(nil, nil).shape)
    assert.same({ 0, 3 }, x:flip(1).shape)
    assert.same({ 0, 3 }, tnt.cat({ x, x }, 1).shape)
    assert.same({ 0, 6 }, tnt.cat({ x, x }, 2).shape)
  end)

  it("in products: an inner size of 0 makes zeros", function()
    local y = tnt.zeros(2, 0):matmul(tnt.zeros(0, 3))
    assert.same({ { 0, 0, 0 }, { 0, 0, 0 } }, y:totable())
    assert.same({ 0, 3 }, tnt.zeros(0, 4):matmul(tnt.zeros(4, 3)).shape)
    assert.same({ 2, 0 }, tnt.zeros(2, 4):matmul(tnt.zeros(4, 0)).shape)
    assert.same({ 0, 2, 3 }, tnt.zeros(0, 2, 4):matmul(tnt.zeros(4, 3)).shape)
    local a = tnt.zeros(2, 0, { requires_grad = true })
    a:matmul(tnt.zeros(0, 3)):sum():backward()
    assert.same({ 2, 0 }, a.grad.shape)
    local linear = require("tnt.ops_gen").linear
    assert.same({ { 5, 6 } }, linear(tnt.zeros(1, 0), tnt.zeros(2, 0),
      tnt.tensor { 5, 6 }):totable())
    assert.same({ 0, 2 }, linear(tnt.zeros(0, 4), tnt.zeros(2, 4), tnt.zeros(2)).shape)
  end)
end)

describe("no dims", function()
  it("count as one element in elementwise ops, reductions and places", function()
    local x = tnt.tensor(3)
    assert.same({}, x.shape)
    for _, row in ipairs(examples.walk()) do
      if row.elementwise then
        local args = { n = #row.args }
        for i, a in ipairs(row.args) do
          if a.is_tensor then args[i] = a.kind == "mask" and tnt.tensor(true) or x
          elseif not a.default then args[i] = 1 end
        end
        assert.same({}, build.call({ row = row, n = #row.args, args = args }, args)[1].shape,
          row.name)
      end
    end
    assert.equal(3, x:sum():item())
    assert.equal(3, x:sum(1):item())
    assert.equal(3, x:mean(-1):item())
    assert.equal(0, x:argmax():item())
    assert.equal(3, x:cumsum(1):item())
    assert.equal(1, x:softmax(1):item())
    local y, i = x:sort()
    assert.equal(3, y:item())
    assert.equal(0, i:item())
    assert.same({ 1, 0 }, x:nonzero().shape)
  end)
end)

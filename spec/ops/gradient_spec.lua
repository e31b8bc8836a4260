-- Every row's gradient against central differences in f64, and the gradients of gradients of those
-- that promise them.
local ffi = require "ffi"
local tnt = require "tnt"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"

local STEP = 1e-6

-- What a scalar made of the results by fixed weights gives: every element of every result matters
-- differently.
local function weights(n, k)
  local list = {}
  for i = 1, n do list[i] = ((i * 37 + k * 11) % 64 - 31.5) / 32 end
  return list
end

local function float_results(results)
  local list = {}
  for _, y in ipairs(results) do
    if y.dtype == "f64" then list[#list + 1] = y end
  end
  return list
end

local function seeds_for(results)
  local list = {}
  for k, y in ipairs(results) do
    list[k] = tnt.f64(weights(y:numel(), k)):view(y.shape)
  end
  return list
end

-- d value() / d x, element by element, by poking into memory.
local function differences(value, x)
  local at, list = ffi.cast("double *", x:data_ptr()), {}
  for i = 1, x:numel() do
    local v = at[i - 1]
    at[i - 1] = v + STEP
    local above = value()
    at[i - 1] = v - STEP
    local below = value()
    at[i - 1] = v
    list[i] = (above - below) / (2 * STEP)
  end
  return list
end

local function weighted_sum(tensors, factors)
  local s = 0
  for k, y in ipairs(tensors) do
    if y then
      local values, w = build.flat(y), build.flat(factors[k])
      for i = 1, #values do s = s + values[i] * w[i] end
    end
  end
  return s
end

-- Leaves that take a gradient, and the arguments.
local function prepare(case)
  local leaves = {}
  local args = build.arguments(case, "f64", "dense", function(x, i)
    if not examples.differentiable(case, i) then return x end
    x.requires_grad = true
    leaves[#leaves + 1] = x
    return x
  end)
  return args, leaves
end

local function results_of(case, args)
  local y = float_results(build.call(case, args))
  if case.row.name == "cross_entropy" or case.row.name == "batchnorm_stats" then return { y[1] } end
  return y
end

describe("gradients", function()
  for _, row in ipairs(examples.walk()) do
    for _, case in ipairs(examples.of(row)) do
      local args, leaves = prepare(case)
      if #leaves > 0 then
        it("of " .. case.name .. " are finite differences", function()
          local results = results_of(case, args)
          local seeds = seeds_for(results)
          local got = tnt.grad(results, leaves, { grad_outputs = seeds, allow_unused = true })
          for k, x in ipairs(leaves) do
            local want = tnt.no_grad(function()
              return differences(function() return weighted_sum(results_of(case, args), seeds) end,
                x)
            end)
            local have = got[k] and build.flat(got[k]) or weights(0, 0)
            if not got[k] then
              for i = 1, x:numel() do have[i] = 0 end
            else
              assert.same(x.shape, got[k].shape)
            end
            assert.is_nil(build.difference(have, want, 1e-6, 1e-7), ("leaf %d"):format(k))
          end
        end)
      end
      if #leaves > 0 and (row.twice or row.elementwise) then
        it("of the gradients of " .. case.name .. " are finite differences", function()
          local seeds
          local function gradients(create)
            local results = results_of(case, args)
            seeds = seeds or seeds_for(results)
            for _, s in ipairs(seeds) do s.requires_grad = true end
            return tnt.grad(results, leaves, { grad_outputs = seeds, allow_unused = true,
              create_graph = create })
          end
          local first = gradients(true)
          local outs, factors, inputs = {}, {}, {}
          local factor_of = {}
          for k, x in ipairs(leaves) do
            factor_of[k] = tnt.f64(weights(x:numel(), k + 7)):view(x.shape)
            if first[k] and first[k].requires_grad then
              outs[#outs + 1] = first[k]
              factors[#factors + 1] = factor_of[k]
            end
          end
          for _, x in ipairs(leaves) do inputs[#inputs + 1] = x end
          for _, s in ipairs(seeds) do inputs[#inputs + 1] = s end
          local second = #outs > 0 and tnt.grad(outs, inputs,
            { grad_outputs = factors, allow_unused = true }) or {}
          for k, x in ipairs(inputs) do
            local want = differences(function() return weighted_sum(gradients(false),
              factor_of) end, x)
            local have = second[k] and build.flat(second[k]) or {}
            if not second[k] then
              for i = 1, x:numel() do have[i] = 0 end
            end
            assert.is_nil(build.difference(have, want, 1e-5, 1e-6), ("input %d"):format(k))
          end
        end)
      end
    end
  end
end)

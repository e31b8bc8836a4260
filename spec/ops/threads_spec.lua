-- Large inputs, where several threads work: bit for bit what one thread computes, results and
-- gradients, in f32.
local tnt = require "tnt"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"

local FROM = 32768 -- elements from which on threads are woken (core/core.h)

local function largest(case)
  local n = 0
  for _, value in pairs(case.args) do -- order: free
    if type(value) == "table" and value.shape then
      local m = 1
      for _, s in ipairs(value.shape) do m = m * s end
      n = math.max(n, m)
    elseif type(value) == "table" and type(value[1]) == "table" then
      n = math.max(n, largest { args = value })
    end
  end
  return n
end

local function run(case)
  local leaves = {}
  local args = build.arguments(case, "f32", "dense", function(x, i)
    if examples.differentiable(case, i) then
      x.requires_grad = true
      leaves[#leaves + 1] = x
    end
    return x
  end)
  local results, ys, seeds = build.call(case, args), {}, {}
  for _, y in ipairs(results) do
    if y.requires_grad then
      ys[#ys + 1] = y
      seeds[#seeds + 1] = ((tnt.arange(y:numel(), { dtype = "f32" }) % 61 - 30) / 16):view(y.shape)
    end
  end
  if #ys > 0 then
    for _, g in ipairs(tnt.grad(ys, leaves, { grad_outputs = seeds, allow_unused = true })) do
      if g then results[#results + 1] = g end
    end
  end
  return results
end

describe("threads", function()
  local before = tnt.num_threads()
  teardown(function() tnt.set_num_threads(before) end)

  for _, row in ipairs(examples.walk()) do
    it("do not change " .. row.name, function()
      for c, middle in ipairs(examples.of(row, 64)) do
        if largest(middle) > 1 then -- a 0-dim one does not grow
          local case = examples.of(row, math.ceil(FROM * 1.05 / largest(middle) * 64), c)[c]
          assert.is_true(largest(case) >= FROM, case.name .. " does not grow")
          tnt.set_num_threads(1)
          local want = run(case)
          tnt.set_num_threads(2)
          local got = run(case)
          for k, y in ipairs(want) do
            assert.is_true(build.same_bits(y, got[k]),
              ("%s: result %d differs"):format(case.name, k))
          end
        end
        collectgarbage()
      end
    end)
  end
end)

-- No op holds on to memory: after every row was run forward, backward, refused and in place,
-- everything
-- is let go.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"

local function settle()
  collectgarbage()
  collectgarbage()
  local m = tnt.memory()
  return { tensors = m.live_tensors, bytes = m.live_bytes, nodes = m.live_nodes }
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
      seeds[#seeds + 1] = tnt.ones_like(y)
    end
  end
  if #ys > 0 then
    local options = { grad_outputs = seeds, allow_unused = true, retain_graph = true,
      create_graph = case.row.twice }
    tnt.grad(ys, leaves, options)
    ys[1]:sum():backward()
    if case.row.inplace then
      pcall(function()
        args[1] = args[1] * 1
        ops[case.row.name .. "_"](unpack(args, 1, case.n)):sum():backward()
      end)
    end
  end
  for _, pair in ipairs(build.tensors_of(args)) do -- refusals, half way through
    local bad = { n = args.n, unpack(args, 1, args.n) }
    if tnt.is_tensor(bad[pair[2]]) then
      bad[pair[2]] = tnt.ones(7, 1, 2, 3, 1, 2, 2, 5)
      pcall(build.call, case, bad)
    end
  end
end

describe("memory", function()
  for _, row in ipairs(examples.walk()) do
    it("is let go by " .. row.name, function()
      local cases = examples.of(row)
      for _, case in ipairs(cases) do run(case) end -- once for what is made on first use
      local before = settle()
      for _, case in ipairs(cases) do
        run(case)
        run(case)
      end
      assert.same(before, settle())
    end)
  end

  it("is let go at once inside a scope, without the collector", function()
    local before = settle()
    collectgarbage "stop"
    tnt.scope(function()
      for _, row in ipairs(examples.walk()) do
        for _, case in ipairs(examples.of(row)) do run(case) end
      end
    end)
    local m = tnt.memory()
    collectgarbage "restart"
    assert.same(before, { tensors = m.live_tensors, bytes = m.live_bytes, nodes = m.live_nodes })
  end)
end)

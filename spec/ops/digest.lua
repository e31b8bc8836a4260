-- Prints results and gradients of every op's examples, in f32 and i64, one line each: run in
-- processes with other kernels
-- (TNT_ISA) by isa_spec.lua.
local tnt = require "tnt"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"

print("isa " .. require("ffi").string(require("tnt.core").C.tnt_isa()))
for _, row in ipairs(examples.walk()) do
  -- a few more elements than a vector holds, and an odd rest
  for _, case in ipairs(examples.of(row, 7)) do
    for _, dtype in ipairs { "f32", "f64", "f16", "i64" } do
      local leaves = {}
      local args = build.arguments(case, dtype, "dense", function(x, i)
        if dtype ~= "i64" and examples.differentiable(case, i) then
          x.requires_grad = true
          leaves[#leaves + 1] = x
        end
        return x
      end)
      local ok, results = pcall(build.call, case, args)
      if ok then
        local ys, seeds = {}, {}
        for _, y in ipairs(results) do
          if y.requires_grad then
            ys[#ys + 1] = y
            seeds[#seeds + 1] = ((tnt.arange(y:numel(),
              { dtype = y.dtype }) % 7 - 3) / 4):view(y.shape)
          end
        end
        local grads = #ys > 0 and tnt.grad(ys, leaves,
          { grad_outputs = seeds, allow_unused = true }) or {}
        for _, g in ipairs(grads) do results[#results + 1] = g or nil end
        local numbers = {}
        for _, y in ipairs(results) do
          for _, v in ipairs(build.flat(y)) do numbers[#numbers + 1] = ("%.9g"):format(v) end
        end
        print(case.name .. " " .. dtype .. ": " .. table.concat(numbers, " "))
      end
    end
  end
end

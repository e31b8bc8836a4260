-- Every row in every dtype: it works, with the dtype that the table promises and the values of the
-- same computation in
-- f64, or refuses with kind "dtype".
local tnt = require "tnt"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"

local whole = { i64 = true, i32 = true, u8 = true, bool = true }
-- Units of the last place, times what a few operations in a row may lose.
local precision = { f32 = 4e-6, f64 = 1e-12, f16 = 2 ^ -9, bf16 = 2 ^ -6 }

local function promised(case, output, dtype)
  local row = case.row
  if output.ids then return "i64" end
  if output.wide and (dtype == "f16" or dtype == "bf16") then return "f32" end
  if row.result == "bool" then return "bool" end
  if whole[dtype] then
    if row.float then return "f32" end
    if row.wide then return "i64" end
    if dtype == "bool" then
      for i = 1, case.n do -- a number without fraction beside bool is an i64
        if row.number and type(case.args[i]) == "number" then return "i64" end
      end
    end
  end
  return dtype
end

-- What the same computation in f64 means in a dtype.
local function as_dtype(values, dtype)
  local modulus = ({ u8 = 256 })[dtype]
  for i, v in ipairs(values) do
    if dtype == "bool" then values[i] = v ~= 0 and 1 or 0
    elseif modulus then values[i] = v % modulus end
  end
  return values
end

-- The same computation in f64, of the same values.
local function values_of(case, dtype)
  local args = build.arguments(case, dtype)
  for i = 1, args.n do
    if tnt.is_tensor(args[i]) then
      if case.row.args[i].kind == "tensor" then args[i] = args[i]:to "f64" end
    elseif type(args[i]) == "table" and tnt.is_tensor(args[i][1]) then
      for j, x in ipairs(args[i]) do args[i][j] = x:to "f64" end
    end
  end
  return build.call(case, args)
end

describe("dtypes", function()
  for _, row in ipairs(examples.walk()) do
    it("of " .. row.name, function()
      local accepted = {}
      for _, case in ipairs(examples.of(row)) do
        for _, dtype in ipairs { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" } do
          local of_ids = row.name == "one_hot" -- its only tensor is one of ids
          local ok, got = pcall(build.call, case, build.arguments(case, dtype))
          local where = case.name .. " of " .. dtype
          if not ok then
            assert.equal("dtype", got.kind, where .. ": " .. tostring(got))
            assert.truthy(got.message:find(row.name, 1, true), tostring(got))
            assert.is_truthy(whole[dtype] and not row.int and not row.float,
              where .. " was refused: " .. tostring(got))
          else
            accepted[dtype] = true
            assert.is_falsy(whole[dtype] and row.onlyfloat, where .. " should have been refused")
            local want = values_of(case, dtype)
            for k, y in ipairs(got) do
              local expected = of_ids and "i64" or promised(case, row.outs[k], dtype)
              assert.equal(expected, y.dtype, where)
              local rtol = precision[y.dtype] or 0
              assert.is_nil(build.difference(build.flat(y), as_dtype(build.flat(want[k]), y.dtype),
                rtol, rtol), where)
            end
          end
        end
      end
      for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do assert.is_true(accepted[dtype]) end
    end)
  end
end)

describe("ids", function()
  it("may be of any whole dtype, and of no float", function()
    for _, row in ipairs(examples.walk()) do
      for i, a in ipairs(row.args) do
        if a.kind == "ids" then
          local case = examples.of(row)[1]
          local want = build.call(case, build.arguments(case, "f32"))
          for _, dtype in ipairs { "i32", "u8" } do
            local args = build.arguments(case, "f32", "dense",
              function(x, k) return k == i and x:to(dtype) or x end)
            assert.is_true(build.same_bits(want[1], build.call(case, args)[1]),
              row.name .. " with ids of " .. dtype)
          end
          local args = build.arguments(case, "f32", "dense",
            function(x, k) return k == i and x:to "f32" or x end)
          local ok, err = pcall(build.call, case, args)
          assert.is_false(ok, row.name)
          assert.equal("dtype", err.kind)
        end
      end
    end
  end)
end)

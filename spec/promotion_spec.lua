-- Promotion is PyTorch's (interface.md, "Numbers"): result dtypes for all pairs of dtypes, with
-- dims, without, as numbers,
-- in and out of place, against spec/reference/promotion.lua; and the values of conversions.
local tnt = require "tnt"
local build = require "spec.ops.build"
local reference = require "spec.reference.promotion"

local dtypes = {}
for name in reference.dtypes:gmatch "%S+" do dtypes[#dtypes + 1] = name end

-- Where the program is more willing than PyTorch, on purpose: bool counts as 0 and 1 in arithmetic.
local willing = { sub = true, remainder = true, floor_divide = true, pow = true }
local function more_willing(op, a, b)
  return willing[(op:gsub("_$", ""))] and (a == "bool" or b == "bool")
end

local function operand(form, dtype)
  if form == "tensor" then return tnt.ones(1, { dtype = dtype }) end
  if form == "scalar" then return tnt.full({}, 1, { dtype = dtype }) end
  return form == "whole" and 2 or 2.5
end

local ops = require "tnt.ops_gen"
local function apply(op, a, b)
  if op == "where" then return ops.where(tnt.ones(1, { dtype = "bool" }), a, b) end
  if op == "cat" then return ops.cat({ a, b }, 1) end
  return ops[op](a, b)
end

local by_op, order = {}, {}
for line in reference.results:gmatch "[^\n]+" do
  local op, a, da, b, results = line:match "^(%S+) (%S+) (%S+) (%S+): (.*)$"
  if not by_op[op] then
    by_op[op] = {}
    order[#order + 1] = op
  end
  table.insert(by_op[op], { a = a, da = da, b = b, results = results })
end

describe("the result dtype of", function()
  for _, op in ipairs(order) do
    it(op .. " is PyTorch's", function()
      local wrong, n = {}, 0
      for _, line in ipairs(by_op[op]) do
        local k = 0
        for want in line.results:gmatch "%S+" do
          k = k + 1
          local da, db = line.da, dtypes[k]
          local number_left = line.a == "whole" or line.a == "fraction"
          if line.da == "all" then -- one side is a number
            if number_left then da = "-" else da, db = dtypes[k], "-" end
          end
          local a, b = operand(line.a, da), operand(line.b, db)
          local ok, y = pcall(apply, op, a, b)
          local got = ok and y.dtype or "-"
          if not ok then assert.equal("dtype", y.kind, tostring(y)) end
          n = n + 1
          if got ~= want and not (want == "-" and more_willing(op, da, db)) then
            wrong[#wrong + 1] = ("%s of %s %s and %s %s: %s, PyTorch: %s%s"):format(op, line.a, da,
              line.b, db, got, want,
              ok and "" or " (" .. y.message .. ")")
          end
        end
      end
      assert.equal("", table.concat(wrong, "\n"))
      assert.is_true(n >= 64)
    end)
  end
end)

describe("conversions", function()
  for _, row in ipairs(reference.conversions) do
    local from, to, values, want = row[1], row[2], row[3], row[4]
    it(("from %s to %s are PyTorch's, dense, strided and in place"):format(from, to), function()
      if #values == 0 then return end
      local x = tnt.f64(values):to(from)
      assert.is_nil(build.difference(build.flat(x), values, 0, 0), "the values themselves")
      local y = x:to(to)
      assert.equal(to, y.dtype)
      assert.is_nil(build.difference(build.flat(y), want, 0, 0))
      assert.is_nil(build.difference(build.flat(build.layouts.sliced(x):to(to)), want, 0, 0),
        "strided")
      local z = build.layouts.sliced(tnt.zeros(#values, { dtype = to }))
      z:copy_(x)
      assert.is_nil(build.difference(build.flat(z), want, 0, 0), "copy_")
    end)
  end
end)

-- Elementwise kernels on a card: packs, their rests, repeated and strided operands, mixed dtypes,
-- and what they find wrong with their data. #cuda
local tnt = require "tnt"
local both = require "spec.cuda.both"

if not both.available "elementwise kernels" then return end

local dtypes = { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" }

describe("elementwise kernels #cuda", function()
  it("take every length and every offset", function()
    local x = both.normal { 5000 }
    for _, n in ipairs { 0, 1, 3, 7, 8, 9, 31, 255, 256, 257, 2047, 2048, 2049, 4990 } do
      for _, start in ipairs { 1, 2, 5, 9 } do
        both.alike(n .. " from " .. start, { x }, function(v)
          local part = v:narrow(1, start, n)
          return part * 3 + 1, part:gt(0), part:neg():to "bf16"
        end)
      end
    end
  end)

  it("repeat rows, columns and single elements", function()
    for _, dtype in ipairs { "f32", "bf16", "f64", "i64" } do
      local x, row, column = both.whole({ 6, 5, 16 }, -9, 9, dtype),
        both.whole({ 16 }, -9, 9, dtype), both.whole({ 5, 1 }, -9, 9, dtype)
      both.alike(dtype, { x, row, column, both.whole({}, 2, 5, dtype) }, function(v, r, c, one)
        return v + r, v * c, c - v, r + c, v * one, one - v, v:transpose(1, 3) * one,
          v:transpose(2, 3) + c:transpose(1, 2), v + 2, 2 - v
      end)
    end
  end)

  it("collapse no dims that strides keep apart", function()
    local x = both.normal { 3, 4, 5, 6, 2, 2, 2, 2 }
    both.alike("8 dims", { x }, function(v)
      local y = v:permute(8, 3, 1, 5, 2, 7, 4, 6)
      return y + y, y * v:permute(7, 3, 1, 6, 2, 8, 4, 5), y:contiguous()
    end)
  end)

  it("write into strided memory", function()
    local x = both.normal { 12, 16 }
    both.alike("in place", { x }, function(v)
      local y = v:clone()
      y:narrow(2, 3, 7):mul_(2)
      y:transpose(1, 2):add_(1)
      y:select(2, 4):copy_(v:select(2, 1))
      return y
    end)
  end)

  for _, from in ipairs(dtypes) do
    it("convert " .. from .. " to every dtype", function()
      for _, n in ipairs { 5, 300 } do
        local x = both.whole({ n }, -200, 200, "f64") / 8
        if from == "u8" then x = x:abs() end
        for _, to in ipairs(dtypes) do
          -- a negative fraction has no place in u8
          both.alike(from .. " to " .. to, { x:to(from) }, function(v)
            return (to == "u8" and v:abs() or v):to(to)
          end)
        end
      end
    end)
  end

  it("round halves to even and keep NaN and infinity", function()
    local list = { 0.5, 1.5, 2.5, -0.5, -1.5, 0 / 0, math.huge, -math.huge, 65504, 65520, 6e-8,
      1e-8, 1 + 2 ^ -11, 1 + 2 ^ -8, 1 + 3 * 2 ^ -9, -0.0, 3.4e38, 1e-40 }
    local x = tnt.tensor(list)
    both.alike("specials", { x }, function(v)
      return v:round(), v:to "f16", v:to "bf16", v:relu(), v:maximum(0), v:minimum(v:flip(1)),
        v:clamp(-1, 2), v:isnan(), v:isinf(), v:isfinite(), v:sign(), v:to "bool", v / 0
    end)
    both.alike("functions", { x }, function(v) return v:tanh(), v:exp(), v:sigmoid(), v:erf() end,
      1e-6)
  end)

  it("mix dtypes of operands and result", function()
    local x, b, w = both.normal { 40, 8 }, both.whole({ 40, 8 }, 0, 1, "bool"),
      both.whole({ 8 }, 1, 5, "i32")
    both.alike("mixed", { x, x:to "bf16", x:to "f64", b, w }, function(f, h, d, m, i)
      return f + h, h + d, f * m, f + i, h * i, tnt.where(m, f, h), h:masked_fill(m, 0.1), h:gt(f),
        m + m, i / 2, i % 3, d * m
    end)
  end)

  it("count whole numbers exactly", function()
    local x = tnt.tensor({ 2 ^ 53, -7, 7, 3, -3, 0 }, { dtype = "i64" })
    both.alike("i64", { x }, function(v)
      return v * v, v + 1, v % 3, v % -3, v:floor_divide(2), v:floor_divide(-2), v:pow(3),
        v - 2 ^ 53
    end)
  end)

  it("report a whole number divided by 0", function()
    local x = tnt.tensor({ 4, 5 }, { dtype = "i64" }):to "cuda"
    local zero = tnt.tensor({ 1, 0 }, { dtype = "i64" }):to "cuda"
    for _, f in ipairs {
      function() return both.list(x % zero) end,
      function() return both.list(x:floor_divide(zero)) end,
      function() return both.list(x % 0) end,
    } do
      local ok, err = pcall(f)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      assert.matches("whole numbers cannot be divided by 0", err.message)
    end
    assert.same({ 8, 10 }, both.list(x * 2))
  end)
end)

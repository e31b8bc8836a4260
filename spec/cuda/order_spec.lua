-- Orders on a card: stable sorting of rows of any length, NaN, the largest few, flips. #cuda
local tnt = require "tnt"
local both = require "spec.cuda.both"

if not both.available "orders" then return end

describe("orders on a card #cuda", function()
  it("sort rows of any length, stably", function()
    for _, n in ipairs { 1, 2, 3, 31, 32, 33, 200, 1024, 2047, 2048, 2049, 5000, 9001 } do
      for _, dtype in ipairs { "f32", "i64" } do
        both.alike(dtype .. " " .. n, { both.whole({ 3, n }, -40, 40, dtype) }, function(v)
          local a, i = v:sort(2)
          local b, j = v:sort(2, true)
          return a, i, b, j
        end)
      end
    end
  end)

  it("sort along every dim, in every dtype", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" } do
      local x = both.whole({ 7, 20, 5 }, dtype == "u8" and 0 or -9, 9, dtype)
      for d = 1, 3 do
        both.alike(dtype .. " along " .. d, { x }, function(v)
          local a, i = v:sort(d, true)
          local b, j = v:topk(3, d)
          local c, k = v:topk(2, d, false)
          return a, i, b, j, c, k, v:flip { d }, v:flip { 1, d == 1 and 2 or d }
        end)
      end
    end
  end)

  it("put NaN last, or first when descending, and zeros side by side", function()
    local x = tnt.tensor { 3, 0 / 0, -0.0, 0, -math.huge, 0 / 0, math.huge, 0, -1, -0.0 }
    both.alike("specials", { x, x:to "f64", x:to "bf16" }, function(v, w, h)
      local a, i = v:sort()
      local b, j = w:sort(1, true)
      local c, k = h:topk(4)
      return a, i, b, j, c, k
    end)
  end)

  it("find the largest few of many", function()
    for _, n in ipairs { 100, 5000, 20000 } do
      local x = both.normal { 2, n }
      for _, k in ipairs { 0, 1, 5, 64, 100 } do
        both.alike(k .. " of " .. n, { x }, function(v)
          local a, i = v:topk(k, 2)
          local b, j = v:topk(k, 2, false)
          return a, i, b, j
        end)
      end
    end
    both.alike("more than a tile holds", { both.normal { 9000 } }, function(v)
      return v:topk(1024), v:topk(1025), v:topk(4000)
    end)
  end)
end)

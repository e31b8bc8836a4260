-- Reductions on a card: any dims, short and long, few outputs and many, NaN and ties; equal from
-- run to run. #cuda
local tnt = require "tnt"
local both = require "spec.cuda.both"

if not both.available "reductions" then return end

local sets = { {}, { 1 }, { 2 }, { 3 }, { 1, 2 }, { 1, 3 }, { 2, 3 }, { 1, 2, 3 } }
local shapes = { { 3, 4, 5 }, { 40, 33, 2 }, { 2, 33, 40 }, { 1, 600, 1 }, { 5, 1, 700 },
  { 300, 3, 7 }, { 2, 1500, 3 } }

describe("reductions on a card #cuda", function()
  for _, shape in ipairs(shapes) do
    it("over any dims of " .. table.concat(shape, "x"), function()
      local small = shape[1] * shape[2] < 100
      for _, dtype in ipairs(small and { "f32", "f64", "bf16", "f16", "i64" }
        or { "f32", "bf16", "i64" }) do
        -- few values: ties; sums are exact in f32, and round alike in 16 bits
        local x = both.whole(shape, -3, 3, dtype)
        local w = dtype == "i64" and x or both.normal(shape, dtype)
        for _, dims in ipairs(sets) do
          local where = dtype .. " over " .. table.concat(dims, ",")
          both.alike(where, { x }, function(v)
            if #dims > 1 then return v:sum(dims), v:amax(dims), v:amin(dims) end
            return v:sum(dims), v:amax(dims), v:amin(dims), v:argmax(dims), v:argmin(dims)
          end)
          if dtype ~= "i64" then
            local rtol = ({ f32 = 1e-5, f64 = 1e-12, bf16 = 2 ^ -8, f16 = 2 ^ -11 })[dtype]
            both.alike(where, { w }, function(v)
              return v:mean(dims), v:var(dims), v:var(dims, 0, true)
            end, rtol)
          end
        end
        for d = 1, 3 do
          both.alike(dtype .. " along " .. d, { x }, function(v)
            local a, i = v:max_dim(d)
            local b, j = v:min_dim(d, true)
            return a, i, b, j
          end)
        end
      end
    end)
  end

  it("of products", function()
    local x = both.whole({ 7, 40, 3 }, 1, 2, "f64")
    for _, dims in ipairs { {}, { 1 }, { 2 }, { 3 }, { 1, 3 } } do
      both.alike("f64", { x }, function(v) return v:prod(dims) end)
    end
    both.alike("i64", { both.whole({ 50, 4 }, -2, 2) }, function(v) return v:prod(1), v:prod() end)
  end)

  it("of large tensors, in parts", function()
    local x = both.normal { 60000 }
    both.alike("f32", { x }, function(v)
      return v:sum(), v:mean(), v:amax(), v:argmin(), v:view(2, 30000):sum(2),
        v:view(10000, 6):sum(1), v:view(3, 10, 2000):sum { 1, 3 }
    end, 1e-5)
    both.alike("i64", { both.whole({ 50000 }, -5, 5) }, function(v) return v:sum(), v:argmax() end)
  end)

  it("let NaN win, the first of several", function()
    local x = tnt.tensor { { 1, 0 / 0, 3, 0 / 0 }, { 5, 5, 2, 5 }, { -math.huge, -1, 0, -0.0 } }
    both.alike("NaN", { x }, function(v)
      local a, i = v:max_dim(2)
      local b, j = v:min_dim(2)
      return v:amax(2), v:amin(2), v:argmax(2), v:argmin(2), v:amax(), v:argmax(), a, i, b, j
    end)
  end)

  it("of nothing", function()
    both.alike("empty", { tnt.zeros { 0, 3 } }, function(v)
      return v:sum(), v:sum(1), v:sum(2), v:mean(1), v:prod(1), v:cumsum(1), v:sort(1)
    end)
    both.alike("0-dim", { tnt.tensor(3) }, function(v)
      return v:sum(), v:mean(), v:amax(), v:argmax(), v:max_dim(1)
    end)
  end)

  it("are equal from run to run", function()
    local x = both.normal({ 70000 }, "f32"):to "cuda"
    local first = x:sum():item()
    for _ = 1, 3 do assert.equal(first, x:sum():item()) end
  end)
end)

describe("running sums on a card #cuda", function()
  it("along any dim", function()
    for _, shape in ipairs { { 3, 4, 5 }, { 2, 3000, 3 }, { 3000 }, { 2, 2, 1025 },
      { 70, 9, 64 } } do
      for _, dtype in ipairs { "f32", "bf16", "i64" } do
        for d = 1, #shape do
          both.alike(dtype .. " " .. table.concat(shape, "x") .. " along " .. d,
            { both.whole(shape, -3, 3, dtype) }, function(v) return v:cumsum(d) end)
        end
      end
    end
  end)

  it("keep infinity from what comes before it", function()
    local list = {}
    for i = 1, 300 do list[i] = i == 7 and math.huge or 1 end
    both.alike("infinity", { tnt.tensor(list) }, function(v) return v:cumsum(1) end)
  end)
end)

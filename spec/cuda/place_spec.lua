-- Stored positions on a card: reading and writing at them, several to one place, positions that are
-- out of range. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"

if not both.available "stored positions" then return end

local dtypes = { "f32", "f64", "bf16", "i64" }

describe("stored positions on a card #cuda", function()
  it("pick slices, of any width", function()
    for _, c in ipairs { 1, 3, 8, 24, 130 } do
      for _, dtype in ipairs(dtypes) do
        local w, ids = both.whole({ 11, c }, -9, 9, dtype), both.whole({ 4, 30 }, 0, 10)
        both.alike(dtype .. " " .. c, { w, ids }, function(v, t)
          return ops.embedding(t, v), v:index_select(1, t:view(-1)),
            v:transpose(1, 2):index_select(2, t:select(1, 1))
        end)
      end
    end
  end)

  for _, deterministic in ipairs { false, true } do
    it("add what comes to one place" .. (deterministic and ", in a fixed order" or ""), function()
      tnt.use_deterministic(deterministic)
      finally(function() tnt.use_deterministic(false) end)
      for _, dtype in ipairs(dtypes) do
        for _, c in ipairs { 1, 33, 70 } do
          local dy, ids = both.whole({ 300, c }, -3, 3, dtype), both.whole({ 300 }, 0, 6)
          both.alike(dtype .. " " .. c, { dy, ids, both.whole({ 7, c }, -3, 3, dtype) },
            function(v, t, x)
              return ops.embedding_grad(v, t, 9), x:index_add(1, t, v),
                x:transpose(1, 2):index_add(2, t, v:transpose(1, 2))
            end)
        end
        local x, v, t = both.whole({ 9, 50 }, -3, 3, dtype), both.whole({ 400, 50 }, -3, 3, dtype),
          both.whole({ 400, 50 }, 0, 8)
        both.alike("scatter_add " .. dtype, { x, v, t }, function(a, b, i)
          local c = a:clone()
          c:scatter_add_(1, i, b)
          return a:scatter_add(1, i, b), c
        end)
      end
    end)
  end

  it("write the last of those that come to one place", function()
    for _, dtype in ipairs { "f32", "f16", "i64", "bool" } do
      local x, v, t = both.whole({ 9, 40 }, -3, 3, dtype), both.whole({ 300, 40 }, -3, 3, dtype),
        both.whole({ 300, 40 }, 0, 8)
      both.alike(dtype, { x, v, t }, function(a, b, i)
        return a:scatter(1, i, b), b:gather(1, i:narrow(1, 1, 20)),
          a:scatter(1, i:narrow(2, 1, 3), b:narrow(2, 1, 3))
      end)
    end
  end)

  it("find what is not 0, in order", function()
    for _, shape in ipairs { { 0 }, { 1 }, { 5, 7 }, { 3, 2000 }, { 9000 }, { 2, 3, 4, 5 } } do
      both.alike(table.concat(shape, "x"), { both.whole(shape, 0, 2) }, function(v)
        return v:nonzero(), v:to("f32"):nonzero(), (v * 0):nonzero(), v:eq(1):nonzero()
      end)
    end
    both.alike("0-dim", { tnt.tensor(2) }, function(v) return v:nonzero() end)
  end)

  it("become rows with a 1", function()
    both.alike("one_hot", { both.whole({ 5, 60 }, 0, 12) }, function(t) return t:one_hot(13) end)
  end)

  it("join tensors that lie in any way", function()
    for _, dtype in ipairs { "f32", "f64", "bf16", "u8" } do
      local x, y = both.whole({ 6, 8, 5 }, 0, 9, dtype), both.whole({ 8, 6, 5 }, 0, 9, dtype)
      both.alike(dtype, { x, y }, function(a, b)
        local c = b:transpose(1, 2)
        return tnt.cat({ a, c, a }, 1), tnt.cat({ a, c:narrow(2, 2, 3), a }, 2),
          tnt.cat({ c, a, a:narrow(3, 1, 0) }, 3), tnt.cat({ a:narrow(3, 2, 2), c }, -1)
      end)
    end
    both.alike("mixed dtypes", { tnt.ones { 2, 3 }, tnt.ones({ 1, 3 }, { dtype = "i64" }) },
      function(a, b) return tnt.cat { a, b } end)
  end)

  it("cut triangles", function()
    for _, dtype in ipairs { "f32", "f64", "bf16", "bool" } do
      both.alike(dtype, { both.whole({ 3, 40, 33 }, 1, 9, dtype) }, function(v)
        return v:tril(), v:triu(), v:tril(-3), v:triu(5), v:tril(100), v:triu(100)
      end)
    end
  end)

  it("are reported once when they are out of range, and touch nothing", function()
    local x = tnt.ones({ 3, 4 }, { device = "cuda" })
    local bad = tnt.tensor({ 0, 7, 2 }, { dtype = "i64" }):to "cuda"
    local cases = {
      index_select = function() return x:index_select(1, bad) end,
      embedding = function() return ops.embedding(bad, x) end,
      embedding_grad = function() return ops.embedding_grad(x, bad, 3) end,
      index_add = function() return x:index_add(1, bad, x) end,
      gather = function() return x:gather(1, bad:view(3, 1)) end,
      scatter = function() return x:scatter(1, bad:view(3, 1), x:narrow(2, 1, 1)) end,
      scatter_add = function() return x:scatter_add(1, bad:view(3, 1), x:narrow(2, 1, 1)) end,
    }
    for name, f in require "tnt.sorted"(cases) do
      local ok, err = pcall(function() return both.list(f()) end)
      assert.is_false(ok, name)
      assert.equal("argument", err.kind)
      assert.equal(name .. ": stored positions count from 0 and must be in 0..2, element 2 is 7",
        (err.message:gsub("^.-(" .. name .. ":)", "%1")))
      assert.equal(12, x:sum():item())
    end
    local ok, err = pcall(function()
      bad:one_hot(7)
      tnt.cuda.synchronize()
    end)
    assert.is_false(ok)
    assert.matches("must be in 0..6, element 2 is 7", err.message)
  end)
end)

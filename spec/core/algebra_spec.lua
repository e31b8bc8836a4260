-- Matrix products: our own tiles, the library, and the plain loop of whole numbers give what the
-- definition says, for every edge of the blocks and both ways of storing each operand.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local build = require "spec.ops.build"
local cases = require "spec.ops.conv_cases"

-- m, n, k: around the tile (6 or 12 rows, 8 to 32 columns), the blocks (192 of k, 64 or 128 of n),
-- the few rows that are not packed, and sizes where the library takes over.
local sizes = {
  { 1, 1, 1 }, { 1, 5, 7 }, { 2, 33, 65 }, { 3, 64, 200 }, { 4, 31, 9 }, { 5, 16, 1 },
  { 6, 16, 8 }, { 7, 17, 193 }, { 11, 130, 192 }, { 12, 8, 191 }, { 13, 129, 20 }, { 25, 3, 400 },
  { 64, 64, 32 }, { 31, 65, 385 }, { 200, 1, 50 }, { 66, 70, 520 }, { 9, 2050, 5 },
}

local function product(a, b, m, n, k) -- of lists of numbers, row-major
  local y = {}
  for i = 0, m - 1 do
    for j = 0, n - 1 do
      local s = 0
      for l = 0, k - 1 do s = s + a[i * k + l + 1] * b[l * n + j + 1] end
      y[i * n + j + 1] = s
    end
  end
  return y
end

local function stored_transposed(t) return t:transpose(-1, -2):contiguous():transpose(-1, -2) end

local function compare(got, want, tolerance, text)
  local values = got:double():flatten():totable()
  assert.equal(#want, #values, text)
  for i = 1, #want do
    local near = math.abs(values[i] - want[i]) <= tolerance -- false for NaN
    if not near then
      error(("%s: element %d is %.9g, not %.9g"):format(text, i, values[i], want[i]))
    end
  end
end

describe("products", function()
  local threads = tnt.num_threads()
  teardown(function() tnt.set_num_threads(threads) end)

  for _, dtype in ipairs { "f32", "f64", "i64" } do
    it("of " .. dtype .. " are their definition, however the operands are stored", function()
      tnt.seed(5)
      for _, s in ipairs(sizes) do
        local m, n, k = unpack(s)
        local a, b
        if dtype == "i64" then
          a, b = tnt.randint(-9, 10, { m, k }), tnt.randint(-9, 10, { k, n })
        else
          a, b = tnt.randn(m, k, { dtype = dtype }), tnt.randn(k, n, { dtype = dtype })
        end
        local left, right = a:double():flatten():totable(), b:double():flatten():totable()
        local want = product(left, right, m, n, k)
        local precision = dtype == "f32" and 2 ^ -24 or dtype == "f64" and 2 ^ -53 or 0
        for _, by in ipairs { 1, 2 } do
          tnt.set_num_threads(by)
          for way = 0, 3 do
            local x = way % 2 == 1 and stored_transposed(a) or a
            local w = way >= 2 and stored_transposed(b) or b
            compare(x:matmul(w), want, 16 * precision * k,
              ("%s [%d, %d] x [%d, %d], way %d"):format(dtype, m, k, k, n, way))
          end
        end
      end
      tnt.set_num_threads(threads)
    end)
  end

  it("add to what is there: the bias of a linear layer", function()
    for _, s in ipairs(sizes) do
      local m, n, k = unpack(s)
      local x, w, b = tnt.randn(m, k), tnt.randn(n, k), tnt.randn(n)
      local want = x:double():matmul(w:double():t()) + b:double()
      compare(ops.linear(x, w, b), want:flatten():totable(), 16 * 2 ^ -24 * (k + 1),
        ("linear %d, %d, %d"):format(m, n, k))
    end
  end)

  it("of batches are the products one by one, to the bit", function()
    local batches = {
      { 5, 64, 64, 32 }, { 48, 16, 16, 16 }, { 3, 7, 130, 200 }, { 4, 1, 9, 70 },
    }
    for _, s in ipairs(batches) do
      local batch, m, n, k = unpack(s)
      local a = tnt.randn(batch, k, m):transpose(2, 3)
      local b = tnt.randn(batch, n, k):transpose(2, 3)
      for _, by in ipairs { 1, 2 } do
        tnt.set_num_threads(by)
        local y = a:matmul(b)
        for i = 1, batch do
          assert.is_true(build.same_bits(y:select(1, i), a:select(1, i):matmul(b:select(1, i))))
        end
      end
    end
    tnt.set_num_threads(threads)
  end)

  it("do not depend on threads below the library's sizes, nor on where operands lie", function()
    for _, s in ipairs(sizes) do
      local m, n, k = unpack(s)
      local a, b = tnt.randn(m, k), tnt.randn(k, n)
      tnt.set_num_threads(1)
      local one = a:matmul(b)
      tnt.set_num_threads(2)
      local two = a:matmul(b)
      if n < 2048 then assert.is_true(build.same_bits(one, two), table.concat(s, " ")) end
      for by = 1, 3 do
        local room = tnt.zeros(m * k + by)
        local x = room:narrow(1, 1 + by, m * k):view(m, k)
        x:copy_(a)
        assert.is_true(build.same_bits(two, x:matmul(b)), table.concat(s, " ") .. " off by " .. by)
      end
    end
    tnt.set_num_threads(threads)
  end)

  it("keep infinities and NaN in their rows", function()
    local a, b = tnt.ones(13, 20), tnt.ones(20, 37)
    a[{ 3, 4 }]:fill_(1 / 0)
    a[{ 5, 4 }]:fill_(0 / 0)
    local y = a:matmul(b)
    assert.equal(1 / 0, y[{ 3, 37 }]:item())
    assert.is_true(y[{ 5, 1 }]:isnan():item() ~= 0)
    assert.equal(20, y[{ 4, 37 }]:item())
    assert.equal(11 * 37, y:eq(20):sum():item())
  end)

  it("use the library again after its threads were set to 1 and back", function()
    local a = tnt.randn(512, 512)
    tnt.set_num_threads(1)
    local one = a:matmul(a)
    tnt.set_num_threads(2)
    local two = a:matmul(a)
    tnt.set_num_threads(threads)
    compare(two, one:flatten():totable(), 16 * 2 ^ -24 * 512, "two threads")
    if os.getenv "TNT_BLAS" ~= "none" and cases.mapped "openblas" then
      local ffi = require "ffi"
      ffi.cdef "int openblas_get_num_threads(void);"
      for line in io.lines "/proc/self/maps" do
        local path = line:match "(/%S*openblas%S*)$"
        if path then
          local blas = ffi.load(path)
          assert.equal(2, blas.openblas_get_num_threads())
          break
        end
      end
    end
  end)
end)

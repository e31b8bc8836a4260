-- Conversions between dtypes: to(), the short names, and the op behind them (cast), with gradients.
-- The values of all
-- pairs are compared with PyTorch's in spec/promotion_spec.lua.
local ffi = require "ffi"
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local build = require "spec.ops.build"

local dtypes = { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" }

local function refused(kind, f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind, tostring(err))
end

describe("to", function()
  it("gives the tensor itself where nothing changes, else a dense copy", function()
    local x = tnt.ones(2, 3)
    assert.is_true(rawequal(x, x:to "f32"))
    assert.is_true(rawequal(x, x:to { dtype = "f32" }))
    assert.is_true(rawequal(x, x:to "cpu"))
    assert.is_true(rawequal(x, x:cpu()))
    for _, a in ipairs(dtypes) do
      for _, b in ipairs(dtypes) do
        local y = tnt.ones(2, 3, { dtype = a }):to(b)
        assert.equal(b, y.dtype)
        assert.same({ 2, 3 }, y.shape)
        assert.equal(6, y:sum():item())
      end
    end
    assert.equal("f64", x:to(tnt.zeros(1, { dtype = "f64" })).dtype)
  end)

  it("has short names", function()
    local x = tnt.i32 { 1 }
    for name, dtype in require "tnt.sorted" { float = "f32", double = "f64", half = "f16",
      bfloat16 = "bf16", long = "i64", bool = "bool" } do
      assert.equal(dtype, x[name](x).dtype)
    end
    assert.equal("f64", x:to("float64").dtype)
  end)

  it("refuses what is neither dtype nor device", function()
    refused("argument", function() return tnt.ones(1):to "f99" end)
    refused("argument", function() return tnt.ones(1):to(3) end)
    refused("argument", function() return tnt.ones(1):to { dtyp = "f32" } end)
  end)
end)

describe("cast", function()
  it("hands the gradient back in the dtype it came from", function()
    for _, from in ipairs { "f32", "f64", "f16", "bf16" } do
      for _, to in ipairs { "f32", "f64", "f16", "bf16" } do
        local x = tnt.ones(3, { dtype = from, requires_grad = true })
        local g = tnt.grad((x:to(to) * 2):sum(), x)
        assert.equal(from, g.dtype)
        assert.same({ 2, 2, 2 }, g:totable())
      end
      assert.is_false(tnt.ones(1, { dtype = from, requires_grad = true }):to("i64").requires_grad)
    end
  end)

  it("is right for every f16, both ways", function()
    local bits = tnt.empty(65536, { dtype = "f16" })
    local at = ffi.cast("uint16_t *", bits:data_ptr())
    for i = 0, 65535 do at[i] = i end
    local values = build.flat(bits:to "f32")
    for i = 0, 65535 do -- by the format's definition (IEEE 754, binary16)
      local sign, e, m = i < 32768 and 1 or -1, math.floor(i / 1024) % 32, i % 1024
      local want = e == 0 and m * 2 ^ -24 or e < 31 and (1 + m / 1024) * 2 ^ (e - 15) or m == 0
        and math.huge or 0 / 0
      want = sign * want
      local got = values[i + 1]
      if not (got == want or (got ~= got and want ~= want)) then
        error(("f16 %04x is %g, not %g"):format(i, got, want))
      end
    end
    local back = ffi.cast("uint16_t *", bits:to("f32"):to("f16"):data_ptr())
    local finite = 0
    for i = 0, 65535 do
      if i % 32768 <= 0x7c00 then
        assert(back[i] == i, "f16 changed on its way to f32 and back")
        finite = finite + 1
      end
    end
    assert.equal(2 * 0x7c01, finite)
  end)

  it("rounds to f16 and bf16 as the nearest-even rule says, by a search over neighbours", function()
    for _, dtype in ipairs { "f16", "bf16" } do
      local digits, lowest = dtype == "f16" and 11 or 8, dtype == "f16" and 2 ^ -24 or 2 ^ -133
      local values, want, state = {}, {}, 7
      for _ = 1, 4000 do
        state = state * 16807 % 2147483647
        local m = state / 2147483647
        state = state * 16807 % 2147483647
        local v = (1 + m) * 2 ^ (state % 29 - 24) * (state % 2 == 0 and 1 or -1)
        v = tnt.f32(v):item()
        values[#values + 1] = v
        local _, e = math.frexp(v)
        local unit = math.max(2 ^ (e - digits), lowest)
        local q = v / unit
        local low = math.floor(q)
        if q - low > 0.5 or (q - low == 0.5 and low % 2 == 1) then low = low + 1 end
        want[#want + 1] = low * unit
      end
      assert.is_nil(build.difference(build.flat(tnt.f32(values):to(dtype)), want, 0, 0), dtype)
    end
  end)

  it("rounds whole numbers once", function()
    local x = tnt.i64 { 1152921573326323713LL, -1152921573326323713LL } -- 2^60 + 2^36 + 1
    assert.same({ 2 ^ 60 + 2 ^ 37, -2 ^ 60 - 2 ^ 37 }, x:to("f32"):totable())
    assert.same({ 2 ^ 60 + 2 ^ 36, -2 ^ 60 - 2 ^ 36 }, x:to("f64"):totable())
    assert.same({ 16777216, 16777220 }, tnt.i32({ 16777217, 16777219 }):to("f32"):totable())
  end)

  it("takes a number of a dtype, and no other", function()
    assert.equal("f64", ops.cast(tnt.ones(1), 1).dtype)
    assert.is_false(pcall(ops.cast, tnt.ones(1), 8))
    assert.is_false(pcall(ops.cast, tnt.ones(1), -1))
  end)
end)

describe("copy_", function()
  it("converts, broadcasts and keeps the layout", function()
    local x = tnt.zeros(2, 3, { dtype = "i32" }):t()
    x:copy_(tnt.f64 { 1.9, -1.9 })
    assert.same({ { 1, -1 }, { 1, -1 }, { 1, -1 } }, x:totable())
    assert.same({ 1, 3 }, x:stride())
    x:copy_(4)
    assert.equal(24, x:sum():item())
  end)
end)

-- Functions that make tensors, and the ways back out.
local tnt = require "tnt"
local make = require("tnt.tensor").make
local sorted = require "tnt.sorted"

local function refused(kind, f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  assert.equal("table", type(err), tostring(err))
  assert.equal(kind, err.kind, err.message)
  return err.message
end

describe("from sizes", function()
  it("numbers or one table, options last", function()
    for _, name in ipairs { "empty", "zeros", "ones", "rand", "randn" } do
      local f = tnt[name]
      assert.same({ 2, 3 }, f(2, 3).shape)
      assert.same({ 2, 3 }, f({ 2, 3 }).shape)
      assert.same({ 2, 3 }, f({ 2, 3 }, { dtype = "f64" }).shape)
      assert.same({}, f().shape)
      assert.same({}, f({}).shape)
      assert.same({ 0 }, f(0).shape)
      local x = f(2, { dtype = "f64", requires_grad = true, device = "cpu" })
      assert.equal("f64", x.dtype)
      assert.is_true(x.requires_grad and x.is_leaf)
      assert.equal("f32", f(1).dtype)
      assert.is_false(f(1).requires_grad)
    end
    assert.same({ 1, 1 }, tnt.ones(2, { dtype = "i64" }):totable())
    assert.same({ true }, tnt.ones(1, { dtype = "bool" }):totable())
  end)

  it("wrong sizes and options are refused with the function's name", function()
    for _, name in ipairs { "empty", "zeros", "ones", "rand", "randn" } do
      local f = tnt[name]
      local function wrong(kind, ...) assert.truthy(refused(kind, f, ...):find(name, 1, true)) end
      wrong("shape", 2, -1)
      wrong("argument", 2.5)
      wrong("argument", "2")
      wrong("shape", 1, 1, 1, 1, 1, 1, 1, 1, 1)
      wrong("argument", 2, { dtyp = "f32" })
      wrong("dtype", 2, { dtype = "f31" })
    end
    assert.truthy(refused("argument", tnt.zeros, 2, { dtyp = "f32" }):find("did you mean 'dtype'",
      1, true))
    refused("dtype", tnt.zeros, 2, { dtype = "i64", requires_grad = true })
    refused("memory", tnt.zeros, 2 ^ 40, 2 ^ 40)
    refused("memory", tnt.zeros, 2 ^ 45)
  end)

  it("full, eye", function()
    assert.same({ 7, 7 }, tnt.full({ 2 }, 7):totable())
    assert.same({ true, true }, tnt.full(2, true):totable())
    assert.equal("i64", tnt.full({}, 3, { dtype = "i64" }).dtype)
    assert.same({ { 1, 0 }, { 0, 1 } }, tnt.eye(2):totable())
    assert.same({ { 1, 0, 0 }, { 0, 1, 0 } }, tnt.eye(2, 3):totable())
    assert.equal("i64", tnt.eye(2, { dtype = "i64" }).dtype)
    refused("argument", tnt.full, { 2 }, "x")
  end)

  it("arange: the end is left out; whole numbers give i64", function()
    assert.same({ 0, 1, 2 }, tnt.arange(3):totable())
    assert.equal("i64", tnt.arange(3).dtype)
    assert.same({ 2, 4 }, tnt.arange(2, 5, 2):totable())
    assert.same({ 5, 3, 1 }, tnt.arange(5, 0, -2):totable())
    assert.same({}, tnt.arange(5, 0):totable())
    assert.same({ 0, 0.5, 1 }, tnt.arange(0, 1.5, 0.5, { dtype = "f64" }):totable())
    assert.equal(10, tnt.arange(0, 1, 0.1, { dtype = "f32" }):numel())
    assert.equal("f32", tnt.arange(3, { dtype = "f32" }).dtype)
    assert.equal(2 ^ 53 - 1, tnt.arange(2 ^ 53 - 2, 2 ^ 53)[2]:item())
    refused("argument", tnt.arange, 3.5)
    refused("argument", tnt.arange, 0, 1, 0)
    refused("argument", tnt.arange)
    refused("argument", tnt.arange, "3")
    for _, dtype in ipairs { "f64", "i64", "i32", "u8", "f16", "bf16" } do
      assert.same({ 3, 5, 7 }, tnt.arange(3, 8, 2, { dtype = dtype }):totable())
    end
  end)

  it("linspace: both ends, exactly", function()
    assert.same({ 0, 0.25, 0.5, 0.75, 1 }, tnt.linspace(0, 1, 5):totable())
    assert.same({ 3 }, tnt.linspace(3, 9, 1):totable())
    assert.same({}, tnt.linspace(3, 9, 0):totable())
    assert.same({ 1, 0, -1 }, tnt.linspace(1, -1, 3, { dtype = "f64" }):totable())
    assert.equal(1, tnt.linspace(0, 1, 11, { dtype = "f64" })[-1]:item())
    refused("shape", tnt.linspace, 0, 1, -1)
    refused("argument", tnt.linspace, 0, 1, 2.5)
  end)

  it("like another", function()
    local x = tnt.zeros(2, 3, { dtype = "f16" }):t()
    for _, name in ipairs { "empty_like", "zeros_like", "ones_like", "rand_like", "randn_like" } do
      local y = tnt[name](x)
      assert.same({ 3, 2 }, y.shape)
      assert.equal("f16", y.dtype)
      assert.equal("f64", tnt[name](x, { dtype = "f64" }).dtype)
      assert.truthy(refused("argument", tnt[name], 3):find(name, 1, true))
    end
    assert.same({ { 4, 4 }, { 4, 4 }, { 4, 4 } }, tnt.full_like(x, 4):totable())
  end)
end)

describe("from tables", function()
  it("nested tables, numbers, booleans; the default dtype whatever their value", function()
    assert.equal("f32", tnt.tensor({ 1, 2 }).dtype)
    assert.equal("bool", tnt.tensor({ true, false }).dtype)
    assert.equal("bool", tnt.tensor(true).dtype)
    assert.equal("i64", tnt.tensor({ 3LL }).dtype)
    assert.equal("i64", tnt.tensor({ 1, 3LL }).dtype)
    assert.same({}, tnt.tensor(3).shape)
    assert.same({ 2, 1, 3 }, tnt.tensor({ { { 1, 2, 3 } }, { { 4, 5, 6 } } }).shape)
    assert.same({ 0 }, tnt.tensor({}).shape)
    assert.same({ 2, 0 }, tnt.tensor({ {}, {} }).shape)
    assert.is_true(tnt.tensor({ 1 }, { requires_grad = true }).requires_grad)
  end)

  it("one constructor for each dtype, which is also a cast", function()
    for _, name in ipairs { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" } do
      local x = tnt[name] { 1, 0 }
      assert.equal(name, x.dtype)
      assert.same(name == "bool" and { true, false } or { 1, 0 }, x:totable())
      assert.equal(name, tnt[name](tnt.ones(2)).dtype)
      assert.is_true(rawequal(x, tnt[name](x)))
      assert.equal(name, tnt[name](1).dtype)
    end
    assert.same({ 255, 0 }, tnt.u8 { -1, 256 }:totable())
    assert.same({ 1 }, tnt.i64 { 1.9 }:totable())
    assert.same({ 1, 0 }, tnt.f32 { true, false }:totable())
  end)

  it("64-bit literals are exact wherever they stand", function()
    local x = tnt.i64 { 1, 9007199254740993LL }
    assert.is_true(x[2]:item_int64() == 9007199254740993LL)
    refused("argument", tnt.i64, { 1.5, 3LL })
  end)

  it("what is no table of numbers is refused", function()
    refused("shape", tnt.tensor, { { 1 }, { 1, 2 } })
    refused("shape", tnt.tensor, { { 1 }, 2 })
    refused("shape", tnt.tensor, { 1, { 2 } })
    refused("argument", tnt.tensor, { 1, "x" })
    refused("argument", tnt.tensor, nil)
    refused("argument", tnt.tensor, "x")
    assert.truthy(refused("argument", tnt.tensor, { tnt.ones(2), tnt.ones(2) }):find("stack", 1,
      true))
  end)

  it("a tensor is copied, without its history", function()
    local x = tnt.ones(2):requires_grad_()
    local y = tnt.tensor(x * 2)
    assert.is_false(y.requires_grad)
    local z = tnt.tensor(y)
    z:zero_()
    assert.same({ 2, 2 }, y:totable())
  end)
end)

describe("back out", function()
  it("totable gives the nest that tensor() takes", function()
    for _, v in ipairs { { 1, 2 }, { { 1, 2 }, { 3, 4 } }, 5 } do
      assert.same(v, tnt.tensor(v):totable())
    end
    assert.same({ true, false }, tnt.tensor({ true, false }):totable())
    assert.same({ { 1, 3 }, { 2, 4 } }, tnt.tensor({ { 1, 2 }, { 3, 4 } }):t():totable())
    assert.same({}, tnt.zeros(0):totable())
    assert.same({ {}, {} }, tnt.zeros(2, 0):totable())
    local big = tnt.i64({ 5, 9007199254740993LL }):totable()
    assert.equal("number", type(big[1]))
    assert.is_true(big[2] == 9007199254740993LL)
  end)

  it("a NaN is a plain one, whatever bits memory holds", function()
    local ffi = require "ffi"
    local x, y = tnt.empty(3, { dtype = "f64" }), tnt.empty(2, { dtype = "f32" })
    local a, b = ffi.cast("uint64_t *", x:data_ptr()), ffi.cast("uint32_t *", y:data_ptr())
    a[0], a[1], a[2] = 0xffffffffffffffffULL, 0xfffc000000000001ULL, 0x7ff8000000000000ULL
    b[0], b[1] = 0xffffffff, 0xffe00001
    for _, v in ipairs(x:totable()) do assert.is_true(type(v) == "number" and v ~= v) end
    for _, v in ipairs(y:totable()) do assert.is_true(type(v) == "number" and v ~= v) end
    local v = x[1]:item()
    assert.is_true(type(v) == "number" and v ~= v)
    assert.equal("tensor([nan, nan, nan], f64)", tostring(x))
  end)

  it("item gives a number or a boolean", function()
    assert.equal(2.5, tnt.tensor({ { 2.5 } }):item())
    assert.is_true(tnt.tensor(true):item())
    assert.equal(7, tnt.u8(7):item())
    assert.equal(-7, tnt.i64(-7):item())
    assert.is_true(tnt.i32(-7):item_int64() == -7LL)
    refused("shape", function() return tnt.ones(2):item() end)
    refused("shape", function() return tnt.zeros(0):item() end)
    refused("argument", function() return tnt.i64(9007199254740993LL):item() end)
    refused("dtype", function() return tnt.ones(1):item_int64() end)
  end)
end)

describe("the default dtype", function()
  after_each(function() tnt.set_default_dtype "f32" end)

  it("is that of Lua numbers, of / and of means of whole numbers", function()
    tnt.set_default_dtype "f64"
    assert.equal("f64", tnt.get_default_dtype())
    assert.equal("f64", tnt.zeros(1).dtype)
    assert.equal("f64", tnt.tensor(1).dtype)
    assert.equal("f64", (tnt.i64(1) / 2).dtype)
    assert.equal("f64", (tnt.i64(1) * 0.5).dtype)
    assert.equal("f64", tnt.i64({ 1 }):mean().dtype)
    assert.equal("f64", tnt.linspace(0, 1, 2).dtype)
    assert.equal("i64", tnt.arange(2).dtype)
    refused("dtype", tnt.set_default_dtype, "i64")
    refused("dtype", tnt.set_default_dtype, "f16")
    refused("dtype", tnt.set_default_dtype, "x")
    assert.equal("f64", tnt.get_default_dtype())
    assert.equal("f64", tnt.set_default_dtype())
  end)
end)

describe("every name", function()
  it("of the interface's list is there", function()
    for name in
      ("tensor zeros ones empty rand randn full eye arange linspace randint randperm "
        .. "zeros_like cat stack where einsum seed no_grad "
        .. "memory set_num_threads use_deterministic scope steps keep"):gmatch "%S+"
    do
      assert.is_truthy(tnt[name], name)
    end
    for name, f in sorted(make) do assert.equal("function", type(f), name) end
  end)
end)

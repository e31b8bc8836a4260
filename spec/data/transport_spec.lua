local ffi = require "ffi"
local class = require "tnt.class"
local tnt = require "tnt"
local transport = require "tnt.data.transport"
local text_of = require "spec.data.text_of"
local sets = require "spec.data.sample_sets"

local function explain(path, what) return path .. "|" .. what end
local function there_and_back(value, shared)
  return transport.unpack(transport.pack(value, explain, shared))
end

local function refused(text, value)
  local ok, err = pcall(transport.pack, value, explain)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  assert.equal(text, err.message)
end

describe("transport", function()
  it("carries every plain value exactly", function()
    for _, value in ipairs { 0, -0.5, 1e308, 5e-324, 2 ^ 53, math.huge, -math.huge, "", "a\0b\255",
      ("x"):rep(70000), true, false } do
      assert.equal(value, there_and_back(value))
    end
    local nan = there_and_back(0 / 0)
    assert.is_true(nan ~= nan)
    assert.equal(-math.huge, 1 / there_and_back(-0.0))
    assert.is_nil(there_and_back(nil))
    assert.is_true(there_and_back(-2LL ^ 63) == -2LL ^ 63)
    local unsigned = there_and_back(0xffffffffffffffffULL)
    assert.is_true(unsigned == 0xffffffffffffffffULL and ffi.istype("uint64_t", unsigned))
  end)

  it("carries tables: nested, with holes, shared and cyclic", function()
    local inner = { 1, 2, 3 }
    local value = { a = inner, b = inner, [1.5] = "x", [true] = false, [7] = { deep = { {} } } }
    value.self = value
    local copy = there_and_back(value)
    assert.same({ 1, 2, 3 }, copy.a)
    assert.equal(copy.a, copy.b)
    assert.equal(copy, copy.self)
    assert.equal("x", copy[1.5])
    assert.equal(false, copy[true])
    assert.same({ deep = { {} } }, copy[7])
    local long = {}
    for i = 1, 100000 do long[i] = i * 0.1 end
    assert.same(long, there_and_back(long))
  end)

  it("carries tensors of every dtype, views and empty ones", function()
    local list = { tnt.zeros(0, 3), tnt.tensor(3.5), tnt.arange(24):view(2, 3, 4):transpose(1, 3),
      tnt.arange(10):narrow(1, 3, 4) }
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" } do
      list[#list + 1] = tnt.tensor({ { 0, 1 }, { 1, 0 } }, { dtype = dtype })
    end
    assert.equal(text_of(list), text_of(there_and_back(list)))
    assert.equal(text_of(list), text_of(there_and_back(list, {})))
  end)

  it("copies tensors, or lets both sides see one memory", function()
    local x = tnt.zeros(3)
    local copy = there_and_back(x)
    local held = {}
    local seen = there_and_back({ x, x }, held)
    x:fill_(5)
    assert.same({ 0, 0, 0 }, copy:totable())
    assert.same({ 5, 5, 5 }, seen[1]:totable())
    assert.equal(2, #held)
  end)

  it("carries objects by their class's name", function()
    local set = there_and_back(sets.Augmented(5, { scale = 2 }))
    assert.is_true(set:is(sets.Augmented))
    assert.equal(2, set.scale)
    local nested = there_and_back(tnt.data.subset(sets.Augmented(5), { 3, 4 }))
    assert.equal(2, nested:size())
    assert.equal(5, nested.dataset.n)
    local problem = require "tnt.errors".new("format", "no")
    assert.equal("format", there_and_back(problem).kind)
    assert.equal(getmetatable(problem), getmetatable(there_and_back(problem)))
  end)

  it("refuses code, and classes that no file returns", function()
    refused("f|is a function", { f = print })
    refused("a.b[2]|is a function", { a = { b = { 1, print } } })
    refused("t|is a thread", { t = coroutine.create(print) })
    refused("|is a userdata", newproxy())
    refused("a|has a key that is a table", { a = { [{}] = 1 } })
    local Here = class.new("Here", {})
    refused("o|is an object of the class Here, which no file that require finds returns",
      { o = Here() })
    package.loaded["spec.data.not_a_file"] = Here
    refused("o|is an object of the class Here, which no file that require finds returns",
      { o = Here() })
    package.loaded["spec.data.not_a_file"] = nil
    refused("h|is an object whose metatable is hidden",
      { h = setmetatable({}, { __metatable = "none" }) })
  end)

  it("loses no memory when a message is refused or dropped", function()
    collectgarbage()
    local before = tnt.memory().live_bytes
    for _ = 1, 10 do
      pcall(transport.pack, { tnt.zeros(1000), print }, explain)
      require "tnt.data.library".open().tnt_worker_message_drop(
        transport.pack({ tnt.zeros(1000) }, explain))
    end
    collectgarbage()
    collectgarbage()
    assert.equal(before, tnt.memory().live_bytes)
  end)
end)

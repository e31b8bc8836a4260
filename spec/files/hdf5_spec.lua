local ffi = require "ffi"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"

local dir
setup(function() dir = scratch.folder() end)
teardown(scratch.clean)

local function back(value)
  local path = dir .. "/x.h5"
  tnt.save(path, value)
  return tnt.load(path)
end

local function refused(kind, text, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(type(err) == "table" and err.kind == kind, tostring(err))
  assert(err.message:find(text, 1, true), err.message)
end

describe("tnt.save and tnt.load, HDF5", function()
  it("give back numbers to the bit #tiny", function()
    local values = {
      nan = 0 / 0, inf = math.huge, minus_inf = -math.huge, zero = 0, minus_zero = -0.0,
      small = 5e-324, large = 1.7976931348623157e308, third = 1 / 3, whole = 2 ^ 53,
      signed = -9223372036854775807LL - 1LL, unsigned = 18446744073709551615ULL,
      list = { 1, -0.0, 0 / 0, math.huge, 0.1 }, one = { 7 }, none = {},
    }
    scratch.same(values, back(values))
    assert.equal(-math.huge, 1 / back(values).list[2])
  end)

  it("give back strings of any bytes and length", function()
    local all = {}
    for i = 0, 255 do all[#all + 1] = string.char(i) end
    local values = {
      empty = "", zeros = "\0\0\0", all = table.concat(all), trailing = "x\0", utf8 = "größer",
      long = ("\0ab"):rep(40000), edge = ("x"):rep(16384), above = ("y"):rep(16385),
    }
    scratch.same(values, back(values))
  end)

  it("give back tables with any keys", function()
    local values = {
      [1] = "a", [2] = "b", [0] = "zero", [-7] = "minus", ["1"] = "text one", ["0"] = "text zero",
      ["-7"] = "text minus", ["01"] = "no number", ["a/b"] = 1, ["a%2Fb"] = 2, [""] = 3, ["."] = 4,
      [".."] = 5, ["%"] = 6, ["new\nline"] = 7, ["layers.0.weight"] = 8, ["größe"] = 9,
      [2 ^ 53] = 10, ["9007199254740993"] = 11, ["with space"] = 12, ["\0"] = 13,
      nested = { { {}, { { "deep" } } }, empty = {} }, yes = true, no = false,
    }
    scratch.same(values, back(values))
  end)

  it("give back tensors of every dtype and layout", function()
    local values = {}
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16", "i64", "i32", "u8" } do
      values[dtype] = tnt.tensor({ { 1, 2, 3 }, { 4, 5, 100 } }, { dtype = dtype })
    end
    values.bool = tnt.tensor { true, false, true }
    values.scalar, values.scalar_bool = tnt.tensor(2.5), tnt.tensor(true)
    values.scalar64 = tnt.tensor(2.5, { dtype = "f64" })
    values.scalar_i64 = tnt.i64(5)
    values.empty, values.transposed = tnt.zeros(0, 3), tnt.randn(3, 5):t()
    values.view = tnt.randn(6, 4)[{ { 2, 4 }, { 1, 2 } }]
    values.vector64 = tnt.tensor({ 1, 2, 3 }, { dtype = "f64" })
    values.eight = tnt.randn(1, 2, 1, 2, 1, 2, 1, 2)
    scratch.same(values, back(values))
  end)

  it("take a value that is no table", function()
    for _, value in ipairs { 5, "text", true, false, tnt.randn(2, 2), 7LL } do
      scratch.same(value, back(value))
    end
    scratch.same({}, back {})
    scratch.same({ ["%value"] = 1 }, back { ["%value"] = 1 })
  end)

  it("write what h5dump reads", function()
    if not scratch.can_start() then pending "no process can be started here" end
    local path = dir .. "/dump.h5"
    tnt.save(path, { w = tnt.tensor { 1.5, 2.5 }, half = tnt.tensor({ 0.5 }, { dtype = "bf16" }),
      yes = true, name = "net" })
    local text = scratch.capture("h5dump " .. path)
    for _, part in ipairs {
      'DATASET "w"', "H5T_IEEE_F32LE", "1.5, 2.5", "(0): 0.5", "TRUE", '"net"',
      "16-bit little-endian floating-point",
    } do
      assert(text:find(part, 1, true), "no " .. part .. " in\n" .. text)
    end
  end)

  it("leave the former file alone when they fail, and nothing else behind", function()
    local path = dir .. "/kept/x.h5"
    assert(os.execute("mkdir " .. dir .. "/kept") == 0)
    tnt.save(path, { 1 })
    refused("argument", "function", tnt.save, path, { 1, { f = print } })
    scratch.same({ 1 }, tnt.load(path))
    assert.equal("x.h5\n", scratch.capture("ls " .. dir .. "/kept"))
    refused("io", "No such file", tnt.save, dir .. "/nowhere/x.h5", { 1 })
  end)

  it("name what cannot be saved", function()
    local around = {}
    around.inner = { around }
    refused("argument", "contains itself", tnt.save, dir .. "/y.h5", around)
    refused("argument", "a key of a is 1.5", tnt.save, dir .. "/y.h5", { a = { [1.5] = 1 } })
    refused("argument", "a key of the table is a boolean", tnt.save, dir .. "/y.h5", { [true] = 1 })
    refused("argument", "a/b is a cdata", tnt.save, dir .. "/y.h5",
      { a = { b = ffi.new "int[2]" } })
    local Class = require("tnt.class").new "Class"
    refused("argument", "a is an object (Class)", tnt.save, dir .. "/y.h5", { a = Class() })
    local deep = {}
    local at = deep
    for _ = 1, 100 do
      at[1] = {}
      at = at[1]
    end
    refused("argument", "60 tables deep", tnt.save, dir .. "/y.h5", deep)
    refused("argument", "nothing to save", tnt.save, dir .. "/y.h5", nil)
    refused("argument", "path must be a string", tnt.save, 5, {})
  end)

  it("say what is wrong with a file", function()
    refused("io", "No such file", tnt.load, dir .. "/none.h5")
    scratch.write(dir .. "/text.h5", "hello")
    refused("format", "it is no HDF5 file", tnt.load, dir .. "/text.h5")
    scratch.write(dir .. "/nothing.h5", "")
    refused("format", "it is no HDF5 file", tnt.load, dir .. "/nothing.h5")
    refused("io", "it is no file", tnt.load, dir)
    tnt.save(dir .. "/whole.h5", { w = tnt.ones(100) })
    local text = scratch.read(dir .. "/whole.h5")
    scratch.write(dir .. "/cut.h5", text:sub(1, -2))
    refused("format", ("it has %d bytes, expected %d"):format(#text - 1, #text), tnt.load,
      dir .. "/cut.h5")
    scratch.write(dir .. "/flipped.h5", text:sub(1, 2000) .. "?" .. text:sub(2002))
    refused("format", "damaged: the checksum of bytes 512 to", tnt.load, dir .. "/flipped.h5")
    scratch.write(dir .. "/seal.h5", text:sub(1, 20) .. "x" .. text:sub(22))
    refused("format", "its first 512 bytes are damaged", tnt.load, dir .. "/seal.h5")
  end)

  it("write equal contents as equal bytes", function()
    local value = { a = tnt.ones(3), b = { "x", 2, true } }
    tnt.save(dir .. "/1.h5", value)
    tnt.save(dir .. "/2.h5", { b = { "x", 2, true }, a = tnt.ones(3) })
    assert(scratch.read(dir .. "/1.h5") == scratch.read(dir .. "/2.h5"))
  end)

  it("report a disk that is full, and remove what was begun", function()
    if not scratch.can_start() then pending "no process can be started here" end
    -- The limit on file sizes stands in for a full disk: the same failing write, another errno.
    local script = dir .. "/full.lua"
    scratch.write(script, [[
      local ffi = require "ffi"
      ffi.cdef "void *signal(int number, void *handler);"
      ffi.C.signal(25, ffi.cast("void *", 1)) -- SIGXFSZ ignored: the write fails instead
      local tnt = require "tnt"
      local ok, err = pcall(tnt.save, arg[1], {w = tnt.ones(1000000)})
      print(ok, err.kind, err.message)
      local fine = pcall(tnt.save, arg[1] .. ".small.h5", {w = tnt.ones(10)})
      print(fine)
    ]])
    assert(os.execute("mkdir " .. dir .. "/full") == 0)
    local text = scratch.capture(("bash -c 'ulimit -f 100; %s %s %s/full/x.h5'"):format(
      scratch.interpreter, script, dir))
    assert(text:find("false\tio\t", 1, true), text)
    assert(text:find("File too large", 1, true), text)
    assert(text:find("\ntrue", 1, true), text)
    assert.equal("x.h5.small.h5\n", scratch.capture("ls " .. dir .. "/full"))
  end)
end)

describe("a file of elsewhere", function()
  -- A file whose seal is gone is one: it goes through the strict check.
  local function unsealed(value)
    tnt.save(dir .. "/sealed.h5", value)
    local text = scratch.read(dir .. "/sealed.h5")
    scratch.write(dir .. "/unsealed.h5", (" "):rep(512) .. text:sub(513))
    return dir .. "/unsealed.h5"
  end

  it("is read when its structure is plain and whole", function()
    local many = {}
    for i = 1, 300 do many["name" .. i] = i end
    local value = { w = tnt.randn(3, 4), many = many, s = "text",
      h = tnt.zeros(2, { dtype = "f16" }), yes = true, long = ("x"):rep(100000),
      empty = {}, list = { 1, 2, 3 } }
    scratch.same(value, tnt.load(unsealed(value)))
  end)

  it("is refused with the place and what was expected", function()
    local path = unsealed { w = tnt.ones(4), s = "text" }
    local text = scratch.read(path)
    local tree = assert(text:find("TREE", 1, true))
    scratch.write(path, text:sub(1, tree - 1) .. "FREE" .. text:sub(tree + 4))
    refused("format", ("at byte %d: expected a tree of entries"):format(tree - 1), tnt.load, path)
    scratch.write(path, text:sub(1, 700))
    refused("format", "cut off", tnt.load, path)
  end)
end)

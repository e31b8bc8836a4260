local scratch = require "spec.files.scratch"
local tnt = require "tnt"

local dir
setup(function() dir = scratch.folder() end)
teardown(scratch.clean)

local function file_of(header, data, version)
  local path = dir .. "/made.npy"
  local length = string.char(#header % 256, math.floor(#header / 256))
  if version == 2 then length = length .. "\0\0" end
  scratch.write(path, "\147NUMPY" .. string.char(version or 1) .. "\0" .. length .. header
    .. (data or ""))
  return path
end

local function refused(text, header, data)
  local ok, err = pcall(tnt.load, file_of(header, data))
  assert.is_false(ok)
  assert(err.kind == "format", tostring(err))
  assert(err.message:find(text, 1, true), err.message)
end

describe("npy", function()
  it("gives back tensors of every dtype it has #tiny", function()
    for _, x in ipairs {
      tnt.randn(2, 3), tnt.tensor(5), tnt.zeros(0, 4), tnt.tensor { true, false },
      tnt.randn(3, 4):t(),
      tnt.i64 { -1, 2 }, tnt.tensor({ 1, 2 }, { dtype = "i32" }), tnt.u8 { 1, 255 },
      tnt.tensor({ 0.5, 2 }, { dtype = "f16" }), tnt.tensor({ 0.1 }, { dtype = "f64" }),
    } do
      tnt.save(dir .. "/a.npy", x)
      scratch.same(x, tnt.load(dir .. "/a.npy"))
      local text = scratch.read(dir .. "/a.npy")
      assert.equal(0, (10 + text:byte(9) + 256 * text:byte(10)) % 64)
    end
  end)

  it("reads Fortran order, other integers, and version 2", function()
    local header = "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }\n"
    local data = "\1\0\2\0\3\0\4\0\5\0\255\255" -- columns 1 2 | 3 4 | 5 -1
    scratch.same(tnt.tensor({ { 1, 3, 5 }, { 2, 4, -1 } }, { dtype = "i32" }),
      tnt.load(file_of(header, data, 2)))
    scratch.same(tnt.i64 { 4294967295 }, tnt.load(file_of(
      "{'shape': (1,), 'fortran_order': False, 'descr': '<u4'}\n", "\255\255\255\255")))
  end)

  it("refuses what cannot be, and evaluates nothing", function()
    local rest = ", 'fortran_order': False, 'shape': (1,), }\n"
    refused("its type is '>f4'", "{'descr': '>f4'" .. rest, "abcd")
    refused("its type is '|O'", "{'descr': '|O'" .. rest, "abcd")
    refused("its header should hold", "{'descr': [('a', '<f4')]" .. rest, "abcd")
    refused("its header should hold", "{'descr': __import__('os')" .. rest, "abcd")
    refused("its header should hold", "{'other': 1" .. rest, "abcd")
    refused("its header should be a Python dict", "print(1)\n", "abcd")
    refused("lacks one of", "{'descr': '<f4'}\n", "abcd")
    refused("fortran_order", "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}\n", "abcd")
    refused("its shape is", "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2,)}\n", "abcd")
    refused("at most 8", "{'descr': '<f4', 'fortran_order': False, 'shape': "
      .. "(1,1,1,1,1,1,1,1,1)}\n", "abcd")
    refused("is impossible", "{'descr': '<f4', 'fortran_order': False, 'shape': "
      .. "(99999999999,99999999999)}\n", "abcd")
    refused("take 4 bytes, and 3 are there", "{'descr': '<f4'" .. rest, "abc")
    refused("take 4 bytes, and 5 are there", "{'descr': '<f4'" .. rest, "abcde")
    refused("element 0 is 2", "{'descr': '|b1'" .. rest, "\2")
    scratch.write(dir .. "/made.npy", "\147NUMPY\9\0\0\0")
    local ok, err = pcall(tnt.load, dir .. "/made.npy")
    assert(not ok and err.kind == "format" and err.message:find("version 9.0", 1, true))
  end)

  it("says what it cannot hold", function()
    local ok, err = pcall(tnt.save, dir .. "/b.npy", { tnt.ones(1) })
    assert(not ok and err.kind == "argument" and err.message:find(".npz", 1, true))
    ok, err = pcall(tnt.save, dir .. "/b.npy", tnt.ones(1):to "bf16")
    assert(not ok and err.kind == "dtype" and err.message:find("no bf16", 1, true))
  end)
end)

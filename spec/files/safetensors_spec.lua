local ffi = require "ffi"
local scratch = require "spec.files.scratch"
local metadata = require("tnt.files.safetensors").metadata
local tnt = require "tnt"

local dir
setup(function() dir = scratch.folder() end)
teardown(scratch.clean)

local function file_of(header, data)
  local length = ffi.string(ffi.new("uint64_t[1]", #header), 8)
  local path = dir .. "/made.safetensors"
  scratch.write(path, length .. header .. (data or ""))
  return path
end

local function refused(text, header, data)
  local ok, err = pcall(tnt.load, file_of(header, data))
  assert.is_false(ok)
  assert.equal("format", err.kind)
  assert(err.message:find(text, 1, true), err.message)
  assert(err.message:find("made.safetensors", 1, true), err.message)
end

describe("safetensors", function()
  it("gives back tensors of every dtype, and metadata #tiny", function()
    local value = {
      ["a.weight"] = tnt.randn(2, 3), ["b \"x\""] = tnt.tensor { true, false },
      scalar = tnt.tensor(1.5), empty = tnt.zeros(0, 2), transposed = tnt.randn(2, 3):t(),
    }
    for _, dtype in ipairs { "f64", "f16", "bf16", "i64", "i32", "u8" } do
      value[dtype] = tnt.tensor({ 1, 2, 3 }, { dtype = dtype })
    end
    tnt.save(dir .. "/a.safetensors", value)
    scratch.same(value, tnt.load(dir .. "/a.safetensors"))
    scratch.same({}, metadata(dir .. "/a.safetensors"))
    value["__metadata__"] = { format = "pt", note = 'a "quoted" word' }
    tnt.save(dir .. "/a.safetensors", value)
    scratch.same(value["__metadata__"], metadata(dir .. "/a.safetensors"))
    value["__metadata__"] = nil
    scratch.same(value, tnt.load(dir .. "/a.safetensors"))
  end)

  it("names nested tensors with dots", function()
    tnt.save(dir .. "/b.safetensors", { net = { { w = tnt.ones(2) } }, note = "text" })
    scratch.same({ ["net.1.w"] = tnt.ones(2) }, tnt.load(dir .. "/b.safetensors"))
    scratch.same({ note = "text" }, metadata(dir .. "/b.safetensors"))
  end)

  it("reads a file byte by byte as the format says", function()
    -- Source: github.com/huggingface/safetensors, README, "Format".
    local header = '{"__metadata__":{"k":"v"},"t":{"dtype":"I16","shape":[2],"data_offsets":[0,4]},'
      .. '"u":{"dtype":"U32","shape":[],"data_offsets":[4,8]}}   '
    local path = file_of(header, "\254\255\2\1\255\255\255\255")
    scratch.same({ t = tnt.tensor({ -2, 258 }, { dtype = "i32" }), u = tnt.i64(4294967295) },
      tnt.load(path))
    scratch.same({ k = "v" }, metadata(path))
  end)

  it("puts data where eight-byte elements are aligned", function()
    tnt.save(dir .. "/c.safetensors", { a = tnt.u8 { 1 }, b = tnt.zeros(1, { dtype = "f64" }) })
    local text = scratch.read(dir .. "/c.safetensors")
    local n = text:byte(1) + 256 * text:byte(2)
    assert.equal(0, n % 8)
    assert(text:find('"b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}', 1, true), text)
  end)

  it("refuses what cannot be", function()
    refused("no JSON object", "{x}")
    refused("does not begin with {", " {}")
    refused("should be an object", '{"t":5}')
    refused("has the dtype F4", '{"t":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}', "x")
    refused("shape should be a list",
      '{"t":{"dtype":"U8","shape":{"a":1},"data_offsets":[0,1]}}', "x")
    refused("at most 8 sizes",
      '{"t":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}', "x")
    refused("no whole number", '{"t":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}', "x")
    refused("no whole number", '{"t":{"dtype":"U8","shape":[0.5],"data_offsets":[0,1]}}', "x")
    refused("data_offsets should be", '{"t":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}', "x")
    refused("data_offsets should be", '{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,2]}}', "x")
    refused("data_offsets should be", '{"t":{"dtype":"U8","shape":[1],"data_offsets":[0]}}', "x")
    refused("take 4 bytes, data_offsets give it 1",
      '{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,1]}}', "x")
    refused("element 0 is 7, expected 0 or 1",
      '{"t":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}', "\7")
    refused("overlap or leave a hole", '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},'
      .. '"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}', "xyz")
    refused("overlap or leave a hole",
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', "xy")
    refused("its data has 3 bytes", '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', "xyz")
    refused("should hold strings", '{"__metadata__":{"a":1}}')
    scratch.write(dir .. "/made.safetensors", "\255\255\255\255\0\0\0\0{}")
    local ok, err = pcall(tnt.load, dir .. "/made.safetensors")
    assert(not ok and err.message:find("its header would have 4294967295 bytes", 1, true))
    scratch.write(dir .. "/made.safetensors", "abc")
    ok, err = pcall(tnt.load, dir .. "/made.safetensors")
    assert(not ok and err.kind == "format")
  end)

  it("says what it cannot hold", function()
    for text, value in pairs { -- order: free
      ["'n' is a number"] = { n = 5 }, ["expected a table of tensors"] = tnt.ones(2),
      ["two tensors would be named 'a.b'"] = { ["a.b"] = tnt.ones(1), a = { b = tnt.ones(1) } },
    } do
      local ok, err = pcall(tnt.save, dir .. "/no.safetensors", value)
      assert(not ok and err.kind == "argument" and err.message:find(text, 1, true), tostring(err))
    end
    assert.is_nil(io.open(dir .. "/no.safetensors"))
  end)
end)

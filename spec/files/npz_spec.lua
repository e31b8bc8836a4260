local scratch = require "spec.files.scratch"
local tnt = require "tnt"

local dir
setup(function() dir = scratch.folder() end)
teardown(scratch.clean)

local function refused(text, path)
  local ok, err = pcall(tnt.load, path)
  assert.is_false(ok)
  assert(err.kind == "format", tostring(err))
  assert(err.message:find(text, 1, true), err.message)
end

describe("npz", function()
  it("gives back tensors by name #tiny", function()
    local value = { a = tnt.randn(3, 4), ["b/c"] = tnt.i64 { 1 }, empty = tnt.zeros(0),
      s = tnt.tensor(2) }
    tnt.save(dir .. "/a.npz", value)
    scratch.same(value, tnt.load(dir .. "/a.npz"))
    tnt.save(dir .. "/none.npz", {})
    scratch.same({}, tnt.load(dir .. "/none.npz"))
  end)

  it("is a zip archive that others find whole", function()
    tnt.save(dir .. "/b.npz", { a = tnt.randn(100), b = tnt.ones(3) })
    local text = scratch.capture("unzip -t " .. dir .. "/b.npz")
    if text:find("not found", 1, true) then pending "unzip is not installed" end
    assert(text:find("No errors detected", 1, true), text)
  end)

  it("reads compressed entries", function()
    -- Made by NumPy: savez_compressed(path, x=zeros(50, "<i4"), y=array([1.5, -2], "f4")).
    local hex = table.concat {
      "504b03042d00000008000000210007003fceffffffffffffffff05001400782e6e7079010010004801000000",
      "00000048000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a2aea3a09e965f5452",
      "9498179f5f94920a12774bcc294e058a17672416a402f91aa6063a9a3a0ab50ae4032e86610200504b03042d",
      "000000080000002100d6434b05ffffffffffffffff05001400792e6e70790100100088000000000000004b00",
      "0000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f",
      "94920a12774bcc294e058a17672416a402f91a463a9a3a0ab50a14002e068603f60c400200504b01022d032d",
      "00000008000000210007003fce4800000048010000050000000000000000000000800100000000782e6e7079",
      "504b01022d032d000000080000002100d6434b054b0000008800000005000000000000000000000080017f00",
      "0000792e6e7079504b0506000000000200020066000000010100000000",
    }
    scratch.write(dir .. "/packed.npz", (hex:gsub("%x%x", function(byte)
      return string.char(tonumber(byte, 16))
    end)))
    scratch.same({ x = tnt.zeros(50, { dtype = "i32" }), y = tnt.tensor { 1.5, -2 } },
      tnt.load(dir .. "/packed.npz"))
  end)

  it("names a damaged entry", function()
    tnt.save(dir .. "/c.npz", { first = tnt.ones(4), second = tnt.ones(4) })
    local text = scratch.read(dir .. "/c.npz")
    local at = text:find("second.npy", 1, true) + 10 + 128 + 2
    scratch.write(dir .. "/c.npz", text:sub(1, at - 1) .. "?" .. text:sub(at + 1))
    refused("'second.npy' is damaged: its checksum is", dir .. "/c.npz")
    scratch.write(dir .. "/c.npz", text:sub(1, -2))
    refused("no end record", dir .. "/c.npz")
    scratch.write(dir .. "/c.npz", text .. "x")
    refused("no end record", dir .. "/c.npz")
    local header = text:find("PK\3\4", 5, true)
    scratch.write(dir .. "/c.npz", text:sub(1, header - 1) .. "QK" .. text:sub(header + 2))
    refused("does not match the directory", dir .. "/c.npz")
  end)

  it("says what it cannot hold", function()
    for _, value in ipairs { { a = 5 }, tnt.ones(1), { tnt.ones(1) } } do
      local ok, err = pcall(tnt.save, dir .. "/no.npz", value)
      assert(not ok and err.kind == "argument", tostring(err))
    end
  end)
end)

local balance = require "spec.balance"
local tnt = require "tnt"

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  return err
end

describe("tnt.tensor_bytes", function()
  balance.file(setup, teardown)

  it("gives the bytes of every tensor of a nest by its path, each once", function()
    local x = tnt.zeros(2, 3)
    local nest = { x = x, again = x, list = { tnt.i64 { 1 }, x[1], 5 }, text = "t" }
    nest.self = nest
    local total, by_path = tnt.tensor_bytes(nest)
    assert.equal(24 + 8 + 12, total)
    assert.same({ again = 24, ["list[1]"] = 8, ["list[2]"] = 12 }, by_path)
    assert.same({ 4, { ["."] = 4 } }, { tnt.tensor_bytes(tnt.full({}, 1)) })
    for dtype, bytes in tnt.pairs { f64 = 8, f16 = 2, bf16 = 2, i32 = 4, u8 = 1, bool = 1 } do
      assert.equal(5 * bytes, (tnt.tensor_bytes(tnt.zeros(5, { dtype = dtype }))))
    end
    assert.same({ 0, {} }, { tnt.tensor_bytes {} })
    assert.equal("argument", failure(tnt.tensor_bytes, "x").kind)
  end)

  it("walks modules and their children", function()
    local net = tnt.nn.Sequential(tnt.nn.Linear(3, 4), tnt.nn.BatchNorm1d(4))
    local total, by_path = tnt.tensor_bytes { net = net }
    assert.equal(48, by_path["net[1].weight"])
    assert.equal(tnt.nn.summary(net).bytes, total)
  end)
end)

-- Without a card everything says what is missing; with one these are the places where it begins.
local tnt = require "tnt"

describe("tnt.cuda", function()
  it("says whether it is there, and if not why", function()
    local there, reason = tnt.cuda.is_available()
    assert.is_boolean(there)
    if not there then
      assert.is_string(reason)
      assert(#reason > 10, reason)
      assert.equal(0, tnt.cuda.device_count())
    else
      assert(tnt.cuda.device_count() > 0)
    end
  end)

  it("is refused by name where it is not there", function()
    if tnt.cuda.is_available() then return pending "there is a card" end
    for _, make in ipairs {
      function() return tnt.zeros(2, { device = "cuda" }) end,
      function() return tnt.zeros(2, { device = "cuda:1" }) end,
      function() return tnt.zeros(2):to "cuda" end,
    } do
      local ok, err = pcall(make)
      assert.is_false(ok)
      assert.equal("device", err.kind)
      assert.matches("cuda", err.message)
    end
  end)

  it("is not taken for another device", function()
    local ok, err = pcall(tnt.zeros, 2, { device = "gpu" })
    assert.is_false(ok)
    assert.equal("device", err.kind)
    assert.matches("'cpu' or 'cuda:N'", err.message)
  end)
end)

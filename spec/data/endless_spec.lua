local tnt = require "tnt"

local function take(following, n)
  local list = {}
  for i = 1, n do list[i] = table.concat(following():totable(), " ") end
  return list
end

describe("tnt.data.endless", function()
  local function made()
    return tnt.data.endless(tnt.data.DataLoader({ 1, 2, 3, 4, 5 },
      { batch_size = 2, shuffle = true, seed = 3 }))
  end

  it("reads epoch after epoch", function()
    local got = take(made():iterate(), 7)
    local loader = made().loader
    local expected = {}
    for _ = 1, 3 do
      for batch in loader:iterate() do
        expected[#expected + 1] = table.concat(batch:totable(), " ")
      end
    end
    for i = 1, 7 do assert.equal(expected[i], got[i]) end
  end)

  it("goes on where it stopped, also in a new one after load_state_dict", function()
    local expected = take(made():iterate(), 12)
    for stop = 1, 11 do
      local loader = made()
      local got = take(loader:iterate(), stop)
      local state = loader:state_dict()
      local resumed = made()
      resumed:load_state_dict(state)
      for _, both in ipairs { loader, resumed } do
        local rest = take(both:iterate(), 12 - stop)
        for i, batch in ipairs(rest) do assert.equal(expected[stop + i], batch) end
      end
      assert.equal(expected[stop], got[stop])
    end
    assert.is_true(made().continues)
  end)

  it("has a position only where the loader inside has one", function()
    local plain = tnt.data.endless { iterate = function() return function() return 1 end end }
    assert.is_nil(plain.state_dict)
  end)

  it("refuses to turn round in an empty epoch", function()
    local ok, err = pcall(tnt.data.endless(tnt.data.DataLoader({}, {})):iterate())
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find "no batch in a whole epoch")
    ok, err = pcall(tnt.data.endless, 3)
    assert.is_false(ok)
    assert.equal("argument", err.kind)
  end)
end)

local tnt = require "tnt"
local nn = tnt.nn

local function refusal(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  return err.message
end

describe("containers #tiny", function()
  it("keep children in themselves", function()
    local a, b, c = nn.ReLU(), nn.Tanh(), nn.Linear(2, 2)
    local list = nn.ModuleList { a, b }
    assert.equal(2, #list)
    assert.equal(list, list:append(c))
    assert.equal(c, list[3])
    local seen = {}
    for i, module in ipairs(list) do seen[i] = module end
    assert.same({ a, b, c }, seen)
    list[1] = c
    assert.equal(c, list:children()[1])
    assert.equal(2, #list:children())
    assert.same({ "1", "0" }, (function()
      local names = {}
      for name in list:named_children() do table.insert(names, 1, name) end
      return names
    end)())
    assert.equal(4, #nn.ModuleList(a, b):extend_with { c, nn.Identity() })
  end)

  it("run one after the other", function()
    local x = tnt.randn(3, 2)
    local one, two = nn.Linear(2, 4), nn.Linear(4, 3)
    local expected = two(one(x):tanh()):totable()
    assert.same(expected, nn.Sequential(one, nn.Tanh(), two)(x):totable())
    assert.same(expected, nn.Sequential { one, nn.Tanh(), two } (x):totable())
    assert.same(expected, nn.Sequential(one):append(nn.Tanh()):append(two)(x):totable())
    assert.equal(x, nn.Sequential()(x))
    assert.equal(x, nn.Sequential(nn.Identity())(x))
  end)

  it("hold modules by name", function()
    local dict = nn.ModuleDict { pool = nn.Identity(), conv = nn.Linear(2, 2) }
    assert.same({ "conv", "pool" }, dict:keys())
    dict.last = nn.ReLU()
    assert.same({ "conv", "pool", "last" }, dict:keys())
    assert.equal("conv.weight", (dict:named_parameters()()))
    assert.same({ "b", "a" }, nn.ModuleDict({ { "b", nn.ReLU() }, { "a", nn.ReLU() } }):keys())
    assert.matches("is a method", refusal(nn.ModuleDict, { train = nn.ReLU() }))
  end)

  it("refuse what is no module", function()
    assert.matches("module 2 must be a module, got number", refusal(nn.Sequential, nn.ReLU(), 3))
    assert.matches("the class ReLU; call it: ReLU%(%.%.%.%)", refusal(nn.Sequential, nn.ReLU))
    assert.matches("ModuleDict has names", refusal(nn.ModuleList, { a = nn.ReLU() }))
    assert.matches("must be a module, got nil",
      refusal(nn.ModuleList { nn.ReLU() }.append, nn.ModuleList(), nil))
  end)
end)

local tnt = require "tnt"
local nn, optim = tnt.nn, tnt.optim

local function refusal(kind, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  assert.equal(kind, err.kind, tostring(err))
  return err.message
end

local function param(n, value) return nn.Parameter(tnt.full({ n }, value or 1)) end

local classes = { "SGD", "Adam", "AdamW" }

describe("optimizers", function()
  for _, name in ipairs(classes) do
    local Class = optim[name]

    it(name .. " learns", function()
      tnt.seed(7)
      local net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
      local opt = Class(net:parameters(), { lr = 0.05 })
      local x = tnt.randn(32, 3)
      local t = x:sum(2, true)
      local first, last
      for _ = 1, 100 do
        opt:zero_grad()
        local loss = nn.MSELoss()(net(x), t)
        loss:backward()
        opt:step()
        last = loss:item()
        first = first or last
      end
      assert.is_true(last < first / 10, ("%g -> %g"):format(first, last))
    end)

    it(name .. " steps 16-bit parameters through f32 masters", function()
      local wide, narrow = param(4), nn.Parameter(tnt.full({ 4 }, 1):to "bf16")
      local a, b = Class({ wide }, { lr = 1e-3 }), Class({ narrow }, { lr = 1e-3 })
      for i = 1, 20 do -- each step alone is below bf16's resolution at 1, which is 2^-8
        wide.grad = tnt.full({ 4 }, i % 2 + 0.5)
        narrow.grad = tnt.full({ 4 }, i % 2 + 0.5):to "bf16"
        a:step()
        b:step()
      end
      local master = b.state[narrow].master
      assert.equal("f32", master.dtype)
      assert.equal("bf16", narrow.dtype)
      assert.same(wide:totable(), master:totable())
      assert.same(wide:detach():to("bf16"):totable(), narrow:totable())
      assert.is_true(narrow[1]:item() < 1)
    end)

    it(name .. " steps parameters of several dtypes and views in one group", function()
      local base = tnt.ones(4, 6)
      local view = nn.Parameter(base:t()[{ { 1, 3 }, {} }])
      assert.is_false(view:is_contiguous())
      local list = { param(2), nn.Parameter(tnt.ones(2, { dtype = "f64" })), view }
      local opt = Class(list, { lr = 0.1 })
      for _ = 1, 3 do
        for _, p in ipairs(list) do p.grad = tnt.ones_like(p) end
        opt:step()
      end
      local expected = list[1][1]:item()
      assert.is_true(expected < 0.8)
      for _, p in ipairs(list) do
        assert.is_true((p:detach():double() - expected):abs():max():item() < 1e-6)
      end
      assert.equal(1, base[{ 1, 5 }]:item()) -- outside the view
    end)

    it(name .. " gives the same with many threads, above the size for a parallel region", function()
      local sizes, lists = { 40000, 1, 63, 20000, 7, 12345 }, {}
      local before = tnt.num_threads()
      for run, threads in ipairs { 1, 3 } do
        tnt.set_num_threads(threads)
        local list = {}
        for i, n in ipairs(sizes) do list[i] = nn.Parameter(tnt.arange(n):float():sin()) end
        local opt = Class(list, { lr = 0.01, weight_decay = 0.1 })
        for step = 1, 3 do
          for i, p in ipairs(list) do p.grad = (tnt.arange(p:numel()):float() + step * i):cos() end
          opt:step()
        end
        lists[run] = list
      end
      tnt.set_num_threads(before)
      for i in ipairs(sizes) do
        assert.equal(0, lists[1][i]:ne(lists[2][i]):sum():item(), "parameter " .. i)
      end
    end)

    it(name .. " steps what autograd sees as changed, without recording", function()
      local p = param(2)
      local opt = Class({ p }, { lr = 0.1 })
      local y = (p * p):sum()
      p.grad = tnt.ones(2)
      opt:step()
      assert.is_true(p.is_leaf and p.requires_grad)
      assert.matches("in place", refusal("state", y.backward, y))
    end)

    it(name .. " refuses what it cannot use", function()
      assert.matches("the list of parameters is empty", refusal("argument", Class, { {} }))
      assert.matches("give net:parameters%(%)", refusal("argument", Class, nn.Linear(1, 1), {}))
      assert.matches("lr must be a number from 0 on, got %-1",
        refusal("argument", Class, { param(1) }, { lr = -1 }))
      assert.matches("lr must be", refusal("argument", Class, { param(1) }, { lr = 0 / 0 }))
      assert.matches("weight_decay must be", refusal("argument", Class, { param(1) },
        { weight_decay = -1 }))
      assert.matches("did you mean 'weight_decay'",
        refusal("argument", Class, { param(1) }, { weight_decai = 1 }))
      assert.matches("did you mean 'lr'", refusal("argument", Class,
        { { params = { param(1) }, lrr = 1 } }, {}))
      assert.matches("parameter 1 is no tensor but a string",
        refusal("argument", Class, { { params = { "a" } } }, {}))
      assert.matches("not a leaf", refusal("argument", Class, { param(1) * 2 }, {}))
      local p = param(1)
      assert.matches("in another group, already",
        refusal("argument", Class, { { params = { p } }, { params = { p } } }, {}))
      assert.matches("i64; only floats", refusal("argument", Class, { tnt.i64 { 1 } }, {}))
      assert.matches("one without params", refusal("argument", Class, { { lr = 1 } }, {}))
    end)

    it(name .. " refuses a state that does not fit", function()
      local opt = Class({ param(2), param(3) }, { lr = 1 })
      for _, p in ipairs(opt.param_groups[1].params) do p.grad = tnt.ones_like(p) end
      opt:step()
      local state = opt:state_dict()
      assert.matches("group 1 has 1 parameters, the state has 2",
        refusal("format", opt.load_state_dict, Class({ param(2) }, {}), state))
      assert.matches("1 parameter groups, here are 2",
        refusal("format", opt.load_state_dict,
          Class({ { params = { param(2) } }, { params = { param(3) } } }, {}), state))
      refusal("format", opt.load_state_dict, opt, {})
      if name ~= "SGD" then
        assert.matches("must be %[3%], got %[2%]",
          refusal("format", opt.load_state_dict, Class({ param(3), param(3) }, {}), state))
      end
      state.state["7"] = { step = 1 }
      assert.matches("parameter 7 belongs to none",
        refusal("format", opt.load_state_dict, opt, state))
    end)
  end

  it("take their arguments in every form", function()
    local p, q = param(1), param(2)
    local groups = { { params = { p } }, { params = { q } } }
    for i, opt in ipairs {
      optim.Adam({ p, q }), optim.Adam({ p, q }, { lr = 1e-3 }), optim.Adam { { p, q }, lr = 1e-3 },
      optim.Adam { params = { p, q } },
    } do
      assert.equal(1, #opt.param_groups, i)
      assert.equal(p, opt.param_groups[1].params[1])
      assert.equal(q, opt.param_groups[1].params[2])
      assert.equal(1e-3, opt.param_groups[1].lr)
    end
    for i, opt in ipairs { optim.Adam(groups), optim.Adam(groups, {}), optim.Adam { groups } } do
      assert.equal(2, #opt.param_groups, i)
    end
    assert.equal(2, optim.Adam { q, lr = 2 }.param_groups[1].lr)
    assert.matches("list of parameters is empty",
      refusal("argument", optim.SGD, nn.ReLU():parameters()))
  end)

  it("refuse betas and momenta out of range", function()
    assert.matches("betas must be two numbers",
      refusal("argument", optim.Adam, { param(1) }, { betas = { 0.9, 1 } }))
    assert.matches("betas must be", refusal("argument", optim.AdamW, { param(1) },
      { betas = { 0.9 } }))
    assert.matches("eps must be", refusal("argument", optim.AdamW, { param(1) }, { eps = -1 }))
    assert.matches("momentum must be", refusal("argument", optim.SGD, { param(1) },
      { momentum = -1 }))
    assert.matches("nesterov wants", refusal("argument", optim.SGD, { param(1) },
      { nesterov = true }))
  end)

  it("have groups with options of their own, which may change", function()
    local a, b = param(1), param(1)
    local opt = optim.SGD({ { params = { a }, lr = 0.5 }, { params = b } }, { lr = 0.1 })
    a.grad, b.grad = tnt.ones(1), tnt.ones(1)
    opt:step()
    assert.equal(0.5, a:item())
    assert.is_true(math.abs(b:item() - 0.9) < 1e-6)
    opt.param_groups[2].lr = 0.4
    local c = param(1)
    opt:add_param_group { params = { c }, lr = 0.25 }
    c.grad = tnt.ones(1)
    opt:step()
    assert.is_true(math.abs(b:item() - 0.5) < 1e-6)
    assert.equal(0.75, c:item())
    opt:zero_grad()
    assert.is_nil(a.grad)
    assert.is_nil(c.grad)
    opt:step() -- nothing has a gradient
    assert.equal(0.75, c:item())
  end)

  it("take a closure", function()
    local p = param(1)
    local opt = optim.SGD({ p }, { lr = 0.1 })
    local loss = opt:step(function()
      local l = (p * 3):sum()
      l:backward()
      return l
    end)
    assert.equal(3, loss:item())
    assert.is_true(math.abs(p:item() - 0.7) < 1e-6)
  end)

  it("make no state for parameters without gradients, and keep what they make in a scope",
    function()
    local a, b = param(2), param(2)
    local opt = optim.Adam({ a, b }, { lr = 0.1 })
    tnt.scope(function()
      a.grad = tnt.ones(2)
      opt:step()
    end)
    assert.is_nil(opt.state[b])
    assert.is_true(opt.state[a].exp_avg:is_alive())
    assert.equal(1, opt.state[a].step)
    a.grad = tnt.ones(2)
    opt:step()
    assert.equal(2, opt.state[a].step)
  end)

  it("print their groups", function()
    assert.equal([[
SGD (
Parameter Group 0
    dampening: 0
    lr: 0.5
    maximize: false
    momentum: 0
    nesterov: false
    stochastic_rounding: false
    weight_decay: 0
)]], tostring(optim.SGD({ param(1) }, { lr = 0.5 })))
  end)
end)

describe("optim.groups", function()
  local Net = nn.Module:extend "Net"
  function Net:init()
    self.tok = nn.Embedding(4, 4)
    self.norm = nn.LayerNorm(4)
    self.bn = nn.BatchNorm1d(4)
    self.lin = nn.Linear(4, 4)
    self.scale = nn.Parameter(tnt.ones(4))
    self.head = nn.Linear(4, 4, { bias = false })
    self.head.weight = self.tok.weight
  end

  it("leave biases and norms without decay", function()
    local groups = optim.groups(Net(), { weight_decay = 0.1, norm_decay_mult = 0 })
    assert.equal(2, #groups)
    assert.equal(0, groups[1].weight_decay)
    assert.same({ "scale", "norm.weight", "norm.bias", "bn.weight", "bn.bias", "lin.bias" },
      groups[1].names)
    assert.equal(0.1, groups[2].weight_decay)
    assert.same({ "tok.weight", "lin.weight" }, groups[2].names)
    local opt = optim.AdamW(groups, { lr = 0.3 })
    assert.equal(0.3, opt.param_groups[2].lr)
    assert.same(groups[2].names, opt.state_dict(opt).param_groups[2].names)
  end)

  it("have multiples of their own, and skip what is frozen", function()
    local net = Net()
    net.lin.weight.requires_grad = false
    local groups = optim.groups(net, { weight_decay = 0.1, norm_decay_mult = 0.5,
      bias_decay_mult = 0, lr = 2 })
    assert.equal(3, #groups)
    assert.same({ "scale", "norm.weight", "norm.bias", "bn.weight", "bn.bias" }, groups[1].names)
    assert.equal(0.05, groups[1].weight_decay)
    assert.same({ "tok.weight" }, groups[2].names)
    assert.same({ "lin.bias" }, groups[3].names)
    assert.equal(2, groups[3].lr)
    assert.matches("did you mean 'weight_decay'",
      refusal("argument", optim.groups, net, { weight_decai = 1 }))
    refusal("argument", optim.groups, net, { weight_decay = -1 })
    refusal("argument", optim.groups, {}, {})
  end)
end)

local tnt = require "tnt"

local nn, optim = tnt.nn, tnt.optim

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("tnt.optim.rates", function()
  it("names the rates of groups, each by a name of its own", function()
    local a, b, c, d = nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1)
    assert.same({ { name = "lr", lr = 0.5 } },
      optim.rates(optim.SGD(a:parameters(), { lr = 0.5 })))
    local groups = {
      { params = a:parameters(), lr = 0.1 }, { params = b:parameters(), name = "head" },
      { params = c:parameters(), lr = 0.3, name = "head" }, { params = d:parameters(), lr = 0.4 },
    }
    assert.same({
      { name = "lr/opt/1", lr = 0.1 }, { name = "lr/opt/head", lr = 0.2 },
      { name = "lr/opt/head:2", lr = 0.3 }, { name = "lr/opt/4", lr = 0.4 },
    }, optim.rates(optim.SGD(groups, { lr = 0.2 }), "lr/opt"))
    assert.equal("argument", failure(optim.rates, {}).kind)
    assert.equal("argument", failure(optim.rates, optim.SGD(groups, { lr = 1 }), 5).kind)
  end)
end)

describe("tnt.optim.scale_lr", function()
  it("scales with the samples of an update", function()
    assert.equal(0.4, optim.scale_lr(0.1, { batch_size = 1024, base_batch_size = 256 }))
    assert.equal(0.2, optim.scale_lr(0.1, {
      batch_size = 1024, base_batch_size = 256, rule = "sqrt",
    }))
    assert.equal(0.8, optim.scale_lr(0.1, {
      batch_size = 1024, base_batch_size = 256, accumulation = 2,
    }))
    local dist = tnt.dist
    local size = dist.size
    dist.size = function() return 4 end
    local lr = optim.scale_lr(0.1, { batch_size = 64, base_batch_size = 256 })
    dist.size = size
    assert.equal(0.1, lr)
  end)

  it("refuses what makes no sense", function()
    for _, options in ipairs {
      {}, { batch_size = 8 }, { batch_size = 0, base_batch_size = 1 },
      { batch_size = 8, base_batch_size = 8, rule = "cubic" },
      { batch_size = 8, base_batch_size = 8, accumulation = 0.5 },
      { batch_size = 8, base_batch = 8 },
    } do
      assert.equal("argument", failure(optim.scale_lr, 0.1, options).kind)
    end
    assert.equal("argument", failure(optim.scale_lr, -1,
      { batch_size = 8, base_batch_size = 8 }).kind)
    assert.equal("argument", failure(optim.scale_lr, 1).kind)
  end)
end)

describe("Optimizer:init_state", function()
  local makers = {
    AdamW = function(p) return optim.AdamW(p, { lr = 0.1, weight_decay = 0.1 }) end,
    Adam = function(p) return optim.Adam(p, { lr = 0.1 }) end,
    SGD = function(p) return optim.SGD(p, { lr = 0.1, momentum = 0.9 }) end,
  }

  local function train(make, eager)
    tnt.seed(1)
    local net = nn.Linear(3, 2)
    local optimizer = make(net:parameters())
    if eager then optimizer:init_state() end
    local x = tnt.randn(4, 3)
    for _ = 1, 3 do
      net(x):pow(2):sum():backward()
      optimizer:step()
      optimizer:zero_grad()
    end
    return { net.weight:totable(), net.bias:totable() }
  end

  for name, make in pairs(makers) do -- order: free
    it("makes the state of " .. name .. ", and changes neither weights nor training", function()
      local net = nn.Linear(3, 2)
      local before = net.weight:totable()
      local optimizer = make(net:parameters())
      assert.same({}, optimizer:state_dict().state)
      optimizer:init_state()
      assert.same(before, net.weight:totable())
      assert.is_nil(net.weight.grad)
      local empty = optimizer:state_dict()
      net(tnt.randn(4, 3)):sum():backward()
      optimizer:step()
      local stepped = optimizer:state_dict()
      for at, state in pairs(stepped.state) do -- order: free
        for field in pairs(state) do -- order: free
          assert.truthy(empty.state[at][field] ~= nil, field)
        end
      end
      assert.same(train(make, false), train(make, true))
    end)
  end

  it("leaves what is there, and parameters that want no gradient", function()
    local net = nn.Linear(2, 2)
    net.bias:requires_grad_(false)
    local optimizer = optim.AdamW(net:parameters(), { lr = 0.1 })
    net(tnt.randn(4, 2)):sum():backward()
    optimizer:step()
    local state = optimizer.state[net.weight]
    optimizer:init_state()
    assert.equal(state, optimizer.state[net.weight])
    assert.equal(1, state.step)
    assert.is_nil(optimizer.state[net.bias])
  end)
end)

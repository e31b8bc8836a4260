local clock = require "tnt.loop.clock"
local reference = require "spec.reference.utilities"
local summary_table = require "tnt.nn.summary_table"
local balance = require "spec.balance"
local tnt = require "tnt"
local nn = tnt.nn

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  return err
end

-- The network of scripts/parity/utilities.py.
local Net = nn.Module:extend "Net"
function Net:init()
  self.features = nn.Sequential(nn.Conv2d(3, 8, 3, { padding = 1 }), nn.BatchNorm2d(8), nn.ReLU(),
    nn.MaxPool2d(2))
  self.head = nn.Sequential(nn.Flatten(), nn.Linear(128, 10), nn.Dropout { p = 0.5 })
  self.features[1].weight.requires_grad = false
end
function Net:forward(x) return self.head(self.features(x)) end

local function flat(node, list)
  list = list or {}
  list[#list + 1] = node
  for _, child in ipairs(node.children) do flat(child, list) end
  return list
end

-- Everything a call may change, as numbers.
local function state_of(net)
  local state = { random = require("tnt.random").state() }
  for name, tensor in pairs(net:state_dict()) do state[name] = tensor:totable() end
  for name, p in net:named_parameters() do state["grad " .. name] = p.grad and p.grad:totable() end
  for name, module in net:named_modules() do state["mode " .. name] = module.training end
  return state
end

-- luacheck: push no max line length
local TEXT = [==[
name       type    parameters  trainable  bytes  in                out                 FLOPs  backward       time
-----------------------------------------------------------------------------------------------------------------
(network)  Two              3          3   12 B  [[2], [3, 1], ?]  [[2], [[3, 1], ?]]      6            750.00 ms
inner      Linear           1          1    4 B  [3, 1]            [3, 1]                  6            250.00 ms
unused     Linear           2          2    8 B
]==]
-- luacheck: pop

describe("nn.summary", function()
  it("counts and shapes as TorchTNT's module summary does", function()
    local nodes = flat(nn.summary(Net(), tnt.randn(2, 3, 8, 8)))
    assert.equal(#reference.summary, #nodes)
    for i, expected in ipairs(reference.summary) do
      for field, value in pairs(expected) do
        assert.same(value, nodes[i][field], ("%s of %s"):format(field, expected.name))
      end
      assert.equal(1, nodes[i].calls)
    end
  end)

  it("changes nothing: gradients, statistics, modes and random numbers stay", function()
    tnt.seed(7)
    local net, x = Net(), tnt.randn(2, 3, 8, 8)
    net.head:eval()
    net(x):sum():backward()
    local before = state_of(net)
    nn.summary(net, x)
    assert.same(before, state_of(net))
    for _, module in ipairs(net:modules()) do assert.is_nil(rawget(module, "forward")) end
  end)

  it("puts everything back also when the network raises", function()
    local Bad = nn.Module:extend "Bad"
    function Bad:init()
      self.drop, self.norm = nn.Dropout { p = 0.5 }, nn.BatchNorm2d(2)
      self:register_buffer("seen", tnt.zeros(1))
    end
    function Bad:forward(x)
      self.seen:add_(1)
      tnt.rand(3)
      error("no way for " .. x:dim(), 0)
    end
    local net, x = Bad(), tnt.ones(1, 2, 1, 1)
    local before = state_of(net)
    assert.equal("no way for 4", failure(nn.summary, net, x))
    assert.same(before, state_of(net))
    assert.is_nil(rawget(net, "forward"))
    assert.is_true(require("tnt.grad_mode").get())
    -- The scope that the error left must not stay open, or nothing is released any more.
    assert.equal(0, require("tnt.core").context.depth)
  end)

  it("releases what the call made", function()
    local net, x = Net(), tnt.randn(2, 3, 8, 8)
    nn.summary(net, x)
    balance.collect()
    local before = tnt.memory()
    for _ = 1, 3 do nn.summary(net, x) end
    balance.collect()
    assert.equal(before.live_tensors, tnt.memory().live_tensors)
  end)

  it("counts operations, of gradients only where there are some", function()
    local function counts(net, x, options)
      local node = nn.summary(net, x, options)
      return { node.flops_forward, node.flops_backward }
    end
    local net, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5)), tnt.ones(2, 3)
    assert.same({ 48 + 80, 48 + 2 * 80 }, counts(net, x))
    assert.same({ 128 }, counts(net, x, { backward = false }))
    for _, p in ipairs(net[1]:parameters()) do p.requires_grad = false end
    assert.same({ 128, 80 }, counts(net, x))
    for _, p in ipairs(net:parameters()) do p.requires_grad = false end
    assert.same({ 128 }, counts(net, x))
    local Net2 = nn.Module:extend "Net2"
    function Net2:init() self.part = nn.Linear(3, 4) end
    function Net2:forward(v) return nn.checkpoint(self.part, v) end
    assert.same({ 48 }, counts(Net2(), x)) -- its gradient would be written into .grad
    local node = nn.summary(net, x, { depth = 1 })
    assert.equal(128, node.flops_forward)
    assert.equal("state", failure(tnt.flops, nn.summary, net, x).kind)
    assert.equal(0, require("tnt.core").context.region)
  end)

  it("takes shared parts once and shows them under each name", function()
    local shared = nn.Linear(3, 3)
    local net = nn.Sequential(shared, nn.ReLU(), nn.Sequential(shared))
    local node = nn.summary(net, tnt.randn(5, 3))
    assert.equal(12, node.parameters)
    assert.equal(12, node.children[3].parameters)
    assert.equal("2.0", node.children[3].children[1].name)
    assert.equal(2, node.children[1].calls)
  end)

  it("shows several inputs and outputs, parts that were not called, and times", function()
    local Two = nn.Module:extend "Two"
    function Two:init()
      self.inner = nn.Linear(1, 1, { bias = false })
      self.unused = nn.Linear(1, 1)
    end
    function Two:forward(a, b, n) return a, { self.inner(b), n } end
    local before, time = clock.now, 0
    clock.now = function()
      time = time + 0.25
      return time
    end
    local node = nn.summary(Two(), { tnt.ones(2), tnt.ones(3, 1), 5 }, { backward = false })
    clock.now = before
    assert.same({ { 2 }, { 3, 1 }, "?" }, node.in_shape)
    assert.same({ { 2 }, { { 3, 1 }, "?" } }, node.out_shape)
    assert.equal(0.75, node.seconds)
    assert.equal(TEXT, tostring(node))
  end)

  it("shows as many levels as asked for", function()
    local net = Net()
    assert.equal(1, #flat(nn.summary(net, { depth = 1 })))
    assert.equal(3, #flat(nn.summary(net, nil, { depth = 2 })))
    local node = nn.summary(net, tnt.randn(1, 3, 8, 8), { depth = 2 })
    assert.same({ 1, 8, 4, 4 }, node.children[1].out_shape)
    assert.equal(2, #node.children)
    assert.equal(node, node:prune(2))
    assert.equal(3, #flat(node))
    assert.equal(1, #flat(node:prune(1)))
    for _, depth in ipairs { 0, 1.5, -1, "2", 0 / 0 } do
      assert.equal("argument", failure(nn.summary, net, nil, { depth = depth }).kind)
      assert.equal("argument", failure(node.prune, node, depth).kind)
    end
  end)

  it("writes numbers as TorchTNT does, or exact", function()
    for _, case in ipairs(reference.counts) do
      local node = { name = "", type = "T", parameters = case[1], trainable = 0, bytes = 0,
        children = {} }
      assert.truthy(summary_table(node):find(" " .. case[2] .. " ", 1, true), case[2])
    end
    assert.truthy(nn.summary(Net()):text({ exact = true }):find("1530       1314   6192", 1, true))
  end)

  it("refuses what it cannot look at", function()
    assert.truthy(tostring(failure(nn.summary, nn.Linear)):find("the class Linear; call", 1, true))
    assert.equal("argument", failure(nn.summary, {}).kind)
    assert.equal("argument", failure(nn.summary, Net(), 5).kind)
    local err = failure(nn.summary, Net(), nil, { dept = 1 })
    assert.truthy(tostring(err):find "did you mean 'depth'")
  end)
end)

-- Activation checkpointing of chosen modules: the same numbers, less memory, and a network that is
-- otherwise what it was.

local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

message.sink = function() end

local Block = nn.Module:extend("Block", { "width" })
function Block:init(o)
  self.up, self.down = nn.Linear(o.width, 4 * o.width), nn.Linear(4 * o.width, o.width)
  self.drop = nn.Dropout { p = 0.3 }
end
function Block:forward(x) return x + self.drop(self.down(nn.functional.gelu(self.up(x)))) end

local function net_of()
  tnt.seed(2)
  return nn.Sequential { nn.Linear(3, 4), nn.Sequential { Block(4), Block(4), Block(4) },
    nn.Linear(4, 2) }
end

local function outcome(net)
  local x = tnt.linspace(-1, 1, 12):reshape(4, 3):requires_grad_()
  tnt.seed(5)
  local loss = net(x):square():sum()
  loss:backward()
  local list = { loss:item(), x.grad:totable() }
  for name, p in net:named_parameters() do
    list[#list + 1] = { name, p.grad:totable() }
    p.grad = nil
  end
  return list
end

local function refusal(...)
  local ok, err = pcall(nn.checkpoint_modules, ...)
  assert.is_false(ok)
  assert.equal("argument", err.kind, tostring(err))
  return err.message
end

describe("nn.checkpoint_modules", function()
  local inner = { "1.0", "1.1", "1.2" }
  local ways = {
    class = { Block, inner }, list = { { Block, nn.Embedding }, inner },
    predicate = { function(module, name) return module:is(Block) and name ~= "1.1" end,
      { "1.0", "1.2" } },
    nested = { function(module) return module:is(Block) or module:is(nn.Linear) end,
      { "0", "1.0", "1.1", "1.2", "2" } },
    blocks = { true, { "0", "1.0", "1.1", "1.2", "2" } },
  }
  for title, way in tnt.pairs(ways) do
    it("gives the same gradients, bit for bit, chosen by " .. title, function()
      local expected = outcome(net_of())
      local net = net_of()
      local function names()
        local list = {}
        for name in net:named_parameters() do list[#list + 1] = name end
        return list
      end
      local printed, saved = tostring(net), names()
      local chosen = nn.checkpoint_modules(net, way[1])
      assert.same(way[2], chosen.names)
      assert.same(expected, outcome(net))
      assert.equal(printed, tostring(net))
      assert.same(saved, names())
      chosen:remove()
      assert.is_nil(rawget(net[2][1], "forward"))
      assert.same(expected, outcome(net))
    end)
  end

  it("keeps fewer bytes for backward", function()
    local function held(which)
      local net = net_of()
      if which then nn.checkpoint_modules(net, which) end
      local x = tnt.randn(64, 3)
      collectgarbage()
      collectgarbage()
      local before = tnt.memory().live_bytes
      local loss = net(x):sum()
      collectgarbage()
      collectgarbage()
      local bytes = tnt.memory().live_bytes - before
      loss:backward()
      return bytes
    end
    assert.is_true(held(Block) < 0.5 * held(nil))
  end)

  it("changes a module once, and gives back a forward of its own", function()
    local net = net_of()
    local calls = 0
    rawset(net[1], "forward", function(self, x)
      calls = calls + 1
      return nn.Linear.forward(self, x)
    end)
    local own = rawget(net[1], "forward")
    local expected = outcome(net)
    calls = 0
    nn.checkpoint_modules(net, true)
    local chosen = nn.checkpoint_modules(net, true)
    assert.same(expected, outcome(net))
    assert.equal(2, calls) -- forward, and again in backward
    chosen:remove()
    assert.equal(own, rawget(net[1], "forward"))
    assert.is_nil(rawget(net[3], "forward"))
  end)

  it("computes as ever without gradients", function()
    local net = net_of():eval()
    local x = tnt.randn(2, 3)
    local expected = tnt.no_grad(function() return net(x) end):totable()
    nn.checkpoint_modules(net, Block)
    assert.same(expected, tnt.no_grad(function() return net(x) end):totable())
  end)

  it("refuses what chooses nothing, or is no choice", function()
    assert.matches("no module is chosen; there are 0, 1, 1.0", refusal(net_of(), nn.Embedding), 1,
      true)
    assert.matches("entry 2 must be a class of modules, got number",
      refusal(net_of(), { Block, 5 }), 1, true)
    assert.matches("which modules is said by true", refusal(net_of(), "Block"), 1, true)
    assert.matches("an nn.Module was expected first, got nil", refusal(nil, true), 1, true)
  end)

  it("is AutoUnit's option activation_checkpoint", function()
    local function weights(which, training)
      local net = net_of()
      local unit = tnt.AutoUnit {
        net, optimizer = optim.AdamW(net:parameters(), { lr = 0.01 }),
        activation_checkpoint = which, training = training,
        compute_loss = function(self, _, x) return self.module(x):square():mean() end,
      }
      if training == false then return rawget(net[2][1], "forward") end
      tnt.seed(6)
      local batches = {}
      for i = 1, 3 do batches[i] = tnt.randn(5, 3) end
      tnt.train(unit, { train_dataloader = batches, max_epochs = 2, bar = false })
      local list = {}
      for name, p in net:named_parameters() do list[#list + 1] = { name, p:detach():totable() } end
      return list, net
    end
    local list, net = weights(Block)
    assert.same(weights(nil), list)
    assert.is_function(rawget(net[2][1], "forward"))
    assert.is_nil(weights(Block, false)) -- nothing goes backward
    local ok, err = pcall(weights, nn.Embedding)
    assert.is_false(ok)
    assert.matches("no module is chosen", err.message, 1, true)
  end)
end)

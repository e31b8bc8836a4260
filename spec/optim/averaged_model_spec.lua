-- Averaged weights against TorchTNT's AveragedModel: spec/reference/optim.json is made by
-- scripts/parity/optim.py.

local cjson = require "cjson"
local tnt = require "tnt"
local nn = tnt.nn
local AveragedModel = tnt.optim.AveragedModel

local file = assert(io.open "spec/reference/optim.json")
local reference = cjson.decode(file:read "*a").averages
file:close()

-- The net of the reference, moved as it is there.
local function new_net() return nn.Sequential { nn.Linear(1, 1, { bias = false }),
  nn.BatchNorm1d(1) } end
local function move(net, i)
  tnt.no_grad(function()
    net[1].weight:fill_(math.sin(i))
    net[2].running_mean:fill_(math.cos(i))
    net[2].num_batches_tracked:fill_(i)
  end)
end

local options = {
  ema = { decay = 0.75 }, ema_copied_buffers = { decay = 0.75, buffers = false },
  warmup = { decay = 0.3, warmup = true }, swa = { method = "swa" },
}

local function held(net) return { net[1].weight:item(), net[2].running_mean:item() } end

local function assert_near(expected, got, what)
  for i = 1, #expected do
    assert(math.abs(expected[i] - got[i]) < 1e-6,
      ("%s [%d]: expected %.9g, got %.9g"):format(what, i, expected[i], got[i]))
  end
end

local function refusal(...)
  local ok, err = pcall(AveragedModel, ...)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  return err.message
end

describe("AveragedModel", function()
  for name, expected in tnt.pairs(reference) do
    it("is TorchTNT's: " .. name, function()
      local net = new_net()
      local averaged = AveragedModel(net, options[name])
      for i, values in ipairs(expected) do
        move(net, i)
        local raw = held(net)
        averaged:step()
        assert.is_true(averaged:swap())
        assert_near(values, held(net), name .. " " .. i)
        assert.equal(i, net[2].num_batches_tracked:item()) -- whole numbers are copied
        assert.is_false(averaged:swap())
        assert.same(raw, held(net))
      end
    end)

    it("goes on from its state: " .. name, function()
      local net = new_net()
      local first = AveragedModel(net, options[name])
      for i = 1, 5 do
        move(net, i)
        first:step()
      end
      local second = AveragedModel(net, options[name])
      second:load_state_dict(first:state_dict())
      assert.equal(5, second.count)
      for i = 6, #expected do
        move(net, i)
        second:step()
      end
      second:swap()
      assert_near(expected[#expected], held(net), name)
    end)
  end

  it("averages after `begin`, then each n-th time (C-27)", function()
    local net = new_net()
    local averaged = AveragedModel(net, { method = "swa", begin = 2, every = 3 })
    local counts = {}
    for i = 1, 9 do
      move(net, i)
      averaged:step()
      counts[i] = averaged.count
    end
    assert.same({ 0, 0, 1, 1, 1, 2, 2, 2, 3 }, counts)
    averaged:swap()
    assert_near({ (math.sin(3) + math.sin(6) + math.sin(9)) / 3 }, held(net), "mean")
  end)

  it("has nothing to swap before its first averaging", function()
    local net = new_net()
    local averaged = AveragedModel(net, { begin = 1 })
    move(net, 1)
    averaged:step()
    assert.is_false(averaged:swap())
    assert_near({ math.sin(1) }, held(net), "raw")
  end)

  it("refuses what is no average (C-27)", function()
    local net = new_net()
    assert.matches("decay must be from 0 to 1, got 1.5", refusal(net, { decay = 1.5 }), 1, true)
    assert.matches("unknown method 'sma'; did you mean 'ema'",
      refusal(net, { method = "sma" }), 1, true)
    assert.matches("warmup is of the decay, and method = 'swa' has none",
      refusal(net, { method = "swa", warmup = true }), 1, true)
    assert.matches("every one from 1 on; got 0 and 0", refusal(net, { every = 0 }), 1, true)
    assert.matches("'use_lit' is called warmup here", refusal(net, { use_lit = true }), 1, true)
    assert.matches("an nn.Module was expected, got number", refusal(5), 1, true)
  end)

  it("refuses a state that lacks an average", function()
    local net = new_net()
    local averaged = AveragedModel(net)
    averaged:step()
    local state = averaged:state_dict()
    state.averages["0.weight"] = nil
    local ok, err = pcall(averaged.load_state_dict, averaged, state)
    assert.is_false(ok)
    assert.equal("format", err.kind)
    assert.matches("no average of 0.weight", err.message, 1, true)
  end)
end)

local balance = require "spec.balance"
local core = require "tnt.core"
local reference = require "spec.reference.flops"
local tnt = require "tnt"
local nn = tnt.nn

local Gpt = dofile "examples/char_gpt/model.lua"

-- The networks of scripts/parity/flops.py.
local cases = {
  mlp = function()
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), tnt.randn(32, 784)
  end,
  lenet = function()
    return nn.Sequential(nn.Conv2d(1, 6, 5, { padding = 2 }), nn.ReLU(), nn.MaxPool2d(2),
      nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120),
      nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)), tnt.randn(8, 1, 28, 28)
  end,
  strided = function()
    return nn.Sequential(nn.Conv2d(3, 8, 3, { stride = 2 }), nn.ReLU(),
      nn.Conv2d(8, 4, 3, { dilation = 2, padding = 1 })), tnt.randn(2, 3, 20, 21)
  end,
  char_gpt = function()
    return Gpt(65, { layers = 2, heads = 4, width = 32, block = 16 }), tnt.randint(0, 65, { 3, 16 })
  end,
}

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  return err
end

local function by_name(node, list)
  list = list or {}
  list[node.name] = node
  for _, child in ipairs(node.children) do by_name(child, list) end
  return list
end

describe("tnt.flops", function()
  balance.file(setup, teardown)

  for name, expected in tnt.pairs(reference) do
    it("counts as PyTorch's counter does: " .. name, function()
      tnt.scope(function()
        local net, x = cases[name]()
        local forward, y = tnt.flops(net, x)
        assert.same({ expected.forward, 0 }, { forward.forward, forward.backward })
        local backward = tnt.flops(function() y:mean():backward() end)
        assert.same({ 0, expected.backward }, { backward.forward - 0, backward.backward })
      end)
    end)

    it("counts in each module as TorchTNT's summary does: " .. name, function()
      tnt.scope(function()
        local net, x = cases[name]()
        local nodes = by_name(nn.summary(net, x))
        local looked_at = 0
        for _, row in ipairs(expected.modules) do
          local node = nodes[row[1]]
          if node.calls then -- TorchTNT gives lists of modules, which nobody calls, no operations
            looked_at = looked_at + 1
            assert.same({ 2 * row[2], 2 * row[3] }, { node.flops_forward, node.flops_backward },
              row[1])
          end
        end
        assert.is_true(looked_at >= #expected.modules - 1)
      end)
    end)
  end

  it("counts by operation, grouped convolutions too, and gives what fn returns", function()
    local conv = nn.Conv2d(4, 6, 3, { groups = 2, padding = 1 })
    local count, a, b = tnt.flops(function(x, n) return conv(x):sum():item() and n, "b" end,
      tnt.ones(2, 4, 5, 5), 7)
    assert.same({ 7, "b" }, { a, b })
    -- every one of 2 x 6 x 5 x 5 results is a product of 2 x 3 x 3 and their sum
    assert.same({ 2 * 300 * 18, 1, 1 }, {
      count.ops.conv2d.flops, count.ops.conv2d.calls, count.ops.conv2d.forward_calls,
    })
    assert.same({ 0, 1 }, { count.ops.sum.flops, count.ops.sum.calls })
    assert.equal(2, count.calls)
    local grads = tnt.flops(function()
      conv(tnt.ones(2, 4, 5, 5, { requires_grad = true })):sum():backward()
    end)
    assert.same({ 10800, 10800 }, { grads.ops.conv2d_dx.backward, grads.ops.conv2d_dw.backward })
    assert.equal([[
op                  forward       backward    calls
conv2d          10.80 kFLOP         0 FLOP        1
conv2d_dw            0 FLOP    10.80 kFLOP        1
conv2d_dx            0 FLOP    10.80 kFLOP        1
all             10.80 kFLOP    21.60 kFLOP        3]], tostring(grads))
  end)

  it("is off afterwards, also when the function raises", function()
    assert.equal("no", failure(tnt.flops, function() error("no", 0) end))
    tnt.ones(3):sum()
    local count = tnt.flops(function() end)
    assert.same({ 0, 0 }, { count.calls, count.flops })
    assert.is_nil(next(count.ops))
    assert.equal(0, core.context.region)
  end)

  it("refuses a count within a count, and what is no function", function()
    assert.equal("state", failure(tnt.flops, tnt.flops, function() end).kind)
    assert.equal("argument", failure(tnt.flops, 3).kind)
  end)
end)

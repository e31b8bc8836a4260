-- Statistics of batch norms counted anew and taken over. The expected values are means over the
-- data, written out.

local tnt = require "tnt"
local nn = tnt.nn

local function net()
  return nn.Sequential { nn.BatchNorm1d(1, { momentum = 0.3 }), nn.Dropout { p = 0.5 } }
end

local function statistics(norm)
  return norm.running_mean:item(), norm.running_var:item(), norm.num_batches_tracked:item()
end

describe("nn.update_bn", function()
  it("takes plain means over a loader, and leaves modes and momenta as they were", function()
    local module = net()
    module[1]:eval()
    module(tnt.randn(5, 1)) -- something to forget
    local batches = { tnt.tensor { { 1 }, { 3 } }, tnt.tensor { { 5 }, { 13 } } }
    assert.equal(2, nn.update_bn(batches, module))
    local mean, var, n = statistics(module[1])
    assert.same({ (2 + 9) / 2, (2 + 32) / 2, 2 }, { mean, var, n })
    assert.same({ false, true, 0.3 }, { module[1].training, module[2].training,
      module[1].momentum })
    assert.is_nil(module[1].weight.grad)
  end)

  it("takes the field x or the first entry of a batch, or what it is told", function()
    local x = tnt.tensor { { 2 }, { 4 } }
    for _, batch in ipairs { { x = x, y = 1 }, { x, 5 } } do
      local module = net()
      nn.update_bn({ batch }, module)
      assert.equal(3, (statistics(module[1])))
    end
    local module = net()
    nn.update_bn({ { input = x } }, module, function(m, batch) m(batch.input * 2) end)
    assert.equal(6, (statistics(module[1])))
  end)

  it("reads nothing for a module without batch norms", function()
    local function loader() error "read" end
    assert.equal(0, nn.update_bn(loader, nn.Linear(1, 1)))
  end)

  it("puts everything back when the module fails", function()
    local module = net()
    local ok, err = pcall(nn.update_bn, { tnt.ones(2, 1) }, module, function() error("boom", 0) end)
    assert.same({ false, "boom" }, { ok, err })
    assert.equal(0.3, module[1].momentum)
    assert.is_true(tnt.ones(1, { requires_grad = true }):sum().requires_grad)
    assert.is_false((pcall(nn.update_bn, {}, 5)))
  end)

  it("serves averaged weights", function()
    local module = nn.Sequential { nn.Linear(1, 1, { bias = false }), nn.BatchNorm1d(1) }
    local averaged = tnt.optim.AveragedModel(module, { method = "swa" })
    for _, w in ipairs { 1, 3 } do
      tnt.no_grad(function() module[1].weight:fill_(w) end)
      averaged:step()
    end
    averaged:swap()
    nn.update_bn({ tnt.tensor { { 1 }, { 2 } } }, module)
    assert.equal(2 * 1.5, (statistics(module[2])))
  end)
end)

describe("nn.transfer_batch_norm_stats", function()
  it("copies, and wants as many on both sides", function()
    local from, to = net(), net()
    from(tnt.tensor { { 1 }, { 3 } })
    assert.equal(to, nn.transfer_batch_norm_stats(from, to))
    assert.same({ statistics(from[1]) }, { statistics(to[1]) })
    assert.are_not.equal(from[1].running_mean, to[1].running_mean)
    local ok, err = pcall(nn.transfer_batch_norm_stats, from, nn.Linear(1, 1))
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.matches("1 batch norms with statistics in the first module, 0 in the second",
      err.message, 1, true)
  end)
end)

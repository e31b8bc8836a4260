local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local EmptyLoader = require "tnt.hooks.empty_loader"
local hook = require "tnt.hook"
local train = require "tnt.train"

-- Trains on epochs of these lengths.
local function run(lengths, stop)
  local epoch = 0
  local function loader()
    epoch = epoch + 1
    local left = lengths[epoch]
    return function()
      left = left - 1
      return left >= 0 and left or nil
    end
  end
  return train(rig.unit(), {
    train_dataloader = loader, max_epochs = #lengths, hooks = { stop }, bar = false,
  })
end

describe("EmptyLoader", function()
  it("makes an error of several empty epochs in a row", function()
    local err = scratch.failure(run, { 1, 0, 0, 1 }, EmptyLoader())
    assert.equal("state", err.kind)
    assert.truthy(tostring(err):find("2 train epochs in a row", 1, true))
    assert.equal("state", scratch.failure(run, { 0 }, EmptyLoader { threshold = 1 }).kind)
  end)

  it("begins to count again after an epoch with steps", function()
    local stop = EmptyLoader()
    assert.equal("max_epochs", run({ 0, 1, 0, 2, 0 }, stop).reason)
    assert.same({ in_a_row = 1 }, hook.state_dict(stop))
    local later = EmptyLoader()
    hook.load_state_dict(later, hook.state_dict(stop))
    assert.equal("state", scratch.failure(run, { 0, 1 }, later).kind)
  end)

  it("refuses a threshold that makes no sense", function()
    for _, threshold in ipairs { 0, -1, 1.5, "2" } do
      assert.equal("argument", scratch.failure(EmptyLoader, { threshold = threshold }).kind)
    end
  end)
end)

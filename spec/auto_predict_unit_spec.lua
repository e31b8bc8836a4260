-- AutoPredictUnit: a module and batches are all it needs; what this machine cannot do is refused.

local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn = tnt.nn

message.sink = function() end

local function refusal(Class, options)
  local ok, err = pcall(Class, options)
  assert.is_false(ok)
  assert.equal("argument", err.kind, tostring(err))
  return err.message
end

describe("AutoPredictUnit", function()
  it("predicts with the module in eval mode, without gradients", function()
    local net = nn.Sequential { nn.Linear(3, 2), nn.Dropout { p = 0.9 } }
    local batches = { tnt.randn(4, 3), tnt.randn(2, 3) }
    local unit = tnt.AutoPredictUnit { net }
    local outputs = tnt.predict(unit, { predict_dataloader = batches, collect = true,
      bar = false }).outputs
    assert.is_true(net.training)
    for i, batch in ipairs(batches) do
      assert.same(net[1](batch):detach():totable(), outputs[i]:totable())
      assert.is_false(outputs[i].requires_grad)
    end
    assert.equal(2, unit.predict_progress.num_steps_completed)
    assert.equal("cpu", unit.device)
  end)

  it("lets batches be brought over, and outputs be made, in another way", function()
    local Mine = tnt.AutoPredictUnit:extend "Mine"
    function Mine.move_data_to_device(_, _, batch) return batch * 2 end
    function Mine:predict_step(state, batch)
      return { y = self.module(self:move_data_to_device(state, batch)) }
    end
    local net = nn.Linear(1, 1)
    local result = tnt.predict(Mine { net }, {
      predict_dataloader = { tnt.ones(1, 1) }, collect = true, bar = false,
    })
    assert.equal(net(tnt.full({ 1, 1 }, 2)):item(), result.outputs[1].y:item())
  end)

  it("knows the last batch of a loader without a size only with prefetch", function()
    local function loader()
      local i = 0
      return function()
        i = i + 1
        if i <= 2 then return tnt.ones(1, 1) end
      end
    end
    for _, prefetch in ipairs { false, true } do
      local seen = {}
      tnt.predict(tnt.AutoPredictUnit { nn.Linear(1, 1), enable_prefetch = prefetch }, {
        predict_dataloader = loader, bar = false,
        hooks = { { on_predict_step_end = function(_, state)
          seen[#seen + 1] = state.last_batch
        end } },
      })
      assert.same({ false, prefetch }, seen)
    end
  end)

  it("warns once when its module was exchanged", function()
    local told = {}
    message.sink = function(_, text) told[#told + 1] = text end
    finally(function() message.sink = function() end end)
    local unit = tnt.AutoPredictUnit { nn.Linear(1, 1) }
    local options = { predict_dataloader = { tnt.ones(1, 1) }, bar = false }
    tnt.predict(unit, options)
    assert.equal(0, #told)
    unit.module = nn.Linear(1, 1)
    tnt.predict(unit, options)
    tnt.predict(unit, options)
    assert.equal(1, #told)
    assert.matches("unit.module is not the module it was made with", told[1], 1, true)
  end)

  it("cannot train", function()
    local unit = tnt.AutoPredictUnit { nn.Linear(1, 1) }
    local ok, err = pcall(tnt.train, unit, { train_dataloader = {}, max_epochs = 1 })
    assert.is_false(ok)
    assert.matches("the unit AutoPredictUnit has no train_step(state, batch)", err.message, 1, true)
  end)

  it("and AutoUnit refuse what this machine or version has not", function()
    local net = nn.Linear(1, 1)
    for _, Class in ipairs { tnt.AutoPredictUnit, tnt.AutoUnit } do
      assert.matches("strategy = 'ddp' needs several processes",
        refusal(Class, { net, strategy = "ddp" }), 1, true)
      if not tnt.cuda.is_available() then
        assert.matches("cuda_graph records steps of a CUDA device, and there is none",
          refusal(Class, { net, cuda_graph = true }), 1, true)
      end
      assert.matches("for f64 throughout convert the module: module:to('f64')",
        refusal(Class, { net, precision = "f64" }), 1, true)
      assert.matches("did you mean 'bf16'", refusal(Class, { net, precision = "b16" }), 1, true)
      assert.matches("'torch_compile_params' is called cuda_graph here",
        refusal(Class, { net, torch_compile_params = {} }), 1, true)
      assert.matches("module must be an nn.Module, got the class Linear; call it to make one",
        refusal(Class, { nn.Linear }), 1, true)
      assert.equal("f32", Class({ net, strategy = "noop", cuda_graph = false,
        precision = "fp32" }).precision)
    end
  end)
end)

-- Runs that end at a signal and are resumed from the files they left: everything together.

local ffi = require "ffi"
local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

message.sink = function() end
ffi.cdef "int raise(int signal);"

local Classify = tnt.AutoUnit:extend "Classify"
function Classify:compute_loss(_, batch)
  local scores = self.module(batch.x)
  return nn.functional.cross_entropy(scores, batch.y), scores
end
function Classify.configure_optimizers_and_lr_scheduler(_, module)
  return optim.AdamW(module:parameters(), { lr = 0.01 })
end

local function weights(module)
  local list = {}
  for name, parameter in module:named_parameters() do
    list[#list + 1] = { name, parameter:detach():totable() }
  end
  return list
end

describe("a run with a directory", function()
  local dir
  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
  end)
  after_each(function() os.execute("rm -rf '" .. dir .. "'") end)

  -- As a program does that is started again: everything is made anew.
  local function start(options)
    tnt.seed(1)
    local unit = Classify {
      nn.Sequential { nn.Linear(4, 8), nn.ReLU(), nn.Dropout { p = 0.2 }, nn.Linear(8, 3) },
      gradient_accumulation_steps = 2, metrics = { tnt.metrics.Accuracy {} },
    }
    local samples = tnt.data.tensors { x = tnt.randn(40, 4), y = tnt.randint(0, 3, { 40 }) }
    options.train_dataloader = tnt.data.DataLoader(samples, { batch_size = 6, shuffle = true })
    options.eval_dataloader = tnt.data.DataLoader(samples, { batch_size = 20 })
    options.max_steps, options.bar, options.dir = 10, false, dir
    local ok, result = pcall(tnt.fit, unit, options)
    return unit, ok, result
  end

  it("saves at a signal, and with resume = 'auto' ends as if none had come", function()
    local whole, ok, result = start {}
    assert.is_true(ok, tostring(result))
    for step = 1, 9, 2 do
      os.execute("rm -rf '" .. dir .. "'")
      local unit, finished, err = start {
        hooks = {
          tnt.hooks.Checkpoint {},
          { on_train_step_start = function(_, state)
            if state.progress.num_steps_completed == step - 1 then ffi.C.raise(2) end
          end },
        },
      }
      assert.is_false(finished)
      assert.equal("interrupted", err.kind, tostring(err))
      assert.equal(step, unit.train_progress.num_steps_completed)
      local resumed, done, again = start { resume = "auto", hooks = { tnt.hooks.Checkpoint {} } }
      assert.is_true(done, tostring(again))
      assert.same(weights(whole.module), weights(resumed.module))
      assert.same(whole.train_progress, resumed.train_progress)
      assert.same(whole.eval_progress, resumed.eval_progress)
      assert.same(result.metrics, again.metrics)
    end
  end)

  it("evaluates the weights that `load` names, and nothing else of them", function()
    local trained = start { hooks = { tnt.hooks.Checkpoint {} } }
    tnt.seed(2)
    local unit = Classify {
      nn.Sequential { nn.Linear(4, 8), nn.ReLU(), nn.Dropout { p = 0.2 }, nn.Linear(8, 3) },
    }
    local batch = { x = tnt.randn(5, 4), y = tnt.zeros(5, { dtype = "i64" }) }
    tnt.evaluate(unit, { eval_dataloader = { batch }, load = dir, bar = false })
    assert.same(weights(trained.module), weights(unit.module))
    assert.equal(0, unit.train_progress.num_steps_completed)
    assert.equal(1, unit.eval_progress.num_steps_completed)
  end)
end)

-- A run with everything at once that goes on after it was cut off, at every step: accumulation,
-- dropout, averaged weights that anneal the rate, clipping, two schedules, a shuffled loader with
-- workers, evaluations with a metric. And a program that SIGINT ends while a step runs.

local ffi = require "ffi"
local process = require "spec.cli.process"
local run = require "tnt.checkpoint.run"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

message.sink = function() end
ffi.cdef "int raise(int signal);"

local STEPS, SIGINT = 10, 2

local Everything = tnt.AutoUnit:extend "Everything"
function Everything.configure_optimizers_and_lr_scheduler(_, module)
  local optimizer = optim.AdamW(module:parameters(), { lr = 0.02, weight_decay = 0.1 })
  return optimizer, {
    optim.schedule.Cosine(optimizer, { T_max = 20, by = "update", warmup = 2 }),
    optim.schedule.Exponential(optimizer, { gamma = 0.9, by = "update" }),
  }
end
function Everything:compute_loss(_, batch)
  local scores = self.module(batch.x)
  return nn.functional.cross_entropy(scores, batch.y), scores
end

local x, y

-- Everything anew, as in another process; another seed, so that nothing is right by chance.
local function fit(seed, dir, cut, more)
  tnt.seed(seed)
  local unit = Everything {
    nn.Sequential { nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout { p = 0.3 },
      nn.Linear(12, 3) },
    gradient_accumulation_steps = 2, clip_grad_norm = 1, metrics = { tnt.metrics.Accuracy {} },
    ema = { decay = 0.9, warmup = true, begin = 3, anneal = { lr = 0.005, steps = 4 } },
  }
  local data = tnt.data.tensors { x = x, y = y }
  local options = {
    train_dataloader = tnt.data.DataLoader(data, { batch_size = 4, shuffle = true, seed = 3,
      num_workers = 2 }),
    eval_dataloader = tnt.data.DataLoader(data, { batch_size = 9 }),
    evaluate_every_n_steps = 3, max_steps = STEPS, dir = dir, resume = "auto", bar = false,
    hooks = { tnt.hooks.Checkpoint { keep_last_n = 1 }, cut },
  }
  for name, value in pairs(more or {}) do options[name] = value end -- order: free
  return pcall(tnt.fit, unit, options)
end

-- The seed of the whole run is also the one that a fresh start has.
local function ended(dir, result)
  local contents = run.read(dir)
  return { app = contents.app, random = contents.random, metrics = contents.metrics,
    unit = contents.unit, result = result.metrics, reason = result.reason }
end

local function assert_same(expected, dir, result, how)
  local got = ended(dir, result)
  for part, value in tnt.pairs(expected) do
    local ok, why = pcall(scratch.same, value, got[part], part)
    assert(ok, how .. ": " .. tostring(why))
  end
end

describe("a run with everything at once", function()
  local dir, whole
  setup(function()
    dir = scratch.folder()
    tnt.seed(1)
    -- 22 samples: epochs of six batches, the last one shorter; the first ends within a window.
    x, y = tnt.randn(22, 6):keep(), tnt.randint(0, 3, { 22 }):keep()
    local ok, result = fit(5, dir .. "/whole")
    assert(ok, tostring(result))
    whole = ended(dir .. "/whole", result)
  end)
  teardown(scratch.clean)

  it("has moved all that it should have moved", function()
    assert.equal(5, whole.app.train_progress.num_updates_completed)
    assert.equal(2, whole.app.averaged.count)
    assert.equal("max_steps", whole.reason)
    assert.is_true(whole.result["eval/loss"] > 0)
  end)

  for step = 1, STEPS - 1 do
    it("ends the same, to the last bit, when a signal came in step " .. step, function()
      local where = ("%s/signal%d"):format(dir, step)
      local ok, err = fit(5, where, { on_train_step_start = function(_, state)
        if state.progress.num_steps_completed == step - 1 then ffi.C.raise(SIGINT) end
      end })
      assert.is_false(ok)
      assert.equal("interrupted", err.kind, tostring(err))
      assert.equal(step, run.read(where).app.train_progress.num_steps_completed)
      local done, result = fit(77, where)
      assert(done, tostring(result))
      assert_same(whole, where, result, "signal in step " .. step)
    end)

    it("ends the same when time was up after step " .. step, function()
      local where = ("%s/time%d"):format(dir, step)
      local clock = require "tnt.loop.clock"
      local real, late = clock.now, 0
      clock.now = function() return real() + late end
      local ok, result = fit(5, where, { on_train_step_end = function(_, state)
        if state.progress.num_steps_completed == step then late = 2e9 end
      end }, { max_time = 1e9 })
      clock.now = real
      assert(ok, tostring(result))
      assert.same({ "max_time", step }, { result.reason, result.progress.num_steps_completed })
      ok, result = fit(77, where)
      assert(ok, tostring(result))
      assert_same(whole, where, result, "time was up after step " .. step)
    end)
  end
end)

describe("a program that SIGINT ends in step 3", function()
  teardown(process.cleanup)

  for name, status in pairs { SIGINT = 130, SIGTERM = 143 } do
    it(("leaves a checkpoint with three steps and the exit status %d (%s)"):format(status, name),
      function()
        local dir = process.directory()
        local script = process.file(([[
          local ffi = require "ffi"
          local tnt = require "tnt"
          ffi.cdef "int raise(int signal);"
          local Unit = tnt.AutoUnit:extend "Unit"
          function Unit:compute_loss(state, batch)
            if state.progress.num_steps_completed == 2 then ffi.C.raise(%d) end
            return self.module(batch):square():mean()
          end
          local net = tnt.nn.Linear(2, 2)
          local unit = Unit {net, optimizer = tnt.optim.SGD(net:parameters(), {lr = 0.1})}
          local batches = {}
          for i = 1, 8 do batches[i] = tnt.randn(4, 2) end
          tnt.train(unit, {train_dataloader = batches, max_epochs = 2, dir = %q,
            hooks = {tnt.hooks.Checkpoint {}}})
          print "never here"
        ]]):format(status - 128, dir))
        local out, err, code = process.run { script }
        assert.equal(status, code, err)
        assert.is_nil(out:find "never here")
        assert.matches("the step was finished and the epoch left open", err, 1, true)
        local saved = run.read(dir)
        assert.same({ 3, 3, 0 }, { saved.app.train_progress.num_steps_completed,
          saved.app.train_progress.num_steps_completed_in_epoch,
          saved.app.train_progress.num_epochs_completed })
      end)
  end
end)

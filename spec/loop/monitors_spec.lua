-- Several loaders of evaluation: each has its name before its metrics, and what watches a metric
-- (checkpoints, early stops, plateau schedules) is told which by the full name.

local scratch = require "spec.files.scratch"
local tnt = require "tnt"
local message = require "tnt.loop.message"
local nn, optim = tnt.nn, tnt.optim

message.sink = function() end

-- Losses are given: batches of evaluation hold them, one for each epoch.
local function fit(hooks, more)
  local net = nn.Linear(1, 1)
  local optimizer = optim.SGD(net:parameters(), { lr = 1 })
  local unit = tnt.AutoUnit {
    net, optimizer = optimizer,
    schedule = optim.schedule.Plateau(optimizer, { monitor = "ood/loss", patience = 0 }),
    compute_loss = function(self, _, x) return self.module(x):sum() end,
  }
  local losses = { val = { 5, 4, 6, 7, 8 }, ood = { 1, 1, 1, 0.5, 0.4 } }
  function unit.eval_step(_, state, batch)
    state:log("loss", losses[state.name][unit.train_progress.num_epochs_completed] + batch)
  end
  local options = {
    train_dataloader = { tnt.ones(1, 1) }, eval_dataloader = { val = { 0 }, ood = { 0 } },
    max_epochs = 5, hooks = hooks, bar = false,
  }
  for name, value in pairs(more or {}) do options[name] = value end -- order: free
  local rates = {}
  options.hooks[#options.hooks + 1] = { on_train_epoch_start = function()
    rates[#rates + 1] = optimizer.param_groups[1].lr
  end }
  return tnt.fit(unit, options), rates
end

describe("the evaluation before training, of an AutoUnit", function()
  it("leaves metrics, averages, optimizer and random numbers as they were", function()
    local function run(steps)
      tnt.seed(3)
      local net = nn.Sequential { nn.Linear(4, 6), nn.Dropout { p = 0.5 }, nn.Linear(6, 3) }
      local optimizer = optim.AdamW(net:parameters(), { lr = 0.01 })
      local unit = tnt.AutoUnit {
        net, optimizer = optimizer, metrics = { tnt.metrics.Accuracy {} }, ema = { decay = 0.5 },
        compute_loss = function(self, _, batch)
          local scores = self.module(batch.x)
          return nn.functional.cross_entropy(scores, batch.y), scores
        end,
      }
      local data = tnt.data.tensors { x = tnt.randn(12, 4), y = tnt.randint(0, 3, { 12 }) }
      local saved
      local result = tnt.fit(unit, {
        train_dataloader = tnt.data.DataLoader(data, { batch_size = 4, shuffle = true }),
        eval_dataloader = tnt.data.DataLoader(data, { batch_size = 4, shuffle = true,
          num_workers = 1 }),
        max_epochs = 2, sanity_eval_steps = steps, bar = false,
        hooks = { { on_train_step_end = function(_, state)
          saved = saved or require("tnt.loop.nest").clone(state:snapshot())
        end } },
      })
      return saved, result.metrics
    end
    local without, without_metrics = run(nil)
    local with, with_metrics = run(2)
    assert.same(without_metrics, with_metrics)
    scratch.same(without, with, "snapshot")
  end)
end)

describe("several loaders of evaluation", function()
  teardown(scratch.clean)

  it("have their names before their metrics, in results, hooks and loggers", function()
    local names, seen = {}, {}
    local result = fit({ { on_eval_epoch_end = function(_, state)
      seen[#seen + 1] = state.metrics[state.name .. "/loss"]
    end } }, { max_epochs = 2, loggers = { { log = function(_, r)
      if r.at == "epoch" and r.phase == "eval" then
        for _, name in ipairs(r.names) do names[#names + 1] = name end
      end
    end } } })
    assert.same({ 1, 5, 1, 4 }, seen) -- ood before val
    assert.same({ "ood/loss", "val/loss", "ood/loss", "val/loss" }, names)
    assert.same({ 4, 1 }, { result.metrics["val/loss"], result.metrics["ood/loss"] })
  end)

  it("are told apart by a plateau schedule", function()
    local _, rates = fit {}
    for i, expected in ipairs { 1, 1, 0.1, 0.01, 0.01 } do
      assert.is_true(math.abs(rates[i] - expected) < 1e-9, i)
    end
  end)

  it("are told apart by early stops and checkpoints", function()
    local dir = scratch.folder()
    local result = fit({
      tnt.hooks.EarlyStop { "val_loss", patience = 2 },
      tnt.hooks.Checkpoint { keep_last_n = 1, best = { monitor = "val/loss", keep_n = 1 } },
    }, { dir = dir })
    assert.equal("stopped", result.reason)
    assert.equal(4, result.progress.num_epochs_completed)
    local kept = {}
    for name in require("lfs").dir(dir .. "/checkpoints") do
      local epoch, value = name:match "^epoch_(%d+)_.*_val_loss=(%d+)"
      if epoch then kept[tonumber(epoch)] = tonumber(value) end
    end
    assert.same({ [2] = 4, [4] = 7 }, kept) -- the best and the last
  end)

  it("make a short name ambiguous, which is an error that says so", function()
    local ok, err = pcall(fit, { tnt.hooks.EarlyStop { "loss" } })
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.matches("metric 'loss' may be ood/loss or train/loss; give the full name",
      err.message, 1, true)
  end)
end)

-- What of a checkpoint is taken, by the loops' option `restore` and tnt.checkpoint.restore.

local choice = require "tnt.checkpoint.choice"
local lfs = require "lfs"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local dir
before_each(function() dir = scratch.folder() end)
after_each(scratch.clean)

local function batches(n)
  local list = {}
  for i = 1, n do list[i] = { x = tnt.ones(2, 3):mul_(i):keep(), y = tnt.i64 { 0, 1 }:keep() } end
  return list
end

local function new_unit(modules)
  local unit_modules = modules or nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
  local optimizer = tnt.optim.Adam(unit_modules:parameters(), { lr = 0.1 })
  return tnt.AutoUnit {
    module = unit_modules, optimizer = optimizer,
    schedule = tnt.optim.schedule.Cosine(optimizer, { T_max = 20, by = "update" }),
    compute_loss = function(self, _, batch)
      return F.cross_entropy(self.module(batch.x), batch.y)
    end,
  }
end

local function train(unit, given)
  local options = { train_dataloader = batches(5), max_epochs = 1, dir = dir, bar = false,
    hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 3 } } }
  for key, value in pairs(given or {}) do options[key] = value end -- order: free
  return tnt.train(unit, options)
end

local function refused(kind, text, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(type(err) == "table" and err.kind == kind, tostring(err))
  assert(err.message:find(text, 1, true), err.message)
end

local function weights(unit) return unit.module:state_dict() end

describe("restore", function()
  local first
  before_each(function()
    tnt.seed(3)
    first = new_unit()
    train(first)
  end)

  it("takes everything by default, and each part only when wanted #tiny", function()
    local whole = new_unit()
    tnt.checkpoint.restore(dir, whole)
    scratch.same(weights(first), weights(whole), "weights")
    scratch.same(first.optimizer:state_dict(), whole.optimizer:state_dict(), "optimizer")
    assert.same(first.schedule:state_dict(), whole.schedule:state_dict())
    assert.equal(5, whole.train_progress.num_steps_completed)

    local function without(part)
      local unit = new_unit()
      local before = {
        weights = scratch.bytes(unit.module[1].weight), schedule = unit.schedule:state_dict(),
        optimizer = unit.optimizer:state_dict().state,
      }
      tnt.checkpoint.restore(dir, unit, { [part] = false })
      return unit, before
    end
    local unit, before = without "modules"
    assert.equal(before.weights, scratch.bytes(unit.module[1].weight))
    assert.equal(5, unit.train_progress.num_steps_completed)
    unit, before = without "optimizers"
    scratch.same(before.optimizer, unit.optimizer:state_dict().state, "optimizer")
    scratch.same(weights(first), weights(unit), "weights")
    unit, before = without "schedules"
    assert.same(before.schedule, unit.schedule:state_dict())
    unit = without "train_progress"
    assert.equal(0, unit.train_progress.num_steps_completed)
    scratch.same(weights(first), weights(unit), "weights")
  end)

  it("makes a fresh run of one whose counters are left: fine-tuning", function()
    local unit, steps = new_unit(), 0
    train(unit, { resume = dir, dir = dir .. "/tuned",
      restore = { optimizers = false, schedules = false, train_progress = false, random = false },
      hooks = { tnt.hooks.Checkpoint {}, { on_train_start = function()
        scratch.same(weights(first), weights(unit), "weights")
        assert.equal(0, unit.train_progress.num_steps_completed)
      end, on_train_step_end = function() steps = steps + 1 end } } })
    assert.equal(5, steps)
    assert(tnt.checkpoint.list(dir)[1].run ~= tnt.checkpoint.list(dir .. "/tuned")[1].run)
  end)

  it("takes some of the weights, also under other names", function()
    local body = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 7))
    local unit = new_unit(body)
    local head = scratch.bytes(body[2].weight)
    refused("format", "weight must be [7, 4], got [2, 4]", tnt.checkpoint.restore, dir, unit,
      { optimizers = false })
    tnt.checkpoint.restore(dir, unit, { optimizers = false, match = "^0%." })
    scratch.same(first.module[1].weight:detach(), body[1].weight:detach(), "weight")
    assert.equal(head, scratch.bytes(body[2].weight))

    local other = nn.Sequential(nn.ReLU(), nn.Linear(3, 4), nn.Linear(4, 2))
    refused("format", "unexpected: 0.bias, 0.weight", tnt.checkpoint.restore, dir, new_unit(other),
      { optimizers = false, rename = { { "^1%.", "2." } } })
    unit = new_unit(other)
    tnt.checkpoint.restore(dir, unit, { optimizers = false,
      rename = { { "^1%.", "2." }, { "^0%.", "1." } } })
    scratch.same(first.module[1].weight:detach(), other[2].weight:detach(), "weight")
    scratch.same(first.module[2].weight:detach(), other[3].weight:detach(), "weight")
  end)

  it("forgives with strict = false, also in load", function()
    local larger = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(2, 2))
    refused("format", "missing: 2.bias, 2.weight", train, new_unit(larger),
      { load = dir, dir = dir .. "/b", restore = { strict = true, match = "%d" } })
    train(new_unit(larger), { load = dir, dir = dir .. "/b", restore = { strict = false },
      hooks = { { on_train_start = function()
        scratch.same(first.module[2].weight:detach(), larger[2].weight:detach(), "weight")
      end } } })
  end)

  it("says which options are wrong, TorchTNT's names too", function()
    for text, options in pairs { -- order: free
      ["did you mean 'optimizers'"] = { optimisers = false },
      ["is called schedules here"] = { restore_lr_schedulers = false },
      ["modules must be true or false, got 0"] = { modules = 0 },
      ["match must be a Lua pattern"] = { match = "[" },
      ["rename must be a list"] = { rename = "a" },
    } do
      refused("argument", text, choice.read, options)
      refused("argument", text, train, new_unit(), { resume = dir, restore = options })
    end
    refused("argument", "options are for a unit", tnt.checkpoint.restore, dir,
      { net = first.module }, { strict = false })
    refused("argument", "restore_options' is called restore here", train, new_unit(),
      { restore_options = {} })
  end)
end)

describe("resume = 'best'", function()
  it("goes on with the best, and names can be asked for it", function()
    local Unit = tnt.TrainUnit:extend "Unit"
    function Unit:train_step() end
    local losses = { 0.3, 0.1, 0.2 }
    function Unit:eval_step(state)
      state:log("loss", losses[self.train_progress.num_epochs_completed])
    end
    local function fit(given)
      local options = { train_dataloader = { 1, 2 }, eval_dataloader = { 1 }, max_epochs = 3,
        dir = dir, bar = false,
        hooks = { tnt.hooks.Checkpoint { keep_last_n = false, best = { monitor = "loss" } } } }
      for key, value in pairs(given or {}) do options[key] = value end -- order: free
      return tnt.fit(Unit(), options)
    end
    refused("io", "resume = 'best'", fit, { resume = "best" })
    fit()
    assert.matches("loss=0.1$", lfs.symlinkattributes(dir .. "/checkpoints/best", "target"))
    assert.equal("epoch_2_train_step_4_eval_step_2_eval_loss=0.1",
      tnt.checkpoint.best(dir, "eval/loss"):match "[^/]*$")
    assert.equal("epoch_1_train_step_2_eval_step_1_eval_loss=0.3",
      tnt.checkpoint.best(dir, "eval_loss", "max"):match "[^/]*$")
    assert.matches("no checkpoint has the metric acc", select(2, tnt.checkpoint.best(dir, "acc")))
    local steps = 0
    fit { resume = "best", hooks = { { on_train_step_end = function() steps = steps + 1 end } } }
    assert.equal(2, steps)
    refused("argument", "looks in dir", fit, { resume = "best", dir = false })
  end)
end)

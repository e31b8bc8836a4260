-- A whole run with everything that has a state: dropout, a shuffled loader, AdamW, a schedule, an
-- open accumulation window, averaged weights. Cut off after any step, however, it ends bit-equal.

local run = require "tnt.checkpoint.run"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local STEPS = 11

local dir, whole
local x, y

local function new_unit(seed)
  tnt.seed(seed)
  local net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout { p = 0.3 }, nn.Linear(16, 3))
  local Unit = tnt.AutoUnit:extend "Resumed"
  function Unit:configure_optimizers_and_lr_scheduler(module)
    local optimizer = tnt.optim.AdamW(module:parameters(), { lr = 0.02 })
    return optimizer,
      tnt.optim.schedule.Cosine(optimizer, { T_max = 20, by = "update", warmup = 2 })
  end
  function Unit:compute_loss(_, batch)
    local logits = self.module(batch.x)
    return F.cross_entropy(logits, batch.y), logits
  end
  local unit = Unit { module = net, gradient_accumulation_steps = 2, clip_grad_norm = 1,
    ema = { decay = 0.9 }, metrics = { tnt.metrics.Accuracy {} } }
  return unit
end

local function fit(unit, where, steps, cut)
  return tnt.fit(unit, {
    train_dataloader = tnt.data.DataLoader(tnt.data.tensors { x = x, y = y }, {
      batch_size = 4, shuffle = true, seed = 3,
    }),
    eval_dataloader = tnt.data.DataLoader(tnt.data.tensors { x = x, y = y }, { batch_size = 10 }),
    evaluate_every_n_steps = 3, max_steps = steps, dir = where, resume = "auto", bar = false,
    hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = 2,
      best = { monitor = "eval_loss" } }, cut },
  })
end

local function same(where, how)
  local ended = run.read(where)
  for _, part in ipairs { "app", "random", "metrics", "unit" } do
    local ok, why = pcall(scratch.same, whole[part], ended[part], part)
    assert(ok, how .. ": " .. tostring(why))
  end
end

setup(function()
  dir = scratch.folder()
  tnt.seed(1)
  x, y = tnt.randn(18, 6):keep(), tnt.randint(0, 3, { 18 }):keep()
  fit(new_unit(5), dir .. "/whole", STEPS)
  whole = run.read(dir .. "/whole")
end)
teardown(scratch.clean)

describe("a run that goes on", function()
  for at = 1, STEPS - 1 do
    it("after an error following step " .. at, function()
      local where = ("%s/error%d"):format(dir, at)
      local ok = pcall(fit, new_unit(5), where, STEPS, {
        on_train_step_start = function(_, _, unit)
          if unit.train_progress.num_steps_completed == at then error("cut off", 0) end
        end,
      })
      assert.is_false(ok)
      fit(new_unit(99), where, STEPS)
      same(where, "cut off after step " .. at)
    end)

    -- max_steps closes the epoch, and an accumulation window that is open then is flushed (epochs
    -- have 5 steps, windows 2): such a run has taken another way.
    local is_open = at % 5 % 2 == 1
    if not is_open then it("after max_steps = " .. at, function()
      local where = ("%s/limit%d"):format(dir, at)
      fit(new_unit(5), where, at)
      fit(new_unit(99), where, STEPS)
      same(where, "limited to " .. at)
    end) end
  end

  it("after SIGTERM in the middle", function()
    local where = dir .. "/signal"
    local ok, err = pcall(fit, new_unit(5), where, STEPS, {
      on_train_step_end = function(_, _, unit)
        if unit.train_progress.num_steps_completed == 7 then
          require("tnt.core").C.tnt_interrupt_raise(15)
        end
      end,
    })
    assert(not ok and err.kind == "interrupted", tostring(err))
    fit(new_unit(99), where, STEPS)
    same(where, "SIGTERM")
  end)
end)

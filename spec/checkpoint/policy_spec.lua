local clock = require "tnt.loop.clock"
local folder = require "tnt.checkpoint.folder"
local name = require "tnt.checkpoint.name"
local Policy = require "tnt.checkpoint.policy"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"

local real_now = clock.now
local dir
before_each(function() dir = scratch.folder() end)
after_each(function()
  clock.now = real_now
  scratch.clean()
end)

local function state_at(steps, epochs, entry)
  return { entry_point = entry or "fit",
    progress = { num_steps_completed = steps, num_epochs_completed = epochs or 0 } }
end

local function names()
  local list = {}
  for i, entry in ipairs(folder.list(folder.of(dir))) do list[i] = entry.name.text end
  return list
end

local Unit = tnt.TrainUnit:extend "Unit"
function Unit:train_step() end

local function train(options)
  return tnt.train(Unit(), { train_dataloader = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, max_epochs = 1,
    dir = dir, bar = false, hooks = { tnt.hooks.Checkpoint(options) } })
end

describe("tnt.checkpoint.Policy", function()
  it("saves at multiples of the interval of each place #tiny", function()
    for option, at in pairs { -- order: free
      save_every_n_train_steps = "train_step", save_every_n_eval_steps = "eval_step",
      save_every_n_predict_steps = "predict_step",
    } do
      local policy = Policy { [option] = 3 }
      for steps = 1, 7 do
        assert.equal(steps % 3 == 0, policy:due(at, state_at(steps)), option)
        for _, other in ipairs { "train_epoch", "eval_epoch" } do
          assert.is_false(policy:due(other, state_at(steps, 3)))
        end
      end
    end
    for option, at in pairs { -- order: free
      save_every_n_epochs = "train_epoch", save_every_n_eval_epochs = "eval_epoch",
    } do
      local policy = Policy { [option] = 2 }
      assert.is_true(policy:due(at, state_at(5, 2)))
      assert.is_false(policy:due(at, state_at(4, 3)))
      assert.is_false(policy:due("train_step", state_at(4, 2)))
    end
    assert.is_true(Policy {}:due("train_epoch", state_at(3, 1))) -- no interval: every epoch
    assert.is_false(Policy { save_every_n_eval_steps = 5 }:due("train_epoch", state_at(3, 1)))
    assert.is_true(Policy { save_every_n_epochs = 0 }:due("train_epoch", state_at(3, 1))) -- 0: off
  end)

  it("saves by the clock, at steps and epochs of the run's own phase", function()
    local time = 100
    clock.now = function() return time end
    local policy = Policy { save_every_minutes = 2 }
    time = 219
    assert.is_false(policy:due("train_step", state_at(1)))
    time = 220
    assert.is_true(policy:due("train_step", state_at(1)))
    assert.is_true(policy:due("train_epoch", state_at(1, 1)))
    assert.is_true(policy:due("predict_step", state_at(1, 0, "predict")))
    assert.is_true(policy:due("eval_step", state_at(1, 0, "evaluate")))
    assert.is_false(policy:due("eval_step", state_at(1, 0, "fit")))
    policy:saved()
    assert.is_false(policy:due("train_step", state_at(1)))
  end)

  it("lets one's own functions decide", function()
    local asked = {}
    train { keep_last_n = false, policy = {
      due = function(self, at, state, unit)
        assert(unit.train_progress and self.due)
        asked[at] = true
        local n = state.progress.num_steps_completed
        return at == "train_step" and bit.band(n, n - 1) == 0
      end,
    } }
    assert.same({ "epoch_0_train_step_1", "epoch_0_train_step_2", "epoch_0_train_step_4",
      "epoch_0_train_step_8", "epoch_1_train_step_9" }, names())
    assert.same({ train_step = true, train_epoch = true }, asked)
  end)

  it("lets one's own function say what stays", function()
    train { save_every_n_train_steps = 1, policy = {
      surplus = function(_, list) -- every third one, and the newest
        local goes = {}
        for i = 1, #list - 1 do
          if list[i].name.train % 3 ~= 0 then goes[#goes + 1] = list[i] end
        end
        return goes
      end,
    } }
    assert.same({ "epoch_0_train_step_3", "epoch_0_train_step_6", "epoch_0_train_step_9",
      "epoch_1_train_step_9" }, names())
  end)

  it("keeps the best in TorchTNT's order", function() -- C-37
    local policy = Policy { keep_last_n = 1, best = { monitor = "eval_loss", keep_n = 2 } }
    policy.best.full = "eval/loss"
    local function entry(step, value)
      local text = name.make({ epoch = 0, train = step }, "eval/loss", value)
      return { name = name.parse(text), metric = "eval/loss", value = value }
    end
    local a, b, c = entry(1, 0.01), entry(2, 0.02), entry(3, 0.001)
    assert.same({ a, b }, policy:ranked { a, b })
    assert.same({ c, a, b }, policy:ranked { a, b, c })
    assert.same({ b }, policy:surplus { a, b, c })
    assert.is_true(policy:is_new_best({ a, b }, { full = "eval/loss", value = 0.001 }))
    assert.is_false(policy:is_new_best({ a, b }, { full = "eval/loss", value = 0.03 }))
    assert.is_false(policy:is_new_best({ a, b }, { full = "eval/loss", value = 0 / 0 }))
  end)

  it("says which function is no policy's", function()
    for text, policy in pairs { -- order: free
      ["did you mean 'due'"] = { dua = print }, ["got number"] = 3, ["the class Policy"] = Policy,
    } do
      local ok, err = pcall(tnt.hooks.Checkpoint, { policy = policy })
      assert(not ok and err.kind == "argument" and err.message:find(text, 1, true), tostring(err))
    end
  end)
end)

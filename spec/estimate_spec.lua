local tnt = require "tnt"

local estimate = tnt.estimate

-- A loader of so many batches; of false ones: it cannot tell.
local function loader(size)
  if not size then return { iterate = function() return function() end end } end
  return { iterate = function() end, size = function() return size end }
end

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

-- false in the recorded cases stands for None.
local function options(given, names)
  local o = {}
  for theirs, value in pairs(given) do o[names[theirs] or theirs] = value or nil end
  return o
end

describe("tnt.estimate", function()
  it("gives what TorchTNT gives", function()
    local cases = require("spec.reference.torchtnt_runs").estimates
    assert.is_true(#cases >= 20)
    for i, case in ipairs(cases) do
      local which = "case " .. i
      assert.equal(case.epoch_steps, estimate.epoch(loader(case.train), options(case.epoch, {})),
        which)
      assert.equal(case.loop_steps or nil,
        estimate.loop(loader(case.train), options(case.loop, { epochs = "max_epochs" })), which)
      local fit = options(case.fit, {
        epochs = "max_epochs", eval_every_n_steps = "evaluate_every_n_steps",
        eval_every_n_epochs = "evaluate_every_n_epochs",
      })
      assert.equal(case.fit_steps or nil, estimate.fit(loader(case.train), loader(case.eval), fit),
        which)
    end
  end)

  it("gives the steps that a run then has", function()
    local data = tnt.testing.random_loader(10, 2, 3)
    local r = tnt.train(tnt.testing.TrainUnit(), {
      train_dataloader = data, max_epochs = 3, max_steps_per_epoch = 3, bar = false,
    })
    assert.equal(r.progress.num_steps_completed,
      estimate.loop(data, { max_epochs = 3, max_steps_per_epoch = 3 }))
    local unit = tnt.testing.FitUnit()
    tnt.fit(unit, {
      train_dataloader = data, eval_dataloader = data, max_epochs = 2, evaluate_every_n_steps = 3,
      evaluate_every_n_epochs = 1, max_eval_steps_per_epoch = 2, bar = false,
    })
    assert.equal(unit.train_progress.num_steps_completed + unit.eval_progress.num_steps_completed,
      estimate.fit(data, data, {
        max_epochs = 2, evaluate_every_n_steps = 3, evaluate_every_n_epochs = 1,
        max_eval_steps_per_epoch = 2,
      }))
    assert.equal(2, estimate.epoch(data, { max_steps = 7, num_steps_completed = 5 }))
  end)

  it("takes what the loops take, and refuses the rest", function()
    assert.equal(3, estimate.epoch { 1, 2, 3 })
    assert.equal(math.huge, estimate.epoch(function() end))
    assert.equal(2, estimate.epoch({ 1, 2, 3, 4 }, { max_steps_per_epoch = 0.5 }))
    assert.equal(6, estimate.loop({ 1, 2, 3, 4 }, { max_epochs = 3, max_steps_per_epoch = 0.5 }))
    assert.equal("argument", failure(estimate.loop, {}, { max_epochs = 0.5 }).kind)
    assert.equal(6, estimate.loop({ 1, 2 }, { max_epochs = 3, max_steps = math.huge }))
    assert.equal("argument", failure(estimate.epoch, 3).kind)
    assert.equal("argument", failure(estimate.loop, {}, 3).kind)
    assert.equal("argument", failure(estimate.loop, {}, { max_epochs = -1 }).kind)
    assert.matches("did you mean 'max_epochs'",
      failure(estimate.fit, {}, {}, { max_epoch = 1 }).message)
  end)
end)

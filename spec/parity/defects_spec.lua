-- TorchTNT's loop defects: what it does, as it was recorded (scripts/parity/torchtnt_runs.py), and
-- what is done here. The page torchtnt shows both.

local plain = require "spec.parity.plain"
local reference = require "spec.reference.torchtnt_runs"
local tnt = require "tnt"

local theirs = {}
for _, case in ipairs(reference.defects) do theirs[case.name] = case end

local function numbers(n)
  local list = {}
  for i = 1, n do list[i] = tnt.full({ 1, 1 }, i) end
  return list
end

-- TorchTNT's half is Counting.
local function run(entry, unit_options, options)
  local net = tnt.nn.Linear(1, 1)
  unit_options.module, unit_options.optimizer = net, tnt.optim.SGD(net:parameters(), { lr = 0.1 })
  local found = { seen = {}, epochs = {}, evaluations = {}, updates = {} }
  function unit_options.compute_loss(unit, state, batch)
    if state.active_phase == "train" then found.seen[#found.seen + 1] = batch:item() end
    return unit.module(batch):sum()
  end
  options.bar = false
  options.hooks = { {
    on_train_epoch_end = function(_, state)
      found.epochs[#found.epochs + 1] = state.progress.num_steps_completed
    end,
    on_eval_epoch_end = function(_, state)
      found.evaluations[#found.evaluations + 1] = state.progress.num_steps_completed
    end,
    on_train_optimizer_step_end = function(_, state)
      found.updates[#found.updates + 1] = state.progress.num_steps_completed + 1
    end,
  } }
  tnt[entry](tnt.AutoUnit(unit_options), options)
  return found
end

describe("TorchTNT's defect", function()
  it("D1: every second evaluation is empty; here all are whole", function()
    assert.same({ 4, 4, 8 }, theirs.D1.evaluations)
    assert.same({ 4, 8, 12 }, run("fit", {}, {
      train_dataloader = numbers(2), eval_dataloader = numbers(4), max_epochs = 3,
      max_eval_steps_per_epoch = 4,
    }).evaluations)
  end)

  it("D2: so is every second epoch; here all are whole", function()
    assert.same({ 4, 4, 8 }, theirs.D2.epochs)
    assert.same({ 4, 8, 12 }, run("train", {}, {
      train_dataloader = numbers(4), max_epochs = 3, max_steps_per_epoch = 4,
    }).epochs)
  end)

  it("D3: a batch fetched ahead opens the next epoch; here the loader's first one does", function()
    assert.same({ 1, 2, 3, 1, 2, 1 }, theirs.D3.seen)
    assert.same({ 1, 2, 1, 2, 1, 2 }, run("train", {}, {
      train_dataloader = numbers(4), max_epochs = 3, max_steps_per_epoch = 2,
    }).seen)
  end)

  it("D4: an evaluation's last batch closes the training's window; here it does not", function()
    assert.same({ 3, 4, 6 }, theirs.D4.updates)
    assert.same({ 2, 2, 4 }, theirs.D4.evaluations)
    local ours = run("fit", { gradient_accumulation_steps = 4 }, {
      train_dataloader = numbers(6), eval_dataloader = numbers(2), max_epochs = 1,
      evaluate_every_n_steps = 2, evaluate_every_n_epochs = 0, max_eval_steps_per_epoch = 2,
    })
    assert.same({ 4, 6 }, ours.updates)
    assert.same({ 2, 4, 6 }, ours.evaluations)
  end)

  it("D5: a limit leaves gradients to the next epoch; here they make an update", function()
    assert.same({ 3, 7 }, theirs.D5.updates)
    assert.same({ 3, 4, 7, 8 }, run("train", { gradient_accumulation_steps = 3 }, {
      train_dataloader = numbers(5), max_epochs = 2, max_steps_per_epoch = 4,
    }).updates)
  end)

  it("D8: a stray end of data ends the epoch silently; here an error is an error", function()
    assert.same({ 1, 1 }, { theirs.D8.epochs, theirs.D8.steps })
    local unit = plain.Unit()
    function unit.train_step()
      if unit.train_progress.num_steps_completed == 1 then error("end of data", 0) end
    end
    local ok, err = pcall(tnt.train, unit, {
      train_dataloader = plain.batches(4), max_epochs = 1, bar = false,
    })
    assert.is_false(ok)
    assert.equal("end of data", err)
  end)
end)

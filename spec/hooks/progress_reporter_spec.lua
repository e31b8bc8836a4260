local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local ProgressReporter = require "tnt.hooks.progress_reporter"
local fit = require "tnt.fit"

local function run(options)
  local lines = {}
  options.print = function(text) lines[#lines + 1] = text end
  fit(rig.unit(), {
    train_dataloader = rig.batches(1), eval_dataloader = rig.batches(1), max_epochs = 1,
    hooks = { ProgressReporter(options) }, bar = false,
  })
  return lines
end

describe("ProgressReporter", function()
  before_each(rig.reset)

  it("tells every start and end with rank and counters", function()
    local lines = run {}
    local events = {}
    for i, line in ipairs(lines) do events[i] = line:match "^rank 0: on_([%w_]+): " end
    assert.same({
      "train_start", "train_epoch_start", "train_step_start", "train_step_end", "train_epoch_end",
      "eval_start", "eval_epoch_start", "eval_step_start", "eval_step_end", "eval_epoch_end",
      "eval_end", "train_end",
    }, events)
    assert.truthy(lines[4]:find("steps 1, steps in epoch 1", 1, true))
  end)

  it("leaves steps out when asked to", function()
    assert.equal(8, #run { steps = false })
  end)

  it("makes remarks of the run by default", function()
    fit(rig.unit(), {
      train_dataloader = rig.batches(1), eval_dataloader = rig.batches(1), max_epochs = 1,
      hooks = { ProgressReporter() }, bar = false,
    })
    assert.truthy(rig.infos[1]:find("^rank 0: on_train_start: "))
    assert.equal("argument", scratch.failure(ProgressReporter, { print = true }).kind)
  end)

  it("gives the rank of the process where there are several", function()
    package.loaded["tnt.dist"] = { rank = function() return 3 end, size = function() return 4 end }
    local lines = run {}
    package.loaded["tnt.dist"] = nil
    assert.truthy(lines[1]:find("^rank 3: "))
  end)
end)

-- The loops against TorchTNT: the same scenarios, the same calls in the same order. The traces are
-- its own (scripts/parity/torchtnt_trace.py).

local rig = require "spec.loop.rig"
local recorded = require "spec.reference.torchtnt_trace"

local entries = {
  train = require "tnt.train", evaluate = require "tnt.evaluate", predict = require "tnt.predict",
  fit = require "tnt.fit",
}

local function run(scenario)
  local trace = {}
  local function noting(text)
    return function(_, state)
      trace[#trace + 1] = text
      local what = scenario.act[text]
      if what == "stop" then state:stop() elseif what == "raise" then error("boom", 0) end
    end
  end
  local unit = rig.unit()
  local tracer = {}
  for _, event in ipairs(recorded.events) do tracer[event] = noting("C." .. event) end
  for _, phase in ipairs { "train", "eval", "predict" } do
    for _, event in ipairs { "start", "epoch_start", "epoch_end", "end" } do
      local name = "on_" .. phase .. "_" .. event
      unit[name] = noting("U." .. name)
    end
    local step = phase .. "_step"
    unit[step] = function(self, state, batch) noting(step .. "(" .. batch .. ")")(self, state) end
  end
  unit.on_exception = noting "U.on_exception"
  local options = { hooks = { tracer }, bar = false }
  for name, value in pairs(scenario.limits) do options[name] = value end -- order: free
  local train, other = rig.batches(scenario.train), rig.batches(scenario.other, "e")
  if scenario.entry == "train" or scenario.entry == "fit" then options.train_dataloader = train end
  if scenario.entry == "fit" or scenario.entry == "evaluate" then
    options.eval_dataloader = other
  end
  if scenario.entry == "predict" then options.predict_dataloader = other end
  local ok, err = pcall(entries[scenario.entry], unit, options)
  if not ok then
    assert.equal("boom", err)
    trace[#trace + 1] = "raised"
  end
  local counters = {}
  for i, phase in ipairs { "train", "eval", "predict" } do
    local progress = unit[phase .. "_progress"]
    counters[i] = { progress.num_epochs_completed, progress.num_steps_completed,
      progress.num_steps_completed_in_epoch }
  end
  return trace, counters
end

describe("as in TorchTNT:", function()
  before_each(rig.reset)
  after_each(rig.assert_clean)

  for _, scenario in ipairs(recorded) do
    it(scenario.name, function()
      local trace, counters = run(scenario)
      assert.same(scenario.trace, trace)
      assert.same(scenario.counters, counters)
    end)
  end

  it("there are scenarios", function() assert.is_true(#recorded >= 50) end)
end)

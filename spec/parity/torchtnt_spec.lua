-- The parity table holds: every name exists, every proof is a test, no row is missing.

local faults = require "spec.parity.faults"
local names = require "spec.parity.names"
local parity = require "spec.parity.torchtnt"

describe("the parity table with TorchTNT", function()
  it("names what exists and proofs that are tests, for every row", function()
    assert.equal("", table.concat(faults(parity), "\n"))
  end)

  it("would notice a name that is gone, a test that is, and a row", function()
    local function faults_of(row)
      return faults { sections = { { title = "t", count = 1, rows = { row } } }, count = 1,
        weights = {} }
    end
    local proof = "spec/parity/torchtnt_spec.lua: would notice"
    assert.same({}, faults_of { "a", "must", ours = "tnt.train", spec = proof })
    assert.matches("has no 'trian'", faults_of { "a", "must", ours = "tnt.trian", spec = proof }[1],
      1, true)
    assert.matches("names no test", faults_of { "a", "must", ours = "tnt.train",
      spec = "spec/parity/torchtnt_spec.lua: would never" }[1], 1, true)
    assert.matches("does not exist", faults_of { "a", "must", ours = "tnt.train",
      spec = "spec/parity/gone_spec.lua: would" }[1], 1, true)
    assert.matches("or the reason", faults_of { "a", "must", ours = "tnt.train" }[1], 1, true)
    assert.matches("not done yet", faults_of { "a", "must", pending = "x" }[1], 1, true)
    assert.equal(2, #faults { sections = { { title = "t", count = 1, rows = {} } }, count = 1,
      weights = {} })
  end)

  it("knows options, fields, events, commands and files", function()
    for _, good in ipairs { "tnt.fit{max_epochs, hooks}", "tnt.AutoUnit{ema}", "state.batch",
      "state:log", "on_train_step_end", "on_step_end", "tntlua -m tnt.env", "tntlua --version",
      "examples/digits/train.lua", "tnt.nn.Module:train", "unit:app_state" } do
      assert.is_nil(names.fault(good), good)
    end
    for _, bad in ipairs { "tnt.fit{epochs}", "tnt.AutoUnit{emma}", "state.bach", "state:lag",
      "on_trian_step_end", "tntlua -m tnt.nothing", "tntlua --nothing", "examples/nothing.lua",
      "tnt.nn.Module:trian", "elsewhere.x" } do
      assert.is_string(names.fault(bad), bad)
    end
  end)
end)

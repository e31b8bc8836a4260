local balance = require "spec.balance"
local errors = require "tnt.errors"
local scratch = require "spec.log.scratch"
local tnt = require "tnt"

local Unit = tnt.TrainUnit:extend "Unit"
function Unit:train_step() return tnt.zeros(1000, 100):sum() end
function Unit:eval_step() return tnt.zeros(100, 100):sum() end

local function run(hooks, options)
  local given = {
    train_dataloader = { 1, 2, 3, 4 }, eval_dataloader = { 1 }, max_epochs = 1,
    evaluate_every_n_steps = 2, evaluate_every_n_epochs = 0, hooks = hooks, bar = false,
  }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  return pcall(tnt.fit, Unit(), given)
end

local function rows_of(path)
  local rows = {}
  for line in scratch.read(path):gmatch "[^\n]+" do
    local row = {}
    for cell in line:gmatch "[^,]+" do row[#row + 1] = tonumber(cell) or cell end
    rows[#rows + 1] = row
  end
  return rows
end

local function columns(rows)
  local list = {}
  for i = 2, #rows do list[i - 1] = table.concat(rows[i], " ", 1, 3) end
  return list
end

describe("MemorySnapshot", function()
  teardown(scratch.clean)
  balance.file(setup, teardown)
  before_each(function() scratch.warnings = {} end)

  it("writes what tensors hold at steps and epochs", function()
    local dir = scratch.directory()
    assert(run({ tnt.hooks.MemorySnapshot() }, { dir = dir }))
    local rows = rows_of(dir .. "/memory.csv")
    assert.same({ "at", "phase", "step", "live_bytes" }, { unpack(rows[1], 1, 4) })
    assert.equal(11, #rows[1])
    assert.same({
      "step train 1", "step train 2", "step eval 1", "epoch eval 1", "step train 3",
      "step train 4", "step eval 2", "epoch eval 2", "epoch train 4",
    }, columns(rows))
    -- A train step holds a tensor of 400 kB, an evaluation's one of 40 kB; after them there is
    -- none.
    assert.is_true(rows[2][4] >= 400000)
    assert.is_true(rows[4][4] >= 40000 and rows[4][4] < 400000)
    assert.is_true(rows[10][4] < 40000)
  end)

  it("looks at the steps it is told, and moves an older file aside", function()
    local dir = scratch.directory()
    for _ = 1, 2 do
      assert(run({ tnt.hooks.MemorySnapshot { start_step = 2, stop_step = 5, every = 2 } },
        { dir = dir }))
    end
    local expected = { "step train 2", "epoch eval 1", "step train 3" }
    assert.same(expected, columns(rows_of(dir .. "/memory.csv")))
    assert.same(expected, columns(rows_of(dir .. "/memory.1.csv")))
  end)

  it("adds a last row when memory runs out", function()
    local dir = scratch.directory()
    local hook = tnt.hooks.MemorySnapshot { start_step = 100 }
    local function fail(kind)
      return { on_train_step_end = function() errors.raise(kind, "no") end }
    end
    assert.is_false(run({ hook, fail "memory" }, { dir = dir }))
    assert.same({ "error train 1" }, columns(rows_of(dir .. "/memory.csv")))
    assert.is_nil(hook.file)
    assert.is_false(run({ hook, fail "shape" }, { dir = dir }))
    assert.same({}, columns(rows_of(dir .. "/memory.csv")))
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs {
      { start_step = 0 }, { stop_step = 0 }, { start_step = 5, stop_step = 4 }, { every = 0 },
      { path = "" },
    } do
      assert.equal("argument", scratch.failure(tnt.hooks.MemorySnapshot, options).kind)
    end
    local ok, err = run { tnt.hooks.MemorySnapshot() }
    assert.is_false(ok)
    assert.truthy(tostring(err):find("where to write is missing", 1, true))
  end)
end)

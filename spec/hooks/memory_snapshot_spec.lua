local balance = require "spec.balance"
local cjson = require "cjson"
local core = require "tnt.core"
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

local function files_in(dir)
  local names = {}
  for name in require("lfs").dir(dir) do
    if name:find "^memory_" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function snapshot_in(dir, name) return cjson.decode(scratch.read(dir .. "/" .. name)) end

-- How many tensors of that many bytes or a bit more were made.
local function made(snapshot, bytes)
  local n = 0
  for _, event in ipairs(snapshot.events) do
    if event.action == "alloc" and event.bytes >= bytes and event.bytes < bytes * 1.25 then
      n = n + 1
    end
  end
  return n
end

describe("MemorySnapshot", function()
  teardown(scratch.clean)
  balance.file(setup, teardown)
  before_each(function() scratch.warnings = {} end)

  it("writes the history between two steps, evaluations' steps counted too", function()
    local dir = scratch.directory()
    -- train 1, train 2, eval 1, train 3: the window holds the last two
    assert(run({ tnt.hooks.MemorySnapshot { start_step = 2, stop_step = 4 } }, { dir = dir }))
    assert.same({ "memory_step_4.json" }, files_in(dir))
    local snapshot = snapshot_in(dir, "memory_step_4.json")
    assert.same({ 1, 1 }, { made(snapshot, 400000), made(snapshot, 40000) })
    assert.equal(0, snapshot.lost)
    local seen = {}
    for _, event in ipairs(snapshot.events) do
      if event.action == "alloc" then
        assert.equal("forward", event.phase)
        assert.truthy(event.line:find "memory_snapshot_spec.lua:%d+$")
        seen[event.op or "none"] = true
      end
    end
    assert.same({ none = true, sum = true }, seen)
    assert.equal(0, core.context.call)
  end)

  it("begins with the run at step 0, and moves an older file aside", function()
    local dir = scratch.directory()
    for _ = 1, 2 do
      assert(run({ tnt.hooks.MemorySnapshot { start_step = 0, stop_step = 1, oom = false } },
        { dir = dir }))
    end
    assert.same({ "memory_step_1.1.json", "memory_step_1.json" }, files_in(dir))
    assert.equal(1, made(snapshot_in(dir, "memory_step_1.json"), 400000))
  end)

  it("keeps the newest events when there are more than it may keep", function()
    local dir = scratch.directory()
    assert(run({ tnt.hooks.MemorySnapshot { start_step = 0, stop_step = 4, max_entries = 5 } },
      { dir = dir }))
    local snapshot = snapshot_in(dir, "memory_step_4.json")
    assert.equal(5, #snapshot.events)
    assert.is_true(snapshot.lost > 0)
    assert.equal(snapshot.lost + 1, snapshot.events[1].number)
  end)

  it("writes what led there when memory runs out", function()
    local dir, huge = scratch.directory(), 2 ^ 46
    local bad = { on_train_step_end = function(_, state)
      if state.progress.num_steps_completed == 3 then tnt.zeros(huge) end
    end }
    local hook = tnt.hooks.MemorySnapshot { stop_step = false }
    local ok, err = run({ hook, bad }, { dir = dir })
    assert.is_false(ok)
    assert.is_true(tnt.is_out_of_memory(err))
    assert.same({ "memory_oom.json" }, files_in(dir))
    local snapshot = snapshot_in(dir, "memory_oom.json")
    assert.equal(3, made(snapshot, 400000))
    local last
    for _, event in ipairs(snapshot.events) do if event.action == "oom" then last = event end end
    assert.equal(4 * huge, last.bytes)
    -- After stop_step, without it, and for other errors there is nothing.
    for _, case in ipairs {
      { { stop_step = 2 }, bad }, { { start_step = 3, stop_step = 9, oom = false }, bad },
      { {}, { on_train_step_end = function() errors.raise("shape", "no") end } },
    } do
      dir = scratch.directory()
      assert.is_false((run({ tnt.hooks.MemorySnapshot(case[1]), case[2] }, { dir = dir })))
      assert.same({}, files_in(dir))
      assert.is_false(require("tnt.memory.snapshot").is_on())
    end
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs {
      { start_step = -1 }, { stop_step = 0 }, { start_step = 5, stop_step = 5 },
      { start_step = 1, stop_step = false }, { oom = false }, { max_entries = 0 }, { dir = "" },
      { enable_oom_observer = true },
    } do
      assert.equal("argument", scratch.failure(tnt.hooks.MemorySnapshot, options).kind)
    end
    local ok, err = run { tnt.hooks.MemorySnapshot() }
    assert.is_false(ok)
    assert.truthy(tostring(err):find("where to write is missing", 1, true))
    local dir = scratch.directory()
    local _, clash = tnt.memory_snapshot(function()
      return select(2, run({ tnt.hooks.MemorySnapshot() }, { dir = dir }))
    end)
    assert.equal("state", clash.kind)
  end)
end)

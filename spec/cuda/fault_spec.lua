-- What goes wrong on a card: found where somebody waits, or at its op with TNT_SYNC=1; after an
-- error that the card does not recover from, everything says so. #cuda
local card = require "spec.cuda.card"
local process = require "spec.cli.process"

if not card.available "faults" then return end

local function run(script, env)
  local out, err, status = process.run({ "-e", script }, { env = env })
  assert(status == 0, err)
  return out
end

local bad_id = [[
local tnt = require "tnt"
local x = tnt.ones({ 3, 4 }, { device = "cuda" })
local ids = tnt.tensor({ 0, 7 }, { dtype = "i64" }):to "cuda"
local ok, err = pcall(x.index_select, x, 1, ids)
print(ok, ok or err.message)
ok, err = pcall(function() return x:sum():item() end)
print(ok, ok and err or err.message)
ok, err = pcall(function() return x:sum():item() end)
print(ok, ok and err or err.message)
]]

describe("faults #cuda", function()
  it("are found where somebody waits, once", function()
    local first, second, third = run(bad_id):match "^(.-)\n(.-)\n(.-)\n"
    assert.equal("true\ttrue", first)
    assert.matches("^false.*index_select: .*0..2, element 2 is 7", second)
    assert.equal("true\t12", third)
  end)

  it("are found at their op with TNT_SYNC=1", function()
    local first, second, third = run(bad_id, "TNT_SYNC=1"):match "^(.-)\n(.-)\n(.-)\n"
    assert.matches("^false.*index_select: .*0..2, element 2 is 7", first)
    assert.equal("true\t12", second)
    assert.equal("true\t12", third)
  end)

  it("that lose the card are named ever after", function()
    if not card.emulated() then return pending "a real card is not to be lost" end
    for _, sync in ipairs { "0", "1" } do
      local out = run([[
local tnt = require "tnt"
local x = tnt.ones({ 40 }, { device = "cuda" })
local function try(f)
  local ok, err = pcall(f)
  print(ok, ok or err.kind, ok or err.message)
end
try(function() return x:cumsum(1) end)
try(function() return x:sum():item() end)
try(function() return tnt.zeros(3, { device = "cuda" }) + 1 end)
try(function() tnt.cuda.synchronize() end)
try(function() return tnt.ones(2) + 1 end)
]], "TNT_EMULATED_FAULT=rows_kernel TNT_SYNC=" .. sync)
      local lines = {}
      for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
      assert.equal(5, #lines, out)
      if sync == "1" then
        assert.matches("^false\tcuda\t.*cumsum: ", lines[1])
        assert.matches("lost since an earlier error %(cumsum: ", lines[2])
      else
        assert.equal("true\ttrue\ttrue", lines[1])
      end
      for k = 2, 4 do
        assert.matches("^false\tcuda\t", lines[k])
        if k > 2 then assert.matches("the card is lost since an earlier error", lines[k]) end
      end
      assert.equal("true\ttrue\ttrue", lines[5])
    end
  end)

  it("that lose the card say what to do", function()
    if not card.emulated() then return pending "a real card is not to be lost" end
    local out = run([[
local tnt = require "tnt"
local x = tnt.ones({ 40 }, { device = "cuda" })
print((select(2, pcall(function() return x:cumsum(1):sum():item() end)).message))
print((select(2, pcall(function() return x + 1 end)).message))
print(pcall(tnt.cuda.memory_summary))
print(select(2, tnt.cuda.is_available()))
]], "TNT_EMULATED_FAULT=rows_kernel")
    local first, second = out:match "^(.-)\n(.-)\n"
    assert.matches("illegal memory access", first)
    assert.matches("TNT_SYNC=1", first, 1, true)
    assert.matches("start the program again, with TNT_SYNC=1 to learn which op it was", second, 1,
      true)
    assert.matches("illegal memory access", second)
  end)
end)

-- A training whose card is lost in its fifth step, or in which a signal comes then.
local training = [[
local ffi = require "ffi"
local tnt = require "tnt"
ffi.cdef "int setenv(const char *, const char *, int); int raise(int);"
local what, dir = "%s", "%s"
local w = tnt.nn.Parameter(tnt.ones({ 40 }, { device = "cuda" }))
local Unit = tnt.AutoUnit { module = tnt.nn.Module(),
  optimizer = tnt.optim.SGD({ w }, { lr = 0.1 }), device = "cuda",
  compute_loss = function(_, state, batch)
    local loss = (w * batch):cumsum(1):sum()
    state:log("loss", loss)
    return loss
  end }
Unit.module:register_parameter("w", w)
local batches = {}
for i = 1, 8 do batches[i] = tnt.full({ 40 }, i) end
local first
local hook = { on_train_step_start = function(_, _, unit)
  first = first or unit.train_progress.num_steps_completed
  if unit.train_progress.num_steps_completed ~= 4 then return end
  if what == "lost" then ffi.C.setenv("TNT_EMULATED_FAULT", "rows_kernel", 1) end
  if what == "signal" then ffi.C.raise(2) end
end }
local ok, err = pcall(tnt.train, Unit, { train_dataloader = batches, max_epochs = 1, bar = false,
  dir = dir, resume = what == "resume" and "auto" or nil,
  hooks = { hook, tnt.hooks.Checkpoint { save_every_n_train_steps = 2 } } })
if ok then print(ok, first, Unit.train_progress.num_steps_completed) end
if not ok then print(ok, err.kind, err.message) end
]]

local function names_in(folder)
  local names = {}
  for name in require("lfs").dir(folder) do
    if name:find "train" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

describe("a training #cuda", function()
  it("whose card is lost keeps what was taken to the host, and says why it ended", function()
    if not card.emulated() then return pending "a real card is not to be lost" end
    local dir = process.directory()
    local out, err, status = process.run({ "-e", training:format("lost", dir) }, {})
    assert.equal(0, status, err)
    assert.matches("^false\tcuda\t.*illegal memory access", out)
    local names = names_in(dir .. "/checkpoints")
    assert.equal(2, #names, table.concat(names, " "))
    assert.matches("step_4", names[2], 1, true)
    assert.matches("lost", err)
    out, err, status = process.run({ "-e", training:format("resume", dir) }, {})
    assert.equal(0, status, err)
    assert.equal("true\t4\t8\n", out)
  end)

  it("that a signal interrupts ends with the step, and its checkpoint holds it", function()
    local dir = process.directory()
    local out, err, status = process.run({ "-e", training:format("signal", dir) }, {})
    assert.equal(0, status, err)
    assert.matches("^false\tinterrupted\t", out)
    local names = names_in(dir .. "/checkpoints")
    assert.matches("step_5", names[#names], 1, true)
  end)

  it("has a card that goes on after an operation was interrupted", function()
    local out, err, status = process.run({ "-e", [[
local tnt, ffi = require "tnt", require "ffi"
local core, interrupt = require "tnt.core", require "tnt.interrupt"
local x = tnt.ones({ 1000 }, { device = "cuda" })
interrupt.begin()
core.C.tnt_interrupt_raise(2)
print(interrupt.pending())
core.C.tnt_interrupt_raise(2)
local ok, e = pcall(function()
  for _ = 1, 100000 do x:add_(1) end -- the card is far behind
end)
print(ok, e.kind, e.message)
interrupt.finish()
print(x:min():item() == x:max():item(), (x + 1):sum():item() > 0)
]] }, {})
    assert.equal(0, status, err)
    assert.equal("SIGINT\nfalse\tinterrupted\tadd: interrupted\ntrue\ttrue\n", out)
  end)

  it("that runs out of memory in a captured step's warm-up, or its capture, says so", function()
    if not card.emulated() then return pending "a real card has too much of it" end
    local MB = 2 ^ 20
    for _, case in ipairs { { 1, "false\tmemory" }, { 4, "false\tmemory" } } do
      local out, err, status = process.run({ "-e", ([[
local tnt = require "tnt"
local MB, call, held = 2 ^ 20, 0, nil
local x = tnt.ones({ MB }, { device = "cuda" })
local graph = tnt.Graph { function(a)
  call = call + 1
  if call == %d then held = tnt.empty({ 30 * MB }, { device = "cuda", dtype = "u8" }) end
  return (a * 2):sum()
end }
for _ = 1, 6 do
  local ok, y = pcall(graph.run, graph, x)
  print(ok, ok and y:item() or y.kind)
end
graph:release()
print(x:sum():item(), (x + x):sum():item())
]]):format(case[1]) }, { env = "TNT_EMULATED_BYTES=" .. 40 * MB })
      assert.equal(0, status, err)
      assert.truthy(out:find(case[2], 1, true), out)
      assert.matches("1048576\t2097152\n$", out)
    end
  end)
end)

describe("pinned memory that is exhausted #cuda", function()
  it("is refused where it is asked for, and done without where it only helps", function()
    if not card.emulated() then return pending "a real machine has too much of it" end
    local out, err, status = process.run({ "-e", [[
local tnt = require "tnt"
local big = tnt.ones({ 3 * 2 ^ 20 })
local ok, e = pcall(big.pin_memory, big)
print(ok, e.kind, e.message)
for _ = 1, 2 do
  local x = tnt.data.to_device({ big }, "cuda")[1]
  print(x.device, x:sum():item())
end
local set = tnt.data.tensors { x = tnt.ones(4, 2 ^ 20) }
for batch in tnt.data.DataLoader(set, { batch_size = 4, pin_memory = true }):iterate() do
  print(batch.x:is_pinned(), batch.x:to("cuda"):sum():item())
end
-- values read later fit in what there is, or are waited for
local core, ffi = require "tnt.core", require "ffi"
local at, number = ffi.new "tnt_reading *[1]", ffi.new "double[1]"
for i = 1, 3 do
  core.check(core.C.tnt_reading_begin(at, tnt.full({ 1 }, i, { device = "cuda" })))
  core.check(core.C.tnt_reading_finish(number, 1, at[0]))
  print(number[0])
end
]] }, { env = "TNT_EMULATED_PINNED=" .. 8192 })
    assert.equal(0, status, err)
    local lines = {}
    for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.matches("^false\tmemory\tpin: no 12%.6 MB of pinned memory to be had", lines[1])
    assert.same({ "cuda:0\t3145728", "cuda:0\t3145728", "false\t4194304", "1", "2", "3" },
      { unpack(lines, 2) })
    local _, told = err:gsub("warning: no pinned memory", "")
    assert.equal(1, told)
  end)
end)

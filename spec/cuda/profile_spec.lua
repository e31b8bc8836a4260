-- Profiles of work on cards: rows of streams in traces, device time in tables, captured steps, no
-- waits on the way; names for NVIDIA's tools. #cuda
local balance = require "spec.balance"
local card = require "spec.cuda.card"
local cjson = require "cjson"
local process = require "spec.cli.process"
local tnt = require "tnt"

if not card.available "profiles of cards" then return end

local function trace_of(profile)
  local path = os.tmpname()
  profile:save(path)
  local file = assert(io.open(path))
  local rows, events = {}, {}
  for _, event in ipairs(cjson.decode(file:read "*a")) do
    if event.ph == "M" and event.name == "thread_name" then rows[event.tid] = event.args.name end
    if event.ph == "X" then events[#events + 1] = event end
  end
  file:close()
  os.remove(path)
  local by_row = {}
  for _, event in ipairs(events) do
    local name = rows[event.tid]
    by_row[name] = by_row[name] or {}
    table.insert(by_row[name], event)
  end
  return by_row
end

local function names(events)
  local list = {}
  for i, event in ipairs(events) do list[i] = event.name end
  return list
end

local function row_of(profile, name)
  for _, row in ipairs(profile:rows()) do
    if row.name == name then return row end
  end
end

describe("tnt.profile on a card #cuda", function()
  local x = tnt.ones({ 8, 8 }, { device = "cuda" })

  it("has a row for each stream, in the order of its work and in the host's time", function()
    local host = tnt.ones { 8, 8 }
    local profile = tnt.profile(function()
      local y = tnt.data.to_device(host, "cuda"):mul(x):add_(1)
      y:sum():item()
    end)
    local rows = trace_of(profile)
    assert.same({ "mul", "add_", "sum", "copy from the card" }, names(rows["cuda:0 compute"]))
    assert.same({ "copy to the card" }, names(rows["cuda:0 copy"]))
    assert.equal(4 * 64, rows["cuda:0 copy"][1].args.bytes)
    local whole
    for _, event in ipairs(rows.main) do
      if event.name == "profile" then whole = event end
    end
    for _, row in ipairs { "cuda:0 compute", "cuda:0 copy" } do
      local ended = whole.ts - 2e3 -- the clocks were read within microseconds of each other
      for _, event in ipairs(rows[row]) do
        assert.equal("card", event.cat)
        assert.is_true(event.ts >= ended - 0.001, event.name)
        assert.is_true(event.dur > 0 or card.emulated())
        ended = event.ts + event.dur
      end
    end
    -- waited for by item(), so it was done before the function returned
    local last = rows["cuda:0 compute"][4]
    assert.is_true(last.ts + last.dur <= whole.ts + whole.dur + 2e3)
  end)

  it("adds up the time on the card, by operation and by gradient", function()
    local w = tnt.ones({ 8, 8 }, { device = "cuda", requires_grad = true })
    local profile = tnt.profile(function() x:matmul(w):sum():backward() end)
    local sum = 0
    for _, row in ipairs(profile:rows { kinds = { "op", "card" } }) do sum = sum + row.device end
    local forward, gradient = row_of(profile, "matmul"), row_of(profile, "gradient of matmul")
    assert.is_true(forward.device > 0)
    assert.is_true(gradient.device > 0 and gradient.device < forward.device)
    local by_device = profile:rows { sort = "device", kinds = { "op" } }
    assert.is_true(by_device[1].device >= by_device[2].device)
    local text = profile:table()
    assert.matches("kernel +device +FLOPs", text)
    assert.matches("device time in all %d", text)
    assert.is_true(sum > 0)
    local plain = tnt.profile(function() return tnt.ones(3) + 1 end)
    assert.is_nil(plain:table():find("device", 1, true))
    assert.equal(0, row_of(plain, "add").device)
  end)

  it("waits for nothing between its beginning and its end, and uses marks again", function()
    if not card.emulated() then return pending "the emulated card counts" end
    local function work()
      local waits, pending_before = card.waits(), card.pending()
      for _ = 1, 2000 do x:add(1):free() end
      assert.equal(waits, card.waits())
      return card.pending() - pending_before
    end
    assert.is_true(select(2, tnt.profile(work)) > 0)
    local events = card.events_made()
    local profile = tnt.profile(work)
    assert.equal(2000, row_of(profile, "add").calls)
    assert.equal(2000, #trace_of(profile)["cuda:0 compute"])
    assert.is_true(card.events_made() - events < 10) -- of 4000 marks
  end)

  it("keeps no more than it is told to", function()
    local profile = tnt.profile({ max_ops = 5 }, function()
      for _ = 1, 9 do x:add(1):free() end
    end)
    assert.equal(5, #trace_of(profile)["cuda:0 compute"])
  end)

  it("shows a captured step as one", function()
    local graph = tnt.Graph { function(a) return (a * 2):exp():sum() end }
    local results = {}
    local profile = tnt.profile(function()
      for i = 1, 6 do results[i] = graph:run(x):item() end
    end)
    local n, ops = 0, 0
    for _, event in ipairs(trace_of(profile)["cuda:0 compute"]) do
      if event.name == "captured step" then n = n + 1 end
      if event.name == "exp" then ops = ops + 1 end
    end
    assert.same({ 3, 3 }, { n, ops })
    assert.equal(3, row_of(profile, "captured step").calls)
    assert.equal(results[1], results[6])
    graph:release()
  end)

  it("has rows for every card", function()
    if tnt.cuda.device_count() < 2 then return pending "there is one card" end
    local profile = tnt.profile(function()
      local y = x:add(1)
      local z = y:to "cuda:1"
      return z:mul(2)
    end)
    local rows = trace_of(profile)
    assert.same({ "add" }, names(rows["cuda:0 compute"]))
    assert.same({ "copy between cards", "mul" }, names(rows["cuda:1 compute"]))
  end)

  it("is also what the hook writes", function()
    local dir = process.directory()
    local w = tnt.nn.Parameter(tnt.ones({ 4 }, { device = "cuda" }))
    local unit = tnt.AutoUnit { module = tnt.nn.Module(), device = "cuda",
      optimizer = tnt.optim.SGD({ w }, { lr = 0.1 }),
      compute_loss = function(_, _, batch) return (w * batch):sum() end }
    local batches, texts = {}, {}
    for i = 1, 12 do batches[i] = tnt.full({ 4 }, i) end
    local profiler = tnt.hooks.Profiler { path = dir .. "/trace.json", warmup = 2, active = 3,
      ready = function(profile) texts[#texts + 1] = profile:table() end }
    tnt.train(unit, { train_dataloader = batches, max_epochs = 1, bar = false,
      hooks = { profiler } })
    assert.matches("device", texts[1])
    local steps = 0
    for _, event in ipairs(trace_of(profiler.profile)["cuda:0 compute"]) do
      if event.name == "mul" and event.args.phase == "forward" then steps = steps + 1 end
    end
    assert.equal(3, steps)
  end)

  it("leaves no memory behind", function()
    balance.of(function()
      tnt.profile(function() x:add(1):free() end)
    end)
  end)
end)

describe("TNT_NVTX #cuda", function()
  it("names every operation to NVIDIA's tools, within each other", function()
    if not card.emulated() then return pending "the emulator writes the names down" end
    local script = [[
local tnt, ffi = require "tnt", require "ffi"
local x = tnt.ones({ 3 }, { device = "cuda" })
local w = tnt.ones({ 3 }, { device = "cuda", requires_grad = true })
ffi.cdef "const char *emulator_names(void);"
local library = ffi.load(os.getenv "TNT_CUDA_LIBRARY")
local before
local m = x:view(1, 3)
before = #ffi.string(library.emulator_names())
local ok = pcall(m.mm, m, m)
x:mul(w):sum():backward()
print(ok, (ffi.string(library.emulator_names()):sub(before + 1)))
]]
    local out, err, status = process.run({ "-e", script }, { env = "TNT_NVTX=1" })
    assert.equal(0, status, err)
    assert.matches("^false\tmatmul%(%)mul%(%)sum%(%).*mul%(%)", out)
    local _, opened = out:gsub("%(", "")
    local _, closed = out:gsub("%)", "")
    assert.equal(opened, closed)
    out = process.run({ "-e", script }, { env = "TNT_NVTX=0" })
    assert.equal("false\t\n", out)
  end)
end)

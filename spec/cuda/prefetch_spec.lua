-- Batches on their way to a card beside its steps: the loops, DevicePrefetcher and DataLoader wait
-- for nothing but the values logged a step before, and memory stays as it is. #cuda
local card = require "spec.cuda.card"
local tnt = require "tnt"

if not card.available "batches beside steps" then return end

local nn, optim = tnt.nn, tnt.optim

local function data(n)
  tnt.seed(4)
  local x = tnt.rand { n, 6 }
  return tnt.data.tensors { x = x, y = (x:narrow(2, 1, 1) - x:narrow(2, 2, 1)):contiguous() }
end

local function unit_on(device, options)
  tnt.seed(7)
  local net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
  if device then net:to(device) end
  local o = {
    net, optimizer = optim.SGD(net:parameters(), { lr = 0.1 }), clip_grad_norm = 1,
    compute_loss = function(unit, _, batch)
      local d = unit.module(batch.x) - batch.y
      return d:mul(d):mean()
    end,
  }
  for name, value in pairs(options or {}) do o[name] = value end
  return tnt.AutoUnit(o)
end

local function loader_of(options)
  options.batch_size, options.shuffle, options.seed = 4, true, 5
  return tnt.data.DataLoader(data(80), options)
end

local function weights(unit) return unit.module:parameters()[1]:detach():cpu():totable() end

-- A hook that looks between steps: what was waited for, and the card's memory.
local function watch(from)
  local seen = { waits = {}, pending = {}, live = {}, allocations = {}, tensors = {} }
  local hook = {}
  function hook.on_train_step_start(_, state)
    if state.progress.num_steps_completed < from then return end
    collectgarbage()
    local memory = tnt.cuda.memory()
    if card.emulated() then
      seen.waits[#seen.waits + 1], seen.pending[#seen.pending + 1] = card.waits(), card.pending()
    end
    seen.live[#seen.live + 1] = memory.live
    seen.allocations[#seen.allocations + 1] = memory.allocations
    seen.tensors[#seen.tensors + 1] = tnt.memory().live_tensors
  end
  return hook, seen
end

local function constant(list, what)
  assert.is_true(#list > 1)
  for i = 2, #list do
    assert.equal(list[1], list[i], ("%s, look %d of %d"):format(what, i, #list))
  end
end

-- Less it may become, when something of an earlier test is collected.
local function no_more(before, now, what, i)
  assert.is_true(now <= before, ("%s at look %d: %d, before %d"):format(what, i, now, before))
end

local loaders = {
  ["a list"] = function()
    local list = {}
    for batch in loader_of({}):iterate() do list[#list + 1] = batch end
    return list
  end,
  ["a DataLoader"] = function() return loader_of {} end,
  ["pinned batches"] = function() return loader_of { pin_memory = true } end,
  ["workers' pinned batches"] = function()
    return loader_of { pin_memory = true, num_workers = 2 }
  end,
  ["a DevicePrefetcher"] = function()
    return tnt.data.DevicePrefetcher(loader_of {}, "cuda", { num_prefetch_batches = 2 })
  end,
}

describe("batches beside steps #cuda", function()
  for name, make in require "tnt.sorted"(loaders) do
    it("of " .. name .. ": no step waits for itself, and memory is flat", function()
      local loader = make()
      local hook, seen = watch(20)
      local unit = unit_on "cuda"
      local logged = {}
      tnt.train(unit, {
        train_dataloader = loader, max_epochs = 11, hooks = { hook }, bar = false,
        loggers = { { log = function(_, record)
          if record.at == "step" then logged[#logged + 1] = record.values["train/loss"] end
        end } },
      })
      assert.equal(220, #logged)
      assert.is_true(logged[220] < logged[1] / 4)
      if card.caches() then constant(seen.allocations, "system allocations") end
      -- at an epoch's beginning and end other batches are ahead
      for first = 1, #seen.live, 20 do
        for i = first + 2, first + 15 do
          no_more(seen.live[3], seen.live[i], "live bytes", i)
          no_more(seen.tensors[3], seen.tensors[i], "live tensors", i)
        end
      end
      if card.emulated() and card.caches() then
        constant(seen.waits, "waits for all work")
        for _, undone in ipairs(seen.pending) do assert.is_true(undone > 0) end
      end
      if type(loader.close) == "function" then loader:close() end
    end)
  end

  it("train as they do on the CPU", function()
    local function trained(device, make)
      local unit = unit_on(device)
      local loader = make()
      tnt.train(unit, { train_dataloader = loader, max_epochs = 2, bar = false })
      if type(loader.close) == "function" then loader:close() end
      return weights(unit)
    end
    local want, first = trained(nil, loaders["a DataLoader"]), nil
    for name, make in require "tnt.sorted"(loaders) do
      local got = trained("cuda", make)
      if name ~= "a list" then -- which has one order for all epochs
        first = first or got
        assert.same(first, got, name)
        for i, row in ipairs(want) do
          for k, value in ipairs(row) do
            assert.is_true(math.abs(value - got[i][k]) < 1e-4, name)
          end
        end
      end
    end
  end)

  it("resume at the batch that was not consumed", function()
    for _, ahead in ipairs { 1, 3 } do
      local loader = tnt.data.DevicePrefetcher(loader_of {}, "cuda",
        { num_prefetch_batches = ahead })
      local next_batch = loader:iterate()
      for _ = 1, 7 do next_batch() end
      local position = loader:state_dict()
      local want = next_batch().x:cpu():totable()
      local again = tnt.data.DevicePrefetcher(loader_of {}, "cuda")
      again:load_state_dict(position)
      local got = again:iterate()().x
      assert.equal("cuda:0", got.device)
      assert.same(want, got:cpu():totable())
    end
  end)

  it("come pinned from a DataLoader that is told so", function()
    for _, workers in ipairs { 0, 1 } do
      local loader = loader_of { pin_memory = true, num_workers = workers }
      local plain = loader_of {}
      local other = plain:iterate()
      local n = 0
      for batch in loader:iterate() do
        assert.is_true(batch.x:is_pinned())
        assert.is_true(batch.y:is_pinned())
        assert.same(other().x:totable(), batch.x:totable())
        n = n + 1
      end
      assert.equal(20, n)
      loader:close()
    end
    local ok, err = pcall(loader_of, { pin_memory = "yes" })
    assert.is_false(ok)
    assert.equal("argument", err.kind)
  end)
end)

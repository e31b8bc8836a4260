local balance = require "spec.balance"
local tnt = require "tnt"

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

-- A loader of numbers that says what was asked of it.
local function counting(n)
  local log = {}
  return {
    log = log,
    iterate = function()
      local at = 0
      return function()
        at = at + 1
        log[#log + 1] = at
        if at <= n then return { x = tnt.full({ 2 }, at) } end
      end
    end,
    size = function() return n end,
  }
end

local function values(loader, limit)
  local list = {}
  for batch in loader:iterate() do
    list[#list + 1] = batch.x:view(-1)[1]:item()
    if #list == limit then break end
  end
  return list
end

local function data_loader(options)
  options = options or {}
  options.batch_size, options.shuffle, options.seed = 2, true, 5
  return tnt.data.DataLoader(tnt.data.tensors { x = tnt.arange(10):to "f32" }, options)
end

describe("tnt.data.DevicePrefetcher", function()
  it("gives the loader's batches in order, as many ahead as it was told", function()
    for ahead = 1, 4 do
      local inner = counting(5)
      local loader = tnt.data.DevicePrefetcher(inner, "cpu", { num_prefetch_batches = ahead })
      assert.equal(5, loader:size())
      assert.equal(0, #inner.log) -- nothing is read before the first batch is asked for
      local next_batch = loader:iterate()
      for i = 1, 5 do
        assert.equal(i, next_batch().x[1]:item())
        assert.equal(math.min(i + ahead, 6), #inner.log)
      end
      assert.is_nil(next_batch())
      assert.is_nil(next_batch())
      assert.equal(6, #inner.log) -- the end is asked for once
      assert.same({ 1, 2, 3, 4, 5 }, values(loader))
    end
  end)

  it("moves nests to the device, each tensor once", function()
    local asked = {}
    local thing = { n = 0 }
    setmetatable(thing, { __index = { to = function(self, device)
      self.n = self.n + 1
      asked[#asked + 1] = device
      return self
    end } })
    local shared = { tnt.ones(2) }
    local nest = { a = shared, b = { shared, "text", 3, true }, thing = thing }
    nest.self = nest
    local moved = tnt.data.to_device(nest, "cpu")
    assert.not_equal(nest, moved)
    assert.equal(moved, moved.self)
    assert.equal(moved.a, moved.b[1])
    assert.equal(shared[1], moved.a[1]) -- it is there already
    assert.same({ "text", 3, true }, { moved.b[2], moved.b[3], moved.b[4] })
    assert.equal(thing, moved.thing)
    assert.same({ "cpu" }, asked)
    assert.equal(5, tnt.data.to_device(5, "cpu"))
    assert.equal("argument", failure(tnt.data.to_device, {}, 3).kind)
  end)

  it("asks what was fetched to move while the batch before is in use", function()
    local steps = {}
    local object = setmetatable({}, { __index = { to = function(self, device)
      steps[#steps + 1] = "to " .. device
      return self
    end } })
    local loader = tnt.data.DevicePrefetcher({ { object }, { object } }, "cpu")
    for _ in loader:iterate() do steps[#steps + 1] = "step" end
    assert.same({ "to cpu", "to cpu", "step", "step" }, steps)
  end)

  it("has the position of the last batch handed out", function()
    for workers = 0, 2, 2 do
      local whole = values(data_loader())
      for done = 0, 5 do
        local first = tnt.data.DevicePrefetcher(data_loader { num_workers = workers }, "cpu",
          { num_prefetch_batches = 3 })
        local next_batch = first:iterate()
        local seen = {}
        for i = 1, done do seen[i] = next_batch().x[1]:item() end
        local state = first:state_dict()
        local second = tnt.data.DevicePrefetcher(data_loader { num_workers = workers }, "cpu")
        second:load_state_dict(state)
        for _, value in ipairs(values(second)) do seen[#seen + 1] = value end
        assert.same(whole, seen)
        first:close()
        second:close()
      end
    end
  end)

  it("trains in fit to the weights of a run without it, resumed at any step too", function()
    local function run(wrap, stops)
      local dir = os.tmpname()
      os.remove(dir)
      local net
      for i = 1, #stops do
        tnt.seed(3)
        net = tnt.nn.Linear(1, 1)
        local loader = data_loader()
        if wrap then
          loader = tnt.data.DevicePrefetcher(loader, "cpu", { num_prefetch_batches = 2 })
        end
        tnt.fit(tnt.AutoUnit {
          module = net, optimizer = tnt.optim.SGD(net:parameters(), { lr = 1e-3 }),
          compute_loss = function(self, _, batch)
            return (self.module(batch.x:view(-1, 1)) - 1):pow(2):mean()
          end,
        }, {
          train_dataloader = loader, eval_dataloader = { { x = tnt.ones(2) } }, max_epochs = 2,
          max_steps = stops[i], bar = false, dir = dir, resume = "auto",
          hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1 } },
        })
      end
      os.execute("rm -rf '" .. dir .. "'")
      return { net.weight:item(), net.bias:item() }
    end
    local expected = run(false, { 10 })
    assert.same(expected, run(true, { 10 }))
    assert.same(expected, run(true, { 3, 5, 6, 10 }))
  end)

  it("loses nothing of a loader that goes on where it stopped", function()
    local loader = tnt.data.DevicePrefetcher(tnt.data.endless(counting(3)), "cpu",
      { num_prefetch_batches = 2 })
    assert.is_true(loader.continues)
    assert.same({ { 1, 2 }, { 3, 1 }, { 2, 3 } },
      { values(loader, 2), values(loader, 2), values(loader, 2) })
    local raw = counting(5):iterate()
    loader = tnt.data.DevicePrefetcher(function() return raw end, "cpu",
      { num_prefetch_batches = 2 })
    assert.same({ { 1, 2 }, { 3, 4 }, { 5 }, {} },
      { values(loader, 2), values(loader, 2), values(loader, 2), values(loader, 2) })
  end)

  it("begins anew with set_epoch, and has only what the loader inside has", function()
    local plain = tnt.data.DevicePrefetcher({ 1, 2, 3 }, "cpu")
    assert.is_nil(plain.set_epoch)
    assert.is_nil(plain.state_dict)
    assert.equal(3, plain:size())
    local loader, other = tnt.data.DevicePrefetcher(data_loader(), "cpu"), data_loader()
    for epoch = 0, 2 do
      loader:set_epoch(epoch)
      other:set_epoch(epoch)
      assert.same(values(other, 3), values(loader, 3))
    end
  end)

  it("raises an error with the batch it belongs to, and goes on behind it", function()
    local n = 0
    local loader = tnt.data.DevicePrefetcher(function()
      return function()
        n = n + 1
        if n == 3 then error "boom" end
        if n <= 4 then return { x = tnt.full({ 1 }, n) } end
      end
    end, "cpu", { num_prefetch_batches = 2 })
    local next_batch = loader:iterate()
    assert.equal(1, next_batch().x:item())
    assert.equal(2, next_batch().x:item())
    assert.matches("boom", failure(next_batch))
    assert.equal(4, next_batch().x:item())
    assert.is_nil(next_batch())
  end)

  it("holds what it fetched in a step beyond it, and no longer", function()
    balance.collect()
    local before = tnt.memory().live_tensors
    do
      local loader = tnt.data.DevicePrefetcher(counting(4), "cpu", { num_prefetch_batches = 2 })
      local seen = {}
      for _, batch in tnt.steps(loader) do seen[#seen + 1] = batch.x[1]:item() end
      assert.same({ 1, 2, 3, 4 }, seen)
    end
    balance.collect()
    assert.equal(before, tnt.memory().live_tensors)
  end)

  it("refuses what is no loader, no device and no number", function()
    local Prefetcher = tnt.data.DevicePrefetcher
    assert.equal("argument", failure(Prefetcher, 3, "cpu").kind)
    assert.equal("argument", failure(Prefetcher, {}, 3).kind)
    assert.equal("argument", failure(Prefetcher, {}, "cpu", { num_prefetch_batches = 0 }).kind)
    if not tnt.cuda.is_available() then
      assert.equal("device", failure(Prefetcher, {}, "cuda").kind)
    end
    local loader = Prefetcher({ 1, 2, 3 }, "cpu")
    local old = loader:iterate()
    loader:iterate()
    assert.equal("state", failure(old).kind)
    assert.matches("DevicePrefetcher", failure(function()
      return tnt.data.CudaDataPrefetcher
    end).message)
  end)
end)
